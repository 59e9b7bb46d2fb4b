import type { MeasuredModel, MetricKind, MonitorWindow, Output } from '../../../shared/contract.ts';
import type { EventBus } from '../events.ts';
import type { Clock, Host } from '../host.ts';
import { type ActionFigures, type AdviceFigures, advise, type StallFigures } from '../monitor/advice.ts';
import { Figures } from '../monitor/figures.ts';
import { type Health, isReady, worstOf } from '../monitor/health.ts';
import type { Histogram } from '../monitor/histogram.ts';
import type { PerformanceMonitor } from '../monitor/metrics.ts';
import { exposeFigures } from '../monitor/prometheus.ts';
import { everyName, type FiguresByName, otherNames, type Resolution, resolutions } from '../monitor/rollups.ts';
import type { AreaHandlers } from './index.ts';

export interface MonitorDependencies {
  readonly metrics: Pick<
    PerformanceMonitor,
    'window' | 'rows' | 'beginnings' | 'series' | 'sinceStart' | 'startedAt' | 'usage'
  >;
  readonly health: Pick<Health, 'check'>;
  readonly host: Pick<Host, 'version' | 'clock'>;
  readonly events: Pick<EventBus, 'counts'>;
}

export const monitorHandlers = ({ metrics, health, host, events }: MonitorDependencies): AreaHandlers<'monitor'> => ({
  'monitor.overview': () => overview(metrics, host.clock),
  'monitor.series': (query) => metrics.series(query),
  'monitor.advice': () => ({ advice: advise(adviceFigures(metrics, host.clock)) }),
  'monitor.health': async () => {
    const checks = await health.check();
    return { state: worstOf(checks), isLive: true, isReady: isReady(checks), checks: [...checks] };
  },
  'monitor.metrics': async () => {
    const exposition = {
      version: host.version,
      startedAt: metrics.startedAt,
      usage: metrics.usage(),
      health: await health.check(),
      figures: metrics.sinceStart(),
      events: events.counts(),
    };
    return { text: exposeFigures(exposition) };
  },
});

function overview(metrics: MonitorDependencies['metrics'], clock: Clock): Output<'monitor.overview'> {
  const now = clock.now();
  const { startedAt } = metrics;
  const since = (resolution: Resolution, ms: number): MonitorWindow => {
    const from = startOf(now - ms, resolution);
    return windowOf(from, (kind, name) =>
      metrics.window({ kind, resolution, from, ...(name !== undefined && { name }) }),
    );
  };
  const started = metrics.sinceStart();
  return {
    startedAt,
    sinceStart: windowOf(startedAt, (kind) => started[kind]),
    lastHour: since('minute', resolutions.hour.ms),
    lastDay: since('hour', resolutions.day.ms),
  };
}

function windowOf(from: number, read: (kind: MetricKind, name?: string) => FiguresByName): MonitorWindow {
  const gauge = (kind: MetricKind): Histogram | undefined => {
    const time = read(kind, everyName).get(everyName)?.time;
    return time && time.count > 0 ? time : undefined;
  };
  const [loop, rss, heap, cpu] = (['loop', 'rss', 'heap', 'cpu'] as const).map(gauge);
  const routes = read('route');
  const providers = read('provider');
  const calls = sumOf(routes);
  const models = sumOf(providers);
  const { hits, misses, repeats } = calls.counts;
  return {
    from,
    calls: calls.calls,
    errors: calls.errors,
    routes: measured(routes),
    providers: measuredModels(providers),
    models: measuredModels(read('model')),
    actions: measuredModels(read('action')),
    plugins: measured(read('plugin')),
    tokens: { input: models.counts.inputTokens, output: models.counts.outputTokens },
    cost: costOf(models),
    cache: { hits, misses, repeats, ...(hits + misses > 0 && { ratio: hits / (hits + misses) }) },
    ...(loop && { eventLoopMs: spread(loop) }),
    ...(rss && { rssMiB: spread(rss) }),
    ...(heap && { heapMiB: spread(heap) }),
    ...(cpu && { cpuPercent: spread(cpu) }),
  };
}

function measured(byName: FiguresByName): MonitorWindow['routes'] {
  return inOrder(byName).map(([name, figures]) => describe(name, figures));
}

