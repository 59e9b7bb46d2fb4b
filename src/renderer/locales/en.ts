/** Every sentence of the panels, an area a file. Plural forms follow i18next: `_one`, `_other`. */
import { about } from './en/about.ts';
import { actions } from './en/actions.ts';
import { frame } from './en/frame.ts';
import { history } from './en/history.ts';
import { hotkeyField } from './en/hotkey-field.ts';
import { hotkeys } from './en/hotkeys.ts';
import { palette } from './en/palette.ts';
import { task } from './en/process.ts';
import { providers } from './en/providers.ts';
import { run } from './en/run.ts';
import { settings } from './en/settings.ts';
import { welcome } from './en/welcome.ts';

export const en = {
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
