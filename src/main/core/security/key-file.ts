/** The cipher where there is no key store of the system: a key file only its owner may read. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { PotterError } from '../../../shared/errors.ts';
import type { Cipher } from '../host.ts';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Wraps with 256 random bits in `key` (mode 0600) of the data directory, which must exist; the file is made at the first
 * wrap. A file that others may read is refused rather than repaired: somebody may have read it already. One that is
 * damaged can unwrap nothing any more; the next wrap puts it aside and makes another one.
 */
export function createKeyFileCipher(dataDirectory: string): Cipher {
  const path = join(dataDirectory, 'key');
  return {
    backend: 'key-file',
    wrap: async (plain) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', keyToWrapWith(path), nonce);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap: async (wrapped) => {
      const key = readKey(path);
      if (key === undefined) throw new PotterError('KEYS_LOCKED', `The key file ${path} is missing.`);
      if (isDamaged(key)) throw new PotterError('KEYS_LOCKED', `The key file ${path} is damaged.`);
      const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, nonceBytes));
      decipher.setAuthTag(wrapped.subarray(-tagBytes));
      return Buffer.concat([decipher.update(wrapped.subarray(nonceBytes, -tagBytes)), decipher.final()]);
    },
    forget: () => {
      for (const name of readdirSync(dataDirectory)) {
        if (/^key(?:\.damaged-\d+)?$/.test(name)) rmSync(join(dataDirectory, name), { force: true });
      }
    },
  };
}

function keyToWrapWith(path: string): Buffer {
  const key = readKey(path);
  if (key !== undefined && !isDamaged(key)) return key;
  if (key !== undefined) putAside(path);
  return makeKey(path);
}

const isDamaged = (key: Buffer): boolean => key.length !== keyBytes;

/** Beside it and never over an earlier one, as it may still be mended by hand. */
function putAside(path: string): void {
  let number = 1;
  while (existsSync(`${path}.damaged-${number}`)) number += 1;
  renameSync(path, `${path}.damaged-${number}`);
}

/** Whole or damaged; undefined when there is none. */
function readKey(path: string): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw new PotterError('KEYS_LOCKED', `The key file ${path} cannot be read.`, { cause: thrown });
  }
  try {
    // Windows has no such mode; there the file is as private as the folder of the user's profile.
    const mode = process.platform === 'win32' ? 0 : fstatSync(descriptor).mode & 0o077;
    if (mode !== 0) {
      throw new PotterError('KEYS_LOCKED', `The key file ${path} may be read by others; set its mode to 600.`);
    }
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Linked into place when it is whole and on the disk, and never over another one: what that one wrapped would be lost. */
function makeKey(path: string): Buffer {
  const key = randomBytes(keyBytes);
  const draft = `${path}.${process.pid}.tmp`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(descriptor, key);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    linkSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return key;
}
