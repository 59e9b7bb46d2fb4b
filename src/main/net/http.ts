/**
 * The loopback API: every operation of the contract, and chat completions in the OpenAI wire format, for programs on this
 * machine that have a token. It is kept apart from the panels: nothing here is for a browser.
 */
import { isAscii } from 'node:buffer';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { contract, type Output, type RouteName } from '../../shared/contract.ts';
import { errorKinds, PotterError, toPotterError, toWire } from '../../shared/errors.ts';
import type { Reply } from '../../shared/transport.ts';
import type { Gateway } from '../core/gateway/gateway.ts';
import { type Log, silentLog } from '../core/log/log.ts';
import type { Caller } from '../core/security/access.ts';
import { toChatError } from './chat-error.ts';
import { createServer } from './create-server.ts';
import { describeApi } from './openapi.ts';

/** Times in milliseconds, sizes in bytes. */
export interface ApiLimits {
  /** Of a request's body. Default 4 MiB. */
  readonly bodyBytes: number;
  /** For the headers to arrive. Default 5 s. */
  readonly headersMs: number;
  /** For the whole request to arrive. Default 30 s. */
  readonly requestMs: number;
  /** At once. Default 200. */
  readonly connections: number;
}

export interface ApiServerOptions {
  readonly gateway: Gateway;
  /** Who a secret stands for. */
  readonly authenticate: (secret: string) => Caller | undefined;
  /** Any free port if it is 0. */
  readonly port: number;
  readonly limits?: Partial<ApiLimits>;
  readonly log?: Log;
}

export interface ApiServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Both spellings of this machine; no option adds another. */
const addresses = ['127.0.0.1', '::1'] as const;

/** Listens on this machine alone. Fails with `CONFLICT` when another program has the port. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const limits = { bodyBytes: 4 << 20, headersMs: 5_000, requestMs: 30_000, connections: 200, ...options.limits };
  const api = new Api({ ...options, limits });
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => closeServer(server)));
  };
  let { port } = options;
  try {
    for (const address of addresses) {
      const server = serverOf(api, limits);
      // A machine without IPv6 has no such address, and nobody there can ask for it.
      const listening = await listen(server, address, port);
      if (!listening) continue;
      port = (server.address() as AddressInfo).port;
      servers.push(server);
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { url: `http://127.0.0.1:${port}`, port, close };
}

function serverOf(api: Api, limits: ApiLimits): Server {
  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs),
      // A request without Host is answered as one with a wrong one.
      requireHostHeader: false,
      noDelay: true,
    },
    (request, response) => void api.answer(request, response),
  );
  server.maxConnections = limits.connections;
  server.on('checkExpectation', (request, response: ServerResponse) => void api.answer(request, response));
  // Tunnels and other protocols are nothing this server has.
  server.on('upgrade', (_request, stream) => stream.destroy());
  server.on('connect', (_request, stream) => stream.destroy());
  server.on('clientError', (_error, stream) => {
    if (stream.writable) stream.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else stream.destroy();
  });
  return server;
}

/** False where this machine has no such address. */
function listen(server: Server, address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRNOTAVAIL' || cause.code === 'EAFNOSUPPORT') return resolve(false);
      const message = `Port ${port} of ${address}, where the loopback API is to answer, is held by another program.`;
      reject(new PotterError('PORT_TAKEN', message, { cause, detail: { port } }));
    });
    server.listen({ host: address, port, exclusive: true, ipv6Only: address === '::1' }, () => resolve(true));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** What is read of the headers: each of these once, or the request is refused. */
const readHeaders = new Set([
  'host',
  'origin',
  'authorization',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'content-length',
  'accept',
  'cache-control',
]);
type Headers = Readonly<Partial<Record<string, string>>>;

interface Request {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly headers: Headers;
  readonly caller: Caller | undefined;
  readonly body: unknown;
}

/** One path. */
interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** Anybody on this machine may ask, and learns nothing but that Potter is there. */
  readonly isOpen?: boolean;
  /** How its failures are told: as Potter's replies are, unless the programs that ask know another form. */
  readonly fails?: (response: ServerResponse, error: PotterError) => void;
  readonly handle: (request: Request & { readonly caller: Caller }) => Promise<void>;
}

class Api {
  readonly #gateway: Gateway;
  readonly #authenticate: ApiServerOptions['authenticate'];
  readonly #limits: ApiLimits;
  readonly #log: Log;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;

