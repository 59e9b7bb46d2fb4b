/** Provider keys and private rows, encrypted with one data key that only this user's cipher can unwrap. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyInfo, VaultState } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import type { Cipher, Clock } from '../host.ts';
import type { Log } from '../log/log.ts';
import type { Database } from '../storage/database.ts';

export interface VaultOptions {
  readonly database: Database;
  /** The first wraps new data keys; a data key is unwrapped by the one that wrapped it. */
  readonly ciphers: readonly [Cipher, ...Cipher[]];
  readonly clock: Clock;
  readonly log: Log;
  /** Default: the system's. */
  readonly random?: (bytes: number) => Uint8Array;
}

/**
 * What is encrypted says which data key did it. So when a data key cannot be unwrapped, it and all that hangs on it stay
 * where they are, nothing is deleted, and entering a key anew makes another data key beside it.
 */
export class Vault {
  readonly #database: Database;
  readonly #ciphers: VaultOptions['ciphers'];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #random: (bytes: number) => Uint8Array;
  /** Unwrapped data keys by their id. */
  readonly #dataKeys = new Map<string, Uint8Array>();
  /** The one new things are encrypted with. */
  #current: string | undefined;

  /** Unwraps what there is, or makes the first data key. A cipher that fails means `locked` or `empty`, not a failure. */
  static async open(options: VaultOptions): Promise<Vault> {
    const vault = new Vault(options);
    await vault.retry();
    // Made now, because the first run must find a key for its entry in the history without waiting for the cipher.
    if (vault.state === 'empty') await vault.#makeDataKey().catch((error) => vault.#warn(error));
    return vault;
  }

  private constructor({ database, ciphers, clock, log, random = randomBytes }: VaultOptions) {
    this.#database = database;
    this.#ciphers = ciphers;
    this.#clock = clock;
    this.#log = log;
    this.#random = random;
  }

