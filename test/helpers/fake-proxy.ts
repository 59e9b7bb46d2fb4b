/** An HTTP proxy that keeps what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { type Listening, listen } from './listening.ts';

export interface ProxiedRequest {
  readonly method: string;
  /** A whole address, or host and port of a tunnel. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeProxyOptions {
  /** Plain requests are answered here, in place of the server that was meant. Default: an empty document. */
  readonly answer?: (request: ProxiedRequest, response: ServerResponse) => void;
  /** Every tunnel ends at this port of 127.0.0.1, or is answered with this status. */
  readonly tunnel?: { readonly port: number } | { readonly status: number };
  /** It is reached by https itself. */
  readonly secure?: { readonly cert: string; readonly key: string };
}

export interface FakeProxy extends Listening {
  readonly requests: readonly ProxiedRequest[];
}

export async function startFakeProxy({ answer, tunnel, secure }: FakeProxyOptions = {}): Promise<FakeProxy> {
  const requests: ProxiedRequest[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const { method = '', url = '', headers } = request;
    const proxied = { method, target: url, headers, body: Buffer.concat(parts).toString() };
    requests.push(proxied);
    if (answer) answer(proxied, response);
    else response.end('{}');
  };
  const server = secure ? createTlsServer(secure, handle) : createServer(handle);
  server.on('connect', ({ url = '', headers }: IncomingMessage, socket: Socket) => {
    requests.push({ method: 'CONNECT', target: url, headers, body: '' });
    socket.on('error', () => undefined);
    if (!tunnel) return;
    if ('status' in tunnel) {
      socket.end(`HTTP/1.1 ${tunnel.status} No\r\nContent-Length: 6\r\n\r\nsecret`);
      return;
    }
    const far = connect(tunnel.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(far).pipe(socket);
    });
    far.on('error', () => socket.destroy());
    socket.on('close', () => far.destroy());
  });
  return { ...(await listen(server)), requests };
}
