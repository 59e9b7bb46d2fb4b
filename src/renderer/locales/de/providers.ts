import type { providers as english } from '../en/providers.ts';
import type { Shape } from '../shape.ts';

export const providers: Shape<typeof english> = {
  providers: {
    title: 'providers',
  },
};
