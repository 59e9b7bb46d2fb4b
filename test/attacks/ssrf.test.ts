/** Attacks on the way out (H…): none reaches an address it should not, and each reaches one through a client that takes no care. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { join } from 'node:path';
import { Agent, EnvHttpProxyAgent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createOutbound, type FetchPolicy, type Outbound, type OutboundOptions } from '../../src/main/core/outbound.ts';
import { startApiServer } from '../../src/main/net/http.ts';
import { PotterError } from '../../src/shared/errors.ts';
import { startFakeProxy } from '../helpers/fake-proxy.ts';
import { type Listening, listen, serve } from '../helpers/listening.ts';
import { temporaryFolder } from '../helpers/potter.ts';
import { exchange } from '../helpers/raw-http.ts';
import { certificate, key } from '../main/core/self-signed.ts';

function open(options: OutboundOptions = {}): Outbound {
  const outbound = createOutbound(options);
  onTestFinished(() => outbound.close());
  return outbound;
}

/** How a request ended: `ok`, or the code of its failure. */
async function endOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (thrown) {
    return thrown instanceof PotterError ? thrown.code : String(thrown);
  }
}

const always = new AbortController().signal;
const policies: readonly FetchPolicy[] = [
  { name: 'Server' },
  { name: 'Server', named: 'https://api.example.com/v1', redirects: 3 },
  { name: 'Server', named: 'http://127.0.0.1:1/v1', carriesKey: true },
];

/** Every way a request can be made, whatever was allowed. */
async function endsOf(outbound: Outbound, url: string): Promise<string[]> {
  const ends: string[] = [];
  for (const policy of policies) {
    ends.push(await endOf(outbound.fetchFor(policy)(url)));
    const forward = async () =>
      outbound.forwardTo(policy, url)(
        { headers: {}, body: '{}', signal: always },
        { head: () => undefined, bytes: () => undefined },
      );
    ends.push(await endOf(forward()));
  }
  return [...new Set(ends)];
}

const at = (...addresses: readonly string[]): Required<Pick<OutboundOptions, 'lookup'>> => ({
  lookup: async () => addresses.map((address) => ({ address, family: isIP(address) })),
});

/** A client that connects to wherever the name leads. */
function careless({ lookup }: Required<Pick<OutboundOptions, 'lookup'>>): Agent {
  const agent = new Agent({
    connect: {
      lookup: (hostname, _options, callback) => {
        void lookup(hostname).then((found) => callback(null, [...found]));
      },
    },
  });
  onTestFinished(() => agent.destroy());
  return agent;
}

/** A client whose every connection ends at this port, so that its server sees what would have gone to any address. */
function trapped(port: number): Agent {
  return new Agent({
    connect: (_options, callback) => {
      const socket = connect(port, '127.0.0.1', () => callback(null, socket));
    },
  });
}

/** Follows whatever it is told with everything it was given. */
async function followEagerly(url: string, headers: Record<string, string>, dispatcher?: Agent): Promise<void> {
  let next = url;
  for (let hop = 0; hop < 10; hop += 1) {
    const reply = await request(next, { headers, ...(dispatcher && { dispatcher }) });
    await reply.body.dump();
    const { location } = reply.headers;
    if (typeof location !== 'string') return;
    next = new URL(location, next).href;
  }
}

interface Hit {
  readonly port: number;
  readonly hits: () => number;
}

async function counting(host?: string): Promise<Hit> {
  let hits = 0;
  const { port } = await serve((_request, response) => {
    hits += 1;
    response.end('{}');
  }, host);
  return { port, hits: () => hits };
}

