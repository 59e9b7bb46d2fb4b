import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Histogram } from '../../../../src/main/core/monitor/histogram.ts';

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

const contentOf = (histogram: Histogram): unknown => ({
  buckets: Buffer.from(histogram.encode()).subarray(16).toString('hex'),
  count: histogram.count,
  max: histogram.max,
});

/** From two microseconds to an hour, evenly over the doublings as times are. */
const time = fc.double({ min: Math.log(0.002), max: Math.log(3_600_000), noNaN: true }).map(Math.exp);
const times = fc.array(time, { minLength: 1, maxLength: 300 });

describe('a histogram', () => {
  test('tells every quantile within five per cent of the exact one', () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN;
        const told = histogramOf(values).quantile(share);
        expect(Math.abs(told - exact) / exact).toBeLessThan(0.032);
      }),
      { numRuns: 2000 },
    );
  });

  test('merged with another is what both of them recorded, also through bytes', () => {
    fc.assert(
      fc.property(times, times, (some, others) => {
        const together = contentOf(histogramOf([...some, ...others]));
        const merged = histogramOf(some);
        merged.merge(histogramOf(others));
        const decoded = histogramOf(some);
        decoded.mergeEncoded(histogramOf(others).encode());
        expect([contentOf(merged), contentOf(decoded)]).toEqual([together, together]);
        const sum = [...some, ...others].reduce((total, value) => total + value, 0);
        expect(merged.sum / sum).toBeCloseTo(1, 9);
      }),
    );
  });

  test('counts what is below a power of two exactly', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: -12, max: 24 }), (values, exponent) => {
        const edge = 2 ** exponent;
        expect(histogramOf(values).countBelow(edge)).toBe(values.filter((value) => value < edge).length);
      }),
    );
  });

  test('takes what is no time as none, and what is out of range at its end', () => {
    const histogram = histogramOf([Number.NaN, -5, Number.POSITIVE_INFINITY, 0]);
    expect([histogram.count, histogram.sum, histogram.quantile(1)]).toEqual([4, 0, 0]);
    histogram.record(1e12);
    expect([histogram.max, histogram.count]).toEqual([1e12, 5]);
    expect(histogram.quantile(1)).toBeGreaterThan(4_000_000);
  });

  test('recorded several times is recorded each time', () => {
    const histogram = new Histogram();
    histogram.record(3, 40);
    expect(contentOf(histogram)).toEqual(contentOf(histogramOf(Array.from({ length: 40 }, () => 3))));
  });

  test('takes nothing from bytes that are none of its, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const histogram = new Histogram();
        histogram.mergeEncoded(bytes);
        const isWhole = bytes.length >= 16 && (bytes.length - 16) % 6 === 0;
        if (!isWhole) expect(histogram.count).toBe(0);
        histogram.quantile(0.5);
      }),
    );
  });
});
