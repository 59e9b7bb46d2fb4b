import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Guest, Sandbox, type SandboxLimits } from '../../../../src/main/core/plugins/sandbox.ts';
import { PotterError } from '../../../../src/shared/errors.ts';

const opened: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((sandbox) => sandbox.stop()));
});

function open(limits: Partial<SandboxLimits> = {}): Sandbox {
  const sandbox = new Sandbox(limits);
  opened.push(sandbox);
  return sandbox;
}

const guest = (id: string, source: string): Guest => ({ id, commands: ['run'], source: () => Promise.resolve(source) });
/** A guest whose one command has this body; `text` is its argument. */
const command = (id: string, body: string, before = ''): Guest =>
  guest(id, `${before}\nexport const plugin = { commands: { run: (text) => { ${body} } } };`);

let lastId = 0;
const freshId = (): string => `evil-${++lastId}`;

const never = new AbortController().signal;
const outcome = async (running: Promise<string>): Promise<string> => {
  try {
    return `text: ${await running}`;
  } catch (thrown) {
    if (!(thrown instanceof PotterError)) throw thrown;
    return `${thrown.code}: ${thrown.message}`;
  }
};

const neighbour = command('neighbour', 'return text.toUpperCase();');
const oneThread = { workers: 1 };
/** Short, so that a guest that never ends is soon over; no honest guest here needs a tenth of it. */
const impatient = { activateMs: 1_500, commandMs: 1_500 };

describe('an honest guest', () => {
  it('returns its text', async () => {
    expect(await open().run(neighbour, 'run', 'é中😀\ud800\0', never)).toBe('É中😀\ud800\0');
  });

  it('may be asynchronous', async () => {
    const guestAsync = command('async', 'return Promise.resolve(text).then(async (t) => (await t) + "!");');
    expect(await open().run(guestAsync, 'run', 'a', never)).toBe('a!');
  });

  it('keeps its state between calls, as proof that the instance is kept', async () => {
    const sandbox = open();
    const counter = command('counter', 'return String(++calls);', 'let calls = 0;');
    expect(await sandbox.run(counter, 'run', '', never)).toBe('1');
    expect(await sandbox.run(counter, 'run', '', never)).toBe('2');
  });

  it('answers calls made at the same time, each with its own result', async () => {
    const sandbox = open();
    const guests = ['a', 'b', 'c', 'd'].map((id) => command(id, `return '${id}' + text;`));
    const calls = guests.flatMap((each) => ['1', '2', '3'].map((text) => sandbox.run(each, 'run', text, never)));
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd'].flatMap((id) => [`${id}1`, `${id}2`, `${id}3`]));
  });

  it('finds the language and nothing else', async () => {
    const names = command(
      'names',
      'const known = text.split(" "); return Reflect.ownKeys(globalThis).filter((key) => !known.includes(String(key))).map(String).join();',
    );
    const host = Object.getOwnPropertyNames(globalThis).join(' ');
    // `InternalError` is QuickJS's own; the symbol names the global object. Everything else is part of ECMAScript.
    expect(await open().run(names, 'run', host, never)).toBe('InternalError,Symbol(Symbol.toStringTag)');
    const absent = command(
      'absent',
      'return ["console", "setTimeout", "fetch", "process", "require", "WebAssembly", "Worker", "std", "os", "scriptArgs", "print", "performance"].filter((name) => name in globalThis).join();',
    );
    expect(await open().run(absent, 'run', '', never)).toBe('');
  });
});