/** Hosts as a URL may spell them. */
const hosts: Readonly<Record<string, readonly string[]>> = {
  H01: [
    ...['127.0.0.1', '127.0.0.1.', '127.1', '127.1.', '127.0.1', '127.0.0.2', '127.8.8.8', '127.255.255.254'],
    ...['2130706433', '0x7f000001', '0X7F000001', '0x7f.1', '0x7f.0.0.1', '0x7f.0x0.0x0.0x1', '017700000001'],
    ...['0177.0.0.1', '0177.1', '0000177.0.0.01', '127.0.0x1', '127.0.0.01', '127.0x000001', '127.00000000001'],
  ],
  H02: [
    ...['[::1]', '[0:0:0:0:0:0:0:1]', '[0000:0000:0000:0000:0000:0000:0000:0001]', '[::0:1]', '[0::1]'],
    ...['[::]', '[0:0:0:0:0:0:0:0]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::FFFF:7F00:0001]'],
    ...['[0:0:0:0:0:ffff:7f00:1]', '[::ffff:0.0.0.0]', '[::ffff:0:0]', '[::ffff:10.0.0.1]', '[::ffff:192.168.0.1]'],
    ...['[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[::127.0.0.1]', '[::7f00:1]', '[::10.0.0.1]'],
    ...['[::ffff:0:127.0.0.1]', '[::ffff:0:7f00:1]', '[::8.8.8.8]', '[64:ff9b::127.0.0.1]', '[64:ff9b::7f00:1]'],
    ...['[64:ff9b::10.0.0.1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b::]', '[64:ff9b:0:0:0:0:c0a8:1]', '[64:ff9b:1::1]'],
    ...['[64:ff9b:1::7f00:1]', '[64:ff9b:1:ffff::8.8.8.8]', '[2002:7f00:1::]', '[2002:7f00:1::1]'],
    ...['[2002:a9fe:a9fe::1]', '[2002:a00:1::]', '[2001::1]', '[2001:0:7f00:1::]', '[2001:20::1]'],
    ...['[2001:0:4136:e378:8000:63bf:80ff:fffe]', '[2607:f8b0::5efe:127.0.0.1]', '[2607:f8b0::200:5efe:7f00:1]'],
    ...['[fd00::5efe:8.8.8.8]', '[fe80::5efe:10.0.0.1]', '[1::1]', '[4000::1]'],
  ],
  H03: ['0.0.0.0', '0.0.0.0.', '0', '0.', '0x0', '00.0.0.0', '0.0', '0.1', '0.0.0.1', '0.255.255.255', '0x00000000'],
  H05: [
    ...['10.0.0.1', '10.1', '0xa.1', '012.0.0.1', '167772161', '10.255.255.255', '172.16.0.1', '172.20.10.2'],
    ...['172.31.255.255', '0xac100001', '192.168.0.1', '192.168.1', '0xc0a80001', '3232235521', '0300.0250.0.1'],
    ...['192.168.255.255', '100.64.0.1', '100.127.255.255', '0x64400001'],
  ],
  H06: [
    ...['169.254.169.254', '169.254.169.254.', '169.254.43518', '0xa9fea9fe', '0xA9.0xFE.0xA9.0xFE', '2852039166'],
    ...['0251.0376.0251.0376', '169.254.170.2', '169.254.0.1', '[fd00:ec2::254]', '[fd00:0ec2:0:0:0:0:0:0254]'],
    ...['[fd20:ce::254]', '100.100.100.200', '168.63.129.16', '192.0.0.192', '[::ffff:168.63.129.16]'],
  ],
  H07: [
    ...['[fc00::1]', '[fd12:3456:789a::1]', '[fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]', '[fe80::1]', '[febf::1]'],
    ...['[fe80::1%25eth0]', '[fe80::1%eth0]', '[::1%25lo]', '[fec0::1]'],
  ],
  H08: [
    ...['224.0.0.1', '239.255.255.250', '255.255.255.255', '4294967295', '0xffffffff', '240.0.0.1', '198.18.0.1'],
    ...['198.19.255.255', '192.0.2.1', '198.51.100.1', '203.0.113.1', '192.0.0.8', '192.88.99.1', '[ff02::1]'],
    ...['[ff05::1:3]', '[ff0e::1]', '[2001:db8::1]', '[3fff::1]', '[100::1]', '[5f00::1]', '[2001:2::1]'],
  ],
  H16: [
    ...['localhost', 'LOCALHOST', 'localhost.', 'LocalHost.', 'any.localhost', 'ANY.LOCALHOST.', '%6c%6f%63alhost'],
    ...[
      'l%6Fcalhost',
      '%4C%4FCALHOST',
      'ｌｏｃａｌｈｏｓｔ',
      'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
      'local\u00adhost',
      '%31%32%37.0.0.1',
      '127%2e0%2e0%2e1',
    ],
    ...[
      '127%2E1',
      '127.0.0.1%2e',
      '0%787f.1',
      '127。0。0。1',
      '127．0．0．1',
      '127｡0｡0｡1',
      '１２７.０.０.１',
      '①②⑦.0.0.1',
    ],
    ...[
      '０ｘ７ｆ．１',
      'user@127.0.0.1',
      'api.example.com@127.0.0.1',
      'api.example.com:443@[::1]',
      'metadata.internal',
    ],
    'INSIDE.example.',
  ],
};
const forms = Object.entries(hosts).flatMap(([id, list]) => list.map((host) => ({ id, host })));

