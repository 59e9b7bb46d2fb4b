import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog as log } from '../../../../src/main/core/log/log.ts';
import { Vault } from '../../../../src/main/core/security/vault.ts';
import { type Database, openDatabase } from '../../../../src/main/core/storage/database.ts';
import { FlippingCipher } from '../../../helpers/cipher.ts';

let now = 0;
const clock = { now: () => 1_700_000_000_000, monotonic: () => now };
const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });
const passphrase = 'correct horse ünd battery';
let directory: string;
let database: Database;
let cipher: FlippingCipher;
beforeEach(() => {
  now = 0;
  directory = mkdtempSync(join(tmpdir(), 'potter-passphrase-'));
  database = openDatabase(join(directory, 'potter.db'));
  cipher = new FlippingCipher();
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

const open = (using = cipher): Promise<Vault> =>
  Vault.open({ database, ciphers: [using], clock, log, passphraseCost: 2 ** 15 });
const wraps = (): { key_id: string; backend: string; wrapped_key: Uint8Array }[] =>
  database.all('SELECT key_id, backend, wrapped_key FROM data_key_wraps ORDER BY rowid');

async function protectedBy(protection: 'system-or-passphrase' | 'passphrase'): Promise<Vault> {
  const vault = await open();
  await vault.setKey('openai', 'api.openai.com', 'sk-secret');
  await vault.protect({ protection, passphrase });
  return vault;
}

describe('keys that a passphrase alone protects', () => {
  it('start locked and open with the passphrase, whose accents may be composed otherwise', async () => {
    await protectedBy('passphrase');
    const vault = await open();
    expect([vault.state, vault.protection, vault.backend]).toEqual(['locked', 'passphrase', 'passphrase']);
    expect(vault.message).toContain('potter keys unlock');
    expect(() => vault.keys('openai', 'api.openai.com')[0]).toThrow(code('KEYS_LOCKED'));
    expect(await vault.retry()).toBe('locked');
    expect(await vault.unlock(passphrase.normalize('NFD'))).toBe('unlocked');
    expect(vault.keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
    expect(vault.message).toBeUndefined();
  });

  it('leave nothing in the files that the system could open', async () => {
    const vault = await open();
    await vault.setKey('openai', 'api.openai.com', 'sk-secret');
    const before = Buffer.from(wraps()[0]?.wrapped_key ?? []);
    const isInFiles = (): boolean =>
      readdirSync(directory).some((name) => readFileSync(join(directory, name)).includes(before));
    expect(isInFiles()).toBe(true);
    await vault.protect({ protection: 'passphrase', passphrase });
    expect(isInFiles()).toBe(false);
    expect(wraps().map(({ backend }) => backend)).toEqual(['passphrase']);
  });

  it('take no new key while locked, so that nobody weakens them unseen', async () => {
    await protectedBy('passphrase');
    const vault = await open();
    await expect(vault.setKey('groq', 'api.groq.com', 'gsk-new')).rejects.toMatchObject({
      code: 'KEYS_LOCKED',
      message: expect.stringContaining('potter keys unlock'),
    });
    expect([vault.hasKey('groq'), wraps().length]).toEqual([false, 1]);
    await vault.unlock(passphrase);
    await vault.setKey('groq', 'api.groq.com', 'gsk-new');
    expect(vault.keys('groq', 'api.groq.com')[0]).toBe('gsk-new');
    expect(wraps()).toHaveLength(1);
  });
});

describe('keys that the system or a passphrase opens', () => {
  it('open by themselves, and with the passphrase when the system fails', async () => {
    await protectedBy('system-or-passphrase');
    expect((await open()).keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
    cipher.isLocked = true;
    const vault = await open();
    expect([vault.state, vault.protection]).toEqual(['locked', 'system-or-passphrase']);
    expect(vault.message).toMatch(/passphrase.*enter them again/);
    expect(await vault.unlock(passphrase)).toBe('unlocked');
    expect(vault.keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
  });

  it('let a key be entered anew while locked, and say that the system alone opens that one', async () => {
    await protectedBy('system-or-passphrase');
    const other = new FlippingCipher(0x11);
    const vault = await open(other);
    await vault.setKey('groq', 'api.groq.com', 'gsk-new');
    expect([vault.state, vault.protection]).toEqual(['unlocked', 'system']);
    expect(vault.message).toContain('Some keys are locked');
    await vault.unlock(passphrase);
    expect(vault.keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
    await vault.protect({ protection: 'passphrase', passphrase });
    expect(new Set(wraps().map(({ backend }) => backend))).toEqual(new Set(['passphrase']));
    const again = await open(other);
    await again.unlock(passphrase);
    expect(again.listKeys().map(({ state }) => state)).toEqual(['stored', 'stored']);
  });
});

describe('changing the protection', () => {
  it('needs the passphrase set so far, and a new one where one is to protect', async () => {
    const vault = await protectedBy('passphrase');
    const before = wraps();
    await expect(vault.protect({ protection: 'system' })).rejects.toThrow(code('PASSPHRASE_WRONG'));
    await expect(vault.protect({ protection: 'system', current: 'wrong' })).rejects.toThrow(code('PASSPHRASE_WRONG'));
    await expect(vault.protect({ protection: 'passphrase', current: passphrase })).rejects.toThrow(
      code('INVALID_INPUT'),
    );
    expect(wraps()).toEqual(before);
    await vault.protect({ protection: 'passphrase', passphrase: 'another one', current: passphrase });
    const again = await open();
    await expect(again.unlock(passphrase)).rejects.toThrow(code('PASSPHRASE_WRONG'));
    expect(await again.unlock('another one')).toBe('unlocked');
    await again.protect({ protection: 'system', current: 'another one' });
    const last = await open();
    expect([last.state, last.protection, last.backend]).toEqual(['unlocked', 'system', 'flipping']);
    expect(last.keys('openai', 'api.openai.com')[0]).toBe('sk-secret');
  });

  it('is refused while locked, and changes nothing when the system cannot keep a key', async () => {
    await protectedBy('passphrase');
    const vault = await open();
    await expect(vault.protect({ protection: 'system', current: passphrase })).rejects.toThrow(code('KEYS_LOCKED'));
    await vault.unlock(passphrase);
    const before = wraps();
    cipher.isLocked = true;
    await expect(vault.protect({ protection: 'system', current: passphrase })).rejects.toThrow(code('KEYS_LOCKED'));
    expect(wraps()).toEqual(before);
  });
});

describe('guessing a passphrase', () => {
  it('costs a pause that doubles after the third wrong one, also for the right one and for tries at once', async () => {
    await protectedBy('passphrase');
    const vault = await open();
    const guesses = await Promise.allSettled(['one', 'two', 'three', 'four', passphrase].map((it) => vault.unlock(it)));
    const codes = guesses.map((it) => (it.status === 'rejected' ? it.reason.code : it.value));
    expect(codes).toEqual([...Array(3).fill('PASSPHRASE_WRONG'), 'RATE_LIMITED', 'RATE_LIMITED']);
    now += 1000;
    await expect(vault.unlock('five')).rejects.toThrow(code('PASSPHRASE_WRONG'));
    now += 1999;
    await expect(vault.unlock(passphrase)).rejects.toMatchObject({ code: 'RATE_LIMITED', detail: { retryAfterMs: 1 } });
    now += 1;
    expect(await vault.unlock(passphrase)).toBe('unlocked');
  });

  it('is not made cheaper or dearer by what stands in the database', async () => {
    await protectedBy('passphrase');
    for (const exponent of [1, 30]) {
      const [wrap] = wraps();
      const changed = Uint8Array.from(wrap?.wrapped_key ?? []);
      changed[1] = exponent;
      database.run('UPDATE data_key_wraps SET wrapped_key = ?', changed);
      await expect((await open()).unlock(passphrase)).rejects.toThrow(code('KEYS_LOCKED'));
    }
  });

  it('is of no use where no passphrase is set', async () => {
    await expect((await open()).unlock(passphrase)).rejects.toThrow(code('CONFLICT'));
  });
});

describe('a key whose provider has moved', () => {
  it('is bound to the new host when that is confirmed, and keeps its date', async () => {
    const vault = await open();
    await vault.setKey('openai', 'api.openai.com', 'sk-secret');
    vault.attach('openai', 'new.example');
    expect(vault.keys('openai', 'new.example')[0]).toBe('sk-secret');
    expect(() => vault.keys('openai', 'api.openai.com')[0]).toThrow(code('KEY_DETACHED'));
    expect(() => vault.attach('groq', 'new.example')).toThrow(code('NO_KEY'));
  });
});

describe('a key store that hides keys from nobody', () => {
  it('is said aloud until a passphrase protects the keys', async () => {
    const vault = await open(new FlippingCipher(0x5a, 'basic_text'));
    expect(vault.message).toContain('any program that runs as you can read the keys');
    await vault.protect({ protection: 'passphrase', passphrase });
    expect(vault.message).toBeUndefined();
  });
});

describe('erasing', () => {
  it('leaves a fresh data key that opens nothing of before, whatever protected it', async () => {
    const vault = await protectedBy('passphrase');
    const sealed = vault.encrypt('text', 'row');
    const [before] = wraps();
    let alongside = 0;
    const deleteMore = (): void => {
      alongside += 1;
    };
    expect(await vault.erase(deleteMore)).toBe(1);
    expect([alongside, vault.state, vault.protection, vault.hasKey('openai')]).toEqual([
      1,
      'unlocked',
      'system',
      false,
    ]);
    expect(() => vault.decrypt(sealed, 'row')).toThrow(code('KEYS_LOCKED'));
    expect(wraps().map(({ key_id }) => key_id)).not.toContain(before?.key_id);
  });

  it('deletes also while locked and while the system can keep no key', async () => {
    await protectedBy('passphrase');
    cipher.isLocked = true;
    const vault = await open();
    expect(await vault.erase(() => undefined)).toBe(1);
    expect([vault.state, wraps()]).toEqual(['empty', []]);
    cipher.isLocked = false;
    await vault.setKey('openai', 'api.openai.com', 'sk-new');
    expect(vault.state).toBe('unlocked');
  });
});
