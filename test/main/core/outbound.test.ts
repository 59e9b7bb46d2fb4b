import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createOutbound,
  defaultLimits,
  type FetchPolicy,
  type Outbound,
  type OutboundOptions,
} from '../../../src/main/core/outbound.ts';
import { PotterError } from '../../../src/shared/errors.ts';
import { listen, serve } from '../../helpers/listening.ts';

function open(options: OutboundOptions = {}): Outbound {
  const outbound = createOutbound(options);
  onTestFinished(() => outbound.close());
  return outbound;
}

const policy = (named: string, rest: Partial<FetchPolicy> = {}): FetchPolicy => ({ name: 'Server', named, ...rest });

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (thrown) {
    return thrown instanceof PotterError ? thrown.code : String(thrown);
  }
}

describe('an address', () => {
  const blocked = [
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.255.255.254/',
    'http://0.0.0.0/',
    'http://0/',
    'http://10.0.0.1/',
    'http://10.255.255.255/',
    'http://172.16.0.1/',
    'http://172.31.255.255/',
    'http://192.168.0.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://192.0.2.1/',
    'http://198.18.0.1/',
    'http://203.0.113.9/',
    'http://224.0.0.1/',
    'http://239.255.255.250/',
    'http://255.255.255.255/',
    'http://[::1]/',
    'http://[::]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[64:ff9b::]/',
    'http://[2002:7f00:1::]/',
    'http://[2001::1]/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://[fd12:3456::1]/',
    'http://[ff02::1]/',
    'http://[fec0::1]/',
    'http://[64:ff9b:1::1]/',
    'https://127.0.0.1:8443/',
  ];

  it('a key over plain http reaches this machine and network, and nothing beyond', async () => {
    const fetchWithKey = (url: string) => open().fetchFor({ name: 'Server', named: url, carriesKey: true })(url);
    expect(await codeOf(fetchWithKey('http://93.184.215.14/v1'))).toBe('BLOCKED_ADDRESS');
    expect(await codeOf(fetchWithKey('http://127.0.0.1:9/v1'))).toBe('LOCAL_DOWN');
  });

  it.each(blocked)('%s inside this machine or network is refused unless it was named', async (url) => {
    expect(await codeOf(open().fetchFor({ name: 'Server' })(url))).toBe('BLOCKED_ADDRESS');
    expect(await codeOf(open().fetchFor(policy('https://api.example.com/v1'))(url))).toBe('BLOCKED_ADDRESS');
  });

  it.each([
    'http://169.254.169.254/',
    'http://0.0.0.0/',
    'http://224.0.0.1/',
    'http://[fe80::1]/',
    'http://[2002:7f00:1::]/',
  ])('%s is refused even when it was named', async (url) => {
    expect(await codeOf(open().fetchFor(policy(url))(url))).toBe('BLOCKED_ADDRESS');
  });

  it('is reached when exactly its host and port were named', async () => {
    const { url, port } = await serve((_request, response) => response.end('{}'));
    const outbound = open();
    expect(await codeOf(outbound.fetchFor(policy(`${url}/v1`))(`${url}/v1/models`))).toBe('ok');
    for (const named of [
      `http://127.0.0.1:${port + 1}`,
      `http://localhost:${port}`,
      'http://127.0.0.1',
      'not an address',
    ]) {
      expect(await codeOf(outbound.fetchFor(policy(named))(url))).toBe('BLOCKED_ADDRESS');
    }
  });

  const lookupOf = (...addresses: string[]): OutboundOptions => ({
    lookup: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  });

  it.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['fe80::1%eth0'],
    ['169.254.169.254', '127.0.0.1'],
  ])('that a name turns into (%s) is checked as one that was written', async (...addresses) => {
    const { port, connections } = await serve((_request, response) => response.end('{}'));
    expect(
      await codeOf(open(lookupOf(...addresses)).fetchFor({ name: 'Server' })(`http://rebound.example:${port}/`)),
    ).toBe('BLOCKED_ADDRESS');
    expect(connections()).toBe(0);
  });

  it('is looked up once for a connection, and only those that are allowed are tried', async () => {
    const { port } = await serve((_request, response) => response.end('{}'));
    const asked: string[] = [];
    const lookup = async (name: string) => {
      asked.push(name);
      return [
        { address: '169.254.169.254', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ];
    };
    const url = `http://home.example:${port}/`;
    expect(await codeOf(open({ lookup }).fetchFor(policy(url))(url))).toBe('ok');
    expect(asked).toEqual(['home.example']);
  });

  it('outside this machine is refused in local-only mode, before its name is looked up', async () => {
    const { url } = await serve((_request, response) => response.end('{}'));
    const asked: string[] = [];
    const outbound = open({
      lookup: async (name) => {
        asked.push(name);
        return [{ address: '93.184.215.14', family: 4 }];
      },
    });
    for (const far of [
      'https://api.example.com/',
      'http://192.168.1.5:8080/',
      'http://8.8.8.8/',
      'http://localhost.example.com/',
    ]) {
      expect(await codeOf(outbound.fetchFor(policy(far, { localOnly: true }))(far))).toBe('BLOCKED_ADDRESS');
    }
    expect(asked).toEqual([]);
    expect(
      await codeOf(outbound.fetchFor(policy('http://localhost:9/', { localOnly: true }))('http://localhost:9/')),
    ).toBe('BLOCKED_ADDRESS');
    expect(await codeOf(outbound.fetchFor(policy(url, { localOnly: true }))(url))).toBe('ok');
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'http://user:secret@example.com/'])(
    '%s is none',
    async (url) => {
      expect(await codeOf(open().fetchFor(policy(url))(url))).toBe('ENDPOINT');
    },
  );
});

