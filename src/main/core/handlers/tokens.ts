import { PotterError } from '../../../shared/errors.ts';
import type { Tokens } from '../security/tokens.ts';
import type { AreaHandlers } from './index.ts';

export interface TokensDependencies {
  readonly tokens: Pick<Tokens, 'list' | 'create' | 'rotate' | 'revoke'>;
}

export const tokensHandlers = ({ tokens }: TokensDependencies): AreaHandlers<'tokens'> => {
  /** A name does as well as an id. */
  const idOf = (token: string): string => {
    const found = tokens.list().find(({ id, name }) => id === token || name === token);
    if (found) return found.id;
    throw new PotterError('NOT_FOUND', `There is no token "${token}".`);
  };
  return {
    'tokens.list': () => ({ tokens: tokens.list() }),
    'tokens.create': (input) => tokens.create(input),
    'tokens.rotate': ({ token }) => tokens.rotate(idOf(token)),
    'tokens.revoke': ({ token }) => ({ revoked: tokens.revoke(idOf(token)) }),
  };
};
