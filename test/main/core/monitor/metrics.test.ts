import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/main/core/host.ts';
import { type ModelSample, PerformanceMonitor } from '../../../../src/main/core/monitor/metrics.ts';
import { everyName, maxNames } from '../../../../src/main/core/monitor/rollups.ts';
import { PotterError } from '../../../../src/shared/errors.ts';
import { day, hour, minute, monitorBench, newYear } from '../../../helpers/monitor.ts';

const answered: ModelSample = {
  provider: 'openai',
  model: 'gpt-x',
  action: 'proofread',
  ms: 2000,
  firstTokenMs: 500,
  result: 'ok',
  inputTokens: 100,
  outputTokens: 50,
  costMicros: 1200,
  isEstimate: true,
  attempts: 2,
  failedOver: true,
};

describe('what is recorded', () => {
  test('of a model counts for its provider, itself and its action', () => {
    const { monitor } = monitorBench();
    monitor.recordModel(answered);
    monitor.recordModel({
      provider: 'openai',
      model: 'gpt-y',
      ms: 5,
      result: 'RATE_LIMIT',
      attempts: 3,
      failedOver: false,
    });
    const { provider, model, action } = monitor.sinceStart();
    expect([...model.keys(), ...action.keys()]).toEqual(['openai/gpt-x', 'openai/gpt-y', 'proofread openai/gpt-x']);
    const { calls, errors, counts, firstToken, errorCodes } = provider.get('openai') ?? expect.fail();
    expect({ calls, errors, codes: [...errorCodes], timed: firstToken.count, ...counts }).toEqual({
      ...{ calls: 2, errors: 1, codes: [['RATE_LIMIT', 1]], timed: 1 },
      ...{ inputTokens: 100, outputTokens: 50, costMicros: 1200, priced: 1, estimates: 1, attempts: 5, failovers: 1 },
      ...{ hits: 0, misses: 0, repeats: 0 },
    });
  });

  test('of the cache is counted where the route may be answered from it, and a request that comes again is seen', () => {
    const { monitor } = monitorBench();
    for (const cached of [true, false, undefined]) {
      monitor.record({ route: 'text.process', ms: 1, result: 'ok', ...(cached !== undefined && { cached }) });
    }
    monitor.record({ route: 'system.info', ms: 1, result: 'ok', cached: false });
    for (const digest of ['a', 'b', 'a', 'a']) monitor.recordRequest(digest);
    for (let index = 0; index < 600; index += 1) monitor.recordRequest(`other ${index}`);
    monitor.recordRequest('b');
    const { route } = monitor.sinceStart();
    expect(route.get('text.process')?.counts).toMatchObject({ hits: 1, misses: 1, repeats: 2 });
    expect(route.get('system.info')?.counts).toMatchObject({ hits: 0, misses: 0 });
  });

  test('as cancelled is no error', () => {
    const { monitor } = monitorBench();
    monitor.record({ route: 'text.process', ms: 1, result: 'CANCELLED' });
    const { calls, errors, errorCodes } = monitor.sinceStart().route.get('text.process') ?? expect.fail();
    expect([calls, errors, errorCodes.get('CANCELLED')]).toEqual([1, 0, 1]);
  });

  test('of too many names goes to `other`, in memory and in the database, and nothing is lost', () => {
    let bench = monitorBench();
    const { database } = bench;
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < maxNames + 50; index += 1) {
        bench.monitor.recordPlugin({ plugin: `p${round}`, command: `c${index}`, ms: 1, result: 'ok' });
      }
      const inMemory = bench.monitor.sinceStart().plugin;
      expect([inMemory.size, inMemory.get('other')?.calls]).toEqual([maxNames + 1, 50]);
      bench = bench.restart();
    }
    expect(database).not.toBe(bench.database);
    const kept = bench.monitor.window({ kind: 'plugin', resolution: 'day', from: newYear });
    const calls = [...kept.values()].reduce((sum, figures) => sum + figures.calls, 0);
    expect([kept.size, calls]).toEqual([maxNames + 1, 2 * (maxNames + 50)]);
  });

  test('of the event loop is the delay without the time between two looks', () => {
    const { monitor, clock, loop } = monitorBench();
    loop.delay(80);
    const watched = { p99Ms: expect.closeTo(80), observedMs: expect.closeTo(180_000) };
    expect(monitor.loopDelay()).toEqual(watched);
    clock.advance(minute);
    monitor.flush();
    expect(loop.count).toBe(0);
    expect(monitor.loopDelay()).toEqual(watched);
    clock.advance(minute);
    monitor.flush();
    expect(monitor.loopDelay()).toEqual({ p99Ms: 0, observedMs: 0 });
    expect(monitor.sinceStart().loop.get(everyName)?.time.count).toBe(1000);
    expect(loop.isEnabled).toBe(true);
    monitor.stop();
    expect(loop.isEnabled).toBe(false);
  });
});

