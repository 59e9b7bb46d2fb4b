import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { NetworkSettings } from '../../../../src/main/core/outbound/network.ts';
import {
  createOutbound,
  type FetchPolicy,
  type Outbound,
  type OutboundOptions,
} from '../../../../src/main/core/outbound.ts';
import { settings as knownSettings } from '../../../../src/shared/settings.ts';
import { startFakeProxy } from '../../../helpers/fake-proxy.ts';
import { type Listening, listen, serve } from '../../../helpers/listening.ts';
import { startTestPotter, temporaryFolder } from '../../../helpers/potter.ts';
import { certificate, expiredCertificate, issuedCertificate, key } from '../self-signed.ts';

function open(settings: Partial<NetworkSettings> = {}, options: OutboundOptions = {}): Outbound {
  const all = { proxy: null, noProxy: [], caFile: null, ...settings };
  const outbound = createOutbound({ settings: () => all, ...options });
  onTestFinished(() => outbound.close());
  return outbound;
}

const policy = (named?: string, rest: Partial<FetchPolicy> = {}): FetchPolicy => ({
  name: 'Server',
  ...(named !== undefined && { named }),
  ...rest,
});
const toThisMachine: OutboundOptions = { lookup: async () => [{ address: '127.0.0.1', family: 4 }] };

function pemFile(text: string): string {
  const file = join(temporaryFolder(), 'authority.pem');
  writeFileSync(file, text);
  return file;
}

function secure(cert: string, handle?: (response: ServerResponse) => void): Promise<Listening> {
  return listen(
    createTlsServer({ cert, key }, (_request, response) => (handle ? handle(response) : response.end('{}'))),
  );
}

/** The reply of a forwarded request, or its failure; `parts` are its bytes, also those that come too late. */
async function forward(outbound: Outbound, to: FetchPolicy, url: string, parts: Buffer[] = []): Promise<string> {
  await outbound.forwardTo(to, url)(
    { headers: { authorization: 'Bearer x' }, body: '{"a":1}', signal: new AbortController().signal },
    {
      head: () => undefined,
      bytes: (bytes) => {
        parts.push(bytes);
      },
    },
  );
  return Buffer.concat(parts).toString();
}

