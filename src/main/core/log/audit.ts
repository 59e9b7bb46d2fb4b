/** What was decided and changed, for later. Ids and results only: never texts, keys or values of settings. */
import { createHash } from 'node:crypto';
import type { RouteName } from '../../../shared/contract.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import type { Clock } from '../host.ts';
import type { Database } from '../storage/database.ts';

export interface AuditEntry {
  readonly callId: string;
  readonly caller: string;
  readonly route: RouteName;
  /** What it is about: a provider, the name of a setting, the id of an entry. Empty for a refusal. */
  readonly subject: string;
  /** `begun` before anything happens, then how it ended. One without an end was cut off, and may have had its effect. */
  readonly result: 'begun' | 'ok' | ErrorCode;
}

export interface AuditOptions {
  readonly database: Database;
  readonly clock: Clock;
}

/**
 * Entries that cannot be changed unnoticed: each carries a hash over itself and the hash before it. A chain alone does
 * not show that entries were cut off at its end.
 */
export class AuditLog {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: AuditOptions) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Committed when it returns. */
  append({ callId, caller, route, subject, result }: AuditEntry): void {
    this.#database.transaction(() => {
      const last = this.#database.get<Link>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1') ?? beginning;
      const row = { seq: last.seq + 1, at: Math.round(this.#clock.now()), callId, caller, route, subject, result };
      this.#database.run(
        'INSERT INTO audit (seq, at, call_id, caller, route, subject, result, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        ...[row.seq, row.at, callId, caller, route, subject, result, chained(last.hash, row)],
      );
    });
  }

  /** Reads the whole chain; `brokenAt` is the number of the first entry that was changed, or is not where it belongs. */
  verify(): { readonly entries: number; readonly brokenAt?: number } {
    const rows = this.#database.all<AuditRow & Link>(
      'SELECT seq, at, call_id AS callId, caller, route, subject, result, hash FROM audit ORDER BY seq',
    );
    let last: Link = beginning;
    for (const { hash, ...row } of rows) {
      const isNext = row.seq === last.seq + 1 && chained(last.hash, row).equals(hash);
      if (!isNext) return { entries: rows.length, brokenAt: last.seq + 1 };
      last = { seq: row.seq, hash };
    }
    return { entries: rows.length };
  }
}

interface AuditRow extends AuditEntry {
  readonly seq: number;
  readonly at: number;
}

interface Link {
  readonly seq: number;
  readonly hash: Uint8Array;
}

const beginning: Link = { seq: 0, hash: new Uint8Array(32) };

/** Over RFC 8785 JSON, which for whole numbers and strings is JSON.stringify with the names in order. */
function chained(before: Uint8Array, { at, callId, caller, result, route, seq, subject }: AuditRow): Buffer {
  const canonical = JSON.stringify({ at, callId, caller, result, route, seq, subject });
  return createHash('sha256').update(before).update(canonical).digest();
}
