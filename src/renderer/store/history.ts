/** The history panel's state: the list with its search, and the entry shown beside it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { HistoryEntry, HistoryListEntry } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import type { Connection } from './connection.ts';

export interface HistoryState {
  readonly query: string;
  readonly status: 'loading' | 'ready' | 'failed';
  readonly error: PotterError | undefined;
  readonly entries: readonly HistoryListEntry[];
  readonly total: number;
  readonly locked: boolean;
  readonly open: OpenEntry | undefined;
}

export type OpenEntry =
  | { readonly id: string; readonly status: 'loading' }
  | { readonly id: string; readonly status: 'ready'; readonly entry: HistoryEntry }
  | { readonly id: string; readonly status: 'failed'; readonly error: PotterError };

const pageSize = 50;
const largestPage = 500;

export class History {
  readonly state: StoreApi<HistoryState> = createStore<HistoryState>(() => ({
    query: '',
    status: 'loading',
    error: undefined,
    entries: [],
    total: 0,
    locked: false,
    open: undefined,
  }));
  readonly #connection: Connection;
  #lastRead = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onConnected(() => this.#refresh());
    connection.on('history.changed', ({ id }) => this.#refresh(id));
    connection.on('keys.changed', () => this.#refresh());
    connection.on('text.finished', ({ runId }) => this.#refresh(runId));
  }

  /** Shows the entries that contain `query`; the list before stays until they are here. */
  async search(query: string): Promise<void> {
    this.state.setState({ query });
    await this.#read(pageSize);
  }

  async readAgain(): Promise<void> {
    this.state.setState({ status: 'loading' });
    await this.#read(pageSize);
  }

  /** Adds the next older entries to the list. */
  async more(): Promise<void> {
    const { entries, query } = this.state.getState();
    const before = entries.at(-1)?.id;
    if (before === undefined) return;
    const read = this.#lastRead;
    const page = await this.#connection.call('history.list', { limit: pageSize, before, ...(query && { query }) });
    if (read === this.#lastRead) this.state.setState({ entries: [...entries, ...page.entries], total: page.total });
  }

  /** Shows one entry beside the list; none when left out. */
  async open(id?: string): Promise<void> {
    if (id === undefined) return this.state.setState({ open: undefined });
    // The list has the beginning of its texts only, so the entry is read even when it is in there.
    if (this.state.getState().open?.id !== id) this.state.setState({ open: { id, status: 'loading' } });
    await this.#readOpen(id);
  }

  /** Fails with what the core said. */
  async remove(id: string | 'all'): Promise<void> {
    await this.#connection.call('history.remove', { id });
    const { open } = this.state.getState();
    if (id === 'all' || open?.id === id) this.state.setState({ open: undefined });
    await this.#refresh(id);
  }

  async cancel(runId: string): Promise<void> {
    await this.#connection.call('text.cancel', { runId });
  }

  async #refresh(changed?: string): Promise<void> {
    const { entries, open } = this.state.getState();
    await this.#read(Math.min(Math.max(pageSize, entries.length + 1), largestPage));
    if (open && (changed === undefined || changed === open.id)) await this.#readOpen(open.id);
  }

  async #read(limit: number): Promise<void> {
    const read = ++this.#lastRead;
    const { query } = this.state.getState();
    try {
      const page = await this.#connection.call('history.list', { limit, ...(query && { query }) });
      if (read === this.#lastRead) this.state.setState({ ...page, status: 'ready', error: undefined });
    } catch (thrown) {
      const error = toPotterError(thrown);
      if (read !== this.#lastRead || error.code === 'TRANSPORT_CLOSED') return;
      this.state.setState({ status: 'failed', error });
    }
  }

  async #readOpen(id: string): Promise<void> {
    const show = (open: OpenEntry): void => {
      if (this.state.getState().open?.id === id) this.state.setState({ open });
    };
    try {
      show({ id, status: 'ready', entry: await this.#connection.call('history.get', { id }) });
    } catch (thrown) {
      const error = toPotterError(thrown);
      if (error.code !== 'TRANSPORT_CLOSED') show({ id, status: 'failed', error });
    }
  }
}
