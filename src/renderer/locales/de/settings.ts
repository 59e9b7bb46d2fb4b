import type { settings as english } from '../en/settings.ts';
import type { Shape } from '../shape.ts';

export const settings: Shape<typeof english> = {
  settings: {
    title: 'settings',
    notSaved: 'Die Einstellung wurde nicht gespeichert.',
    fixed: 'Außerhalb dieser Seite gesetzt, durch',
    untilStop: 'Bis Potter beendet wird.',
    fromFile: 'Aus',
    reset: 'Zurück zum Standard',
  },
};
