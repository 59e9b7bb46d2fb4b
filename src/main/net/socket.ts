/** The local socket: how the other doors of this user reach the process that owns the data directory. */
import { createHash } from 'node:crypto';
import { chmod, type FileHandle, mkdtemp, open, rename, rm, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { PotterError } from '../../shared/errors.ts';
import { Pipe, type Transport } from '../../shared/transport.ts';
import { type Log, silentLog } from '../core/log/log.ts';
import { encode, limits } from './wire.ts';

/** More doors than this at once are a mistake or a flood; further ones are refused. */
const maxConnections = 64;
/** `sun_path` holds 108 bytes on Linux and 104 on macOS. */
const longestPath = 100;
const newline = 0x0a;
const lineEnd = Buffer.of(newline);

export interface SocketServer {
  /** Stops listening, ends the open connections and removes the socket file. */
  close(): Promise<void>;
}

/**
 * Listens at `path`, for this user alone. A socket file already there is replaced: only the holder of the data
 * directory's lock may call this, so its owner is dead.
 */
export async function listenSocket(
  path: string,
  onTransport: (transport: Transport) => void,
  log: Log = silentLog,
): Promise<SocketServer> {
  const transports = new Set<SocketPipe>();
  const server = createServer((socket) => {
    const transport = new SocketPipe(socket, { pauses: true, log });
    transports.add(transport);
    transport.onClose(() => transports.delete(transport));
    onTransport(transport);
  });
  server.maxConnections = maxConnections;
  await (process.platform === 'win32' ? bind(server, pipeName(path)) : bindPrivately(server, path));
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const transport of [...transports]) transport.close();
      await closed;
      // Closing the server has taken it away already, as a rule.
      if (process.platform !== 'win32') await unlink(path).catch(() => undefined);
    },
  };
}

/** A connection to the owner at `path`, or `undefined` when nobody listens there. */
export async function connectSocket(
  path: string,
  { signal, log = silentLog }: { signal?: AbortSignal; log?: Log } = {},
): Promise<Transport | undefined> {
  signal?.throwIfAborted();
  try {
    const dial = (address: string): Promise<Socket> => opened(connect(address), signal);
    const socket = await (process.platform === 'win32' ? dial(pipeName(path)) : withShortPath(path, dial));
    return new SocketPipe(socket, { pauses: false, log });
  } catch (thrown) {
    signal?.throwIfAborted();
    if (isCode(thrown, 'ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK')) return undefined;
    throw new PotterError('DATA_BUSY', `The Potter that is running cannot be reached at ${path}.`, { cause: thrown });
  }
}

/** One JSON message a line. */
class SocketPipe extends Pipe {
  readonly #socket: Socket;
  readonly #log: Log;
  /** Only the serving end stops reading: if both did, each could wait for the other. */
  readonly #pauses: boolean;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #parts: Buffer[] = [];
  #partsBytes = 0;

  constructor(socket: Socket, { pauses, log }: { pauses: boolean; log: Log }) {
    super();
    this.#socket = socket;
    this.#pauses = pauses;
    this.#log = log;
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('drain', () => socket.resume());
    socket.on('error', (error) => log.debug('a local connection failed', { error }));
    socket.on('close', () => this.close());
    socket.on('end', () => this.close());
  }

  protected override write(message: unknown): void {
    const bytes = encode(message);
    if (!this.#socket.writable) return;
    this.#socket.write(Buffer.concat([bytes, lineEnd]));
    if (this.#socket.writableLength > limits.dropBytes) this.#cut('a local client does not read its replies');
    else if (this.#pauses && this.#socket.writableLength > limits.pauseBytes) this.#socket.pause();
  }

  protected override hangUp(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.end();
    // Unread bytes would keep the peer's end of the connection from being seen.
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), limits.goodbyeMs);
    socket.once('close', () => clearTimeout(timer));
  }

  #take(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
      if (this.#socket.destroyed || !this.#keep(bytes.subarray(from, at))) return;
      this.#line();
      from = at + 1;
    }
    this.#keep(bytes.subarray(from));
  }

  #keep(part: Buffer): boolean {
    this.#partsBytes += part.length;
    if (this.#partsBytes > limits.messageBytes) {
      this.#cut('a local message is too large');
      return false;
    }
    if (part.length > 0) this.#parts.push(part);
    return true;
  }

  #line(): void {
    // A line is decoded whole, so a character cut by the border of two chunks stays whole.
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partsBytes = 0;
    let message: unknown;
    try {
      message = JSON.parse(this.#decoder.decode(bytes));
    } catch {
      this.#cut('a local message is not a line of JSON');
      return;
    }
    this.receive(message);
  }

  #cut(reason: string): void {
    this.#log.warn(reason, { bytes: this.#partsBytes, waiting: this.#socket.writableLength });
    this.#parts = [];
    this.#socket.destroy();
    this.close();
  }
}

/**
 * A socket file is born with the mode the umask leaves it, so it is born in a directory nobody else can enter, and
 * moved to its place when its mode is right. The move also replaces the file of a dead owner in one step.
 */
async function bindPrivately(server: Server, path: string): Promise<void> {
  let nursery: string | undefined;
  try {
    nursery = await mkdtemp(join(dirname(path), '.s-'));
    const newborn = join(nursery, 's');
    await withShortPath(newborn, (address) => bind(server, address));
    await chmod(newborn, 0o600);
    await rename(newborn, path);
  } catch (thrown) {
    server.close();
    throw new PotterError('STORAGE', `The local socket ${path} could not be opened.`, { cause: thrown });
  } finally {
    if (nursery !== undefined) await rm(nursery, { recursive: true, force: true });
  }
}

/** A path too long for a socket address is reached through its directory's descriptor, where the system has those. */
async function withShortPath<T>(path: string, act: (address: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(path) <= longestPath || process.platform !== 'linux') return act(path);
  const directory: FileHandle = await open(dirname(path), 'r');
  try {
    return await act(`/proc/self/fd/${directory.fd}/${basename(path)}`);
  } finally {
    await directory.close();
  }
}

function bind(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function opened(socket: Socket, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const abort = (): void => void socket.destroy(new Error('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', (error) => {
      signal?.removeEventListener('abort', abort);
      reject(error);
    });
    socket.once('connect', () => {
      signal?.removeEventListener('abort', abort);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

/** Windows has no socket files; the pipe of a data directory is named after its path. */
const pipeName = (path: string): string =>
  `\\\\.\\pipe\\potter-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;

const isCode = (thrown: unknown, ...codes: string[]): boolean =>
  thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));
