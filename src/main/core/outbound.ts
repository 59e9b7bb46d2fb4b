/**
 * The one way out to the network: a `fetch` that refuses redirects, checks every address before it connects, and ends
 * whatever hangs or never ends.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { type ErrorCode, PotterError } from '../../shared/errors.ts';

/** Times in milliseconds, sizes in bytes. */
export interface OutboundLimits {
  /** Finding the address of a name. Default 5 s. */
  readonly lookupMs: number;
  /** TCP and TLS together. Default 10 s. */
  readonly connectMs: number;
  /** From the request to the reply's headers. Default 30 s; `localMs` on loopback, where a model may still be loading. */
  readonly headersMs: number;
  /** Between two content bytes; comments and blank lines of an event stream do not count. Default 20 s. */
  readonly idleMs: number;
  /** Takes the place of `headersMs` and `idleMs` on loopback. Default 120 s. */
  readonly localMs: number;
  /** A reply that is one document: JSON or a page. Default 2 MiB. */
  readonly documentBytes: number;
  /** One line of an event stream. Default 64 KiB. */
  readonly lineBytes: number;
  /** A whole event stream, whose framing is some thirty times its text. Default 64 MiB. */
  readonly streamBytes: number;
}

export const defaultLimits: OutboundLimits = {
  lookupMs: 5_000,
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 20_000,
  localMs: 120_000,
  documentBytes: 2 << 20,
  lineBytes: 64 << 10,
  streamBytes: 64 << 20,
};

/** What the one who asks for a fetch has been allowed. */
export interface FetchPolicy {
  /** Who is asked, in the person's words, such as `Ollama`; used in messages. */
  readonly name: string;
  /** The base address the person wrote. Loopback and LAN addresses are reached under exactly its host and port. */
  readonly named?: string;
  /** For a program on this machine: the command that starts it. */
  readonly start?: string;
  /** Refuse everything that is not this machine. Default false. */
  readonly localOnly?: boolean;
  /** A key goes with the request: over plain http it may not leave this machine and network. Default false. */
  readonly carriesKey?: boolean;
}

/** A `fetch` that fails with a PotterError, or with the signal's reason when it was aborted. */
export type GuardedFetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

/** A reply as it comes in, for whoever hands its bytes on without reading them. */
export interface ForwardHandler {
  /** Once, before any bytes; `flow` holds the bytes back and lets them go on. */
  head(status: number, headers: Readonly<Record<string, string | string[] | undefined>>, flow: Flow): void;
  bytes(bytes: Buffer): void;
}

export interface Flow {
  pause(): void;
  resume(): void;
}

export interface ForwardRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/**
 * Posts to one address. Resolves when the reply has ended as its framing says; fails as a `GuardedFetch` does, and with
 * what the handler throws.
 */
export type Forward = (request: ForwardRequest, handler: ForwardHandler) => Promise<void>;

export interface Outbound {
  /** Loads the HTTP client, which takes some 80 ms; the first fetch does it otherwise. */
  prepare(): Promise<void>;
  fetchFor(policy: FetchPolicy): GuardedFetch;
  /** Under the same rules, but without streams in between: they cost as much as the rest of a small request. */
  forwardTo(policy: FetchPolicy, url: string): Forward;
  /** Ends every connection; what is under way fails. */
  close(): Promise<void>;
}

interface Address {
  readonly address: string;
  readonly family: number;
}

export interface OutboundOptions {
  readonly limits?: Partial<OutboundLimits>;
  /** All addresses of a name. Default: the system's. */
  readonly lookup?: (hostname: string) => Promise<readonly Address[]>;
}

const loadClient = () => import('undici');

