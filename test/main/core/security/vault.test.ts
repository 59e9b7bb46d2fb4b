import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog as log } from '../../../../src/main/core/log/log.ts';
import { createKeyFileCipher } from '../../../../src/main/core/security/key-file.ts';
import { Vault } from '../../../../src/main/core/security/vault.ts';
import { type Database, openDatabase } from '../../../../src/main/core/storage/database.ts';
import { FlippingCipher } from '../../../helpers/cipher.ts';

const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };
const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });
let directory: string;
let database: Database;
let cipher: FlippingCipher;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-vault-'));
  database = openDatabase(join(directory, 'potter.db'));
  cipher = new FlippingCipher();
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

const open = (using = cipher): Promise<Vault> => Vault.open({ database, ciphers: [using], clock, log });
const dataKeys = (): unknown[] => database.all('SELECT * FROM data_keys');

describe('the keys of providers', () => {
  it('come back after a restart, for the host they were set for', async () => {
    await (await open()).setKey('openai', 'api.openai.com', 'sk-secret');
    const vault = await open();
    expect(vault.state).toBe('unlocked');
    expect(vault.keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
    expect(vault.hasKey('openai')).toBe(true);
    expect(vault.listKeys()).toEqual([
      { provider: 'openai', slot: 1, host: 'api.openai.com', setAt: clock.now(), state: 'stored' },
    ]);
  });

  it('are refused for another host, and where there is none', async () => {
    const vault = await open();
    await vault.setKey('openai', 'api.openai.com', 'sk-secret');
    expect(() => vault.keys('openai', 'evil.example')[0]).toThrow(code('KEY_DETACHED'));
    expect(() => vault.keys('groq', 'api.groq.com')[0]).toThrow(code('NO_KEY'));
    expect(vault.listKeys(() => 'evil.example')[0]?.state).toBe('detached');
  });

  it('are gone once removed', async () => {
    const vault = await open();
    await vault.setKey('openai', 'api.openai.com', 'sk-secret');
    expect([vault.removeKey('openai'), vault.removeKey('openai'), vault.hasKey('openai')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('stand nowhere in the files', async () => {
    const vault = await open();
    await vault.setKey('openai', 'api.openai.com', 'CANARY-in-the-vault');
    const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
    expect(files.some((bytes) => bytes.includes('api.openai.com'))).toBe(true);
    expect(files.some((bytes) => bytes.includes('CANARY-in-the-vault'))).toBe(false);
  });

  it('cannot be moved to another provider inside the database', async () => {
    const vault = await open();
    await vault.setKey('openai', 'api.openai.com', 'sk-secret');
    database.run("UPDATE provider_keys SET host = 'evil.example'");
    expect(() => vault.keys('openai', 'evil.example')[0]).toThrow(code('STORAGE'));
  });
});

describe('a data key that cannot be unwrapped', () => {
  beforeEach(async () => {
    await (await open()).setKey('openai', 'api.openai.com', 'sk-secret');
  });

  it('leaves the vault locked and everything in it where it is', async () => {
    const before = dataKeys();
    const vault = await open(new FlippingCipher(0x11));
    expect(vault.state).toBe('locked');
    expect(vault.listKeys()[0]?.state).toBe('locked');
    expect(() => vault.keys('openai', 'api.openai.com')[0]).toThrow(code('KEYS_LOCKED'));
    expect(() => vault.encrypt('text', 'row')).toThrow(code('KEYS_LOCKED'));
    expect(dataKeys()).toEqual(before);
    expect((await open()).keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
  });

  it('is unwrapped by a later try', async () => {
    cipher.isLocked = true;
    const vault = await open();
    expect(vault.state).toBe('locked');
    cipher.isLocked = false;
    expect(await vault.retry()).toBe('unlocked');
    expect(vault.keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
  });

  it('stays beside a new one when a key is entered again', async () => {
    const other = new FlippingCipher(0x11);
    const vault = await open(other);
    await vault.setKey('groq', 'api.groq.com', 'gsk-new');
    expect(vault.state).toBe('unlocked');
    expect(vault.keys('groq', 'api.groq.com')[0]).toBe('gsk-new');
    expect(vault.listKeys().map(({ provider, state }) => [provider, state])).toEqual([
      ['groq', 'stored'],
      ['openai', 'locked'],
    ]);
    expect(dataKeys()).toHaveLength(2);
    expect((await open(other)).keys('groq', 'api.groq.com')[0]).toBe('gsk-new');
  });

  it('is unwrapped by the cipher that wrapped it, where another one is preferred now', async () => {
    const preferred = new FlippingCipher(0x11, 'key store');
    const vault = await Vault.open({ database, ciphers: [preferred, cipher], clock, log });
    expect([vault.state, vault.backend]).toEqual(['unlocked', 'flipping']);
    expect(vault.keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
    expect(dataKeys()).toHaveLength(1);
  });

  it('is not replaced while the cipher cannot wrap either', async () => {
    cipher.isLocked = true;
    const vault = await open();
    await expect(vault.setKey('groq', 'api.groq.com', 'gsk-new')).rejects.toThrow(code('KEYS_LOCKED'));
    expect(dataKeys()).toHaveLength(1);
    expect(vault.hasKey('groq')).toBe(false);
  });
});

describe('a vault without a data key', () => {
  it('is empty while the cipher is locked, and starts all the same', async () => {
    cipher.isLocked = true;
    const vault = await open();
    expect([vault.state, vault.listKeys(), dataKeys()]).toEqual(['empty', [], []]);
  });
});

describe('an encrypted row', () => {
  it('opens in its own context only, and not after a change', async () => {
    const vault = await open();
    const sealed = vault.encrypt('你好', 'row 1');
    expect(Buffer.from(vault.decrypt(sealed, 'row 1')).toString()).toBe('你好');
    expect(() => vault.decrypt(sealed, 'row 2')).toThrow(code('STORAGE'));
    expect(() => vault.decrypt(new Uint8Array(5), 'row 1')).toThrow(code('STORAGE'));
    for (const index of [9, 21, sealed.length - 1]) {
      const changed = sealed.map((byte, at) => (at === index ? byte ^ 1 : byte));
      expect(() => vault.decrypt(changed, 'row 1')).toThrow(code('STORAGE'));
    }
  });

  it('is different each time', async () => {
    const vault = await open();
    expect(vault.encrypt('a', 'row')).not.toEqual(vault.encrypt('a', 'row'));
  });
});

describe('the key file', () => {
  const plain = Uint8Array.from({ length: 32 }, (_, index) => index);

  it('unwraps what it wrapped, in another process too', async () => {
    const wrapped = await createKeyFileCipher(directory).wrap(plain);
    expect(Buffer.from(wrapped).includes(Buffer.from(plain))).toBe(false);
    expect(new Uint8Array(await createKeyFileCipher(directory).unwrap(wrapped))).toEqual(plain);
    expect(readdirSync(directory).filter((name) => name.startsWith('key'))).toEqual(['key']);
  });

  it('is made once and never put over another one', async () => {
    await createKeyFileCipher(directory).wrap(plain);
    const before = readFileSync(join(directory, 'key'));
    await createKeyFileCipher(directory).wrap(plain);
    expect(readFileSync(join(directory, 'key')).equals(before)).toBe(true);
  });

  it('is refused when others may read it', { skip: process.platform === 'win32' }, async () => {
    const files = createKeyFileCipher(directory);
    const wrapped = await files.wrap(plain);
    expect(statSync(join(directory, 'key')).mode & 0o777).toBe(0o600);
    chmodSync(join(directory, 'key'), 0o640);
    await expect(files.unwrap(wrapped)).rejects.toThrow(/set its mode to 600/);
    await expect(files.wrap(plain)).rejects.toThrow(code('KEYS_LOCKED'));
  });

  it('is kept beside a new one when damaged', async () => {
    const files = createKeyFileCipher(directory);
    for (const damage of ['short', 'shorter']) {
      const wrapped = await files.wrap(plain);
      writeFileSync(join(directory, 'key'), damage, { mode: 0o600 });
      await expect(files.unwrap(wrapped)).rejects.toThrow(/damaged/);
      expect(readFileSync(join(directory, 'key'), 'utf8')).toBe(damage);
    }
    expect(new Uint8Array(await files.unwrap(await files.wrap(plain)))).toEqual(plain);
    const aside = ['key.damaged-1', 'key.damaged-2'].map((name) => readFileSync(join(directory, name), 'utf8'));
    expect(aside).toEqual(['short', 'shorter']);
  });

  it('lets a key be entered again when it was damaged, and keeps what it had wrapped', async () => {
    const openOnFile = () => Vault.open({ database, ciphers: [createKeyFileCipher(directory)], clock, log });
    await (await openOnFile()).setKey('openai', 'api.openai.com', 'sk-old');
    writeFileSync(join(directory, 'key'), '', { mode: 0o600 });
    await (await openOnFile()).setKey('groq', 'api.groq.com', 'gsk-new');
    const vault = await openOnFile();
    expect(vault.keys('groq', 'api.groq.com')[0]).toBe('gsk-new');
    expect(vault.listKeys().map(({ provider, state }) => [provider, state])).toEqual([
      ['groq', 'stored'],
      ['openai', 'locked'],
    ]);
  });

  it('says how it is mended when a key is set', { skip: process.platform === 'win32' }, async () => {
    await createKeyFileCipher(directory).wrap(plain);
    chmodSync(join(directory, 'key'), 0o644);
    const vault = await Vault.open({ database, ciphers: [createKeyFileCipher(directory)], clock, log });
    const refused = vault.setKey('groq', 'api.groq.com', 'gsk-new');
    await expect(refused).rejects.toMatchObject({
      code: 'KEYS_LOCKED',
      message: expect.stringContaining('set its mode to 600'),
    });
    chmodSync(join(directory, 'key'), 0o600);
    await vault.setKey('groq', 'api.groq.com', 'gsk-new');
    expect(vault.keys('groq', 'api.groq.com')[0]).toBe('gsk-new');
  });

  it('is not made anew for what it should unwrap, and says that it is missing', async () => {
    const files = createKeyFileCipher(directory);
    const wrapped = await files.wrap(plain);
    rmSync(join(directory, 'key'));
    await expect(files.unwrap(wrapped)).rejects.toThrow(/missing/);
  });
});
