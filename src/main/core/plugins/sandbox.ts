import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { PotterError } from '../../../shared/errors.ts';
import { pluginLimits } from '../../../shared/manifest.ts';
import type { WorkerAnswer, WorkerRequest, WorkerSettings } from './sandbox-worker.ts';
import { type WasmModule, webAssembly } from './web-assembly.ts';

/** A plugin as the sandbox knows it. */
export interface Guest {
  readonly id: string;
  readonly commands: readonly string[];
  /** The text of its `main.js`, read anew for each instance. */
  source(): Promise<string>;
}

export type SandboxLimits = { readonly [Name in keyof typeof pluginLimits]: number } & {
  /** Threads, started when first needed. One plugin occupies at most one of them. */
  readonly workers: number;
  /** Instances kept in one thread; the one unused for longest goes first. */
  readonly instancesPerWorker: number;
  /** After this many milliseconds without a call every thread ends, and with it every instance. */
  readonly idleMs: number;
};

const sandboxLimits: SandboxLimits = { ...pluginLimits, workers: 2, instancesPerWorker: 8, idleMs: 60_000 };

/** A thread that has not started by then never will. */
const startMs = 20_000;

const reply = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({ type: z.literal('failed'), name: z.string(), message: z.string() }),
]);

/** A call that waits for a thread. */
interface Waiter {
  readonly plugin: string;
  readonly grant: (thread: Thread) => void;
  readonly cancel: () => void;
}

/**
 * Runs plugin commands in QuickJS engines on a few worker threads. A thread does one thing at a time, so ending it stops
 * exactly one plugin; the instances it also held are rebuilt when they are next called.
 */