/** Each guest tries to reach the host; what it reports shows what it reached. */
const escapes: readonly (readonly [title: string, body: string, expected: string])[] = [
  [
    'the constructor chain',
    'return typeof ({}).constructor.constructor("return globalThis.process")();',
    'text: undefined',
  ],
  [
    'the constructors of async and generator functions',
    'return [async function () {}, function* () {}, async function* () {}].map((f) => { try { return typeof f.constructor("return process")().next } catch (e) { return e.name } }).join();',
    'text: undefined,function,function',
  ],
  [
    'a static import of a Node module',
    'return "imported";',
    'PLUGIN_INVALID: Plugin "evil" cannot start (main.js): could not load module \'node:fs\'',
  ],
  [
    'dynamic imports',
    'return Promise.all(["node:fs", "fs", "file:///etc/passwd", "http://127.0.0.1/", "data:text/javascript,export default 1", "potter"].map((name) => import(name).then(() => "in", () => "out"))).then(String);',
    'text: out,out,out,out,out,out',
  ],
  [
    'its caller',
    'return String((function () { try { return arguments.callee.caller } catch (e) { return e.name } })());',
    'text: TypeError',
  ],
  [
    'host paths in a stack',
    'return /node_modules|sandbox|file:/.test(new Error("x").stack) ? "seen" : "none";',
    'text: none',
  ],
  [
    'a host class in its argument',
    'return [typeof text, text.__proto__.constructor.constructor("return process.version")()].join();',
    "PLUGIN_FAILED: 'process' is not defined",
  ],
  [
    'a thenable as result',
    'return { then(resolve) { resolve({ toString: () => "x" }) } };',
    'PLUGIN_FAILED: The plugin returned object in place of a text.',
  ],
  [
    'a thenable that calls back twice',
    'return { then(resolve, reject) { resolve("one"); resolve("two"); reject(1) } };',
    'text: one',
  ],
  ['a getter that throws as result', 'return { get then() { throw new Error("getter") } };', 'PLUGIN_FAILED: getter'],
  [
    'toJSON on every object',
    'Object.prototype.toJSON = () => ({ type: "text", text: "forged" }); return { toJSON: () => "x" };',
    'PLUGIN_FAILED: The plugin returned object in place of a text.',
  ],
  ['a String object', 'return new String("x");', 'PLUGIN_FAILED: The plugin returned object in place of a text.'],
  [
    'a Proxy',
    'return new Proxy({}, { get: (_, key) => key === "then" ? undefined : "x" });',
    'PLUGIN_FAILED: The plugin returned object in place of a text.',
  ],
  ['nothing', 'return;', 'PLUGIN_FAILED: The plugin returned undefined in place of a text.'],
  ['null', 'return null;', 'PLUGIN_FAILED: The plugin returned null in place of a text.'],
  ['a tampered Promise', 'Promise.prototype.then = function () { return "forged" }; return "x";', 'text: x'],
  [
    'tampered intrinsics',
    'JSON.stringify = JSON.parse = () => { throw 1 }; String.prototype.toString = () => "forged"; Object.hasOwn = () => true; return "x";',
    'text: x',
  ],
  [
    'a setter for what the bridge writes',
    'Object.defineProperty(Object.prototype, "text", { set() { throw 1 }, get: () => "forged" }); return "x";',
    'text: x',
  ],
  [
    'another __proto__ for the global',
    'Object.setPrototypeOf(globalThis, new Proxy({}, { get: () => "forged", has: () => true })); return "x";',
    'text: x',
  ],
  ['throwing undefined', 'throw undefined;', 'PLUGIN_FAILED: undefined'],
  ['throwing a symbol', 'throw Symbol("s");', 'PLUGIN_FAILED: Symbol(s)'],
  ['throwing an object without a prototype', 'throw Object.create(null);', 'PLUGIN_FAILED: undefined'],
  [
    'throwing a getter that throws',
    'throw { get message() { throw 1 } };',
    'PLUGIN_FAILED: Plugin "evil" failed without saying why.',
  ],
  [
    'throwing a Proxy',
    'throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 1 } });',
    'PLUGIN_FAILED: Plugin "evil" failed without saying why.',
  ],
  [
    'throwing an error with a hostile cause',
    'throw new Error("plain", { cause: { get message() { throw 1 } } });',
    'PLUGIN_FAILED: plain',
  ],
  [
    'terminal codes and hidden characters in a message',
    'throw new Error("a\\u001b[31mb\\u202ec\\u200bd\\n\\u0000e");',
    'PLUGIN_FAILED: a[31mbcd e',
  ],
  ['a message without end', 'throw new Error("x".repeat(100000));', `PLUGIN_FAILED: ${'x'.repeat(499)}…`],
  ['a rejection storm', 'for (let i = 0; i < 10000; i++) Promise.reject(new Error("nobody")); return "x";', 'text: x'],
  ['WebAssembly', 'return typeof WebAssembly;', 'text: undefined'],
  [
    'blocking with Atomics',
    'Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0); return "waited";',
    "PLUGIN_FAILED: 'Atomics' is not defined",
  ],
];

