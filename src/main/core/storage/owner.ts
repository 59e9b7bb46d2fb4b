/** Who owns a data directory. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
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
