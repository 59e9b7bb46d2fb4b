/** Who owns a data directory, and where the owner listens. */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PotterError } from '../../../shared/errors.ts';

export interface Ownership {
  release(): void;
}

/**
 * Makes this process the owner of the directory, or returns undefined while another one is.
 *
 * Node offers no file lock, but SQLite holds one for as long as an exclusive transaction is open, on every system, and
 * the system itself frees it when the process dies, however it dies. Nothing is ever written to the file. On Linux and
 * macOS such a lock is lost when the same process opens and closes the file elsewhere, so nothing else may open
 * `owner.lock`: not a backup, not a test.
 */
export function acquireOwnership(dataDirectory: string): Ownership | undefined {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(resolve(dataDirectory, 'owner.lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    const mine = lock;
    held.add(mine);
    return {
      release: () => {
        if (held.delete(mine)) mine.close();
      },
    };
  } catch (thrown) {
    lock?.close();
    if (isBusy(thrown)) return undefined;
    throw new PotterError('STORAGE', `The data directory ${dataDirectory} cannot be locked.`, { cause: thrown });
  }
}

/**
 * State of the module, because it is state of the process: a connection nobody refers to any more is closed by the garbage
 * collector, and the directory would have lost its owner without a word.
 */
const held = new Set<DatabaseSync>();

/** SQLITE_BUSY */
function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && (Number(thrown.errcode) & 0xff) === 5;
}

export interface SocketPlace {
  readonly platform: NodeJS.Platform;
  /** Folder for temporary files, such as `os.tmpdir()`. */
  readonly temporary: string;
  /** Number of the user; absent on Windows. */
  readonly uid?: number;
}

/** The kernel's limit is 104 bytes on macOS and 108 on Linux, with the closing zero. */
const longestSocketPath = 100;

/**
 * Address of the local socket of a data directory: a file in it, or, where that path is too long for a socket, in a
 * folder of the user's own under the temporary folder; a named pipe on Windows.
 */
export function socketPath(dataDirectory: string, { platform, temporary, uid }: SocketPlace): string {
  const hash = createHash('sha256').update(resolve(dataDirectory)).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\potter-${hash}`;
  const inside = posix.join(dataDirectory, 'potter.sock');
  return Buffer.byteLength(inside) <= longestSocketPath
    ? inside
    : posix.join(temporary, `potter-${uid ?? 'user'}-${hash}`, 'potter.sock');
}

/**
 * Creates the folder for this user alone, or makes sure that the one there is. Under the temporary folder anybody could
 * have put one first. Fails with `STORAGE` when it is somebody else's or a link.
 */
export function preparePrivateFolder(path: string, uid: number | undefined): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory() || (uid !== undefined && found.uid !== uid)) {
    throw new PotterError('STORAGE', `${path} belongs to somebody else, so the local socket is not put there.`);
  }
  chmodSync(path, 0o700);
}