function measuredModels(byName: FiguresByName): MeasuredModel[] {
  return inOrder(byName).map(([name, figures]) => {
    const { inputTokens, outputTokens, attempts, failovers } = figures.counts;
    return {
      ...describe(name, figures),
      ...(figures.firstToken.count > 0 && { firstTokenMs: spread(figures.firstToken) }),
      ...{ inputTokens, outputTokens, attempts, failovers },
      cost: costOf(figures),
    };
  });
}

function describe(name: string, figures: Figures): MonitorWindow['routes'][number] {
  const { calls, errors, errorCodes, time } = figures;
  return { name, calls, errors, errorCodes: Object.fromEntries(errorCodes), ms: spread(time) };
}

/** The most used first. */
function inOrder(byName: FiguresByName): [string, Figures][] {
  return [...byName].sort(([, a], [, b]) => b.calls - a.calls);
}

const costOf = ({ counts: { costMicros, priced, estimates } }: Figures): MonitorWindow['cost'] => ({
  micros: costMicros,
  calls: priced,
  estimates,
});

function spread(of: Histogram): { p50: number; p95: number; p99: number; max: number } {
  return { p50: of.quantile(0.5), p95: of.quantile(0.95), p99: of.quantile(0.99), max: of.max };
}

function sumOf(byName: FiguresByName): Figures {
  const sum = new Figures();
  for (const figures of byName.values()) sum.merge(figures);
  return sum;
}

/** Of the last week, the last day for stalls, and this process for its memory. */
function adviceFigures(metrics: MonitorDependencies['metrics'], clock: Clock): AdviceFigures {
  const now = clock.now();
  const from = startOf(now - 7 * resolutions.day.ms, 'hour');
  const week = (kind: MetricKind): FiguresByName => metrics.window({ kind, resolution: 'hour', from });
  const total = (kind: MetricKind): Figures =>
    metrics.window({ kind, name: everyName, resolution: 'hour', from }).get(everyName) ?? new Figures();
  const { hits, misses, repeats } = total('route').counts;
  const { time: disk } = total('disk');
  const sinceStart = { from: metrics.startedAt, to: now };
  const memory = metrics.rows({ kind: 'rss', name: everyName, resolution: 'hour', ...sinceStart });
  return {
    actions: [...week('action')].filter(([name]) => name !== otherNames).map(actionFigures),
    providers: [...week('provider')].map(([provider, { calls, errors, errorCodes }]) => {
      return { provider, calls, errors, errorCodes: Object.fromEntries(errorCodes) };
    }),
    cache: { hits, misses, repeats },
    stalls: stallsOf(metrics, now),
    memory: memory.map(([, { time }]) => time.mean),
    disk: { writes: disk.count, p95Ms: disk.quantile(0.95) },
  };
}

function actionFigures([name, { calls: runs, errors, firstToken, counts }]: [string, Figures]): ActionFigures {
  // An id of an action has no space; the name of a model may.
  const end = name.indexOf(' ');
  const { costMicros, priced } = counts;
  const times = { firstTokenMs: firstToken.quantile(0.5), timed: firstToken.count };
  return { action: name.slice(0, end), model: name.slice(end + 1), runs, errors, ...times, costMicros, priced };
}

/** A loop that long behind is felt by the person who types. */
const stallMs = 250;

function stallsOf(metrics: MonitorDependencies['metrics'], now: number): StallFigures {
  const day = { resolution: 'minute', from: startOf(now - resolutions.day.ms, 'minute'), to: now } as const;
  const stalled = new Map(
    metrics
      .rows({ kind: 'loop', name: everyName, ...day })
      .flatMap(([start, { time }]) => (time.max >= stallMs ? [[start, time.max]] : [])),
  );
  const plugins = stalled.size === 0 ? [] : [...metrics.beginnings({ kind: 'plugin', ...day })];
  return {
    minutes: stalled.size,
    longestMs: Math.max(0, ...stalled.values()),
    plugins: plugins.map(([plugin, starts]) => {
      const stalledMinutes = starts.filter((start) => stalled.has(start)).length;
      return { plugin, minutes: starts.length, stalledMinutes };
    }),
  };
}

function startOf(at: number, resolution: Resolution): number {
  const { ms } = resolutions[resolution];
  return Math.floor(at / ms) * ms;
}