describe('an address', () => {
  let sockets = 0;
  const count = (): void => {
    sockets += 1;
  };
  beforeAll(() => subscribe('net.client.socket', count));
  afterAll(() => unsubscribe('net.client.socket', count));

  it('has at least 120 hostile forms here, each of them once', () => {
    expect(new Set(forms.map(({ host }) => host)).size).toBe(forms.length);
    expect(forms.length).toBeGreaterThanOrEqual(120);
  });

  it.each(forms)('$id $host is never connected to, and a careless client goes there', async ({ host }) => {
    const server = await counting();
    const url = `http://${host}:${server.port}/`;
    const outbound = open(at('127.0.0.1'));
    const before = sockets;
    const ends = await endsOf(outbound, url);
    expect(ends.filter((end) => end !== 'BLOCKED_ADDRESS' && end !== 'ENDPOINT')).toEqual([]);
    expect(server.hits()).toBe(0);
    // A name is looked up by the socket that would connect.
    if (isIP(URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '')) expect(sockets).toBe(before);
    // No client takes a zone in a URL.
    if (!URL.canParse(url)) return expect(host).toContain('%');
    const client = trapped(server.port);
    const control = await request(url.replace(/\/\/[^/]*@/, '//'), { dispatcher: client });
    await control.body.dump();
    await client.destroy();
    expect([control.statusCode, server.hits()]).toEqual([200, 1]);
  });

  it.each([
    ['H01', ['127.0.0.1', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '127.255.255.254']],
    ['H02', ['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]']],
    ['H03', ['0.0.0.0', '0']],
    ['H16', ['LOCALHOST', '%31%32%37.0.0.1', '127。0。0。1', '①②⑦.0.0.1', '127.0.0.1.']],
  ])('%s forms lead a plain fetch to a server of this machine', async (_id, list) => {
    const server = await counting('::');
    for (const host of list) expect((await fetch(`http://${host}:${server.port}/`)).status).toBe(200);
    expect(server.hits()).toBe(list.length);
    for (const host of list) {
      expect(await endOf(open().fetchFor({ name: 'Server' })(`http://${host}:${server.port}/`))).toBe(
        'BLOCKED_ADDRESS',
      );
    }
    expect(server.hits()).toBe(list.length);
  });

  it.each(['H03', 'H06', 'H08'])(
    '%s is refused even where it was named, except what is a network of its own',
    async (id) => {
      const isPrivate = (host: string): boolean => /^198\.1[89]\./.test(host);
      for (const host of (hosts[id] ?? []).filter((one) => !isPrivate(one))) {
        const url = `http://${host}:8080/`;
        expect([host, await endOf(open().fetchFor({ name: 'Server', named: url })(url))]).toEqual([
          host,
          'BLOCKED_ADDRESS',
        ]);
      }
      // The harness sees a named address that may be reached.
      const server = await counting();
      const url = `http://127.0.0.1:${server.port}/`;
      expect(await endOf(open().fetchFor({ name: 'Server', named: url })(url))).toBe('ok');
      expect(server.hits()).toBe(1);
    },
  );

  it('H02 H07 is not local to a person who allows this machine alone when another machine would unwrap it', async () => {
    for (const host of ['[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[::7f00:1]', '[::ffff:0:7f00:1]', '[fe80::1]']) {
      const url = `http://${host}:8080/`;
      expect(await endOf(open().fetchFor({ name: 'Server', named: url, localOnly: true })(url))).toBe(
        'BLOCKED_ADDRESS',
      );
    }
    const server = await counting();
    const url = `http://127.0.0.1:${server.port}/`;
    expect(await endOf(open().fetchFor({ name: 'Server', named: url, localOnly: true })(url))).toBe('ok');
  });
});

