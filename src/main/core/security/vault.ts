/** Provider keys and private rows, encrypted with one data key that only this user's cipher or passphrase can unwrap. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { KeyInfo, ParsedInput, Protection, VaultState } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import type { Cipher, Clock } from '../host.ts';
import type { Log } from '../log/log.ts';
import type { Database } from '../storage/database.ts';
import { newPassphraseKey, PassphraseOpener, passphraseBackend } from './passphrase.ts';

export interface VaultOptions {
  readonly database: Database;
  /** The first wraps new data keys; a data key is unwrapped by the one that wrapped it. */
  readonly ciphers: readonly [Cipher, ...Cipher[]];
  readonly clock: Clock;
  readonly log: Log;
  /** Default: the system's. */
  readonly random?: (bytes: number) => Uint8Array;
  /** Rounds of scrypt, a power of two. Default: what a guess shall cost on a person's machine. */
  readonly passphraseCost?: number;
}

/**
 * What is encrypted says which data key did it. So when a data key cannot be unwrapped, it and all that hangs on it stay
 * where they are, nothing is deleted, and entering a key anew makes another data key beside it.
 *
 * One exception: where a passphrase alone protects the keys, only the passphrase lets a new one in. Otherwise whoever
 * sits down at the locked program would turn its protection into the weaker one of the system, unseen. Who has
 * forgotten the passphrase begins anew by deleting everything. Where the system was one of the two ways in, it may be
 * the only one for a new data key until a passphrase is set again, and the protection is told so.
 */
export class Vault {
  readonly #database: Database;
  readonly #ciphers: VaultOptions['ciphers'];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: (bytes: number) => Uint8Array;
  readonly #passphraseCost: number | undefined;
  /** Unwrapped data keys by their id. */
  readonly #dataKeys = new Map<string, Uint8Array>();
  /** The stored keys of each provider as they were last read: every call to a model asks for them. */
  readonly #rows = new Map<string, readonly KeyRow[]>();
  /** The one new things are encrypted with. */
  #current: string | undefined;
  /** Why the newest data key could not be unwrapped, in words for the person. */
  #reason: string | undefined;
  #wrongGuesses = 0;
  #nextGuessAt = 0;
  /** What changes data keys is done one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** Unwraps what there is, or makes the first data key. A cipher that fails means `locked` or `empty`, not a failure. */
  static async open(options: VaultOptions): Promise<Vault> {
    const vault = new Vault(options);
    await vault.retry();
    // Made now, because the first run must find a key for its entry in the history without waiting for the cipher.
    if (vault.state === 'empty') await vault.#makeDataKey().catch((error) => vault.#warn(error));
    return vault;
  }

  private constructor({ database, ciphers, clock, log, random = randomBytes, passphraseCost }: VaultOptions) {
    this.#database = database;
    this.#ciphers = ciphers;
    this.#clock = clock;
    this.#log = log;
    this.#random = random;
    this.#passphraseCost = passphraseCost;
  }

