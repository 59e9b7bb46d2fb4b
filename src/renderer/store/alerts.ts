/** What fails again and again, as the core tells it, and the answers to it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Alert } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import type { Connection } from './connection.ts';

export interface AlertsState {
  /** Those that are not resolved, the latest first. */
  readonly alerts: readonly Alert[];
  /** Why the last answer was not taken. */
  readonly failure: PotterError | undefined;
}

export class Alerts {
  readonly state: StoreApi<AlertsState> = createStore<AlertsState>(() => ({ alerts: [], failure: undefined }));
  readonly #connection: Connection;
  /** Of two lists under way the one asked for last is the newer. */
  #asked = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onConnected(() => void this.#load());
    connection.on('alerts.changed', () => void this.#load());
  }

  acknowledge(id: string): Promise<void> {
    return this.#answer('alerts.acknowledge', id);
  }

  resolve(id: string): Promise<void> {
    return this.#answer('alerts.resolve', id);
  }

  /** The news of the core brings the list up to date. */
  async #answer(route: 'alerts.acknowledge' | 'alerts.resolve', id: string): Promise<void> {
    try {
      await this.#connection.call(route, { id });
      this.state.setState({ failure: undefined });
    } catch (thrown) {
      this.state.setState({ failure: toPotterError(thrown) });
    }
  }

  async #load(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const { alerts } = await this.#connection.call('alerts.list', {});
      if (asked === this.#asked) this.state.setState({ alerts });
    } catch {
      // A lost connection is told by its own banner, and the list is read anew after it.
    }
  }
}