describe('a name', () => {
  const addresses = [
    ...forms.flatMap(({ host }) => URL.parse(`http://${host}/`)?.hostname.replace(/^\[|\]$/g, '') ?? []),
    ...['fe80::1%eth0', '::1%lo', '127.0.0.1%lo', '0127.0.0.1', 'not an address', ''],
  ].filter((address) => isIP(address) !== 0 || /%|^0127|^not|^$/.test(address));

  it('H09 that leads inside is refused whatever form the answer has', async () => {
    const server = await counting();
    const url = `http://inside.example:${server.port}/`;
    expect(addresses.length).toBeGreaterThan(100);
    for (const address of addresses) {
      expect([address, ...(await endsOf(open(at(address)), url))]).toEqual([address, 'BLOCKED_ADDRESS']);
    }
    expect(server.hits()).toBe(0);
    expect((await request(url, { dispatcher: careless(at('127.0.0.1')) })).statusCode).toBe(200);
    expect(server.hits()).toBe(1);
  });

  it('H10 with good and bad answers is only tried at the good ones', async () => {
    const server = await counting();
    const url = `http://mixed.example:${server.port}/`;
    const answers = at('127.0.0.1', '93.184.215.14', '::1', '169.254.169.254', '10.0.0.1', '2606:4700::1111');
    const tried: string[] = [];
    // Stopped before the first packet: nothing of this test leaves the machine.
    const watch = (message: unknown): void => {
      const { socket } = message as { socket: Socket };
      socket.on('lookup', (_error, address) => {
        tried.push(address);
        socket.destroy(Object.assign(new Error('stopped'), { code: 'ECONNREFUSED' }));
      });
    };
    subscribe('net.client.socket', watch);
    try {
      expect(await endOf(open(answers).fetchFor({ name: 'Server' })(url))).toBe('CONNECT');
      const good = new Set(['93.184.215.14', '2606:4700::1111']);
      expect(tried.length).toBeGreaterThan(0);
      expect(tried.filter((address) => !good.has(address))).toEqual([]);
      tried.length = 0;
      await endOf(request(url, { dispatcher: careless(answers) }));
      expect(tried).toContain('127.0.0.1');
    } finally {
      unsubscribe('net.client.socket', watch);
    }
    expect(server.hits()).toBe(0);
  });

  it('H19 is judged by the end of its chain of aliases', async () => {
    const aliases: Record<string, string> = {
      'api.example': 'edge.cdn.example',
      'edge.cdn.example': 'origin.example.net',
      'origin.example.net': '127.0.0.1',
    };
    const asked: string[] = [];
    const lookup = async (name: string) => {
      asked.push(name);
      let end = name;
      while (isIP(end) === 0) end = aliases[end] ?? '127.0.0.1';
      return [{ address: end, family: 4 }];
    };
    const server = await counting();
    const url = `http://api.example:${server.port}/`;
    expect(await endsOf(open({ lookup }), url)).toEqual(['BLOCKED_ADDRESS']);
    expect(server.hits()).toBe(0);
    expect(asked).toContain('api.example');
    expect((await request(url, { dispatcher: careless({ lookup }) })).statusCode).toBe(200);
    expect(server.hits()).toBe(1);
  });

  it('H26 that was named opens its own host and port, and nothing beside them', async () => {
    const nas = await counting();
    const neighbour = await counting();
    const named = `http://nas.example:${nas.port}/v1`;
    const fetchIt = open(at('127.0.0.1')).fetchFor({ name: 'Server', named, redirects: 3 });
    expect(await endOf(fetchIt(`http://nas.example:${nas.port}/v1/models`))).toBe('ok');
    for (const other of [
      `http://nas.example:${neighbour.port}/`,
      `http://other.example:${nas.port}/`,
      `http://nas.example.:${nas.port}/`,
      `http://sub.nas.example:${nas.port}/`,
      `http://127.0.0.1:${nas.port}/`,
      'http://nas.example/',
      'https://nas.example/',
    ]) {
      expect([other, await endOf(fetchIt(other))]).toEqual([other, 'BLOCKED_ADDRESS']);
    }
    // Without a port, http and https are two servers.
    const plain = open(at('127.0.0.1')).fetchFor({ name: 'Server', named: 'http://nas.example' });
    expect(await endOf(plain('https://nas.example/'))).toBe('BLOCKED_ADDRESS');
    expect([nas.hits(), neighbour.hits()]).toEqual([1, 0]);
    const other = await request(`http://nas.example:${neighbour.port}/`, { dispatcher: careless(at('127.0.0.1')) });
    expect([other.statusCode, neighbour.hits()]).toEqual([200, 1]);
  });
});