test('a loop that really stands still is seen', async () => {
  const { database } = monitorBench();
  const monitor = new PerformanceMonitor({ clock: systemClock, database });
  const delays = () => monitor.sinceStart().loop.get(everyName)?.time;
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise(setImmediate);
  };
  await until(() => (delays()?.count ?? 0) > 1);
  const end = performance.now() + 300;
  while (performance.now() < end);
  await until(() => (delays()?.max ?? 0) > 100);
  expect(delays()?.max).toBeLessThan(10_000);
  monitor.stop();
});

describe('what is written', () => {
  test('is there after a restart, by the minute, the hour and the day', () => {
    let bench = monitorBench();
    for (const [after, ms] of [
      [0, 10],
      [minute, 20],
      [2 * hour, 40],
      [day, 80],
    ] as const) {
      bench.clock.advance(after);
      bench = bench.restart();
      bench.monitor.recordModel({ ...answered, ms });
      bench.monitor.record({ route: 'text.process', ms, result: 'ok' });
      bench = bench.restart();
    }
    const { monitor, clock } = bench;
    const points = (metric: 'model.max' | 'route.calls', resolution: 'minute' | 'hour' | 'day', name?: string) =>
      monitor
        .series({ metric, from: newYear, to: clock.now(), resolution, ...(name !== undefined && { name }) })
        .points.map(({ at, value }) => [(at - newYear) / minute, value]);
    expect(points('model.max', 'minute')).toEqual([
      [0, 10],
      [1, 20],
      [121, 40],
      [1561, 80],
    ]);
    expect(points('model.max', 'hour', 'openai/gpt-x')).toEqual([
      [0, 20],
      [120, 40],
      [1560, 80],
    ]);
    expect(points('route.calls', 'day')).toEqual([
      [0, 3],
      [1440, 1],
    ]);
    expect(points('route.calls', 'day', 'system.info')).toEqual([]);
    const [, figures] =
      monitor.rows({ kind: 'action', resolution: 'day', from: newYear, to: newYear })[0] ?? expect.fail();
    expect(figures.counts).toMatchObject({ costMicros: 3600, inputTokens: 300, attempts: 6 });
    expect(figures.firstToken.count).toBe(3);
    expect(monitor.sinceStart().route.size).toBe(0);
  });

  test('within one minute by two processes adds up', () => {
    const first = monitorBench();
    first.monitor.record({ route: 'text.process', ms: 1, result: 'ok' });
    const second = first.restart();
    second.monitor.record({ route: 'text.process', ms: 9, result: 'TIMEOUT' });
    const { monitor, clock } = second.restart();
    const to = clock.now();
    for (const resolution of ['minute', 'hour', 'day'] as const) {
      const rows = monitor.rows({ kind: 'route', name: 'text.process', resolution, from: newYear, to });
      expect(rows.map(([, { calls, errors, time }]) => [calls, errors, time.max])).toEqual([[2, 1, 9]]);
    }
  });

  test('includes what is not written yet', () => {
    const { monitor, clock } = monitorBench();
    monitor.record({ route: 'text.process', ms: 1, result: 'ok' });
    clock.advance(minute);
    monitor.flush();
    monitor.record({ route: 'text.process', ms: 2, result: 'ok' });
    const to = clock.now();
    expect(monitor.series({ metric: 'route.calls', from: newYear, to }).points).toEqual([
      { at: newYear, value: 1, count: 1 },
      { at: newYear + minute, value: 1, count: 1 },
    ]);
    const window = monitor.window({ kind: 'route', resolution: 'minute', from: newYear });
    expect(window.get('text.process')?.calls).toBe(2);
    expect(monitor.sinceStart().route.get('text.process')?.calls).toBe(2);
  });

  test('keeps memory and processor time, but not of a process that ends at once', () => {
    const { monitor, clock, usage } = monitorBench();
    clock.advance(1000);
    monitor.flush();
    expect(monitor.sinceStart().rss.size).toBe(0);
    clock.advance(-1000);
    clock.advance(minute);
    usage.cpuMicros = 6_000_000;
    usage.rssBytes = 300 * 2 ** 20;
    monitor.flush();
    const value = (metric: 'cpu.mean' | 'rss.max') =>
      monitor.series({ metric, from: newYear, to: clock.now() }).points.map((point) => point.value);
    expect([value('cpu.mean'), value('rss.max')]).toEqual([[expect.closeTo(10)], [300]]);
  });

  test('is deleted when it is too old: minutes after 48 hours, hours after 60 days, days after two years', () => {
    const { monitor, database, clock } = monitorBench();
    const rows = (): (number | undefined)[] =>
      [minute, hour, day].map(
        (resolution) =>
          database.get<{ rows: number }>(
            `SELECT count(*) AS rows FROM metrics JOIN metric_names ON id = name_id
             WHERE name = 'old/command' AND resolution = ?`,
            resolution,
          )?.rows,
      );
    const rowsAfter = (ms: number): (number | undefined)[] => {
      clock.at = newYear + ms;
      monitor.flush();
      return rows();
    };
    monitor.recordPlugin({ plugin: 'old', command: 'command', ms: 1, result: 'ok' });
    monitor.flush();
    expect(rows()).toEqual([1, 1, 1]);
    expect(rowsAfter(48 * hour)).toEqual([1, 1, 1]);
    expect(rowsAfter(49 * hour)).toEqual([0, 1, 1]);
    expect(rowsAfter(61 * day)).toEqual([0, 0, 1]);
    expect(rowsAfter(732 * day)).toEqual([0, 0, 0]);
    expect(database.get("SELECT id FROM metric_names WHERE name = 'old/command'")).toBeUndefined();
    monitor.recordPlugin({ plugin: 'old', command: 'command', ms: 1, result: 'ok' });
    expect(rowsAfter(732 * day)).toEqual([1, 1, 1]);
  });

  test('is harmed by no clock that is set back', () => {
    const { monitor, clock } = monitorBench();
    const call = (): void => monitor.record({ route: 'text.process', ms: 1, result: 'ok' });
    call();
    clock.advance(minute);
    monitor.flush();
    clock.at = newYear - 3 * hour;
    call();
    monitor.flush();
    clock.advance(minute);
    call();
    monitor.flush();
    const { points } = monitor.series({
      metric: 'route.calls',
      from: newYear - day,
      to: newYear + hour,
      resolution: 'hour',
    });
    expect(points.map(({ at, value }) => [(at - newYear) / hour, value])).toEqual([
      [-3, 2],
      [0, 1],
    ]);
    expect(monitor.sinceStart().route.get('text.process')?.calls).toBe(3);
  });

  test('is written the next time when the disk refuses it, once', () => {
    const { monitor, database, clock } = monitorBench();
    database.run("CREATE TRIGGER refuse BEFORE INSERT ON metrics BEGIN SELECT RAISE(ABORT, 'refused'); END");
    monitor.record({ route: 'text.process', ms: 1, result: 'ok' });
    expect(() => monitor.flush()).toThrow(/refused/);
    database.run('DROP TRIGGER refuse');
    monitor.flush();
    monitor.flush();
    const rows = monitor.rows({ kind: 'route', name: everyName, resolution: 'day', from: newYear, to: clock.now() });
    expect(rows.map(([, { calls }]) => calls)).toEqual([1]);
    expect(monitor.sinceStart().route.get('text.process')?.calls).toBe(1);
  });

  test('is gone after it was erased, and what comes then is kept', () => {
    const { monitor, database, clock } = monitorBench();
    monitor.recordPlugin({ plugin: 'own', command: 'thing', ms: 1, result: 'ok' });
    monitor.flush();
    monitor.recordPlugin({ plugin: 'own', command: 'other-thing', ms: 1, result: 'ok' });
    monitor.erase();
    expect(database.all('SELECT name FROM metric_names UNION ALL SELECT start FROM metrics')).toEqual([]);
    expect(monitor.sinceStart().plugin.size).toBe(0);
    monitor.recordPlugin({ plugin: 'own', command: 'thing', ms: 1, result: 'ok' });
    monitor.flush();
    expect(monitor.series({ metric: 'plugin.calls', from: newYear, to: clock.now() }).points).toHaveLength(1);
  });

  test('a series picks its resolution by its range, and refuses one that ends before it begins', () => {
    const { monitor } = monitorBench();
    const of = (ms: number) => monitor.series({ metric: 'route.calls', from: newYear, to: newYear + ms }).resolution;
    expect([hour, 3 * day, 365 * day].map(of)).toEqual(['minute', 'hour', 'day']);
    expect(() => of(-1)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' } satisfies Partial<PotterError>));
    expect(() => of(-1)).toThrow(PotterError);
  });
});
