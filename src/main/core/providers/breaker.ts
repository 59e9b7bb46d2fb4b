/** Circuit breakers: whoever keeps failing is left alone for a while, then asked once to see whether it is well again. */
import type { Clock } from '../host.ts';

export interface BreakerLimits {
  /** Failures in a row that open it. Default 5. */
  readonly failures: number;
  /** How long it stays open the first time, in milliseconds; each probe that fails doubles it. Default 15 s. */
  readonly openMs: number;
  /** The longest it stays open. Default 2 min. */
  readonly longestMs: number;
}

/** `half-open`: the time is over, and one request finds out. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Leave to ask once. Exactly one of the three is said; what is said after it changes nothing. */
export interface Pass {
  /** The server is alive, whatever it answered. */
  succeed(): void;
  fail(): void;
  /** Nothing was learnt: it was cancelled. */
  leave(): void;
}

interface Breaker {
  /** In a row, while it is closed. */
  failures: number;
  /** Undefined while it is closed. Monotonic. */
  openUntil: number | undefined;
  openMs: number;
  isProbing: boolean;
  /** Since when it is in its state, in milliseconds since the epoch. */
  since: number;
}

export class CircuitBreakers {
  readonly #clock: Clock;
  readonly #limits: BreakerLimits;
  readonly #breakers = new Map<string, Breaker>();

  constructor(clock: Clock, limits: Partial<BreakerLimits> = {}) {
    this.#clock = clock;
    this.#limits = { failures: 5, openMs: 15_000, longestMs: 120_000, ...limits };
  }

  /** Undefined while it is open, and while another request is finding out. */
  enter(key: string): Pass | undefined {
    const breaker = this.#breakers.get(key) ?? this.#fresh();
    this.#breakers.set(key, breaker);
    const { openUntil } = breaker;
    const isProbe = openUntil !== undefined;
    if (isProbe && (breaker.isProbing || this.#clock.monotonic() < openUntil)) return undefined;
    if (isProbe) breaker.isProbing = true;
    let isSaid = false;
    const once = (act: () => void) => (): void => {
      if (isSaid) return;
      isSaid = true;
      if (isProbe) breaker.isProbing = false;
      act();
    };
    return {
      succeed: once(() => this.#close(breaker)),
      fail: once(() => this.#fail(breaker, isProbe)),
      leave: once(() => undefined),
    };
  }

  /** Milliseconds until it may be asked again; 0 when it may be now. */
  waitMs(key: string): number {
    const openUntil = this.#breakers.get(key)?.openUntil;
    return openUntil === undefined ? 0 : Math.max(0, openUntil - this.#clock.monotonic());
  }

  state(key: string): { readonly state: BreakerState; readonly since: number } {
    const { openUntil, since } = this.#breakers.get(key) ?? this.#fresh();
    const state = openUntil === undefined ? 'closed' : this.#clock.monotonic() < openUntil ? 'open' : 'half-open';
    return { state, since };
  }

  /** Those that are not closed. */
  list(): { readonly key: string; readonly state: BreakerState; readonly since: number }[] {
    return [...this.#breakers.keys()]
      .map((key) => ({ key, ...this.state(key) }))
      .filter(({ state }) => state !== 'closed');
  }

  #fail(breaker: Breaker, wasProbe: boolean): void {
    const { failures, longestMs } = this.#limits;
    // One that began before it opened tells nothing new.
    if (breaker.openUntil !== undefined && !wasProbe) return;
    breaker.failures += 1;
    if (!wasProbe && breaker.failures < failures) return;
    if (wasProbe) breaker.openMs = Math.min(longestMs, breaker.openMs * 2);
    breaker.openUntil = this.#clock.monotonic() + breaker.openMs;
    breaker.since = this.#clock.now();
  }

  #close(breaker: Breaker): void {
    if (breaker.openUntil !== undefined) breaker.since = this.#clock.now();
    breaker.failures = 0;
    breaker.openUntil = undefined;
    breaker.openMs = this.#limits.openMs;
  }

  #fresh(): Breaker {
    return {
      failures: 0,
      openUntil: undefined,
      openMs: this.#limits.openMs,
      isProbing: false,
      since: this.#clock.now(),
    };
  }
}
