/** Alle Sätze auf Deutsch. Wer liest, wird mit Sie angesprochen. */
import { about } from './de/about.ts';
import { actions } from './de/actions.ts';
import { frame } from './de/frame.ts';
import { history } from './de/history.ts';
import { hotkeyField } from './de/hotkey-field.ts';
import { hotkeys } from './de/hotkeys.ts';
import { palette } from './de/palette.ts';
import { task } from './de/process.ts';
import { providers } from './de/providers.ts';
import { run } from './de/run.ts';
import { settings } from './de/settings.ts';
import { welcome } from './de/welcome.ts';
import type { en } from './en.ts';
import type { Shape } from './shape.ts';

export const de: Shape<typeof en> = {
  ...frame,
  ...run,
  ...task,
  ...palette,
  ...actions,
  ...hotkeyField,
  ...hotkeys,
  ...history,
  ...providers,
  ...settings,
  ...about,
  ...welcome,
};