describe('a redirect', () => {
  async function redirecting(location: string): Promise<Listening> {
    return serve((_request, response) => response.writeHead(302, { location }).end());
  }
  const following = (url: string, options: OutboundOptions = {}) =>
    open(options).fetchFor({ name: 'Server', named: url, redirects: 3 })(url);

  it('H12 to a place inside is refused, by address and by name', async () => {
    const inside = await counting();
    for (const host of ['127.0.0.1', 'inside.example', 'localhost', '[::1]', '0x7f.1', '%31%32%37.0.0.1']) {
      const { url } = await redirecting(`http://${host}:${inside.port}/`);
      expect([host, await endOf(following(url, at('127.0.0.1')))]).toEqual([host, 'BLOCKED_ADDRESS']);
    }
    for (const location of ['//169.254.169.254/latest/meta-data', 'http://[fd00:ec2::254]/', 'http://0/']) {
      const { url } = await redirecting(location);
      expect([location, await endOf(following(url))]).toEqual([location, 'BLOCKED_ADDRESS']);
    }
    expect(inside.hits()).toBe(0);
    const { url } = await redirecting(`http://inside.example:${inside.port}/`);
    await followEagerly(url, {}, careless(at('127.0.0.1')));
    expect(inside.hits()).toBe(1);
  });

  it('H14 to another kind of address is refused, and from https to http', async () => {
    const target = await counting();
    for (const location of [
      `gopher://127.0.0.1:${target.port}/_GET%20/`,
      `ftp://127.0.0.1:${target.port}/`,
      `ws://127.0.0.1:${target.port}/`,
      'file:///etc/passwd',
      'data:application/json,{}',
      'javascript:alert(1)',
      'mailto:someone@example.com',
      `http://user:secret@127.0.0.1:${target.port}/`,
      'http://',
      'http://[::1',
    ]) {
      const { url } = await redirecting(location);
      expect([location, await endOf(following(url))]).toEqual([location, 'REDIRECT']);
    }
    const caFile = join(temporaryFolder(), 'authority.pem');
    writeFileSync(caFile, certificate);
    const location = `http://127.0.0.1:${target.port}/`;
    const { port } = await listen(
      createTlsServer({ cert: certificate, key }, (_request, response) => response.writeHead(307, { location }).end()),
    );
    const secure = `https://127.0.0.1:${port}/`;
    const settings = () => ({ proxy: null, noProxy: [], caFile });
    expect(await endOf(following(secure, { settings }))).toBe('REDIRECT');
    expect(target.hits()).toBe(0);
    const client = new Agent({ connect: { ca: certificate } });
    onTestFinished(() => client.destroy());
    await followEagerly(secure, {}, client);
    expect(target.hits()).toBe(1);
  });

  it('H23 takes no key along to another server', async () => {
    const keys = {
      authorization: 'Bearer canary',
      cookie: 'canary',
      'x-api-key': 'canary',
      'x-goog-api-key': 'canary',
    };
    const proxy = await startFakeProxy({
      answer: ({ target }, response) => {
        if (target.startsWith('http://a.example/')) response.writeHead(307, { location: 'http://b.example/' }).end();
        else response.end('{}');
      },
    });
    const settings = () => ({ proxy: proxy.url, noProxy: [], caFile: null });
    const fetchIt = open({ settings }).fetchFor({ name: 'Server', redirects: 3 });
    const headers = { ...keys, accept: 'application/json', 'content-type': 'application/json' };
    expect((await fetchIt('http://a.example/', { method: 'POST', body: '{}', headers })).status).toBe(200);
    const [first, second] = proxy.requests;
    expect(JSON.stringify(first?.headers).match(/canary/g)).toHaveLength(4);
    expect(second).toMatchObject({ method: 'POST', target: 'http://b.example/', body: '{}' });
    expect(second?.headers).toMatchObject({ accept: 'application/json', 'content-type': 'application/json' });
    expect(JSON.stringify(second)).not.toContain('canary');
    // With a key that Potter knows of, not even that.
    const withKey = open().fetchFor({ name: 'Server', named: 'http://127.0.0.1:1', carriesKey: true, redirects: 3 });
    const seen: (string | undefined)[] = [];
    const elsewhere = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end();
    });
    const { url } = await redirecting(elsewhere.url);
    expect(await endOf(withKey(url))).toBe('BLOCKED_ADDRESS');
    const keyed = open().fetchFor({ name: 'Server', named: url, carriesKey: true, redirects: 3 });
    expect(await endOf(keyed(url, { headers: keys }))).toBe('REDIRECT');
    expect(seen).toEqual([]);
    await followEagerly(url, keys);
    expect(seen).toEqual(['Bearer canary']);
  });

  it('H24 without an end is left after three', async () => {
    let hits = 0;
    const server = await serve((request, response) => {
      hits += 1;
      response.writeHead(302, { location: `${request.url}x` }).end();
    });
    await expect(following(server.url)).rejects.toMatchObject({
      code: 'REDIRECT',
      message: expect.stringContaining('3'),
    });
    expect(hits).toBe(4);
    const greedy = { name: 'Server', named: server.url, redirects: 1000 };
    expect(await endOf(open().fetchFor(greedy)(server.url))).toBe('REDIRECT');
    expect(hits).toBe(8);
    await endOf(fetch(server.url));
    expect(hits).toBeGreaterThan(8 + 4);
  });
});

