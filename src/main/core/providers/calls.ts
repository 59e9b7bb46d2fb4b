/**
 * The one place where a request to a language model is made again: which failure is tried again, after how long, with
 * which key, at which other model, and when it is enough. The SDKs below and everything above try once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelAttempt } from '../../../shared/contract.ts';
import { type ErrorCode, PotterError, toPotterError, withDetail } from '../../../shared/errors.ts';
import type { Clock } from '../host.ts';
import type { Log } from '../log/log.ts';
import type { ModelSample } from '../monitor/metrics.ts';
import type { CircuitBreakers, Pass } from './breaker.ts';
import type { Budgets, Reservation, Spender } from './budgets.ts';
import { type Cost, costOf } from './prices.ts';
import type { CompletionRequest, Finish, Usage } from './provider.ts';
import type { Resolved, Server, Wanted } from './registry.ts';
import { ruleOf } from './rules.ts';
import { estimateTokens } from './tokens.ts';

export interface ModelCallsOptions {
  /** Fails with `NO_PROVIDER`, `NO_KEY`, … */
  readonly resolve: (wanted: Wanted, signal: AbortSignal, log: Log) => Resolved | Promise<Resolved>;
  readonly settings: () => {
    /** `provider/model` of each model to turn to, in this order, when the one that is meant fails. */
    readonly failover: readonly string[];
    /** From the first request to the end of the answer, all attempts together. */
    readonly deadlineMs: number;
  };
  readonly breakers: CircuitBreakers;
  readonly budgets: Pick<Budgets, 'reserve'>;
  readonly record: (sample: ModelSample) => void;
  readonly clock: Clock;
  /** From 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** Who is to be asked, for whom. */
export interface ModelCall {
  readonly wanted: Wanted;
  readonly spender: Spender;
  /** Tokens it will take, roughly: what a budget sets aside. */
  readonly expected: Usage;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** A model is about to be asked, the first time; `instead` of one that failed. */
  readonly started?: (target: Resolved, instead: boolean) => Promise<void>;
  /** Nobody is asked for that long, because of what the last one said. */
  readonly waiting?: (wait: Wait) => Promise<void>;
}

export interface Wait {
  readonly providerName: string;
  readonly code: ErrorCode;
  readonly ms: number;
}

/** One request, as whoever makes it sees it. */
export interface Asking {
  readonly target: Resolved;
  readonly server: Server;
  readonly signal: AbortSignal;
  /** To be called when the first of the answer has been handed on: from then on nothing is tried again. */
  begun(): void;
  /** To be called when the tokens are known, whether the request then fails or not. */
  used(usage: Usage): void;
}

/** What came of a call that succeeded. */
export interface Called<T> {
  readonly value: T;
  readonly target: Resolved;
  readonly attempts: readonly ModelAttempt[];
  readonly cost: Cost | undefined;
  /** Something the reader should know, such as that another model answered. */
  readonly notice: string | undefined;
}

/** A finished answer. */
export interface Completion {
  readonly text: string;
  readonly finish: Finish;
  /** As the vendor counted. */
  readonly usage?: Usage;
}

/** Milliseconds. The first wait is at most this long, and each further one twice as long, up to the longest. */
const firstWait = 500;
const longestWait = 8_000;
/** A server that says it is asked too fast is given more time than one that is busy. */
const slowerFirstWait = 2_000;
/** A server that asks for more is not waited for. */
const longestRetryAfter = 60_000;
/** A program that loads a model says it is unavailable; it soon will be. */
const localAttempts = 6;
/** How long a key that was refused stands behind the others. */
const refusedMs = 600_000;

/** What calls have in common. */
interface Shared extends ModelCallsOptions {
  readonly sleep: NonNullable<Clock['sleep']>;
  readonly random: () => number;
  /** Keys that were refused, and until when that is remembered. */
  readonly refused: Map<string, number>;
  /** Servers that asked to be left alone, and until when. */
  readonly held: Map<string, number>;
}

export class ModelCalls {
  readonly #shared: Shared;

