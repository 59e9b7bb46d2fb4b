/** Attacks on the loopback API (E…): none may reach an operation, and each reaches a server that takes no care. */
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Gateway } from '../../src/main/core/gateway/gateway.ts';
import type { Caller } from '../../src/main/core/security/access.ts';
import { type ApiServer, startApiServer } from '../../src/main/net/http.ts';
import { settings } from '../../src/shared/settings.ts';
import { hasChromium } from '../helpers/chromium.ts';
import { runCli } from '../helpers/cli.ts';
import { startTestPotter, temporaryFolder } from '../helpers/potter.ts';
import { bodyOf, exchange, headerOf, statusOf } from '../helpers/raw-http.ts';

const secret = `potter_${'a1B2'.repeat(10)}abc`;
const json = 'Content-Type: application/json';
const bearer = `Authorization: Bearer ${secret}`;

let api: ApiServer;
/** Calls that reached an operation. */
let reached: number;
const gateway: Gateway = {
  call: async () => {
    reached += 1;
    return { status: 'ok', data: {}, metadata: { callId: 'x', ms: 0, cached: false } };
  },
  close: async () => undefined,
};
const authenticate = (given: string): Caller | undefined =>
  given === secret ? { kind: 'token', id: 'x', role: 'admin' } : undefined;

beforeEach(async () => {
  reached = 0;
  const limits = { bodyBytes: 10_000, headersMs: 200, requestMs: 400, connections: 20 };
  api = await startApiServer({ gateway, authenticate, port: 0, limits });
});
afterEach(() => api.close());

const host = (): string => `Host: 127.0.0.1:${api.port}`;

/** The bytes of a request with exactly these header lines. */
function post(headers: readonly string[], { path = '/api/system.info', body = '{}', method = 'POST' } = {}): string {
  const length = method === 'GET' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const lines = [`${method} ${path} HTTP/1.1`, ...headers, ...length, 'Connection: close', '', ''];
  return lines.join('\r\n') + (method === 'GET' ? '' : body);
}

