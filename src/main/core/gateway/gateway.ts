/**
 * The one way in: every entrance builds a call, the gateway carries it through one list of middleware to one handler,
 * and the reply goes back the same way. docs/architecture.md draws it.
 */
import {
  type Chunk,
  contract,
  type Output,
  type ParsedInput,
  type Route,
  type RouteName,
} from '../../../shared/contract.ts';
import { PotterError, toPotterError, toWire } from '../../../shared/errors.ts';
import type { Reply } from '../../../shared/transport.ts';
import type { Clock } from '../host.ts';
import type { Log } from '../log/log.ts';
import { redactTold } from '../log/redact.ts';
import type { Caller, Principal } from '../security/access.ts';

/** One operation under way. A stage may replace `input`, `principal`, `log` and `usesCache`; nothing else changes. */
export interface Call {
  readonly id: string;
  readonly route: RouteName;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** What it returns settles when the caller is ready for more; nothing: it is already. */
  // Not for a stage to replace: calls whose function was replaced outlive each small collection of V8, which then takes ten
  // times as long.
  readonly emit: (chunk: unknown) => Promise<void> | undefined;
  /** Has the caller been handed a part of the answer? */
  hasEmitted: boolean;
  readonly noStore: boolean;
  /** May it be answered from the cache? Known once it gets there. */
  usesCache: boolean;
  input: unknown;
  principal: Principal | undefined;
  log: Log;
}

declare const answered: unique symbol;
/** What a handler or a stage produced. Only `answer` makes one, so a stage that forgets `return next(call)` does not compile. */
export interface Answer {
  readonly data: unknown;
  readonly cached: boolean;
  readonly [answered]: true;
}

export function answer(data: unknown, options: { cached?: boolean } = {}): Answer {
  return { data, cached: options.cached ?? false } as Answer;
}

export type Handle = (call: Call) => Promise<Answer>;

/** One stage: what it makes of those behind it. They are put together once, so that a call pays for no more than it runs. */
export type Middleware = (next: Handle) => Handle;

/** What a handler learns about the call besides its input. */
export interface Context<R extends RouteName = RouteName> {
  readonly callId: string;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly emit: (chunk: Chunk<R>) => Promise<void> | undefined;
}

/** One handler a route. A missing one, an unknown one or a wrong output type does not compile. */
export type Handlers = {
  readonly [R in RouteName]: (input: ParsedInput<R>, context: Context<R>) => Output<R> | Promise<Output<R>>;
};

/** What an entrance hands in. */
export interface CallRequest {
  readonly route: string;
  readonly input: unknown;
  readonly caller: Caller;
  readonly signal?: AbortSignal;
  readonly emit?: (chunk: unknown) => Promise<void> | undefined;
  /** Neither answered from the cache nor kept in it. Default false. */
  readonly noStore?: boolean;
}

export interface Gateway {
  /** Never rejects: a failure is a reply with `status: 'error'`. */
  call(request: CallRequest): Promise<Reply>;
  /** Answers no further call; settles when those under way have been answered. */
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly handlers: Handlers;
  readonly middleware: readonly Middleware[];
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
}

const neverAborted = new AbortController().signal;
const dropChunk = (): undefined => undefined;

export function createGateway({ handlers, middleware, clock, log, newId }: GatewayOptions): Gateway {
  let underWay = 0;
  let closing: (() => void) | undefined;
  let closed: Promise<void> | undefined;
  const run = middleware.reduceRight<Handle>((next, stage) => stage(next), handle);

  async function call(request: CallRequest): Promise<Reply> {
    const id = newId();
    const startedAt = clock.monotonic();
    underWay += 1;
    const metadata = (cached: boolean) => ({ callId: id, ms: clock.monotonic() - startedAt, cached });
    try {
      const { data, cached } = await run(buildCall(id, request));
      return { status: 'ok', data, metadata: metadata(cached) };
    } catch (thrown) {
      const error = toPotterError(thrown);
      if (error.kind.fault === 'bug') log.error('a call failed', { callId: id, route: request.route, error });
      return { status: 'error', error: redactTold(toWire(error)), metadata: metadata(false) };
    } finally {
      underWay -= 1;
      if (underWay === 0) closing?.();
    }
  }

  function buildCall(id: string, { route, input, caller, signal, emit, noStore = false }: CallRequest): Call {
    if (closed) throw new PotterError('TRANSPORT_CLOSED', 'This Potter process is stopping.');
    if (!isRoute(route)) throw new PotterError('UNKNOWN_ROUTE', `There is no operation "${route.slice(0, 100)}".`);
    return {
      id,
      route,
      input,
      caller,
      signal: signal ?? neverAborted,
      emit: emit ?? dropChunk,
      hasEmitted: false,
      noStore,
      usesCache: false,
      principal: undefined,
      log,
    };
  }

  async function handle(call: Call): Promise<Answer> {
    const { id, caller, signal, log } = call;
    const emit = (chunk: unknown): Promise<void> | undefined => {
      call.hasEmitted = true;
      return call.emit(chunk);
    };
    // The table's type joins route, input and output; the lookup by a union of routes loses that link.
    const handler = handlers[call.route] as (input: unknown, context: Context) => unknown;
    return answer(await handler(call.input, { callId: id, caller, signal, log, emit }));
  }

  function close(): Promise<void> {
    closed ??= new Promise<void>((resolve) => {
      // A turn later, so that the last replies have reached their transports.
      closing = () => setImmediate(resolve);
      if (underWay === 0) closing();
    });
    return closed;
  }

  return { call, close };
}

function isRoute(name: string): name is RouteName {
  return Object.hasOwn(contract, name);
}

/** The contract's line for a route, under its general type. */
export function routeOf(name: RouteName): Route {
  return contract[name];
}