  constructor(options: ModelCallsOptions) {
    this.#shared = {
      sleep: options.clock.sleep ?? ((ms, signal) => delay(ms, undefined, { signal })),
      random: Math.random,
      ...options,
      refused: new Map(),
      held: new Map(),
    };
  }

  /** The whole answer to a prompt. What had arrived before a failure is in its `detail.output`, and never the answer. */
  complete(
    call: Omit<ModelCall, 'expected'> & {
      readonly request: Omit<CompletionRequest, 'model'>;
      readonly text: (piece: string) => Promise<void>;
    },
  ): Promise<Called<Completion>> {
    const { request, text } = call;
    const inputTokens = estimateTokens(request.system) + estimateTokens(request.user);
    const expected = { inputTokens, outputTokens: estimateTokens(request.user), isEstimate: true };
    return this.run({ ...call, expected }, async (asking) => {
      const { server, target, signal } = asking;
      let answer = '';
      const estimated = (): Usage => ({ inputTokens, outputTokens: estimateTokens(answer), isEstimate: true });
      try {
        for await (const event of server.provider.complete({ ...request, model: target.model }, signal)) {
          if (event.type === 'end') {
            asking.used(event.usage ?? estimated());
            return { text: answer, finish: event.finish, ...(event.usage && { usage: event.usage }) };
          }
          asking.begun();
          answer += event.text;
          await text(event.text);
        }
      } catch (thrown) {
        if (answer === '') throw thrown;
        asking.used(estimated());
        throw withDetail(toPotterError(thrown), { output: answer });
      }
      throw new PotterError('INCOMPLETE', `${target.providerName} stopped before the answer was complete.`, {
        detail: { output: answer },
      });
    });
  }

  /** Makes the request until it succeeds or nothing is left to try. */
  run<T>(call: ModelCall, ask: (asking: Asking) => Promise<T>): Promise<Called<T>> {
    return new Course(this.#shared, call, ask).run();
  }
}

/** One model that may be asked. */
class Candidate {
  readonly wanted: Wanted;
  target: Resolved | undefined;
  attempts = 0;
  /** Not before, by the monotonic clock. */
  readyAt = 0;
  /** Spent on its requests, in milliseconds. */
  ms = 0;
  /** What its last attempt ended with. */
  failure: PotterError | undefined;
  isOut = false;
  refusedKeys: ReadonlySet<string> = none;

  constructor(wanted: Wanted) {
    this.wanted = wanted;
  }
}

const none: ReadonlySet<string> = new Set();

/** One request under way. */
class Attempt implements Asking {
  readonly target: Resolved;
  readonly server: Server;
  readonly signal: AbortSignal;
  readonly #clock: Clock;
  readonly startedAt: number;
  firstAt: number | undefined;
  usage: Usage | undefined;

  constructor(target: Resolved, server: Server, signal: AbortSignal, clock: Clock) {
    this.target = target;
    this.server = server;
    this.signal = signal;
    this.#clock = clock;
    this.startedAt = clock.monotonic();
  }

  begun(): void {
    this.firstAt ??= this.#clock.monotonic();
  }

  used(usage: Usage): void {
    this.usage = usage;
  }
}

/** One call on its way from model to model. */
class Course<T> {
  readonly #shared: Shared;
  readonly #call: ModelCall;
  readonly #ask: (asking: Asking) => Promise<T>;
  readonly #deadlineMs: number;
  readonly #endsAt: number;
  readonly #candidates: readonly Candidate[];
  readonly #attempts: ModelAttempt[] = [];
  /** Aborted by the caller's signal and by the deadline: `AbortSignal.any` costs more than everything else here. */
  readonly #end = new AbortController();

