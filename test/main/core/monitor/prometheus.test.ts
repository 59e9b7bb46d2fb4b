import { describe, expect, test } from 'vitest';
import { exposeFigures } from '../../../../src/main/core/monitor/prometheus.ts';
import { monitorBench, newYear } from '../../../helpers/monitor.ts';
import { parseExposition } from '../../../helpers/prometheus.ts';

const hostile = 'my "model"\\with\nlines}, le="1';

function exposed(): string {
  const { monitor, loop, usage } = monitorBench();
  loop.delay(3);
  monitor.record({ route: 'text.process', ms: 3, result: 'ok', cached: false });
  monitor.record({ route: 'text.process', ms: 900, result: 'ok', cached: true });
  monitor.record({ route: 'text.process', ms: 70_000, result: 'TIMEOUT' });
  monitor.flush();
  monitor.record({ route: 'keys.set', ms: 0.01, result: 'FORBIDDEN' });
  const model = { provider: 'openai', model: hostile, ms: 2000, result: 'ok', attempts: 2, failedOver: true } as const;
  monitor.recordModel({
    ...model,
    firstTokenMs: 400,
    inputTokens: 7,
    outputTokens: 9,
    costMicros: 2500,
    isEstimate: true,
  });
  monitor.recordPlugin({ plugin: 'text-tools', command: 'upper-case', ms: 1, result: 'PLUGIN_FAILED' });
  return exposeFigures({
    figures: monitor.sinceStart(),
    health: [
      { name: 'disk', state: 'degraded', since: 0 },
      { name: 'event loop', state: 'failed', since: 0 },
    ],
    events: new Map([['history.changed', { published: 3, delivered: 2, failed: 1, dropped: 0 }]]),
    version: '1.2.3',
    startedAt: newYear,
    usage,
  });
}

describe('the Prometheus text', () => {
  test('keeps every rule of the format, and names everything potter_', () => {
    const families = parseExposition(exposed());
    expect([...families.keys()].filter((name) => !/^potter_[a-z_]+$/.test(name))).toEqual([]);
    expect(families.size).toBe(24);
    for (const { samples, help } of families.values()) {
      expect(samples.length).toBeGreaterThan(0);
      expect(help).toMatch(/\.$/);
    }
  });

  test('tells the figures', () => {
    const families = parseExposition(exposed());
    const values = (family: string, suffix = '') =>
      families
        .get(family)
        ?.samples.filter(({ name }) => name === family + suffix)
        .map(({ labels, value }) => [...Object.values(labels), value]);
    expect(values('potter_calls_total')).toEqual([
      ['text.process', 'ok', 2],
      ['text.process', 'TIMEOUT', 1],
      ['keys.set', 'ok', 0],
      ['keys.set', 'FORBIDDEN', 1],
    ]);
    const textBuckets = values('potter_call_duration_seconds', '_bucket')?.filter(
      ([route]) => route === 'text.process',
    );
    expect(textBuckets?.map(([, , count]) => count)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3]);
    expect(values('potter_call_duration_seconds', '_sum')?.[0]).toEqual(['text.process', expect.closeTo(70.903)]);
    expect(values('potter_model_cost_dollars_total')).toEqual([['openai', hostile, 0.0025]]);
    expect(values('potter_model_first_token_seconds', '_count')).toEqual([['openai', hostile, 1]]);
    expect(values('potter_plugin_calls_total')).toEqual([
      ['text-tools', 'upper-case', 'ok', 0],
      ['text-tools', 'upper-case', 'PLUGIN_FAILED', 1],
    ]);
    expect([values('potter_cache_hits_total'), values('potter_cache_misses_total')]).toEqual([
      [['text.process', 1]],
      [['text.process', 1]],
    ]);
    expect(values('potter_event_loop_delay_seconds', '_count')).toEqual([[1000]]);
    expect(values('potter_health')).toEqual([
      ['disk', 1],
      ['event loop', 2],
    ]);
    expect(values('potter_start_time_seconds')).toEqual([[newYear / 1000]]);
    expect(values('potter_resident_memory_bytes')).toEqual([[100 * 2 ** 20]]);
  });

  test.each([
    ['a sample without its family', 'potter_x 1\n'],
    ['a label that is not escaped', '# HELP a b\n# TYPE a gauge\na{l="x"y"} 1\n'],
    ['a histogram without +Inf', '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n'],
    [
      'buckets that shrink',
      '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
    ],
    ['a counter below zero', '# HELP a_total b\n# TYPE a_total counter\na_total -1\n'],
    ['a sample that comes twice', '# HELP a b\n# TYPE a gauge\na 1\na 1\n'],
    ['a last line without an end', '# HELP a b\n# TYPE a gauge\na 1'],
  ])('the reader of these tests refuses %s', (_title, text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});
