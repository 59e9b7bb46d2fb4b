/** The runs there have been, each encrypted by itself. */
import { setImmediate } from 'node:timers/promises';
import {
  excerptLength,
  type HistoryEntry,
  type HistoryListEntry,
  type Output,
  type ParsedInput,
} from '../../shared/contract.ts';
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

/** Somebody waits for the list, so no more entries are decrypted for it than this. */
const mostReadForInstructions = 500;
const mostInstructions = 20;

/** What a method returned from is committed. Without the data key nothing is stored, and nothing is shown. */
export class History {
  readonly #database: Database;
  readonly #vault: HistoryOptions['vault'];
  readonly #clock: Clock;
  readonly #days: () => number;
  /** Searchable text by row number, filled at the first search. */
  readonly #searchable = new Map<number, string>();
  #searchableLength = 0;
  /** Every row number in order, fetched at the first search and after a removal. */
  #rows: number[] | undefined;
  /** Undefined until they are asked for. */
  #instructions: readonly string[] | undefined;

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
    const earlier = this.#row(entry.id);
    if (earlier) {
      this.#database.run("UPDATE history SET state = 'running', encrypted = ? WHERE id = ?", sealed, entry.id);
      this.#forget(earlier.seq);
      return true;
    }
    const stored = this.#database.get<{ seq: number }>(
      "INSERT INTO history (id, at, state, encrypted) VALUES (?, ?, 'running', ?) RETURNING seq",
      ...[entry.id, Math.round(entry.at), sealed],
    );
    if (stored) this.#rows?.push(stored.seq);
    const { instruction } = entry;
    if (instruction !== undefined && this.#instructions) {
      this.#instructions = [...new Set([instruction, ...this.#instructions])].slice(0, mostInstructions);
    }
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

  /** Changes an entry that is there; one that was deleted, or cannot be read now, stays as it is. */
  amend(id: string, patch: Partial<HistoryEntry>): void {
    const row = this.#row(id);
    const entry = row && this.#readable(row.seq);
    if (!row || !entry) return;
    this.#database.run('UPDATE history SET encrypted = ? WHERE id = ?', this.#seal({ ...entry, ...patch, id }), id);
    this.#forget(row.seq);
  }

  /** The latest free instructions, each once, newest first; none while it is locked. */
  instructions(): string[] {
    if (this.#vault.state !== 'unlocked') return [];
    this.#instructions ??= this.#readInstructions();
    return [...this.#instructions];
  }

  /** Newest first. `total` counts what matches, whatever the limit. */
  async list({ query, limit = 50, before }: ParsedInput<'history.list'> = {}): Promise<Output<'history.list'>> {
    if (this.#vault.state !== 'unlocked') return { entries: [], total: 0, locked: this.#vault.state === 'locked' };
    const wanted = searchForm(query ?? '').trim();
    const matches = wanted === '' ? undefined : await this.#search(wanted);
    const end = before === undefined ? Number.MAX_SAFE_INTEGER : this.#existing(before).seq;
    const entries: HistoryListEntry[] = [];
    for (const seq of matches ?? this.#newestFirst(end)) {
      const entry = seq < end ? this.#readable(seq) : undefined;
      if (entry) entries.push(shortened(entry));
      if (entries.length === limit) break;
    }
    return { entries, total: matches?.length ?? this.#count(), locked: false };
  }

  /** Fails with `NOT_FOUND`, or with `KEYS_LOCKED` when it cannot be read now. */
  get(id: string): HistoryEntry {
    return this.#open(this.#existing(id));
  }

  /** How many were deleted. */
  remove(id: string): number {
    this.#rows = undefined;
    this.#instructions = undefined;
    if (id === 'all') {
      this.#searchable.clear();
      this.#searchableLength = 0;
      return this.#database.run('DELETE FROM history');
    }
    const seq = this.#row(id)?.seq;
    if (seq !== undefined) this.#forget(seq);
    return this.#database.run('DELETE FROM history WHERE id = ?', id);
  }

  /** Deletes what is older than the days it is to be kept, also while locked. Returns how many. */
  purge(): number {
    const oldest = Math.round(this.#clock.now() - this.#days() * day);
    const old = this.#database.all<{ seq: number }>('DELETE FROM history WHERE at < ? RETURNING seq', oldest);
    for (const { seq } of old) this.#forget(seq);
    this.#rows = undefined;
    this.#instructions = undefined;
    return old.length;
  }

  #readInstructions(): readonly string[] {
    const found = new Set<string>();
    let read = 0;
    for (const seq of this.#newestFirst(Number.MAX_SAFE_INTEGER)) {
      const instruction = this.#readable(seq)?.instruction;
      if (instruction !== undefined) found.add(instruction);
      if (found.size === mostInstructions || ++read === mostReadForInstructions) break;
    }
    return [...found];
  }

  #count(): number {
    return this.#database.get<{ total: number }>('SELECT count(*) AS total FROM history')?.total ?? 0;
  }

  /** Row numbers below `end`, fetched as they are asked for. */
  *#newestFirst(end: number): Generator<number, void> {
    const select = 'SELECT seq FROM history WHERE seq < ? ORDER BY seq DESC LIMIT 500';
    let page = this.#database.all<{ seq: number }>(select, end);
    while (page.length > 0) {
      for (const { seq } of page) yield seq;
      page = this.#database.all<{ seq: number }>(select, page.at(-1)?.seq ?? 0);
    }
  }

  /** Newest first. The first search decrypts everything, so it lets other work in between. */
  async #search(wanted: string): Promise<number[]> {
    this.#rows ??= this.#database
      .all<{ seq: number }>('SELECT seq FROM history INDEXED BY history_at')
      .map(({ seq }) => seq)
      .sort((one, other) => one - other);
    const matches: number[] = [];
    let decrypted = 0;
    for (const seq of this.#rows.toReversed()) {
      if (!this.#searchable.has(seq) && ++decrypted % 64 === 0) await setImmediate();
      if (this.#searchText(seq).includes(wanted)) matches.push(seq);
    }
    return matches;
  }

  #searchText(seq: number): string {
    const known = this.#searchable.get(seq);
    if (known !== undefined) return known;
    const entry = this.#readable(seq);
    if (entry === undefined) return '';
    const { input, output, actionName, instruction = '', application = '' } = entry;
    const text = searchForm([input, output, actionName, instruction, application].join('\n'));
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

function shortened({ input, output, message, ...rest }: HistoryEntry): HistoryListEntry {
  const excerpts = { input: beginning(input), output: beginning(output) };
  return { ...rest, ...excerpts, ...(message !== undefined && { message: beginning(message) }) };
}

/** Never half of a surrogate pair. */
function beginning(text: string): string {
  return text.slice(0, excerptLength).replace(/[\ud800-\udbff]$/, '');
}

/** So that case, width and composed accents make no difference. */
function searchForm(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
