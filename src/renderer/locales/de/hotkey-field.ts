import type { hotkeyField as english } from '../en/hotkey-field.ts';
import type { Shape } from '../shape.ts';

export const hotkeyField: Shape<typeof english> = {
  hotkeyField: {
    none: 'Keines',
    press: 'Drücken Sie die Tasten',
    cancel: 'Esc behält das alte',
    remove: 'Entfernen',
    taken: '{{accelerator}} gehört schon zu „{{name}}“. Drücken Sie andere Tasten.',
    refused: {
      noModifier: '{{accelerator}} braucht eine der Tasten {{modifiers}} dazu, sonst ließe es sich nicht mehr tippen.',
      unknownKey: '{{accelerator}} endet auf eine Taste, die kein System belegen kann. Drücken Sie andere Tasten.',
      ownKeystroke: '{{accelerator}} drückt Potter selbst, um zu kopieren und einzufügen. Drücken Sie andere Tasten.',
    },
  },
};
