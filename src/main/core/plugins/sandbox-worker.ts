/**
 * The thread in which plugins run, each in a QuickJS engine of its own with its own capped memory. It does one request at
 * a time and knows no clock: the host watches from outside and ends the thread when a guest takes too long.
 */
import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import {
  type CustomizeVariantOptions,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
} from 'quickjs-emscripten-core';
import { type WasmMemory, type WasmModule, webAssembly } from './web-assembly.ts';

/** The first message. */
export interface WorkerSettings {
  readonly wasmModule: WasmModule;
  readonly memoryMiB: number;
  readonly resultCharacters: number;
}

export type WorkerRequest =
  | {
      readonly type: 'load';
      readonly plugin: string;
      readonly source: string;
      readonly commands: readonly string[];
    }
  /** `message` is the JSON text the guest receives. */
  | { readonly type: 'call'; readonly plugin: string; readonly message: string }
  | { readonly type: 'drop'; readonly plugin: string };

export type WorkerAnswer =
  | { readonly type: 'ready' }
  /** `text` is the guest's JSON text, not looked at yet. `kept` tells whether the instance lives on, `full` whether its memory is used up. */
  | { readonly type: 'reply'; readonly text: string; readonly kept: boolean; readonly full: boolean }
  | { readonly type: 'broken'; readonly reason: Breakage };

/** `pending`: its promise can no longer settle; `memory`: it used all it may; `oversize`: more than may cross; `trap`: the engine gave up. */
export type Breakage = 'pending' | 'memory' | 'oversize' | 'trap';

interface Engine {
  readonly context: QuickJSContext;
  readonly memory: WasmMemory;
  /** What the shim gives. */
  readonly attach: QuickJSHandle;
}

interface Guest extends Pick<Engine, 'context' | 'memory'> {
  readonly call: QuickJSHandle;
}

const pagesPerMiB = 16;
/** Fewer do not hold the engine's static data. */
const initialPages = 256;
const guestStackBytes = 256 * 1024;

/**
 * The guest's side of the boundary, evaluated before the plugin, so that it holds the intrinsics as they were. It takes
 * the plugin's module and command ids and returns the one function that crosses: JSON text in, promise of JSON text out.
 * It keeps honest plugins working; what protects Potter is that the host believes nothing it says.
 */
const shim = `(function () {
  'use strict';
  const { parse, stringify } = JSON, { hasOwn } = Object, { String, InternalError } = globalThis;
  const failed = (thrown) => {
    let name = '', message = '';
    try {
      if (thrown instanceof InternalError) name = 'InternalError';
      const value = typeof thrown === 'object' && thrown !== null ? thrown.message : thrown;
      message = typeof value === 'string' ? value : String(value);
    } catch {
      // What was thrown may refuse to be read; what is known by then is told.
    }
    return stringify({ __proto__: null, type: 'failed', name, message });
  };
  return (module, ids, limit) => {
    const table = { __proto__: null };
    const { plugin } = module;
    if (typeof plugin !== 'object' || plugin === null) return failed('it exports no \`plugin\`');
    const { commands, filters } = plugin;
    for (const id of parse(ids)) {
      const own = commands && hasOwn(commands, id) ? commands[id] : undefined;
      const command = own === undefined && filters && hasOwn(filters, id) ? filters[id] : own;
      if (typeof command !== 'function') return failed('it has no function for the command "' + id + '" of its manifest');
      table[id] = command;
    }
    return async (message) => {
      try {
        const { command, text } = parse(message);
        const result = await table[command](text);
        if (typeof result !== 'string') return failed('The plugin returned ' + (result === null ? 'null' : typeof result) + ' in place of a text.');
        if (result.length > limit) return failed('The result is longer than ' + limit + ' characters.');
        return stringify({ __proto__: null, type: 'text', text: result });
      } catch (thrown) {
        return failed(thrown);
      }
    };
  };
})()`;

if (!parentPort) throw new Error('This is no program but a thread.');
const host = parentPort;
const [settings] = (await once(host, 'message')) as [WorkerSettings];
const guests = new Map<string, Guest>();
/** A text may be all quotes or line ends, which double in JSON. */
const replyCharacters = settings.resultCharacters * 2 + 1_000;

const memoryBytes = settings.memoryMiB * 2 ** 20;
const keptBytes = memoryBytes / 2;

class Broken extends Error {
  readonly reason: Breakage;
  constructor(reason: Breakage) {
    super(reason);
    this.reason = reason;
  }
}

host.on('message', (request: WorkerRequest) => {
  void handle(request).then((answer) => answer && host.postMessage(answer));
});

async function handle(request: WorkerRequest): Promise<WorkerAnswer | undefined> {
  const { plugin } = request;
  if (request.type === 'drop') {
    guests.delete(plugin);
    return undefined;
  }
  if (request.type === 'load') {
    const engine = await takeEngine();
    return answerOf(plugin, engine, () => load(request, engine));
  }
  const guest = guests.get(plugin);
  return guest ? answerOf(plugin, guest, () => call(request, guest)) : { type: 'broken', reason: 'trap' };
}