  /** `empty`: no data key yet; `locked`: the newest one could not be unwrapped. */
  get state(): VaultState {
    if (this.#current !== undefined) return 'unlocked';
    return this.#newest() === undefined ? 'empty' : 'locked';
  }

  /** What wraps the newest data key, or will wrap the first one, by name. */
  get backend(): string {
    const backends = this.#backendsOfNewest();
    return backends.find((backend) => backend !== passphraseBackend) ?? backends[0] ?? this.#ciphers[0].backend;
  }

  /** What opens the newest data key; older ones that cannot be opened now are as they were. */
  get protection(): Protection {
    const backends = this.#backendsOfNewest();
    if (!backends.includes(passphraseBackend)) return 'system';
    return backends.length === 1 ? 'passphrase' : 'system-or-passphrase';
  }

  /** What the person should know, with the next step: why it is locked, or that it hides keys from nobody. */
  get message(): string | undefined {
    if (this.state === 'locked') return lockedMessages[this.protection](this.#reason ?? 'They cannot be unlocked now.');
    if (this.listKeys().some(({ state }) => state === 'locked')) return partlyLocked;
    return this.backend === openBackend ? openlyStored : undefined;
  }

  /** Tries again to unwrap the data keys that could not be unwrapped so far. */
  retry(): Promise<VaultState> {
    return this.#inTurn(async () => {
      this.#reason = undefined;
      for (const { key_id, wrapped_key, backend } of this.#wraps()) {
        if (backend === passphraseBackend || this.#dataKeys.has(key_id)) continue;
        try {
          this.#dataKeys.set(key_id, await this.#cipherOf(backend).unwrap(wrapped_key));
        } catch (thrown) {
          this.#warn(thrown, backend);
          // What a store says itself may quote anything; ours are sentences.
          this.#reason = thrown instanceof PotterError ? thrown.message : `${backend} does not open the keys.`;
        }
      }
      return this.#settle();
    });
  }

  /**
   * Unwraps every data key the passphrase opens. Fails with `PASSPHRASE_WRONG`, and from the fourth wrong one on with
   * `RATE_LIMITED` for a time that doubles up to a minute, whoever asks: tries that come at once wait for each other.
   * A restart forgets that, but who can restart Potter can read its files, where only the cost of scrypt stops guesses.
   */
  unlock(passphrase: string): Promise<VaultState> {
    return this.#inTurn(async () => {
      const wraps = this.#wraps().filter(({ backend }) => backend === passphraseBackend);
      if (wraps.length === 0) {
        throw new PotterError('CONFLICT', 'No passphrase is set for the keys; set one with `potter keys protect`.');
      }
      await this.#guess(passphrase, wraps);
      return this.#settle();
    });
  }

  /**
   * Rewraps every open data key, all or none. Fails with `KEYS_LOCKED` while locked or when the system cannot keep a
   * key, with `INVALID_INPUT` without the new passphrase, with `PASSPHRASE_WRONG` where the one set so far is not given.
   */
  protect({ protection, passphrase, current }: ParsedInput<'keys.protect'>): Promise<void> {
    return this.#inTurn(async () => {
      if (protection !== 'system' && passphrase === undefined) {
        throw new PotterError('INVALID_INPUT', `The protection "${protection}" needs a passphrase.`, {
          detail: { fields: [{ field: 'passphrase', message: 'give the new passphrase' }] },
        });
      }
      if (this.state === 'locked') throw locked(lockedMessages[this.protection](this.#reason ?? ''));
      if (this.#current === undefined) await this.#makeDataKey();
      const wraps = this.#wraps().filter((wrap) => wrap.key_id === this.#current && wrap.backend === passphraseBackend);
      if (wraps.length > 0) {
        if (current === undefined)
          throw new PotterError('PASSPHRASE_WRONG', 'The passphrase set so far was not given.');
        await this.#guess(current, wraps);
      }
      const byPassphrase =
        protection === 'system' ? undefined : await newPassphraseKey(passphrase ?? '', this.#passphraseCost);
      const added: DataKeyRow[] = [];
      for (const [key_id, dataKey] of this.#dataKeys) {
        if (protection !== 'passphrase') added.push(await this.#wrapBySystem(key_id, dataKey));
        if (byPassphrase) {
          added.push({ key_id, backend: passphraseBackend, wrapped_key: byPassphrase.wrap(dataKey, key_id) });
        }
      }
      byPassphrase?.forget();
      this.#database.transaction(() => {
        for (const key_id of this.#dataKeys.keys())
          this.#database.run('DELETE FROM data_key_wraps WHERE key_id = ?', key_id);
        for (const wrap of added) this.#insertWrap(wrap);
      });
      // A wrap that was taken away must not open what it opened before from what is left of it in the file.
      this.#database.scrub();
    });
  }

  /**
   * Deletes every key and data key, and whatever `alongside` deletes, together; then begins with a fresh data key under
   * the protection of the system. How many provider keys there were.
   */
  erase(alongside: () => void): Promise<number> {
    return this.#inTurn(async () => {
      const removed = this.#database.transaction(() => {
        alongside();
        this.#rows.clear();
        const keys = this.#database.run('DELETE FROM provider_keys');
        this.#database.run('DELETE FROM data_key_wraps');
        this.#database.run('DELETE FROM data_keys');
        return keys;
      });
      for (const dataKey of this.#dataKeys.values()) dataKey.fill(0);
      this.#dataKeys.clear();
      this.#current = undefined;
      this.#reason = undefined;
      for (const cipher of this.#ciphers) cipher.forget?.();
      await this.#makeDataKey().catch((error) => this.#warn(error));
      this.#database.scrub();
      return removed;
    });
  }

  /** Only the same context opens it again, so that one row cannot pass for another. Fails with `KEYS_LOCKED`. */
  encrypt(plain: Uint8Array | string, context: string): Uint8Array {
    const dataKey = this.#current === undefined ? undefined : this.#dataKeys.get(this.#current);
    if (this.#current === undefined || dataKey === undefined) throw this.#locked();
    const nonce = this.#random(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', dataKey, nonce).setAAD(Buffer.from(context));
    const header = [Buffer.from([format]), Buffer.from(this.#current, 'hex'), nonce];
    return Buffer.concat([...header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** A keyed digest, in hexadecimal: equal for equal data under the newest data key. Fails with `KEYS_LOCKED`. */
  digest(data: string, context: string): string {
    const dataKey = this.#current === undefined ? undefined : this.#dataKeys.get(this.#current);
    if (dataKey === undefined) throw this.#locked();
    // Not the data key itself, which encrypts; and another key for each context.
    const key = createHmac('sha256', dataKey).update(`digest ${context}`).digest();
    return createHmac('sha256', key).update(data).digest('hex');
  }

  /** Fails with `KEYS_LOCKED` when its data key is not unwrapped, with `STORAGE` when it was changed or is another row's. */
  decrypt(sealed: Uint8Array, context: string): Uint8Array {
    const { keyId, nonce, body, tag } = parts(sealed);
    const dataKey = this.#dataKeys.get(keyId);
    if (dataKey === undefined) throw this.#locked();
    try {
      const decipher = createDecipheriv('aes-256-gcm', dataKey, nonce).setAAD(Buffer.from(context)).setAuthTag(tag);
      return Buffer.concat([decipher.update(body), decipher.final()]);
    } catch (thrown) {
      throw new PotterError('STORAGE', 'An encrypted entry was changed since it was written.', { cause: thrown });
    }
  }

  /**
   * Stores the key, bound to the host: in the place of the first, or behind those there are. Returns its slot. While locked it makes a new data key first, so that entering a key again works,
   * unless a passphrase alone protects the keys: then it fails with `KEYS_LOCKED`.
   */
  async setKey(provider: string, host: string, key: string, slot: 'first' | 'spare' = 'first'): Promise<number> {
    await this.#inTurn(async () => {
      if (this.#current !== undefined) return;
      if (this.protection === 'passphrase') throw this.#locked();
      await this.#makeDataKey();
    });
    const rows = this.#keyRows(provider);
    const [first] = rows;
    const place = slot === 'first' ? (first?.slot ?? 1) : (rows.at(-1)?.slot ?? 0) + 1;
    this.#store({ provider, slot: place, host, key });
    return place;
  }

  /** Binds the stored keys to another host, all or none. Fails with `NO_KEY` or `KEYS_LOCKED`. */
  attach(provider: string, host: string): void {
    const rows = this.#keyRows(provider);
    if (rows.length === 0) throw noKey(provider);
    this.#database.transaction(() => {
      for (const row of rows) this.#store({ provider, slot: row.slot, host, key: this.#open(row) }, row.set_at);
    });
  }

  #store({ provider, slot, host, key }: StoredKey, setAt = this.#clock.now()): void {
    this.#rows.clear();
    const encrypted = this.encrypt(key, keyContext({ provider, slot, host }));
    this.#database.run(
      'INSERT OR REPLACE INTO provider_keys (provider, slot, host, set_at, encrypted) VALUES (?, ?, ?, ?, ?)',
      ...[provider, slot, host, setAt, encrypted],
    );
  }

  #open(row: KeyRow): string {
    return Buffer.from(this.decrypt(row.encrypted, keyContext(row))).toString('utf8');
  }

  /**
   * The keys for requests to this host, the one to use first first. Fails with `NO_KEY`, `KEY_DETACHED` when they belong
   * to another host, or `KEYS_LOCKED` when none can be read.
   */
  keys(provider: string, host: string): readonly [string, ...string[]] {
    const rows = this.#keyRows(provider);
    const [first] = rows;
    if (!first) throw noKey(provider);
    const bound = rows.filter((row) => row.host === host);
    if (bound.length === 0) {
      const message = `The key of ${provider} was set for ${first.host}; the address is now at ${host}.`;
      throw new PotterError('KEY_DETACHED', message, { detail: { provider, boundTo: first.host, host } });
    }
    const readable = bound.filter(({ encrypted }) => this.#dataKeys.has(parts(encrypted).keyId));
    const [usable, ...spares] = readable.map((row) => this.#open(row));
    if (usable === undefined) throw this.#locked();
    return [usable, ...spares];
  }

  #keyRows(provider: string): readonly KeyRow[] {
    let rows = this.#rows.get(provider);
    if (!rows) {
      rows = this.#database.all<KeyRow>('SELECT * FROM provider_keys WHERE provider = ? ORDER BY slot', provider);
      this.#rows.set(provider, rows);
    }
    return rows;
  }

  /** `hostOf` gives the host a provider's address has now; a key bound to another one is listed as detached. */
  listKeys(hostOf: (provider: string) => string | undefined = () => undefined): KeyInfo[] {
    const rows = this.#database.all<KeyRow>('SELECT * FROM provider_keys ORDER BY provider, slot');
    return rows.map(({ provider, slot, host, set_at, encrypted }) => {
      const isLocked = !this.#dataKeys.has(parts(encrypted).keyId);
      const state = isLocked ? 'locked' : (hostOf(provider) ?? host) === host ? 'stored' : 'detached';
      return { provider, slot, host, setAt: set_at, state };
    });
  }

  /** Whether one is stored, readable or not. */
  hasKey(provider: string): boolean {
    return this.#keyRows(provider).length > 0;
  }

  /** Deletes all keys of the provider, or one. Whether there was any. */
  removeKey(provider: string, slot?: number): boolean {
    this.#rows.clear();
    const deleted =
      slot === undefined
        ? this.#database.run('DELETE FROM provider_keys WHERE provider = ?', provider)
        : this.#database.run('DELETE FROM provider_keys WHERE provider = ? AND slot = ?', provider, slot);
    return deleted > 0;
  }

  #wraps(): DataKeyRow[] {
    return this.#database.all<DataKeyRow>('SELECT key_id, backend, wrapped_key FROM data_key_wraps ORDER BY rowid');
  }

  #newest(): string | undefined {
    const select = 'SELECT key_id FROM data_keys ORDER BY created_at DESC, rowid DESC LIMIT 1';
    return this.#database.get<{ key_id: string }>(select)?.key_id;
  }

  #backendsOfNewest(): string[] {
    const newest = this.#newest();
    if (newest === undefined) return [];
    const select = 'SELECT backend FROM data_key_wraps WHERE key_id = ? ORDER BY rowid';
    return this.#database.all<{ backend: string }>(select, newest).map(({ backend }) => backend);
  }

  /** New things are encrypted with the newest data key, or not at all. */
  #settle(): VaultState {
    const newest = this.#newest();
    this.#current = newest !== undefined && this.#dataKeys.has(newest) ? newest : undefined;
    return this.state;
  }

  async #makeDataKey(): Promise<void> {
    const keyId = Buffer.from(this.#random(keyIdBytes)).toString('hex');
    const dataKey = this.#random(32);
    const wrap = await this.#wrapBySystem(keyId, dataKey);
    this.#database.transaction(() => {
      this.#database.run('INSERT INTO data_keys (key_id, created_at) VALUES (?, ?)', keyId, this.#clock.now());
      this.#insertWrap(wrap);
    });
    this.#dataKeys.set(keyId, dataKey);
    this.#current = keyId;
  }

  async #wrapBySystem(key_id: string, dataKey: Uint8Array): Promise<DataKeyRow> {
    const [cipher] = this.#ciphers;
    try {
      return { key_id, backend: cipher.backend, wrapped_key: await cipher.wrap(dataKey) };
    } catch (thrown) {
      // It says what to mend.
      if (thrown instanceof PotterError) throw thrown;
      throw new PotterError('KEYS_LOCKED', `${cipher.backend} cannot keep a key now.`, { cause: thrown });
    }
  }

  #insertWrap({ key_id, backend, wrapped_key }: DataKeyRow): void {
    this.#database.run(
      'INSERT INTO data_key_wraps (key_id, backend, wrapped_key, created_at) VALUES (?, ?, ?, ?)',
      ...[key_id, backend, wrapped_key, this.#clock.now()],
    );
  }

  /** Unwraps what the passphrase opens. Fails when that is none of them. */
  async #guess(passphrase: string, wraps: readonly DataKeyRow[]): Promise<void> {
    const waitMs = Math.ceil(this.#nextGuessAt - this.#clock.monotonic());
    if (waitMs > 0) {
      const message = `Too many wrong passphrases; the next may come in ${Math.ceil(waitMs / 1000)} s.`;
      throw new PotterError('RATE_LIMITED', message, { detail: { retryAfterMs: waitMs } });
    }
    const opener = new PassphraseOpener(passphrase);
    let isRight = false;
    try {
      for (const { key_id, wrapped_key } of wraps) {
        const dataKey = await opener.open(wrapped_key, key_id);
        if (dataKey === undefined) continue;
        isRight = true;
        if (this.#dataKeys.has(key_id)) dataKey.fill(0);
        else this.#dataKeys.set(key_id, dataKey);
      }
    } finally {
      await opener.forget();
    }
    if (isRight) {
      this.#wrongGuesses = 0;
      return;
    }
    this.#wrongGuesses += 1;
    const pause =
      this.#wrongGuesses < freeGuesses ? 0 : Math.min(longestPause, 1000 * 2 ** (this.#wrongGuesses - freeGuesses));
    this.#nextGuessAt = this.#clock.monotonic() + pause;
    this.#log.warn('a wrong passphrase was given', { wrongGuesses: this.#wrongGuesses });
    throw new PotterError('PASSPHRASE_WRONG', 'This passphrase does not open the keys.');
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    // Whoever asked for the turn hears of its failure; the next one only waits for its end.
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #locked(): PotterError {
    return locked(lockedMessages[this.protection](this.#reason ?? 'They cannot be unlocked now.'));
  }

  /** A name nobody here answers to goes to the first, whose failure says what is wrong. */
  #cipherOf(backend: string): Cipher {
    return this.#ciphers.find((cipher) => cipher.backend === backend) ?? this.#ciphers[0];
  }

  #warn(error: unknown, wrappedBy = this.#ciphers[0].backend): void {
    this.#log.warn('the keys are locked', { error, wrappedBy });
  }
}

