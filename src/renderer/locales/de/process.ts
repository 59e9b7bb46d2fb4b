import type { task as english } from '../en/process.ts';
import type { Shape } from '../shape.ts';

export const task: Shape<typeof english> = {
  task: {
    instruction: 'Was mit dem Text geschehen soll',
    instructionPlaceholder: 'Sagen Sie, was mit dem Text geschehen soll, etwa: mach daraus eine höfliche Absage',
    steps: 'Schritte der Kette',
    step: 'Schritt {{number, number}}: {{name}}',
    selection: 'Auswahl aus {{application}}',
    selectionUnknown: 'Auswahl',
    insert: 'Dort einsetzen',
    inserted: 'Eingesetzt',
    insertedText: 'In dem Fenster, aus dem der Text kam, steht jetzt der geprüfte Text.',
    copied: 'Kopiert',
    copiedText: 'Das Fenster konnte ihn nicht aufnehmen: Der Text liegt stattdessen in der Zwischenablage.',
    restore: 'Original zurückholen',
    restored: 'Das Original ist wieder da',
    restoredText: 'In dem Fenster steht Ihr Text, wie er war.',
    restoredCopied: 'Das Original ist kopiert',
    restoredCopiedText:
      'In dem Fenster steht das Ergebnis nicht mehr, deshalb blieb es unberührt: Das Original liegt in der Zwischenablage.',
    failed: 'Nichts wurde geschrieben.',
  },
};
