/**
 * The one way out to the network: a `fetch` that checks every address before it connects, follows a redirect only where
 * it is told to, and ends whatever hangs or never ends.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { PotterError } from '../../shared/errors.ts';
import { isLoopbackHost, type Lookup, reachOf } from './outbound/addresses.ts';
import { ServerClock, wrongClock } from './outbound/clock.ts';
import { type Sending, translate } from './outbound/failures.ts';
import { type Headings, outgoingHeaders, redirectedHeaders } from './outbound/headers.ts';
import {
  loadClient,
  type Network,
  type NetworkSettings,
  Networks,
  plainNetwork,
  type Way,
} from './outbound/network.ts';

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
  /** Redirects to follow, each checked like an address of its own; at most 3, and none with a key. Default 0. */
  readonly redirects?: number;
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
  /**
   * Under the same rules, but without streams in between: they cost as much as the rest of a small request. Redirects
   * are never followed.
   */
  forwardTo(policy: Omit<FetchPolicy, 'redirects'>, url: string): Forward;
  /** Ends every connection; what is under way fails. */
  close(): Promise<void>;
}

export interface OutboundOptions {
  readonly limits?: Partial<OutboundLimits>;
  /** All addresses of a name. Default: the system's. */
  readonly lookup?: Lookup;
  /** Asked before each request; the same values open no new connections. Default: no proxy, Node's own authorities. */
  readonly settings?: () => NetworkSettings;
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

const mostRedirects = 3;

export function createOutbound(options: OutboundOptions = {}): Outbound {
  const limits = { ...defaultLimits, ...options.limits };
  const networks = new Networks({
    settings: options.settings ?? (() => plainNetwork),
    lookup: options.lookup ?? ((hostname) => systemLookup(hostname, { all: true })),
    ...limits,
  });
  const clock = new ServerClock(options.now ?? Date.now);
  let closed = false;

  const refuseWhenClosed = (): void => {
    if (closed) throw new PotterError('TRANSPORT_CLOSED', 'Potter is stopping.');
  };
  const sendingOf = (url: URL, policy: FetchPolicy) => {
    const isLocal = isLoopbackHost(url.hostname);
    const { headersMs, idleMs } = isLocal ? { headersMs: limits.localMs, idleMs: limits.localMs } : limits;
    return { url, host: url.host, isLocal, policy, limits, clock, headersMs, idleMs };
  };

  return {
    async prepare() {
      await loadClient();
    },
    fetchFor: (policy) => async (input, init) => {
      const redirects = policy.carriesKey ? 0 : Math.min(policy.redirects ?? 0, mostRedirects);
      const signal = init?.signal ?? undefined;
      let request: Asked = {
        url: addressOf(input, policy),
        method: (init?.method ?? 'GET').toUpperCase(),
        headers: outgoingHeaders(init?.headers, policy.name),
        body: bodyOf(init?.body),
      };
      for (let followed = 0; ; followed += 1) {
        refuseWhenClosed();
        signal?.throwIfAborted();
        const { url } = request;
        const { dispatcher, proxy } = await networks.current().open(url, reachOf(policy, url));
        signal?.throwIfAborted();
        const sent: Sending = { ...sendingOf(url, policy), signal, proxy };
        const reply = await send(dispatcher, sent, request);
        if (redirects === 0 || !followedStatuses.has(reply.statusCode)) return receive(reply, sent);
        reply.body.destroy();
        if (followed === redirects) {
          throw new PotterError('REDIRECT', `${policy.name} redirects more than ${redirects} times; nothing was read.`);
        }
        request = redirected(request, reply, policy);
      }
    },
    forwardTo: (policy, address) => {
      const url = addressOf(address, policy);
      const reach = reachOf(policy, url);
      const sending = sendingOf(url, policy);
      const { origin } = url;
      const path = url.pathname + url.search;
      // Neither changes from one request to the next, as a rule.
      let last: { readonly network: Network; readonly way: Way } | undefined;
      let checked: { readonly given: Headings; readonly headers: Headings } | undefined;
      return async (request, handler) => {
        refuseWhenClosed();
        request.signal.throwIfAborted();
        const network = networks.current();
        if (last?.network !== network) last = { network, way: await network.open(url, reach) };
        request.signal.throwIfAborted();
        const { headers: given, body, signal } = request;
        if (checked?.given !== given) checked = { given, headers: outgoingHeaders(given, policy.name) };
        const { dispatcher, proxy } = last.way;
        const { headersMs: headersTimeout, idleMs: bodyTimeout } = sending;
        const forwarding = new Forwarding({ ...sending, signal, proxy }, signal, handler);
        dispatcher.dispatch(
          { origin, path, method: 'POST', headers: checked.headers, body, headersTimeout, bodyTimeout },
          forwarding,
        );
        await forwarding.ended;
      };
    },
    async close() {
      closed = true;
      await networks.destroy();
    },
  };
}

/** A request as it leaves. */
interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headings;
  readonly body: string | Uint8Array | null;
}

function addressOf(input: string | URL, { name }: FetchPolicy): URL {
  const url = URL.parse(String(input));
  if (url) return url;
  // Not quoted: it is whatever somebody sent.
  throw new PotterError('ENDPOINT', `The address of ${name} is not one of the web.`);
}

/** The others with a 3 are no redirects, or ask the person. */
const followedStatuses = new Set([301, 302, 303, 307, 308]);