describe('a guest that tries to get out', () => {
  const sandbox = new Sandbox(impatient);
  afterAll(() => sandbox.stop());

  it.each(escapes)('by %s reaches nothing', async (title, body, expected) => {
    const before = title === 'a static import of a Node module' ? 'import fs from "node:fs";' : '';
    const id = freshId();
    const result = await outcome(sandbox.run(command(id, body, before), 'run', 'x', never));
    expect(result.replace(id, 'evil')).toBe(expected);
    expect(await sandbox.run(neighbour, 'run', 'a', never)).toBe('A');
  });

  it('is seen when it does reach something, as the control', async () => {
    const planted = command('planted', escapes[0]?.[1] ?? '', 'globalThis.process = {};');
    expect(await outcome(sandbox.run(planted, 'run', '', never))).toBe('text: object');
  });

  it('cannot touch another guest or its next self through the globals', async () => {
    const sandbox = open(oneThread);
    const evil = command('evil', 'String.prototype.toUpperCase = () => "forged"; return "x";');
    expect(await sandbox.run(neighbour, 'run', 'a', never)).toBe('A');
    expect(await sandbox.run(evil, 'run', '', never)).toBe('x');
    expect(await sandbox.run(neighbour, 'run', 'a', never)).toBe('A');
  });

  it('cannot swap its command between calls for one the manifest check has not seen', async () => {
    const swapping = command('swapping', 'plugin.commands.run = () => ({}); delete plugin.commands; return "same";');
    const sandbox = open();
    expect(await outcome(sandbox.run(swapping, 'run', '', never))).toMatch(/^text: same|^PLUGIN_FAILED/);
    expect(await outcome(sandbox.run(swapping, 'run', '', never))).toMatch(/^text: same|^PLUGIN_FAILED/);
  });
});