  constructor(shared: Shared, call: ModelCall, ask: (asking: Asking) => Promise<T>) {
    const { failover, deadlineMs } = shared.settings();
    this.#shared = shared;
    this.#call = call;
    this.#ask = ask;
    this.#deadlineMs = deadlineMs;
    this.#endsAt = shared.clock.monotonic() + deadlineMs;
    this.#candidates = [
      new Candidate(call.wanted),
      ...failover
        .filter((reference) => reference !== call.wanted.reference)
        .map((reference) => new Candidate({ ...call.wanted, reference })),
    ];
  }

  async run(): Promise<Called<T>> {
    const { signal } = this.#call;
    signal.throwIfAborted();
    const cancel = (): void => this.#end.abort(signal.reason);
    signal.addEventListener('abort', cancel);
    const timer = setTimeout(() => this.#end.abort(tooLate(this.#deadlineMs)), this.#deadlineMs);
    try {
      for (;;) {
        const candidate = this.#ready() ?? (await this.#soonest());
        const called = await this.#try(candidate);
        if (called) return called;
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
  }

  /** The first in their order that may be asked now: while one has to be waited for, the next is not. */
  #ready(): Candidate | undefined {
    const now = this.#shared.clock.monotonic();
    for (const candidate of this.#candidates) {
      if (!candidate.isOut && this.#readyAt(candidate) <= now) return candidate;
    }
    return undefined;
  }

  /** The one that may be asked first, when it may. Fails when none is left, or none in time. */
  async #soonest(): Promise<Candidate> {
    const { clock, sleep } = this.#shared;
    const left = this.#candidates.filter(({ isOut }) => !isOut);
    const [soonest] = left.toSorted((one, other) => this.#readyAt(one) - this.#readyAt(other));
    if (!soonest) throw this.#failure();
    const at = this.#readyAt(soonest);
    if (at >= this.#endsAt) throw this.#failure();
    const ms = at - clock.monotonic();
    const { signal } = this.#end;
    const { providerName } = soonest.target ?? { providerName: '' };
    await this.#call.waiting?.({ providerName, code: soonest.failure?.code ?? 'RATE_LIMIT', ms: Math.ceil(ms) });
    await sleep(ms, signal).catch((thrown: unknown) => {
      throw this.#told(toPotterError(signal.aborted ? signal.reason : thrown), soonest.attempts);
    });
    return soonest;
  }

  #readyAt({ target, readyAt, refusedKeys }: Candidate): number {
    const server = target?.servers.find(({ key }) => !refusedKeys.has(key));
    return Math.max(readyAt, server === undefined ? 0 : (this.#shared.held.get(server.key) ?? 0));
  }

  /** Undefined when it failed and something may be left to try. */
  async #try(candidate: Candidate): Promise<Called<T> | undefined> {
    const { signal } = this.#end;
    let admitted: Admitted;
    try {
      if (!candidate.target) {
        const resolved = this.#shared.resolve(candidate.wanted, signal, this.#call.log);
        candidate.target = resolved instanceof Promise ? await resolved : resolved;
      }
      admitted = this.#admit(candidate, candidate.target);
    } catch (thrown) {
      this.#giveUp(candidate, toPotterError(thrown), false);
      return undefined;
    }
    const { target, server, pass, reservation } = admitted;
    const attempt = new Attempt(target, server, signal, this.#shared.clock);
    try {
      candidate.attempts += 1;
      const { started } = this.#call;
      if (started && candidate.attempts === 1) await started(target, this.#attempts.length > 0);
      const value = await this.#ask(attempt);
      pass?.succeed();
      this.#ended(candidate, attempt, 'ok');
      this.#record(candidate, attempt, 'ok');
      const cost = attempt.usage && costOf(target, attempt.usage);
      const notice = this.#notice(candidate, target);
      return { value, target, attempts: this.#attempts, cost, notice };
    } catch (thrown) {
      const error = toPotterError(thrown);
      candidate.failure = error;
      const { breaks } = ruleOf(error);
      if (signal.aborted) pass?.leave();
      else if (breaks) pass?.fail();
      else pass?.succeed();
      this.#ended(candidate, attempt, error.code);
      const hasBegun = attempt.firstAt !== undefined;
      if (signal.aborted || hasBegun || !this.#again(candidate, server, error)) {
        this.#record(candidate, attempt, error.code);
        this.#giveUp(candidate, error, hasBegun);
      }
      return undefined;
    } finally {
      reservation?.settle(attempt.usage && costOf(target, attempt.usage));
    }
  }

  /** Everything that must be true before a request leaves. */
  #admit(candidate: Candidate, target: Resolved): Admitted {
    const { clock, breakers, budgets } = this.#shared;
    const { spender, expected } = this.#call;
    const server = this.#serverOf(candidate, target);
    // A program on this machine costs nothing to ask, and who has just started it wants it asked at once.
    const pass = target.isLocal ? undefined : breakers.enter(server.key);
    if (!pass && !target.isLocal) throw circuitOpen(target, clock.now() + breakers.waitMs(server.key));
    if (target.isFree) return { target, server, pass, reservation: undefined };
    const spent = costOf(target, expected).micros;
    try {
      return { target, server, pass, reservation: budgets.reserve({ ...spender, key: target.id }, spent) };
    } catch (thrown) {
      pass?.leave();
      throw thrown;
    }
  }

  /** The first key that was not refused; where all were, the first is tried anyway, as it may have been mended. */
  #serverOf({ refusedKeys }: Candidate, { servers }: Resolved): Server {
    const { clock, refused } = this.#shared;
    const now = clock.monotonic();
    const left = servers.filter(({ key }) => !refusedKeys.has(key));
    return left.find(({ key }) => (refused.get(key) ?? 0) <= now) ?? left[0] ?? servers[0];
  }

  /** True when the same model is to be asked once more, now with another key or after a while. */
  #again(candidate: Candidate, server: Server, error: PotterError): boolean {
    const { clock, refused, held } = this.#shared;
    const now = clock.monotonic();
    const { target, attempts } = candidate;
    const { key, attempts: most } = ruleOf(error);
    if (key) {
      refused.set(server.key, now + refusedMs);
      candidate.refusedKeys = new Set([...candidate.refusedKeys, server.key]);
      return target !== undefined && target.servers.length > candidate.refusedKeys.size;
    }
    const asked = retryAfterOf(error);
    if (asked !== undefined && asked > longestRetryAfter) return false;
    if (asked !== undefined) held.set(server.key, now + asked);
    const isLoading = target?.isLocal === true && error.code === 'OVERLOADED';
    if (attempts >= (isLoading ? localAttempts : most)) return false;
    candidate.readyAt = now + (asked ?? 0) + this.#shared.random() * longestJitter(error, attempts);
    return true;
  }

  /** Puts the candidate aside. Fails at once where no other one may answer in its place. */
  #giveUp(candidate: Candidate, error: PotterError, hasBegun: boolean): void {
    candidate.failure = error;
    candidate.isOut = true;
    if (this.#end.signal.aborted || hasBegun || !ruleOf(error).failsOver) throw this.#told(error, candidate.attempts);
  }

  /** Why nobody answered. */
  #failure(): PotterError {
    const failed = this.#candidates.filter(({ failure }) => failure !== undefined);
    const [only] = failed;
    if (!only?.failure) return new PotterError('INTERNAL', 'No language model was asked.');
    if (failed.length === 1) return this.#told(only.failure, only.attempts);
    const reasons = failed.map(({ failure }) => failure?.message ?? '').join(' ');
    return withDetail(new PotterError('ALL_FAILED', `None of ${failed.length} language models answered. ${reasons}`), {
      attempts: this.#attempts,
    });
  }

  #told(error: PotterError, attempts: number): PotterError {
    const told = withDetail(error, { attempts: this.#attempts });
    if (attempts < 2 || error.code === 'CANCELLED') return told;
    return new PotterError(told.code, `${told.message} Potter tried ${attempts} times.`, told);
  }

  #notice(candidate: Candidate, target: Resolved): string | undefined {
    const before = this.#candidates.find((other) => other !== candidate && other.failure !== undefined);
    if (before?.failure) return `${before.failure.message} ${target.providerName} answered instead.`;
    if (candidate.refusedKeys.size === 0) return undefined;
    return `A key for ${target.providerName} was refused, so the next one was used.`;
  }

  #ended(candidate: Candidate, { target, startedAt }: Attempt, result: ModelAttempt['result']): void {
    const ms = this.#shared.clock.monotonic() - startedAt;
    candidate.ms += ms;
    this.#attempts.push({ provider: target.id, model: target.model, result, ms: Math.round(ms) });
  }

  /** Of the candidate as a whole; what came of it is what came of its last attempt. */
  #record(candidate: Candidate, { target, startedAt, firstAt, usage }: Attempt, result: ModelSample['result']): void {
    const cost = usage && costOf(target, usage);
    this.#shared.record({
      provider: target.id,
      model: target.model,
      action: this.#call.spender.action,
      ms: candidate.ms,
      firstTokenMs: firstAt === undefined ? undefined : firstAt - startedAt,
      result,
      inputTokens: usage?.inputTokens,
      outputTokens: usage?.outputTokens,
      costMicros: cost?.micros,
      isEstimate: cost?.isEstimate,
      attempts: candidate.attempts,
      failedOver: candidate !== this.#candidates[0],
    });
  }
}