describe('a port', () => {
  it('H17 of another protocol is never spoken to', async () => {
    const ports = [1, 7, 21, 22, 23, 25, 53, 110, 143, 389, 465, 587, 993, 2049, 6000, 6667, 10080];
    for (const port of ports) {
      for (const host of ['93.184.215.14', 'mail.example']) {
        const ends = await endsOf(open(at('93.184.215.14')), `http://${host}:${port}/`);
        expect([host, port, ends]).toEqual([host, port, ['BLOCKED_ADDRESS']]);
      }
    }
    // The one that was named is: nobody answers there.
    const named = 'http://127.0.0.1:1/';
    expect(await endOf(open().fetchFor({ name: 'Server', named })(named))).toBe('LOCAL_DOWN');
  });

  it("H17 of Potter's own API is not reached, and a careless client is answered there", async () => {
    let calls = 0;
    const gateway = {
      call: async () => {
        calls += 1;
        return { status: 'ok' as const, data: {}, metadata: { callId: 'x', ms: 0, cached: false } };
      },
      close: async () => undefined,
    };
    const caller = { kind: 'token', id: 'x', role: 'admin' } as const;
    const api = await startApiServer({ gateway, authenticate: () => caller, port: 0 });
    onTestFinished(() => api.close());
    const url = `http://127.0.0.1:${api.port}/api/system.info`;
    const init = {
      method: 'POST',
      headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      body: '{}',
    };
    for (const policy of policies) expect(await endOf(open().fetchFor(policy)(url, init))).toBe('BLOCKED_ADDRESS');
    expect(calls).toBe(0);
    expect((await fetch(url, init)).status).toBe(200);
    expect(calls).toBe(1);
  });
});

