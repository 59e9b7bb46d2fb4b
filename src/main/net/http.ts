/** The panels of `potter serve`, on this machine alone. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';
import { PotterError } from '../../shared/errors.ts';
import type { Transport } from '../../shared/transport.ts';
import { type Log, silentLog } from '../core/log/log.ts';
import { hasOwnHost, originOf } from './own-origin.ts';
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

const securityHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()',
};

const noContent = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const headerLines = Object.entries({ ...securityHeaders, 'Content-Security-Policy': noContent, 'Content-Length': '0' })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

/** `host` is the request's own, already checked; browsers differ in whether 'self' covers `ws:`. */
const pagePolicy = (host: string, nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ws://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

interface Page {
  readonly type: string;
  readonly cache: string;
  readonly body: Buffer;
}

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
  const isHtml = page.type === types['.html'];
  const nonce = randomBytes(16).toString('base64');
  const body = isHtml ? Buffer.from(page.body.toString().replaceAll('__CSP_NONCE__', nonce)) : page.body;
  response.writeHead(200, {
    ...securityHeaders,
    'Content-Security-Policy': isHtml ? pagePolicy(request.headers.host ?? '', nonce) : noContent,
    'Content-Type': page.type,
    'Content-Length': body.length,
    'Cache-Control': page.cache,
  });
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

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** The build names these after their content. */
const hashed = /^\/assets\/.+-[\w-]{8,}\.\w+$/;

/** Every file that will ever be served, by the exact text of its path in a request. Links are left out. */
async function readPages(root: string): Promise<ReadonlyMap<string, Page>> {
  const pages = new Map<string, Page>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(root, file).split(sep).map(encodeURIComponent).join('/')}`;
    const cache = hashed.test(path) ? 'public, max-age=31536000, immutable' : 'no-store';
    pages.set(path, { type, cache, body: await readFile(file) });
  }
  const index = pages.get('/index.html');
  if (!index) throw new PotterError('UNAVAILABLE', `The panels are not built: ${join(root, 'index.html')} is missing.`);
  return pages.set('/', index);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new PotterError('CONFLICT', `Port ${port} of 127.0.0.1 cannot be used: ${cause.message}.`, { cause })),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