/** A server that asks nobody who they are and where they come from. */
async function startNaive(): Promise<{ port: number; hits: () => number }> {
  let hits = 0;
  const server: Server = createServer((_request, response) => {
    hits += 1;
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, hits: () => hits };
}

interface Attack {
  readonly id: string;
  readonly what: string;
  /** The whole request, for the port of the server. */
  readonly bytes: (port: number) => string;
  readonly status: number;
}

const own = (port: number): string => `Host: 127.0.0.1:${port}`;
const hosts: readonly (readonly [what: string, host: (port: number) => readonly string[]])[] = [
  ['a foreign name', (port) => [`Host: evil.example:${port}`]],
  ['our address as the beginning of a name', (port) => [`Host: 127.0.0.1.evil.example:${port}`]],
  ['our name as the beginning of a name', (port) => [`Host: localhost.evil.example:${port}`]],
  ['our name as the end of a name', (port) => [`Host: evil-localhost:${port}`]],
  ['our name under another', (port) => [`Host: evil.localhost:${port}`]],
  ['no port', () => ['Host: 127.0.0.1']],
  ['another port', () => ['Host: 127.0.0.1:1']],
  ['a user before it', (port) => [`Host: evil@127.0.0.1:${port}`]],
  ['the address of every interface', (port) => [`Host: 0.0.0.0:${port}`]],
  ['a short form of the address', (port) => [`Host: 127.1:${port}`]],
  ['the address as one number', (port) => [`Host: 2130706433:${port}`]],
  ['a dot behind the name', (port) => [`Host: localhost.:${port}`]],
  ['another case', (port) => [`Host: LOCALHOST:${port}`]],
  ['a mapped address', (port) => [`Host: [::ffff:127.0.0.1]:${port}`]],
  ['nothing', () => ['Host:']],
  ['no header', () => []],
  ['a list', (port) => [`Host: 127.0.0.1:${port}, evil.example`]],
  ['a path', (port) => [`Host: 127.0.0.1:${port}/`]],
];

const origins = [
  'null',
  'https://evil.example',
  'http://127.0.0.1',
  'http://localhost:1',
  'chrome-extension://abcdefghijklmnop',
  'moz-extension://1234',
  'file://',
  'app://potter',
  '',
];

const credentials: readonly (readonly [what: string, lines: readonly string[], path?: string])[] = [
  ['no token', []],
  ['an empty token', ['Authorization: Bearer ']],
  ['a wrong token', [`Authorization: Bearer potter_${'x'.repeat(43)}`]],
  ['the beginning of the token', [`Authorization: Bearer ${secret.slice(0, -1)}`]],
  ['the token and more', [`Authorization: Bearer ${secret}x`]],
  ['another scheme', [`Authorization: Basic ${Buffer.from(`x:${secret}`).toString('base64')}`]],
  ['the token alone', [`Authorization: ${secret}`]],
  ['the token in a cookie', [`Cookie: token=${secret}`]],
  ['the token under another name', [`X-Api-Key: ${secret}`]],
  ['two tokens in one header', [`Authorization: Bearer x, Bearer ${secret}`]],
  ['a token of another case', [`Authorization: Bearer ${secret.toUpperCase()}`]],
];

const attacks: readonly Attack[] = [
  ...hosts.map(([what, lines]) => ({
    ...{ id: 'E01', what: `a Host of ${what}`, status: 421 },
    bytes: (port: number) => post([...lines(port), bearer, json]),
  })),
  {
    ...{ id: 'E01', what: 'two Hosts', status: 400 },
    bytes: (port) => post([own(port), `Host: evil.example:${port}`, bearer, json]),
  },
  {
    ...{ id: 'E01', what: 'an absolute address with a foreign name', status: 404 },
    bytes: (port) => post([own(port), bearer, json], { path: 'http://evil.example/api/system.info' }),
  },
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json', ''].map(
    (type) => ({
      ...{ id: 'E05', what: `a body of type "${type}"`, status: 415 },
      bytes: (port: number) => post([own(port), bearer, `Content-Type: ${type}`]),
    }),
  ),
  {
    ...{ id: 'E05', what: 'no content type', status: 415 },
    bytes: (port) => post([own(port), bearer]),
  },
  {
    ...{ id: 'E05', what: 'a type that a page may send, disguised', status: 415 },
    bytes: (port) => post([own(port), bearer, 'Content-Type: text/plain; application/json']),
  },
  ...['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) => ({
    ...{ id: 'E06', what: method, status: 405 },
    bytes: (port: number) => post([own(port), bearer, json], { method }),
  })),
  {
    ...{ id: 'E06', what: 'a preflight', status: 403 },
    bytes: (port) =>
      post([own(port), 'Origin: https://evil.example', 'Access-Control-Request-Method: POST'], { method: 'OPTIONS' }),
  },
  ...origins.map((origin) => ({
    ...{ id: 'E07', what: `the Origin "${origin}"`, status: 403 },
    bytes: (port: number) => post([own(port), `Origin: ${origin}`, bearer, json]),
  })),
  ...credentials.map(([what, lines]) => ({
    ...{ id: 'E09', what, status: 401 },
    bytes: (port: number) => post([own(port), ...lines, json]),
  })),
  ...['token', 'access_token', 'key'].map((name) => ({
    ...{ id: 'E09', what: `the token in the query as ${name}`, status: 400 },
    bytes: (port: number) => post([own(port), json], { path: `/api/system.info?${name}=${secret}` }),
  })),
  {
    ...{ id: 'E09', what: 'the header twice', status: 400 },
    bytes: (port) => post([own(port), 'Authorization: Bearer x', bearer, json]),
  },
  ...[
    '/api/../api/system.info',
    '/api//system.info',
    '/api/system.info/',
    '/API/system.info',
    '/api/system%2einfo',
    '/api/constructor',
    '/api/__proto__',
    '/api/chat.complete',
    '/',
    '*',
    '/panels',
    '/bridge',
    '//evil.example/api/system.info',
  ].map((path) => ({
    ...{ id: 'E17', what: `the path ${path}`, status: 404 },
    bytes: (port: number) => post([own(port), bearer, json], { path }),
  })),
  {
    ...{ id: 'E12', what: 'a body that says it is huge', status: 413 },
    bytes: (port) =>
      `POST /api/system.info HTTP/1.1\r\n${own(port)}\r\n${bearer}\r\n${json}\r\nContent-Length: 1073741824\r\n\r\n{`,
  },
  {
    ...{ id: 'E12', what: 'a compressed body', status: 415 },
    bytes: (port) =>
      post([own(port), bearer, json, 'Content-Encoding: gzip'], { body: gzipSync('{}').toString('latin1') }),
  },
  {
    ...{ id: 'E12', what: 'ten thousand headers', status: 400 },
    bytes: (port) => post([own(port), bearer, json, ...Array.from({ length: 10_000 }, (_, index) => `X-${index}: 1`)]),
  },
  {
    ...{ id: 'E12', what: 'a length and chunks', status: 400 },
    bytes: (port) => post([own(port), bearer, json, 'Transfer-Encoding: chunked'], { body: '0\r\n\r\n' }),
  },
  {
    ...{ id: 'E12', what: 'two lengths', status: 400 },
    bytes: (port) => post([own(port), bearer, json, 'Content-Length: 1']),
  },
  {
    ...{ id: 'E12', what: 'a line break in a header', status: 400 },
    bytes: (port) => post([own(port), bearer, json, 'X: a\rb']),
  },
];

