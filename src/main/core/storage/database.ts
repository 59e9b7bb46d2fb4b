/** The one database of a data directory: SQLite, written by the owner of the directory alone. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { PotterError } from '../../../shared/errors.ts';
import { migrations as potterMigrations } from './migrations.ts';

export type SqlValue = SQLInputValue;

/**
 * Opens the database, checks it when the last process did not close it, and brings its tables up to date.
 *
 * Fails with `STORAGE_NEWER` when a newer Potter wrote it and with `STORAGE` when it cannot be read; in both cases the
 * file is left as it is.
 */
export function openDatabase(path: string, migrations: readonly string[] = potterMigrations): Database {
  return failsAsStorage(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const mark = `${path}.open`;
    if (existsSync(path)) inspect(path, migrations.length, existsSync(mark));
    create(mark);
    create(path);
    const connection = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true });
    try {
      connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;');
      migrate(connection, migrations);
      return new Database(connection, path);
    } catch (thrown) {
      connection.close();
      throw thrown;
    }
  });
}

/** Statements are prepared once; a failure of the disk or the file is `STORAGE`. A write is committed when it returns. */
export class Database {
  readonly path: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #hasFailedToWrite = false;

  /** Use `openDatabase`, which checks the file first. */
  constructor(connection: DatabaseSync, path: string) {
    this.#connection = connection;
    this.path = path;
  }

  /** Did the disk or the file refuse the last write? */
  get hasFailedToWrite(): boolean {
    return this.#hasFailedToWrite;
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return this.#write(() => Number(this.#prepare(sql).run(...values).changes));
  }

  /** The first row. Its type is what the caller's SQL selects. */
  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return failsAsStorage(this.path, () => this.#prepare(sql).get(...values) as Row | undefined);
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return failsAsStorage(this.path, () => this.#prepare(sql).all(...values) as Row[]);
  }

  /** All of it is committed, or none when `work` throws. Inside another transaction it becomes part of that one. */
  transaction<T>(work: () => T): T {
    if (this.#connection.isTransaction) return work();
    return this.#write(() => within(this.#connection, work));
  }

  /** Nothing that was deleted or replaced so far can be found in the files afterwards. Not inside a transaction. */
  scrub(): void {
    failsAsStorage(this.path, () =>
      this.#connection.exec('PRAGMA secure_delete = ON; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);'),
    );
  }

  /** Closes cleanly, so that the next start needs no check. */
  close(): void {
    if (!this.#connection.isOpen) return;
    this.#statements.clear();
    this.#connection.close();
    rmSync(`${this.path}.open`, { force: true });
  }

  #write<T>(work: () => T): T {
    try {
      const value = failsAsStorage(this.path, work);
      this.#hasFailedToWrite = false;
      return value;
    } catch (thrown) {
      // What else is thrown in the middle of a transaction says nothing about the disk.
      if (thrown instanceof PotterError && thrown.code === 'STORAGE') this.#hasFailedToWrite = true;
      throw thrown;
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Looks without writing: a file that must not be used is left exactly as it was, its journal included. */
function inspect(path: string, newest: number, wasLeftOpen: boolean): void {
  const connection = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    const version = versionOf(connection);
    if (version > newest) {
      throw new PotterError('STORAGE_NEWER', `${path} has schema ${version}; this Potter knows up to ${newest}.`, {
        detail: { version, newest },
      });
    }
    const verdict = wasLeftOpen ? connection.prepare('PRAGMA integrity_check(1)').get()?.integrity_check : 'ok';
    if (verdict !== 'ok') throw new PotterError('STORAGE', `${path} is damaged: ${verdict}.`);
  } finally {
    connection.close();
  }
}

function migrate(connection: DatabaseSync, migrations: readonly string[]): void {
  for (let version = versionOf(connection); version < migrations.length; version += 1) {
    within(connection, () => connection.exec(`${migrations[version]}; PRAGMA user_version = ${version + 1};`));
  }
}

function versionOf(connection: DatabaseSync): number {
  return Number(connection.prepare('PRAGMA user_version').get()?.user_version);
}

function within<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const value = work();
    connection.exec('COMMIT');
    return value;
  } catch (thrown) {
    // SQLite has already rolled back by itself after some failures, a full disk among them.
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw thrown;
  }
}

/** SQLite gives its journals the mode of the database, so it is set before SQLite opens it. */
function create(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

/** Result codes that mean the statement is wrong, which is a bug of ours: ERROR, CONSTRAINT, MISMATCH, MISUSE, RANGE. */
const ours = new Set([1, 19, 20, 21, 25]);

function failsAsStorage<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof PotterError || !(thrown instanceof Error)) throw thrown;
    if ('errcode' in thrown && !ours.has(Number(thrown.errcode) & 0xff)) {
      throw new PotterError('STORAGE', `${path} cannot be used: ${thrown.message}.`, { cause: thrown });
    }
    if ('syscall' in thrown) throw new PotterError('STORAGE', `${thrown.message}.`, { cause: thrown });
    throw thrown;
  }
}
