/** What is measured, by the ids of the targets. Each sample is one round; both sides of a ratio run in it in turn. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { Configuration } from '../src/main/core/config/config.ts';
import { EventBus } from '../src/main/core/events.ts';
import { systemClock } from '../src/main/core/host.ts';
import { createLog, silentLog } from '../src/main/core/log/log.ts';
import { counters, Figures } from '../src/main/core/monitor/figures.ts';
import { PluginManager } from '../src/main/core/plugins/manager.ts';
import { startPotter } from '../src/main/core/start.ts';
import { openDatabase } from '../src/main/core/storage/database.ts';
import { createProofreader } from '../src/main/core/text/proofread.ts';
import { contract, type MetricKind, metricKinds, type RouteName } from '../src/shared/contract.ts';
import { noDesktopHost } from './host.ts';

export interface Measure {
  readonly unit: string;
  /** `≤ n` or `≥ n`, in the unit. */
  readonly target: string;
  /** Default 5. */
  readonly rounds?: number;
  readonly sample: () => number | Promise<number>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const built = join(root, 'dist', 'plugins');
const never = new AbortController().signal;

export const measures: Readonly<Record<string, Measure>> = {
  // First: how the engine compiles a bus depends on what else the process has done with it.
  'events.emit_1': { unit: '×', target: '≥ 1', sample: () => emitRatio(1) },
  'events.emit_100': { unit: '×', target: '≥ 1.3', sample: () => emitRatio(100) },
  'gateway.call_inproc': { unit: 'µs', target: '≤ 6', sample: callInProcess },
  'gateway.routes_p95': { unit: 'ms', target: '≤ 10', sample: slowestRoute },
  'config.get': { unit: 'ns', target: '≤ 50', sample: configGet },
  'config.reload_p99': { unit: 'ms', target: '≤ 10', rounds: 3, sample: reload },
  'log.lines': { unit: '×', target: '≥ 0.8', sample: logLines },
  'plugin.activate_cold': { unit: 'ms', target: '≤ 120', sample: activateCold },
  'plugin.activate_warm': { unit: 'ms', target: '≤ 10', sample: activateWarm },
  'plugin.idle_50': { unit: 'MB', target: '≤ 40', rounds: 3, sample: idlePlugins },
  'plugin.call_p50': { unit: 'ms', target: '≤ 0.3', sample: () => pluginCall('x'.repeat(100), 301) },
  'plugin.call_1mb': { unit: 'ms', target: '≤ 60', sample: () => pluginCall('x'.repeat(1_000_000), 5) },
  'monitor.open': { unit: 'ms', target: '≤ 300', rounds: 3, sample: openDashboards },
  'text.harper_p50': { unit: 'ms', target: '≤ 40', rounds: 3, sample: harper },
  'app.ready': { unit: '×', target: '≤ 2.5', sample: timeToReady },
  'app.cli_local': { unit: '×', target: '≤ 8', sample: commandLine },
};

/** Only with `--full`. */
export const slowMeasures: Readonly<Record<string, Measure>> = {
  'app.idle_rss': { unit: '×', target: '≤ 1.6', rounds: 1, sample: async () => (await idle()).memory },
  'app.idle_cpu': { unit: '%', target: '≤ 0.2', rounds: 1, sample: async () => (await idle()).processor },
  'soak.slope': { unit: '×', target: '≤ 1.1', rounds: 1, sample: soak },
  'text.local_p95': { unit: 'ms', target: '≤ 100', rounds: 1, sample: onRealWindows },
};

async function callInProcess(): Promise<number> {
  return withCore(async (call) => {
    const count = 20_000;
    // The limiter is part of what is measured, and lets a caller make 200 calls a second: each counts as another one.
    const run = async (): Promise<void> => {
      for (let index = 0; index < count; index += 1) await call('system.info', `window-${index % 400}`);
    };
    await run();
    return (await timed(run)) / (count / 1000);
  });
}

/** What a person's doors read, over a history, an audit log and tokens as a year of use leaves them. The dashboards are `monitor.open`. */
const reads: readonly (readonly [RouteName, object])[] = [
  ['actions.list', {}],
  ['actions.get', { id: 'polish' }],
  ['config.get', {}],
  ['config.inspect', { key: 'text.maxCharacters' }],
  ['keys.list', {}],
  ['history.list', { limit: 100 }],
  ['history.instructions', {}],
  ['hotkeys.list', {}],
  ['audit.list', { limit: 100 }],
  ['tokens.list', {}],
  ['alerts.list', { all: true }],
  ['monitor.health', {}],
  ['system.info', {}],
];

