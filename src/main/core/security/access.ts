/** Who calls, and what each kind of caller may do. Nothing is allowed that the tables here do not name. */
import { scopes as allScopes, type RouteName, type Scope, type TokenRole } from '../../../shared/contract.ts';
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
  | { readonly kind: 'panel'; readonly session: string }
  /** A program that uses the loopback API. */
  | {
      readonly kind: 'token';
      readonly id: string;
      readonly role: TokenRole;
      /** The only actions it may run; any if left out. */
      readonly actions?: ReadonlySet<string>;
    };

type CallerKind = Exclude<Caller['kind'], 'token'>;

const without = (...denied: Scope[]): ReadonlySet<Scope> =>
  new Set(allScopes.filter((scope) => !denied.includes(scope)));

/** A person's own doors. `models.use` passes bytes through, which none of their transports could carry. */
const own = without('desktop.report', 'models.use');

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
  cli: own,
  window: own,
  panel: own,
};

/** Each may what the one before it may, and more. No token makes tokens, and none deletes everything. */
const reader: readonly Scope[] = ['actions.read', 'providers.read', 'system.read', 'monitor.read'];
const runner: readonly Scope[] = [...reader, 'text.run', 'models.use'];
const operator: readonly Scope[] = [
  ...runner,
  'actions.write',
  'config.read',
  'keys.read',
  'history.read',
  'audit.read',
  'tokens.read',
  'alerts.write',
];
const admin: readonly Scope[] = [...operator, 'config.write', 'keys.write', 'history.write'];
const scopesOfRole: Readonly<Record<TokenRole, ReadonlySet<Scope>>> = {
  reader: new Set(reader),
  runner: new Set(runner),
  operator: new Set(operator),
  admin: new Set(admin),
};

/** A caller that has proved who it is. */
export interface Principal {
  /** Stable for one caller: what its rate limits are counted under and the audit log names. */
  readonly key: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly actions?: ReadonlySet<string>;
}

/** Fails with `UNAUTHENTICATED` for a caller no entrance of this version makes. */
export function authenticate(caller: Caller): Principal {
  if (caller.kind === 'token') {
    const { role, actions } = caller;
    return { key: callerKey(caller), scopes: scopesOfRole[role], ...(actions && { actions }) };
  }
  if (!Object.hasOwn(scopesOf, caller.kind)) {
    throw new PotterError('UNAUTHENTICATED', 'Potter does not know who is calling.');
  }
  return { key: callerKey(caller), scopes: scopesOf[caller.kind] };
}

/** Calls that run something, and the field of their input that names the action; of a caller bound to some actions. */
const actionField: Partial<Record<RouteName, string>> = { 'text.process': 'action', 'text.preview': 'action' };
/** Calls that run nothing by themselves although they need the same permission. */
const harmless: ReadonlySet<RouteName> = new Set(['text.cancel']);

/**
 * Fails with `FORBIDDEN` unless the principal holds the scope the route asks for, and may use what the input names. The
 * input has not been checked yet, so nothing more is read of it.
 */
export function authorize({ scopes, actions }: Principal, route: RouteName, scope: Scope, input: unknown): void {
  if (!scopes.has(scope)) {
    throw new PotterError(
      'FORBIDDEN',
      `The operation ${route} needs the permission ${scope}, which this caller lacks.`,
    );
  }
  if (actions === undefined || (scope !== 'text.run' && scope !== 'models.use') || harmless.has(route)) return;
  const field = actionField[route];
  const named = field === undefined ? undefined : ownField(input, field);
  const isDraft = ownField(input, 'draft') !== undefined;
  if (typeof named === 'string' && actions.has(named) && !isDraft) return;
  throw new PotterError('FORBIDDEN', `This caller may run only: ${[...actions].join(', ')}.`);
}

function ownField(input: unknown, name: string): unknown {
  return typeof input === 'object' && input !== null && Object.hasOwn(input, name)
    ? Reflect.get(input, name)
    : undefined;
}

function callerKey(caller: Caller): string {
  switch (caller.kind) {
    case 'window':
      return `window:${caller.window}`;
    case 'panel':
      return `panel:${caller.session}`;
    case 'token':
      return `token:${caller.id}`;
    case 'shell':
    case 'cli':
      return caller.kind;
  }
}
