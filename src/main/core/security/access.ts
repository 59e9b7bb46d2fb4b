/** Who calls, and what each kind of caller may do. Nothing is allowed that this table does not name. */
import { scopes as allScopes, type Scope } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';

/** Set by the entrance a call came through, never read from the message. */
export type Caller =
  /** The shell around the core: hotkeys, tray. */
  | { readonly kind: 'shell' }
  /** The command line, in this process or through the local socket. */
  | { readonly kind: 'cli' }
  /** A window of the desktop shell. */
  | { readonly kind: 'window'; readonly window: string }
  /** A browser page signed in to `potter serve`. */
  | { readonly kind: 'panel'; readonly session: string };

type CallerKind = Caller['kind'];

const without = (...denied: Scope[]): ReadonlySet<Scope> =>
  new Set(allScopes.filter((scope) => !denied.includes(scope)));

const scopesOf: Readonly<Record<CallerKind, ReadonlySet<Scope>>> = {
  // `keys.read` for the state of the vault, which the icon beside the clock shows; no key is ever in a reply.
  shell: new Set<Scope>([
    'text.run',
    'actions.read',
    'keys.read',
    'config.read',
    'system.read',
    'monitor.read',
    'desktop.report',
  ]),
  cli: without('desktop.report'),
  window: without('desktop.report'),
  panel: without('desktop.report'),
};

/** A caller that has proved who it is. */
export interface Principal {
  /** Stable for one caller: what its rate limits are counted under and the audit log names. */
  readonly key: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** Fails with `UNAUTHENTICATED` for a caller no entrance of this version makes. */
export function authenticate(caller: Caller): Principal {
  if (!Object.hasOwn(scopesOf, caller.kind)) {
    throw new PotterError('UNAUTHENTICATED', 'Potter does not know who is calling.');
  }
  return { key: callerKey(caller), scopes: scopesOf[caller.kind] };
}

/** Fails with `FORBIDDEN` unless the principal holds the scope the route asks for. */
export function authorize(principal: Principal, route: string, scope: Scope): void {
  if (!principal.scopes.has(scope)) {
    throw new PotterError(
      'FORBIDDEN',
      `The operation ${route} needs the permission ${scope}, which this caller lacks.`,
    );
  }
}

function callerKey(caller: Caller): string {
  switch (caller.kind) {
    case 'window':
      return `window:${caller.window}`;
    case 'panel':
      return `panel:${caller.session}`;
    case 'shell':
    case 'cli':
      return caller.kind;
  }
}