async function slowestRoute(): Promise<number> {
  return withCore(async (call) => {
    for (let index = 0; index < 500; index += 1) {
      const source = { type: 'text', text: `b ${index}\na\n`.repeat(50) };
      await call('text.process', `seed-${index}`, { action: 'sort-lines', source });
      if (index < 20) await call('tokens.create', 'window', { name: `token ${index}`, role: 'reader' });
    }
    const p95s: number[] = [];
    for (const [route, input] of reads) {
      const times: number[] = [];
      for (let index = 0; index < 200; index += 1) times.push(await timed(() => call(route, 'window', input)));
      p95s.push(percentile(times, 0.95));
    }
    return Math.max(...p95s);
  });
}

type CoreCall = (route: RouteName, window: string, input?: object) => Promise<void>;

async function withCore(measure: (call: CoreCall) => Promise<number>): Promise<number> {
  return inFolder(async (dataDirectory) => {
    const potter = await startPotter(noDesktopHost(dataDirectory, built));
    if (!potter) throw new Error('The new data directory is owned.');
    try {
      return await measure(async (route, window, input = {}) => {
        const reply = await potter.gateway.call({ route, input, caller: { kind: 'window', window } });
        if (reply.status === 'error') throw new Error(`${route}: ${reply.error.message}`);
      });
    } finally {
      await potter.stop();
    }
  });
}

const day = 24 * 60 * 60 * 1000;

/** The slowest of what a dashboard asks for, over a year in which every minute had calls of a hundred names. */
async function openDashboards(): Promise<number> {
  return inFolder(async (dataDirectory) => {
    const now = Date.now();
    seedFigures(dataDirectory, now);
    const potter = await startPotter(noDesktopHost(dataDirectory, built));
    if (!potter) throw new Error('The new data directory is owned.');
    const series = (metric: string, days: number, name?: string) =>
      ['monitor.series', { metric, from: now - days * day, to: now, ...(name && { name }) }] as const;
    const dashboards = [
      ['monitor.overview', {}],
      ['monitor.advice', {}],
      ['monitor.metrics', {}],
      ...[series('route.p95', 365), series('model.costMicros', 60, 'provider-0/model-3'), series('rss.max', 1)],
      ...[series('action.firstToken', 60), series('plugin.p99', 365, 'plugin-1/command')],
    ] as const;
    try {
      const times: number[] = [];
      for (const [route, input] of dashboards) {
        times.push(
          await timed(async () => {
            const reply = await potter.gateway.call({ route, input, caller: { kind: 'cli' } });
            if (reply.status === 'error') throw new Error(`${route}: ${reply.error.message}`);
          }),
        );
      }
      return Math.max(...times);
    } finally {
      await potter.stop();
    }
  });
}

/** Every row the retention leaves of a year: minutes of 48 hours, hours of 60 days, days. */
function seedFigures(dataDirectory: string, now: number): void {
  const figures = new Figures();
  for (let index = 0; index < 200; index += 1) figures.record(2 ** (index % 16), index % 20 === 0 ? 'TIMEOUT' : 'ok');
  figures.firstToken.record(400, 200);
  for (const name of counters) figures.counts[name] = 200;
  const { time, firstToken, tallies } = figures.encode();
  const many = (count: number, name: (index: number) => string): string[] => [
    '',
    ...Array.from({ length: count }, (_, index) => name(index)),
  ];
  const names: Partial<Record<MetricKind, readonly string[]>> = {
    route: many(40, (index) => Object.keys(contract)[index] ?? 'other'),
    provider: many(4, (index) => `provider-${index}`),
    model: many(16, (index) => `provider-${index % 4}/model-${index}`),
    action: many(30, (index) => `action-${index % 10} provider-0/model-${index}`),
    plugin: many(10, (index) => `plugin-${index}/command`),
  };
  const database = openDatabase(join(dataDirectory, 'potter.db'));
  database.transaction(() => {
    for (const kind of metricKinds) {
      for (const name of names[kind] ?? ['']) {
        database.run('INSERT INTO metric_names (kind, name) VALUES (?, ?)', kind, name);
        for (const [ms, rows] of [[day / 1440, 2880] as const, [day / 24, 1440] as const, [day, 365] as const]) {
          database.run(
            `INSERT INTO metrics (resolution, name_id, start, time, first_token, tallies)
             WITH RECURSIVE n (ago) AS (SELECT 0 UNION ALL SELECT ago + 1 FROM n WHERE ago < ?6)
             SELECT ?1, (SELECT max(id) FROM metric_names), ?2 - ago * ?1, ?3, ?4, ?5 FROM n`,
            ...[ms, Math.floor(now / ms) * ms, time, firstToken, tallies, rows - 1],
          );
        }
      }
    }
  });
  database.close();
}