describe('a proxy', () => {
  it('is handed plain requests to other machines, whose names are not looked up here', async () => {
    const proxy = await startFakeProxy();
    const asked: string[] = [];
    const lookup = async (name: string) => {
      asked.push(name);
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const outbound = open({ proxy: proxy.url }, { lookup });
    const url = 'http://api.example/v1/models?all=1';
    expect(await (await outbound.fetchFor(policy())(url)).json()).toEqual({});
    // The pool hands a connection back in the next turn.
    await setImmediate();
    expect(await forward(outbound, policy(), url)).toBe('{}');
    expect(proxy.requests.map(({ method, target, headers, body }) => [method, target, headers.host, body])).toEqual([
      ['GET', url, 'api.example', ''],
      ['POST', url, 'api.example', '{"a":1}'],
    ]);
    expect(asked).toEqual([]);
    expect(proxy.connections()).toBe(1);
  });

  it('makes a tunnel for https, which it cannot look into', async () => {
    const server = await secure(certificate);
    const proxy = await startFakeProxy({ tunnel: { port: server.port } });
    const outbound = open({ proxy: proxy.url, caFile: pemFile(certificate) }, toThisMachine);
    // The certificate is one for 127.0.0.1, which no proxy is asked for.
    const failure = outbound.fetchFor(policy())('https://api.example/v1');
    await expect(failure).rejects.toMatchObject({ code: 'TLS', message: expect.stringContaining('another host') });
    expect(proxy.requests.map(({ method, target, headers }) => [method, target, headers.authorization])).toEqual([
      ['CONNECT', 'api.example:443', undefined],
    ]);
    expect(server.connections()).toBe(1);
  });

  it('has no part in what stays on this machine or in the network and was named', async () => {
    const proxy = await startFakeProxy();
    const { port, connections } = await serve((_request, response) => response.end('{}'));
    const outbound = open({ proxy: proxy.url }, toThisMachine);
    for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', 'localhost', 'nas', 'nas.local', 'nas.home.arpa']) {
      const url = `http://${host}:${port}/`;
      expect((await outbound.fetchFor(policy(url))(url)).status).toBe(200);
      expect(await forward(outbound, policy(url), url)).toBe('{}');
    }
    expect([proxy.requests.length, connections() > 0]).toEqual([0, true]);
  });

  it('is gone round for the hosts of `network.noProxy` and those below them', async () => {
    const proxy = await startFakeProxy();
    const { port } = await serve((_request, response) => response.end('{}'));
    const outbound = open(
      { proxy: proxy.url, noProxy: ['Example.com', '*.corp.example', '.lab.example'] },
      toThisMachine,
    );
    const ways: [string, boolean][] = [];
    for (const host of ['example.com', 'a.example.com', 'x.corp.example', 'y.lab.example', 'badexample.com', 'com']) {
      const before = proxy.requests.length;
      const url = `http://${host}:${port}/`;
      // Where it is looked up here, it is held against the rules for addresses as ever.
      const to = host === 'com' ? policy(`http://other.example:${port}/`) : policy(url);
      await outbound
        .fetchFor(to)(url)
        .catch(() => undefined);
      ways.push([host, proxy.requests.length > before]);
    }
    expect(ways).toEqual([
      ['example.com', false],
      ['a.example.com', false],
      ['x.corp.example', false],
      ['y.lab.example', false],
      ['badexample.com', true],
      ['com', false],
    ]);
    const direct = outbound.fetchFor(policy())(`http://inside.example.com:${port}/`);
    await expect(direct).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS' });
  });

  it('is never asked for an address inside, for a key in clear text, or for anything in local-only mode', async () => {
    const proxy = await startFakeProxy({ tunnel: { status: 200 } });
    const outbound = open({ proxy: proxy.url });
    for (const host of [
      '10.0.0.1',
      '169.254.169.254',
      '[fd00:ec2::254]',
      '127.0.0.1',
      'localhost',
      'router',
      'x.local',
    ])
      await expect(outbound.fetchFor(policy())(`http://${host}:8080/`)).rejects.toMatchObject({
        code: 'BLOCKED_ADDRESS',
      });
    const plain = 'http://api.example/v1';
    const withKey = policy(plain, { carriesKey: true });
    await expect(outbound.fetchFor(withKey)(plain)).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS' });
    await expect(forward(outbound, withKey, plain)).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS' });
    const far = policy('https://api.example', { localOnly: true });
    await expect(outbound.fetchFor(far)('https://api.example')).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS' });
    expect(proxy.connections()).toBe(0);
  });

  it('at an address that nobody may speak to is none', async () => {
    const outbound = open({ proxy: 'http://169.254.169.254:3128' });
    await expect(outbound.fetchFor(policy())('http://api.example/')).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS' });
  });

  it('F57 that wants a login is named with its setting', async () => {
    const page = 'secret '.repeat(1000);
    const proxy = await startFakeProxy({
      answer: (_request, response) =>
        response.writeHead(407, { 'proxy-authenticate': 'Basic realm="secret"' }).end(page),
      tunnel: { status: 407 },
    });
    const outbound = open({ proxy: proxy.url });
    const parts: Buffer[] = [];
    const message = `The proxy 127.0.0.1:${proxy.port} of \`network.proxy\` wants a login, which Potter cannot give.`;
    for (const url of ['http://api.example/v1', 'https://api.example/v1']) {
      await expect(outbound.fetchFor(policy())(url)).rejects.toMatchObject({ code: 'PROXY', message });
      await expect(forward(outbound, policy(), url, parts)).rejects.toMatchObject({ code: 'PROXY', message });
    }
    // Its page is no part of an answer, even when it comes in after the failure.
    await outbound.close();
    expect(Buffer.concat(parts).toString()).toBe('');
  });

  it('F57 that does not make the connection says so with its status', async () => {
    const proxy = await startFakeProxy({ tunnel: { status: 502 } });
    await expect(open({ proxy: proxy.url }).fetchFor(policy())('https://api.example/')).rejects.toMatchObject({
      code: 'PROXY',
      message: expect.stringContaining('502'),
    });
  });

  it('F57 that cannot be reached or is no proxy is named with its setting', async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    const lost = 'http://proxy.example:3128';
    const noName: OutboundOptions = {
      lookup: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
    };
    const hangsUp = await listen(createTcpServer((socket) => socket.destroy()));
    for (const url of ['http://api.example/v1', 'https://api.example/v1']) {
      const failures = [
        [open({ proxy: gone.url }), gone.url],
        [open({ proxy: lost }, noName), lost],
      ] as const;
      for (const [outbound, proxy] of failures) {
        const message = `The proxy ${new URL(proxy).host} of \`network.proxy\` cannot be reached.`;
        await expect(outbound.fetchFor(policy())(url)).rejects.toMatchObject({ code: 'PROXY', message });
        await expect(forward(outbound, policy(), url)).rejects.toMatchObject({ code: 'PROXY', message });
      }
    }
    const outbound = open({ proxy: hangsUp.url });
    await expect(outbound.fetchFor(policy())('https://api.example/')).rejects.toMatchObject({ code: 'PROXY' });
  });

  it('F57 that never answers is not waited for without end', async () => {
    const silent = await listen(createTcpServer(() => undefined));
    const outbound = open({ proxy: silent.url }, { limits: { headersMs: 100 } });
    await expect(outbound.fetchFor(policy())('https://api.example/')).rejects.toMatchObject({
      code: 'HEADERS_TIMEOUT',
    });
    await expect(forward(outbound, policy(), 'http://api.example/')).rejects.toMatchObject({ code: 'HEADERS_TIMEOUT' });
  });

  it('that is set while Potter runs is used by the next request, and what is under way goes on', async () => {
    const proxy = await startFakeProxy();
    const gate = Promise.withResolvers<void>();
    const { url } = await serve(async (_request, response) => {
      response.write('{');
      await gate.promise;
      response.end('}');
    });
    let settings: NetworkSettings = { proxy: null, noProxy: [], caFile: null };
    const outbound = open({}, { settings: () => settings });
    const send = outbound.forwardTo(policy(), 'http://api.example/');
    const local = await outbound.fetchFor(policy(url))(url);
    settings = { ...settings, proxy: proxy.url };
    const handler = { head: () => undefined, bytes: () => undefined };
    await send({ headers: {}, body: '', signal: new AbortController().signal }, handler);
    await outbound.fetchFor(policy())('http://api.example/');
    expect(proxy.requests.length).toBe(2);
    gate.resolve();
    expect(await local.text()).toBe('{}');
  });

  it('that was changed does not keep Potter from stopping', async () => {
    const { url } = await serve((_request, response) => void response.write('{'));
    let settings: NetworkSettings = { proxy: null, noProxy: [], caFile: null };
    const outbound = open({}, { settings: () => settings });
    const reply = await outbound.fetchFor(policy(url))(url);
    settings = { ...settings, noProxy: ['x.example'] };
    const hanging = await outbound.fetchFor(policy(url))(url);
    const ends = Promise.allSettled([reply.text(), hanging.text()]);
    await outbound.close();
    expect((await ends).map((end) => end.status === 'rejected' && end.reason.code)).toEqual([
      'TRANSPORT_CLOSED',
      'TRANSPORT_CLOSED',
    ]);
  });

  it('may itself be reached by https, with a certificate of an authority of its own', async () => {
    const proxy = await startFakeProxy({ secure: { cert: certificate, key } });
    const url = `https://127.0.0.1:${proxy.port}`;
    const fetchIt = open({ proxy: url, caFile: pemFile(certificate) }).fetchFor(policy());
    expect((await fetchIt('http://api.example/v1')).status).toBe(200);
    expect(proxy.requests.map(({ target }) => target)).toEqual(['http://api.example/v1']);
    const strange = open({ proxy: url }).fetchFor(policy())('http://api.example/v1');
    const message = expect.stringMatching(
      `^No secure connection to the proxy 127.0.0.1:${proxy.port}: .* signed by itself`,
    );
    await expect(strange).rejects.toMatchObject({ code: 'TLS', message });
  });
});

