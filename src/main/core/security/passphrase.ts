/** Wraps data keys with a passphrase: scrypt makes a key of it, AES-256-GCM does the wrapping. */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { PotterError } from '../../../shared/errors.ts';

/** The name of its wraps among those of the ciphers. */
export const passphraseBackend = 'passphrase';

/** 128 MiB and about half a second for each guess, on what a person's machine has. */
export const defaultCost = 2 ** 17;

const format = 1;
const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = 4 + saltBytes;
const least = 15;
/** A database that was tampered with must not make us take all the memory there is. */
const most = 20;
const blockSize = 8;
const parallel = 1;

/** A key made of a passphrase. Deriving it is slow on purpose, so one is used for all the data keys there are. */
export interface PassphraseKey {
  /** The data key's id is bound in: what is wrapped does not open as another one. */
  wrap(dataKey: Uint8Array, keyId: string): Uint8Array;
  /** Overwrites it in memory. */
  forget(): void;
}

export async function newPassphraseKey(passphrase: string, cost = defaultCost): Promise<PassphraseKey> {
  const header = Buffer.concat([Buffer.from([format, Math.log2(cost), blockSize, parallel]), randomBytes(saltBytes)]);
  const key = await derive(passphrase, header);
  return {
    wrap: (dataKey, keyId) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context(header, keyId));
      return Buffer.concat([header, nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
    },
    forget: () => key.fill(0),
  };
}

/** What one passphrase opens. Keys that were wrapped together are opened with one derivation. */
export class PassphraseOpener {
  readonly #passphrase: string;
  readonly #derived = new Map<string, Promise<Buffer>>();

  constructor(passphrase: string) {
    this.#passphrase = passphrase;
  }

  /** Undefined for a wrong passphrase, and for a wrap that is damaged: the two cannot be told apart. */
  async open(wrapped: Uint8Array, keyId: string): Promise<Uint8Array | undefined> {
    const header = wrapped.subarray(0, headerBytes);
    if (wrapped.length <= headerBytes + nonceBytes + tagBytes || header[0] !== format) throw unknownForm();
    const name = Buffer.from(header).toString('hex');
    const deriving = this.#derived.get(name) ?? derive(this.#passphrase, header);
    this.#derived.set(name, deriving);
    const key = await deriving;
    const bodyAt = headerBytes + nonceBytes;
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(headerBytes, bodyAt))
        .setAAD(context(header, keyId))
        .setAuthTag(wrapped.subarray(-tagBytes));
      return Buffer.concat([decipher.update(wrapped.subarray(bodyAt, -tagBytes)), decipher.final()]);
    } catch {
      return undefined;
    }
  }

  /** Overwrites in memory what was derived. */
  async forget(): Promise<void> {
    for (const result of await Promise.allSettled(this.#derived.values())) {
      if (result.status === 'fulfilled') result.value.fill(0);
    }
    this.#derived.clear();
  }
}

const scryptAsync = promisify<Buffer, Uint8Array, number, object, Buffer>(scrypt);

async function derive(passphrase: string, header: Uint8Array): Promise<Buffer> {
  const [, exponent = 0, r = 0, p = 0] = header;
  if (exponent < least || exponent > most || r !== blockSize || p !== parallel) throw unknownForm();
  // The same letters typed on another keyboard may come composed differently.
  const secret = Buffer.from(passphrase.normalize('NFC'));
  const memory = 128 * 2 ** exponent * r;
  try {
    return await scryptAsync(secret, header.subarray(4), 32, { N: 2 ** exponent, r, p, maxmem: memory * 2 });
  } finally {
    secret.fill(0);
  }
}

const context = (header: Uint8Array, keyId: string): Buffer => Buffer.concat([header, Buffer.from(keyId)]);

const unknownForm = (): PotterError =>
  new PotterError('KEYS_LOCKED', 'The keys are wrapped with a passphrase in a form this version does not know.');