describe('a request', () => {
  it('H18 goes past every proxy of the environment', async () => {
    const proxy = await startFakeProxy({ tunnel: { status: 200 } });
    const server = await counting();
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
    for (const name of names) vi.stubEnv(name, proxy.url);
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const url = `http://server.example:${server.port}/`;
    const outbound = open(at('127.0.0.1'));
    expect(await endOf(outbound.fetchFor({ name: 'Server', named: url })(url))).toBe('ok');
    const forward = outbound.forwardTo({ name: 'Server', named: url }, url);
    const handler = { head: () => undefined, bytes: () => undefined };
    expect(await endOf(forward({ headers: {}, body: '{}', signal: always }, handler))).toBe('ok');
    expect([server.hits(), proxy.connections()]).toEqual([2, 0]);
    const obedient = new EnvHttpProxyAgent();
    onTestFinished(() => obedient.destroy());
    await request(url, { dispatcher: obedient });
    expect(proxy.requests.map(({ target }) => target)).toEqual([url]);
  });

  const canary = 'sk-canary-0123456789';
  const hostileHeaders: readonly (readonly [what: string, headers: Record<string, string>])[] = [
    ['a line break in a value', { 'x-note': `a\r\nauthorization: ${canary}` }],
    ['a line feed alone', { 'x-note': `a\nx-second: ${canary}` }],
    ['a carriage return alone', { 'x-note': `a\rx-second: ${canary}` }],
    ['a line break at the end', { 'x-note': `${canary}\r\n` }],
    ['a whole second request', { 'x-note': `a\r\n\r\nGET /second HTTP/1.1\r\nhost: x\r\n\r\n${canary}` }],
    ['a NUL', { 'x-note': `a\0${canary}` }],
    ['a character that turns into a line break', { 'x-note': `a\u010d\u010a${canary}` }],
    ['a line break in a name', { 'x-note\r\nx-second': canary }],
    ['a colon in a name', { 'x-note:': canary }],
    ['a space in a name', { 'x note': canary }],
    ['no name', { '': canary }],
    ['another host', { Host: canary }],
    ['another length', { 'Content-Length': '1' }],
    ['chunks', { 'Transfer-Encoding': 'chunked' }],
    ['a connection of its own', { Connection: 'close, x' }],
    ['an upgrade', { Upgrade: 'h2c' }],
    ['a login for a proxy', { 'Proxy-Authorization': canary }],
  ];
  it.each(hostileHeaders)('H21 with %s in its headers is not made', async (_what, headers) => {
    const { url, connections } = await serve((_request, response) => response.end('{}'));
    const outbound = open();
    const policy = { name: 'Server', named: url };
    const inits: HeadersInit[] = [headers, Object.entries(headers) as [string, string][]];
    for (const given of inits) {
      const failure = await outbound
        .fetchFor(policy)(url, { headers: given })
        .catch((thrown: unknown) => thrown);
      expect(failure).toMatchObject({ code: 'INVALID_INPUT' });
      expect(String(failure)).not.toContain(canary);
    }
    const handler = { head: () => undefined, bytes: () => undefined };
    const forwarded = outbound.forwardTo(policy, url)({ headers, body: '', signal: always }, handler);
    expect(await endOf(forwarded)).toBe('INVALID_INPUT');
    expect(connections()).toBe(0);
  });

  it('H21 of a client that only joins lines smuggles a header in', async () => {
    let seen: unknown;
    const { port } = await serve((request, response) => {
      seen = request.headers['x-second'];
      response.end();
    });
    await exchange(port, `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Note: a\r\nX-Second: ${canary}\r\n\r\n`);
    expect(seen).toBe(canary);
  });

  it('H25 stays with the server it was made to, whatever that one advertises', async () => {
    const other = await serve((_request, response) => response.end('other'));
    const protocols: (string | undefined)[] = [];
    const server = createSecureServer({ cert: certificate, key, allowHTTP1: true }, (request, response) => {
      protocols.push(request.httpVersion);
      response.setHeader('alt-svc', `h2="127.0.0.1:${other.port}"; ma=3600; persist=1, h3=":${other.port}"`);
      response.end('{}');
    });
    const { port, connections } = await listen(server);
    const caFile = join(temporaryFolder(), 'authority.pem');
    writeFileSync(caFile, certificate);
    const outbound = open({ settings: () => ({ proxy: null, noProxy: [], caFile }) });
    const url = `https://127.0.0.1:${port}/`;
    for (const path of ['one', 'two']) {
      const reply = await outbound.fetchFor({ name: 'Server', named: url })(`${url}${path}`);
      expect(await reply.text()).toBe('{}');
    }
    expect(protocols).toEqual(['1.1', '1.1']);
    expect(other.connections()).toBe(0);
    // Two names at one address with one certificate are two connections, for they may be allowed different things.
    const plain = await serve((_request, response) => response.end('{}'));
    const two = open(at('127.0.0.1'));
    for (const host of ['one.example', 'two.example']) {
      const address = `http://${host}:${plain.port}/`;
      await (await two.fetchFor({ name: 'Server', named: address })(address)).text();
    }
    expect(plain.connections()).toBe(2);
    const eager = new Agent({ allowH2: true, connect: { ca: certificate } });
    onTestFinished(() => eager.destroy());
    const before = connections();
    await (await request(url, { dispatcher: eager })).body.dump();
    expect([protocols.at(-1), connections() - before]).toEqual(['2.0', 1]);
  });
});

