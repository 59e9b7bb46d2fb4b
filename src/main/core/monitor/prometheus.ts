/** Figures as text for a Prometheus collector: exposition format 0.0.4. */

import type { HealthCheck, MetricKind } from '../../../shared/contract.ts';
import type { EventBus } from '../events.ts';
import type { Figures } from './figures.ts';
import type { Histogram } from './histogram.ts';
import { everyName, type FiguresByKind } from './rollups.ts';

export interface Exposition {
  readonly figures: FiguresByKind;
  readonly health: readonly HealthCheck[];
  readonly events: ReturnType<EventBus['counts']>;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly usage: { readonly rssBytes: number; readonly heapBytes: number; readonly cpuMicros: number };
}

type Labels = Readonly<Record<string, string>>;
type Type = 'counter' | 'gauge' | 'histogram';

interface Family {
  readonly name: string;
  readonly type: Type;
  readonly help: string;
  readonly lines: (name: string, of: Exposition) => readonly string[];
}

/** How the names of a kind become labels. */
const labelsOf = {
  route: (name) => ({ route: name }),
  model: (name) => split(name, ['provider', 'model']),
  plugin: (name) => split(name, ['plugin', 'command']),
} as const satisfies Partial<Record<MetricKind, (name: string) => Labels>>;
type LabelledKind = keyof typeof labelsOf;

const families: readonly Family[] = [
  gauge('build_info', 'Which Potter this is; always 1.', ({ version }) => [[{ version }, 1]]),
  gauge('start_time_seconds', 'When it started, in seconds since the epoch.', ({ startedAt }) => [
    [{}, startedAt / 1000],
  ]),
  byResult('calls_total', 'Calls of the gateway by how they ended.', 'route'),
  times('call_duration_seconds', 'How long calls took.', 'route', ({ time }) => time),
  byResult('model_calls_total', 'Calls of language models by how they ended.', 'model'),
  times('model_duration_seconds', 'How long calls of language models took.', 'model', ({ time }) => time),
  times('model_first_token_seconds', 'How long the first token took.', 'model', ({ firstToken }) => firstToken),
  counter('model_input_tokens_total', 'Tokens sent.', 'model', ({ counts }) => counts.inputTokens),
  counter('model_output_tokens_total', 'Tokens received.', 'model', ({ counts }) => counts.outputTokens),
  counter('model_cost_dollars_total', 'Cost in US dollars.', 'model', ({ counts }) => counts.costMicros / 1e6),
  counter('model_priced_calls_total', 'Calls with a cost.', 'model', ({ counts }) => counts.priced),
  counter('model_estimated_calls_total', 'Calls whose cost is an estimate.', 'model', ({ counts }) => counts.estimates),
  counter('model_attempts_total', 'Attempts, the first ones included.', 'model', ({ counts }) => counts.attempts),
  counter('model_failovers_total', 'Calls answered by another target.', 'model', ({ counts }) => counts.failovers),
  byResult('plugin_calls_total', 'Commands of plugins by how they ended.', 'plugin'),
  times('plugin_duration_seconds', 'How long commands of plugins took.', 'plugin', ({ time }) => time),
  counter('cache_hits_total', 'Calls answered from the cache.', 'route', ({ counts }) => counts.hits, hasCache),
  counter('cache_misses_total', 'Calls the cache had no answer to.', 'route', ({ counts }) => counts.misses, hasCache),
  {
    name: 'potter_event_loop_delay_seconds',
    type: 'histogram',
    help: 'How late the event loop came to its work.',
    lines: (name, { figures }) => {
      const delay = figures.loop.get(everyName)?.time;
      return delay ? histogramLines(name, {}, delay) : [];
    },
  },
  gauge('resident_memory_bytes', 'Memory the process holds.', ({ usage }) => [[{}, usage.rssBytes]]),
  gauge('heap_bytes', 'Of it, what JavaScript uses.', ({ usage }) => [[{}, usage.heapBytes]]),
  {
    ...gauge('cpu_seconds_total', 'Processor time used.', ({ usage }) => [[{}, usage.cpuMicros / 1e6]]),
    type: 'counter',
  },
  {
    ...gauge('events_total', 'Events by topic and what became of them.', ({ events }) =>
      [...events].flatMap(([topic, { published, delivered, failed, dropped }]) =>
        Object.entries({ published, delivered, failed, dropped }).map(
          ([outcome, count]) => [{ topic, outcome }, count] as const,
        ),
      ),
    ),
    type: 'counter',
  },
  gauge('health', 'State of each part: 0 ok, 1 degraded, 2 failed.', ({ health }) =>
    health.map(({ name, state }) => [{ check: name }, { ok: 0, degraded: 1, failed: 2 }[state]]),
  ),
];

