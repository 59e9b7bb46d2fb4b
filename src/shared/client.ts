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
  readonly closed: () => void;
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
    for (const call of [...pending.values()]) call.closed();
  });

  function call<R extends RouteName>(route: R, input: Input<R>, options: CallOptions<R> = {}): Promise<Output<R>> {
    const { signal, onChunk } = options;
    if (closed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(cancelledError());
    const id = String(++lastId);
    return new Promise((resolve, reject) => {
      let consumed: Promise<void> = Promise.resolve();
      let replied = false;
      const settle = (act: () => void): void => {
        if (!pending.delete(id)) return;
        signal?.removeEventListener('abort', abort);
        act();
      };
      const giveUp = (error: PotterError): void =>
        settle(() => {
          send({ type: 'cancel', id });
          reject(error);
        });
      const abort = (): void => giveUp(cancelledError());
      const consume = async (chunk: unknown): Promise<void> => {
        if (!pending.has(id)) return;
        await onChunk?.(chunk as Chunk<R>);
        if (pending.has(id)) send({ type: 'credit', id, chunks: 1 });
      };
      pending.set(id, {
        chunk: (chunk) => {
          consumed = consumed.then(() => consume(chunk)).catch((thrown: unknown) => giveUp(toPotterError(thrown)));
        },
        reply: (reply) => {
          replied = true;
          // The last chunks may still be in the listener's hands; the reply comes after them.
          void consumed.then(() =>
            settle(() => {
              if (reply.status === 'ok') resolve(reply.data as Output<R>);
              else reject(fromWire(reply.error, reply.metadata.callId));
            }),
          );
        },
        // A reply that arrived before the end still counts.
        closed: () => {
          if (!replied) settle(() => reject(closedError()));
        },
      });
      signal?.addEventListener('abort', abort, { once: true });
      try {
        send({ type: 'call', id, route, input, stream: onChunk !== undefined });
      } catch (thrown) {
        settle(() => reject(toPotterError(thrown)));
      }
    });
  }

  function on<T extends Topic>(topic: T, listener: (payload: Events[T]) => void): Stop {
    // A function of its own for each subscription, so that the same listener may subscribe twice.
    const own = (payload: Events[T]): void => listener(payload);
    const set = listeners.get(topic) ?? new Set();
    set.add(own);
    listeners.set(topic, set);
    if (set.size === 1) subscribe();
    return () => {
      if (!set.delete(own) || set.size > 0) return;
      listeners.delete(topic);
      subscribe();
    };
  }

  const subscribe = (): void => send({ type: 'subscribe', topics: [...listeners.keys()] });

  return { call, on, onClose: (listener) => transport.onClose(listener), close: () => transport.close() };
}

const closedError = (): PotterError => new PotterError('TRANSPORT_CLOSED', 'The connection to Potter has closed.');
const cancelledError = (): PotterError => new PotterError('CANCELLED', 'The run was cancelled.');