export function createOutbound(options: OutboundOptions = {}): Outbound {
  const limits = { ...defaultLimits, ...options.limits };
  const lookup = options.lookup ?? ((hostname: string) => systemLookup(hostname, { all: true }));
  const classify = createClassifier();
  const agents = new Map<string, Promise<Agent>>();
  let closed = false;

  const agentFor = (reach: Reach): Promise<Agent> => {
    // A connection is only ever reused by calls that were allowed to open it.
    const key = JSON.stringify(reach);
    const agent = agents.get(key) ?? createAgent(reach);
    agents.set(key, agent);
    return agent;
  };
  const createAgent = async (reach: Reach): Promise<Agent> => {
    const { Agent } = await loadClient();
    return new Agent({
      // One request, one socket: cancelling closes it. With HTTP/2 it would live on.
      allowH2: false,
      autoSelectFamily: true,
      connect: { timeout: limits.connectMs, lookup: checkedLookup(lookup, limits.lookupMs, classify, reach) },
    });
  };

  return {
    async prepare() {
      await loadClient();
    },
    fetchFor: (policy) => async (input, init) => {
      if (closed) throw new PotterError('TRANSPORT_CLOSED', 'Potter is stopping.');
      init?.signal?.throwIfAborted();
      const url = new URL(input);
      const reach = reachOf(policy, url);
      refuseEarly(url, policy, reach, classify);
      const local = isLoopbackHost(url.hostname);
      const request: Sent = {
        url,
        policy,
        limits,
        headersMs: local ? limits.localMs : limits.headersMs,
        idleMs: local ? limits.localMs : limits.idleMs,
        signal: init?.signal ?? undefined,
      };
      return await send(await agentFor(reach), request, init);
    },
    forwardTo: (policy, address) => {
      const url = new URL(address);
      const reach = reachOf(policy, url);
      const local = isLoopbackHost(url.hostname);
      const limitMs = local ? limits.localMs : undefined;
      const sent = { url, policy, limits, headersMs: limitMs ?? limits.headersMs, idleMs: limitMs ?? limits.idleMs };
      let agent: Agent | undefined;
      return async (request, handler) => {
        if (closed) throw new PotterError('TRANSPORT_CLOSED', 'Potter is stopping.');
        request.signal.throwIfAborted();
        refuseEarly(url, policy, reach, classify);
        agent ??= await agentFor(reach);
        await forward(agent, { ...sent, signal: request.signal }, request, handler);
      };
    },
    async close() {
      closed = true;
      await Promise.all([...agents.values()].map(async (agent) => (await agent).destroy()));
    },
  };
}

/** Does this host, as a URL spells it, mean this machine whatever a name server says? */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '').toLowerCase();
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** One request on its way. */
interface Sent {
  readonly url: URL;
  readonly policy: FetchPolicy;
  readonly limits: OutboundLimits;
  readonly headersMs: number;
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
}

