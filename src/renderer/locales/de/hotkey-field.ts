import type { hotkeyField as english } from '../en/hotkey-field.ts';
import type { Shape } from '../shape.ts';

export const hotkeyField: Shape<typeof english> = {
  hotkeyField: {
    none: 'Keines',
    press: 'Drücken Sie die Tasten',
    cancel: 'Esc behält das alte',
    remove: 'Entfernen',
    taken: '{{accelerator}} ist schon das Tastenkürzel für {{name}}.',
    commands: { run: 'die aktuelle Aktion', palette: 'die Palette', restore: 'das Zurückholen des Originals' },
  },
};
