/** The panels of `potter serve`, on this machine alone. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PotterError } from '../../shared/errors.ts';
import type { Transport } from '../../shared/transport.ts';
import { type Log, silentLog } from '../core/log/log.ts';
import { createServer } from './create-server.ts';
import { hasOwnHost, originOf } from './own-origin.ts';
import { noContent, type Page, readPages, renderPage, securityHeaders } from './pages.ts';
import type { Sessions } from './sessions.ts';
import { createBridge } from './websocket.ts';

export interface PanelServerOptions {
  /** The built panels, `dist/renderer`. Read once, at the start. */
  readonly root: string;
  /** Any free port if left out. */
  readonly port?: number;
  readonly sessions: Sessions;
  /** `session` names who is signed in, for limits and logs; it is not the secret. */
  readonly onTransport: (transport: Transport, session: string) => void;
  readonly log?: Log;
}

export interface PanelServer {
  /** `http://127.0.0.1:<port>/`, without a token. */
  readonly url: string;
  readonly port: number;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Serves the panels and their bridge on 127.0.0.1. No option moves it to another address. */
export async function startPanelServer(options: PanelServerOptions): Promise<PanelServer> {
  const { root, port: wanted = 0, sessions, onTransport, log = silentLog } = options;
  const pages = await readPages(root);
  const server = createServer(serverLimits, (request, response) => answer(pages, request, response));
  server.maxConnections = maxConnections;
  server.maxRequestsPerSocket = 1000;
  server.on('checkExpectation', (_request, response: ServerResponse) => refuse(response, 417));
  server.on('clientError', (_error, stream) => {
    if (stream.writable) stream.end(`HTTP/1.1 400 Bad Request\r\n${headerLines}Connection: close\r\n\r\n`);
    else stream.destroy();
  });
  const bridge = createBridge({ server, sessions, onTransport, log });
  const port = await listen(server, wanted);
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await bridge.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const maxConnections = 100;

/** A request is a few hundred bytes of headers and no body; one that takes longer than this is not from a browser. */
const serverLimits = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
  // A request without Host is answered by `answer`, with the headers every answer has.
  requireHostHeader: false,
};

const headerLines = Object.entries({ ...securityHeaders, 'Content-Security-Policy': noContent, 'Content-Length': '0' })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

function answer(pages: ReadonlyMap<string, Page>, request: IncomingMessage, response: ServerResponse): void {
  const refused = refusals.find(({ applies }) => applies(request));
  // Compared as it was sent: whatever is spelled in another way than the table's names is simply not there.
  const page = pages.get((request.url ?? '').split('?', 1)[0] ?? '');
  if (refused) refuse(response, refused.status, refused.headers);
  else if (page === undefined) refuse(response, 404);
  else send(page, request, response);
}

interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly applies: (request: IncomingMessage) => boolean;
}

const refusals: readonly Refusal[] = [
  { status: 421, applies: (request) => !hasOwnHost(request) },
  { status: 403, applies: (request) => originOf(request) === 'foreign' },
  { status: 405, headers: { Allow: 'GET, HEAD' }, applies: ({ method }) => method !== 'GET' && method !== 'HEAD' },
  { status: 400, applies: hasBody },
];

function send(page: Page, request: IncomingMessage, response: ServerResponse): void {
  // The request's own host, already checked; browsers differ in whether 'self' covers `ws:`.
  const connect = `'self' ws://${request.headers.host ?? ''}`;
  const { headers, body } = renderPage(page, { nonce: randomBytes(16).toString('base64'), connect });
  response.writeHead(200, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function refuse(response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, {
    ...securityHeaders,
    ...headers,
    'Content-Security-Policy': noContent,
    'Content-Length': 0,
    'Cache-Control': 'no-store',
    // What follows on this connection may be the body of what was refused.
    Connection: 'close',
  });
  response.end();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new PotterError('CONFLICT', `Port ${port} of 127.0.0.1 cannot be used: ${cause.message}.`, { cause })),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
