import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Log } from '../../../src/main/core/log/log.ts';
import { silentLog } from '../../../src/main/core/log/log.ts';
import { connectSocket, listenSocket, type SocketServer } from '../../../src/main/net/socket.ts';
import { limits } from '../../../src/main/net/wire.ts';
import type { Transport } from '../../../src/shared/transport.ts';

const mebibyte = 1024 * 1024;

let directory: string;
let path: string;
let servers: SocketServer[];
let rawClients: Socket[];
let warnings: string[];
const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'potter-net-'));
  path = join(directory, 'potter.sock');
  servers = [];
  rawClients = [];
  warnings = [];
});

afterEach(async () => {
  for (const socket of rawClients) socket.destroy();
  await Promise.all(servers.map((server) => server.close()));
  await rm(directory, { recursive: true });
});

test('only this user may connect, and nothing else is left beside the socket', async () => {
  await echo();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(['potter.sock']);
});

test('a missing socket, a dead one and a plain file are all nobody', async () => {
  expect(await connectSocket(path)).toBeUndefined();
  expect(await connectSocket(join(path, 'below'))).toBeUndefined();
  await leaveDeadSocket();
  expect(await connectSocket(path)).toBeUndefined();
  await rm(path);
  await writeFile(path, '');
  expect(await connectSocket(path)).toBeUndefined();
});

test('the file of a dead owner is replaced', async () => {
  await leaveDeadSocket();
  await echo();
  expect(await ask(await client(), 'hello')).toBe('hello');
});

test.runIf(process.platform === 'linux')('a path longer than a socket address works', async () => {
  const deep = join(directory, 'x'.repeat(120));
  await mkdir(deep);
  path = join(deep, 'potter.sock');
  await echo();
  expect(await ask(await client(), 'hello')).toBe('hello');
  await servers.pop()?.close();
  expect(await readdir(deep)).toEqual([]);
});

test('a folder that does not exist is named', async () => {
  path = join(directory, 'missing', 'potter.sock');
  await expect(echo()).rejects.toMatchObject({ code: 'STORAGE', message: expect.stringContaining(path) });
});

