import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBreakers, type Pass } from '../../../../src/main/core/providers/breaker.ts';

/** The rules of a breaker once more, written for the eye: a list of what happened is all it keeps. */
class Model {
  failures = 0;
  openUntil = Number.NaN;
  openMs = 100;
  probes = 0;

  mayEnter(now: number): boolean {
    return Number.isNaN(this.openUntil) || (now >= this.openUntil && this.probes === 0);
  }

  enter(): boolean {
    const isProbe = !Number.isNaN(this.openUntil);
    if (isProbe) this.probes = 1;
    return isProbe;
  }

  end(isProbe: boolean, how: 'succeed' | 'fail' | 'leave', now: number): void {
    if (isProbe) this.probes = 0;
    if (how === 'leave') return;
    if (how === 'succeed') {
      this.failures = 0;
      this.openUntil = Number.NaN;
      this.openMs = 100;
      return;
    }
    if (isProbe) this.openMs = Math.min(400, this.openMs * 2);
    if (isProbe || Number.isNaN(this.openUntil)) {
      this.failures += 1;
      if (isProbe || this.failures >= 3) this.openUntil = now + this.openMs;
    }
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ type: 'enter' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('end' as const),
      which: fc.nat(3),
      how: fc.constantFrom('succeed', 'fail', 'fail', 'leave'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat(150) }) },
);

describe('a circuit breaker', () => {
  it('does what a small model of it does, over a hundred thousand steps', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1000, maxLength: 1000, size: 'max' }), (steps) => {
        let now = 0;
        const clock = { now: () => now, monotonic: () => now };
        const breakers = new CircuitBreakers(clock, { failures: 3, openMs: 100, longestMs: 400 });
        const model = new Model();
        const inside: { pass: Pass; isProbe: boolean }[] = [];
        for (const each of steps) {
          if (each.type === 'wait') now += each.ms;
          if (each.type === 'enter') {
            const pass = breakers.enter('one');
            expect(pass !== undefined).toBe(model.mayEnter(now));
            if (pass) inside.push({ pass, isProbe: model.enter() });
          }
          if (each.type === 'end') {
            const [taken] = inside.splice(each.which % Math.max(1, inside.length), 1);
            if (!taken) continue;
            taken.pass[each.how]();
            // Said twice, it counts once.
            taken.pass.fail();
            model.end(taken.isProbe, each.how, now);
          }
          const wait = Number.isNaN(model.openUntil) ? 0 : Math.max(0, model.openUntil - now);
          expect(breakers.waitMs('one')).toBe(wait);
          const open = wait > 0 ? 'open' : 'half-open';
          expect(breakers.state('one').state).toBe(Number.isNaN(model.openUntil) ? 'closed' : open);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('of one server says nothing about another', () => {
    const breakers = new CircuitBreakers({ now: () => 0, monotonic: () => 0 }, { failures: 1 });
    breakers.enter('one')?.fail();
    expect(breakers.enter('one')).toBeUndefined();
    expect(breakers.enter('two')).toBeDefined();
  });

  it('tells since when it is in its state', () => {
    let now = 5000;
    const breakers = new CircuitBreakers({ now: () => now, monotonic: () => now }, { failures: 1, openMs: 10 });
    breakers.enter('one')?.fail();
    now += 10;
    expect(breakers.state('one')).toEqual({ state: 'half-open', since: 5000 });
    breakers.enter('one')?.succeed();
    expect(breakers.state('one')).toEqual({ state: 'closed', since: 5010 });
  });
});
