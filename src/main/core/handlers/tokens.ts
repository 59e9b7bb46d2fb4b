import type { Tokens } from '../security/tokens.ts';
import type { AreaHandlers } from './index.ts';

export interface TokensDependencies {
  readonly tokens: Pick<Tokens, 'list' | 'create' | 'rotate' | 'revoke'>;
}

export const tokensHandlers = ({ tokens }: TokensDependencies): AreaHandlers<'tokens'> => ({
  'tokens.list': () => ({ tokens: tokens.list() }),
  'tokens.create': (input) => tokens.create(input),
  'tokens.rotate': ({ token }) => tokens.rotate(token),
  'tokens.revoke': ({ token }) => {
    tokens.revoke(token);
    return { revoked: true };
  },
});
