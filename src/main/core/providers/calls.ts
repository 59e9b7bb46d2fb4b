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
  readonly resolve: (wanted: Wanted, signal: AbortSignal, log: Log) => Promise<Resolved>;
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
  readonly begun: () => void;
  /** To be called when the tokens are known, whether the request then fails or not. */
  readonly used: (usage: Usage) => void;
}

/** What came of a call that succeeded. */
export interface Called<T> {
  readonly value: T;
  readonly target: Resolved;
  readonly attempts: readonly ModelAttempt[];
  readonly cost: Cost | undefined;
  /** Something the reader should know, such as that another model answered. */
  readonly notice?: string;
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
    return this.run({ ...call, expected }, async ({ server, target, signal, begun, used }) => {
      let answer = '';
      const estimated = (): Usage => ({ inputTokens, outputTokens: estimateTokens(answer), isEstimate: true });
      try {
        for await (const event of server.provider.complete({ ...request, model: target.model }, signal)) {
          if (event.type === 'end') {
            used(event.usage ?? estimated());
            return { text: answer, finish: event.finish, ...(event.usage && { usage: event.usage }) };
          }
          begun();
          answer += event.text;
          await text(event.text);
        }
      } catch (thrown) {
        if (answer === '') throw thrown;
        used(estimated());
        throw withDetail(toPotterError(thrown), { output: answer });
      }
      throw new PotterError('INCOMPLETE', `${target.providerName} stopped before the answer was complete.`, {
        detail: { output: answer },
      });
    });
  }

  /** Makes the request until it succeeds or nothing is left to try. */
  async run<T>(call: ModelCall, ask: (asking: Asking) => Promise<T>): Promise<Called<T>> {
    const { deadlineMs } = this.#shared.settings();
    call.signal.throwIfAborted();
    // `AbortSignal.any` costs more than everything else here.
    const end = new AbortController();
    const cancel = (): void => end.abort(call.signal.reason);
    call.signal.addEventListener('abort', cancel);
    const timer = setTimeout(() => end.abort(tooLate(deadlineMs)), deadlineMs);
    const endsAt = this.#shared.clock.monotonic() + deadlineMs;
    try {
      return await new Course(this.#shared, { ...call, signal: end.signal }, ask, endsAt).run();
    } finally {
      clearTimeout(timer);
      call.signal.removeEventListener('abort', cancel);
    }
  }
}

/** One model that may be asked. */
interface Candidate {
  readonly wanted: Wanted;
  target: Resolved | undefined;
  attempts: number;
  /** Not before, by the monotonic clock. */
  readyAt: number;
  /** Spent on its requests, in milliseconds. */
  ms: number;
  /** What its last attempt ended with. */
  failure: PotterError | undefined;
  isOut: boolean;
  readonly refusedKeys: Set<string>;
}

/** One call on its way from model to model. */
class Course<T> {
  readonly #shared: Shared;
  readonly #call: ModelCall;
  readonly #ask: (asking: Asking) => Promise<T>;
  readonly #endsAt: number;
  readonly #candidates: readonly Candidate[];
  readonly #attempts: ModelAttempt[] = [];