async function send(agent: Agent, sent: Sent, init: RequestInit | undefined): Promise<Response> {
  const { url } = sent;
  const reply = await agent
    .request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: (init?.method ?? 'GET').toUpperCase() as Dispatcher.HttpMethod,
      // Compressed replies are not asked for: a small one can unpack to a gigabyte.
      headers: { ...Object.fromEntries(new Headers(init?.headers)), 'accept-encoding': 'identity' },
      body: bodyOf(init?.body),
      signal: sent.signal ?? null,
      headersTimeout: sent.headersMs,
      bodyTimeout: 0,
    })
    .catch((thrown: unknown) => {
      throw translate(thrown, sent);
    });
  // Destroying a body emits an error that nobody else would hear.
  reply.body.on('error', () => undefined);
  const refusal = refuseReply(reply, sent);
  if (refusal) {
    reply.body.destroy();
    throw refusal;
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(reply.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  const hasBody = reply.statusCode !== 204 && reply.statusCode !== 205;
  if (!hasBody) reply.body.destroy();
  return new Response(hasBody ? guardBody(reply.body, sent) : null, { status: reply.statusCode, headers });
}

function forward(agent: Agent, sent: Sent, request: ForwardRequest, handler: ForwardHandler): Promise<void> {
  const { url, limits, policy, headersMs, idleMs } = sent;
  const { signal } = request;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let controller: Dispatcher.DispatchController | undefined;
  let received = 0;
  const abort = (): void => controller?.abort(signal.reason);
  const settle = (act: () => void): void => {
    signal.removeEventListener('abort', abort);
    act();
  };
  signal.addEventListener('abort', abort, { once: true });
  agent.dispatch(
    {
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: { ...request.headers, 'accept-encoding': 'identity' },
      body: request.body,
      headersTimeout: headersMs,
      bodyTimeout: idleMs,
    },
    {
      onRequestStart: (started) => {
        controller = started;
        if (signal.aborted) abort();
      },
      onResponseStart: (flow, status, headers) => {
        const refusal = refuseReply({ statusCode: status, headers }, sent);
        if (refusal) flow.abort(refusal);
        else handler.head(status, headers, flow);
      },
      onResponseData: (flow, bytes) => {
        received += bytes.length;
        if (received > limits.streamBytes) {
          flow.abort(new PotterError('TOO_LONG', `${policy.name} did not stop answering.`));
        } else handler.bytes(bytes);
      },
      onResponseEnd: () => settle(resolve),
      onResponseError: (_flow, error) => settle(() => reject(translate(error, sent))),
    },
  );
  return promise;
}

function bodyOf(body: RequestInit['body']): string | Uint8Array | null {
  if (body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array)
    return body ?? null;
  throw new TypeError('only text and bytes can be sent');
}

function refuseReply(
  reply: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
  { url, policy }: Sent,
): PotterError | undefined {
  const status = reply.statusCode;
  if (status >= 300 && status < 400) {
    const target = hostOf(reply.headers.location, url);
    const where = target === undefined ? '' : ` to ${target}`;
    return new PotterError('REDIRECT', `${policy.name} at ${url.host} redirects${where}; nothing was sent there.`);
  }
  const encoding = reply.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return new PotterError(
      'PROTOCOL',
      `${policy.name} at ${url.host} answered compressed although plain was asked for.`,
    );
  }
  if (status < 200 || status > 599) {
    return new PotterError('PROTOCOL', `${policy.name} at ${url.host} answered with the unknown status ${status}.`);
  }
  return undefined;
}

function hostOf(location: string | string[] | undefined, base: URL): string | undefined {
  const target =
    typeof location === 'string' && URL.canParse(location, base.href) ? new URL(location, base) : undefined;
  return target?.host || undefined;
}

