/** The field that takes a combination of keys. */
export const hotkeyField = {
  hotkeyField: {
    none: 'None',
    press: 'Press the combination',
    cancel: 'Esc keeps the old one',
    remove: 'Remove',
    taken: '{{accelerator}} is the hotkey of {{name}} already.',
    commands: { run: 'the current action', palette: 'the palette', restore: 'putting the original back' },
  },
};