describe('an attack on the loopback API', () => {
  it('E01 finds a server that does answer what it should', async () => {
    const answers = await Promise.all(
      [`127.0.0.1:${api.port}`, `localhost:${api.port}`, `[::1]:${api.port}`].map((name) =>
        exchange(api.port, post([`Host: ${name}`, bearer, json])),
      ),
    );
    expect(answers.map(statusOf)).toEqual([200, 200, 200]);
    expect(reached).toBe(3);
  });

  it('has sixty forms or more', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(60);
  });

  it.each(attacks)('$id with $what is refused', async ({ bytes, status }) => {
    const answer = await exchange(api.port, bytes(api.port));
    expect([statusOf(answer), reached]).toEqual([status, 0]);
    expect(answer).not.toMatch(/access-control-allow/i);
    // E17: nothing of what was sent, and nothing of this machine.
    expect(bodyOf(answer)).not.toMatch(/potter_|\/home|\/tmp|\/work|node_modules| at .+:\d+:\d+/);
    if (status === 401) expect(headerOf(answer, 'www-authenticate')).toBe('Bearer');
  });

  it('E09 reaches a server that takes no care, so that the harness would see it', async () => {
    const naive = await startNaive();
    const through = attacks.filter(({ status }) => status !== 400 && status !== 413);
    for (const { bytes } of through) await exchange(naive.port, bytes(naive.port));
    expect(naive.hits()).toBeGreaterThanOrEqual(through.length - 3);
  });

  it('E10 with a token of another scope changes nothing', async () => {
    const { potter, client } = await startTestPotter();
    const server = await startApiServer({
      gateway: potter.gateway,
      authenticate: (given) => potter.tokens.authenticate(given),
      port: 0,
    });
    onTestFinished(() => server.close());
    const made = await client.call('tokens.create', { name: 'reader', role: 'reader' });
    const ask = async (route: string, input: object): Promise<number> => {
      const headers = [`Host: 127.0.0.1:${server.port}`, `Authorization: Bearer ${made.secret}`, json];
      return statusOf(
        await exchange(server.port, post(headers, { path: `/api/${route}`, body: JSON.stringify(input) })),
      );
    };
    expect(await ask('actions.list', {})).toBe(200);
    const forbidden: [string, object][] = [
      ['config.set', { key: 'api.enabled', value: false }],
      ['keys.set', { provider: 'openai', key: 'sk-x' }],
      ['history.list', {}],
      ['tokens.create', { name: 'mine', role: 'admin' }],
      ['tokens.rotate', { token: 'reader' }],
      ['system.erase', { confirm: 'delete everything' }],
      ['text.process', { source: { type: 'selection' } }],
      ['hotkeys.report', { hotkeys: [] }],
    ];
    for (const [route, input] of forbidden) expect([route, await ask(route, input)]).toEqual([route, 403]);
  });

  it.each([
    ['headers that never end', () => `POST /api/system.info HTTP/1.1\r\n${host()}\r\nX-Slow: `],
    ['a body that never comes', () => `${post([host(), bearer, json]).slice(0, -2)}`],
    ['nothing at all', () => ''],
  ])('E12 by %s is cut off in time', async (_what, bytes) => {
    const socket: Socket = connect(api.port, '127.0.0.1', () => socket.write(bytes()));
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
    expect(reached).toBe(0);
  });

  it('E12 by chunks without an end is cut off at the cap', async () => {
    const socket: Socket = connect(api.port, '127.0.0.1');
    socket.on('error', () => undefined);
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text;
    });
    socket.write(
      `POST /api/system.info HTTP/1.1\r\n${host()}\r\n${bearer}\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`;
    const pour = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pour);
    pour();
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    // The reset that ends it may overtake the answer.
    expect([answer === '' || statusOf(answer) === 413, reached]).toEqual([true, 0]);
  });

  it('E14 by two hundred connections at once leaves room for those who were there', async () => {
    const first: Socket = connect(api.port, '127.0.0.1');
    await once(first, 'connect');
    const others = Array.from({ length: 200 }, () => connect(api.port, '127.0.0.1'));
    for (const socket of others) socket.on('error', () => undefined);
    const dropped = others.filter((socket) => !socket.destroyed).map((socket) => once(socket, 'close'));
    first.write(post([host(), bearer, json]));
    const [data] = (await once(first, 'data')) as [Buffer];
    expect(statusOf(data.toString('latin1'))).toBe(200);
    for (const socket of others) socket.destroy();
    first.destroy();
    await Promise.all(dropped);
    const after = await exchange(api.port, post([host(), bearer, json]));
    expect(statusOf(after)).toBe(200);
  });

  it('E15 by a program that has the port first is told, and no other port is taken in silence', async () => {
    const squatter = createTcpServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    onTestFinished(() => void squatter.close());
    const { port } = squatter.address() as AddressInfo;
    await expect(startApiServer({ gateway, authenticate, port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `Port ${port} of 127.0.0.1, where the loopback API is to answer, is held by another program.`,
    });
  });

  it('E18 by another user of the machine finds no secret in a file that others may read', async () => {
    const dataDirectory = temporaryFolder();
    const file = join(temporaryFolder(), 'token');
    const made = await runCli(['api', 'token', 'create', 'script', '--out', file], { dataDirectory });
    expect(made).toMatchObject({ code: 0, stdout: '' });
    const kept = readFileSync(file, 'utf8').trim();
    expect(kept).toMatch(/^potter_[\w-]{43}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const database = readFileSync(join(dataDirectory, 'potter.db'));
    const log = readFileSync(join(dataDirectory, 'logs', 'potter.log'));
    expect(database.includes(kept) || log.includes(kept) || made.stderr.includes(kept)).toBe(false);
  });

  it('E19 by a setting cannot move the server to another address', () => {
    const api = Object.keys(settings).filter((key) => key.startsWith('api.'));
    expect(api.sort()).toEqual(['api.enabled', 'api.port']);
    expect(settings['api.enabled'].default).toBe(false);
    for (const value of ['0.0.0.0', '0.0.0.0:9', '::', 'example.com', -1, 80, 1.5]) {
      expect(settings['api.port'].schema.safeParse(value).success).toBe(false);
    }
  });
});

