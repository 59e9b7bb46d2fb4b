/** The field that takes a combination of keys. */
export const hotkeyField = {
  hotkeyField: {
    none: 'None',
    press: 'Press the combination',
    cancel: 'Esc keeps the old one',
    remove: 'Remove',
    taken: '{{accelerator}} is taken by “{{name}}”. Press another one.',
    refused: {
      noModifier: '{{accelerator}} needs one of {{modifiers}} with it, or it could no longer be typed.',
      unknownKey: '{{accelerator}} ends in a key no system registers. Press another one.',
      ownKeystroke: '{{accelerator}} is what Potter itself presses to copy and paste. Press another one.',
    },
  },
};
