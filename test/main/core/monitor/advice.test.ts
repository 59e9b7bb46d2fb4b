import { describe, expect, test } from 'vitest';
import {
  type ActionFigures,
  type AdviceFigures,
  advise,
  type ProviderFigures,
} from '../../../../src/main/core/monitor/advice.ts';

const nothing: AdviceFigures = {
  actions: [],
  providers: [],
  cache: { hits: 0, misses: 0, repeats: 0 },
  stalls: { minutes: 0, longestMs: 0, plugins: [] },
  memory: [],
  disk: { writes: 0, p95Ms: 0 },
};

const model = (name: string, changed: Partial<ActionFigures> = {}): ActionFigures => ({
  ...{ action: 'proofread', model: name, runs: 12, errors: 0, firstTokenMs: 400, timed: 12, costMicros: 0, priced: 0 },
  ...changed,
});
const slow = (changed: Partial<ActionFigures> = {}): ActionFigures =>
  model('openai/gpt-x', { firstTokenMs: 1900, ...changed });
const dear = (changed: Partial<ActionFigures> = {}): ActionFigures =>
  model('openai/gpt-x', { costMicros: 120_000, priced: 12, ...changed });
const cheap = (changed: Partial<ActionFigures> = {}): ActionFigures =>
  model('openai/gpt-y', { costMicros: 12_000, priced: 12, ...changed });
const provider = (errorCodes: Record<string, number>, calls = 20): ProviderFigures => {
  const errors = Object.values(errorCodes).reduce((sum, count) => sum + count, 0);
  return { provider: 'openai', calls, errors, errorCodes };
};
const plugin = (name: string, minutes: number, stalledMinutes: number) => ({ plugin: name, minutes, stalledMinutes });

const given: readonly [string, Partial<AdviceFigures>, string, string, Record<string, number>][] = [
  [
    'a slow first token where another model was faster',
    { actions: [slow(), model('openai/gpt-y'), model('openai/gpt-z', { firstTokenMs: 600 })] },
    'slow-first-token proofread openai/gpt-x',
    '"proofread" spends 1.9 s before the first token on openai/gpt-x; openai/gpt-y answered in 0.4 s in 12 runs.',
    { firstTokenMs: 1900, runs: 12, fasterFirstTokenMs: 400, fasterRuns: 12 },
  ],
  [
    'a dear model where a cheaper one does',
    { actions: [dear(), cheap()] },
    'dear-model proofread openai/gpt-x',
    'costs $0.0100 on openai/gpt-x; openai/gpt-y did it for $0.0010 in 12 runs',
    { microsPerRun: 10_000, runs: 12, cheaperMicrosPerRun: 1000, cheaperRuns: 12, errorShare: 0, cheaperErrorShare: 0 },
  ],
  [
    'a provider that often fails, with its most frequent code',
    { providers: [provider({ TIMEOUT: 2, RATE_LIMIT: 4 })] },
    'failing-provider openai',
    '6 of 20 calls of openai failed, most often with RATE_LIMIT (4 times)',
    { calls: 20, errors: 6, mostFrequent: 4 },
  ],
  [
    'a program on this machine that is often not running',
    { providers: [provider({ LOCAL_DOWN: 5 })] },
    'local-server-down openai',
    'not running in 5 of 20 calls',
    { calls: 20, down: 5 },
  ],
  [
    'equal requests that were not answered from the cache',
    { cache: { hits: 1, misses: 30, repeats: 12 } },
    'unused-cache',
    '12 requests were equal to an earlier one, but only 1 were answered',
    { hits: 1, misses: 30, repeats: 12 },
  ],
  [
    'stalls, with the plugin that ran in them',
    { stalls: { minutes: 10, longestMs: 1500, plugins: [plugin('idle/one', 900, 10), plugin('busy/one', 10, 9)] } },
    'stalls busy/one',
    'stood still for up to 1.5 s in 10 minutes of the last day; the plugin command busy/one ran in 9 of them',
    { minutes: 10, longestMs: 1500, pluginMinutes: 9 },
  ],
  [
    'stalls that no plugin explains',
    { stalls: { minutes: 10, longestMs: 1500, plugins: [plugin('busy/one', 10, 2)] } },
    'stalls',
    'no plugin ran in most of them',
    { minutes: 10, longestMs: 1500 },
  ],
  [
    'memory that grows hour by hour',
    { memory: [80, 100, 120, 140, 160, 180, 200] },
    'growing-memory',
    'grew from 100 to 200 MiB in 5 hours',
    { firstMiB: 100, lastMiB: 200, hours: 5 },
  ],
  [
    'a slow disk',
    { disk: { writes: 20, p95Ms: 400 } },
    'slow-disk',
    'takes 0.4 s (p95 of 20 writes)',
    { writes: 20, p95Ms: 400 },
  ],
];

