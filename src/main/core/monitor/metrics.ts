/** Counts and times of everything Potter does: recorded in memory at every call, kept in the database by the minute. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import {
  contract,
  type Input,
  type MetricKind,
  type MetricStat,
  metricKinds,
  type Output,
} from '../../../shared/contract.ts';
import { type ErrorCode, PotterError } from '../../../shared/errors.ts';
import type { Sample } from '../gateway/middleware.ts';
import type { Clock } from '../host.ts';
import type { Database } from '../storage/database.ts';
import { Figures } from './figures.ts';
import { Histogram } from './histogram.ts';
import {
  everyName,
  type FiguresByKind,
  maxNames,
  otherNames,
  type Resolution,
  RollUps,
  type RowQuery,
  resolutions,
} from './rollups.ts';

/** What one model did for one call, all its attempts together, without what was waited between them. */
export interface ModelSample {
  readonly provider: string;
  readonly model: string;
  /** Id of the action it was made for. */
  readonly action?: string | undefined;
  readonly ms: number;
  readonly firstTokenMs?: number | undefined;
  readonly result: 'ok' | ErrorCode;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** Millionths of a US dollar, a whole number. */
  readonly costMicros?: number | undefined;
  /** The cost is not what the vendor said but what Potter worked out. */
  readonly isEstimate?: boolean | undefined;
  readonly attempts: number;
  readonly failedOver: boolean;
}

export interface PluginSample {
  readonly plugin: string;
  readonly command: string;
  readonly ms: number;
  readonly result: 'ok' | ErrorCode;
}

/** What the process itself uses. */
export interface Usage {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Since the process began. */
  readonly cpuMicros: number;
}

export interface LoopDelay {
  readonly p99Ms: number;
  /** How long it was watched. */
  readonly observedMs: number;
}

type LoopHistogram = ReturnType<typeof monitorEventLoopDelay>;

export interface MonitorOptions {
  readonly clock: Clock;
  readonly database: Database;
  /** The process' own if left out. */
  readonly usage?: () => Usage;
  /** Node's own if left out. */
  readonly loop?: Pick<LoopHistogram, 'count' | 'percentiles' | 'enable' | 'disable' | 'reset'>;
}

/**
 * How often Node looks at the event loop; it tells the time between two looks, of which this much is no delay. Each look
 * wakes an idle machine: ten a second cost 0.09 per cent of a processor, fifty would cost 0.4.
 */
export const loopResolutionMs = 100;

export class PerformanceMonitor {
  readonly #clock: Clock;
  readonly #rollUps: RollUps;
  readonly #usage: () => Usage;
  readonly #loop: NonNullable<MonitorOptions['loop']>;
  /** Since the last time they were written. */
  readonly #pending = noFigures();
  /** Since the start, without what is pending. */
  readonly #settled = noFigures();
  readonly #seen = new Set<string>();
  /** Delays of the event loop in the last minute that was written. */
  readonly #lastLoop = new Histogram();
  #pendingSince: number;
  #usedBefore: { readonly at: number; readonly cpuMicros: number };
  readonly startedAt: number;

  constructor({ clock, database, usage = usageOfProcess, loop }: MonitorOptions) {
    this.#clock = clock;
    this.#rollUps = new RollUps(database);
    this.#usage = usage;
    this.#loop = loop ?? monitorEventLoopDelay({ resolution: loopResolutionMs });
    this.#loop.enable();
    this.startedAt = clock.now();
    this.#pendingSince = this.startedAt;
    this.#usedBefore = { at: clock.monotonic(), cpuMicros: usage().cpuMicros };
  }

  readonly record = ({ route, ms, result, cached }: Sample): void => {
    const figures = this.#figuresOf('route', route);
    figures.record(ms, result);
    if (cached === undefined || !cacheable.has(route)) return;
    figures.counts[cached ? 'hits' : 'misses'] += 1;
  };