/** The reply's body with its caps and its idle clock, which runs only while the reader is waiting. */
function guardBody(body: Readable, sent: Sent): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  const gate = new ContentGate(sent);
  let timer: NodeJS.Timeout | undefined;
  let failure: PotterError | undefined;
  const stall = (): void => {
    const seconds = sent.idleMs / 1000;
    failure = new PotterError('IDLE_TIMEOUT', `${sent.policy.name} stopped answering: nothing came for ${seconds} s.`);
    body.destroy();
  };
  const rest = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        timer ??= setTimeout(stall, sent.idleMs);
        try {
          const { done, value } = await chunks.next();
          if (done) {
            rest();
            controller.close();
            return;
          }
          if (gate.pass(value)) rest();
          controller.enqueue(value);
        } catch (thrown) {
          rest();
          body.destroy();
          throw failure ?? translate(thrown, sent);
        }
      },
      async cancel() {
        rest();
        // A reader that has all it wants leaves before the last empty chunk; the connection is worth waiting for it.
        const timer = setTimeout(() => body.destroy(), lingerMs);
        try {
          while (!(await chunks.next()).done);
        } catch {
          // The connection is gone, which was the other way to end it.
        } finally {
          clearTimeout(timer);
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/** How long a reply that nobody reads any more may take to end before its connection is closed. */
const lingerMs = 100;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const dataField = 'd'.charCodeAt(0);
/** First bytes of a JSON document or a page; an event stream has none of them at its start. */
const documentStarts = new Set([...'{[<"'].map((character) => character.charCodeAt(0)));
const byteOrderMark = new Set([0xef, 0xbb, 0xbf]);

/** Counts what passes, and tells content from what only keeps a connection awake. */
class ContentGate {
  readonly #sent: Sent;
  #kind: 'unknown' | 'document' | 'lines' = 'unknown';
  #bytes = 0;
  #lineBytes = 0;
  #inData = false;

  constructor(sent: Sent) {
    this.#sent = sent;
  }

  /** Did this chunk bring content? Fails at a cap. */
  pass(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length;
    const start = this.#kind === 'unknown' ? this.#recognise(chunk) : 0;
    const { limits, policy } = this.#sent;
    if (this.#kind === 'lines') {
      if (this.#bytes > limits.streamBytes) throw new PotterError('TOO_LONG', `${policy.name} did not stop answering.`);
      return this.#passLines(chunk, start);
    }
    if (this.#bytes > limits.documentBytes) {
      throw new PotterError('PROTOCOL', `${policy.name} sent more than ${limits.documentBytes} bytes.`);
    }
    return this.#kind === 'document';
  }

  /** Index of the first byte that counts. */
  #recognise(chunk: Uint8Array): number {
    const start = chunk.findIndex(
      (byte) => byte !== space && byte !== lineFeed && byte !== carriageReturn && !byteOrderMark.has(byte),
    );
    const first = chunk[start];
    if (first !== undefined) this.#kind = documentStarts.has(first) ? 'document' : 'lines';
    return start;
  }

  #passLines(chunk: Uint8Array, start: number): boolean {
    let content = false;
    for (let index = start; index < chunk.length; index++) {
      const byte = chunk[index];
      if (byte === lineFeed || byte === carriageReturn) {
        this.#lineBytes = 0;
        continue;
      }
      if (this.#lineBytes === 0) this.#inData = byte === dataField;
      content ||= this.#inData;
      this.#lineBytes++;
      if (this.#lineBytes > this.#sent.limits.lineBytes) {
        throw new PotterError(
          'PROTOCOL',
          `${this.#sent.policy.name} sent a line longer than ${this.#sent.limits.lineBytes} bytes.`,
        );
      }
    }
    return content;
  }
}

type Place = 'loopback' | 'private' | 'forbidden' | 'public';
type Classifier = (address: string) => Place;

/** Looked up in this order; what is in none is public. */
const places: Readonly<Record<Exclude<Place, 'public'>, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  // 198.18/15 is what tunnelling proxies answer for every name.
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', 'fc00::/7'],
  // Link-local holds the metadata services of clouds; the rest is unroutable or wraps another address.
  forbidden: [
    '0.0.0.0/8',
    '169.254.0.0/16',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.88.99.0/24',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/4',
    '240.0.0.0/4',
    '::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '2001::/23',
    '2001:db8::/32',
    '2002::/16',
    '3fff::/20',
    '5f00::/16',
    'fe80::/10',
    'fec0::/10',
    'ff00::/8',
  ],
};

function createClassifier(): Classifier {
  const lists = Object.entries(places).map(([place, ranges]) => {
    const list = new BlockList();
    for (const range of ranges) {
      const [network = '', bits] = range.split('/');
      list.addSubnet(network, Number(bits), isIP(network) === 4 ? 'ipv4' : 'ipv6');
    }
    return [place as Place, list] as const;
  });
  return (address) => {
    const plain = embeddedIpv4(address) ?? address.replace(/%.*$/, '');
    const family = isIP(plain);
    if (family === 0) return 'forbidden';
    return lists.find(([, list]) => list.check(plain, family === 4 ? 'ipv4' : 'ipv6'))?.[0] ?? 'public';
  };
}

/** The IPv4 address that an IPv4-mapped or NAT64 address stands for. */
function embeddedIpv4(address: string): string | undefined {
  if (isIP(address) !== 6 || address.includes('%')) return undefined;
  // The URL parser spells every form alike.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const wrapped = /^(?:::ffff:|64:ff9b::)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})?$/.exec(canonical);
  if (!wrapped) return undefined;
  const [high, low] = [wrapped[1], wrapped[2]].map((group) => Number.parseInt(group ?? '0', 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** What a connection may reach. */
interface Reach {
  readonly host: string;
  /** May loopback and LAN addresses be reached? */
  readonly named: boolean;
  readonly localOnly: boolean;
  /** Would a public address see a key in clear text? */
  readonly exposesKey: boolean;
  readonly name: string;
}

function reachOf(policy: FetchPolicy, url: URL): Reach {
  const named = policy.named !== undefined && URL.canParse(policy.named) && new URL(policy.named).host === url.host;
  const exposesKey = (policy.carriesKey ?? false) && url.protocol === 'http:';
  return { host: url.host, named, localOnly: policy.localOnly ?? false, exposesKey, name: policy.name };
}

function permits({ named, localOnly, exposesKey }: Reach, place: Place): boolean {
  if (localOnly) return named && place === 'loopback';
  return place === 'public' ? !exposesKey : named && place !== 'forbidden';
}

function blocked({ host, name, localOnly, exposesKey, named }: Reach): PotterError {
  const reason = localOnly
    ? 'is not on this machine, and local-only is switched on'
    : exposesKey && named
      ? 'is reached over plain http, where anyone on the way could read the key; use https'
      : 'is an address inside this machine or network';
  return new PotterError('BLOCKED_ADDRESS', `${name} at ${host} ${reason}.`);
}

/** What can be told from the address itself; a socket to an IP literal never asks the lookup. */
function refuseEarly(url: URL, policy: FetchPolicy, reach: Reach, classify: Classifier): void {
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '') {
    throw new PotterError('ENDPOINT', `The address of ${policy.name} must be http or https, without a user name.`);
  }
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0) {
    if (!permits(reach, classify(literal))) throw blocked(reach);
  } else if (reach.localOnly && !isLoopbackHost(url.hostname)) {
    // Not even the name leaves the machine.
    throw blocked(reach);
  }
}

/** Resolves a name and hands the socket only addresses it may connect to, so there is no second, unchecked lookup. */
function checkedLookup(
  lookup: NonNullable<OutboundOptions['lookup']>,
  limitMs: number,
  classify: Classifier,
  reach: Reach,
): LookupFunction {
  return (hostname, options, callback) => {
    within(limitMs, lookup(hostname))
      .then((found) => {
        const open = found.filter(({ address }) => permits(reach, classify(address)));
        const [first] = open;
        if (found.length > 0 && !first) callback(blocked(reach), '');
        else if (!first) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
        else if (options.all) callback(null, [...open]);
        else callback(null, first.address, first.family);
      })
      .catch((thrown: NodeJS.ErrnoException) => callback(thrown, ''));
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' })), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Why a certificate was not accepted, in words. */
const certificateReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this computer right?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate was issued by an authority this computer does not know',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate was issued by an authority this computer does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate was issued by an authority this computer does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate was issued by an authority this computer does not know',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate belongs to another host',
  CERT_REVOKED: 'its certificate has been revoked',
  EPROTO: 'it does not speak TLS there',
};

type Said = (who: string, sent: Sent) => string;
const unreachable: Said = (who) => `${who} cannot be reached.`;
const cutOff: Said = (who) => `${who} closed the connection before the answer was complete.`;
const notFound: Said = (who, { url }) => `${who} cannot be reached: the host ${url.hostname} was not found.`;

/** System and undici codes, what Potter calls them, and the sentence. */
const failures: Readonly<Record<string, readonly [ErrorCode, Said]>> = {
  ENOTFOUND: ['DNS', notFound],
  EAI_AGAIN: ['DNS', (who, { url }) => `${who} cannot be reached: looking up ${url.hostname} brought no answer.`],
  ENODATA: ['DNS', notFound],
  EAI_NODATA: ['DNS', notFound],
  EAI_FAIL: ['DNS', notFound],
  ECONNREFUSED: ['CONNECT', (who) => `${who} refused the connection.`],
  EHOSTUNREACH: ['CONNECT', unreachable],
  ENETUNREACH: ['CONNECT', unreachable],
  EADDRNOTAVAIL: ['CONNECT', unreachable],
  EACCES: ['CONNECT', unreachable],
  EPERM: ['CONNECT', unreachable],
  ETIMEDOUT: ['CONNECT_TIMEOUT', (who) => `${who} did not accept a connection.`],
  UND_ERR_CONNECT_TIMEOUT: [
    'CONNECT_TIMEOUT',
    (who, { limits }) => `${who} did not accept a connection within ${limits.connectMs / 1000} s.`,
  ],
  UND_ERR_HEADERS_TIMEOUT: [
    'HEADERS_TIMEOUT',
    (who, { headersMs }) => `${who} did not answer within ${headersMs / 1000} s.`,
  ],
  UND_ERR_BODY_TIMEOUT: [
    'IDLE_TIMEOUT',
    (_who, { policy, idleMs }) => `${policy.name} stopped answering: nothing came for ${idleMs / 1000} s.`,
  ],
  UND_ERR_HEADERS_OVERFLOW: ['PROTOCOL', (who) => `${who} sent headers beyond any measure.`],
  HPE_HEADER_OVERFLOW: ['PROTOCOL', (who) => `${who} sent headers beyond any measure.`],
  UND_ERR_SOCKET: ['RESET', cutOff],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['RESET', cutOff],
  UND_ERR_ABORTED: ['RESET', cutOff],
  ECONNRESET: ['RESET', cutOff],
  ECONNABORTED: ['RESET', cutOff],
  EPIPE: ['RESET', cutOff],
  HPE_INVALID_EOF_STATE: ['RESET', cutOff],
  UND_ERR_DESTROYED: ['TRANSPORT_CLOSED', () => 'Potter is stopping.'],
  UND_ERR_CLOSED: ['TRANSPORT_CLOSED', () => 'Potter is stopping.'],
};

/** Any failure of the network as a PotterError; an abort stays the signal's reason. */
function translate(thrown: unknown, sent: Sent): unknown {
  if (sent.signal?.aborted) return sent.signal.reason;
  if (thrown instanceof PotterError) return thrown;
  const { url, policy } = sent;
  const code = codeOf(thrown);
  const who = `${policy.name} at ${url.host}`;
  if (code === 'ECONNREFUSED' && isLoopbackHost(url.hostname)) return notRunning(policy, url, thrown);
  const reason = certificateReasons[code];
  if (reason !== undefined || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    return new PotterError('TLS', `No secure connection to ${who}: ${reason ?? certificateReasons.EPROTO}.`, {
      cause: thrown,
    });
  }
  const known = Object.hasOwn(failures, code) ? failures[code] : undefined;
  if (known) return new PotterError(known[0], known[1](who, sent), { cause: thrown });
  // undici's parser leaves the code out for some of its complaints.
  if (code.startsWith('HPE_') || (thrown instanceof Error && thrown.name === 'HTTPParserError')) {
    return new PotterError('PROTOCOL', `${who} did not answer with HTTP.`, { cause: thrown });
  }
  return new PotterError('CONNECT', unreachable(who, sent), { cause: thrown });
}

function notRunning(policy: FetchPolicy, url: URL, cause: unknown): PotterError {
  const remedy = policy.start === undefined ? '' : ` Start it with \`${policy.start}\`.`;
  return new PotterError('LOCAL_DOWN', `${policy.name} is not running on ${url.host}.${remedy}`, { cause });
}

/** The code of an error, of its cause, or of the first of several attempts. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return codeOf(thrown.cause);
}
