/** What is half done in a tab outlives its reload; it is gone with the tab. */
import type { ActionEditor, Draft } from './action-editor.ts';
import type { Process } from './process.ts';

type Kept = Pick<Storage, 'getItem' | 'setItem'>;

const textKey = 'potter.draft';
const actionsKey = 'potter.drafts';

/** Keeps the text of the process panel. */
export function keepDraft(process: Process, storage: Kept = sessionStorage): void {
  const kept = storage.getItem(textKey);
  if (kept) process.setText(kept);
  process.state.subscribe(({ text }, before) => {
    if (text !== before.text) keep(storage, textKey, text);
  });
}

/** Keeps the actions that were changed and not saved. */
export function keepEditorDrafts(editor: ActionEditor, storage: Kept = sessionStorage): void {
  const kept = storage.getItem(actionsKey);
  if (kept) editor.adopt(JSON.parse(kept) as Record<string, Draft>);
  editor.state.subscribe(({ drafts }, before) => {
    if (drafts !== before.drafts) keep(storage, actionsKey, JSON.stringify(drafts));
  });
}

function keep(storage: Kept, key: string, value: string): void {
  try {
    storage.setItem(key, value);
  } catch {
    // What is too long for the browser's storage stays in the page alone.
  }
}
