/** Answers of equal calls: the latest in memory, over a table in which each is encrypted by itself. */
import { LRUCache } from 'lru-cache';
import type { RouteName } from '../../../shared/contract.ts';
import type { Clock } from '../host.ts';
import type { Log } from '../log/log.ts';
import type { Vault } from '../security/vault.ts';
import type { Database } from '../storage/database.ts';
import { type Answer, answer } from './gateway.ts';

export interface CacheOptions {
  /** What makes two calls equal; undefined for a call that is never answered from here. Must name everything an answer depends on. */
  readonly keyOf: (route: RouteName, input: unknown) => string | undefined;
  readonly database: Database;
  /** Without its data key nothing is written down, and nothing that was can be read. */
  readonly vault: Pick<Vault, 'state' | 'encrypt' | 'decrypt' | 'digest'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly limits: () => {
    /** How long an answer may be given again, in milliseconds. */
    readonly ttlMs: number;
    /** Of all answers on the disk, encrypted. */
    readonly maxBytes: number;
  };
}

/** Of the answers in memory, counted as two bytes a character of their JSON. */
const memoryBytes = 16 << 20;

export class AnswerCache {
  readonly #options: CacheOptions;
  readonly #memory: LRUCache<string, Kept>;
  /** Calls under way by their key; each settles, never rejects. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** How often everything was deleted: what was asked for before is not kept after. */
  #generation = 0;
  /** Of the table. Undefined until it is first written to. */
  #bytes: number | undefined;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#memory = new LRUCache({ maxSize: memoryBytes, sizeCalculation: ({ size }) => size });
  }

  keyOf(route: RouteName, input: unknown): string | undefined {
    return this.#options.keyOf(route, input);
  }

  /**
   * The answer that is known, or that of an equal call under way once it is there, or else that of `ask`. A failure is
   * nobody's but its own: who waited for a call that failed asks for itself.
   */
  async answer(key: string, signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const known = this.#get(key);
      if (known !== undefined) return answer(known, { cached: true });
      const other = this.#underWay.get(key);
      if (!other) return this.#ask(key, ask);
      await unlessAborted(other, signal);
    }
  }

  /** Deletes every answer. How many there were. */
  clear(): number {
    this.#generation += 1;
    const inMemory = this.#memory.size;
    this.#memory.clear();
    this.#bytes = undefined;
    return Math.max(inMemory, this.#options.database.run('DELETE FROM answers'));
  }

  /** Deletes what is too old to be given again. */
  purge(): void {
    const { database, clock, limits } = this.#options;
    database.run('DELETE FROM answers WHERE at <= ?', Math.round(clock.now() - limits().ttlMs));
    this.#bytes = undefined;
  }

  async #ask(key: string, ask: () => Promise<Answer>): Promise<Answer> {
    const generation = this.#generation;
    const asked = ask();
    const settled = asked.then(
      () => undefined,
      () => undefined,
    );
    this.#underWay.set(key, settled);
    try {
      const reached = await asked;
      if (generation === this.#generation) this.#keep(key, reached.data);
      return reached;
    } finally {
      this.#underWay.delete(key);
    }
  }

  #get(key: string): unknown {
    const kept = this.#memory.get(key) ?? this.#read(key);
    if (!kept) return undefined;
    if (kept.at + this.#options.limits().ttlMs > this.#options.clock.now()) return kept.data;
    this.#memory.delete(key);
    return undefined;
  }

  #keep(key: string, data: unknown): void {
    if (typeof data !== 'object' || data === null) return;
    const text = JSON.stringify(data);
    const at = Math.round(this.#options.clock.now());
    this.#memory.set(key, { data, at, size: text.length * 2 });
    try {
      this.#write(key, at, text);
    } catch (error) {
      // The answer is there, and was paid for: a full disk must not take it from whoever waits for it.
      this.#options.log.warn('an answer could not be kept', { error });
    }
  }

  #read(key: string): Kept | undefined {
    const { database, vault } = this.#options;
    const id = this.#idOf(key);
    if (id === undefined) return undefined;
    const row = database.get<{ at: number; encrypted: Uint8Array }>(
      'SELECT at, encrypted FROM answers WHERE id = ?',
      id,
    );
    if (!row) return undefined;
    const text = Buffer.from(vault.decrypt(row.encrypted, context(id))).toString('utf8');
    const kept = { data: JSON.parse(text) as unknown, at: row.at, size: text.length * 2 };
    this.#memory.set(key, kept);
    return kept;
  }

  #write(key: string, at: number, text: string): void {
    const { database, vault, limits } = this.#options;
    const id = this.#idOf(key);
    if (id === undefined) return;
    const encrypted = vault.encrypt(text, context(id));
    const { maxBytes } = limits();
    if (encrypted.length > maxBytes / 4) return;
    database.transaction(() => {
      database.run('INSERT OR REPLACE INTO answers (id, at, encrypted) VALUES (?, ?, ?)', id, at, encrypted);
      this.#bytes = (this.#bytes ?? this.#measure()) + encrypted.length;
      while (this.#bytes > maxBytes && this.#dropOldest() > 0) this.#bytes = this.#measure();
    });
  }

  #measure(): number {
    const total = 'SELECT coalesce(sum(length(encrypted)), 0) AS bytes FROM answers';
    return this.#options.database.get<{ bytes: number }>(total)?.bytes ?? 0;
  }

  /** A tenth at a time, so that the table is not measured again for each new answer. */
  #dropOldest(): number {
    return this.#options.database.run(
      'DELETE FROM answers WHERE id IN (SELECT id FROM answers ORDER BY at LIMIT 1 + (SELECT count(*) / 10 FROM answers))',
    );
  }

  /** Names the key without giving the text away to whoever has only the file. Undefined while the vault is not open. */
  #idOf(key: string): string | undefined {
    const { vault } = this.#options;
    return vault.state === 'unlocked' ? vault.digest(key, 'answer') : undefined;
  }
}

interface Kept {
  readonly data: unknown;
  /** When it was given first, in milliseconds since the epoch. */
  readonly at: number;
  readonly size: number;
}

/** A row copied over another one does not open. */
function context(id: string): string {
  return `answer ${id}`;
}

/** Rejects as soon as the signal aborts; the other goes on for whoever else waits for it. */
export async function unlessAborted<T>(other: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([other, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
