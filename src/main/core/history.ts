/** The runs there have been, each encrypted by itself. */
import type { HistoryEntry, Output, ParsedInput } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Clock } from './host.ts';
import type { Vault } from './security/vault.ts';
import type { Database } from './storage/database.ts';

export interface HistoryOptions {
  readonly database: Database;
  readonly vault: Pick<Vault, 'state' | 'encrypt' | 'decrypt'>;
  readonly clock: Clock;
  /** How many days an entry is kept. */
  readonly days: () => number;
}

const day = 24 * 60 * 60 * 1000;

/** The search holds at most this many characters of texts in memory; what is older is decrypted at each search. */
const mostSearchable = 32 * 1024 * 1024;

/** What a method returned from is committed. Without the data key nothing is stored, and nothing is shown. */
export class History {
  readonly #database: Database;
  readonly #vault: HistoryOptions['vault'];
  readonly #clock: Clock;
  readonly #days: () => number;
  /** Searchable text by row, filled at the first search. */
  readonly #searchable = new Map<number, string>();
  #searchableLength = 0;

  /** Whatever was under way when the last process ended is interrupted now. */
  constructor({ database, vault, clock, days }: HistoryOptions) {
    this.#database = database;
    this.#vault = vault;
    this.#clock = clock;
    this.#days = days;
    database.run("UPDATE history SET state = 'interrupted' WHERE state = 'running'");
  }

  /** Stores a run before its work begins. False when it is not stored, because the vault is not open. */
  begin(entry: HistoryEntry): boolean {
    if (this.#vault.state !== 'unlocked') return false;
    const sealed = this.#seal({ ...entry, result: running });
    this.#database.run(
      "INSERT INTO history (id, at, state, encrypted) VALUES (?, ?, 'running', ?)",
      ...[entry.id, Math.round(entry.at), sealed],
    );
    return true;
  }

  /** Completes a run that was begun; one that is no longer there stays gone. */
  finish(id: string, patch: Partial<HistoryEntry>): void {
    const row = this.#row(id);
    if (row === undefined) return;
    const entry = { ...this.#open(row), ...patch, id };
    this.#database.run("UPDATE history SET state = 'done', encrypted = ? WHERE id = ?", this.#seal(entry), id);
    this.#forget(row.seq);
  }

  /** Newest first. `total` counts what matches, whatever the limit. */
  list({ query, limit = 50, before }: ParsedInput<'history.list'> = {}): Output<'history.list'> {
    if (this.#vault.state !== 'unlocked') return { entries: [], total: 0, locked: this.#vault.state === 'locked' };
    const wanted = searchForm(query ?? '').trim();
    const seqs = wanted === '' ? this.#seqs() : this.#search(wanted);
    const end = before === undefined ? Number.POSITIVE_INFINITY : this.#existing(before).seq;
    const entries: HistoryEntry[] = [];
    for (const seq of seqs) {
      if (entries.length === limit) break;
      const entry = seq < end ? this.#readable(seq) : undefined;
      if (entry) entries.push(entry);
    }
    return { entries, total: seqs.length, locked: false };
  }

  /** Fails with `NOT_FOUND`, or with `KEYS_LOCKED` when it cannot be read now. */
  get(id: string): HistoryEntry {
    return this.#open(this.#existing(id));
  }

  /** How many were deleted. */
  remove(id: string): number {
    this.#forgetAll();
    return id === 'all'
      ? this.#database.run('DELETE FROM history')
      : this.#database.run('DELETE FROM history WHERE id = ?', id);
  }

  /** Deletes what is older than the days it is to be kept, also while locked. Returns how many. */
  purge(): number {
    this.#forgetAll();
    return this.#database.run('DELETE FROM history WHERE at < ?', Math.round(this.#clock.now() - this.#days() * day));
  }

  #seqs(): number[] {
    return this.#database.all<{ seq: number }>('SELECT seq FROM history ORDER BY seq DESC').map(({ seq }) => seq);
  }

  #search(wanted: string): number[] {
    return this.#seqs().filter((seq) => this.#searchText(seq).includes(wanted));
  }

  #searchText(seq: number): string {
    const known = this.#searchable.get(seq);
    if (known !== undefined) return known;
    const entry = this.#readable(seq);
    if (entry === undefined) return '';
    const { input, output, actionName, application = '' } = entry;
    const text = searchForm(`${input}\n${output}\n${actionName}\n${application}`);
    if (this.#searchableLength + text.length <= mostSearchable) {
      this.#searchable.set(seq, text);
      this.#searchableLength += text.length;
    }
    return text;
  }

  #forget(seq: number): void {
    this.#searchableLength -= this.#searchable.get(seq)?.length ?? 0;
    this.#searchable.delete(seq);
  }

  #forgetAll(): void {
    this.#searchable.clear();
    this.#searchableLength = 0;
  }

  /** Undefined for a row of a data key that is not unwrapped, and for one that was tampered with. */
  #readable(seq: number): HistoryEntry | undefined {
    const row = this.#database.get<Row>('SELECT * FROM history WHERE seq = ?', seq);
    if (row === undefined) return undefined;
    try {
      return this.#open(row);
    } catch {
      return undefined;
    }
  }

  #row(id: string): Row | undefined {
    return this.#database.get<Row>('SELECT * FROM history WHERE id = ?', id);
  }

  #existing(id: string): Row {
    const row = this.#row(id);
    if (row === undefined) throw new PotterError('NOT_FOUND', `There is no entry ${id} in the history.`);
    return row;
  }

  #seal(entry: HistoryEntry): Uint8Array {
    return this.#vault.encrypt(JSON.stringify(entry), context(entry.id));
  }

  #open({ id, state, encrypted }: Row): HistoryEntry {
    const entry = JSON.parse(Buffer.from(this.#vault.decrypt(encrypted, context(id))).toString('utf8')) as HistoryEntry;
    return state === 'interrupted' ? { ...entry, result: 'interrupted' } : entry;
  }
}

const running = 'running';

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly state: 'running' | 'done' | 'interrupted';
  readonly encrypted: Uint8Array;
}

/** A row copied over another one does not open. */
function context(id: string): string {
  return `history ${id}`;
}

/** So that case, width and composed accents make no difference. */
function searchForm(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