  constructor({ gateway, authenticate, limits, log = silentLog }: ApiServerOptions & { readonly limits: ApiLimits }) {
    this.#gateway = gateway;
    this.#authenticate = authenticate;
    this.#limits = limits;
    this.#log = log;
    this.#endpoints = new Map<string, Endpoint>([
      ['/healthz', { method: 'GET', isOpen: true, handle: async ({ response }) => sendText(response, 200, 'ok\n') }],
      ['/readyz', { method: 'GET', isOpen: true, handle: ({ response }) => this.#ready(response) }],
      ['/api/openapi.json', { method: 'GET', handle: async ({ response }) => sendJson(response, 200, describeApi()) }],
      ['/v1/models', { method: 'GET', fails: sendChatError, handle: (request) => this.#models(request) }],
      ['/v1/chat/completions', { method: 'POST', fails: sendChatError, handle: (request) => this.#chat(request) }],
      ['/metrics', { method: 'GET', handle: (request) => this.#metrics(request) }],
      ...this.#operations(),
    ]);
  }

  async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let fails = sendError;
    try {
      const headers = headersOf(incoming);
      refuseForeign(headers, incoming.socket.localPort);
      const endpoint = this.#endpointOf(incoming, response);
      fails = endpoint.fails ?? sendError;
      const caller = this.#callerOf(headers);
      if (!caller && !endpoint.isOpen) throw unauthenticated(response);
      const body = caller && endpoint.method === 'POST' ? await this.#bodyOf(incoming, headers) : undefined;
      await endpoint.handle({ incoming, response, headers, caller: caller ?? nobody, body });
    } catch (thrown) {
      const error = toPotterError(thrown);
      if (error.kind.fault === 'bug') this.#log.error('a request failed', { path: incoming.url, error });
      if (response.headersSent) response.destroy();
      else fails(response, error);
    }
  }

  #endpointOf({ url = '', method = '' }: IncomingMessage, response: ServerResponse): Endpoint {
    // Compared as it was sent: what is spelled in another way than the table's names is simply not there.
    const endpoint = this.#endpoints.get(url);
    if (!endpoint) throw url.includes('?') ? withQuery() : new PotterError('UNKNOWN_ROUTE', 'There is no such path.');
    if (endpoint.method === method) return endpoint;
    response.setHeader('Allow', endpoint.method);
    throw new PotterError('METHOD', `This path is asked with ${endpoint.method}.`);
  }

  #callerOf({ authorization }: Headers): Caller | undefined {
    const secret = authorization === undefined ? undefined : /^Bearer ([\w-]{1,200})$/i.exec(authorization)?.[1];
    return secret === undefined ? undefined : this.#authenticate(secret);
  }

  #bodyOf(incoming: IncomingMessage, headers: Headers): Promise<unknown> {
    const type = headers['content-type'] ?? '';
    if (!/^application\/json(?:;\s*charset="?utf-8"?)?$/i.test(type)) {
      throw new PotterError('CONTENT_TYPE', 'The body must be sent as application/json.');
    }
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      throw new PotterError('CONTENT_TYPE', 'The body must not be compressed.');
    }
    return this.#read(incoming, Number(headers['content-length'] ?? 0));
  }

  /** Without a stream's own machinery: most bodies come in one piece. */
  #read(incoming: IncomingMessage, announced: number): Promise<unknown> {
    const { bodyBytes } = this.#limits;
    const tooLarge = (): PotterError =>
      new PotterError('BODY_TOO_LARGE', `The body has more than ${bodyBytes} bytes.`, { detail: { most: bodyBytes } });
    if (announced > bodyBytes) return Promise.reject(tooLarge());
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      let size = 0;
      incoming.on('data', (part: Buffer) => {
        size += part.length;
        if (size <= bodyBytes) return parts.push(part);
        incoming.removeAllListeners('data');
        reject(tooLarge());
        return undefined;
      });
      incoming.on('end', () => {
        const [only = Buffer.alloc(0)] = parts;
        try {
          resolve(JSON.parse((parts.length > 1 ? Buffer.concat(parts) : only).toString('utf8')));
        } catch (cause) {
          reject(new PotterError('INVALID_INPUT', 'The body is not JSON.', { cause }));
        }
      });
      // Also of a request that was cut off, which ends with this alone.
      incoming.on('error', () => reject(new PotterError('TRANSPORT_CLOSED', 'The request was cut off.')));
    });
  }

  /** `POST /api/<route>`, but for those whose pieces are bytes. */
  *#operations(): Generator<[string, Endpoint]> {
    for (const route of Object.keys(contract) as RouteName[]) {
      if (contract[route].access === 'models.use') continue;
      yield [`/api/${route}`, { method: 'POST', handle: (request) => this.#operation(route, request) }];
    }
  }

  /** One word: what is wrong is for those who may read it. */
  async #ready(response: ServerResponse): Promise<void> {
    const reply = await this.#gateway.call({ route: 'monitor.health', input: {}, caller: { kind: 'shell' } });
    const isReady = reply.status === 'ok' && (reply.data as Output<'monitor.health'>).isReady;
    sendText(response, isReady ? 200 : 503, isReady ? 'ready\n' : 'not ready\n');
  }

  async #metrics({ response, caller }: Request & { readonly caller: Caller }): Promise<void> {
    const reply = await this.#gateway.call({ route: 'monitor.metrics', input: {}, caller });
    if (reply.status === 'error') throw errorOf(reply);
    const { text } = reply.data as Output<'monitor.metrics'>;
    sendText(response, 200, text, 'text/plain; version=0.0.4; charset=utf-8');
  }

  async #operation(route: RouteName, { response, headers, caller, body }: Request & { caller: Caller }): Promise<void> {
    const isStream = 'streams' in contract[route] && (headers.accept ?? '').includes('text/event-stream');
    const writer = new Writer(response);
    const reply = await this.#gateway.call({
      route,
      input: body,
      caller,
      signal: writer.signal,
      noStore: isNoStore(headers),
      ...(isStream && {
        emit: async (chunk: unknown) => {
          writer.begin(200, ['Content-Type', 'text/event-stream; charset=utf-8']);
          await writer.write(`event: chunk\ndata: ${JSON.stringify(chunk)}\n\n`);
        },
      }),
    });
    if (!response.headersSent) return sendReply(response, reply);
    await writer.write(`event: reply\ndata: ${JSON.stringify(reply)}\n\n`);
    response.end();
  }

  async #models({ response, caller }: Request & { readonly caller: Caller }): Promise<void> {
    const reply = await this.#gateway.call({ route: 'providers.list', input: {}, caller });
    if (reply.status === 'error') throw errorOf(reply);
    const { providers } = reply.data as { providers: { id: string; modelSource: string; models: { id: string }[] }[] };
    const data = providers
      .filter(({ modelSource }) => modelSource === 'listed')
      .flatMap(({ id, models }) =>
        models.map((model) => ({ id: `${id}/${model.id}`, object: 'model', created: 0, owned_by: id })),
      );
    response.setHeader(requestIdHeader, reply.metadata.callId);
    sendJson(response, 200, { object: 'list', data });
  }

  async #chat({ response, headers, caller, body }: Request & { readonly caller: Caller }): Promise<void> {
    const writer = new Writer(response);
    const isStream = typeof body === 'object' && body !== null && Reflect.get(body, 'stream') === true;
    const held: Uint8Array[] = [];
    let head: ChatHead | undefined;
    const emit = (piece: unknown): Promise<void> | undefined => {
      const received = piece as ChatHead | { readonly type: 'bytes'; readonly bytes: Uint8Array };
      if (received.type === 'head') {
        head = received;
        if (isStream) writer.begin(received.status, headersFor(received));
        return undefined;
      }
      if (isStream) return writer.write(received.bytes);
      // A whole reply goes out in one write, with its length.
      held.push(received.bytes);
      return undefined;
    };
    const reply = await this.#gateway.call({
      route: 'chat.complete',
      input: body,
      caller,
      signal: writer.signal,
      noStore: isNoStore(headers),
      emit,
    });
    if (reply.status === 'error') {
      if (!response.headersSent) return sendChatError(response, errorOf(reply), reply.metadata.callId);
      // The vendors' SDKs read an error in the stream; without it they would take what there is for the whole.
      await writer.write(`data: ${JSON.stringify(toChatError(errorOf(reply)).body)}\n\n`);
      response.end();
      return;
    }
    if (isStream) response.end();
    else sendBytes(response, head?.status ?? 200, held, head ? headersFor(head) : []);
  }
}