function answerOf(plugin: string, engine: Pick<Engine, 'memory'>, work: () => string): WorkerAnswer {
  try {
    const text = work();
    return { type: 'reply', text, kept: guests.has(plugin), full: isFull(engine) };
  } catch (thrown) {
    // Whatever surfaces here left the engine in an unknown state: it is forgotten as it is, not tidied up.
    guests.delete(plugin);
    if (thrown instanceof Broken) return { type: 'broken', reason: thrown.reason };
    return { type: 'broken', reason: isFull(engine) ? 'memory' : 'trap' };
  }
}

function takeEngine(): Promise<Engine> {
  const taken = first ?? newEngine();
  first = undefined;
  return taken;
}

async function newEngine(): Promise<Engine> {
  const memory = new webAssembly.Memory({ initial: initialPages, maximum: settings.memoryMiB * pagesPerMiB });
  const engine = await newQuickJSWASMModuleFromVariant(
    newVariant(variant, { wasmModule: settings.wasmModule, wasmMemory: memory } as CustomizeVariantOptions),
  );
  const runtime = engine.newRuntime();
  runtime.setMaxStackSize(guestStackBytes);
  const context = runtime.newContext();
  return { context, memory, attach: context.unwrapResult(context.evalCode(shim, 'potter', { strict: true })) };
}

function load(request: WorkerRequest & { type: 'load' }, { context, memory, attach }: Engine): string {
  const evaluated = context.evalCode(request.source, 'main.js', { type: 'module' });
  if (evaluated.error) return describe(context, evaluated.error);
  const module = settled(context, evaluated.value);
  if (module.error) return describe(context, module.error);
  const attached = context.callFunction(
    attach,
    context.undefined,
    module.value,
    context.newString(JSON.stringify(request.commands)),
    context.newNumber(settings.resultCharacters),
  );
  if (attached.error) return describe(context, attached.error);
  if (context.typeof(attached.value) !== 'function') return text(context, attached.value);
  attach.dispose();
  module.value.dispose();
  guests.set(request.plugin, { context, memory, call: attached.value });
  return '{"type":"text","text":""}';
}

function call(request: WorkerRequest & { type: 'call' }, guest: Guest): string {
  const { context } = guest;
  const message = context.newString(request.message);
  const returned = context.callFunction(guest.call, context.undefined, message);
  message.dispose();
  if (returned.error) throw new Broken(isFull(guest) ? 'memory' : 'trap');
  const answer = settled(context, returned.value);
  // The shim catches everything but an exhausted engine.
  if (answer.error) throw new Broken('memory');
  const reply = text(context, answer.value);
  answer.value.dispose();
  // WebAssembly memory never shrinks, and a new instance costs a few milliseconds.
  if (guest.memory.buffer.byteLength > keptBytes) guests.delete(request.plugin);
  return reply;
}

type Settled = { readonly value: QuickJSHandle; readonly error?: undefined } | { readonly error: QuickJSHandle };

/** The value of the guest's promise, once its jobs have run. Consumes the handle. */
function settled(context: QuickJSContext, promise: QuickJSHandle): Settled {
  // The guest's jobs fail into the promises that wait for them; what nobody waits for is nobody's loss.
  while (context.runtime.hasPendingJob()) context.runtime.executePendingJobs().dispose();
  const state = context.getPromiseState(promise);
  if (state.type === 'pending') throw new Broken('pending');
  if (state.type === 'fulfilled' && state.notAPromise) return { value: promise };
  promise.dispose();
  return state.type === 'fulfilled' ? { value: state.value } : { error: state.error };
}

/** A string primitive's length is no property a guest can change. */
function text(context: QuickJSContext, handle: QuickJSHandle): string {
  if (context.typeof(handle) !== 'string') throw new Broken('trap');
  const length = context.getProp(handle, 'length').consume((value) => context.getNumber(value));
  if (length > replyCharacters) throw new Broken('oversize');
  return context.getString(handle);
}

/** What was thrown while the plugin was loading, in the form of a reply. Only primitives are read: no getter runs. */
function describe(context: QuickJSContext, thrown: QuickJSHandle): string {
  const read = (key: string): string => {
    if (context.typeof(thrown) !== 'object') return '';
    const value = context.getProp(thrown, key);
    return context.typeof(value) === 'string' ? text(context, value) : '';
  };
  const isText = context.typeof(thrown) === 'string';
  return JSON.stringify({
    type: 'failed',
    name: read('name'),
    message: isText ? text(context, thrown) : read('message'),
  });
}

/** The engine grows in steps, so full means that the next step would not fit. */
const isFull = ({ memory }: Pick<Engine, 'memory'>): boolean => memory.buffer.byteLength > 0.8 * memoryBytes;

host.postMessage({ type: 'ready' } satisfies WorkerAnswer);
/** The slowest one, made before a plugin asks for it. */
let first: Promise<Engine> | undefined = newEngine();
// Who takes it is told.
first.catch(() => undefined);
