/** Servers on this machine that count who comes. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Listening {
  readonly url: string;
  readonly port: number;
  readonly connections: () => number;
  /** Ends with the test; earlier where nobody is to answer. */
  close(): Promise<void>;
}

/** The server on a free port of 127.0.0.1, or of every address of this machine. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, connections: () => connections, close };
}

export const serve = (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  host?: string,
): Promise<Listening> => listen(createServer(handle), host);
