/**
 * What the fake vendors share: a server on a free port, replies taken in turn, and the ways in which a body can go wrong.
 * It imports nothing but Node, since it is also bundled.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** How one reply departs from a plain good one, whatever the wire format. Everything left out is as the vendor does it. */
export interface VendorScenario {
  /** Which request it is for. Default `chat`. */
  readonly for?: 'chat' | 'models';
  /** A whole reply in place of an answer. An object is sent as JSON, text as it is. */
  readonly reply?: WholeReply;
  /** Never send headers. */
  readonly silent?: boolean;
  /** Close with a reset before any byte. */
  readonly resetAtOnce?: boolean;
  /** Answer with one JSON document though a stream was asked for, or the reverse. */
  readonly as?: 'plain' | 'stream';
  /** In place of the answer worked out from the text. */
  readonly text?: string | null;
  /** In place of the true counts; null leaves them out. */
  readonly usage?: unknown;
  readonly model?: string;
  /** The body's bytes in place of everything else. */
  readonly raw?: string | Uint8Array;
  readonly contentType?: string;
  readonly newline?: '\n' | '\r\n' | '\r';
  readonly byteOrderMark?: boolean;
  /** Comments, unknown fields and unknown event names between the events. */
  readonly junk?: boolean;
  /** Bytes in one write; each write is a segment of its own. Default: one event. */
  readonly pieceBytes?: number;
  /** After this many bytes of the body, do `ending`. */
  readonly after?: number;
  /** Default `end`: close cleanly. `drip` sends comment lines for ever, `flood` sends events for ever. */
  readonly ending?: 'end' | 'reset' | 'stall' | 'drip' | 'flood';
}

export interface WholeReply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | object;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Undefined when there was none, or it is not JSON. */
  readonly body: unknown;
  /** When it had come in whole, on the clock that only grows. */
  readonly at: number;
}

export interface FakeVendor<S extends VendorScenario> {
  readonly baseUrl: string;
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  readonly openSockets: number;
  /** Connections accepted since the start. */
  readonly connections: number;
  /** Queues scenarios, one for each request of their kind; good replies follow. */
  next(...scenarios: readonly S[]): void;
  /** Resolves when a request has come in, of which there are `count` by then. */
  received(count: number): Promise<void>;
  /** Resolves when nobody is connected. */
  disconnected(): Promise<void>;
  /** Drops the requests recorded so far. */
  forget(): void;
  close(): Promise<void>;
}

/** What one wire format adds. */
export interface Dialect<S extends VendorScenario> {
  /** Of the base address. Default: none. */
  readonly path?: string;
  /** Which kind of request it is; undefined for one the vendor does not know. */
  kindOf(request: RecordedRequest): VendorScenario['for'];
  /** The reply to a request that is not let in. */
  refuse(request: RecordedRequest, kind: VendorScenario['for']): WholeReply | undefined;
  models(request: RecordedRequest): object;
  /** The answer to a request that is let in. */
  chat(response: ServerResponse, request: RecordedRequest, scenario: S): Promise<void>;
  /** Sent with every reply. */
  headers(): Record<string, string>;
}

