/** What crosses between a client and the core, and the pipe it crosses on. */

import type { WireError } from './errors.ts';
import type { Topic } from './events.ts';

export type Stop = () => void;

/** What a reply says about itself besides its data. */
export interface Metadata {
  readonly callId: string;
  /** Time in the gateway, in milliseconds. */
  readonly ms: number;
  readonly cached: boolean;
}

/** The envelope on every transport; a failure is a value here, because IPC loses the fields of a thrown error. */
export type Reply<T = unknown> =
  | { readonly status: 'ok'; readonly data: T; readonly metadata: Metadata }
  | { readonly status: 'error'; readonly error: WireError; readonly metadata: Metadata };

export type ClientMessage =
  | {
      readonly type: 'call';
      readonly id: string;
      readonly route: string;
      readonly input: unknown;
      readonly stream: boolean;
    }
  /** The client has consumed this many chunks and is ready for as many more. */
  | { readonly type: 'credit'; readonly id: string; readonly chunks: number }
  | { readonly type: 'cancel'; readonly id: string }
  /** Replaces the topics subscribed to before. */
  | { readonly type: 'subscribe'; readonly topics: readonly string[] };

export type ServerMessage =
  | { readonly type: 'chunk'; readonly id: string; readonly chunk: unknown }
  | { readonly type: 'reply'; readonly id: string; readonly reply: Reply }
  | { readonly type: 'event'; readonly topic: Topic; readonly payload: unknown };

/** Chunks a server may send before the client has consumed any. */
export const initialCredit = 16;

/** A two-way pipe of plain data. What arrives is `unknown` until someone has checked it. */
export interface Transport {
  /** After the pipe has closed this does nothing. */
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): Stop;
  /** Called once, also when the pipe was closed before. */
  onClose(listener: () => void): Stop;
  close(): void;
}

/** A pipe nobody listens to closes rather than hold more messages than this. */
const maxEarly = 256;

/**
 * What every transport has in common: who listens, and that closing happens once. A transport adds its wire. What
 * arrives before the first listener waits for it.
 */
export abstract class Pipe implements Transport {
  #closed = false;
  #early: unknown[] | undefined = [];
  readonly #listeners = new Set<(message: unknown) => void>();
  readonly #closeListeners = new Set<() => void>();

  send(message: unknown): void {
    if (!this.#closed) this.write(message);
  }

  onMessage(listener: (message: unknown) => void): Stop {
    if (this.#early && this.#listeners.size === 0) queueMicrotask(() => this.#deliverEarly());
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onClose(listener: () => void): Stop {
    let listening = true;
    const once = (): void => {
      if (listening) listener();
    };
    if (this.#closed) queueMicrotask(once);
    else this.#closeListeners.add(once);
    return () => {
      listening = false;
      this.#closeListeners.delete(once);
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.hangUp();
    for (const listener of [...this.#closeListeners]) listener();
    this.#closeListeners.clear();
    this.#listeners.clear();
  }

  /** Puts one message on the wire. Throws when this message cannot cross; the pipe stays open. */
  protected abstract write(message: unknown): void;

  /** Ends the wire after what was written. Called once. */
  protected abstract hangUp(): void;

  protected receive(message: unknown): void {
    if (this.#closed) return;
    if (this.#early) {
      this.#early.push(message);
      if (this.#early.length > maxEarly) this.close();
      return;
    }
    for (const listener of [...this.#listeners]) listener(message);
  }

  #deliverEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.receive(message);
  }
}

/** Two ends in one process. Messages are cloned, so only plain data gets through, and arrive in order, later. */
export function createMemoryPair(): [Transport, Transport] {
  const left = new MemoryEnd();
  const right = new MemoryEnd();
  left.peer = right;
  right.peer = left;
  return [left, right];
}

class MemoryEnd extends Pipe {
  peer: MemoryEnd | undefined;

  protected override write(message: unknown): void {
    const copy = structuredClone(message);
    queueMicrotask(() => this.peer?.receive(copy));
  }

  protected override hangUp(): void {
    queueMicrotask(() => this.peer?.close());
  }
}
