import type { about as english } from '../en/about.ts';
import type { Shape } from '../shape.ts';

export const about: Shape<typeof english> = {
  about: {
    title: 'about',
  },
};
