import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { monitorHandlers } from '../../../../src/main/core/handlers/monitor.ts';
import type { Output } from '../../../../src/shared/contract.ts';
import { PotterError } from '../../../../src/shared/errors.ts';
import { day, hour, type MonitorBench, minute, monitorBench } from '../../../helpers/monitor.ts';
import { startTestPotter, temporaryFolder } from '../../../helpers/potter.ts';
import { parseExposition } from '../../../helpers/prometheus.ts';

const secret = 'the words of a person';
const run = { action: 'upper-case', source: { type: 'text', text: secret } } as const;

describe('the routes of the monitor', () => {
  test('sum up what was called, failed and run by a plugin, now and after a restart, without a word of the text', async () => {
    const dataDirectory = temporaryFolder();
    const first = await startTestPotter({ dataDirectory });
    await first.client.call('text.process', run);
    await expect(first.client.call('text.process', { ...run, action: 'none' })).rejects.toThrow(PotterError);
    const overview = await first.client.call('monitor.overview', {});
    for (const window of [overview.sinceStart, overview.lastHour, overview.lastDay]) {
      expect(window).toMatchObject({
        calls: 2,
        errors: 1,
        routes: [{ name: 'text.process', calls: 2, errors: 1, errorCodes: { UNKNOWN_ACTION: 1 } }],
        plugins: [{ name: 'text-tools/upper-case', calls: 1, errors: 0 }],
        models: [],
        tokens: { input: 0, output: 0 },
      });
      expect(window.routes[0]?.ms.p50).toBeGreaterThan(0);
    }
    expect(JSON.stringify(overview)).not.toContain(secret);
    await first.potter.stop();

    const { client } = await startTestPotter({ dataDirectory });
    const { sinceStart, lastHour, lastDay } = await client.call('monitor.overview', {});
    expect([sinceStart.calls, lastHour.plugins.length, lastDay.calls]).toEqual([0, 1, 3]);
    const range = { from: Date.now() - 600_000, to: Date.now() + 60_000 };
    const { points, resolution } = await client.call('monitor.series', { metric: 'plugin.calls', ...range });
    expect([resolution, points.reduce((sum, { value }) => sum + value, 0)]).toEqual(['minute', 1]);
  });

  test('have their figures in the file after a minute, before Potter stops', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { client, host } = await startTestPotter();
    await client.call('text.process', run);
    const file = new DatabaseSync(join(host.dataDirectory, 'potter.db'), { readOnly: true });
    onTestFinished(() => file.close());
    const names = () => file.prepare("SELECT kind, name FROM metric_names WHERE name <> ''").all();
    expect(names()).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(names()).toEqual([
      { kind: 'route', name: 'text.process' },
      { kind: 'plugin', name: 'text-tools/upper-case' },
    ]);
  });

  test('refuse a series of what is not kept, and one that ends before it begins', async () => {
    const { client } = await startTestPotter();
    const wrong = [
      { metric: 'route.colour', from: 0, to: 1 },
      { metric: 'constructor.calls', from: 0, to: 1 },
      { metric: 'route.calls', from: 2, to: 1 },
      { metric: 'route.calls', from: -1, to: 1 },
    ];
    for (const input of wrong) {
      await expect(client.call('monitor.series', input as never)).rejects.toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT' }),
      );
    }
  });

  test('say that all is well, in text for a collector too', async () => {
    const { client } = await startTestPotter();
    const health = await client.call('monitor.health', {});
    expect(health).toMatchObject({ state: 'ok', isLive: true, isReady: true });
    const { text } = await client.call('monitor.metrics', {});
    const families = parseExposition(text);
    expect(families.get('potter_health')?.samples.map(({ labels }) => labels.check)).toEqual(
      health.checks.map(({ name }) => name),
    );
    expect(families.get('potter_build_info')?.samples[0]?.labels).toEqual({ version: '0.0.0-test' });
    expect(families.get('potter_calls_total')?.samples[0]?.labels.route).toBe('monitor.health');
    expect(await client.call('monitor.advice', {})).toEqual({ advice: [] });
  });

  test('keep a problem for as long as it lasts, and name no file', async () => {
    const dataDirectory = temporaryFolder();
    writeFileSync(join(dataDirectory, 'settings.json'), '{ "text": ');
    const { client } = await startTestPotter({ dataDirectory });
    const config = async () => {
      const { checks, state, isReady } = await client.call('monitor.health', {});
      expect([state, isReady]).toEqual(['degraded', true]);
      expect(JSON.stringify(checks)).not.toContain(dataDirectory);
      return checks.find(({ name }) => name === 'config');
    };
    const first = await config();
    expect(first).toMatchObject({ state: 'degraded', next: expect.stringContaining('last good settings') });
    expect(await config()).toEqual(first);
  });

  test('are open to the window, the panel and the shell as well', async () => {
    const { connect } = await startTestPotter();
    for (const caller of [
      { kind: 'window', window: 'monitor' },
      { kind: 'panel', session: 's' },
      { kind: 'shell' },
    ] as const) {
      expect(await connect(caller).call('monitor.health', {})).toMatchObject({ isLive: true });
    }
  });

  test('see a request that comes again, also where the cache is off', async () => {
    const environment = {
      POTTER__CACHE__ENABLED: 'false',
      POTTER__PROVIDERS: JSON.stringify({ gone: { name: 'Gone', baseUrl: 'http://127.0.0.1:1/v1', needsKey: false } }),
    };
    const { client } = await startTestPotter({ environment });
    for (let time = 0; time < 3; time += 1) {
      await client
        .call('text.process', { action: 'polish', source: { type: 'text', text: secret } })
        .catch((thrown: unknown) => expect(thrown).toBeInstanceOf(PotterError));
    }
    expect((await client.call('monitor.overview', {})).sinceStart.cache).toEqual({ hits: 0, misses: 0, repeats: 2 });
  });

  test('have nothing left once everything is deleted', async () => {
    const { client } = await startTestPotter();
    await client.call('text.process', run);
    await client.call('system.erase', { confirm: 'delete everything' });
    const { sinceStart, lastDay } = await client.call('monitor.overview', {});
    expect([sinceStart.plugins, lastDay.plugins]).toEqual([[], []]);
    expect(sinceStart.routes.map(({ name }) => name)).toEqual(['system.erase']);
  });
});