interface ChatHead {
  readonly type: 'head';
  readonly callId: string;
  readonly status: number;
  readonly contentType: string;
  readonly provider: string;
  readonly model: string;
}

/** For a path that anybody may ask: no handler of those looks at its caller. */
const nobody: Caller = { kind: 'token', id: 'nobody', role: 'reader', actions: new Set() };

function headersFor({ contentType, callId, provider, model }: ChatHead): HeaderList {
  // A header holds nothing but visible ASCII, and a model's name may be anything.
  return ['Content-Type', contentType, requestIdHeader, callId, 'X-Potter-Model', encodeURI(`${provider}/${model}`)];
}

/** A reply that goes out piece by piece, and whether anybody is still there to read it. */
class Writer {
  readonly #response: ServerResponse;
  /** Aborted when the program has gone. */
  readonly signal: AbortSignal;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.signal = goneSignal(response);
  }

  begin(status: number, headers: HeaderList): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(status, [...fixedHeaders, ...headers]);
  }

  /** What it returns settles when there is room for more; nothing: there is. */
  write(piece: string | Uint8Array): Promise<void> | undefined {
    this.#gather();
    if (this.signal.aborted || this.#response.write(piece)) return undefined;
    return new Promise((resolve) => {
      const settle = (): void => {
        this.#response.off('drain', settle);
        this.#response.off('close', settle);
        resolve();
      };
      this.#response.once('drain', settle);
      this.#response.once('close', settle);
    });
  }

  /** What comes in one turn of the event loop goes out in one piece: the last of a short answer, and its end with it. */
  #gather(): void {
    const { socket } = this.#response;
    if (!socket || socket.writableCorked > 0) return;
    socket.cork();
    setImmediate(() => socket.uncork());
  }
}

