/**
 * The stages every call passes, in the order of `createMiddleware`. Each may answer the call itself:
 *
 *   correlate     –
 *   measure       – (tells the alerts of a failure)
 *   admit         UNAUTHENTICATED, FORBIDDEN; audits both
 *   validate      INVALID_INPUT; INTERNAL for an output that breaks the contract
 *   limit         RATE_LIMITED
 *   changes       STORAGE: audits before and after, so what cannot be written down does not happen
 *   runs          – notes where text went, for the audit log
 *   cache         the answer of an equal call
 *   recover       – (runs the handler once more where the cause of its failure was mended)
 */
import * as z from 'zod';
import type { Output, ParsedInput, RouteName } from '../../../shared/contract.ts';
import { type ErrorCode, PotterError, toPotterError } from '../../../shared/errors.ts';
import { pollutionIn } from '../../../shared/pollution.ts';
import type { Occurrence } from '../errors/alerts.ts';
import type { Recovery } from '../errors/recovery.ts';
import type { Clock } from '../host.ts';
import type { AuditEntry, AuditNote } from '../log/audit.ts';
import { redactText } from '../log/redact.ts';
import { authenticate, authorize, type Principal } from '../security/access.ts';
import { type AnswerCache, unlessAborted } from './cache.ts';
import { type Answer, answer, type Call, type Middleware, routeOf } from './gateway.ts';
import { Limiter } from './limiter.ts';

export interface Sample {
  readonly route: RouteName;
  readonly ms: number;
  readonly result: 'ok' | ErrorCode;
  /** Was it answered from the cache? Counted where the route may be; unknown if left out. */
  readonly cached?: boolean;
}

export interface MiddlewareOptions {
  readonly clock: Clock;
  /** Committed when it returns. */
  readonly audit: (entry: AuditEntry) => void;
  /** Committed soon. */
  readonly note: (note: AuditNote) => void;
  readonly record: (sample: Sample) => void;
  /** Hears of every call that failed. */
  readonly observe?: (occurrence: Occurrence) => void;
  readonly cache: Pick<AnswerCache, 'keyOf' | 'answer'>;
  readonly recovery?: Pick<Recovery, 'attempt'>;
}

export function createMiddleware({
  clock,
  audit,
  note,
  record,
  observe = () => undefined,
  cache,
  recovery = { attempt: () => Promise.resolve(false) },
}: MiddlewareOptions): readonly Middleware[] {
  return [
    correlate,
    measureTo({ record, observe, clock }),
    admit(audit),
    validate,
    limitBy(new Limiter({ clock })),
    auditChanges(audit),
    noteRuns(note),
    answerFrom(cache),
    recoverBy(recovery),
  ];
}

/** Every line logged below carries the id the reply shows. */
const correlate: Middleware = (next) => (call) => {
  call.log = call.log.child({ callId: call.id, route: call.route });
  return next(call);
};

/** Refusals are security decisions, so they are audited on every route. */
const admit =
  (audit: MiddlewareOptions['audit']): Middleware =>
  (next) =>
  (call) => {
    try {
      call.principal = authenticate(call.caller);
      authorize(call.principal, call.route, routeOf(call.route).access, call.input);
    } catch (thrown) {
      audit(auditEntry(call, '', toPotterError(thrown).code));
      throw thrown;
    }
    return next(call);
  };

const auditChanges =
  (audit: MiddlewareOptions['audit']): Middleware =>
  (next) => {
    const change = async (call: Call, field: string): Promise<Answer> => {
      const subject = subjectOf(call.input, field);
      const end = (result: AuditEntry['result']): void => {
        try {
          audit(auditEntry(call, subject, result));
        } catch (error) {
          // It has happened, so the caller must not hear that it has not.
          call.log.error('the end of a change could not be audited', { error, result });
        }
      };
      audit(auditEntry(call, subject, 'begun'));
      try {
        const reached = await next(call);
        end('ok');
        return reached;
      } catch (thrown) {
        end(toPotterError(thrown).code);
        throw thrown;
      }
    };
    return (call) => {
      const { audited } = routeOf(call.route);
      return audited === undefined ? next(call) : change(call, audited);
    };
  };

/** Calls that change nothing here, but by which text goes somewhere: what they are about, and the text of it. */
const noted: {
  readonly [R in RouteName]?: (
    input: ParsedInput<R>,
    data: Output<R> | undefined,
  ) => Omit<AuditNote, keyof AuditEntry> & {
    readonly subject: string;
  };
} = {
  'text.process': ({ action, source }, data) => ({
    subject: data?.action.id ?? action ?? '',
    input: data?.input ?? (source.type === 'text' ? source.text : ''),
    ...(data && { output: data.output }),
  }),
  // Its bytes pass through unread.
  'chat.complete': ({ model }) => ({ subject: model }),
};

const noteRuns =
  (note: MiddlewareOptions['note']): Middleware =>
  (next) => {
    const run = async (call: Call, describe: Describe): Promise<Answer> => {
      const end = (result: AuditEntry['result'], data?: unknown): void => {
        const { subject, ...texts } = describe(call.input, data);
        note({ ...auditEntry(call, subject.slice(0, longestSubject), result), ...texts });
      };
      try {
        const reached = await next(call);
        end('ok', reached.data);
        return reached;
      } catch (thrown) {
        end(toPotterError(thrown).code);
        throw thrown;
      }
    };
    return (call) => {
      // The table's type joins route, input and output; the lookup by a union of routes loses that link.
      const describe = noted[call.route] as Describe | undefined;
      return describe ? run(call, describe) : next(call);
    };
  };