const bombs: readonly (readonly [title: string, body: string, codes: readonly string[]])[] = [
  ['arrays', 'const a = []; for (;;) a.push(new Array(10000).fill(1));', ['PLUGIN_MEMORY']],
  ['strings', 'let s = "x"; const a = []; for (;;) a.push((s += s) + a.length);', ['PLUGIN_MEMORY', 'PLUGIN_FAILED']],
  ['distinct strings', 'const a = []; for (let i = 0; ; i++) a.push(String(i).repeat(1000));', ['PLUGIN_MEMORY']],
  ['typed arrays', 'const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1));', ['PLUGIN_MEMORY']],
  ['one huge typed array', 'return String(new Uint8Array(2 ** 31 - 1).length);', ['PLUGIN_MEMORY', 'PLUGIN_FAILED']],
  ['a growing map', 'const m = new Map(); for (let i = 0; ; i++) m.set(i, {});', ['PLUGIN_MEMORY']],
  ['closures', 'let f = () => 0; for (;;) { const g = f; f = () => g; }', ['PLUGIN_MEMORY']],
  ['a BigInt power', 'return String(2n ** (2n ** 30n)).slice(0, 1);', ['PLUGIN_MEMORY', 'PLUGIN_FAILED']],
  [
    'promises',
    'const more = () => Promise.all([more0(), more0()]); const more0 = () => Promise.resolve().then(more); return more();',
    ['PLUGIN_MEMORY', 'PLUGIN_TIMEOUT'],
  ],
  [
    'swallowing the error and going on',
    'const a = []; for (;;) { try { a.push(new Array(10000).fill(1)); } catch {} }',
    ['PLUGIN_TIMEOUT', 'PLUGIN_MEMORY'],
  ],
  ['deep recursion', 'const f = () => f() + 1; return f();', ['PLUGIN_FAILED']],
  ['recursion through a toString', 'const o = { toString() { return "" + this } }; return "" + o;', ['PLUGIN_FAILED']],
  [
    'a chain of bound functions',
    'let f = () => "x"; for (let i = 0; i < 1e5; i++) f = f.bind(null); return f();',
    ['PLUGIN_FAILED', 'PLUGIN_MEMORY', 'text'],
  ],
  [
    'a chain of Proxies',
    'let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return String(p.x);',
    ['PLUGIN_FAILED', 'PLUGIN_MEMORY', 'text'],
  ],
  [
    'deeply nested JSON',
    'return JSON.stringify(JSON.parse("[".repeat(400000) + "]".repeat(400000)));',
    ['PLUGIN_FAILED', 'PLUGIN_MEMORY'],
  ],
  [
    'deeply nested source',
    'return String(eval("(".repeat(200000) + ")".repeat(200000)));',
    ['PLUGIN_FAILED', 'PLUGIN_MEMORY'],
  ],
  [
    'a deep regular expression',
    'return String(new RegExp("(".repeat(100000) + ")".repeat(100000)).test(""));',
    ['PLUGIN_FAILED', 'PLUGIN_MEMORY', 'text'],
  ],
  [
    'a regex bomb',
    'return String(/^(a+)+$/.test("a".repeat(60) + "b"));',
    ['PLUGIN_TIMEOUT', 'PLUGIN_FAILED', 'PLUGIN_MEMORY'],
  ],
  [
    'a regex bomb with a back reference',
    'return String(/^(.*)*\\1x$/.test("a".repeat(60)));',
    ['PLUGIN_TIMEOUT', 'PLUGIN_FAILED', 'PLUGIN_MEMORY'],
  ],
  ['an endless loop', 'while (true);', ['PLUGIN_TIMEOUT']],
  ['an endless loop in finally', 'for (;;) { try { for (;;); } finally { continue; } }', ['PLUGIN_TIMEOUT']],
  ['an endless generator', 'function* g() { for (;;) yield 1; } for (const _ of g());', ['PLUGIN_TIMEOUT']],
  ['endless microtasks', '(async () => { for (;;) await null; })(); return "x";', ['PLUGIN_TIMEOUT']],
  [
    'a native loop',
    'return String(new Array(2 ** 32 - 1).indexOf(1)).concat(String(Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)));',
    ['PLUGIN_TIMEOUT'],
  ],
  ['a promise that never settles', 'return new Promise(() => {});', ['PLUGIN_FAILED']],
  ['a result beyond the limit', 'return "x".repeat(4000001);', ['PLUGIN_FAILED']],
  ['a result that grows when quoted', 'return "\\u0001".repeat(4000000);', ['PLUGIN_FAILED', 'PLUGIN_MEMORY']],
];