/** The request a redirect asks for. Where it may go is checked like any other address. */
function redirected(asked: Asked, reply: Dispatcher.ResponseData, policy: FetchPolicy): Asked {
  const { url: from, method } = asked;
  const { location } = reply.headers;
  const url = typeof location === 'string' ? URL.parse(location, from.href) : null;
  const refuse = (why: string): PotterError =>
    new PotterError('REDIRECT', `${policy.name} at ${from.host} redirects ${why}; nothing was sent there.`);
  if (!url) throw refuse('to nowhere');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('to something that is not on the web');
  if (url.username !== '' || url.password !== '') throw refuse('with a user name');
  if (from.protocol === 'https:' && url.protocol === 'http:') throw refuse(`to plain http at ${url.host}`);
  const status = reply.statusCode;
  const becomesGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';
  return {
    url,
    method: becomesGet ? 'GET' : method,
    headers: redirectedHeaders(asked.headers, { isElsewhere: url.origin !== from.origin, isBodiless: becomesGet }),
    body: becomesGet ? null : asked.body,
  };
}

async function send(dispatcher: Dispatcher, sent: Sending, asked: Asked): Promise<Dispatcher.ResponseData> {
  const { url, method, headers, body } = asked;
  const answered = dispatcher.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: method as Dispatcher.HttpMethod,
    headers,
    body,
    signal: sent.signal ?? null,
    headersTimeout: sent.headersMs,
    bodyTimeout: 0,
  });
  const reply = await unlessAborted(answered, sent.signal).catch((thrown: unknown) => {
    throw translate(thrown, sent);
  });
  // Destroying a body emits an error that nobody else would hear.
  reply.body.on('error', () => undefined);
  return reply;
}

/** undici hears of an abort when a connection stands: until then nothing is sent any more, but its promise waits. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = (): void => reject(signal.reason);
  const settle = (): void => signal.removeEventListener('abort', abort);
  signal.addEventListener('abort', abort, { once: true });
  work.then(resolve, reject).finally(settle);
  return promise;
}

function receive(reply: Dispatcher.ResponseData, sent: Sending): Response {
  const refusal = refuseReply(reply.statusCode, reply.headers, sent);
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

/** A reply that is handed on as it comes. */
class Forwarding implements Dispatcher.DispatchHandler {
  readonly #sent: Sending;
  readonly #signal: AbortSignal;
  readonly #handler: ForwardHandler;
  readonly #settled = Promise.withResolvers<void>();
  readonly #abort = (): void => {
    this.#controller?.abort(this.#signal.reason);
    // There is no controller before a connection stands.
    this.#fail(this.#signal.reason);
  };
  #controller: Dispatcher.DispatchController | undefined;
  #received = 0;
  #hasHead = false;

  constructor(sent: Sending, signal: AbortSignal, handler: ForwardHandler) {
    this.#sent = sent;
    this.#signal = signal;
    this.#handler = handler;
    signal.addEventListener('abort', this.#abort);
  }

  get ended(): Promise<void> {
    return this.#settled.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#abort();
  }

  onResponseStart(flow: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    const refusal = refuseReply(status, headers, this.#sent);
    if (refusal) flow.abort(refusal);
    else {
      this.#hasHead = true;
      this.#handler.head(status, headers, flow);
    }
  }

  onResponseData(flow: Dispatcher.DispatchController, bytes: Buffer): void {
    // undici hands on the page of a proxy whose refusal it has reported as a failure.
    if (!this.#hasHead) return;
    this.#received += bytes.length;
    const { limits, policy } = this.#sent;
    if (this.#received > limits.streamBytes) {
      flow.abort(new PotterError('TOO_LONG', `${policy.name} did not stop answering.`));
    } else this.#handler.bytes(bytes);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#settled.resolve();
  }

  onResponseError(_flow: Dispatcher.DispatchController, error: Error): void {
    this.#fail(translate(error, this.#sent));
  }

  #fail(reason: unknown): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#settled.reject(reason);
  }
}

function bodyOf(body: RequestInit['body']): string | Uint8Array | null {
  if (body === undefined || body === null || typeof body === 'string' || body instanceof Uint8Array)
    return body ?? null;
  throw new TypeError('only text and bytes can be sent');
}

function refuseReply(status: number, headers: IncomingHttpHeaders, sent: Sending): PotterError | undefined {
  const { url, host, policy, clock, proxy } = sent;
  const told = clock.note(headers, sent);
  if (status === 401 || status === 403) {
    // A signed request is refused where the clocks differ, and the reply speaks of the key.
    const refusal = wrongClock(told);
    if (refusal) return refusal;
  }
  if (status === 407) {
    const who = proxy === undefined ? `A proxy in front of ${policy.name} at ${host}` : `The proxy ${proxy}`;
    return new PotterError('PROXY', `${who} wants a login; \`network.proxy\` can name one that wants none.`);
  }
  if (status >= 300 && status < 400) {
    const target = hostOf(headers.location, url);
    const where = target === undefined ? '' : ` to ${target}`;
    return new PotterError('REDIRECT', `${policy.name} at ${host} redirects${where}; nothing was sent there.`);
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return new PotterError('PROTOCOL', `${policy.name} at ${host} answered compressed although plain was asked for.`);
  }
  if (status < 200 || status > 599) {
    return new PotterError('PROTOCOL', `${policy.name} at ${host} answered with the unknown status ${status}.`);
  }
  return undefined;
}

function hostOf(location: string | string[] | undefined, base: URL): string | undefined {
  const target =
    typeof location === 'string' && URL.canParse(location, base.href) ? new URL(location, base) : undefined;
  return target?.host || undefined;
}

/** The reply's body with its caps and its idle clock, which runs only while the reader is waiting. */
function guardBody(body: Readable, sent: Sending): ReadableStream<Uint8Array> {
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
  readonly #sent: Sending;
  #kind: 'unknown' | 'document' | 'lines' = 'unknown';
  #bytes = 0;
  #lineBytes = 0;
  #inData = false;

  constructor(sent: Sending) {
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