describe('a file of authorities', () => {
  it('F33 is what the failure points to where the authority of a server is unknown', async () => {
    const { port } = await secure(issuedCertificate);
    const url = `https://127.0.0.1:${port}/`;
    const message =
      `No secure connection to Server at 127.0.0.1:${port}: its certificate was issued by an authority this computer ` +
      'does not know; `network.caFile` can name a file with the certificate of that authority.';
    await expect(open().fetchFor(policy(url))(url)).rejects.toMatchObject({ code: 'TLS', message });
    const trusting = open({ caFile: pemFile(`An authority of our own:\n${certificate}\n`) });
    expect(await (await trusting.fetchFor(policy(url))(url)).text()).toBe('{}');
    expect(await forward(trusting, policy(url), url)).toBe('{}');
  });

  it.each([
    ['is not there', () => join(temporaryFolder(), 'none.pem')],
    ['is a folder', () => temporaryFolder()],
    ['holds no certificate', () => pemFile('hello')],
    ['holds half a certificate', () => pemFile(`${certificate.slice(0, 200)}\n-----END CERTIFICATE-----\n`)],
  ])('that %s is named, and nothing leaves until it is right', async (_what, file) => {
    const { url, connections } = await serve((_request, response) => response.end('{}'));
    const caFile = file();
    let settings: NetworkSettings = { proxy: null, noProxy: [], caFile };
    const outbound = open({}, { settings: () => settings });
    const refused = { code: 'SETTING_INVALID', message: expect.stringContaining(caFile) };
    await expect(outbound.fetchFor(policy(url))(url)).rejects.toMatchObject(refused);
    await expect(forward(outbound, policy(url), url)).rejects.toMatchObject(refused);
    expect(connections()).toBe(0);
    settings = { ...settings, caFile: pemFile(certificate) };
    expect((await outbound.fetchFor(policy(url))(url)).status).toBe(200);
  });

  it('is what counts, not NODE_TLS_REJECT_UNAUTHORIZED of the environment', async () => {
    const { port } = await secure(certificate);
    const url = `https://127.0.0.1:${port}/`;
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    await expect(open().fetchFor(policy(url))(url)).rejects.toMatchObject({ code: 'TLS' });
    const proxy = await startFakeProxy({ tunnel: { port } });
    const proxied = open({ proxy: proxy.url }).fetchFor(policy())('https://api.example/');
    await expect(proxied).rejects.toMatchObject({ code: 'TLS' });
    expect((await fetch(url)).status).toBe(200);
  });

  it('may be mended in place', async () => {
    const { url } = await serve((_request, response) => response.end('{}'));
    const caFile = pemFile('hello');
    const fetchIt = open({ caFile }).fetchFor(policy(url));
    await expect(fetchIt(url)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    writeFileSync(caFile, certificate);
    expect((await fetchIt(url)).status).toBe(200);
  });
});

describe('the clock of this computer', () => {
  const minute = 60_000;
  const at = (offMinutes: number): string => new Date(Date.now() + offMinutes * minute).toUTCString();
  const dated = (date: string, status = 200): Promise<Listening> =>
    serve((_request, response) => response.writeHead(status, { date }).end('{}'));

  it('F34 is named where it makes a certificate seem out of date', async () => {
    const { port } = await secure(expiredCertificate);
    const url = `https://127.0.0.1:${port}/`;
    const outbound = open({ caFile: pemFile(expiredCertificate) });
    await expect(outbound.fetchFor(policy(url))(url)).rejects.toMatchObject({
      code: 'TLS',
      message: expect.stringContaining('expired'),
    });
    const right = await dated(at(1));
    await outbound.fetchFor(policy(right.url))(right.url);
    await expect(outbound.fetchFor(policy(url))(url)).rejects.toMatchObject({ code: 'TLS' });
    const other = await dated(at(-90));
    await outbound.fetchFor(policy(other.url))(other.url);
    const message = `The clock of this computer is off by about 90 minutes (by the Date of 127.0.0.1:${other.port}).`;
    await expect(outbound.fetchFor(policy(url))(url)).rejects.toMatchObject({ code: 'CLOCK', message });
    await expect(forward(outbound, policy(url), url)).rejects.toMatchObject({ code: 'CLOCK', message });
  });

  it('F34 is told by another machine: a server of this one goes by the same clock', async () => {
    const { port } = await secure(expiredCertificate);
    const url = `https://127.0.0.1:${port}/`;
    const outbound = open({ caFile: pemFile(expiredCertificate) }, toThisMachine);
    const far = `http://far.example:${(await dated(at(-90))).port}/`;
    const local = (await dated(at(0))).url;
    for (const address of [far, local]) await outbound.fetchFor(policy(address))(address);
    await expect(outbound.fetchFor(policy(url))(url)).rejects.toMatchObject({
      code: 'CLOCK',
      message: expect.stringContaining('far.example'),
    });
  });

  it.each([401, 403])('F34 is named where a server refuses with %s at another time', async (status) => {
    const { url } = await dated(at(60), status);
    const message = expect.stringContaining('60 minutes');
    await expect(open().fetchFor(policy(url))(url)).rejects.toMatchObject({ code: 'CLOCK', message });
    await expect(forward(open(), policy(url), url)).rejects.toMatchObject({ code: 'CLOCK', message });
  });

  it('F34 is not blamed for a refusal at the same time, without a time, from a cache, or with nonsense for a time', async () => {
    const old = at(-60);
    const headers = [{ date: at(4) }, { date: old, age: '3600' }, { date: 'yesterday' }, { date: '' }];
    for (const each of headers) {
      const { url } = await serve((_request, response) => response.writeHead(401, each).end('{}'));
      expect((await open().fetchFor(policy(url))(url)).status).toBe(401);
    }
    const { url } = await serve((_request, response) => {
      response.sendDate = false;
      response.writeHead(401).end('{}');
    });
    const outbound = open();
    const other = await dated(old);
    await outbound.fetchFor(policy(other.url))(other.url);
    expect((await outbound.fetchFor(policy(url))(url)).status).toBe(401);
  });
});

describe('a redirect', () => {
  interface Seen {
    readonly method: string | undefined;
    readonly url: string | undefined;
    readonly body: string;
    readonly type: string | undefined;
    readonly key: string | undefined;
  }
  async function redirecting(status: number): Promise<{ url: string; seen: Seen[] }> {
    const seen: Seen[] = [];
    const { url } = await serve(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      const { authorization, 'content-type': type } = request.headers;
      seen.push({ method: request.method, url: request.url, body, type, key: authorization });
      if (request.url === '/a') response.writeHead(status, { location: '/b' }).end('moved');
      else response.end('{"here":true}');
    });
    return { url, seen };
  }
  const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [301, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
  ])('%i of a %s is followed with %s', async (status, method, then) => {
    const { url, seen } = await redirecting(status);
    const fetchIt = open().fetchFor(policy(url, { redirects: 1 }));
    expect(await (await fetchIt(`${url}/a`, { method, headers, body: '{}' })).json()).toEqual({ here: true });
    const kept = then !== 'GET';
    expect(seen).toEqual([
      { method, url: '/a', body: '{}', type: 'application/json', key: 'Bearer x' },
      {
        ...{ method: then, url: '/b', body: kept ? '{}' : '' },
        ...{ type: kept ? 'application/json' : undefined, key: 'Bearer x' },
      },
    ]);
  });

  it('is followed as often as was allowed, and by a forwarded request never', async () => {
    const { url, seen } = await redirecting(307);
    for (const allowed of [
      policy(url),
      policy(url, { redirects: 0 }),
      policy(url, { redirects: 2, carriesKey: true }),
    ]) {
      await expect(open().fetchFor(allowed)(`${url}/a`)).rejects.toMatchObject({ code: 'REDIRECT' });
    }
    const greedy = policy(url, { redirects: 3 });
    await expect(forward(open(), greedy, `${url}/a`)).rejects.toMatchObject({ code: 'REDIRECT' });
    expect(seen.map((one) => one.url)).toEqual(['/a', '/a', '/a', '/a']);
  });

  it('to nowhere, and a 300 or 304, are failures', async () => {
    for (const status of [302, 300, 304]) {
      const { url } = await serve((_request, response) => response.writeHead(status).end());
      await expect(open().fetchFor(policy(url, { redirects: 3 }))(url)).rejects.toMatchObject({ code: 'REDIRECT' });
    }
  });
});

