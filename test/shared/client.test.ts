/** The client's own corners, against a hand-driven server end. What needs a core is in test/contract. */
import { describe, expect, test, vi } from 'vitest';
import { type Client, createClient } from '../../src/shared/client.ts';
import { PotterError } from '../../src/shared/errors.ts';
import { type ClientMessage, createMemoryPair, type Reply, type Transport } from '../../src/shared/transport.ts';

const metadata = { callId: 'c', ms: 0, cached: false };
const hello = { source: { type: 'text' as const, text: 'hello' } };

describe('a call', () => {
  test('fails at once after the pipe has closed, and sends nothing', async () => {
    const { client, server, sent } = connect();
    server.close();
    await vi.waitFor(() => expect(client.call('system.info', {})).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' }));
    expect(sent).toEqual([]);
  });

  test('with a signal that was aborted before sends nothing', async () => {
    const { client, sent } = connect();
    const call = client.call('system.info', {}, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    await turn();
    expect(sent).toEqual([]);
  });

  test('whose input cannot cross fails, and the next one works', async () => {
    const { client, server, sent } = connect();
    const unsendable = { key: (() => 'no data') as unknown as string };
    await expect(client.call('config.get', unsendable)).rejects.toMatchObject({ code: 'INTERNAL' });
    const next = client.call('config.get', {});
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    server.send({ type: 'reply', id: idOf(sent[0]), reply: { status: 'ok', data: { values: {} }, metadata } });
    await expect(next).resolves.toEqual({ values: {} });
  });

  test('aborted after its reply stays answered', async () => {
    const { client, server, sent } = connect();
    const controller = new AbortController();
    const call = client.call('config.get', {}, { signal: controller.signal });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    server.send({ type: 'reply', id: idOf(sent[0]), reply: { status: 'ok', data: { values: {} }, metadata } });
    await expect(call).resolves.toEqual({ values: {} });
    controller.abort();
    await turn();
    expect(sent.map(({ type }) => type)).toEqual(['call']);
  });

  test('whose reply arrived keeps it although the pipe closes before the last chunk is consumed', async () => {
    const { client, server, sent } = connect();
    const gate = Promise.withResolvers<void>();
    const call = client.call('text.process', hello, { onChunk: () => gate.promise });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    server.send({ type: 'chunk', id: idOf(sent[0]), chunk: { type: 'text', text: 'h' } });
    server.send({ type: 'reply', id: idOf(sent[0]), reply: { status: 'ok', data: 'done', metadata } });
    server.close();
    await turn();
    gate.resolve();
    await expect(call).resolves.toBe('done');
  });

  test('whose listener fails cancels once, and the later chunks reach nobody', async () => {
    const { client, server, sent } = connect();
    const onChunk = vi.fn(() => Promise.reject(new PotterError('EMPTY_RESULT', 'no')));
    const call = expect(client.call('text.process', hello, { onChunk })).rejects.toMatchObject({
      code: 'EMPTY_RESULT',
    });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    for (const text of ['a', 'b', 'c'])
      server.send({ type: 'chunk', id: idOf(sent[0]), chunk: { type: 'text', text } });
    await call;
    await turn();
    expect([onChunk.mock.calls.length, sent.map(({ type }) => type)]).toEqual([1, ['call', 'cancel']]);
  });

  test('grants credit only for what was consumed', async () => {
    const { client, server, sent } = connect();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let seen = 0;
    const call = client.call('text.process', hello, { onChunk: () => gates[seen++]?.promise });
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    for (const text of ['a', 'b']) server.send({ type: 'chunk', id: idOf(sent[0]), chunk: { type: 'text', text } });
    gates[0]?.resolve();
    await vi.waitFor(() => expect(seen).toBe(2));
    await turn();
    expect(sent.map(({ type }) => type)).toEqual(['call', 'credit']);
    gates[1]?.resolve();
    server.send({ type: 'reply', id: idOf(sent[0]), reply: { status: 'ok', data: 'done', metadata } });
    await expect(call).resolves.toBe('done');
    expect(sent.map(({ type }) => type)).toEqual(['call', 'credit', 'credit']);
  });

  test('that failed with a code of a newer version is INTERNAL with the message it came with', async () => {
    const { client, server, sent } = connect();
    const call = client.call('system.info', {});
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    const error = { code: 'FROM_THE_FUTURE', message: 'New.', next: 'Update.' };
    server.send({ type: 'reply', id: idOf(sent[0]), reply: { status: 'error', error, metadata } });
    await expect(call).rejects.toMatchObject({ code: 'INTERNAL', message: 'New.' });
  });

  test('is not settled by a reply to another id or by a second reply', async () => {
    const { client, server, sent } = connect();
    const call = client.call('config.get', {});
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    const reply = (id: string, key: string): void =>
      server.send({ type: 'reply', id, reply: { status: 'ok', data: { values: { key } }, metadata } });
    reply('999', 'stranger');
    reply(idOf(sent[0]), 'first');
    reply(idOf(sent[0]), 'second');
    await expect(call).resolves.toEqual({ values: { key: 'first' } });
  });
});

describe('a subscription', () => {
  test('is sent only when the topics change', async () => {
    const { client, sent } = connect();
    const stops = [
      client.on('history.changed', () => undefined),
      client.on('history.changed', () => undefined),
      client.on('config.changed', () => undefined),
    ];
    for (const stop of stops) stop();
    await turn();
    const history = 'history.changed';
    expect(sent).toEqual(
      [[history], [history, 'config.changed'], ['config.changed'], []].map((topics) => ({ type: 'subscribe', topics })),
    );
  });

  test('made twice with one listener ends once for each stop', async () => {
    const { client, server } = connect();
    const listener = vi.fn();
    const [first, second] = [client.on('history.changed', listener), client.on('history.changed', listener)];
    const publish = async (): Promise<void> => {
      server.send({ type: 'event', topic: 'history.changed', payload: { id: 'all' } });
      await turn();
    };
    await publish();
    expect(listener).toHaveBeenCalledTimes(2);
    first();
    await publish();
    expect(listener).toHaveBeenCalledTimes(3);
    second();
    await publish();
    expect(listener).toHaveBeenCalledTimes(3);
  });

  test('stopped twice leaves a later one alone', async () => {
    const { client, server } = connect();
    const stop = client.on('history.changed', () => undefined);
    stop();
    const later = vi.fn();
    client.on('history.changed', later);
    stop();
    server.send({ type: 'event', topic: 'history.changed', payload: { id: 'all' } });
    await turn();
    expect(later).toHaveBeenCalledOnce();
  });
});

describe('a failed call', () => {
  test.each([
    ['the id of the call', 'call-7', 'call-7'],
    ['no id where the server had none', '', undefined],
  ])('carries %s', async (_name, callId, expected) => {
    const { client, server, sent } = connect();
    const failed = client.call('system.info', {}).catch((thrown: unknown) => thrown);
    await turn();
    const error = { code: 'INTERNAL', message: 'Something went wrong inside Potter.', next: '' } as const;
    const reply: Reply = { status: 'error', error, metadata: { callId, ms: 1, cached: false } };
    server.send({ type: 'reply', id: idOf(sent[0]), reply });
    expect(await failed).toMatchObject({ code: 'INTERNAL' });
    expect(((await failed) as PotterError).callId).toBe(expected);
  });
});

describe('a memory pair', () => {
  test('delivers what was sent before the close, and nothing after it', async () => {
    const [left, right] = createMemoryPair();
    const received: unknown[] = [];
    right.onMessage((message) => received.push(message));
    left.send('before');
    left.close();
    left.send('after');
    await turn();
    expect(received).toEqual(['before']);
  });

  test('tells each listener of the end once, also one that comes late, and not one that left', async () => {
    const [left, right] = createMemoryPair();
    const [early, late, gone] = [vi.fn(), vi.fn(), vi.fn()];
    right.onClose(early);
    left.close();
    left.close();
    await turn();
    right.onClose(late);
    right.onClose(gone)();
    await turn();
    expect([early, late, gone].map((listener) => listener.mock.calls.length)).toEqual([1, 1, 0]);
  });

  test('hands over copies', async () => {
    const [left, right] = createMemoryPair();
    const received: unknown[] = [];
    right.onMessage((message) => received.push(message));
    const message = { list: [1] };
    left.send(message);
    message.list.push(2);
    await turn();
    expect(received).toEqual([{ list: [1] }]);
  });
});

function connect(): { client: Client; server: Transport; sent: ClientMessage[] } {
  const [end, server] = createMemoryPair();
  const sent: ClientMessage[] = [];
  server.onMessage((message) => sent.push(message as ClientMessage));
  return { client: createClient(end), server, sent };
}

const idOf = (message: ClientMessage | undefined): string => (message && 'id' in message ? message.id : 'none');

/** Lets every microtask run that is due. */
const turn = (): Promise<void> => new Promise(setImmediate);