async function emitRatio(listeners: number): Promise<number> {
  const bus = new EventBus(silentLog);
  const emitter = new EventEmitter().setMaxListeners(listeners);
  let seen = 0;
  const listen = (): void => {
    seen += 1;
  };
  for (let index = 0; index < listeners; index += 1) {
    bus.subscribe('history.changed', () => listen());
    emitter.on('history.changed', () => listen());
  }
  const count = 2_000_000 / listeners;
  const payload = { id: 'all' } as const;
  const ours = await timed(() => repeat(count, () => bus.publish('history.changed', payload)));
  const theirs = await timed(() => repeat(count, () => emitter.emit('history.changed', payload)));
  if (seen !== count * listeners * 2) throw new Error('An event was lost.');
  return theirs / ours;
}

async function configGet(): Promise<number> {
  return inFolder(async (dataDirectory) => {
    const config = Configuration.open({ dataDirectory, environment: {}, log: silentLog });
    const count = 5_000_000;
    let sum = 0;
    const ms = await timed(() =>
      repeat(count, () => {
        sum += config.get('text.maxCharacters');
      }),
    );
    config.close();
    if (sum === 0) throw new Error('Nothing was read.');
    return (ms / count) * 1e6;
  });
}

/** From the moment another program has put a settings file in place until a subscriber has its value, of a hundred. */
async function reload(): Promise<number> {
  return inFolder(async (dataDirectory) => {
    const config = Configuration.open({ dataDirectory, environment: {}, log: silentLog });
    const seenAt = new Map<unknown, number>();
    config.onChange(() => seenAt.set(config.get('text.maxCharacters'), performance.timeOrigin + performance.now()));
    const times = await writes({ file: config.path, key: 'text.maxCharacters', gapMs: 37 }, ({ value, at }) => {
      const seen = seenAt.get(value);
      if (seen === undefined) throw new Error(`The value ${String(value)} was missed.`);
      return seen - at;
    });
    config.close();
    return percentile(times, 0.99);
  });
}

