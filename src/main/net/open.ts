/** How every shell reaches the core of a data directory: as its owner, or through the owner's local socket. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from '../../shared/client.ts';
import { PotterError } from '../../shared/errors.ts';
import { createMemoryPair, type Transport } from '../../shared/transport.ts';
import { serve } from '../core/gateway/serve.ts';
import type { Caller, Potter } from '../core/potter.ts';
import { connectSocket, listenSocket } from './socket.ts';

export interface Opened {
  /** A new client of the core. A forwarded one counts as the command line, whatever `caller` says. */
  connect(caller: Caller): Promise<Client>;
  /** Joins another door's transport to the core, under the same rule. */
  join(transport: Transport, caller: Caller): Promise<void>;
  /** The core, where this process owns the directory. */
  readonly potter: Potter | undefined;
  /** As the owner: waits for calls under way, its own and forwarded ones, and stops the core. */
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly dataDirectory: string;
  /** Undefined while another process owns the directory. */
  readonly start: () => Promise<Potter | undefined>;
  readonly signal?: AbortSignal;
  /** How long an owner that is starting or stopping is waited for. Default 10 seconds. */
  readonly patienceMs?: number;
}

/** Fails with `DATA_BUSY` when an owner exists that never answers. */
export async function openPotter({ dataDirectory, start, signal, patienceMs = 10_000 }: OpenOptions): Promise<Opened> {
  const path = join(dataDirectory, 'potter.sock');
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const transport = await connectSocket(path, signal ? { signal } : {});
    if (transport) return forward(path, transport);
    const potter = await start();
    if (potter) return own(path, potter);
    // The owner has the lock but no socket yet, or no longer: it is starting or stopping.
    await delay(25, undefined, signal ? { signal } : {});
  }
  throw new PotterError('DATA_BUSY', `Another Potter process owns ${dataDirectory} and does not answer.`);
}

/** How long an owner that stops waits for calls under way. */
const graceMs = 2000;

async function own(path: string, potter: Potter): Promise<Opened> {
  const { gateway, events } = potter;
  const log = potter.log.child({ area: 'net' });
  const near = new Set<Transport>();
  const serveAs = (transport: Transport, caller: Caller): void => {
    serve(transport, { gateway, events, caller, log });
  };
  const listener = await listenSocket(path, (transport) => serveAs(transport, { kind: 'cli' }), log).catch(
    async (thrown: unknown) => {
      await potter.stop();
      throw thrown;
    },
  );
  return {
    potter,
    connect: async (caller) => {
      const [own, far] = createMemoryPair();
      near.add(own);
      own.onClose(() => near.delete(own));
      serveAs(far, caller);
      return createClient(own);
    },
    join: async (transport, caller) => serveAs(transport, caller),
    close: async () => {
      // What is nearly done may finish; closing the connections cancels the rest.
      const grace = new AbortController();
      // The delay fails only by being called off.
      await Promise.race([gateway.close(), delay(graceMs, undefined, { signal: grace.signal }).catch(() => undefined)]);
      grace.abort();
      for (const transport of [...near]) transport.close();
      await listener.close();
      await potter.stop();
    },
  };
}

function forward(path: string, first: Transport): Opened {
  const open = new Set<Transport>([first]);
  let unused: Transport | undefined = first;
  const next = async (): Promise<Transport> => {
    const transport = unused ?? (await connectSocket(path));
    unused = undefined;
    if (!transport) throw new PotterError('TRANSPORT_CLOSED', 'The Potter process that owned the data has stopped.');
    open.add(transport);
    transport.onClose(() => open.delete(transport));
    return transport;
  };
  return {
    potter: undefined,
    connect: async () => createClient(await next()),
    join: async (transport) => joinTransports(transport, await next()),
    close: async () => {
      for (const transport of [...open]) transport.close();
    },
  };
}

function joinTransports(near: Transport, far: Transport): void {
  near.onMessage((message) => far.send(message));
  far.onMessage((message) => near.send(message));
  near.onClose(() => far.close());
  far.onClose(() => near.close());
}
