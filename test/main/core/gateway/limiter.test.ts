import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Limiter } from '../../../../src/main/core/gateway/limiter.ts';
import type { PotterError } from '../../../../src/shared/errors.ts';

const allowance = { perSecond: 10, burst: 5 };

function waitOf(limiter: Limiter, caller: string): number | undefined {
  try {
    limiter.take(caller, 'system.info');
    return undefined;
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'RATE_LIMITED' });
    return (thrown as PotterError & { detail: { retryAfterMs: number } }).detail.retryAfterMs;
  }
}

describe('the rate limiter', () => {
  /**
   * The same rule in other words: a call is let through when, for no stretch of time that ends now, more calls than
   * `burst + perSecond × its length` would have been let through.
   */
  it('lets through what the rule of a bucket allows, over a hundred thousand steps', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300), { minLength: 1000, maxLength: 1000, size: 'max' }), (pauses) => {
        let now = 0;
        const limiter = new Limiter({ clock: { monotonic: () => now }, allowanceOf: () => allowance });
        /** When each call was let through; times are whole milliseconds, and ten milliseconds are a tenth of a call. */
        const passed: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const isAllowed = passed.every((at, index) => {
            const callsSince = passed.length - index + 1;
            return callsSince <= allowance.burst + ((now - at) / 1000) * allowance.perSecond + 1e-9;
          });
          const wait = waitOf(limiter, 'one');
          expect(wait === undefined).toBe(isAllowed);
          if (wait === undefined) passed.push(now);
          else expect(wait).toBeGreaterThan(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('says a time after which the call is let through, and not before', () => {
    let now = 0;
    const limiter = new Limiter({ clock: { monotonic: () => now }, allowanceOf: () => allowance });
    for (let call = 0; call < 5; call += 1) expect(waitOf(limiter, 'one')).toBeUndefined();
    const wait = waitOf(limiter, 'one') ?? Number.NaN;
    expect(wait).toBe(100);
    now += wait - 1;
    expect(waitOf(limiter, 'one')).toBe(1);
    now += 1;
    expect(waitOf(limiter, 'one')).toBeUndefined();
  });

  it('counts each caller and each call by itself, however many callers come and go', () => {
    let now = 0;
    const limiter = new Limiter({ clock: { monotonic: () => now }, allowanceOf: () => allowance });
    for (let call = 0; call < 6; call += 1) waitOf(limiter, 'busy');
    for (let index = 0; index < 50_000; index += 1) {
      now += 0.0001;
      limiter.take(`caller ${index}`, 'system.info');
    }
    expect(waitOf(limiter, 'busy')).toBeGreaterThan(0);
    expect(() => limiter.take('busy', 'config.get')).not.toThrow();
  });
});
