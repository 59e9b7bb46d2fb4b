/** Load over plain sockets: a client library would cost more than what is measured. */
import { connect, type Socket } from 'node:net';

export interface Target {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const headEnd = Buffer.from('\r\n\r\n');
const chunksEnd = Buffer.from('\r\n0\r\n\r\n');

/** One keep-alive connection that asks again as soon as it was answered. */
class Client {
  readonly #socket: Socket;
  readonly #request: Buffer;
  #received: Buffer[] = [];
  #size = 0;
  /** Bytes of the whole reply; -1: it ends with its last chunk. */
  #expected: number | undefined;
  #answered: ((firstAt: number) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #firstAt = 0;

  constructor({ port, path, headers, body }: Target) {
    const lines = Object.entries({ ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
    this.#request = Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    );
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.#socket.on('data', (bytes) => this.#take(bytes));
    this.#socket.on('error', (error) => this.#failed?.(error));
    this.#socket.on('close', () => this.#failed?.(new Error('the server closed the connection')));
  }

  /** Settles with when the first byte came. */
  ask(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#firstAt = 0;
      this.#socket.write(this.#request);
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#firstAt === 0) this.#firstAt = performance.now();
    this.#received.push(bytes);
    this.#size += bytes.length;
    if (this.#expected === undefined) this.#readHead();
    if (this.#expected === undefined) return;
    const isWhole = this.#expected < 0 ? this.#tail().includes(chunksEnd) : this.#size >= this.#expected;
    if (!isWhole) return;
    this.#received = [];
    this.#size = 0;
    this.#expected = undefined;
    this.#answered?.(this.#firstAt);
  }

  #tail(): Buffer {
    return Buffer.concat(this.#received.slice(-2)).subarray(-64);
  }

  #readHead(): void {
    const all = Buffer.concat(this.#received);
    const end = all.indexOf(headEnd);
    if (end < 0) return;
    const head = all.subarray(0, end).toString('latin1');
    if (!head.startsWith('HTTP/1.1 200')) {
      this.#failed?.(new Error(`not answered: ${head.split('\r\n', 1)[0]} ${all.subarray(end, end + 300).toString()}`));
      return;
    }
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    this.#expected = length === undefined ? -1 : end + headEnd.length + Number(length);
  }
}

/** Requests answered a second, over so many connections. */
export async function throughput(target: Target, connections: number, ms: number): Promise<number> {
  const clients = Array.from({ length: connections }, () => new Client(target));
  try {
    await Promise.all(clients.map((client) => client.ask()));
    const startedAt = performance.now();
    const endsAt = startedAt + ms;
    let answered = 0;
    await Promise.all(
      clients.map(async (client) => {
        while (performance.now() < endsAt) {
          await client.ask();
          answered += 1;
        }
      }),
    );
    return answered / ((performance.now() - startedAt) / 1000);
  } finally {
    for (const client of clients) client.close();
  }
}

/** Milliseconds of each of so many requests, one after the other: to the whole reply, or to its first byte. */
export async function latencies(
  target: Target,
  count: number,
  { until = 'whole', warmUp = 20 }: { until?: 'whole' | 'first'; warmUp?: number } = {},
): Promise<number[]> {
  const client = new Client(target);
  try {
    const times: number[] = [];
    for (let index = 0; index < count + warmUp; index += 1) {
      const startedAt = performance.now();
      const firstAt = await client.ask();
      if (index >= warmUp) times.push((until === 'first' ? firstAt : performance.now()) - startedAt);
    }
    return times.sort((one, other) => one - other);
  } finally {
    client.close();
  }
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
