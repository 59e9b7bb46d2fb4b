/** The providers panel. */
export const providers = {
  providers: {
    title: 'providers',
  },
};