export class Sandbox {
  readonly #limits: SandboxLimits;
  readonly #threads: Thread[] = [];
  readonly #waiting: Waiter[] = [];
  /** Plugins with a call under way. */
  readonly #running = new Set<string>();
  #wasmModule: Promise<WasmModule> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(limits: Partial<SandboxLimits> = {}) {
    this.#limits = { ...sandboxLimits, ...limits };
  }

  /** The command's result. Fails with TEXT_TOO_LONG, RATE_LIMITED, CANCELLED or one of the PLUGIN codes. */
  async run(guest: Guest, command: string, text: string, signal: AbortSignal): Promise<string> {
    const { textCharacters } = this.#limits;
    if (text.length > textCharacters) {
      const message = `The text has ${text.length} characters; a plugin takes at most ${textCharacters}.`;
      throw new PotterError('TEXT_TOO_LONG', message);
    }
    const thread = await this.#acquire(guest.id, signal);
    try {
      if (!thread.has(guest.id)) await this.#load(guest, signal, thread);
      return await this.#call(guest, { command, text }, { signal, thread });
    } finally {
      void this.#release(guest.id, thread);
    }
  }

  /** Begins to start a thread, where there is none: the first call then need not wait for all of it. */
  prepare(): void {
    if (this.#stopped || this.#threads.length > 0) return;
    this.#newThread();
    this.#endWhenIdle();
  }

  /** Cancels every call and ends the threads. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#idleTimer);
    for (const waiter of [...this.#waiting]) waiter.cancel();
    await Promise.all(this.#threads.splice(0).map((thread) => thread.end()));
  }

  #acquire(plugin: string, signal: AbortSignal): Promise<Thread> {
    if (this.#stopped) throw new PotterError('UNAVAILABLE', 'The plugins have been stopped.');
    if (signal.aborted) throw cancelled();
    const calls = this.#waiting.filter((waiter) => waiter.plugin === plugin).length + Number(this.#running.has(plugin));
    if (calls >= this.#limits.pendingCalls) {
      throw new PotterError('RATE_LIMITED', `Plugin "${plugin}" already has ${calls} calls waiting.`);
    }
    clearTimeout(this.#idleTimer);
    const { promise, resolve, reject } = Promise.withResolvers<Thread>();
    const cancel = (): void => {
      remove(this.#waiting, waiter);
      reject(cancelled());
    };
    const grant = (thread: Thread): void => {
      remove(this.#waiting, waiter);
      signal.removeEventListener('abort', cancel);
      resolve(thread);
    };
    const waiter: Waiter = { plugin, grant, cancel };
    this.#waiting.push(waiter);
    signal.addEventListener('abort', cancel, { once: true });
    this.#dispatch();
    return promise;
  }

  async #release(plugin: string, thread: Thread): Promise<void> {
    // The next thread starts after the end of the one it replaces: there are never more than `workers`.
    if (thread.hasEnded) await thread.end();
    thread.isBusy = false;
    this.#running.delete(plugin);
    if (this.#stopped) return;
    this.#dispatch();
    if (this.#running.size === 0) this.#endWhenIdle();
  }

  /** Grants what can be granted: first come, first served, one call of a plugin at a time. */
  #dispatch(): void {
    for (const waiter of [...this.#waiting]) {
      if (this.#running.has(waiter.plugin)) continue;
      const thread = this.#threadFor(waiter.plugin);
      if (!thread) return;
      this.#running.add(waiter.plugin);
      thread.isBusy = true;
      waiter.grant(thread);
    }
  }

  /** The free thread that has the plugin's instance, else another free one, else a new one. */
  #threadFor(plugin: string): Thread | undefined {
    for (const ended of this.#threads.filter((thread) => thread.hasEnded && !thread.isBusy))
      remove(this.#threads, ended);
    const free = this.#threads.filter((thread) => !thread.isBusy);
    const chosen = free.find((thread) => thread.has(plugin)) ?? free[0] ?? this.#newThread();
    if (chosen) for (const other of this.#threads) if (other !== chosen) other.drop(plugin);
    return chosen;
  }

  #newThread(): Thread | undefined {
    if (this.#threads.length >= this.#limits.workers) return undefined;
    this.#wasmModule ??= compileEngine();
    const thread = new Thread(this.#wasmModule, this.#limits);
    this.#threads.push(thread);
    return thread;
  }

  #endWhenIdle(): void {
    this.#idleTimer = setTimeout(() => {
      for (const thread of this.#threads.splice(0)) void thread.end();
    }, this.#limits.idleMs).unref();
  }

  async #call(
    guest: Guest,
    call: { readonly command: string; readonly text: string },
    { signal, thread }: { readonly signal: AbortSignal; readonly thread: Thread },
  ): Promise<string> {
    const request = { type: 'call', plugin: guest.id, message: JSON.stringify(call) } as const;
    const outcome = await thread.request(request, this.#limits.commandMs, signal);
    if (outcome.type === 'text') return outcome.text;
    if (outcome.type !== 'failed')
      throw this.#failure(guest, outcome.type, { what: `"${call.command}"`, ms: this.#limits.commandMs });
    const message = plainText(outcome.message, this.#limits.messageCharacters);
    throw new PotterError('PLUGIN_FAILED', message || `Plugin "${guest.id}" failed without saying why.`);
  }

  async #load(guest: Guest, signal: AbortSignal, thread: Thread): Promise<void> {
    const source = await guest.source();
    const request = { type: 'load', plugin: guest.id, source, commands: guest.commands } as const;
    const outcome = await thread.request(request, this.#limits.activateMs, signal);
    if (outcome.type === 'text') return;
    if (outcome.type === 'failed') {
      const reason =
        plainText(outcome.message, this.#limits.messageCharacters) || outcome.name || 'it failed without saying why';
      throw new PotterError('PLUGIN_INVALID', `Plugin "${guest.id}" cannot start (main.js): ${reason}`, {
        detail: { plugin: guest.id },
      });
    }
    throw this.#failure(guest, outcome.type, { what: 'its start', ms: this.#limits.activateMs });
  }

  #failure(
    guest: Guest,
    type: Exclude<Outcome['type'], 'text' | 'failed'>,
    { what, ms }: { readonly what: string; readonly ms: number },
  ): PotterError {
    const { memoryMiB, resultCharacters } = this.#limits;
    const plugin = `Plugin "${guest.id}"`;
    const about = { detail: { plugin: guest.id } };
    const failures = {
      cancelled,
      timeout: () =>
        new PotterError('PLUGIN_TIMEOUT', `${plugin} did not finish ${what} within ${ms / 1000} s.`, about),
      memory: () => new PotterError('PLUGIN_MEMORY', `${plugin} needed more than ${memoryMiB} MiB for ${what}.`, about),
      oversize: () => new PotterError('PLUGIN_FAILED', `The result is longer than ${resultCharacters} characters.`),
      pending: () => new PotterError('PLUGIN_FAILED', `${plugin} waits in ${what} for something that never comes.`),
      trap: () => new PotterError('PLUGIN_FAILED', `${plugin} broke off in ${what}.`),
      malformed: () => new PotterError('PLUGIN_FAILED', `${plugin} answered ${what} in a form Potter does not read.`),
    } satisfies Record<typeof type, () => PotterError>;
    return failures[type]();
  }
}

type Outcome =
  | z.output<typeof reply>
  | { readonly type: 'cancelled' | 'timeout' | 'memory' | 'oversize' | 'pending' | 'trap' | 'malformed' };

/** One worker thread and the names of the instances in it. */
class Thread {
  isBusy = false;
  hasEnded = false;
  readonly #limits: SandboxLimits;
  readonly #worker: Promise<Worker>;
  /** Least recently used first. */
  readonly #instances = new Set<string>();
  #ended: Promise<void> | undefined;

  constructor(wasmModule: Promise<WasmModule>, limits: SandboxLimits) {
    this.#limits = limits;
    this.#worker = this.#start(wasmModule);
    // Every request waits for the worker too, and fails with the reason.
    this.#worker.catch(() => {
      this.hasEnded = true;
    });
  }

  has(plugin: string): boolean {
    return this.#instances.has(plugin);
  }

  drop(plugin: string): void {
    if (!this.#instances.delete(plugin)) return;
    void this.#worker.then((worker) => worker.postMessage({ type: 'drop', plugin } satisfies WorkerRequest));
  }

  /** Ends the thread when the time is up or the signal aborts; whatever happens, it answers. */
  async request(request: Exclude<WorkerRequest, { type: 'drop' }>, ms: number, signal: AbortSignal): Promise<Outcome> {
    const worker = await this.#worker;
    if (signal.aborted || this.hasEnded) return { type: this.#ended || signal.aborted ? 'cancelled' : 'trap' };
    worker.ref();
    const outcome = await this.#ask(worker, request, ms, signal);
    worker.unref();
    if (outcome.type === 'timeout' || outcome.type === 'cancelled') void this.end();
    return outcome;
  }

  end(): Promise<void> {
    this.hasEnded = true;
    this.#ended ??= this.#worker.then(
      async (worker) => void (await worker.terminate()),
      () => undefined,
    );
    return this.#ended;
  }

  #ask(worker: Worker, request: WorkerRequest, ms: number, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const finish = (outcome: Outcome): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        resolve(outcome);
      };
      const onMessage = (answer: WorkerAnswer): void => finish(this.#read(request.plugin, answer));
      const onAbort = (): void => finish({ type: 'cancelled' });
      const onError = (thrown: Error & { code?: string }): void =>
        finish({ type: thrown.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'trap' });
      // Nobody but `end` ends a thread that has reported no error.
      const onExit = (): void => finish({ type: 'cancelled' });
      const timer = setTimeout(() => finish({ type: 'timeout' }), ms);
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      signal.addEventListener('abort', onAbort, { once: true });
      worker.postMessage(request);
    });
  }

  #read(plugin: string, answer: WorkerAnswer): Outcome {
    this.#instances.delete(plugin);
    if (answer.type === 'broken') return { type: answer.reason };
    if (answer.type === 'ready') return { type: 'malformed' };
    const outcome = parseReply(answer.text);
    if (answer.kept) this.#remember(plugin);
    // An engine without a byte left for an error object throws null.
    if (outcome.type === 'failed' && (answer.full || isExhausted(outcome))) {
      this.drop(plugin);
      return { type: 'memory' };
    }
    if (outcome.type === 'text' && outcome.text.length > this.#limits.resultCharacters) return { type: 'oversize' };
    return outcome;
  }

  #remember(plugin: string): void {
    this.#instances.add(plugin);
    const [oldest] = this.#instances;
    if (this.#instances.size > this.#limits.instancesPerWorker && oldest !== undefined) this.drop(oldest);
  }

  async #start(wasmModule: Promise<WasmModule>): Promise<Worker> {
    const file = import.meta.url.endsWith('.ts') ? './sandbox-worker.ts' : './sandbox-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      name: 'potter-plugins',
      // Neither Potter's environment nor its flags reach the thread.
      env: {},
      execArgv: [],
      argv: [],
      // A guest's recursion goes on the host's stack; Node's default of 4 MB overflows before the guest's own limit.
      resourceLimits: { stackSizeMb: 16, maxOldGenerationSizeMb: 256 },
    });
    const { promise: isReady, resolve, reject } = Promise.withResolvers<void>();
    const failed = (cause?: unknown): void => {
      this.hasEnded = true;
      reject(new PotterError('INTERNAL', 'The plugin sandbox did not start.', { cause }));
    };
    const timer = setTimeout(() => {
      failed();
      void worker.terminate();
    }, startMs);
    worker.once('message', () => resolve());
    const { memoryMiB, resultCharacters } = this.#limits;
    // The engine is compiled while the thread starts.
    wasmModule.then((module) => {
      worker.postMessage({ wasmModule: module, memoryMiB, resultCharacters } satisfies WorkerSettings);
    }, failed);
    // These stay for the thread's life: one that dies between two calls must not take the process with it.
    worker.on('error', failed).on('exit', () => failed());
    await isReady.finally(() => clearTimeout(timer));
    worker.unref();
    return worker;
  }
}

function parseReply(json: string): Outcome {
  try {
    return reply.parse(JSON.parse(json));
  } catch {
    return { type: 'malformed' };
  }
}

const isExhausted = ({ name, message }: { name: string; message: string }): boolean =>
  name === 'InternalError' && message === 'out of memory';

/** One line without control, bidirectional and other invisible characters, at most this long. */
function plainText(message: string, characters: number): string {
  const visible = message
    .slice(0, characters * 4)
    .toWellFormed()
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim();
  return visible.length > characters ? `${[...visible].slice(0, characters - 1).join('')}…` : visible;
}

const cancelled = (): PotterError => new PotterError('CANCELLED', 'The run was cancelled.');

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index !== -1) list.splice(index, 1);
}

async function compileEngine(): Promise<WasmModule> {
  const file = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');
  return webAssembly.compile(await readFile(file));
}