interface Admitted {
  readonly target: Resolved;
  readonly server: Server;
  /** Undefined for a program on this machine. */
  readonly pass: Pass | undefined;
  readonly reservation: Reservation | undefined;
}

/** The longest an attempt is put off by chance, after so many. */
function longestJitter({ detail }: PotterError, attempts: number): number {
  const isTooFast = typeof detail === 'object' && detail !== null && 'providerCode' in detail;
  const first = isTooFast && detail.providerCode === 'slow_down' ? slowerFirstWait : firstWait;
  return Math.min(longestWait, first * 2 ** (attempts - 1));
}

function retryAfterOf({ detail }: PotterError): number | undefined {
  if (typeof detail !== 'object' || detail === null || !('retryAfterMs' in detail)) return undefined;
  return typeof detail.retryAfterMs === 'number' ? detail.retryAfterMs : undefined;
}

function tooLate(ms: number): PotterError {
  return new PotterError('TIMEOUT', `No language model finished its answer within ${ms / 1000} s.`);
}

function circuitOpen({ providerName, id }: Resolved, until: number): PotterError {
  const at = new Date(until).toTimeString().slice(0, 8);
  return new PotterError('CIRCUIT_OPEN', `${providerName} kept failing, so it is left alone until ${at}.`, {
    detail: { provider: id, until },
  });
}