  readonly recordModel = (sample: ModelSample): void => {
    const { provider, model, action } = sample;
    recordModelIn(this.#figuresOf('provider', provider), sample);
    recordModelIn(this.#figuresOf('model', `${provider}/${model}`), sample);
    if (action !== undefined) recordModelIn(this.#figuresOf('action', `${action} ${provider}/${model}`), sample);
  };

  readonly recordPlugin = ({ plugin, command, ms, result }: PluginSample): void =>
    this.#figuresOf('plugin', `${plugin}/${command}`).record(ms, result);

  /** Tells of a request that could be answered from the cache, by a digest of everything its answer depends on. */
  readonly recordRequest = (digest: string): void => {
    if (this.#seen.delete(digest)) this.#figuresOf('route', 'text.process').counts.repeats += 1;
    this.#seen.add(digest);
    const [oldest] = this.#seen;
    if (this.#seen.size > maxSeen && oldest !== undefined) this.#seen.delete(oldest);
  };

  /** Writes what was recorded since the last time. When that fails, it is written the next time. */
  readonly flush = (): void => {
    this.#sample();
    const begunAt = this.#clock.monotonic();
    const now = this.#clock.now();
    // What happened between the last time and now is put in the middle; a machine that slept meanwhile did so before.
    const since = Math.max(this.#pendingSince, now - resolutions.minute.ms);
    const at = since > now ? now : (since + now) / 2;
    this.#rollUps.write(at, this.#pending);
    const writtenIn = this.#clock.monotonic() - begunAt;
    this.#pendingSince = now;
    for (const kind of metricKinds) {
      for (const [name, figures] of this.#pending[kind]) {
        if (figures.isEmpty) continue;
        named(this.#settled[kind], name).merge(figures);
        figures.clear();
      }
    }
    this.#figuresOf('disk', everyName).record(writtenIn, 'ok');
  };

  /** Writes the rest. */
  stop(): void {
    try {
      this.flush();
    } finally {
      this.#loop.disable();
    }
  }

  /** Forgets everything, in memory and in the database. */
  erase(): void {
    this.#rollUps.erase();
    this.#seen.clear();
    for (const kind of metricKinds) {
      this.#pending[kind].clear();
      this.#settled[kind].clear();
    }
  }

  /** Of the last minute at least, so that it does not begin anew with every minute. */
  loopDelay(): LoopDelay {
    const delays = new Histogram();
    delays.merge(this.#lastLoop);
    recordLoop(this.#loop, delays);
    return { p99Ms: delays.quantile(0.99), observedMs: delays.sum + delays.count * loopResolutionMs };
  }

  usage(): Usage {
    return this.#usage();
  }

  sinceStart(): FiguresByKind {
    const sum = noFigures();
    for (const kind of metricKinds) {
      for (const source of [this.#settled[kind], this.#pending[kind]]) {
        for (const [name, figures] of source) if (!figures.isEmpty) named(sum[kind], name).merge(figures);
      }
    }
    recordLoop(this.#loop, named(sum.loop, everyName).time);
    return sum;
  }

  /** By name, since that time, with what is not written yet. */
  window(query: Omit<RowQuery, 'to'>): Map<string, Figures> {
    const sum = new Map<string, Figures>();
    this.#rollUps.read({ ...query, to: this.#clock.now() }, (row) => named(sum, row.name).mergeEncoded(row));
    for (const [name, figures] of this.#pendingOf(query)) named(sum, query.name ?? name).merge(figures);
    return sum;
  }

  /** By the beginning of each row, in order. */
  rows(query: RowQuery): [start: number, figures: Figures][] {
    const byStart = new Map<number, Figures>();
    this.#rollUps.read(query, (row) => named(byStart, row.start).mergeEncoded(row));
    const { ms } = resolutions[query.resolution];
    const start = Math.floor(this.#clock.now() / ms) * ms;
    const isWithin = start >= query.from && start <= query.to;
    for (const [, figures] of isWithin ? this.#pendingOf(query) : []) named(byStart, start).merge(figures);
    return [...byStart].sort(([a], [b]) => a - b);
  }

  /** When each name of a kind was busy, as far as it is written. */
  beginnings(query: Omit<RowQuery, 'name'>): ReadonlyMap<string, readonly number[]> {
    return this.#rollUps.beginnings(query);
  }

  /** Fails with `INVALID_INPUT` when the range ends before it begins. */
  series({ metric, name = everyName, from, to, resolution }: Input<'monitor.series'>): Output<'monitor.series'> {
    if (to < from) throw new PotterError('INVALID_INPUT', 'The range ends before it begins: `to` is less than `from`.');
    // The schema takes nothing but these two with a dot between them.
    const [kind, stat] = metric.split('.') as [MetricKind, MetricStat];
    const chosen = resolution ?? finestFor(to - from);
    const start = Math.floor(from / resolutions[chosen].ms) * resolutions[chosen].ms;
    const rows = this.rows({ kind, name, resolution: chosen, from: start, to });
    return {
      resolution: chosen,
      points: rows.map(([at, figures]) => ({ at, value: stats[stat](figures), count: figures.calls })),
    };
  }

  #pendingOf({ kind, name: asked }: Pick<RowQuery, 'kind' | 'name'>): [string, Figures][] {
    return [...this.#pending[kind]].filter(([name, figures]) => {
      if (figures.isEmpty) return false;
      return asked === undefined ? name !== everyName : asked === everyName || asked === name;
    });
  }

  #figuresOf(kind: MetricKind, name: string): Figures {
    const names = this.#pending[kind];
    return names.get(name) ?? named(names, names.size < maxNames ? name : otherNames);
  }

  /** What the process uses is of interest over time: a command that ends at once would only blur it. */
  #sample(): void {
    const { at: before, cpuMicros: usedBefore } = this.#usedBefore;
    const at = this.#clock.monotonic();
    if (at - before < shortestSampleMs) return;
    const { rssBytes, heapBytes, cpuMicros } = this.#usage();
    this.#usedBefore = { at, cpuMicros };
    const wallMicros = (at - before) * 1000;
    this.#figuresOf('rss', everyName).time.record(rssBytes / mebibyte);
    this.#figuresOf('heap', everyName).time.record(heapBytes / mebibyte);
    this.#figuresOf('cpu', everyName).time.record(((cpuMicros - usedBefore) / wallMicros) * 100);
    this.#lastLoop.clear();
    recordLoop(this.#loop, this.#lastLoop);
    this.#loop.reset();
    this.#figuresOf('loop', everyName).time.merge(this.#lastLoop);
  }
}

const shortestSampleMs = 30_000;
const mebibyte = 2 ** 20;
/** Digests of requests that are remembered, to see which of them come again. */
const maxSeen = 512;

const cacheable: ReadonlySet<string> = new Set(
  Object.entries(contract).flatMap(([route, line]) => ('cacheable' in line && line.cacheable ? [route] : [])),
);

/** What a point of a series shows. */
const stats: Readonly<Record<MetricStat, (of: Figures) => number>> = {
  calls: ({ calls }) => calls,
  errors: ({ errors }) => errors,
  mean: ({ time }) => time.mean,
  p50: ({ time }) => time.quantile(0.5),
  p95: ({ time }) => time.quantile(0.95),
  p99: ({ time }) => time.quantile(0.99),
  max: ({ time }) => time.max,
  firstToken: ({ firstToken }) => firstToken.quantile(0.5),
  inputTokens: ({ counts }) => counts.inputTokens,
  outputTokens: ({ counts }) => counts.outputTokens,
  costMicros: ({ counts }) => counts.costMicros,
  hits: ({ counts }) => counts.hits,
  misses: ({ counts }) => counts.misses,
};

/** At most about a thousand points. */
function finestFor(ms: number): Resolution {
  if (ms <= 12 * 60 * resolutions.minute.ms) return 'minute';
  return ms <= 40 * resolutions.day.ms ? 'hour' : 'day';
}

function recordModelIn(figures: Figures, sample: ModelSample): void {
  const { counts } = figures;
  figures.record(sample.ms, sample.result);
  if (sample.firstTokenMs !== undefined) figures.firstToken.record(sample.firstTokenMs);
  counts.inputTokens += sample.inputTokens ?? 0;
  counts.outputTokens += sample.outputTokens ?? 0;
  counts.attempts += sample.attempts;
  if (sample.failedOver) counts.failovers += 1;
  if (sample.costMicros === undefined) return;
  counts.costMicros += sample.costMicros;
  counts.priced += 1;
  if (sample.isEstimate) counts.estimates += 1;
}

/** Node keeps its delays in a form of its own, of which it tells the percentiles; those are counted back into ours. */
function recordLoop({ count, percentiles }: Pick<LoopHistogram, 'count' | 'percentiles'>, into: Histogram): void {
  let seen = 0;
  for (const [percentile, nanoseconds] of percentiles) {
    const upTo = Math.round((percentile / 100) * count);
    if (upTo > seen) into.record(Math.max(0, nanoseconds / 1e6 - loopResolutionMs), upTo - seen);
    seen = Math.max(seen, upTo);
  }
}

function usageOfProcess(): Usage {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { rssBytes: rss, heapBytes: heapUsed, cpuMicros: user + system };
}

function named<Name>(figures: Map<Name, Figures>, name: Name): Figures {
  const known = figures.get(name);
  if (known) return known;
  const made = new Figures();
  figures.set(name, made);
  return made;
}

function noFigures(): Record<MetricKind, Map<string, Figures>> {
  // `fromEntries` forgets which names it was given.
  return Object.fromEntries(metricKinds.map((kind) => [kind, new Map()])) as Record<MetricKind, Map<string, Figures>>;
}
