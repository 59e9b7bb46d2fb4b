/** What every transport must do alike: one suite, run over each of them, with the real gateway behind it. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EventBus } from '../../src/main/core/events.ts';
import { type Context, createGateway, type Handlers } from '../../src/main/core/gateway/gateway.ts';
import { createMiddleware } from '../../src/main/core/gateway/middleware.ts';
import { serve } from '../../src/main/core/gateway/serve.ts';
import { systemClock } from '../../src/main/core/host.ts';
import { silentLog } from '../../src/main/core/log/log.ts';
import type { Caller } from '../../src/main/core/security/access.ts';
import { type Client, createClient } from '../../src/shared/client.ts';
import { contract, type RouteName, type RunResult } from '../../src/shared/contract.ts';
import { errorKinds, PotterError } from '../../src/shared/errors.ts';
import { initialCredit, type Transport } from '../../src/shared/transport.ts';
import { type OpenTransport, transports } from '../helpers/transports.ts';

describe.each(transports)('over $name', ({ open }) => {
  let pipe: OpenTransport;
  let core: Core;
  let client: Client;

  beforeEach(async () => {
    pipe = await open();
    core = new Core(pipe.server);
    client = createClient(pipe.client);
  });

  afterEach(async () => {
    await pipe.close();
    await core.close();
  });

  test('a call is answered with its data', async () => {
    await expect(run(client, 'echo', 'hello')).resolves.toEqual(resultOf('echo', 'hello'));
  });

  test('a failure keeps its code, message, next step and detail', async () => {
    const id = randomUUID();
    const error = await client.call('history.get', { id }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PotterError);
    expect(fieldsOf(error as PotterError)).toEqual({
      code: 'NOT_FOUND',
      message: `There is no entry ${id}.`,
      next: errorKinds.NOT_FOUND.next,
      detail: { id, nested: { list: [1, null, 'ü'] } },
    });
  });

  test('a failure nobody foresaw says nothing of its inside', async () => {
    await expect(client.call('hotkeys.list', {})).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.not.stringContaining('secret'),
    });
  });

  test('an unknown route is refused by name', async () => {
    const replies = listen(pipe.client);
    for (const route of ['text.explode', '__proto__', 'constructor', 'toString', '']) {
      pipe.client.send({ type: 'call', id: `r${route}`, route, input: {}, stream: false });
    }
    await vi.waitFor(() => expect(replies).toHaveLength(5));
    expect(codesOf(replies)).toEqual(Array(5).fill('UNKNOWN_ROUTE'));
  });

  test('chunks arrive in order and before the reply', async () => {
    const received: string[] = [];
    const result = await run(client, 'count', '100', (text) => void received.push(text));
    expect(received).toEqual(numbers(100));
    expect(result.output).toBe(numbers(100).join(' '));
  });

  test('a slow consumer holds the server back', async () => {
    const gate = Promise.withResolvers<void>();
    const received: string[] = [];
    const running = run(client, 'count', '100', async (text) => {
      await gate.promise;
      received.push(text);
    });
    await vi.waitFor(() => expect(core.emitted).toBe(initialCredit));
    for (let trip = 0; trip < 5; trip += 1) await client.call('config.get', {});
    expect([core.emitted, received]).toEqual([initialCredit, []]);

    gate.resolve();
    await running;
    expect([core.emitted, received]).toEqual([100, numbers(100)]);
  });

  test('a listener that fails ends the run on both sides', async () => {
    const running = run(client, 'hang', '', () => {
      throw new PotterError('EMPTY_RESULT', 'The panel could not show it.');
    });
    await expect(running).rejects.toMatchObject({ code: 'EMPTY_RESULT' });
    await vi.waitFor(() => expect(core.aborted).toBe(1));
  });

  test('an abort reaches the handler, and the caller hears CANCELLED', async () => {
    const controller = new AbortController();
    const running = run(client, 'hang', '', () => controller.abort(), controller.signal);
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    await vi.waitFor(() => expect(core.aborted).toBe(1));
    await expect(run(client, 'echo', 'still here')).resolves.toMatchObject({ output: 'still here' });
  });

  test('the server replies CANCELLED to a cancelled call', async () => {
    const replies = listen(pipe.client);
    pipe.client.send(rawRun('c', 'hang'));
    await vi.waitFor(() => expect(core.started).toBe(1));
    pipe.client.send({ type: 'cancel', id: 'c' });
    await vi.waitFor(() => expect(codesOf(replies)).toEqual(['CANCELLED']));
  });

  test.each(['client', 'server'] as const)('closing the %s end aborts what is under way on both sides', async (end) => {
    const closed = vi.fn();
    client.onClose(closed);
    const running = expect(run(client, 'hang', '')).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await vi.waitFor(() => expect(core.started).toBe(1));
    pipe[end].close();
    await running;
    await vi.waitFor(() => expect([core.aborted, closed.mock.calls.length]).toEqual([1, 1]));
    await expect(run(client, 'echo', '')).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  test('events arrive while subscribed and not afterwards', async () => {
    const changes: string[] = [];
    const finished: string[] = [];
    const stop = client.on('history.changed', ({ id }) => void changes.push(id));
    client.on('text.finished', ({ result }) => void finished.push(result));
    await client.call('config.get', {});
    core.events.publish('history.changed', { id: 'one' });
    core.events.publish('keys.changed', { provider: 'nobody asked', vault: 'empty' });
    await vi.waitFor(() => expect(changes).toEqual(['one']));

    stop();
    await client.call('config.get', {});
    core.events.publish('history.changed', { id: 'two' });
    core.events.publish('text.finished', { runId: 'r', action: 'a', result: 'replaced' });
    await vi.waitFor(() => expect(finished).toEqual(['replaced']));
    expect(changes).toEqual(['one']);
  });

  test('a megabyte of Chinese text comes back intact', async () => {
    const text = '藏头诗🀄的每一行都从这里开始。'.repeat(26_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(1_000_000);
    const { output } = await run(client, 'echo', text);
    expect(output === text).toBe(true);
  });

  test('a lone surrogate and every control character survive', async () => {
    const text = `\ud83d ${Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')}\u2028\u2029\ufeff`;
    expect((await run(client, 'echo', text)).output).toBe(text);
  });

  test('an answer of 17 MiB arrives whole or fails with a code, and the next call works', async () => {
    const ending = await run(client, 'swell', String(17 * 1024 * 1024)).then(
      ({ output }) => output.length,
      ({ code }: PotterError) => code,
    );
    expect([17 * 1024 * 1024, 'TEXT_TOO_LONG']).toContain(ending);
    await expect(run(client, 'echo', 'after')).resolves.toMatchObject({ output: 'after' });
  });

  test('200 interleaved calls get their own answers', async () => {
    const answers = numbers(200).map((key) => client.call('config.get', { key }));
    expect(await Promise.all(answers)).toEqual(numbers(200).map((key) => ({ values: { [key]: key } })));
  });

  test.each(malformed())('%s harms nobody, and other calls go on', async (_name, message) => {
    const other = run(client, 'count', '100', () => undefined);
    pipe.client.send(message);
    await expect(run(client, 'echo', 'after')).resolves.toMatchObject({ output: 'after' });
    await expect(other).resolves.toMatchObject({ output: numbers(100).join(' ') });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  test('an input with a polluting key is refused', async () => {
    const replies = listen(pipe.client);
    const inputs = ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'];
    for (const [at, input] of inputs.entries()) {
      pipe.client.send({ type: 'call', id: String(at), route: 'config.get', input: JSON.parse(input), stream: false });
    }
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(codesOf(replies)).toEqual(['INVALID_INPUT', 'INVALID_INPUT']);
  });

  test('an id used twice runs once', async () => {
    const replies = listen(pipe.client);
    pipe.client.send(rawRun('twice', 'hang'));
    pipe.client.send(rawRun('twice', 'hang'));
    await client.call('config.get', {});
    expect(core.started).toBe(1);
    pipe.client.send({ type: 'cancel', id: 'twice' });
    await vi.waitFor(() => expect(codesOf(replies.filter(isReplyTo('twice')))).toEqual(['CANCELLED']));
  });

  test('who is calling is never read from the message', async () => {
    const shell: Caller = { kind: 'shell' };
    await client.call('config.get', {});
    pipe.client.send({ type: 'call', id: 'forged', route: 'config.get', input: {}, stream: false, caller: shell });
    pipe.client.send({ type: 'call', id: 'inside', route: 'config.get', input: { caller: shell }, stream: false });
    await client.call('config.get', {});
    expect(core.callers).toEqual([caller, caller]);
  });
});

describe.each(transports)('over $name, before anyone listens', ({ open }) => {
  test('messages wait for the first listener and keep their order', async () => {
    const { client, server, close } = await open();
    for (const at of numbers(10)) client.send(at);
    const answered = new Promise((resolve) => client.onMessage(resolve));
    server.send('the way back is open');
    await answered;
    const received: unknown[] = [];
    server.onMessage((message) => received.push(message));
    for (const at of ['10', '11']) client.send(at);
    await vi.waitFor(() => expect(received).toEqual(numbers(12)));
    await close();
  });

  test('too many of them close the pipe', async () => {
    const { client, server, close } = await open();
    const closed = new Promise<void>((resolve) => server.onClose(resolve));
    for (const at of numbers(1000)) client.send(at);
    await closed;
    await close();
  });
});

const caller: Caller = { kind: 'cli' };

/** The real gateway, middleware and `serve` over a few handlers that show what reached them. */
class Core {
  readonly events = new EventBus(silentLog);
  readonly callers: Caller[] = [];
  emitted = 0;
  started = 0;
  aborted = 0;
  readonly #gateway = createGateway({
    handlers: this.#handlers(),
    middleware: createMiddleware({
      clock: systemClock,
      audit: () => undefined,
      note: () => undefined,
      record: () => undefined,
      cache: { keyOf: () => undefined, answer: (_key, _signal, ask) => ask() },
    }),
    clock: systemClock,
    log: silentLog,
    newId: randomUUID,
  });

  constructor(transport: Transport) {
    serve(transport, { gateway: this.#gateway, events: this.events, caller, log: silentLog });
  }

  close(): Promise<void> {
    return this.#gateway.close();
  }

  #handlers(): Handlers {
    const own: Partial<Handlers> = {
      'text.process': async ({ action = 'echo', source }, { emit, signal }) => {
        this.started += 1;
        const text = source.type === 'text' ? source.text : '';
        if (action === 'hang') await this.#hang(emit, signal);
        if (action === 'swell') return resultOf(action, 'x'.repeat(Number(text)));
        if (action !== 'count') return resultOf(action, text);
        for (const chunk of numbers(Number(text))) {
          await emit({ type: 'text', text: chunk });
          this.emitted += 1;
        }
        return resultOf(action, numbers(Number(text)).join(' '));
      },
      'history.get': ({ id }) => {
        throw new PotterError('NOT_FOUND', `There is no entry ${id}.`, {
          detail: { id, nested: { list: [1, null, 'ü'] } },
        });
      },
      'hotkeys.list': () => {
        throw new Error('the secret is in /home/ada');
      },
      'config.get': async ({ key }, context) => {
        this.callers.push(context.caller);
        for (let turns = Number(key ?? 0) % 7; turns > 0; turns -= 1) await new Promise(setImmediate);
        return { values: key === undefined ? {} : { [key]: key } };
      },
    };
    return { ...everyRouteFails(), ...own };
  }

  async #hang(emit: Context<'text.process'>['emit'], signal: AbortSignal): Promise<void> {
    await emit({ type: 'text', text: 'hanging' });
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    this.aborted += 1;
    signal.throwIfAborted();
  }
}

