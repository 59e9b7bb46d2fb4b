/** The settings panel. */
export const settings = {
  settings: {
    title: 'settings',
    notSaved: 'The setting was not saved.',
    fixed: 'Set outside this panel, by',
    untilStop: 'Until Potter stops.',
    fromFile: 'From',
    reset: 'Back to the default',
  },
};
