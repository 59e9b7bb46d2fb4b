import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { topics } from '../../../../src/shared/events.ts';
import { FlippingCipher } from '../../../helpers/cipher.ts';
import { startTestPotter, startVendor, temporaryFolder } from '../../../helpers/potter.ts';

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });
const passphrase = 'a passphrase of words';
const upper = (text: string) => ({ action: 'upper-case', source: { type: 'text', text } }) as const;

function filesHolding(directory: string, text: string | Buffer): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .filter((name) => readFileSync(join(directory, name)).includes(text));
}

/** The beginning of each entry of the history, as it lies in the file. */
function sealedEntries(directory: string): Buffer[] {
  const database = new DatabaseSync(join(directory, 'potter.db'), { readOnly: true });
  const rows = database.prepare('SELECT substr(encrypted, 1, 32) AS start FROM history').all();
  database.close();
  return rows.map(({ start }) => Buffer.from(start as Uint8Array));
}

describe('keys that are locked', () => {
  test('stop nothing that needs none, lose nothing, and open all that waited at once', async () => {
    const dataDirectory = temporaryFolder();
    const cipher = new FlippingCipher();
    const { vendor, environment } = await startVendor({ key: 'sk-the-key' });
    const first = await startTestPotter({ dataDirectory, cipher, environment });
    await first.client.call('keys.set', { provider: 'vendor', key: 'sk-the-key' });
    await first.client.call('text.process', upper('before'));
    await first.potter.stop();

    cipher.isLocked = true;
    const { client, potter } = await startTestPotter({ dataDirectory, cipher, environment });
    const events: unknown[] = [];
    potter.events.subscribeAll(topics, (payload, topic) => events.push([topic, payload]));
    expect(await client.call('text.process', upper('local'))).toMatchObject({ output: 'LOCAL' });
    expect(await client.call('history.list', {})).toMatchObject({ locked: true, entries: [] });
    expect(await client.call('keys.list', {})).toMatchObject({
      vault: 'locked',
      protection: 'system',
      message: expect.stringContaining('Nothing is lost'),
      keys: [{ provider: 'vendor', state: 'locked' }],
    });
    const needsKey = { action: 'polish', source: { type: 'text', text: 'teh text' } } as const;
    await expect(client.call('text.process', needsKey)).rejects.toThrow(code('KEYS_LOCKED'));
    expect(await client.call('keys.retry', {})).toEqual({ vault: 'locked' });
    cipher.isLocked = false;
    expect(await client.call('keys.retry', {})).toEqual({ vault: 'unlocked' });
    expect(events).toContainEqual(['keys.changed', { provider: 'all', vault: 'unlocked' }]);
    expect(await client.call('text.process', needsKey)).toMatchObject({ provider: 'vendor' });
    expect(vendor.requests.at(-1)?.headers.authorization).toBe('Bearer sk-the-key');
    expect((await client.call('history.list', { query: 'before' })).entries).toHaveLength(1);
  });

  test('by a passphrase are opened by it, and a wrong one is refused', async () => {
    const dataDirectory = temporaryFolder();
    const first = await startTestPotter({ dataDirectory });
    await first.client.call('keys.set', { provider: 'openai', key: 'sk-the-key' });
    await expect(first.client.call('keys.protect', { protection: 'passphrase' })).rejects.toThrow(
      code('INVALID_INPUT'),
    );
    expect(await first.client.call('keys.protect', { protection: 'passphrase', passphrase })).toEqual({
      protection: 'passphrase',
    });
    await first.potter.stop();
    const { client } = await startTestPotter({ dataDirectory });
    await expect(client.call('keys.unlock', { passphrase: 'wrong' })).rejects.toThrow(code('PASSPHRASE_WRONG'));
    await expect(client.call('keys.set', { provider: 'openai', key: 'sk-new' })).rejects.toThrow(code('KEYS_LOCKED'));
    expect(await client.call('keys.unlock', { passphrase })).toEqual({ vault: 'unlocked' });
    expect((await client.call('keys.list', {})).keys).toMatchObject([{ provider: 'openai', state: 'stored' }]);
  });
});