describe('the settings of the network', () => {
  it.each([
    ['network.proxy', 'http://proxy.example:3128', true],
    ['network.proxy', 'https://proxy.example', true],
    ['network.proxy', null, true],
    ['network.proxy', 'socks5://proxy.example:1080', false],
    ['network.proxy', 'http://user:secret@proxy.example:3128', false],
    ['network.proxy', 'http://proxy.example:3128/path', false],
    ['network.proxy', 'http://proxy.example:3128?x', false],
    ['network.proxy', 'proxy.example:3128', false],
    ['network.noProxy', ['example.com'], true],
    ['network.noProxy', [''], false],
    ['network.caFile', '/etc/ssl/ours.pem', true],
    ['network.caFile', 'C:\\ours.pem', true],
    ['network.caFile', 'ours.pem', false],
  ] as const)('%s may be %j: %s', (name, value, isValid) => {
    expect(knownSettings[name].schema.safeParse(value).success).toBe(isValid);
  });

  it('hold for a whole Potter from the next request on', async () => {
    const proxy = await startFakeProxy({ tunnel: { status: 407 } });
    const { client } = await startTestPotter();
    const provider = { name: 'Far', baseUrl: 'https://api.example/v1', needsKey: false, wireFormat: 'compatible' };
    await client.call('config.set', { key: 'providers', value: { far: provider } });
    await client.call('config.set', { key: 'network.proxy', value: proxy.url });
    const run = client.call('text.process', {
      action: 'polish',
      model: 'far/some-model',
      source: { type: 'text', text: 'this is a example' },
    });
    await expect(run).rejects.toMatchObject({ code: 'PROXY', message: expect.stringContaining('network.proxy') });
    expect(proxy.requests.map(({ target }) => target)).toEqual(['api.example:443']);
  });
});