describe('a guest that takes what it can', () => {
  const hasty = new Sandbox(impatient);
  const patient = new Sandbox();
  afterAll(() => Promise.all([hasty.stop(), patient.stop()]));

  it.each(bombs)('%s: is stopped, and the others work on', async (_title, body, codes) => {
    // Only where time is what stops it: a busy machine may need seconds to fill the memory.
    const shared = codes.includes('PLUGIN_TIMEOUT') ? hasty : patient;
    const running = outcome(shared.run(command(freshId(), body), 'run', 'x', never));
    // Asked while the hostile call is under way.
    expect(await shared.run(neighbour, 'run', 'a', never)).toBe('A');
    expect(codes).toContain((await running).split(':')[0]);
    expect(await shared.run(neighbour, 'run', 'b', never)).toBe('B');
  });

  it('still gives the longest result allowed, as the control', async () => {
    expect(await open().run(command('long', 'return "x".repeat(4000000);'), 'run', '', never)).toHaveLength(4_000_000);
  });

  it('still gives memory below the limit, as the control', async () => {
    expect(
      await open().run(command('large', 'return String(new Uint8Array(40 << 20).fill(1).length);'), 'run', '', never),
    ).toBe(String(40 * 2 ** 20));
  });

  it('is stopped while it starts', async () => {
    const sandbox = open(impatient);
    const spinning = guest('spinning', 'for (;;);');
    const waiting = guest('waiting', 'await new Promise(() => {}); export const plugin = {};');
    const greedy = guest('greedy', 'const a = []; for (;;) a.push(new Array(10000).fill(1));');
    expect(await outcome(sandbox.run(spinning, 'run', '', never))).toBe(
      'PLUGIN_TIMEOUT: Plugin "spinning" did not finish its start within 1.5 s.',
    );
    expect(await outcome(sandbox.run(waiting, 'run', '', never))).toBe(
      'PLUGIN_FAILED: Plugin "waiting" waits in its start for something that never comes.',
    );
    expect(await outcome(open({ activateMs: 20_000 }).run(greedy, 'run', '', never))).toBe(
      'PLUGIN_MEMORY: Plugin "greedy" needed more than 64 MiB for its start.',
    );
    expect(await sandbox.run(neighbour, 'run', 'a', never)).toBe('A');
  });

  it('loses only its own state when its thread is ended; the neighbours are rebuilt unnoticed', async () => {
    const sandbox = open({ ...impatient, ...oneThread });
    const evil = command('evil', 'if (text) for (;;); return "ok";');
    expect(await sandbox.run(neighbour, 'run', 'a', never)).toBe('A');
    const calls = [sandbox.run(evil, 'run', 'x', never), sandbox.run(neighbour, 'run', 'b', never)].map(outcome);
    expect(await Promise.all(calls)).toEqual([
      'PLUGIN_TIMEOUT: Plugin "evil" did not finish "run" within 1.5 s.',
      'text: B',
    ]);
    expect(await sandbox.run(evil, 'run', '', never)).toBe('ok');
  });

  it('is a new instance after it ran out of memory', async () => {
    const sandbox = open(oneThread);
    const hoarder = command(
      'hoarder',
      'if (!text) return String(kept.length); for (;;) kept.push(new Array(10000).fill(1));',
      'const kept = [];',
    );
    expect(await outcome(sandbox.run(hoarder, 'run', 'x', never))).toMatch(/^PLUGIN_MEMORY/);
    expect(await sandbox.run(hoarder, 'run', '', never)).toBe('0');
  });
});

describe('a guest that cannot start', () => {
  it.each([
    ['has a syntax error', 'export const plugin = {', /^PLUGIN_INVALID: Plugin "bad" cannot start \(main.js\): .+/],
    ['throws', 'throw new Error("no");', /: no$/],
    ['exports no plugin', 'export const other = 1;', /it exports no `plugin`$/],
    ['lacks a command of its manifest', 'export const plugin = { commands: {} };', /no function for the command "run"/],
    [
      'inherits the command only',
      'export const plugin = { commands: { __proto__: { run: () => "x" } } };',
      /no function for the command "run"/,
    ],
    ['has a getter that throws', 'export const plugin = { get commands() { throw new Error("trap") } };', /: trap$/],
  ])('%s', async (_title, source, message) => {
    const sandbox = open();
    const result = await outcome(sandbox.run(guest('bad', source), 'run', '', never));
    expect(result).toMatch(/^PLUGIN_INVALID: /);
    expect(result).toMatch(message);
    expect(await sandbox.run(neighbour, 'run', 'a', never)).toBe('A');
  });
});

