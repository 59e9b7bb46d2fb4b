/** Token buckets: how often each caller may make each call. */
import type { RouteName } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import type { Clock } from '../host.ts';

export interface Allowance {
  /** Calls a second in the long run. */
  readonly perSecond: number;
  /** How many may come at once. */
  readonly burst: number;
}

export interface LimiterOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly allowanceOf?: (route: RouteName) => Allowance;
}

const usual: Allowance = { perSecond: 200, burst: 1000 };
const allowances: Partial<Record<RouteName, Allowance>> = {
  'text.process': { perSecond: 20, burst: 100 },
  'keys.test': { perSecond: 1, burst: 10 },
  // A program's own loop; what it may cost is for the budgets to say. This stops one that has run away.
  'chat.complete': { perSecond: 20_000, burst: 20_000 },
};

interface Bucket {
  readonly allowance: Allowance;
  /** When it is full again, by the monotonic clock: all that has to be known of a bucket that fills evenly. */
  fullAt: number;
}

/** Buckets that are full again are forgotten when there are so many: panels come and go. */
const manyBuckets = 10_000;

export class Limiter {
  readonly #clock: LimiterOptions['clock'];
  readonly #allowanceOf: NonNullable<LimiterOptions['allowanceOf']>;
  /** By the caller, then the route: no name has to be put together for a call. */
  readonly #buckets = new Map<string, Map<RouteName, Bucket>>();
  #count = 0;
  #most = manyBuckets;

  constructor({ clock, allowanceOf = (route) => allowances[route] ?? usual }: LimiterOptions) {
    this.#clock = clock;
    this.#allowanceOf = allowanceOf;
  }

  /** Takes one call from the caller's bucket. Fails with `RATE_LIMITED` and the time to wait when it is empty. */
  take(caller: string, route: RouteName): void {
    const now = this.#clock.monotonic();
    const bucket = this.#bucketOf(caller, route);
    const { perSecond, burst } = bucket.allowance;
    const perCall = 1000 / perSecond;
    const fullAt = Math.max(now, bucket.fullAt) + perCall;
    // Clocks tell fractions of milliseconds, and fractions add up to a little more than they are.
    const retryAfterMs = Math.ceil(fullAt - now - burst * perCall - 1e-6);
    if (retryAfterMs > 0) {
      throw new PotterError('RATE_LIMITED', `Too many calls of ${route}; the next may come in ${retryAfterMs} ms.`, {
        detail: { retryAfterMs },
      });
    }
    bucket.fullAt = fullAt;
  }

  #bucketOf(caller: string, route: RouteName): Bucket {
    let own = this.#buckets.get(caller);
    if (!own) {
      if (this.#count >= this.#most) this.#forgetFull();
      own = new Map();
      this.#buckets.set(caller, own);
    }
    let bucket = own.get(route);
    if (!bucket) {
      bucket = { allowance: this.#allowanceOf(route), fullAt: 0 };
      own.set(route, bucket);
      this.#count += 1;
    }
    return bucket;
  }

  #forgetFull(): void {
    const now = this.#clock.monotonic();
    for (const [caller, own] of this.#buckets) {
      for (const [route, { fullAt }] of own) if (fullAt <= now) own.delete(route);
      if (own.size === 0) this.#buckets.delete(caller);
    }
    this.#count = [...this.#buckets.values()].reduce((sum, own) => sum + own.size, 0);
    // Not again before there are twice as many: what cannot be forgotten would be looked at for every new caller.
    this.#most = Math.max(manyBuckets, this.#count * 2);
  }
}
