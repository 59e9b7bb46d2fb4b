/** The bridge against pages and programs that have no business there. Each case stands beside one that gets in. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Log } from '../../../src/main/core/log/log.ts';
import { silentLog } from '../../../src/main/core/log/log.ts';
import { createSessions, type Sessions, sessionName } from '../../../src/main/net/sessions.ts';
import { type Bridge, type BridgeOptions, createBridge } from '../../../src/main/net/websocket.ts';
import { limits } from '../../../src/main/net/wire.ts';
import type { Transport } from '../../../src/shared/transport.ts';
import { headerOf, statusOf, upgrade, upgradeAnswer } from '../../helpers/raw-http.ts';
import { connectBridge } from '../../helpers/transports.ts';

const mebibyte = 1024 * 1024;

let server: Server;
let bridge: Bridge;
let sessions: Sessions;
let accepted: { transport: Transport; session: string }[];
let logged: string[];
let url: string;
let port: number;

const log: Log = {
  ...silentLog,
  warn: (message, fields) => void logged.push(`${message} ${JSON.stringify(fields ?? {})}`),
};

beforeEach(() => start());
afterEach(() => stop());

async function start(options: Partial<BridgeOptions> = {}): Promise<void> {
  sessions = createSessions();
  accepted = [];
  logged = [];
  server = createServer();
  bridge = createBridge({
    server,
    sessions,
    log,
    onTransport: (transport, session) => {
      accepted.push({ transport, session });
      transport.onMessage((message) => transport.send(message));
    },
    ...options,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  url = `http://127.0.0.1:${port}/`;
}

async function stop(): Promise<void> {
  await bridge.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function restart(options: Partial<BridgeOptions>): Promise<void> {
  await stop();
  await start(options);
}

describe('signing in', () => {
  test('a one-time token is answered with a session, which signs in again', async () => {
    const first = await connectBridge(url, sessions.oneTimeToken());
    const second = await connectBridge(url, first.session);
    expect(second.session).toBe(first.session);
    expect(await ask(second.transport, 'hello')).toBe('hello');
    expect(accepted.map(({ session }) => session)).toEqual(Array(2).fill(sessionName(first.session)));
  });

  test('a one-time token works once', async () => {
    const token = sessions.oneTimeToken();
    await connectBridge(url, token);
    await expect(connectBridge(url, token)).rejects.toThrow('closed with 4401');
  });

  test('two pages with the same one-time token at the same time: one gets in', async () => {
    const token = sessions.oneTimeToken();
    const tries = await Promise.allSettled([connectBridge(url, token), connectBridge(url, token)]);
    expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('a session of another process is refused', async () => {
    const { session } = await connectBridge(url, sessions.oneTimeToken());
    await restart({});
    await expect(connectBridge(url, session)).rejects.toThrow('closed with 4401');
  });

  test.each([
    ['no token', '{"type":"hello"}'],
    ['an empty token', '{"type":"hello","token":""}'],
    ['a wrong token', '{"type":"hello","token":"wrong"}'],
    ['a token that is a list', '{"type":"hello","token":["TOKEN"]}'],
    ['a token cut short', '{"type":"hello","token":"TOKE"}'],
    ['another first message', '{"type":"call","id":"1","route":"system.info","input":{},"stream":false}'],
    ['the token under a prototype key', '{"__proto__":{"type":"hello","token":"TOKEN"}}'],
    ['null', 'null'],
    ['what is not JSON', 'hello TOKEN'],
  ])('%s closes with 4401 and never reaches the core', async (_name, first) => {
    const token = sessions.oneTimeToken();
    const page = await open();
    page.send(first.replace('TOKEN', token).replace('TOKE', token.slice(0, -1)));
    expect(await closeOf(page)).toBe(4401);
    expect(accepted).toEqual([]);
    await connectBridge(url, token);
  });

  test('a hello in a binary frame closes with 4401', async () => {
    const page = await open();
    page.send(Buffer.from(JSON.stringify({ type: 'hello', token: sessions.oneTimeToken() })), { binary: true });
    expect(await closeOf(page)).toBe(4401);
  });

  test('what comes with the hello is handled after it, in order', async () => {
    const page = await open();
    const heard: string[] = [];
    page.on('message', (data) => heard.push(JSON.parse(data.toString()).type));
    page.send(JSON.stringify({ type: 'hello', token: sessions.oneTimeToken() }));
    page.send(JSON.stringify({ type: 'first' }));
    page.send(JSON.stringify({ type: 'second' }));
    await vi.waitFor(() => expect(heard).toEqual(['welcome', 'first', 'second']));
  });

  test('a page that says nothing is sent away', async () => {
    await restart({ helloMs: 20 });
    expect(await closeOf(await open())).toBe(4401);
    const { transport } = await connectBridge(url, sessions.oneTimeToken());
    expect(await closeOf(await open())).toBe(4401);
    expect(await ask(transport, 'still here')).toBe('still here');
  });

  test('neither tokens nor sessions are logged', async () => {
    const token = sessions.oneTimeToken();
    const { session } = await connectBridge(url, token);
    await expect(connectBridge(url, token)).rejects.toThrow('4401');
    await upgradeAnswer(port, upgrade(`/bridge?token=${token}`, ...own()));
    expect(logged).toHaveLength(2);
    for (const secret of [token, session]) expect(logged.join()).not.toContain(secret);
  });
});

describe('the upgrade', () => {
  test('from our own page is accepted, without compression', async () => {
    const answer = await upgradeAnswer(port, upgrade('/bridge', ...own()));
    expect([statusOf(answer), headerOf(answer, 'Sec-WebSocket-Extensions')]).toEqual([101, undefined]);
  });

  test.each([
    ['E09 a token in the query', '/bridge?token=x', [], 404],
    ['another path', '/', [], 404],
    ['a spelled-out path', '/%62ridge', [], 404],
    ['E07 no Origin', '/bridge', ['Host: 127.0.0.1:PORT'], 403],
    ['E07 Origin null', '/bridge', ['Host: 127.0.0.1:PORT', 'Origin: null'], 403],
    ['E07 a foreign Origin', '/bridge', ['Host: 127.0.0.1:PORT', 'Origin: http://evil.example'], 403],
    ['E07 an extension', '/bridge', ['Host: 127.0.0.1:PORT', 'Origin: chrome-extension://abc'], 403],
    ['E07 https', '/bridge', ['Host: 127.0.0.1:PORT', 'Origin: https://127.0.0.1:PORT'], 403],
    ['E07 another port', '/bridge', ['Host: 127.0.0.1:PORT', 'Origin: http://127.0.0.1:1'], 403],
    ['E07 the other name', '/bridge', ['Host: 127.0.0.1:PORT', 'Origin: http://localhost:PORT'], 403],
    ['E07 two Origins', '/bridge', [...Array(2).fill('Origin: http://127.0.0.1:PORT'), 'Host: 127.0.0.1:PORT'], 403],
    ['E01 a rebound name', '/bridge', ['Host: evil.example:PORT', 'Origin: http://evil.example:PORT'], 421],
    ['E01 two Hosts', '/bridge', [...Array(2).fill('Host: 127.0.0.1:PORT'), 'Origin: http://127.0.0.1:PORT'], 421],
  ])('%s is refused', async (_name, path, headers, status) => {
    const lines = headers.map((line: string) => line.replaceAll('PORT', String(port)));
    const answer = await upgradeAnswer(port, upgrade(path, ...(lines.length > 0 ? lines : own())));
    expect(statusOf(answer)).toBe(status);
  });

  test('beyond the number of pages is refused until one leaves', async () => {
    await restart({ maxConnections: 2 });
    const pages = await Promise.all([1, 2].map(() => connectBridge(url, sessions.oneTimeToken())));
    const token = sessions.oneTimeToken();
    await expect(connectBridge(url, token)).rejects.toThrow('503');
    expect(await Promise.all(pages.map(({ transport }) => ask(transport, 'here')))).toEqual(['here', 'here']);
    pages[0]?.transport.close();
    await vi.waitFor(() => connectBridge(url, token));
  });

  test('E14 of 200 pages at once leaves the one inside answered', async () => {
    const { transport } = await connectBridge(url, sessions.oneTimeToken());
    const flood = Array.from({ length: 200 }, () => upgradeAnswer(port, upgrade('/bridge', ...own())));
    expect(await ask(transport, 'still here')).toBe('still here');
    const statuses = new Set((await Promise.all(flood)).map(statusOf));
    expect([...statuses].every((status) => status === 101 || status === 503)).toBe(true);
    await vi.waitFor(() => connectBridge(url, sessions.oneTimeToken()));
  });
});

describe('a frame', () => {
  test('of nearly 16 MiB passes, a larger one closes with 1009', async () => {
    const { transport } = await connectBridge(url, sessions.oneTimeToken());
    const fits = 'x'.repeat(limits.messageBytes - 2);
    expect((await ask(transport, fits)) === fits).toBe(true);
    const page = await signedIn();
    page.send(`"${fits}x"`);
    expect(await closeOf(page)).toBe(1009);
    expect(await ask(transport, 'still here')).toBe('still here');
  });

  test('larger than a hello from a stranger ends the connection', async () => {
    const page = await open();
    page.send(JSON.stringify({ type: 'hello', token: 'x'.repeat(100_000) }));
    expect(await closeOf(page)).toBe(1006);
  });

  test.each([
    ['what is not JSON', '{"type":'],
    ['binary', Buffer.from('{}')],
    ['nothing', ''],
  ])('with %s closes that page and no other', async (_name, data) => {
    const { transport } = await connectBridge(url, sessions.oneTimeToken());
    const page = await signedIn();
    page.send(data);
    expect(await closeOf(page)).toBe(1007);
    expect(await ask(transport, 'still here')).toBe('still here');
  });

  test('without a mask closes that page and no other', async () => {
    const { transport } = await connectBridge(url, sessions.oneTimeToken());
    const raw = connect(port, '127.0.0.1', () => raw.write(upgrade('/bridge', ...own())));
    await once(raw, 'data');
    raw.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d]));
    raw.resume();
    await once(raw, 'close');
    expect(await ask(transport, 'still here')).toBe('still here');
  });

  test('too large to send is refused with a sentence, and the page stays connected', async () => {
    const { transport } = await connectBridge(url, sessions.oneTimeToken());
    expect(() => accepted[0]?.transport.send('x'.repeat(limits.messageBytes))).toThrow(
      expect.objectContaining({ code: 'TEXT_TOO_LONG' }),
    );
    expect(await ask(transport, 'hello')).toBe('hello');
  });
});

describe('a page', () => {
  test('that does not read is not read from until it does', async () => {
    const page = await signedIn();
    const received: unknown[] = [];
    accepted[0]?.transport.onMessage((message) => received.push(message));
    page.pause();
    for (let sent = 0; sent < 8; sent += 1) accepted[0]?.transport.send('x'.repeat(mebibyte));
    await new Promise((resolve) => page.send('"later"', resolve));
    const { transport: probe } = await connectBridge(url, sessions.oneTimeToken());
    for (let trip = 0; trip < 5; trip += 1) await ask(probe, trip);
    expect(received).toEqual([]);
    page.resume();
    await vi.waitFor(() => expect(received).toEqual(['later']));
  });

  test('that never reads is cut off, one that reads is not', async () => {
    const reading = await signedIn();
    let heard = 0;
    reading.on('message', () => {
      heard += 1;
    });
    const deaf = await signedIn();
    deaf.pause();
    const closed: string[] = [];
    for (const [at, name] of ['reading', 'deaf'].entries()) {
      accepted[at]?.transport.onClose(() => closed.push(name));
    }
    const text = 'x'.repeat(mebibyte);
    for (let sent = 0; sent < 20; sent += 1) accepted[0]?.transport.send(text);
    for (let sent = 0; sent < 80; sent += 1) accepted[1]?.transport.send(text);
    await vi.waitFor(() => expect([heard, closed]).toEqual([20, ['deaf']]));
    deaf.terminate();
  });

  test('that does not answer pings is cut off, one that answers stays', async () => {
    await restart({ pingMs: 50 });
    const answering = await signedIn();
    const silent = await signedIn({ autoPong: false });
    expect(await closeOf(silent)).toBe(1006);
    const { transport } = await connectBridge(url, sessions.oneTimeToken());
    expect([answering.readyState, await ask(transport, 'here')]).toEqual([WebSocket.OPEN, 'here']);
  });

  test('is told when the bridge closes', async () => {
    const page = await signedIn();
    const [code] = await Promise.all([closeOf(page), bridge.close()]);
    expect(code).toBe(1001);
    await vi.waitFor(async () => {
      const ended = vi.fn();
      accepted[0]?.transport.onClose(ended);
      await new Promise(setImmediate);
      expect(ended).toHaveBeenCalledOnce();
    });
  });

  test('that vanishes without a goodbye ends its transport', async () => {
    const page = await signedIn();
    const ended = new Promise<void>((resolve) => accepted[0]?.transport.onClose(resolve));
    page.terminate();
    await ended;
  });
});

const own = (): [string, string] => [`Host: 127.0.0.1:${port}`, `Origin: http://127.0.0.1:${port}`];

async function open(options: { autoPong?: boolean } = {}): Promise<WebSocket> {
  const page = new WebSocket(`ws://127.0.0.1:${port}/bridge`, { origin: `http://127.0.0.1:${port}`, ...options });
  page.on('error', () => undefined);
  await once(page, 'open');
  return page;
}

async function signedIn(options: { autoPong?: boolean } = {}): Promise<WebSocket> {
  const page = await open(options);
  page.send(JSON.stringify({ type: 'hello', token: sessions.oneTimeToken() }));
  await once(page, 'message');
  return page;
}

const closeOf = (page: WebSocket): Promise<number> => new Promise((resolve) => page.once('close', resolve));

function ask(transport: Transport, message: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stopListening = transport.onMessage((answer) => {
      stopListening();
      resolve(answer);
    });
    transport.onClose(() => reject(new Error('closed')));
    transport.send(message);
  });
}