  constructor(shared: Shared, call: ModelCall, ask: (asking: Asking) => Promise<T>, endsAt: number) {
    this.#shared = shared;
    this.#call = call;
    this.#ask = ask;
    this.#endsAt = endsAt;
    const others = shared.settings().failover.filter((reference) => reference !== call.wanted.reference);
    this.#candidates = [call.wanted, ...others.map((reference) => ({ ...call.wanted, reference }))].map((wanted) => ({
      wanted,
      target: undefined,
      attempts: 0,
      readyAt: 0,
      ms: 0,
      failure: undefined,
      isOut: false,
      refusedKeys: new Set(),
    }));
  }

  async run(): Promise<Called<T>> {
    for (;;) {
      const candidate = await this.#next();
      const called = await this.#try(candidate);
      if (called) return called;
    }
  }

  /**
   * The first in their order that may be asked now: while one has to be waited for, the next is not. Fails when none is
   * left, or none in time.
   */
  async #next(): Promise<Candidate> {
    const { clock, sleep } = this.#shared;
    const { signal, waiting } = this.#call;
    const left = this.#candidates.filter(({ isOut }) => !isOut);
    const now = clock.monotonic();
    const [soonest] = left.toSorted((one, other) => this.#readyAt(one) - this.#readyAt(other));
    if (!soonest) throw this.#failure();
    const ready = left.find((candidate) => this.#readyAt(candidate) <= now);
    if (ready) return ready;
    const at = this.#readyAt(soonest);
    if (at >= this.#endsAt) throw this.#failure();
    const ms = at - now;
    const { providerName } = soonest.target ?? { providerName: '' };
    await waiting?.({ providerName, code: soonest.failure?.code ?? 'RATE_LIMIT', ms: Math.ceil(ms) });
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
    const admitted = await this.#admit(candidate);
    if (!admitted) return undefined;
    const { target, server, pass, reservation } = admitted;
    const { clock } = this.#shared;
    const { signal, started } = this.#call;
    const startedAt = clock.monotonic();
    let firstAt: number | undefined;
    let usage: Usage | undefined;
    const end = (result: ModelAttempt['result']): void => {
      const ms = clock.monotonic() - startedAt;
      candidate.ms += ms;
      this.#attempts.push({ provider: target.id, model: target.model, result, ms: Math.round(ms) });
    };
    const tell = (result: ModelSample['result']): void =>
      this.#record(candidate, target, { result, firstTokenMs: firstAt && firstAt - startedAt, usage });
    try {
      candidate.attempts += 1;
      if (candidate.attempts === 1) await started?.(target, this.#attempts.length > 0);
      const value = await this.#ask({
        target,
        server,
        signal,
        begun: () => {
          firstAt ??= clock.monotonic();
        },
        used: (tokens) => {
          usage = tokens;
        },
      });
      pass?.succeed();
      end('ok');
      tell('ok');
      const cost = usage && costOf(target, usage);
      const notice = this.#notice(candidate, target);
      return { value, target, attempts: this.#attempts, cost, ...(notice !== undefined && { notice }) };
    } catch (thrown) {
      const error = toPotterError(thrown);
      candidate.failure = error;
      const { breaks } = ruleOf(error);
      if (signal.aborted) pass?.leave();
      else if (breaks) pass?.fail();
      else pass?.succeed();
      end(error.code);
      if (signal.aborted || firstAt !== undefined || !this.#again(candidate, server, error)) {
        tell(error.code);
        this.#giveUp(candidate, error, firstAt !== undefined);
      }
      return undefined;
    } finally {
      reservation?.settle(usage && costOf(target, usage));
    }
  }

  /** Everything that must be true before a request leaves. Undefined where the candidate is out. */
  async #admit(candidate: Candidate): Promise<Admitted | undefined> {
    const { clock, breakers, budgets, resolve } = this.#shared;
    const { signal, log, spender, expected } = this.#call;
    let pass: Pass | undefined;
    try {
      candidate.target ??= await resolve(candidate.wanted, signal, log);
      const { target } = candidate;
      const server = this.#serverOf(candidate, target);
      // A program on this machine costs nothing to ask, and who has just started it wants it asked at once.
      pass = target.isLocal ? undefined : breakers.enter(server.key);
      if (!pass && !target.isLocal) throw circuitOpen(target, clock.now() + breakers.waitMs(server.key));
      const spent = costOf(target, expected).micros;
      const reservation = target.isFree ? undefined : budgets.reserve({ ...spender, key: target.id }, spent);
      return { target, server, pass, reservation };
    } catch (thrown) {
      pass?.leave();
      this.#giveUp(candidate, toPotterError(thrown), false);
      return undefined;
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
    const { target, refusedKeys, attempts } = candidate;
    const { key, attempts: most } = ruleOf(error);
    if (key) {
      refused.set(server.key, now + refusedMs);
      refusedKeys.add(server.key);
      return target !== undefined && target.servers.length > refusedKeys.size;
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
    if (this.#call.signal.aborted || hasBegun || !ruleOf(error).failsOver) throw this.#told(error, candidate.attempts);
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

  #record(
    candidate: Candidate,
    target: Resolved,
    { result, firstTokenMs, usage }: Pick<ModelSample, 'result'> & Seen,
  ): void {
    const { spender } = this.#call;
    const cost = usage && costOf(target, usage);
    this.#shared.record({
      provider: target.id,
      model: target.model,
      ...(spender.action !== undefined && { action: spender.action }),
      ms: candidate.ms,
      ...(firstTokenMs !== undefined && { firstTokenMs }),
      result,
      ...(usage && { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens }),
      ...(cost && { costMicros: cost.micros, isEstimate: cost.isEstimate }),
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

interface Seen {
  readonly firstTokenMs: number | undefined;
  readonly usage: Usage | undefined;
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