describe('the sandbox', () => {
  it('cancels a running call at once and a waiting one without running it', async () => {
    const sandbox = open(oneThread);
    const first = new AbortController();
    const second = new AbortController();
    const spinning = outcome(sandbox.run(command('spin', 'for (;;);'), 'run', '', first.signal));
    const waiting = outcome(sandbox.run(neighbour, 'run', 'a', second.signal));
    second.abort();
    expect(await waiting).toBe('CANCELLED: The run was cancelled.');
    first.abort();
    expect(await spinning).toBe('CANCELLED: The run was cancelled.');
    expect(await outcome(sandbox.run(neighbour, 'run', 'a', first.signal))).toBe('CANCELLED: The run was cancelled.');
    expect(await sandbox.run(neighbour, 'run', 'a', never)).toBe('A');
  });

  it('refuses a longer text, and more calls of one plugin than may wait', async () => {
    const sandbox = open({ textCharacters: 10, pendingCalls: 2 });
    expect(await outcome(sandbox.run(neighbour, 'run', 'x'.repeat(11), never))).toBe(
      'TEXT_TOO_LONG: The text has 11 characters; a plugin takes at most 10.',
    );
    const calls = ['a', 'b', 'c'].map((text) => outcome(sandbox.run(neighbour, 'run', text, never)));
    expect(await Promise.all(calls)).toEqual([
      'text: A',
      'text: B',
      'RATE_LIMITED: Plugin "neighbour" already has 2 calls waiting.',
    ]);
  });

  it('lets one plugin occupy one thread only', async () => {
    const sandbox = open();
    const spin = command('spin', 'for (;;);');
    const stop = new AbortController();
    const calls = [1, 2, 3].map(() => outcome(sandbox.run(spin, 'run', '', stop.signal)));
    expect(await sandbox.run(neighbour, 'run', 'a', never)).toBe('A');
    stop.abort();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['CANCELLED: The run was cancelled.']));
  });

  it('drops the instance unused for longest', async () => {
    const sandbox = open({ ...oneThread, instancesPerWorker: 2 });
    const counters = ['a', 'b', 'c'].map((id) => command(id, 'return String(++calls);', 'let calls = 0;'));
    const results: string[] = [];
    for (const index of [0, 1, 0, 2, 0, 1]) results.push(await sandbox.run(counters[index] as Guest, 'run', '', never));
    expect(results).toEqual(['1', '1', '2', '1', '3', '1']);
  });

  it('drops every instance when idle', async () => {
    const sandbox = open({ idleMs: 0 });
    const counter = command('counter', 'return String(++calls);', 'let calls = 0;');
    expect(await sandbox.run(counter, 'run', '', never)).toBe('1');
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await sandbox.run(counter, 'run', '', never)).toBe('1');
  });

  it('ends what runs when it is stopped, and takes nothing more', async () => {
    const sandbox = open();
    const running = outcome(sandbox.run(command('spin', 'for (;;);'), 'run', '', never));
    await sandbox.run(neighbour, 'run', 'a', never);
    await sandbox.stop();
    expect(await running).toBe('CANCELLED: The run was cancelled.');
    expect(await outcome(sandbox.run(neighbour, 'run', 'a', never))).toBe(
      'UNAVAILABLE: The plugins have been stopped.',
    );
  });

  it('stops while its first thread is starting', async () => {
    const sandbox = open();
    const running = outcome(sandbox.run(neighbour, 'run', 'a', never));
    await sandbox.stop();
    expect(await running).toBe('CANCELLED: The run was cancelled.');
  });

  it('loads and drops a hundred instances one after another', async () => {
    const sandbox = open({ ...oneThread, instancesPerWorker: 1 });
    for (let cycle = 0; cycle < 100; cycle++) {
      expect(await sandbox.run(command(`plugin-${cycle}`, 'return text + 1;'), 'run', String(cycle), never)).toBe(
        `${cycle}1`,
      );
    }
  });

  it('replaces a thread twenty times one after another', async () => {
    const sandbox = open({ ...oneThread, commandMs: 20 });
    const spin = command('spin', 'for (;;);');
    for (let cycle = 0; cycle < 20; cycle++) {
      expect(await outcome(sandbox.run(spin, 'run', '', never))).toMatch(/^PLUGIN_TIMEOUT/);
    }
  });
});