const silent: readonly [string, Partial<AdviceFigures>][] = [
  ['no figures at all', {}],
  ['too few runs of the slow model', { actions: [slow({ timed: 9 }), model('openai/gpt-y')] }],
  ['too few runs of the fast model', { actions: [slow(), model('openai/gpt-y', { timed: 9 })] }],
  [
    'a faster model that was used for another action',
    { actions: [slow(), model('openai/gpt-y', { action: 'polish' })] },
  ],
  ['a faster model that fails more often', { actions: [slow(), model('openai/gpt-y', { errors: 3 })] }],
  ['a first token under a second', { actions: [slow({ firstTokenMs: 990 }), model('openai/gpt-y')] }],
  ['a model that is hardly faster', { actions: [slow(), model('openai/gpt-y', { firstTokenMs: 1000 })] }],
  ['too few runs of the dear model', { actions: [dear({ priced: 9, costMicros: 90_000 }), cheap()] }],
  ['a cheaper model that fails more often', { actions: [dear(), cheap({ errors: 2 })] }],
  ['a model that is hardly cheaper', { actions: [dear(), cheap({ costMicros: 60_000 })] }],
  ['costs of a fraction of a cent', { actions: [dear({ costMicros: 1200 }), cheap({ costMicros: 12 })] }],
  ['a failure now and then', { providers: [provider({ RATE_LIMIT: 3 })] }],
  ['failures of a provider that is hardly used', { providers: [provider({ RATE_LIMIT: 9 }, 9)] }],
  ['runs that were cancelled', { providers: [{ ...provider({}), errorCodes: { CANCELLED: 20 } }] }],
  ['a local program that was down twice', { providers: [provider({ LOCAL_DOWN: 2 }, 10)] }],
  ['a cache that answers what comes again', { cache: { hits: 11, misses: 30, repeats: 12 } }],
  ['requests that do not come again', { cache: { hits: 0, misses: 300, repeats: 9 } }],
  ['a cache nobody has counted', { cache: { hits: 0, misses: 0, repeats: 50 } }],
  ['a stall or two', { stalls: { minutes: 4, longestMs: 9000, plugins: [plugin('busy/one', 4, 4)] } }],
  ['memory of the first hours', { memory: [80, 100, 150, 200, 250, 300] }],
  ['memory that goes up and down', { memory: [80, 100, 250, 120, 240, 130, 260, 140] }],
  ['memory that grows a little', { memory: [80, 100, 105, 110, 115, 120, 125] }],
  ['a quick disk', { disk: { writes: 2000, p95Ms: 200 } }],
  ['one slow write', { disk: { writes: 9, p95Ms: 9000 } }],
];

describe('advice', () => {
  test.each(given)('is given on %s', (_title, figures, id, message, evidence) => {
    expect(advise({ ...nothing, ...figures })).toEqual([{ id, message: expect.stringContaining(message), evidence }]);
  });

  test.each(silent)('is not given on %s', (_title, figures) => {
    expect(advise({ ...nothing, ...figures })).toEqual([]);
  });
});
