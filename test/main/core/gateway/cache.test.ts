import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AnswerCache } from '../../../../src/main/core/gateway/cache.ts';
import { type Answer, answer } from '../../../../src/main/core/gateway/gateway.ts';
import { silentLog as log } from '../../../../src/main/core/log/log.ts';
import { createKeyFileCipher } from '../../../../src/main/core/security/key-file.ts';
import { Vault } from '../../../../src/main/core/security/vault.ts';
import { openDatabase } from '../../../../src/main/core/storage/database.ts';
import { startTestPotter, startVendor, temporaryFolder } from '../../../helpers/potter.ts';

const never = new AbortController().signal;
const hour = 3_600_000;

async function open(folder = temporaryFolder(), maxBytes = 1 << 20) {
  const database = openDatabase(join(folder, 'potter.db'));
  onTestFinished(() => database.close());
  const time = { now: 1_700_000_000_000 };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const vault = await Vault.open({ database, ciphers: [createKeyFileCipher(folder)], clock, log });
  const limits = () => ({ ttlMs: hour, maxBytes });
  const cache = new AnswerCache({ keyOf: () => 'key', database, vault, clock, log, limits });
  let asked = 0;
  const ask = (data: object) => (): Promise<Answer> => {
    asked += 1;
    return Promise.resolve(answer(data));
  };
  const rows = (): number => database.all('SELECT id FROM answers').length;
  return { cache, database, time, folder, ask, rows, asked: () => asked };
}

describe('the cache of answers', () => {
  it('gives an answer again, marked, until its time is over', async () => {
    const { cache, time, ask, asked } = await open();
    expect(await cache.answer('a', never, ask({ text: 'one' }))).toEqual({ data: { text: 'one' }, cached: false });
    time.now += hour - 1;
    expect(await cache.answer('a', never, ask({ text: 'two' }))).toEqual({ data: { text: 'one' }, cached: true });
    time.now += 1;
    expect(await cache.answer('a', never, ask({ text: 'three' }))).toEqual({ data: { text: 'three' }, cached: false });
    expect(asked()).toBe(2);
  });

  it('survives a restart, encrypted', async () => {
    const first = await open();
    await first.cache.answer(
      'Text that nobody may read.',
      never,
      first.ask({ text: 'An answer that nobody may read.' }),
    );
    const [row] = first.database.all<{ id: string; encrypted: Uint8Array }>('SELECT * FROM answers');
    expect(Buffer.from(row?.encrypted ?? []).toString('latin1')).not.toContain('nobody');
    expect(row?.id).toMatch(/^[0-9a-f]{64}$/);
    const second = await open(first.folder);
    const again = await second.cache.answer('Text that nobody may read.', never, second.ask({ text: 'no' }));
    expect(again).toEqual({ data: { text: 'An answer that nobody may read.' }, cached: true });
    expect(second.asked()).toBe(0);
  });

  it('hands on an answer that cannot be written down', async () => {
    const { cache, database, ask } = await open();
    database.run("CREATE TRIGGER full BEFORE INSERT ON answers BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(await cache.answer('a', never, ask({ text: 'one' }))).toEqual({ data: { text: 'one' }, cached: false });
    expect((await cache.answer('a', never, ask({ text: 'two' }))).cached).toBe(true);
  });

  it('asks once for equal calls at the same time', async () => {
    const { cache, asked } = await open();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    let asks = 0;
    const ask = (): Promise<Answer> => {
      asks += 1;
      return promise;
    };
    const answers = Promise.all(Array.from({ length: 50 }, () => cache.answer('a', never, ask)));
    resolve(answer({ text: 'one' }));
    const cached = (await answers).map((each) => each.cached);
    expect([asks, asked(), cached.filter(Boolean).length]).toEqual([1, 0, 49]);
  });

  it('hands nobody the failure or the cancel of another call', async () => {
    const { cache, ask, asked } = await open();
    const { promise, reject } = Promise.withResolvers<Answer>();
    const first = cache.answer('a', never, () => promise);
    const second = cache.answer('a', never, ask({ text: 'of its own' }));
    const cancel = new AbortController();
    const third = cache.answer('a', cancel.signal, ask({ text: 'never' }));
    cancel.abort();
    await expect(third).rejects.toMatchObject({ name: 'AbortError' });
    reject(new Error('cancelled'));
    await expect(first).rejects.toThrow('cancelled');
    expect(await second).toEqual({ data: { text: 'of its own' }, cached: false });
    expect(asked()).toBe(1);
  });

  it('stays within its size, the oldest going first, and keeps no answer that would fill it', async () => {
    const { cache, database, time, ask, rows } = await open(undefined, 10_000);
    for (let index = 0; index < 40; index += 1) {
      time.now += 1;
      await cache.answer(`k${index}`, never, ask({ text: 'x'.repeat(1000) }));
    }
    const total = 'SELECT sum(length(encrypted)) AS bytes, min(at) AS oldest FROM answers';
    const { bytes = 0, oldest = 0 } = database.get<{ bytes: number; oldest: number }>(total) ?? {};
    expect(bytes).toBeLessThanOrEqual(10_000);
    expect(rows()).toBeGreaterThan(4);
    expect(oldest).toBeGreaterThan(time.now - 20);
    const before = rows();
    await cache.answer('large', never, ask({ text: 'x'.repeat(5000) }));
    expect(rows()).toBe(before);
  });

  it('forgets everything, and what was under way meanwhile', async () => {
    const { cache, ask, rows } = await open();
    await cache.answer('a', never, ask({ text: 'one' }));
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const late = cache.answer('b', never, () => promise);
    expect(cache.clear()).toBe(1);
    resolve(answer({ text: 'late' }));
    await late;
    expect(rows()).toBe(0);
    expect((await cache.answer('b', never, ask({ text: 'new' }))).cached).toBe(false);
  });

  it('drops what is too old once a day', async () => {
    const { cache, time, ask, rows } = await open();
    await cache.answer('a', never, ask({ text: 'one' }));
    time.now += hour;
    cache.purge();
    expect(rows()).toBe(0);
  });

  it('is emptied when it is switched off, and answers nothing then', async () => {
    const { vendor, environment } = await startVendor();
    const { client } = await startTestPotter({ environment });
    const source = { type: 'text' as const, text: 'This is a example.' };
    const run = () => client.call('text.process', { action: 'polish', source });
    const posts = () => vendor.requests.filter(({ method }) => method === 'POST').length;
    await run();
    await run();
    expect(posts()).toBe(1);
    await client.call('config.set', { key: 'cache.enabled', value: false });
    await run();
    await client.call('config.set', { key: 'cache.enabled', value: true });
    await run();
    expect(posts()).toBe(3);
  });
});