test('a detached key is bound to the new host only when that host is named', async () => {
  const { client } = await startTestPotter();
  await client.call('keys.set', { provider: 'openai', key: 'sk-the-key' });
  const moved = { name: 'OpenAI', baseUrl: 'https://moved.example/v1', needsKey: true, wireFormat: 'openai' } as const;
  await client.call('config.set', { key: 'providers', value: { openai: moved } });
  expect((await client.call('keys.list', {})).keys).toMatchObject([{ host: 'api.openai.com', state: 'detached' }]);
  await expect(client.call('keys.attach', { provider: 'openai', host: 'api.openai.com' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringMatching(/moved\.example.*api\.openai\.com/),
  });
  await expect(client.call('keys.attach', { provider: 'mistral', host: 'api.mistral.ai' })).rejects.toThrow(
    code('NO_KEY'),
  );
  expect(await client.call('keys.attach', { provider: 'openai', host: 'moved.example' })).toEqual({
    provider: 'openai',
    host: 'moved.example',
  });
  expect((await client.call('keys.list', {})).keys).toMatchObject([{ host: 'moved.example', state: 'stored' }]);
});

test('an address that holds a secret is refused as a setting', async () => {
  const { client } = await startTestPotter();
  for (const baseUrl of ['https://u:secret-1@host.example/v1', 'https://host.example/v1?key=secret-2']) {
    const value = { bad: { name: 'Bad', baseUrl, needsKey: true, wireFormat: 'compatible' } };
    const refused = client.call('config.set', { key: 'providers', value });
    await expect(refused).rejects.toMatchObject({
      code: 'SETTING_INVALID',
      message: expect.not.stringMatching(/secret-\d/),
    });
  }
});

describe('deleting everything', () => {
  test('leaves nothing of it in any file, keeps settings, and is told in the audit', async () => {
    const dataDirectory = temporaryFolder();
    mkdirSync(join(dataDirectory, 'logs'));
    writeFileSync(join(dataDirectory, 'logs', 'potter.log.1'), 'PLANTED in an old log');
    writeFileSync(join(dataDirectory, 'key.damaged-1'), 'PLANTED in a key file');
    chmodSync(join(dataDirectory, 'key.damaged-1'), 0o600);
    const { client, potter } = await startTestPotter({ dataDirectory });
    await client.call('config.set', { key: 'history.days', value: 30 });
    await client.call('keys.set', { provider: 'openai', key: 'sk-PLANTED' });
    for (let index = 0; index < 20; index += 1) await client.call('text.process', upper(`planted ${index}`));
    potter.log.info('PLANTED in the log');
    const sealed = sealedEntries(dataDirectory);
    const planted = [...sealed, 'PLANTED', 'api.openai.com'];
    const key = readFileSync(join(dataDirectory, 'key'));
    expect(sealed).toHaveLength(20);
    expect(filesHolding(dataDirectory, sealed[0] ?? '')).not.toEqual([]);

    const reply = await client.call('system.erase', { confirm: 'delete everything' });
    expect(reply.removed).toMatchObject({ historyEntries: 20, keys: 1, logFiles: 2 });
    for (const text of planted) expect([text, filesHolding(dataDirectory, text)]).toEqual([text, []]);
    expect(readFileSync(join(dataDirectory, 'key')).equals(key)).toBe(false);
    expect(filesHolding(dataDirectory, 'delete everything')).not.toEqual([]);
    expect(await client.call('history.list', {})).toMatchObject({ total: 0, locked: false });
    expect(await client.call('keys.list', {})).toMatchObject({ vault: 'unlocked', protection: 'system', keys: [] });
    expect((await client.call('config.get', { key: 'history.days' })).values).toEqual({ 'history.days': 30 });
    await client.call('text.process', upper('afterwards'));
    expect(await client.call('history.list', { query: 'afterwards' })).toMatchObject({ total: 1 });
  });

  test('is not undone by a run that was under way', async () => {
    const { vendor, environment } = await startVendor({ tokenDelayMs: 5 });
    const { client } = await startTestPotter({ environment });
    const input = { action: 'polish', source: { type: 'text', text: 'teh text of some words' } } as const;
    const running = client.call('text.process', input);
    await vendor.received(1);
    await client.call('system.erase', { confirm: 'delete everything' });
    await running;
    expect(await client.call('history.list', {})).toMatchObject({ total: 0 });
    const before = vendor.requests.length;
    await client.call('text.process', input);
    expect(vendor.requests.length).toBeGreaterThan(before);
  });

  test('needs its words', async () => {
    const { client } = await startTestPotter();
    const wrong = { confirm: 'yes' } as never;
    await expect(client.call('system.erase', wrong)).rejects.toThrow(code('INVALID_INPUT'));
  });
});
