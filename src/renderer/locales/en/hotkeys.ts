/** The hotkeys panel and the notice about one that failed. */
export const hotkeys = {
  hotkeys: {
    failed: '{{hotkey}} could not be registered.',
    instead: 'Use instead:',
    changeFailed: 'The hotkey was not changed.',
  },
};