describe('a server', () => {
  const limits = { lookupMs: 50, connectMs: 200, headersMs: 100, idleMs: 100, localMs: 100, documentBytes: 10_000 };

  it('H20 that is slow or without end is left', async () => {
    const never = open({ limits, lookup: () => new Promise(() => undefined) });
    expect(await endOf(never.fetchFor({ name: 'Server' })('http://slow.example/'))).toBe('DNS');
    const read = async (handle: Parameters<typeof serve>[0]): Promise<string> => {
      const { url } = await serve(handle);
      return endOf(
        open({ limits })
          .fetchFor({ name: 'Server', named: url })(url)
          .then((reply) => reply.text()),
      );
    };
    expect(await read(() => undefined)).toBe('HEADERS_TIMEOUT');
    expect(await read((_request, response) => response.write('{'))).toBe('IDLE_TIMEOUT');
    const huge = (_request: unknown, response: { end(text: string): void }): void =>
      response.end(`["${'x'.repeat(20_000)}"]`);
    expect(await read(huge)).toBe('PROTOCOL');
    // One that does neither is read to its end, and a plain client swallows the huge one.
    expect(await read((_request, response) => response.end('{}'))).toBe('ok');
    const { url } = await serve(huge);
    expect((await (await fetch(url)).text()).length).toBe(20_004);
  });

  it('H22 finds nothing of its reply in what is said about it', async () => {
    const secret = 'reflected-canary';
    const late = new Date(Date.now() - 3_600_000).toUTCString();
    const replies: readonly (readonly [number, Record<string, string>, string])[] = [
      [302, { location: `http://elsewhere.example/${secret}?${secret}#${secret}` }, 'REDIRECT'],
      [302, { location: `http://${secret}:${secret}@elsewhere.example/` }, 'REDIRECT'],
      [307, { location: `${secret}://x` }, 'REDIRECT'],
      [407, { 'proxy-authenticate': `Basic realm="${secret}"` }, 'PROXY'],
      [401, { date: late, 'www-authenticate': secret }, 'CLOCK'],
      [403, { date: late }, 'CLOCK'],
      [200, { 'content-encoding': secret }, 'PROTOCOL'],
      [999, {}, 'PROTOCOL'],
    ];
    for (const [status, headers, code] of replies) {
      const { url } = await serve((_request, response) => response.writeHead(status, headers).end(secret));
      for (const redirects of [0, 3]) {
        const fetchIt = open().fetchFor({ name: 'Server', named: url, redirects });
        const failure = await fetchIt(url).catch((thrown: unknown) => thrown);
        const expected = redirects > 0 && headers.location?.startsWith('http://elsewhere') ? 'DNS' : code;
        expect(failure).toBeInstanceOf(PotterError);
        const { code: got, message, detail } = failure as PotterError;
        expect([status, got]).toEqual([status, expected]);
        expect(JSON.stringify([message, detail])).not.toContain(secret);
      }
      const plain = await exchange(Number(new URL(url).port), 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      expect(plain).toContain(secret);
    }
  });
});