/** One for each connection: all that is under way on it ends with it. */
const gone = new WeakMap<Socket, AbortController>();

function goneSignal({ socket }: ServerResponse): AbortSignal {
  let controller = socket ? gone.get(socket) : undefined;
  if (!controller) {
    const made = new AbortController();
    controller = made;
    if (socket) {
      gone.set(socket, made);
      socket.once('close', () => made.abort());
    } else made.abort();
  }
  return controller.signal;
}

/** Names and values in turn. */
type HeaderList = readonly string[];

/** The id of the call, as the log and the audit log have it. The vendors' SDKs know it by this name. */
const requestIdHeader = 'X-Request-Id';

/** For every answer. */
const fixedHeaders: HeaderList = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];

/** Node folds doubled headers into one; the raw list still has them all. */
function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (!readHeaders.has(name)) continue;
    if (headers[name] !== undefined) throw new PotterError('INVALID_INPUT', `The header ${name} is there twice.`);
    headers[name] = rawHeaders[index + 1] ?? '';
  }
  return headers;
}

/** A page that rebinds its own name to this machine sends that name; no page at all may ask. */
function refuseForeign({ host, origin }: Headers, port: number | undefined): void {
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}` && host !== `[::1]:${port}`) {
    throw new PotterError('WRONG_HOST', 'The request is for another host.');
  }
  if (origin !== undefined) throw new PotterError('FORBIDDEN', 'The loopback API is not for pages of a browser.');
}

function unauthenticated(response: ServerResponse): PotterError {
  response.setHeader('WWW-Authenticate', 'Bearer');
  return new PotterError('UNAUTHENTICATED', 'The request has no token that is valid here.');
}

function withQuery(): PotterError {
  return new PotterError(
    'INVALID_INPUT',
    'The address must have no query: a token goes into the Authorization header.',
  );
}

const isNoStore = (headers: Headers): boolean => headers['cache-control']?.includes('no-store') ?? false;

function errorOf({ error }: Extract<Reply, { status: 'error' }>): PotterError {
  return new PotterError(error.code, error.message, { detail: error.detail });
}

function sendReply(response: ServerResponse, reply: Reply): void {
  response.setHeader(requestIdHeader, reply.metadata.callId);
  if (reply.status === 'error') tellWait(response, reply.error.detail);
  sendJson(response, reply.status === 'ok' ? 200 : errorKinds[reply.error.code].status, reply);
}

function sendError(response: ServerResponse, error: PotterError): void {
  tellWait(response, error.detail);
  // What follows on this connection may be the body of what was refused.
  response.setHeader('Connection', 'close');
  sendJson(response, error.kind.status, { status: 'error', error: toWire(error) });
}

function sendChatError(response: ServerResponse, error: PotterError, callId = ''): void {
  const { status, body } = toChatError(error);
  tellWait(response, error.detail);
  if (callId === '') response.setHeader('Connection', 'close');
  else response.setHeader(requestIdHeader, callId);
  sendJson(response, status, body);
}

function tellWait(response: ServerResponse, detail: unknown): void {
  const ms: unknown = typeof detail === 'object' && detail !== null ? Reflect.get(detail, 'retryAfterMs') : undefined;
  if (typeof ms === 'number') response.setHeader('Retry-After', String(Math.ceil(ms / 1000)));
}

function sendJson(response: ServerResponse, status: number, document: unknown): void {
  sendText(response, status, JSON.stringify(document), 'application/json; charset=utf-8');
}

function sendText(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  sendBytes(response, status, [Buffer.from(text)], ['Content-Type', type]);
}

function sendBytes(response: ServerResponse, status: number, parts: readonly Uint8Array[], headers: HeaderList): void {
  const [only = Buffer.alloc(0)] = parts;
  const body = parts.length > 1 ? Buffer.concat(parts) : only;
  response.writeHead(status, [...fixedHeaders, ...headers, 'Content-Length', String(body.length)]);
  // Head and text go out in one piece, head and bytes in two, which costs more than looking.
  if (isAscii(body)) response.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1');
  else response.end(body);
}