describe('a connection', () => {
  it('is kept for the next call when the reader leaves before the last empty chunk', async () => {
    const { url, connections } = await serve((_request, response) => {
      response.write('data: 1\n\n');
      response.end();
    });
    const fetch = open().fetchFor(policy(url));
    for (let round = 0; round < 3; round++) {
      const reader = (await fetch(url)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
      // The pool hands a connection back in the next turn.
      await setImmediate();
    }
    expect(connections()).toBe(1);
  });

  it('is closed at once by an abort, and the reason is kept', async () => {
    const gone = Promise.withResolvers<void>();
    const { url } = await serve((request, response) => {
      request.socket.on('close', () => gone.resolve());
      response.write('data: 1\n\n');
    });
    const stop = new AbortController();
    const response = await open().fetchFor(policy(url))(url, { signal: stop.signal });
    const reading = response.text();
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await gone.promise;
  });

  /** No limit comes to the help of a test. */
  const patience = { lookupMs: 3_600_000, connectMs: 3_600_000 };

  it('is not waited for by a call that is cancelled, and what it asked is never sent', async () => {
    let requests = 0;
    const { port } = await serve((_request, response) => {
      requests += 1;
      response.end('{}');
    });
    const found = Promise.withResolvers<readonly { address: string; family: number }[]>();
    const url = `http://slow.example:${port}/`;
    const outbound = open({ limits: patience, lookup: () => found.promise });
    const fetchIt = outbound.fetchFor(policy(url));
    const stop = new AbortController();
    const reason = new Error('enough');
    const handler = { head: () => undefined, bytes: () => undefined };
    const cancelled = [
      fetchIt(url, { signal: stop.signal }),
      outbound.forwardTo(policy(url), url)({ headers: {}, body: '', signal: stop.signal }, handler),
    ];
    const patient = fetchIt(url);
    await outbound.prepare();
    await setImmediate();
    stop.abort(reason);
    for (const call of cancelled) await expect(call).rejects.toBe(reason);
    found.resolve([{ address: '127.0.0.1', family: 4 }]);
    expect((await patient).status).toBe(200);
    expect(requests).toBe(1);
  });

  it('that never shakes hands is not waited for by a call that is cancelled', async () => {
    const reached = Promise.withResolvers<void>();
    const { port } = await listen(createTcpServer(() => reached.resolve()));
    const url = `https://127.0.0.1:${port}/`;
    const stop = new AbortController();
    const reason = new Error('enough');
    const outbound = open({ limits: patience });
    const handler = { head: () => undefined, bytes: () => undefined };
    const fetched = outbound.fetchFor(policy(url))(url, { signal: stop.signal });
    const forwarded = outbound.forwardTo(policy(url), url)({ headers: {}, body: '', signal: stop.signal }, handler);
    await reached.promise;
    stop.abort(reason);
    for (const call of [fetched, forwarded]) await expect(call).rejects.toBe(reason);
  });

  it('is not opened by a signal that is already aborted, nor after closing', async () => {
    const { url, connections } = await serve((_request, response) => response.end());
    const outbound = open();
    await expect(outbound.fetchFor(policy(url))(url, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    await outbound.close();
    expect(await codeOf(outbound.fetchFor(policy(url))(url))).toBe('TRANSPORT_CLOSED');
    expect(connections()).toBe(0);
  });

  it('ends with the outbound', async () => {
    const { url } = await serve((_request, response) => {
      response.write('data: 1\n\n');
    });
    const outbound = open();
    const response = await outbound.fetchFor(policy(url))(url);
    const reading = codeOf(response.text());
    await outbound.close();
    expect(await reading).toBe('TRANSPORT_CLOSED');
  });
});

describe('a failure of the network', () => {
  const limits = { lookupMs: 30, connectMs: 60, headersMs: 60, idleMs: 60, localMs: 60 };

  it('has a code and names the server', async () => {
    const refused = await serve(() => undefined);
    await refused.close();
    const named = policy(refused.url, { start: 'serve it' });
    await expect(open().fetchFor(named)(refused.url)).rejects.toMatchObject({
      code: 'LOCAL_DOWN',
      message: `Server is not running on 127.0.0.1:${refused.port}. Start it with \`serve it\`.`,
    });
  });

  it('of the name server is told by the host', async () => {
    const url = 'https://api.example.com/v1';
    const failing = (code: string): OutboundOptions => ({
      lookup: () => Promise.reject(Object.assign(new Error(code), { code })),
    });
    for (const options of [failing('ENOTFOUND'), failing('EAI_AGAIN'), { lookup: async () => [] }]) {
      await expect(open(options).fetchFor(policy(url))(url)).rejects.toMatchObject({
        code: 'DNS',
        message: expect.stringContaining('api.example.com'),
      });
    }
    const silent = open({ limits, lookup: () => new Promise(() => undefined) });
    expect(await codeOf(silent.fetchFor(policy(url))(url))).toBe('DNS');
  });

  it('is a refused connection where the host is not this machine', async () => {
    const { port, close } = await serve(() => undefined);
    await close();
    const url = `http://nas.example:${port}/`;
    const outbound = open({ lookup: async () => [{ address: '127.0.0.1', family: 4 }] });
    expect(await codeOf(outbound.fetchFor(policy(url))(url))).toBe('CONNECT');
  });

  it('is a server that accepts and never shakes hands', async () => {
    const { port } = await listen(createTcpServer(() => undefined));
    const url = `https://127.0.0.1:${port}/`;
    expect(await codeOf(open({ limits }).fetchFor(policy(url))(url))).toBe('CONNECT_TIMEOUT');
  });

  it('is a server without TLS', async () => {
    const { port } = await serve((_request, response) => response.end());
    const url = `https://127.0.0.1:${port}/`;
    expect(await codeOf(open().fetchFor(policy(url))(url))).toBe('TLS');
  });

  it('is a certificate that nobody vouches for', async () => {
    const { createServer: createTlsServer } = await import('node:https');
    const { certificate, key } = await import('./self-signed.ts');
    const server = createTlsServer({ cert: certificate, key }, (_request, response) => response.end());
    const { port } = await listen(server);
    const url = `https://127.0.0.1:${port}/`;
    await expect(open().fetchFor(policy(url))(url)).rejects.toMatchObject({
      code: 'TLS',
      message: expect.stringContaining('signed by itself'),
    });
  });

  it('is a server that does not speak HTTP', async () => {
    const { url } = await listen(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n')));
    expect(await codeOf(open().fetchFor(policy(url))(url))).toBe('PROTOCOL');
  });

  it.each([
    ['before the headers', 'RESET', (response: ServerResponse) => response.socket?.destroy()],
    [
      'in mid-body',
      'RESET',
      (response: ServerResponse) => response.write('data: 1\n\n', () => response.socket?.resetAndDestroy()),
    ],
    [
      'short of its length',
      'RESET',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{', () => response.socket?.end());
      },
    ],
    ['never', 'HEADERS_TIMEOUT', () => undefined],
    ['never after the headers', 'IDLE_TIMEOUT', (response: ServerResponse) => response.flushHeaders()],
    [
      'with a redirect',
      'REDIRECT',
      (response: ServerResponse) => response.writeHead(302, { location: '/elsewhere' }).end(),
    ],
    [
      'packed',
      'PROTOCOL',
      (response: ServerResponse) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    ],
  ])('is a reply that ends %s: %s', async (_when, code, handle) => {
    let requests = 0;
    const { url } = await serve((_request, response) => {
      requests++;
      handle(response);
    });
    const fetch = open({ limits }).fetchFor(policy(url));
    expect(await codeOf(fetch(url, { method: 'POST', body: 'the text' }).then((response) => response.text()))).toBe(
      code,
    );
    expect(requests).toBe(1);
  });
});

describe('a connection that is lost', () => {
  const lost = ['ECONNRESET', 'ETIMEDOUT', 'ENETDOWN', 'ENETUNREACH', 'EHOSTUNREACH', undefined];

  it.each(lost)('F56 on this side with %s is a reset, before the first byte and after it', async (code) => {
    let client: Socket | undefined;
    const watch = (message: unknown): void => {
      client = (message as { socket: Socket }).socket;
    };
    subscribe('net.client.socket', watch);
    onTestFinished(() => {
      unsubscribe('net.client.socket', watch);
    });
    // As the system tells it of a connection that stood.
    const lose = (): unknown =>
      client?.destroy(code === undefined ? code : Object.assign(new Error('read'), { code, syscall: 'read' }));
    const before = await serve(lose);
    const failure = { code: 'RESET', message: expect.stringContaining('closed the connection') };
    await expect(open().fetchFor(policy(before.url))(before.url)).rejects.toMatchObject(failure);
    const after = await serve((_request, response) => response.write('data: 1\n\n'));
    const reader = (await open().fetchFor(policy(after.url))(after.url)).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 1\n\n');
    const rest = reader?.read();
    lose();
    await expect(rest).rejects.toMatchObject(failure);
  });

  it('F56 is told from one that never came about', async () => {
    const { url } = await serve((_request, response) => response.end());
    const watch = (message: unknown): void => {
      const { socket } = message as { socket: Socket };
      socket.destroy(Object.assign(new Error('connect'), { code: 'ENETDOWN', syscall: 'connect' }));
    };
    subscribe('net.client.socket', watch);
    onTestFinished(() => {
      unsubscribe('net.client.socket', watch);
    });
    expect(await codeOf(open().fetchFor(policy(url))(url))).toBe('CONNECT');
  });
});

describe('a body', () => {
  const read = async (parts: readonly (string | Uint8Array)[], options: OutboundOptions = {}): Promise<string> => {
    const { url } = await serve((_request, response) => {
      for (const part of parts) response.write(part);
      response.end();
    });
    return codeOf(
      open(options)
        .fetchFor(policy(url))(url)
        .then((response) => response.text()),
    );
  };

  it('passes unchanged, whatever it is', async () => {
    const body = Buffer.from([0, 1, 2, 250, 10, 13, 0]);
    const { url } = await serve((_request, response) => response.end(body));
    const response = await open().fetchFor(policy(url))(url);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(body);
  });

  it('has a limit for a document, for a line and for a stream', async () => {
    const limits = { documentBytes: 1_000, lineBytes: 100, streamBytes: 1_000 };
    const line = `data: ${'x'.repeat(94)}`;
    expect(await read([`{"a":"${'x'.repeat(994)}"`], { limits })).toBe('PROTOCOL');
    expect(await read([`{"a":"${'x'.repeat(900)}"`], { limits })).toBe('ok');
    expect(await read([line, '\n\n'], { limits })).toBe('ok');
    expect(await read([line, 'x', '\n\n'], { limits })).toBe('PROTOCOL');
    expect(await read(Array(10).fill('data: x\r\n\r\n'), { limits })).toBe('ok');
    expect(await read(Array(100).fill('data: x\r\n\r\n'), { limits })).toBe('TOO_LONG');
  });

  it.each([
    ['comments', ': still here\n\n', 'IDLE_TIMEOUT'],
    ['blank lines', '\n', 'IDLE_TIMEOUT'],
    ['other fields', 'event: ping\nid: 1\nretry: 5\n\n', 'IDLE_TIMEOUT'],
    ['data', 'data: 1\n\n', 'ok'],
  ])('kept awake by %s ends as %s', async (_what, filler, expected) => {
    const { url } = await serve(async (_request, response) => {
      response.write('data: 0\n\n');
      for (let sent = 0; sent < 40 && !response.destroyed; sent++) {
        response.write(filler);
        await new Promise((resolve) => {
          setTimeout(resolve, 10);
        });
      }
      response.end();
    });
    const outbound = open({ limits: { localMs: 300 } });
    expect(
      await codeOf(
        outbound
          .fetchFor(policy(url))(url)
          .then((response) => response.text()),
      ),
    ).toBe(expected);
  });

  it('may be read as slowly as the reader likes', async () => {
    const { url } = await serve((_request, response) => response.end(`data: ${'x'.repeat(1000)}\n\n`.repeat(500)));
    const response = await open({ limits: { localMs: 40 } }).fetchFor(policy(url))(url);
    const reader = response.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => {
      setTimeout(resolve, 80);
    });
    let bytes = 0;
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) bytes += part.value.length;
    expect(bytes).toBeGreaterThan(400_000);
  });
});

it('has the limits the documents state', () => {
  expect(defaultLimits).toEqual({
    lookupMs: 5_000,
    connectMs: 10_000,
    headersMs: 30_000,
    idleMs: 20_000,
    localMs: 120_000,
    documentBytes: 2_097_152,
    lineBytes: 65_536,
    streamBytes: 67_108_864,
  });
});