/** A family without a sample is left out. */
export function exposeFigures(exposition: Exposition): string {
  const blocks = families.flatMap(({ name, type, help, lines }) => {
    const samples = lines(name, exposition);
    return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples];
  });
  return `${blocks.join('\n')}\n`;
}

function gauge(
  name: string,
  help: string,
  samples: (of: Exposition) => readonly (readonly [Labels, number])[],
): Family {
  const lines: Family['lines'] = (full, of) => samples(of).map(([labels, value]) => line(full, labels, value));
  return { name: `potter_${name}`, type: 'gauge', help, lines };
}

function counter(
  name: string,
  help: string,
  kind: LabelledKind,
  value: (of: Figures) => number,
  isShown: (of: Figures) => boolean = () => true,
): Family {
  const lines: Family['lines'] = (full, of) =>
    eachOf(of, kind).flatMap(([labels, figures]) => (isShown(figures) ? [line(full, labels, value(figures))] : []));
  return { name: `potter_${name}`, type: 'counter', help, lines };
}

function byResult(name: string, help: string, kind: LabelledKind): Family {
  const lines: Family['lines'] = (full, of) =>
    eachOf(of, kind).flatMap(([labels, { calls, errorCodes }]) => {
      const failed = [...errorCodes].map(([code, count]) => line(full, { ...labels, result: code }, count));
      const unsuccessful = [...errorCodes.values()].reduce((sum, count) => sum + count, 0);
      return [line(full, { ...labels, result: 'ok' }, calls - unsuccessful), ...failed];
    });
  return { name: `potter_${name}`, type: 'counter', help, lines };
}

function times(name: string, help: string, kind: LabelledKind, of: (figures: Figures) => Histogram): Family {
  const lines: Family['lines'] = (full, exposition) =>
    eachOf(exposition, kind).flatMap(([labels, figures]) => histogramLines(full, labels, of(figures)));
  return { name: `potter_${name}`, type: 'histogram', help, lines };
}

function hasCache({ counts }: Figures): boolean {
  return counts.hits + counts.misses > 0;
}

function eachOf({ figures }: Exposition, kind: LabelledKind): readonly (readonly [Labels, Figures])[] {
  return [...figures[kind]].map(([name, of]) => [labelsOf[kind](name), of] as const);
}

/** Powers of two, where our own buckets begin too, so the counts are exact: from 16 µs to 65 s. */
const edgesMs = Array.from({ length: 12 }, (_, index) => 2 ** (2 * index - 6));

function histogramLines(name: string, labels: Labels, histogram: Histogram): readonly string[] {
  const buckets = edgesMs.map((edge) =>
    line(`${name}_bucket`, { ...labels, le: String(edge / 1000) }, histogram.countBelow(edge)),
  );
  return [
    ...buckets,
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, histogram.count),
    line(`${name}_sum`, labels, histogram.sum / 1000),
    line(`${name}_count`, labels, histogram.count),
  ];
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** At the first slash; what has none stands for both. */
function split(name: string, [first, second]: readonly [string, string]): Labels {
  const at = name.indexOf('/');
  return at < 0 ? { [first]: name, [second]: name } : { [first]: name.slice(0, at), [second]: name.slice(at + 1) };
}
