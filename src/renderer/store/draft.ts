import type { Process } from './process.ts';

const key = 'potter.draft';

/** Keeps the text of the process panel over a reload of its tab; it is gone with the tab. */
export function keepDraft(process: Process, storage: Pick<Storage, 'getItem' | 'setItem'> = sessionStorage): void {
  const kept = storage.getItem(key);
  if (kept) process.setText(kept);
  process.state.subscribe(({ text }, before) => {
    if (text === before.text) return;
    try {
      storage.setItem(key, text);
    } catch {
      // A text too long for the browser's storage stays in the page alone.
    }
  });
}
