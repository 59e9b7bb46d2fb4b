/** The link to the core that outlives single connections: it reconnects, and subscribes again when it has. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { CallOptions, Client } from '../../shared/client.ts';
import type { Input, Output, RouteName } from '../../shared/contract.ts';
import { PotterError, toPotterError } from '../../shared/errors.ts';
import type { Events, Topic } from '../../shared/events.ts';
import type { Stop } from '../../shared/transport.ts';

export type ConnectionState =
  | { readonly status: 'connecting' }
  | { readonly status: 'connected' }
  /** Lost; `attempt` counts the tries that failed since. */
  | { readonly status: 'lost'; readonly attempt: number }
  | { readonly status: 'signed-out' };

export interface ConnectionOptions {
  connect(): Promise<Client>;
  /** Runs `task` once after so many milliseconds. */
  readonly later?: (task: () => void, milliseconds: number) => Stop;
}

/** Waits between tries, in milliseconds; the last one repeats. */
const waits = [250, 500, 1000, 2000, 5000];

export class Connection {
  readonly state: StoreApi<ConnectionState> = createStore<ConnectionState>(() => ({ status: 'connecting' }));
  readonly #connect: () => Promise<Client>;
  readonly #later: (task: () => void, milliseconds: number) => Stop;
  readonly #subscriptions = new Set<(client: Client) => Stop>();
  readonly #stops = new Map<(client: Client) => Stop, Stop>();
  #client: Client | undefined;
  #stopWaiting: Stop = () => undefined;
  #attempt = 0;
  #trying = false;

  constructor({ connect, later = afterTimeout }: ConnectionOptions) {
    this.#connect = connect;
    this.#later = later;
  }

  /** Connects now; does nothing while connected or on the way. Resolves when this try has ended, either way. */
  async open(): Promise<void> {
    if (this.#client || this.#trying) return;
    this.#stopWaiting();
    this.#trying = true;
    try {
      this.#adopt(await this.#connect());
    } catch (thrown) {
      this.#fail(toPotterError(thrown));
    } finally {
      this.#trying = false;
    }
  }

  call<R extends RouteName>(route: R, input: Input<R>, options?: CallOptions<R>): Promise<Output<R>> {
    if (this.#client) return this.#client.call(route, input, options);
    return Promise.reject(new PotterError('TRANSPORT_CLOSED', 'Potter is not connected.'));
  }

  /** Listens over every connection there will be. */
  on<T extends Topic>(topic: T, listener: (payload: Events[T]) => void): Stop {
    return this.#subscribe((client) => client.on(topic, listener));
  }

  /** Calls `listener` now when connected, and after each new connection: the time to read what may have changed. */
  onConnected(listener: () => void): Stop {
    return this.#subscribe(() => {
      listener();
      return () => undefined;
    });
  }

  #subscribe(subscription: (client: Client) => Stop): Stop {
    this.#subscriptions.add(subscription);
    if (this.#client) this.#stops.set(subscription, subscription(this.#client));
    return () => {
      this.#subscriptions.delete(subscription);
      this.#stops.get(subscription)?.();
      this.#stops.delete(subscription);
    };
  }

  #adopt(client: Client): void {
    this.#client = client;
    this.#attempt = 0;
    client.onClose(() => this.#lose());
    this.state.setState({ status: 'connected' }, true);
    for (const subscription of this.#subscriptions) this.#stops.set(subscription, subscription(client));
  }

  #lose(): void {
    this.#client = undefined;
    this.#stops.clear();
    this.#retryLater();
  }

  #fail(error: PotterError): void {
    if (error.code === 'UNAUTHENTICATED') this.state.setState({ status: 'signed-out' }, true);
    else this.#retryLater();
  }

  #retryLater(): void {
    const wait = waits[Math.min(this.#attempt, waits.length - 1)] ?? 0;
    this.state.setState({ status: 'lost', attempt: this.#attempt }, true);
    this.#attempt += 1;
    this.#stopWaiting = this.#later(() => void this.open(), wait);
  }
}

function afterTimeout(task: () => void, milliseconds: number): Stop {
  const timer = setTimeout(task, milliseconds);
  return () => clearTimeout(timer);
}
