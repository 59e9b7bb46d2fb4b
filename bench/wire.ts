/**
 * What the gateway costs over the wire: the loopback API beside a bare proxy, the floor under any proxy of Node, and
 * Portkey's gateway, all on the same Node, before the same vendor. Each is a process of its own, started at first use.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { latencies, percentile, type Target, throughput } from './load.ts';
import type { Measure } from './measures.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const server = (name: string): string => fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url));
const portkeyServer = fileURLToPath(
  new URL('../node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url),
);

interface Started {
  readonly port: number;
  readonly token: string;
}

const children: ChildProcess[] = [];

/** Ends every process the measures have started. */
export function stopServers(): void {
  for (const child of children.splice(0)) child.kill('SIGTERM');
}

async function start(script: string, args: readonly string[] = [], until = /port \d+\n/): Promise<Started> {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  while (!until.test(text)) await once(child.stdout, 'data');
  return { port: Number(/port (\d+)/.exec(text)?.[1]), token: /token (\S+)/.exec(text)?.[1] ?? '' };
}

function lazily<T>(create: () => Promise<T>): () => Promise<T> {
  let created: Promise<T> | undefined;
  return () => {
    created ??= create();
    return created;
  };
}

const vendor = lazily(() => start(server('vendor')));
const originOf = async (): Promise<string> => `http://127.0.0.1:${(await vendor()).port}`;
const bare = lazily(async () => start(server('bare'), [await originOf()]));
const floor = lazily(async () => start(server('floor'), [await originOf()]));
const potter = lazily(async () => start(server('potter'), [await originOf(), 'vendor/bench-model'], /token \S+\n/));
/** It takes the port it is told, and prints no other. */
const portkey = lazily(async () => {
  const port = await freePort();
  const args = [`--port=${port}`, '--headless'];
  return { ...(await start(portkeyServer, args, /running|ready|localhost|http/i)), port };
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address ? address.port : 0;
}

interface Asked {
  readonly stream?: boolean;
  /** A model for which the vendor answers 500 at once. */
  readonly broken?: boolean;
}

function target(port: number, model: string, headers: Record<string, string>, { stream }: Asked): Target {
  const messages = [
    { role: 'system', content: 'Polish.' },
    { role: 'user', content: 'y'.repeat(600) },
  ];
  const body = JSON.stringify({ model, messages, ...(stream && { stream }) });
  return { port, path: '/v1/chat/completions', headers: { 'Content-Type': 'application/json', ...headers }, body };
}

const directly = async (asked: Asked = {}): Promise<Target> => target((await vendor()).port, 'bench-model', {}, asked);
const throughBare = async (asked: Asked = {}): Promise<Target> => target((await bare()).port, 'bench-model', {}, asked);
const throughFloor = async (asked: Asked = {}): Promise<Target> =>
  target((await floor()).port, 'bench-model', {}, asked);
const throughPotter = async (asked: Asked = {}): Promise<Target> => {
  const { port, token } = await potter();
  const model = asked.broken ? 'vendor/broken-model' : 'vendor/bench-model';
  return target(port, model, { Authorization: `Bearer ${token}` }, asked);
};
const throughPortkey = async (asked: Asked = {}): Promise<Target> => {
  const to = { provider: 'openai', api_key: 'none', custom_host: `${await originOf()}/v1` };
  const config = asked.broken
    ? {
        strategy: { mode: 'fallback' },
        targets: [
          { ...to, override_params: { model: 'broken-model' } },
          { ...to, override_params: { model: 'bench-model' } },
        ],
      }
    : to;
  return target((await portkey()).port, 'bench-model', { 'x-portkey-config': JSON.stringify(config) }, asked);
};

/** How long each side runs, in milliseconds. */
const roundMs = 1200;
/** Code that has run this long has been compiled for speed. */
const warmMs = 4000;
const warmed = new Set<string>();

async function rate(one: Target, connections: number): Promise<number> {
  const name = `${one.port} ${one.body.includes('"stream"')}`;
  if (!warmed.has(name)) {
    warmed.add(name);
    await throughput(one, connections, warmMs);
  }
  return throughput(one, connections, roundMs);
}

async function ratio(ours: Target, theirs: Target, connections: number): Promise<number> {
  const before = await rate(theirs, connections);
  return (await rate(ours, connections)) / before;
}

/** What a proxy adds to a request, at a percentile, over what the bare proxy adds. */
async function added(share: number, until: 'whole' | 'first', asked: Asked): Promise<number> {
  const count = share > 0.9 ? 1500 : 400;
  const [direct, ours, theirs] = [
    percentile(await latencies(await directly(asked), count, { until }), share),
    percentile(await latencies(await throughPotter(asked), count, { until }), share),
    percentile(await latencies(await throughBare(asked), count, { until }), share),
  ];
  // In a noisy moment the bare proxy seems to add nothing: then there is nothing to compare with.
  const addedByBare = theirs - direct;
  return addedByBare > 0.02 ? (ours - direct) / addedByBare : added(share, until, asked);
}

async function failover(): Promise<number> {
  const median = async (one: Target): Promise<number> => percentile(await latencies(one, 200), 0.5);
  const ours = (await median(await throughPotter({ broken: true }))) - (await median(await throughPotter()));
  const theirs = (await median(await throughPortkey({ broken: true }))) - (await median(await throughPortkey()));
  return ours / theirs;
}

/** A run of an action that is answered from the cache, over the same run that is not. */
async function cacheHit(): Promise<number> {
  const { port, token } = await potter();
  const source = { type: 'text', text: 'The same text every time.' };
  // Whatever is answered is right here.
  const input = { action: 'ask', instruction: 'Say words.', source, model: 'vendor/bench-model' };
  const run = (headers: Record<string, string>): Target => ({
    ...{ port, path: '/api/text.process' },
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(input),
  });
  // A person's actions are limited to 20 a second, so single requests are timed and no flood is made.
  const median = async (one: Target): Promise<number> => percentile(await latencies(one, 10, { warmUp: 3 }), 0.5);
  const asked = await median(run({ 'Cache-Control': 'no-store' }));
  return asked / (await median(run({})));
}

export const wireMeasures: Readonly<Record<string, Measure>> = {
  'gateway.rps_vs_portkey': {
    ...{ unit: '×', target: '≥ 9' },
    sample: async () => ratio(await throughPotter(), await throughPortkey(), 32),
  },
  'gateway.rps_vs_bare': {
    ...{ unit: '×', target: '≥ 1.1' },
    sample: async () => ratio(await throughPotter(), await throughBare(), 32),
  },
  'gateway.rps_vs_bare_128': {
    ...{ unit: '×', target: '≥ 1.1' },
    sample: async () => ratio(await throughPotter(), await throughBare(), 128),
  },
  'gateway.rps_vs_floor': {
    ...{ unit: '×', target: '≥ 0.85' },
    sample: async () => ratio(await throughPotter(), await throughFloor(), 32),
  },
  'gateway.sse_vs_bare': {
    ...{ unit: '×', target: '≥ 1' },
    sample: async () => ratio(await throughPotter({ stream: true }), await throughBare({ stream: true }), 32),
  },
  'gateway.added_p50': { unit: '×', target: '≤ 0.9', sample: () => added(0.5, 'whole', {}) },
  'gateway.added_p99': { unit: '×', target: '≤ 0.9', sample: () => added(0.99, 'whole', {}) },
  'gateway.ttft_added': { unit: '×', target: '≤ 1', sample: () => added(0.5, 'first', { stream: true }) },
  'gateway.failover_added': { unit: '×', target: '≤ 0.33', rounds: 3, sample: failover },
  'gateway.cache_hit': { unit: '×', target: '≥ 1.5', rounds: 3, sample: cacheHit },
};
