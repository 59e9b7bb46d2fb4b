import type { hotkeys as english } from '../en/hotkeys.ts';
import type { Shape } from '../shape.ts';

export const hotkeys: Shape<typeof english> = {
  hotkeys: {
    failed: '{{hotkey}} konnte nicht belegt werden.',
    instead: 'Stattdessen:',
    changeFailed: 'Das Tastenkürzel wurde nicht geändert.',
  },
};