/** Chromium asks a person before a page may reach this machine; other browsers, and older ones, do not. */
const withoutItsOwnGuard = ['--no-sandbox', '--disable-gpu', '--disable-features=LocalNetworkAccessChecks'];

describe.skipIf(!hasChromium)('a page in Chromium', () => {
  it('E04 that rebinds its own name to this machine gets no answer, but would from a server that takes no care', async () => {
    const naive = await startNaive();
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [...withoutItsOwnGuard, '--host-resolver-rules=MAP rebound.example 127.0.0.1'],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    // The page is the attacker's own, under its own name, which then means this machine.
    await page.route('http://rebound.example:*/page', (route) =>
      route.fulfill({ contentType: 'text/html', body: 'x' }),
    );
    const attack = async (port: number): Promise<number> => {
      await page.goto(`http://rebound.example:${port}/page`);
      return page.evaluate(async (token) => {
        const init = {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: '{}',
        };
        return (await fetch('/api/system.info', init)).status;
      }, secret);
    };
    expect(await attack(naive.port)).toBe(200);
    expect(naive.hits()).toBe(1);
    expect(await attack(api.port)).toBe(421);
    expect(reached).toBe(0);
  });

  it.each([
    [
      'a form',
      '<form method="post" enctype="text/plain" action="URL"><input name="{" value="}"></form><script>document.forms[0].submit()</script>',
    ],
    ['an image', '<img src="URL">'],
    ['a script', '<script src="URL"></script>'],
    ['a beacon', '<script>navigator.sendBeacon("URL", new Blob(["{}"], {type: "text/plain"}))</script>'],
    ['an event source', '<script>new EventSource("URL")</script>'],
    ['a socket', '<script>new WebSocket("URL".replace("http", "ws"))</script>'],
    ['a simple request', '<script>fetch("URL", {method: "POST", body: "{}", mode: "no-cors"})</script>'],
    [
      'a request that needs a preflight',
      '<script>fetch("URL", {method: "POST", body: "{}", headers: {"content-type": "application/json"}})</script>',
    ],
  ])('E06 with %s reaches no operation', async (_what, html) => {
    const naive = await startNaive();
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: withoutItsOwnGuard,
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const show = async (port: number): Promise<void> => {
      const url = `http://127.0.0.1:${port}/api/system.info`;
      await page.route('http://evil.example/', (route) =>
        route.fulfill({ contentType: 'text/html', body: html.replaceAll('URL', url) }),
      );
      const asked = page
        .waitForRequest((request) => request.url().startsWith(`http://127.0.0.1:${port}/`))
        .catch(() => undefined);
      const socket = html.includes('WebSocket') ? page.waitForEvent('websocket') : undefined;
      await page.goto('http://evil.example/');
      await (socket ?? asked);
      await page.unroute('http://evil.example/');
      await page.waitForLoadState('networkidle');
    };
    await show(naive.port);
    if (!html.includes('WebSocket')) expect(naive.hits()).toBeGreaterThan(0);
    await show(api.port);
    expect(reached).toBe(0);
  });
});
