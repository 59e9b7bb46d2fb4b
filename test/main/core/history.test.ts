import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History } from '../../../src/main/core/history.ts';
import { silentLog as log } from '../../../src/main/core/log/log.ts';
import { Vault } from '../../../src/main/core/security/vault.ts';
import { type Database, openDatabase } from '../../../src/main/core/storage/database.ts';
import { contract, type HistoryEntry } from '../../../src/shared/contract.ts';
import { FlippingCipher } from '../../helpers/cipher.ts';

const day = 24 * 60 * 60 * 1000;
let now = 0;
const clock = { now: () => now, monotonic: () => now };
let directory: string;
let database: Database;
let history: History;

const restart = async (cipher = new FlippingCipher()): Promise<History> => {
  const vault = await Vault.open({ database, ciphers: [cipher], clock, log });
  return new History({ database, vault, clock, days: () => 90 });
};
beforeEach(async () => {
  now = 1_700_000_000_000;
  directory = mkdtempSync(join(tmpdir(), 'potter-history-'));
  database = openDatabase(join(directory, 'potter.db'));
  history = await restart();
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

function entry(values: Partial<HistoryEntry> = {}): HistoryEntry {
  const id = randomUUID();
  return {
    id,
    at: now,
    actionId: 'polish',
    actionName: 'Polish',
    input: 'in',
    output: '',
    result: 'running',
    ms: 0,
    ...values,
  };
}

function record(values: Partial<HistoryEntry> = {}): string {
  const begun = entry(values);
  history.begin(begun);
  history.finish(begun.id, { output: 'out', result: 'replaced', ...values });
  return begun.id;
}

const inputs = async (query: Parameters<History['list']>[0]): Promise<string[]> =>
  (await history.list(query)).entries.map(({ input }) => input);

describe('the history', () => {
  it('holds a run from its beginning, and what became of it', () => {
    const begun = entry();
    expect(history.begin(begun)).toBe(true);
    expect(history.get(begun.id)).toEqual(begun);
    history.finish(begun.id, { output: 'out', result: 'replaced', ms: 12, model: 'fake/small' });
    expect(history.get(begun.id)).toEqual({ ...begun, output: 'out', result: 'replaced', ms: 12, model: 'fake/small' });
  });

  it('goes on with the entry of a run that is begun once more', async () => {
    const id = record({ result: 'STORAGE' });
    expect((await history.list()).entries).toMatchObject([{ id, result: 'STORAGE' }]);
    expect(record({ id, output: 'at last' })).toBe(id);
    expect(await history.list()).toMatchObject({ total: 1, entries: [{ id, result: 'replaced' }] });
    expect(history.get(id).output).toBe('at last');
  });

  it('shows a run as interrupted when Potter died meanwhile', async () => {
    const begun = entry();
    history.begin(begun);
    history = await restart();
    expect(history.get(begun.id).result).toBe('interrupted');
    expect((await history.list()).entries[0]?.result).toBe('interrupted');
  });

  it('lists the newest first and continues where a page ended', async () => {
    const ids = ['one', 'two', 'three', 'four', 'five'].map((input) => record({ input }));
    expect(await inputs({ limit: 2 })).toEqual(['five', 'four']);
    const next = await history.list({ limit: 2, ...(ids[3] && { before: ids[3] }) });
    expect(next).toMatchObject({ total: 5, locked: false, entries: [{ input: 'three' }, { input: 'two' }] });
    expect(contract['history.list'].output.safeParse(next).success).toBe(true);
  });

  it('lists the beginning of each text, so that the longest page fits into one message', async () => {
    const long = `${'天'.repeat(499)}🀄${'x'.repeat(1_000_000)}`;
    const id = record({ input: long, output: long, message: long });
    const page = await history.list();
    const beginning = '天'.repeat(499);
    expect(page.entries).toMatchObject([{ input: beginning, output: beginning, message: beginning }]);
    expect(contract['history.list'].output.safeParse(page).success).toBe(true);
    expect(history.get(id)).toMatchObject({ input: long, output: long, message: long });
    expect(await history.list({ query: 'xxx' })).toMatchObject({ total: 1 });
  });

  it('finds two Chinese characters, any case, any width, in text, result, action and program', async () => {
    record({ input: '今天天气很好，我们去公园' });
    record({ input: 'Straße and CAFÉ' });
    record({ input: 'third', output: 'ＡＢＣ result' });
    record({ input: 'fourth', application: 'mousepad' });
    expect(await inputs({ query: '天气' })).toEqual(['今天天气很好，我们去公园']);
    expect(await inputs({ query: ' cafe\u0301 ' })).toEqual(['Straße and CAFÉ']);
    expect(await inputs({ query: 'abc' })).toEqual(['third']);
    expect(await inputs({ query: 'Mousepad' })).toEqual(['fourth']);
    expect(await history.list({ query: 'polish', limit: 1 })).toMatchObject({ total: 4 });
    expect(await inputs({ query: 'nowhere' })).toEqual([]);
  });

  it('searches what came, changed and went after an earlier search', async () => {
    const first = record({ input: 'apple one' });
    expect(await inputs({ query: 'apple' })).toEqual(['apple one']);
    const begun = entry({ input: 'apple two' });
    history.begin(begun);
    expect(await inputs({ query: 'apple' })).toEqual(['apple two', 'apple one']);
    history.finish(begun.id, { output: 'banana', result: 'replaced' });
    expect(await inputs({ query: 'banana' })).toEqual(['apple two']);
    history.remove(first);
    expect(await inputs({ query: 'apple' })).toEqual(['apple two']);
    history.remove('all');
    expect(await inputs({ query: 'apple' })).toEqual([]);
  });

  it('deletes one entry or all, and says how many', async () => {
    const id = record();
    record();
    expect([history.remove(id), history.remove(id), history.remove('all')]).toEqual([1, 0, 1]);
    expect((await history.list()).total).toBe(0);
    expect(() => history.get(id)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  it('does not bring back a run that was deleted while it was under way', () => {
    const begun = entry();
    history.begin(begun);
    history.remove('all');
    history.finish(begun.id, { result: 'replaced' });
    expect(() => history.get(begun.id)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  it('forgets what is older than the days it is kept', async () => {
    record({ input: 'old' });
    now += 89 * day;
    record({ input: 'new' });
    expect(history.purge()).toBe(0);
    now += 2 * day;
    expect(history.purge()).toBe(1);
    expect(await inputs({})).toEqual(['new']);
    expect(await inputs({ query: 'old' })).toEqual([]);
  });

  it('leaves no text in the files', () => {
    record({ input: 'CANARY-input', output: 'CANARY-output' });
    const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
    expect(files.some((bytes) => bytes.includes('CANARY'))).toBe(false);
  });
});

describe('the history without its data key', () => {
  it('shows nothing, says so, stores nothing and loses nothing', async () => {
    const id = record({ input: 'kept' });
    history = await restart(new FlippingCipher(0x11));
    expect(await history.list()).toEqual({ entries: [], total: 0, locked: true });
    const begun = entry();
    expect(history.begin(begun)).toBe(false);
    history.finish(begun.id, { result: 'replaced' });
    expect(() => history.get(id)).toThrow(expect.objectContaining({ code: 'KEYS_LOCKED' }));
    history = await restart();
    expect(await inputs({})).toEqual(['kept']);
  });

  it('still forgets what is too old', async () => {
    record();
    history = await restart(new FlippingCipher(0x11));
    now += 91 * day;
    expect(history.purge()).toBe(1);
  });

  it('passes over an entry that was tampered with', async () => {
    record({ input: 'one' });
    const victim = record({ input: 'two' });
    database.run('UPDATE history SET encrypted = (SELECT encrypted FROM history WHERE seq = 1) WHERE id = ?', victim);
    expect(await inputs({})).toEqual(['one']);
    expect(() => history.get(victim)).toThrow(expect.objectContaining({ code: 'STORAGE' }));
  });
});