  /** `empty`: no data key yet; `locked`: the newest one could not be unwrapped. */
  get state(): VaultState {
    if (this.#current !== undefined) return 'unlocked';
    return this.#stored().length === 0 ? 'empty' : 'locked';
  }

  /** What wraps the data key in use, or will wrap the first one, by name. */
  get backend(): string {
    return this.#stored().at(-1)?.backend ?? this.#ciphers[0].backend;
  }

  /** Tries again to unwrap the data keys that could not be unwrapped so far. */
  async retry(): Promise<VaultState> {
    for (const { key_id, wrapped_key, backend } of this.#stored()) {
      if (this.#dataKeys.has(key_id)) continue;
      try {
        this.#dataKeys.set(key_id, await this.#cipherOf(backend).unwrap(wrapped_key));
      } catch (thrown) {
        this.#warn(thrown, backend);
      }
    }
    const newest = this.#stored().at(-1)?.key_id;
    this.#current = newest !== undefined && this.#dataKeys.has(newest) ? newest : undefined;
    return this.state;
  }

  /** Only the same context opens it again, so that one row cannot pass for another. Fails with `KEYS_LOCKED`. */
  encrypt(plain: Uint8Array | string, context: string): Uint8Array {
    const dataKey = this.#current === undefined ? undefined : this.#dataKeys.get(this.#current);
    if (this.#current === undefined || dataKey === undefined) throw locked();
    const nonce = this.#random(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', dataKey, nonce).setAAD(Buffer.from(context));
    const header = [Buffer.from([format]), Buffer.from(this.#current, 'hex'), nonce];
    return Buffer.concat([...header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** Fails with `KEYS_LOCKED` when its data key is not unwrapped, with `STORAGE` when it was changed or is another row's. */
  decrypt(sealed: Uint8Array, context: string): Uint8Array {
    const { keyId, nonce, body, tag } = parts(sealed);
    const dataKey = this.#dataKeys.get(keyId);
    if (dataKey === undefined) throw locked();
    try {
      const decipher = createDecipheriv('aes-256-gcm', dataKey, nonce).setAAD(Buffer.from(context)).setAuthTag(tag);
      return Buffer.concat([decipher.update(body), decipher.final()]);
    } catch (thrown) {
      throw new PotterError('STORAGE', 'An encrypted entry was changed since it was written.', { cause: thrown });
    }
  }

  /** Stores the key, bound to the host. While locked it makes a new data key first, so entering a key again always works. */
  async setKey(provider: string, host: string, key: string): Promise<void> {
    if (this.#current === undefined) await this.#makeDataKey();
    const encrypted = this.encrypt(key, keyContext(provider, host));
    this.#database.run(
      'INSERT OR REPLACE INTO provider_keys (provider, host, set_at, encrypted) VALUES (?, ?, ?, ?)',
      ...[provider, host, this.#clock.now(), encrypted],
    );
  }

  /** The key for requests to this host. Fails with `NO_KEY`, `KEY_DETACHED` or `KEYS_LOCKED`. */
  key(provider: string, host: string): string {
    const row = this.#database.get<KeyRow>('SELECT * FROM provider_keys WHERE provider = ?', provider);
    if (row === undefined)
      throw new PotterError('NO_KEY', `There is no key for ${provider}.`, { detail: { provider } });
    if (row.host !== host) {
      const message = `The key of ${provider} was set for ${row.host}; the address is now at ${host}.`;
      throw new PotterError('KEY_DETACHED', message, { detail: { provider, boundTo: row.host, host } });
    }
    return Buffer.from(this.decrypt(row.encrypted, keyContext(provider, host))).toString('utf8');
  }

  /** `hostOf` gives the host a provider's address has now; a key bound to another one is listed as detached. */
  listKeys(hostOf: (provider: string) => string | undefined = () => undefined): KeyInfo[] {
    const rows = this.#database.all<KeyRow>('SELECT * FROM provider_keys ORDER BY provider');
    return rows.map(({ provider, host, set_at, encrypted }) => {
      const isLocked = !this.#dataKeys.has(parts(encrypted).keyId);
      const state = isLocked ? 'locked' : (hostOf(provider) ?? host) === host ? 'stored' : 'detached';
      return { provider, host, setAt: set_at, state };
    });
  }

  /** Whether one is stored, readable or not. */
  hasKey(provider: string): boolean {
    return this.#database.get('SELECT 1 FROM provider_keys WHERE provider = ?', provider) !== undefined;
  }

  /** Whether there was one. */
  removeKey(provider: string): boolean {
    return this.#database.run('DELETE FROM provider_keys WHERE provider = ?', provider) > 0;
  }

  #stored(): DataKeyRow[] {
    return this.#database.all<DataKeyRow>(
      'SELECT * FROM data_keys JOIN data_key_wraps USING (key_id) ORDER BY data_keys.created_at, data_keys.rowid',
    );
  }

  async #makeDataKey(): Promise<void> {
    const keyId = Buffer.from(this.#random(keyIdBytes)).toString('hex');
    const dataKey = this.#random(32);
    const [cipher] = this.#ciphers;
    const wrapped = await cipher.wrap(dataKey).catch((thrown: unknown) => {
      // It says what to mend.
      if (thrown instanceof PotterError) throw thrown;
      throw new PotterError('KEYS_LOCKED', `${cipher.backend} cannot keep a key now.`, { cause: thrown });
    });
    const now = this.#clock.now();
    this.#database.run('INSERT INTO data_keys (key_id, created_at) VALUES (?, ?)', keyId, now);
    this.#database.run(
      'INSERT INTO data_key_wraps (key_id, backend, wrapped_key, created_at) VALUES (?, ?, ?, ?)',
      ...[keyId, cipher.backend, wrapped, now],
    );
    this.#dataKeys.set(keyId, dataKey);
    this.#current = keyId;
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
  readonly created_at: number;
}

interface KeyRow {
  readonly provider: string;
  readonly host: string;
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

/** Moving a row to another provider or host makes it unreadable. */
function keyContext(provider: string, host: string): string {
  return `key ${provider} ${host}`;
}

function locked(): PotterError {
  return new PotterError('KEYS_LOCKED', 'The keys cannot be unlocked on this machine by this user right now.');
}