export async function startFakeVendor<S extends VendorScenario>(dialect: Dialect<S>): Promise<FakeVendor<S>> {
  const requests: RecordedRequest[] = [];
  const scenarios: S[] = [];
  const news = new EventTarget();
  const sockets = new Set<Socket>();
  let connections = 0;
  const take = (kind: VendorScenario['for']): S => {
    const index = scenarios.findIndex((scenario) => (scenario.for ?? 'chat') === kind);
    return (index < 0 ? undefined : scenarios.splice(index, 1)[0]) ?? ({} as S);
  };
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = incoming;
    const request = { method, path: url, headers, body: await readJson(incoming), at: performance.now() };
    requests.push(request);
    news.dispatchEvent(new Event('news'));
    const kind = dialect.kindOf(request);
    const scenario = take(kind);
    if (scenario.silent) return;
    if (scenario.resetAtOnce) {
      incoming.socket.resetAndDestroy();
      return;
    }
    const refusal = scenario.reply ?? dialect.refuse(request, kind);
    if (refusal) sendWhole(response, refusal, dialect.headers());
    else if (kind === 'models') sendWhole(response, { body: dialect.models(request) }, dialect.headers());
    else await dialect.chat(response, request, scenario);
  };
  const server = createServer((incoming, response) => void answer(incoming, response));
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      news.dispatchEvent(new Event('news'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const until = async (met: () => boolean): Promise<void> => {
    while (!met()) await once(news, 'news');
  };
  return {
    baseUrl: `http://127.0.0.1:${port}${dialect.path ?? ''}`,
    port,
    requests,
    get openSockets() {
      return sockets.size;
    },
    get connections() {
      return connections;
    },
    next: (...more) => void scenarios.push(...more),
    received: (count) => until(() => requests.length >= count),
    disconnected: () => until(() => sockets.size === 0),
    forget: () => void requests.splice(0),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export function sendWhole(
  response: ServerResponse,
  { status = 200, headers = {}, body = '' }: WholeReply,
  usual: Record<string, string>,
): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body, null, 2)}\n`;
  const type = text === '' ? {} : { 'content-type': 'application/json' };
  response.writeHead(status, { ...usual, ...type, ...headers });
  response.end(text);
}

/** What is sent in place of, or after, the pieces of a body. */
export interface Sending {
  readonly scenario: VendorScenario;
  /** Pause before each event, in milliseconds. */
  readonly delayMs: number;
  /** The event that `flood` repeats. */
  readonly flood: string;
}

/** Sends the body's events, each in a segment of its own unless the scenario cuts them otherwise. */
export async function sendBody(
  response: ServerResponse,
  events: readonly Buffer[],
  { scenario, delayMs, flood }: Sending,
): Promise<void> {
  response.on('error', () => undefined);
  response.flushHeaders();
  response.socket?.setNoDelay(true);
  const { after = Number.POSITIVE_INFINITY, pieceBytes, ending = 'end' } = scenario;
  const pieces = pieceBytes === undefined ? events : cut(Buffer.concat(events), pieceBytes);
  let sent = 0;
  for (const piece of pieces) {
    const part = piece.subarray(0, Math.max(0, after - sent));
    if (response.destroyed) return;
    if (delayMs > 0) await pause(delayMs);
    if (part.length > 0) await write(response, part);
    sent += part.length;
    if (sent >= after) break;
  }
  if (ending === 'end') response.end();
  if (ending === 'reset') response.socket?.resetAndDestroy();
  if (ending === 'drip') await repeat(response, ': still here\n\n', 5);
  if (ending === 'flood') await repeat(response, flood, 0);
}

async function repeat(response: ServerResponse, text: string, pauseMs: number): Promise<void> {
  while (!response.destroyed) {
    await write(response, Buffer.from(text));
    await pause(pauseMs);
  }
}

/** The pieces of a body of so many bytes each. */
export function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

/** One event of a stream, its data over as many lines as it has; `name` is its event name. */
export function frame(data: string, { newline = '\n', junk }: VendorScenario, name?: string): Buffer {
  const before = junk ? [': a comment', 'id: 7', 'retry: 10', 'nonsense'] : [];
  const lines = data.split('\n').map((line) => `data: ${line}`);
  const named = name === undefined ? [] : [`event: ${name}`];
  return Buffer.from([...before, ...named, ...lines, '', ''].join(newline));
}

export const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Pieces of a few characters, joined again the same text. */
export function tokensOf(text: string): string[] {
  return text.match(/\s*\S{1,6}|\s+/gu) ?? [];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Resolves when the bytes are on their way, or the other side has gone. */
async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  try {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return undefined;
  }
}
