import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../../src/main/core/storage/database.ts';
import { migrations } from '../../../../src/main/core/storage/migrations.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-database-'));
  path = join(directory, 'data', 'potter.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const one = ['CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT'];
const two = [...one, "ALTER TABLE notes ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'"];

describe('the database', () => {
  it('keeps what it returned from, across a close', () => {
    const first = openDatabase(path, one);
    expect(first.run('INSERT INTO notes (text) VALUES (?), (?)', 'a', 'b')).toBe(2);
    first.close();
    const second = openDatabase(path, one);
    expect(second.all('SELECT text FROM notes')).toEqual([{ text: 'a' }, { text: 'b' }]);
    expect(second.get('SELECT text FROM notes WHERE id = ?', 9)).toBeUndefined();
    second.close();
  });

  it('is written ahead, synced at every commit, and checks foreign keys', () => {
    const database = openDatabase(path, one);
    const pragma = (name: string): unknown => Object.values(database.get<object>(`PRAGMA ${name}`) ?? {})[0];
    expect(['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map(pragma)).toEqual(['wal', 2, 1, 5000]);
    database.close();
  });

  it('belongs to its owner alone, journal included', { skip: process.platform === 'win32' }, () => {
    const database = openDatabase(path, one);
    const modes = ['', '-wal', '-shm'].map((suffix) => statSync(path + suffix).mode & 0o777);
    expect([statSync(join(directory, 'data')).mode & 0o777, ...modes]).toEqual([0o700, 0o600, 0o600, 0o600]);
    database.close();
  });

  it('brings an older schema up to date and keeps its rows', () => {
    const old = openDatabase(path, one);
    old.run("INSERT INTO notes (text) VALUES ('a')");
    old.close();
    const database = openDatabase(path, two);
    expect(database.all('SELECT text, mood FROM notes')).toEqual([{ text: 'a', mood: 'calm' }]);
    database.close();
  });

  it('leaves the schema as it was when a migration fails half way', () => {
    openDatabase(path, one).close();
    expect(() => openDatabase(path, [...one, 'CREATE TABLE half (id INTEGER); SELECT nonsense'])).toThrow(/nonsense/);
    const database = openDatabase(path, one);
    expect(database.all("SELECT name FROM sqlite_schema WHERE type = 'table'")).toEqual([{ name: 'notes' }]);
    database.close();
  });

  it('refuses a newer schema and leaves the file as it is', () => {
    const newer = openDatabase(path, two);
    newer.run("INSERT INTO notes (text) VALUES ('a')");
    newer.close();
    const before = readFileSync(path);
    expect(() => openDatabase(path, one)).toThrow(expect.objectContaining({ code: 'STORAGE_NEWER' }));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a file that is no database and leaves it as it is', () => {
    openDatabase(path, one).close();
    const junk = Buffer.from('this was a settings file once'.repeat(100));
    writeFileSync(path, junk);
    expect(() => openDatabase(path, one)).toThrow(expect.objectContaining({ code: 'STORAGE' }));
    expect(readFileSync(path).equals(junk)).toBe(true);
  });

  it('finds damage after an unclean end, and does not look for it after a clean one', () => {
    const database = openDatabase(path, one);
    for (let index = 0; index < 500; index += 1) database.run('INSERT INTO notes (text) VALUES (?)', 'x'.repeat(100));
    database.close();
    const damaged = readFileSync(path);
    damaged.fill(0xff, 4096 * 3, 4096 * 5);
    writeFileSync(path, damaged);
    openDatabase(path, one).close();
    writeFileSync(`${path}.open`, '');
    const found = readFileSync(path);
    expect(() => openDatabase(path, one)).toThrow(expect.objectContaining({ code: 'STORAGE' }));
    expect(readFileSync(path).equals(found)).toBe(true);
  });

  it('commits all of a transaction or nothing, also when transactions are nested', () => {
    const database = openDatabase(path, one);
    const insert = (text: string): number => database.run('INSERT INTO notes (text) VALUES (?)', text);
    database.transaction(() => insert('kept'));
    expect(() =>
      database.transaction(() => {
        database.transaction(() => insert('lost'));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(database.all('SELECT text FROM notes')).toEqual([{ text: 'kept' }]);
    database.close();
  });

  it('tells a mistake in its own SQL from a failure of the storage', () => {
    const database = openDatabase(path, one);
    expect(() => database.run('INSERT INTO notes (text) VALUES (NULL)')).not.toThrow(
      expect.objectContaining({ code: 'STORAGE' }),
    );
    expect(() => database.run('INSERT INTO notes (text) VALUES (NULL)')).toThrow(/NOT NULL/);
    database.close();
  });

  it('knows whether the disk refused the last write, and takes no mistake in its SQL for that', () => {
    const database = openDatabase(path, one);
    const write = (text: string | null): number => database.run('INSERT INTO notes (text) VALUES (?)', text);
    const attempt = (text: string | null): boolean => {
      expect(() => write(text)).toThrow();
      return database.hasFailedToWrite;
    };
    const { pages } = database.get<{ pages: number }>('SELECT page_count AS pages FROM pragma_page_count') ?? {
      pages: 0,
    };
    database.get(`PRAGMA max_page_count = ${pages}`);
    expect([database.hasFailedToWrite, attempt(null), attempt('x'.repeat(100_000)), attempt(null)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(() => database.transaction(() => write('x'.repeat(100_000)))).toThrow(
      expect.objectContaining({ code: 'STORAGE' }),
    );
    expect(database.hasFailedToWrite).toBe(true);
    database.get('PRAGMA max_page_count = 100000');
    write('kept');
    expect(database.hasFailedToWrite).toBe(false);
    database.close();
  });

  it('has tables that refuse values of another type', () => {
    const database = openDatabase(path, migrations);
    const loose = database.all("SELECT name FROM pragma_table_list WHERE strict = 0 AND name NOT LIKE 'sqlite_%'");
    expect(loose).toEqual([]);
    database.close();
  });
});