/** The advice of a monitor whose days the test makes up. */
function adviceOf({ monitor, clock }: MonitorBench): { id: string; evidence: Record<string, number> }[] {
  const health = { check: async () => [] };
  const events = { counts: () => new Map() };
  const handlers = monitorHandlers({ metrics: monitor, health, host: { version: '1', clock }, events });
  // The handler takes nothing from a context.
  const { advice } = handlers['monitor.advice']({}, {} as never) as Output<'monitor.advice'>;
  return advice.map(({ id, evidence }) => ({ id, evidence }));
}

describe('the advice of the monitor', () => {
  test('comes from the figures of the last week, over restarts', () => {
    let bench = monitorBench();
    const answer = {
      provider: 'openai',
      action: 'polish',
      ms: 3000,
      result: 'ok',
      attempts: 1,
      failedOver: false,
    } as const;
    for (let time = 0; time < 12; time += 1) {
      bench.monitor.recordModel({ ...answer, model: 'x', firstTokenMs: 1900, costMicros: 9000 });
      bench.monitor.recordModel({ ...answer, model: 'a/y z', firstTokenMs: 400, costMicros: 900 });
      bench.monitor.recordModel({ ...answer, provider: 'ollama', model: 'm', result: 'LOCAL_DOWN' });
      bench.clock.advance(3 * hour);
      bench = bench.restart();
    }
    const expected = ['slow-first-token polish openai/x', 'dear-model polish openai/x', 'local-server-down ollama'];
    const given = adviceOf(bench);
    expect(given.map(({ id }) => id)).toEqual(expected);
    expect(given[0]?.evidence).toMatchObject({ runs: 12, fasterRuns: 12 });
    expect(Math.abs((given[0]?.evidence.firstTokenMs ?? 0) / 1900 - 1)).toBeLessThan(0.032);
    expect(given[1]?.evidence).toMatchObject({ microsPerRun: 9000, cheaperMicrosPerRun: 900 });
    bench.clock.advance(8 * day);
    expect(adviceOf(bench)).toEqual([]);
  });

  test('finds the plugin that ran whenever the event loop stood still, and memory that grows', () => {
    const bench = monitorBench();
    const { monitor, clock, loop, usage } = bench;
    const pass = (plugin: string, delayMs: number, ms: number): void => {
      monitor.recordPlugin({ plugin, command: 'run', ms: 5, result: 'ok' });
      loop.delay(delayMs);
      clock.advance(ms);
      monitor.flush();
    };
    for (let time = 0; time < 10; time += 1) {
      pass('quick', 1, minute);
      pass('heavy', 800, minute);
    }
    expect(adviceOf(bench)).toEqual([
      { id: 'stalls heavy/run', evidence: { minutes: 10, longestMs: 800, pluginMinutes: 10 } },
    ]);
    for (let time = 0; time < 8; time += 1) {
      usage.rssBytes += 40 * 2 ** 20;
      pass('quick', 1, hour);
    }
    expect(adviceOf(bench).map(({ id }) => id)).toEqual(['stalls heavy/run', 'growing-memory']);
  });
});
