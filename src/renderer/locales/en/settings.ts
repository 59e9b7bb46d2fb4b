/** The settings panel. */
export const settings = {
  settings: {
    title: 'settings',
  },
};
