/** The bridge of the panels in a browser: one WebSocket a page, opened by a token. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { Pipe, type Transport } from '../../shared/transport.ts';
import { type Log, silentLog } from '../core/log/log.ts';
import { hasOwnHost, originOf } from './own-origin.ts';
import { type Sessions, sessionName } from './sessions.ts';
import { encode, limits } from './wire.ts';

const bridgePath = '/bridge';
/** Close code for a page whose token is wrong, used up, or late: it must be opened anew from Potter. */
const unauthenticatedCode = 4401;

export interface BridgeOptions {
  readonly server: Server;
  readonly sessions: Sessions;
  /** `session` names who is signed in, for limits and logs; it is not the secret. */
  readonly onTransport: (transport: Transport, session: string) => void;
  readonly log?: Log;
  /** Milliseconds a page has for its hello; 5000 if left out. */
  readonly helloMs?: number;
  /** Milliseconds between pings; a page that missed one is cut off at the next. 30 000 if left out. */
  readonly pingMs?: number;
  /** Pages at once, those not yet welcomed included; 32 if left out. */
  readonly maxConnections?: number;
}

export interface Bridge {
  /** Says goodbye to every page. */
  close(): Promise<void>;
}

/** Answers the upgrade requests of `server`. A page says `{type:'hello', token}` and hears `{type:'welcome', session}`. */
export function createBridge(options: BridgeOptions): Bridge {
  const { server, sessions, onTransport, log = silentLog } = options;
  const { helloMs = 5000, pingMs = 30_000, maxConnections = 32 } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload: limits.messageBytes,
    perMessageDeflate: false,
  });

  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    stream.on('error', (error) => log.debug('an upgrade failed', { error }));
    const status = refusal(request) ?? (sockets.clients.size >= maxConnections ? 503 : undefined);
    if (status !== undefined) {
      log.warn('a bridge connection was refused', { status });
      refuse(stream, status);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', (error) => log.debug('a bridge connection failed', { error }));
      keepAlive(socket, pingMs);
      welcome({ socket, stream, sessions, log, helloMs, onTransport });
    });
  };

  server.on('upgrade', upgrade);
  return {
    async close() {
      server.off('upgrade', upgrade);
      await Promise.all([...sockets.clients].map(goodbye));
      sockets.close();
    },
  };
}

function refusal(request: IncomingMessage): number | undefined {
  if (!hasOwnHost(request)) return 421;
  if (originOf(request) !== 'own') return 403;
  if (request.url !== bridgePath) return 404;
  return undefined;
}

function refuse(stream: Duplex, status: number): void {
  stream.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  stream.once('finish', () => stream.destroy());
}

interface Guest {
  readonly socket: WebSocket;
  readonly stream: Duplex;
  readonly sessions: Sessions;
  readonly log: Log;
  readonly helloMs: number;
  readonly onTransport: BridgeOptions['onTransport'];
}

/** More than a hello needs; a stranger cannot make Potter hold a large message. */
const helloBytes = 4096;

function welcome({ socket, stream, sessions, log, helloMs, onTransport }: Guest): void {
  let heard = 0;
  const count = (bytes: Buffer): void => {
    heard += bytes.length;
    if (heard > helloBytes) socket.terminate();
  };
  const late = setTimeout(() => turnAway('no hello in time'), helloMs);
  const settle = (): void => {
    clearTimeout(late);
    stream.off('data', count);
    socket.off('message', hello);
    socket.off('close', settle);
  };
  const turnAway = (reason: string): void => {
    settle();
    log.warn('a page was turned away', { reason });
    socket.close(unauthenticatedCode, reason);
    setTimeout(() => socket.terminate(), limits.goodbyeMs).unref();
  };
  const hello = (data: WebSocket.RawData, isBinary: boolean): void => {
    const token = isBinary ? undefined : tokenOf(data.toString());
    const session = token === undefined ? undefined : openSession(sessions, token);
    if (session === undefined) {
      turnAway('unknown token');
      return;
    }
    settle();
    const transport = new WebSocketPipe(socket, log);
    socket.send(JSON.stringify({ type: 'welcome', session }));
    onTransport(transport, sessionName(session));
  };
  stream.on('data', count);
  socket.on('message', hello);
  socket.on('close', settle);
}

function tokenOf(text: string): string | undefined {
  try {
    const hello: unknown = JSON.parse(text);
    if (typeof hello !== 'object' || hello === null || !('type' in hello) || !('token' in hello)) return undefined;
    return hello.type === 'hello' && typeof hello.token === 'string' ? hello.token : undefined;
  } catch {
    return undefined;
  }
}

const openSession = (sessions: Sessions, token: string): string | undefined =>
  sessions.isValid(token) ? token : sessions.exchange(token);

function keepAlive(socket: WebSocket, pingMs: number): void {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) {
      socket.terminate();
      return;
    }
    answered = false;
    socket.ping();
  }, pingMs);
  socket.on('pong', () => {
    answered = true;
  });
  socket.on('close', () => clearInterval(timer));
}

function goodbye(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), limits.goodbyeMs);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(1001);
  });
}

/** One JSON message a text frame. */
class WebSocketPipe extends Pipe {
  readonly #socket: WebSocket;
  readonly #log: Log;

  constructor(socket: WebSocket, log: Log) {
    super();
    this.#socket = socket;
    this.#log = log;
    socket.on('message', (data, isBinary) => this.#take(data, isBinary));
    socket.on('close', () => this.close());
  }

  protected override write(message: unknown): void {
    const socket = this.#socket;
    const frame = encode(message);
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(frame, { binary: false }, () => {
      if (socket.isPaused && socket.bufferedAmount <= limits.pauseBytes) socket.resume();
    });
    if (socket.bufferedAmount > limits.dropBytes) {
      this.#log.warn('a page does not read its replies', { waiting: socket.bufferedAmount });
      socket.terminate();
    } else if (socket.bufferedAmount > limits.pauseBytes) socket.pause();
  }

  protected override hangUp(): void {
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CLOSED) return;
    if (socket.isPaused) socket.resume();
    const timer = setTimeout(() => socket.terminate(), limits.goodbyeMs);
    socket.once('close', () => clearTimeout(timer));
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
  }

  #take(data: WebSocket.RawData, isBinary: boolean): void {
    let message: unknown;
    try {
      if (isBinary) throw new TypeError('binary frame');
      message = JSON.parse(data.toString());
    } catch {
      this.#log.warn('a message on the bridge is not JSON');
      this.#socket.close(1007);
      this.close();
      return;
    }
    this.receive(message);
  }
}
