/** The about panel. */
export const about = {
  about: {
    title: 'about',
  },
};
