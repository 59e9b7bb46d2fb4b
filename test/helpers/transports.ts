/** Every transport of Potter behind one door, for the suite that all of them must pass. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { silentLog } from '../../src/main/core/log/log.ts';
import { openBridge } from '../../src/main/electron/bridge.ts';
import { createSessions } from '../../src/main/net/sessions.ts';
import { connectSocket, listenSocket } from '../../src/main/net/socket.ts';
import { createBridge } from '../../src/main/net/websocket.ts';
import { createMemoryPair, Pipe, type Transport } from '../../src/shared/transport.ts';
import { FakeBrowserWindow, runPreload } from './fake-electron.ts';

export interface OpenTransport {
  readonly client: Transport;
  readonly server: Transport;
  close(): Promise<void>;
}

/** One entry a transport. */
export const transports: readonly { readonly name: string; open(): Promise<OpenTransport> }[] = [
  { name: 'in-memory', open: openMemory },
  { name: 'WebSocket', open: openWebSocket },
  { name: 'local socket', open: openSocket },
  { name: 'IPC', open: openIpc },
];

async function openMemory(): Promise<OpenTransport> {
  const [client, server] = createMemoryPair();
  return { client, server, close: async () => client.close() };
}

async function openWebSocket(): Promise<OpenTransport> {
  const sessions = createSessions();
  const http = createServer();
  const accepted = Promise.withResolvers<Transport>();
  const bridge = createBridge({ server: http, sessions, onTransport: accepted.resolve });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const { transport } = await connectBridge(`http://127.0.0.1:${port}/`, sessions.oneTimeToken());
  return {
    client: transport,
    server: await accepted.promise,
    async close() {
      transport.close();
      await bridge.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function openSocket(): Promise<OpenTransport> {
  const directory = await mkdtemp(join(tmpdir(), 'potter-socket-'));
  const path = join(directory, 'potter.sock');
  const accepted = Promise.withResolvers<Transport>();
  const server = await listenSocket(path, accepted.resolve);
  const client = await connectSocket(path);
  if (!client) throw new Error('nobody listens');
  return {
    client,
    server: await accepted.promise,
    async close() {
      client.close();
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** The real preload and the real bridge, over ports of Node. */
async function openIpc(): Promise<OpenTransport> {
  const window = new FakeBrowserWindow();
  await window.loadURL('app://potter/#/process');
  const accepted = Promise.withResolvers<Transport>();
  const stop = openBridge({ windowOf: () => 'palette', onTransport: accepted.resolve, log: silentLog });
  const world = await runPreload(window.webContents);
  return {
    client: world.potter as Transport,
    server: await accepted.promise,
    async close() {
      stop();
      window.destroy();
    },
  };
}

/** What a page does: opens the bridge beside `url` and signs in. Fails with the code the server closed with. */
export async function connectBridge(url: string, token: string): Promise<{ transport: Transport; session: string }> {
  const { origin, host } = new URL(url);
  const socket = new WebSocket(`ws://${host}/bridge`, { origin, perMessageDeflate: false });
  const session = await new Promise<string>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
    socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', token })));
    socket.once('message', (data) => resolve((JSON.parse(data.toString()) as { session: string }).session));
  });
  return { transport: new PageTransport(socket), session };
}

/** What the panels' bridge is in a browser. */
class PageTransport extends Pipe {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('message', (data) => this.receive(JSON.parse(data.toString())));
    socket.on('close', () => this.close());
  }

  protected override write(message: unknown): void {
    this.#socket.send(JSON.stringify(message));
  }

  protected override hangUp(): void {
    this.#socket.close();
  }
}