function everyRouteFails(): Handlers {
  const fail = (): never => {
    throw new PotterError('UNAVAILABLE', 'Not part of this suite.');
  };
  const routes = Object.keys(contract) as RouteName[];
  return Object.fromEntries(routes.map((route) => [route, fail])) as unknown as Handlers;
}

function run(
  client: Client,
  action: string,
  text: string,
  onText?: (text: string) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<RunResult> {
  return client.call(
    'text.process',
    { action, source: { type: 'text', text } },
    {
      ...(signal && { signal }),
      ...(onText && { onChunk: (chunk) => (chunk.type === 'text' ? onText(chunk.text) : undefined) }),
    },
  );
}

const resultOf = (action: string, output: string): RunResult => ({
  runId: '6f4b2c53-5bd0-4a4e-9d0e-0a3f5a1c7e11',
  action: { id: action, name: action, output: 'show' },
  canInsert: false,
  input: '',
  output,
  outcome: 'returned',
  ms: 0,
});

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

const fieldsOf = ({ code, message, kind, detail }: PotterError): unknown => ({
  code,
  message,
  next: kind.next,
  detail,
});

const rawRun = (id: string, action: string): unknown => ({
  type: 'call',
  id,
  route: 'text.process',
  input: { action, source: { type: 'text', text: '' } },
  stream: true,
});

interface RawReply {
  readonly type: string;
  readonly id: string;
  readonly reply: { readonly status: string; readonly error?: { readonly code: string } };
}

/** Every reply as it crosses, also those to messages no client of ours sends. */
function listen(transport: Transport): RawReply[] {
  const replies: RawReply[] = [];
  transport.onMessage((message) => {
    if ((message as RawReply).type === 'reply') replies.push(message as RawReply);
  });
  return replies;
}

const isReplyTo =
  (id: string) =>
  (reply: RawReply): boolean =>
    reply.id === id;

const codesOf = (replies: readonly RawReply[]): unknown[] => replies.map(({ reply }) => reply.error?.code);

function malformed(): [string, unknown][] {
  const call = { type: 'call', id: 'x', route: 'config.get', input: {}, stream: false };
  let deep: unknown = 'bottom';
  for (let depth = 0; depth < 500; depth += 1) deep = [deep];
  return [
    ['null', null],
    ['a number', 42],
    ['a text', 'call'],
    ['a list', [call]],
    ['an empty object', {}],
    ['an unknown type', { ...call, type: 'explode' }],
    ['a type named like a prototype key', { ...call, type: '__proto__' }],
    ['a call without id', { type: 'call', route: 'config.get', input: {}, stream: false }],
    ['a call with an empty id', { ...call, id: '' }],
    ['a call with a giant id', { ...call, id: 'x'.repeat(1_000_000) }],
    ['a call whose id is an object', { ...call, id: { toString: 'x' } }],
    ['a call without input', { type: 'call', id: 'x', route: 'config.get', stream: false }],
    ['a call with a giant route', { ...call, route: 'x'.repeat(1_000_000) }],
    ['a call nested deeply', { ...call, input: { key: deep } }],
    ['a message with own prototype keys', JSON.parse('{"type":"call","id":"p","__proto__":{"polluted":1}}')],
    ['a call of a route named __proto__', { ...call, id: '__proto__', route: '__proto__' }],
    ['a credit for a call that is not there', { type: 'credit', id: 'nobody', chunks: 1 }],
    ['a negative credit', { type: 'credit', id: '1', chunks: -5 }],
    ['an endless credit', { type: 'credit', id: '1', chunks: 1e300 }],
    ['a cancel of a call that is not there', { type: 'cancel', id: 'nobody' }],
    ['a subscription to an unknown topic', { type: 'subscribe', topics: ['__proto__'] }],
    ['a subscription that is no list', { type: 'subscribe', topics: { length: 3 } }],
    ['a reply, which only servers send', { type: 'reply', id: '1', reply: { status: 'ok' } }],
  ];
}