interface DataKeyRow {
  readonly key_id: string;
  readonly backend: string;
  readonly wrapped_key: Uint8Array;
}

interface KeyPlace {
  readonly provider: string;
  readonly slot: number;
  readonly host: string;
}

interface StoredKey extends KeyPlace {
  readonly key: string;
}

interface KeyRow extends KeyPlace {
  readonly set_at: number;
  readonly encrypted: Uint8Array;
}

/** What is sealed: format, id of the data key, nonce, ciphertext, tag. */
const format = 1;
const keyIdBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;

function parts(sealed: Uint8Array): { keyId: string; nonce: Uint8Array; body: Uint8Array; tag: Uint8Array } {
  const nonceAt = 1 + keyIdBytes;
  const bodyAt = nonceAt + nonceBytes;
  if (sealed[0] !== format || sealed.length < bodyAt + tagBytes) {
    throw new PotterError('STORAGE', 'An encrypted entry has a form this version does not know.');
  }
  return {
    keyId: Buffer.from(sealed.subarray(1, nonceAt)).toString('hex'),
    nonce: sealed.subarray(nonceAt, bodyAt),
    body: sealed.subarray(bodyAt, -tagBytes),
    tag: sealed.subarray(-tagBytes),
  };
}

/** Moving a row to another provider, place or host makes it unreadable. The first place is as it was when it was the only one. */
function keyContext({ provider, slot, host }: KeyPlace): string {
  return slot === 1 ? `key ${provider} ${host}` : `key ${provider} ${slot} ${host}`;
}

/** Wrong passphrases that cost nothing but their time. */
const freeGuesses = 3;
const longestPause = 60_000;

/** Chromium's name for keys hidden behind a password everybody knows. */
const openBackend = 'basic_text';
const openlyStored =
  'This system has no key store, so any program that runs as you can read the keys. Start a keyring such as GNOME Keyring or KWallet, or set a passphrase with `potter keys protect passphrase`.';
const partlyLocked =
  'Some keys are locked: try again, unlock them with the passphrase if they had one, or enter them again.';

const lockedMessages: Readonly<Record<Protection, (reason: string) => string>> = {
  system: (reason) => `The keys are locked. ${reason} Nothing is lost: try again, or enter the keys again.`,
  'system-or-passphrase': (reason) =>
    `The keys are locked. ${reason} Nothing is lost: try again, unlock them with the passphrase, or enter them again.`,
  passphrase: () =>
    'The keys are locked: unlock them with the passphrase (`potter keys unlock`). If it is forgotten, only `potter erase` begins anew.',
};

function locked(message: string): PotterError {
  return new PotterError('KEYS_LOCKED', message);
}

function noKey(provider: string): PotterError {
  return new PotterError('NO_KEY', `There is no key for ${provider}.`, { detail: { provider } });
}