type Describe = (input: unknown, data: unknown) => { readonly subject: string };

function auditEntry(call: Call, subject: string, result: AuditEntry['result']): AuditEntry {
  return { callId: call.id, route: call.route, caller: call.principal?.key ?? call.caller.kind, subject, result };
}

const longestSubject = 100;

/** A name goes in as it is; a secret given in its place does not. */
function subjectOf(input: unknown, field: string): string {
  const name: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, field) : undefined;
  return redactText(String(name).slice(0, longestSubject));
}

const measureTo =
  ({ record, observe, clock }: Required<Pick<MiddlewareOptions, 'record' | 'observe' | 'clock'>>): Middleware =>
  (next) =>
  async (call) => {
    const startedAt = clock.monotonic();
    const done = (result: Sample['result'], cached: boolean): void => {
      const ms = clock.monotonic() - startedAt;
      record({ route: call.route, ms, result, ...(call.usesCache && { cached }) });
      // A line costs more than the reads it would tell of, of which the panels make many, and programs even more.
      const { audited, access, streams } = routeOf(call.route);
      const isTold = result !== 'ok' || audited || (streams && access !== 'models.use');
      call.log[isTold ? 'info' : 'debug']('a call ended', { result, ms: Math.round(ms * 1000) / 1000 });
    };
    try {
      const reached = await next(call);
      done('ok', reached.cached);
      return reached;
    } catch (thrown) {
      const error = toPotterError(thrown);
      done(error.code, false);
      observe({ code: error.code, at: clock.now(), subject: whoFailed(error) ?? call.route, callId: call.id });
      throw thrown;
    }
  };

/** The provider or plugin that failed; of several that were asked, the last. */
function whoFailed({ detail }: PotterError): string | undefined {
  const { data } = failedParty.safeParse(detail);
  // An attempt names the provider by its id, a vendor's fault by the name a person gave it.
  return data?.attempts?.at(-1)?.provider ?? data?.provider ?? data?.plugin;
}

const failedParty = z.object({
  provider: z.string().optional(),
  plugin: z.string().optional(),
  attempts: z.array(z.object({ provider: z.string() })).optional(),
});

const validate: Middleware = (next) => async (call) => {
  const { input, output } = routeOf(call.route);
  // A schema of ours has no such keys, but a record would take them.
  const pollution = pollutionIn(call.input);
  if (pollution !== undefined) throw new PotterError('INVALID_INPUT', `The input ${pollution}.`);
  const parsed = input.safeParse(call.input);
  if (!parsed.success) throw invalidInput(call.route, parsed.error.issues);
  call.input = parsed.data;
  const reached = await next(call);
  if (reached.cached) return reached;
  const checked = output.safeParse(reached.data);
  if (checked.success) return answer(checked.data);
  throw new PotterError('INTERNAL', 'Something went wrong inside Potter.', { cause: checked.error });
};

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function invalidInput(route: RouteName, issues: readonly Issue[]): PotterError {
  const fields = issues.map(({ path, message }) => ({ field: path.map(String).join('.'), message }));
  const first = fields[0];
  const where = first?.field ? `field "${first.field}" of ${route}` : `input of ${route}`;
  return new PotterError('INVALID_INPUT', `The ${where} is not valid: ${first?.message ?? 'unknown form'}.`, {
    detail: { fields },
  });
}

const limitBy =
  (limiter: Limiter): Middleware =>
  (next) =>
  (call) => {
    limiter.take(principalOf(call).key, call.route);
    return next(call);
  };

const answerFrom =
  (cache: MiddlewareOptions['cache']): Middleware =>
  (next) =>
  (call) => {
    const isOpen = routeOf(call.route).cacheable === true && !call.noStore;
    const key = isOpen ? cache.keyOf(call.route, call.input) : undefined;
    if (key === undefined) return next(call);
    call.usesCache = true;
    return cache.answer(key, call.signal, () => next(call));
  };

const recoverBy =
  (recovery: Pick<Recovery, 'attempt'>): Middleware =>
  (next) => {
    const run = async (call: Call): Promise<Answer> => {
      try {
        return await next(call);
      } catch (thrown) {
        if (call.hasEmitted || call.signal.aborted) throw thrown;
        const isMended = await unlessAborted(recovery.attempt(toPotterError(thrown).code), call.signal);
        if (!isMended) throw thrown;
      }
      return next(call);
    };
    return (call) => {
      // The audit log has one beginning and one end of a change, and a person has been told of a failed run by then.
      const isFinal = routeOf(call.route).audited !== undefined || writing.has(call.route) || isOnSelection(call);
      return isFinal ? next(call) : run(call);
    };
  };

/** What failed after it had written to a window would write there twice, or take back what an earlier run wrote. */
const writing: ReadonlySet<RouteName> = new Set(['text.insert', 'text.restore']);

function isOnSelection({ route, input }: Call): boolean {
  return route === 'text.process' && (input as ParsedInput<'text.process'>).source.type === 'selection';
}

function principalOf(call: Call): Principal {
  if (!call.principal) throw new PotterError('UNAUTHENTICATED', 'Potter does not know who is calling.');
  return call.principal;
}
