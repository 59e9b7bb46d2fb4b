/** The typed way to the core, the same over every transport. */
import type { Chunk, Input, Output, RouteName } from './contract.ts';
import { fromWire, PotterError, toPotterError } from './errors.ts';
import type { Events, Topic } from './events.ts';
import type { ClientMessage, Reply, ServerMessage, Stop, Transport } from './transport.ts';

export interface CallOptions<R extends RouteName> {
  readonly signal?: AbortSignal;
  /** Receives each chunk in order. The server sends no faster than the returned promises settle. */
  readonly onChunk?: (chunk: Chunk<R>) => void | Promise<void>;
}

export interface Client {
  /** The data of the reply. Fails with the PotterError the reply carried, or `TRANSPORT_CLOSED`. */
  call<R extends RouteName>(route: R, input: Input<R>, options?: CallOptions<R>): Promise<Output<R>>;
  on<T extends Topic>(topic: T, listener: (payload: Events[T]) => void): Stop;
  onClose(listener: () => void): Stop;
  close(): void;
}

interface Pending {
  readonly chunk: (chunk: unknown) => void;
  readonly reply: (reply: Reply) => void;
  readonly fail: (error: PotterError) => void;
}

export function createClient(transport: Transport): Client {
  const pending = new Map<string, Pending>();
  const listeners = new Map<Topic, Set<(payload: never) => void>>();
  let closed = false;
  let lastId = 0;

  const send = (message: ClientMessage): void => transport.send(message);

  transport.onMessage((received) => {
    // The core is on the trusted side of the pipe: its messages are typed by `ServerMessage`, not parsed again.
    const message = received as ServerMessage;
    if (message.type === 'chunk') pending.get(message.id)?.chunk(message.chunk);
    else if (message.type === 'reply') pending.get(message.id)?.reply(message.reply);
    else if (message.type === 'event') {
      for (const listener of [...(listeners.get(message.topic) ?? [])]) listener(message.payload as never);
    }
  });
  transport.onClose(() => {
    closed = true;
    for (const call of [...pending.values()]) call.fail(closedError());
  });

  function call<R extends RouteName>(route: R, input: Input<R>, options: CallOptions<R> = {}): Promise<Output<R>> {
    const { signal, onChunk } = options;
    if (closed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(cancelledError());
    const id = String(++lastId);
    return new Promise((resolve, reject) => {
      let consumed: Promise<void> = Promise.resolve();
      const settle = (act: () => void): void => {
        if (!pending.delete(id)) return;
        signal?.removeEventListener('abort', abort);
        act();
      };
      const abort = (): void => {
        send({ type: 'cancel', id });
        settle(() => reject(cancelledError()));
      };
      pending.set(id, {
        chunk: (chunk) => {
          consumed = consumed
            .then(() => (pending.has(id) ? onChunk?.(chunk as Chunk<R>) : undefined))
            .then(() => send({ type: 'credit', id, chunks: 1 }));
          consumed.catch((thrown: unknown) => {
            send({ type: 'cancel', id });
            settle(() => reject(toPotterError(thrown)));
          });
        },
        reply: (reply) => {
          // The last chunks may still be in the listener's hands; the reply comes after them.
          const finish = (): void =>
            settle(() => (reply.status === 'ok' ? resolve(reply.data as Output<R>) : reject(fromWire(reply.error))));
          consumed.then(finish, () => undefined);
        },
        fail: (error) => settle(() => reject(error)),
      });
      signal?.addEventListener('abort', abort, { once: true });
      send({ type: 'call', id, route, input, stream: onChunk !== undefined });
    });
  }

  function on<T extends Topic>(topic: T, listener: (payload: Events[T]) => void): Stop {
    const set = listeners.get(topic) ?? new Set();
    listeners.set(topic, set);
    set.add(listener);
    subscribe();
    return () => {
      set.delete(listener);
      if (set.size === 0) listeners.delete(topic);
      subscribe();
    };
  }

  const subscribe = (): void => send({ type: 'subscribe', topics: [...listeners.keys()] });

  return { call, on, onClose: (listener) => transport.onClose(listener), close: () => transport.close() };
}

const closedError = (): PotterError => new PotterError('TRANSPORT_CLOSED', 'The connection to Potter has closed.');
const cancelledError = (): PotterError => new PotterError('CANCELLED', 'The run was cancelled.');