export interface Write {
  readonly value: unknown;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Writing {
  readonly file: string;
  readonly key: string;
  /** In turn; ever greater numbers if left out. */
  readonly values?: readonly unknown[];
  /** From one write to the next, in milliseconds: long enough that each of them is seen. */
  readonly gapMs: number;
}

/** Has another program change one setting a hundred times. */
export async function writes<T>(
  { file, key, values = [], gapMs }: Writing,
  latency: (write: Write) => T,
): Promise<T[]> {
  const writer = fileURLToPath(new URL('servers/writer.ts', import.meta.url));
  const child = spawn(process.execPath, [writer, file, ...values.map((value) => JSON.stringify(value))], {
    env: { ...process.env, KEY: key, WRITES: '100', GAP_MS: String(gapMs) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  await once(child, 'close');
  // The last one is on its way.
  await pause(300);
  const lines = text.trim().split('\n');
  return lines.map((line) => latency(JSON.parse(line) as Write));
}

async function logLines(): Promise<number> {
  return inFolder(async (directory) => {
    const ours = createLog({
      directory: join(directory, 'ours'),
      level: () => 'info',
      clock: systemClock,
      maxBytes: () => 1e10,
    });
    const theirs = pino(
      { base: null },
      pino.destination({ dest: join(directory, 'theirs.log'), sync: true, minLength: 4096 }),
    );
    const count = 50_000;
    const fields = { callId: '4c8c6a3e-7a9e-4c0a-9a53-0d0f6a6f3c11', route: 'text.process', ms: 12.5 };
    const mine = await timed(() => repeat(count, () => ours.info('a call was answered', fields)));
    const bare = await timed(() => repeat(count, () => theirs.info(fields, 'a call was answered')));
    ours.stop();
    return bare / mine;
  });
}

async function activateCold(): Promise<number> {
  const plugins = await PluginManager.open({ directory: built });
  const ms = await timed(() => plugins.run('text-tools', 'upper-case', 'x', never));
  await plugins.stop();
  return ms;
}

/** The same plugin in a thread that stands, as another one was used before. */
async function activateWarm(): Promise<number> {
  const plugins = await PluginManager.open({ directory: built });
  await plugins.run('encoding-tools', 'base64-encode', 'x', never);
  const ms = await timed(() => plugins.run('text-tools', 'upper-case', 'x', never));
  await plugins.stop();
  return ms;
}

/** Fifty plugins that were each used once, over none. */
async function idlePlugins(): Promise<number> {
  return inFolder(async (folder) => {
    const [none, many] = [join(folder, 'none'), join(folder, 'many')];
    mkdirSync(none);
    const manifest = JSON.parse(readFileSync(join(built, 'text-tools', 'manifest.json'), 'utf8')) as object;
    for (let index = 0; index < 50; index += 1) {
      cpSync(join(built, 'text-tools'), join(many, `plugin-${index}`), { recursive: true });
      const own = { ...manifest, id: `plugin-${index}` };
      writeFileSync(join(many, `plugin-${index}`, 'manifest.json'), JSON.stringify(own));
    }
    return heldBy(many) - heldBy(none);
  });
}

function heldBy(plugins: string): number {
  const script = fileURLToPath(new URL('servers/plugins.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script, plugins], { encoding: 'utf8' });
  const [, memory] = /memory (\S+)/.exec(stdout) ?? [];
  if (memory === undefined) throw new Error(stderr);
  return Number(memory);
}

async function pluginCall(text: string, calls: number): Promise<number> {
  const plugins = await PluginManager.open({ directory: built });
  const times: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    times.push(await timed(() => plugins.run('text-tools', 'upper-case', text, never)));
  }
  await plugins.stop();
  return percentile(times, 0.5);
}

async function harper(): Promise<number> {
  const proofreader = createProofreader();
  const sentence = 'This is a example of an sentence with bad grammer.';
  await proofreader.proofread(sentence, never);
  const times: number[] = [];
  for (let index = 0; index < 30; index += 1) times.push(await timed(() => proofreader.proofread(sentence, never)));
  await proofreader.stop();
  return percentile(times, 0.5);
}

async function commandLine(): Promise<number> {
  return inFolder(async (POTTER_DATA) => {
    const program = join(root, 'bin', 'potter.js');
    const options = { input: 'b\na\n', encoding: 'utf8', env: { ...process.env, POTTER_DATA } } as const;
    const run = (): void => {
      const { stdout } = spawnSync(process.execPath, [program, 'run', 'sort-lines'], options);
      if (stdout !== 'a\nb\n') throw new Error(`It printed ${JSON.stringify(stdout)}.`);
    };
    // The first one makes the data directory.
    run();
    const ours = await timed(run);
    const empty = await timed(() => spawnSync(process.execPath, ['-e', '0']));
    return ours / empty;
  });
}

/** From the start of the process until the core answers, over the same of a bare node:http server. */
async function timeToReady(): Promise<number> {
  return inFolder(async (POTTER_DATA) => {
    const program = join(root, 'bin', 'potter.js');
    const env = { ...process.env, POTTER_DATA };
    const bare = "require('node:http').createServer().listen(0, '127.0.0.1', () => console.log('ready'))";
    // The first start makes the data directory.
    await untilItPrints([program, 'serve'], env);
    const ours = await untilItPrints([program, 'serve'], env);
    return ours / (await untilItPrints(['-e', bare], env));
  });
}

async function untilItPrints(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const ms = performance.now() - startedAt;
  child.kill('SIGTERM');
  await once(child, 'exit');
  return ms;
}

interface Idle {
  /** Over an empty Node process. */
  readonly memory: number;
  /** Per cent of one. */
  readonly processor: number;
}

let idled: Promise<Idle> | undefined;

/** A minute in which nobody asks for anything, after the start has settled. */
function idle(): Promise<Idle> {
  idled ??= inFolder(async (POTTER_DATA) => {
    const program = [join(root, 'bin', 'potter.js'), 'serve'];
    const ours = spawn(process.execPath, program, {
      env: { ...process.env, POTTER_DATA },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const empty = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1e9)'], { stdio: 'ignore' });
    try {
      await once(ours.stdout, 'data');
      await pause(5000);
      const before = usageOf(ours);
      await pause(60_000);
      const after = usageOf(ours);
      return { memory: after.memory / usageOf(empty).memory, processor: ((after.ms - before.ms) / 60_000) * 100 };
    } finally {
      ours.kill('SIGTERM');
      empty.kill();
      await once(ours, 'exit');
    }
  });
  return idled;
}

/** As Linux tells it: resident memory in kB, time on a processor in milliseconds. */
function usageOf({ pid }: ChildProcess): { readonly memory: number; readonly ms: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { memory: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]), ms: (Number(fields[11]) + Number(fields[12])) * 10 };
}

/** The test that makes 20,000 mixed calls says how much more memory is held after them. */
function soak(): number {
  const test = join(root, 'test', 'main', 'core', 'soak.test.ts');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, POTTER_LONG: '1' };
  const { stdout } = spawnSync(process.execPath, [vitest, 'run', test, '-t', 'mixed calls'], {
    ...{ cwd: root, encoding: 'utf8', env },
  });
  const [, slope] = /heap (\d+\.\d+) ×/.exec(stdout) ?? [];
  if (slope === undefined) throw new Error(stdout.slice(-2000));
  return Number(slope);
}

function onRealWindows(): number {
  const script = join(root, 'scripts', 'test-x11.ts');
  const { stdout } = spawnSync(process.execPath, [script, 'the time from'], { encoding: 'utf8' });
  const [, p95] = /p95 (\d+(?:\.\d+)?) ms/.exec(stdout) ?? [];
  return Number(p95);
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'potter-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds. */
async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function repeat(count: number, work: () => void): void {
  for (let index = 0; index < count; index += 1) work();
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