test('an aborted connection attempt fails with the abort', async () => {
  await echo();
  await expect(connectSocket(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});

test('a character cut by the border of two chunks stays whole', async () => {
  const received = await echo();
  const raw = await rawClient();
  const line = Buffer.from(`${JSON.stringify('藏🀄ü')}\n`);
  for (const byte of line) await write(raw, Buffer.of(byte));
  await vi.waitFor(() => expect(received).toEqual(['藏🀄ü']));
});

test('several messages in one chunk all arrive, in order', async () => {
  const received = await echo();
  const raw = await rawClient();
  await write(raw, '1\n"two"\n{"three":[3]}\n');
  await vi.waitFor(() => expect(received).toEqual([1, 'two', { three: [3] }]));
});

test.each([
  ['half a message', '{"type":\n'],
  ['an empty line', '\n'],
  ['a line that is not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a])],
  ['a request of another protocol', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
])('%s ends that connection with a log entry, and no other', async (_name, bytes) => {
  const received = await echo();
  const other = await client();
  const raw = await rawClient();
  const closed = closeOf(raw);
  await write(raw, '"good"\n');
  await vi.waitFor(() => expect(received).toEqual(['good']));
  await write(raw, bytes);
  await closed;
  expect(warnings).toEqual(['a local message is not a line of JSON']);
  expect(await ask(other, 'still here')).toBe('still here');
});

test('a message of just under 16 MiB passes, a longer line ends the connection', async () => {
  const received = await echo();
  const raw = await rawClient();
  raw.resume();
  const fits = 'x'.repeat(limits.messageBytes - 2);
  await write(raw, `"${fits}"\n`);
  await vi.waitFor(() => expect(received.map((text) => String(text).length)).toEqual([fits.length]));

  const closed = closeOf(raw);
  raw.write('x'.repeat(limits.messageBytes + 1));
  await closed;
  expect(warnings).toEqual(['a local message is too large']);
});

test('a message too large to send is refused with a sentence, and the pipe stays open', async () => {
  await echo();
  const transport = await client();
  expect(() => transport.send('x'.repeat(limits.messageBytes))).toThrow(
    expect.objectContaining({ code: 'TEXT_TOO_LONG', message: expect.stringContaining('16777218') }),
  );
  expect(await ask(transport, 'hello')).toBe('hello');
});

test('nothing more is read from a client that does not read its replies', async () => {
  const received: unknown[] = [];
  const accepted = Promise.withResolvers<Transport>();
  await serve((transport) => {
    transport.onMessage((message) => received.push(message));
    accepted.resolve(transport);
  });
  const raw = await rawClient();
  raw.pause();
  const server = await accepted.promise;
  for (let sent = 0; sent < 8; sent += 1) server.send('x'.repeat(mebibyte));
  await write(raw, '"later"\n');
  const probe = await rawClient();
  for (let trip = 0; trip < 5; trip += 1) {
    await write(probe, `"probe ${trip}"\n`);
    await vi.waitFor(() => expect(received).toContain(`probe ${trip}`));
  }
  expect(received).not.toContain('later');
  raw.resume();
  await vi.waitFor(() => expect(received).toContain('later'));
});

test('a client that never reads is cut off, one that reads is not', async () => {
  const accepted: Transport[] = [];
  await serve((transport) => accepted.push(transport));
  const reading = await rawClient();
  let heard = 0;
  reading.on('data', (bytes) => {
    heard += bytes.length;
  });
  const deaf = await rawClient();
  deaf.pause();
  await vi.waitFor(() => expect(accepted).toHaveLength(2));
  const closed: string[] = [];
  for (const [at, name] of ['reading', 'deaf'].entries()) accepted[at]?.onClose(() => closed.push(name));
  const text = 'x'.repeat(mebibyte);
  for (let sent = 0; sent < 20; sent += 1) accepted[0]?.send(text);
  for (let sent = 0; sent < 80; sent += 1) accepted[1]?.send(text);
  expect([closed, warnings]).toEqual([['deaf'], ['a local client does not read its replies']]);
  await vi.waitFor(() => expect(heard).toBe(20 * (mebibyte + 3)));
});

test('what was sent before a close arrives before the close', async () => {
  await serve((transport) =>
    transport.onMessage(() => {
      transport.send('last words');
      transport.close();
    }),
  );
  const transport = await client();
  const heard: unknown[] = [];
  const closed = new Promise<void>((resolve) => transport.onClose(resolve));
  transport.onMessage((message) => heard.push(message));
  transport.send('speak');
  await closed;
  expect(heard).toEqual(['last words']);
});

test('closing ends the open connections and removes the file', async () => {
  await echo();
  const transport = await client();
  const closed = new Promise<void>((resolve) => transport.onClose(resolve));
  await servers.pop()?.close();
  await closed;
  expect(await readdir(directory)).toEqual([]);
});

test('a flood of 200 connections leaves the ones inside answered', async () => {
  await echo();
  const inside = await client();
  const flood = Array.from({ length: 200 }, () => connect(path).on('error', () => undefined));
  await vi.waitFor(() => expect(flood.filter((socket) => socket.closed).length).toBeGreaterThanOrEqual(136));
  expect(await ask(inside, 'hello')).toBe('hello');
  for (const socket of flood) socket.destroy();
  await vi.waitFor(async () => expect(await ask(await client(), 'again')).toBe('again'));
});

async function serve(onTransport: (transport: Transport) => void): Promise<void> {
  servers.push(await listenSocket(path, onTransport, log));
}

/** Answers every message with itself. Returns what has arrived so far. */
async function echo(): Promise<unknown[]> {
  const received: unknown[] = [];
  await serve((transport) =>
    transport.onMessage((message) => {
      received.push(message);
      transport.send(message);
    }),
  );
  return received;
}

async function client(): Promise<Transport> {
  const transport = await connectSocket(path);
  if (!transport) throw new Error('nobody listens');
  return transport;
}

function ask(transport: Transport, message: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    transport.onMessage(resolve);
    transport.onClose(() => reject(new Error('closed')));
    transport.send(message);
  });
}

function rawClient(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.on('error', reject);
    rawClients.push(socket);
  });
}

const write = (socket: Socket, bytes: string | Buffer): Promise<void> =>
  new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())));

const closeOf = (socket: Socket): Promise<void> => {
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
};

/** What a killed owner leaves: a socket file nobody listens on. */
async function leaveDeadSocket(): Promise<void> {
  const dying = createServer();
  const living = join(directory, 'dying');
  await new Promise<void>((resolve) => dying.listen(living, resolve));
  await rename(living, path);
  await new Promise((resolve) => dying.close(resolve));
}
