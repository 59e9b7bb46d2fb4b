/** The panel server against what a hostile page or program can send it. Each case stands beside one that succeeds. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type PanelServer, startPanelServer } from '../../../src/main/net/panels.ts';
import { createSessions } from '../../../src/main/net/sessions.ts';
import { bodyOf, exchange, headerOf, request, statusOf } from '../../helpers/raw-http.ts';
import { connectBridge } from '../../helpers/transports.ts';

const sessions = createSessions();
let directory: string;
let root: string;
let server: PanelServer;
let port: number;
let host: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'potter-http-'));
  root = join(directory, 'renderer');
  await mkdir(join(root, 'assets'), { recursive: true });
  const files = {
    'secret.js': 'secret outside',
    'renderer/index.html': '<style nonce="__CSP_NONCE__"></style><script nonce="__CSP_NONCE__"></script>',
    'renderer/favicon.svg': '<svg/>',
    'renderer/with space.js': 'space',
    'renderer/notes.txt': 'not of a type that is served',
    'renderer/assets/index-BxY_z-12.js': 'console.log("panel")',
    'renderer/assets/index-CdE34567.css': 'body{}',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  await symlink(join(directory, 'secret.js'), join(root, 'link.js'));
  server = await start();
});

beforeEach(() => {
  port = server.port;
  host = `Host: 127.0.0.1:${port}`;
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const start = (options: { port?: number } = {}): Promise<PanelServer> =>
  startPanelServer({
    root,
    sessions,
    onTransport: (transport) => transport.onMessage((message) => transport.send(message)),
    ...options,
  });

const get = (target: string, ...headers: string[]): Promise<string> =>
  exchange(port, request(`GET ${target}`, host, ...headers));

describe('the built files', () => {
  test.each([
    ['/', 'text/html; charset=utf-8', 'no-store'],
    ['/index.html', 'text/html; charset=utf-8', 'no-store'],
    ['/?theme=dark', 'text/html; charset=utf-8', 'no-store'],
    ['/favicon.svg', 'image/svg+xml', 'no-store'],
    ['/with%20space.js', 'text/javascript; charset=utf-8', 'no-store'],
    ['/assets/index-BxY_z-12.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/index-CdE34567.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
  ])('%s is served as what it is', async (path, type, cache) => {
    const answer = await get(path);
    expect([statusOf(answer), headerOf(answer, 'Content-Type'), headerOf(answer, 'Cache-Control')]).toEqual([
      200,
      type,
      cache,
    ]);
  });

  test('a page carries a fresh nonce that its policy names', async () => {
    const nonces = await Promise.all([get('/'), get('/')].map(async (answer) => noncesOf(await answer)));
    for (const { policy, inPage } of nonces) expect(inPage).toEqual([policy, policy]);
    expect(nonces[0]?.policy).not.toBe(nonces[1]?.policy);
  });

  test('the policy of a page is exactly this', async () => {
    const answer = await get('/');
    expect(headerOf(answer, 'Content-Security-Policy')?.replace(/nonce-[^']+/, 'nonce-N')).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self' data:; font-src 'self'; connect-src 'self' ws://127.0.0.1:${port}; worker-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });

  test('HEAD answers with the headers alone', async () => {
    const answer = await exchange(port, request('HEAD /', host));
    expect([statusOf(answer), bodyOf(answer)]).toEqual([200, '']);
    expect(Number(headerOf(answer, 'Content-Length'))).toBeGreaterThan(0);
  });

  test('both names of this machine work', async () => {
    expect(statusOf(await exchange(port, request('GET /', `Host: localhost:${port}`)))).toBe(200);
  });

  test('a folder without panels is said', async () => {
    const empty = startPanelServer({ root: join(directory, 'nothing'), sessions, onTransport: () => undefined });
    await expect(empty).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('index.html') });
  });
});

describe('E01 the Host header', () => {
  test.each([
    ['a foreign name', ['Host: evil.example']],
    ['a foreign name with our port', ['Host: evil.example:PORT']],
    ['our name without port', ['Host: 127.0.0.1']],
    ['another port', ['Host: 127.0.0.1:1']],
    ['a longer name', ['Host: 127.0.0.1:PORT.evil.example']],
    ['a name that ends in ours', ['Host: evil-127.0.0.1:PORT']],
    ['a subdomain of localhost', ['Host: evil.localhost:PORT']],
    ['a trailing dot', ['Host: localhost.:PORT']],
    ['upper case', ['Host: LOCALHOST:PORT']],
    ['user information', ['Host: evil@127.0.0.1:PORT']],
    ['the unspecified address', ['Host: 0.0.0.0:PORT']],
    ['a decimal address', ['Host: 2130706433:PORT']],
    ['the IPv6 address', ['Host: [::1]:PORT']],
    ['an empty one', ['Host:']],
    ['none', []],
    ['two, ours first', ['Host: 127.0.0.1:PORT', 'Host: evil.example']],
    ['two, ours last', ['Host: evil.example', 'Host: 127.0.0.1:PORT']],
    ['a list', ['Host: 127.0.0.1:PORT, evil.example']],
  ])('%s is refused', async (_name, headers) => {
    const lines = headers.map((line) => line.replace('PORT', String(port)));
    const answer = await exchange(port, request('GET /', ...lines));
    expect([400, 421]).toContain(statusOf(answer));
    expect(bodyOf(answer)).toBe('');
  });
});

describe('E07 the Origin header', () => {
  test('our own passes', async () => {
    expect(statusOf(await get('/', `Origin: http://127.0.0.1:${port}`))).toBe(200);
  });

  test.each([
    'null',
    'http://evil.example',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'http://localhost:PORT',
    'http://127.0.0.1:PORT.evil.example',
    'http://127.0.0.1:PORT/',
    'chrome-extension://abcdefghijklmnop',
    'file://',
    '',
  ])('"%s" is refused', async (origin) => {
    const answer = await get('/', `Origin: ${origin.replace('PORT', String(port))}`);
    expect([statusOf(answer), bodyOf(answer)]).toEqual([403, '']);
  });

  test('two are refused', async () => {
    const own = `Origin: http://127.0.0.1:${port}`;
    expect(statusOf(await get('/', own, own))).toBe(403);
  });
});

describe('E05 methods and bodies', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('%s is refused', async (method) => {
    const answer = await exchange(port, request(`${method} /`, host, 'Content-Type: text/plain'));
    expect([statusOf(answer), headerOf(answer, 'Allow'), headerOf(answer, 'Access-Control-Allow-Origin')]).toEqual([
      405,
      'GET, HEAD',
      undefined,
    ]);
  });

  test('CONNECT gets no tunnel', async () => {
    expect(await exchange(port, request('CONNECT evil.example:443', host))).not.toContain(' 200 ');
  });

  test.each([
    ['a body on GET', ['Content-Length: 4'], 'evil'],
    ['a body of 1 GiB', ['Content-Length: 1073741824'], ''],
    ['a chunked body', ['Transfer-Encoding: chunked'], '4\r\nevil\r\n0\r\n\r\n'],
    ['both lengths at once', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['two lengths', ['Content-Length: 4', 'Content-Length: 5'], 'evil'],
    ['an expectation', ['Expect: the-impossible'], ''],
  ])('%s is refused and ends the connection', async (_name, headers, body) => {
    const smuggled = `GET / HTTP/1.1\r\n${host}\r\n\r\n`;
    const lines = [`GET / HTTP/1.1`, host, ...headers, '', ''].join('\r\n');
    const answer = await exchange(port, `${lines}${body}${smuggled}`);
    expect([400, 417]).toContain(statusOf(answer));
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});

describe('path tricks', () => {
  test.each([
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/%2e%2e%2fsecret.js',
    '/..%5csecret.js',
    '/..\\secret.js',
    '/.%00./secret.js',
    '/index.html%00.js',
    '//index.html',
    '/./index.html',
    '/INDEX.HTML',
    '/index.html/',
    '/index.html;x',
    '/index%2ehtml',
    '/link.js',
    '/notes.txt',
    '/assets',
    '/assets/',
    '/__proto__',
    '/constructor',
    '/etc/passwd',
    '/%',
    '/\u00e9',
    'http://127.0.0.1:PORT/secret.js',
    'http://evil.example/',
    '*',
  ])('%s finds nothing', async (path) => {
    const answer = await get(path.replace('PORT', String(port)));
    expect([400, 404]).toContain(statusOf(answer));
    expect(bodyOf(answer)).toBe('');
  });
});

describe('every answer', () => {
  test.each([
    ['a page', () => get('/'), 200],
    ['a script', () => get('/assets/index-BxY_z-12.js'), 200],
    ['not found', () => get('/none'), 404],
    ['a foreign host', () => exchange(port, request('GET /', 'Host: evil')), 421],
    ['a foreign origin', () => get('/', 'Origin: null'), 403],
    ['a wrong method', () => exchange(port, request('POST /', host)), 405],
    ['what is not HTTP', () => exchange(port, 'hello there\r\n\r\n'), 400],
    ['10 000 headers', () => get('/', ...Array.from({ length: 10_000 }, (_, at) => `X-${at}: 1`)), 400],
    ['a giant header', () => get('/', `X: ${'x'.repeat(100_000)}`), 400],
  ])('has the security headers: %s', async (_name, ask, status) => {
    const answer = await ask();
    expect(statusOf(answer)).toBe(status);
    expect(headerOf(answer, 'X-Content-Type-Options')).toBe('nosniff');
    expect(headerOf(answer, 'Referrer-Policy')).toBe('no-referrer');
    expect(headerOf(answer, 'Cross-Origin-Opener-Policy')).toBe('same-origin');
    expect(headerOf(answer, 'Cross-Origin-Resource-Policy')).toBe('same-origin');
    expect(headerOf(answer, 'Content-Security-Policy')).toContain("default-src 'none'");
    expect(headerOf(answer, 'Permissions-Policy')).toContain('camera=()');
    expect(headerOf(answer, 'Server') ?? headerOf(answer, 'X-Powered-By')).toBeUndefined();
    expect(answer).not.toContain(directory);
  });
});

describe('the listener', () => {
  test('E19 is on 127.0.0.1 and nowhere else', async () => {
    expect(server.url).toBe(`http://127.0.0.1:${port}/`);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address, family, scopeid }) => (family === 'IPv6' && scopeid ? undefined : address))
      .filter((address) => address !== undefined && address !== '127.0.0.1');
    expect(await reachable('127.0.0.1', port)).toBe(true);
    for (const address of others) expect([address, await reachable(address ?? '', port)]).toEqual([address, false]);
  });

  test('E15 a port in use is said', async () => {
    await expect(start({ port })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(String(port)),
    });
  });

  test('E14 a flood of 200 connections leaves a signed-in page answered, and passes', async () => {
    const { transport } = await connectBridge(server.url, sessions.oneTimeToken());
    const flood = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    for (const socket of flood) socket.write(`GET / HTTP/1.1\r\n${host}\r\n\r\n`);
    const outcomes = await Promise.all(
      flood.map(
        (socket) =>
          new Promise<string>((resolve) => {
            socket.once('data', () => resolve('answered')).once('close', () => resolve('dropped'));
          }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeLessThanOrEqual(100);
    expect(outcomes).toContain('answered');
    const answered = new Promise((resolve) => transport.onMessage(resolve));
    transport.send({ type: 'still here' });
    await expect(answered).resolves.toEqual({ type: 'still here' });
    for (const socket of flood) socket.destroy();
    transport.close();
    await vi.waitFor(async () => expect(statusOf(await get('/'))).toBe(200), 10_000);
  });

  test('close ends every connection, also idle and signed-in ones', async () => {
    const closing = await start();
    const { transport } = await connectBridge(closing.url, sessions.oneTimeToken());
    const ended = new Promise<void>((resolve) => transport.onClose(resolve));
    const idle = connect(closing.port, '127.0.0.1').resume();
    idle.on('error', () => undefined);
    await new Promise((resolve) => idle.once('connect', resolve));
    const idleEnded = new Promise((resolve) => idle.once('close', resolve));
    await closing.close();
    await Promise.all([ended, idleEnded]);
    expect(await reachable('127.0.0.1', closing.port)).toBe(false);
  });
});

function noncesOf(answer: string): { policy: string | undefined; inPage: (string | undefined)[] } {
  return {
    policy: headerOf(answer, 'Content-Security-Policy')?.match(/'nonce-([^']+)'/)?.[1],
    inPage: [...bodyOf(answer).matchAll(/nonce="([^"]+)"/g)].map(([, nonce]) => nonce),
  };
}

function reachable(address: string, at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
