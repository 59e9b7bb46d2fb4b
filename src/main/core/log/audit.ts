/** What was decided and changed, for later. Ids and results only: never texts, keys or values of settings. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { RouteName, VaultState } from '../../../shared/contract.ts';
import { type ErrorCode, PotterError } from '../../../shared/errors.ts';
import type { Clock } from '../host.ts';
import type { Database } from '../storage/database.ts';
import {
  type AuditReport,
  type AuditRow,
  beginning,
  type Checkpoint,
  chained,
  checkpointHash,
  keyIdOf,
  signedPart,
  verifyAudit,
} from './audit-chain.ts';
import type { Log } from './log.ts';
import { redactText } from './redact.ts';

export interface AuditEntry {
  readonly callId: string;
  readonly caller: string;
  readonly route: RouteName;
  /** What it is about: a provider, the name of a setting, the id of an entry. Empty for a refusal. */
  readonly subject: string;
  /** `begun` before anything happens, then how it ended. One without an end was cut off, and may have had its effect. */
  readonly result: 'begun' | 'ok' | ErrorCode;
}

/** What the log needs of the vault, which stands above it. */
interface Seals {
  readonly state: VaultState;
  digest(data: string, context: string): string;
  encrypt(plain: Uint8Array | string, context: string): Uint8Array;
  decrypt(sealed: Uint8Array, context: string): Uint8Array;
}

export interface AuditOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly vault: Seals;
  /** Where the checkpoints go: not the database, so that who cuts one must find the other. */
  readonly checkpointFile: string;
  readonly log: Pick<Log, 'error'>;
}

/** A call that changes nothing here but sends or shows text: what of it is kept is its size and a keyed digest. */
export interface AuditNote extends AuditEntry {
  readonly input?: string;
  readonly output?: string;
}

/**
 * How long a note may wait for others to be committed with: what is lost when the process is killed. A commit holds up
 * everything else for some milliseconds, so a shorter wait would cost a busy gateway a tenth of its speed.
 */
export const noteWindowMs = 250;
/** Notes of one window that get an entry each; of more, equal ones share one. */
const mostInWindow = 20;

/** Entries from one checkpoint to the next. */
const checkpointEvery = 64;
/** The same while only calls of programs come in, which may be thousands a second. */
const checkpointEveryNotes = 4096;

/**
 * Entries that cannot be changed unnoticed: each carries a hash over itself and the hash before it. A chain alone does
 * not show that entries were cut off at its end, so signed checkpoints beside the database say how far it had come.
 */
export class AuditLog {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #vault: AuditOptions['vault'];
  readonly #checkpointFile: string;
  /** Entries up to here are covered; undefined until the file was read. */
  #covered: number | undefined;
  readonly #log: Pick<Log, 'error'>;
  /** The newest entry; undefined until it was read. */
  #end: { readonly seq: number; readonly hash: string } | undefined;
  /** Noted, and not committed yet. */
  #noted: Entry[] = [];
  readonly #counted: Counted[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ database, clock, vault, checkpointFile, log }: AuditOptions) {
    this.#log = log;
    this.#database = database;
    this.#clock = clock;
    this.#vault = vault;
    this.#checkpointFile = checkpointFile;
  }

  /** Committed when it returns, and with it all that was noted before. */
  append(entry: AuditEntry): void {
    this.#commit(
      [...this.#noted.splice(0), ...this.#takeCounted(), { ...entry, at: this.#now(), payload: null }],
      checkpointEvery,
    );
  }

  /** Committed with others within `noteWindowMs`. */
  note(note: AuditNote): void {
    this.#timer ??= setTimeout(() => this.#flush(), noteWindowMs).unref();
    if (this.#noted.length >= mostInWindow && this.#countWithOthers(note)) return;
    const { input = '', output = '', ...entry } = note;
    const digest = input !== '' && this.#vault.state === 'unlocked' ? this.#vault.digest(input, 'audit') : '';
    const sizes = { bytesIn: Buffer.byteLength(input), bytesOut: Buffer.byteLength(output), digest };
    const subject = redactText(entry.subject);
    this.#noted.push({ ...entry, subject, at: this.#now(), payload: JSON.stringify(sizes) });
  }

  /** In a flood of calls the equal ones become one entry that counts them, lest the log outgrow the disk. */
  #countWithOthers({ input, caller, route, subject, result, callId }: AuditNote): boolean {
    if (input !== undefined) return false;
    const equal = this.#counted.find(
      (other) =>
        other.caller === caller && other.route === route && other.subject === subject && other.result === result,
    );
    if (equal) equal.calls += 1;
    else this.#counted.push({ callId, caller, route, subject, result, at: this.#now(), calls: 1 });
    return true;
  }

  /** Commits what was noted and signs how far the log has come. */
  stop(): void {
    this.#flush();
    this.checkpoint();
  }

  /** The newest first; `before` is the number of an entry. */
  list({ limit = 50, before = Number.MAX_SAFE_INTEGER }: { limit?: number; before?: number } = {}): AuditRow[] {
    this.#flush();
    return this.#rows('WHERE seq < ? ORDER BY seq DESC LIMIT ?', before, limit);
  }

  #now(): number {
    return Math.round(this.#clock.now());
  }

  #takeCounted(): Entry[] {
    return this.#counted.splice(0).map(({ calls, ...entry }) => ({
      ...entry,
      // Only now: it costs more than the rest of a call that is counted.
      subject: redactText(entry.subject),
      payload: JSON.stringify({ calls }),
    }));
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const noted = [...this.#noted.splice(0), ...this.#takeCounted()];
    if (noted.length === 0) return;
    try {
      this.#commit(noted, checkpointEveryNotes);
    } catch (error) {
      // What was noted has happened; nobody is left to refuse it to.
      this.#log.error('entries of the audit log are lost', { error, entries: noted.length });
    }
  }

  #commit(entries: readonly Entry[], every: number): void {
    let { seq, hash } = this.#last();
    this.#database.transaction(() => {
      for (const entry of entries) {
        seq += 1;
        hash = this.#insert(entry, seq, hash);
      }
    });
    this.#end = { seq, hash };
    try {
      this.#covered ??= this.#checkpoints().at(-1)?.seq ?? 0;
      if (seq - this.#covered >= every) this.checkpoint();
    } catch (error) {
      // The entries are written, and the next ones try again.
      this.#log.error('a checkpoint of the audit log could not be written', { error });
    }
  }

  /** Returns the hash of the entry. */
  #insert({ callId, caller, route, subject, result, at, payload }: Entry, seq: number, before: string): string {
    // SQLite keeps UTF-8, in which half a character cannot be written: the hash must be over what is read again.
    const row = {
      ...{ seq, at, route, result, payload },
      callId: callId.toWellFormed(),
      caller: caller.toWellFormed(),
      subject: subject.toWellFormed(),
    };
    const hash = chained(before, row);
    this.#database.run(
      'INSERT INTO audit (seq, at, call_id, caller, route, subject, result, payload, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[seq, at, row.callId, row.caller, route, row.subject, result, payload, Buffer.from(hash, 'hex')],
    );
    return hash;
  }

  /** Signs how far the log has come. False when there is nothing new, or when the vault is not open and it must wait. */
  checkpoint(): boolean {
    this.#flush();
    const { seq, hash } = this.#last();
    const before = this.#checkpoints().at(-1);
    this.#covered = before?.seq ?? 0;
    if (seq <= this.#covered || this.#vault.state !== 'unlocked') return false;
    const { keyId, key } = this.#signingKey();
    const previous = before ? checkpointHash(before) : beginning;
    const unsigned = { seq, hash, at: Math.round(this.#clock.now()), previous, keyId };
    const signature = sign(null, signedPart(unsigned), key).toString('hex');
    const descriptor = openSync(this.#checkpointFile, 'a', 0o600);
    try {
      // What a crash left of a line must not become the beginning of this one.
      ftruncateSync(descriptor, readFileSync(this.#checkpointFile).lastIndexOf('\n') + 1);
      writeSync(descriptor, `${JSON.stringify({ ...unsigned, signature })}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    this.#database.run('UPDATE audit_keys SET used = 1 WHERE key_id = ? AND used = 0', keyId);
    this.#covered = seq;
    return true;
  }

  /** Reads the whole chain and all checkpoints; the problem is the first thing that is wrong. */
  verify(): AuditReport {
    this.#flush();
    return verifyAudit({ entries: this.#entries(), checkpoints: this.#checkpoints(), keys: this.#keys() });
  }

  /** JSON lines that say all there is to verify: a header with the public keys, the entries, the checkpoints. */
  export(): string {
    this.#flush();
    const header = { potterAudit: 1, keys: this.#keys() };
    const entries = this.#entries().map((entry) => ({ entry }));
    const checkpoints = this.#checkpoints().map((checkpoint) => ({ checkpoint }));
    return [header, ...entries, ...checkpoints].map((line) => `${JSON.stringify(line)}\n`).join('');
  }

  #last(): { readonly seq: number; readonly hash: string } {
    const select = 'SELECT seq, lower(hex(hash)) AS hash FROM audit ORDER BY seq DESC LIMIT 1';
    // The owner of the directory is the only writer.
    this.#end ??= this.#database.get<{ seq: number; hash: string }>(select) ?? { seq: 0, hash: beginning };
    return this.#end;
  }

  #entries(): AuditRow[] {
    return this.#rows('ORDER BY seq');
  }

  #rows(rest: string, ...values: number[]): AuditRow[] {
    return this.#database.all<AuditRow>(
      `SELECT seq, at, call_id AS callId, caller, route, subject, result, payload, lower(hex(hash)) AS hash
       FROM audit ${rest}`,
      ...values,
    );
  }

  /** Without one that was made for a checkpoint which a crash kept from being written. */
  #keys(): Record<string, string> {
    const named = new Set(this.#checkpoints().map(({ keyId }) => keyId));
    const rows = this.#database.all<KeyRow>('SELECT * FROM audit_keys ORDER BY rowid');
    const used = rows.filter(({ key_id, used }) => used === 1 || named.has(key_id));
    return Object.fromEntries(used.map(({ key_id, public_key }) => [key_id, Buffer.from(public_key).toString('hex')]));
  }

  /** A last line a crash cut off is none yet; any other that is no checkpoint counts as one nobody signed. */
  #checkpoints(): Checkpoint[] {
    let text: string;
    try {
      text = readFileSync(this.#checkpointFile, 'utf8');
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
      const message = `The checkpoints of the audit log in ${this.#checkpointFile} cannot be read; check its permissions.`;
      throw new PotterError('STORAGE', message, { cause: thrown });
    }
    return text.split('\n').slice(0, -1).map(parsed);
  }

  /** The newest one the vault opens; another after all data was deleted, and with it what opened the old one. */
  #signingKey(): { readonly keyId: string; readonly key: KeyObject } {
    const row = this.#database.get<KeyRow>('SELECT * FROM audit_keys ORDER BY rowid DESC LIMIT 1');
    if (row !== undefined) {
      try {
        const der = Buffer.from(this.#vault.decrypt(row.sealed, context(row.key_id)));
        const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
        if (rawPublicKey(key).equals(row.public_key)) return { keyId: row.key_id, key };
      } catch (thrown) {
        if (!(thrown instanceof PotterError)) throw thrown;
      }
    }
    const { privateKey: key } = generateKeyPairSync('ed25519');
    const publicKey = rawPublicKey(key);
    const keyId = keyIdOf(publicKey.toString('hex'));
    const sealed = this.#vault.encrypt(key.export({ format: 'der', type: 'pkcs8' }), context(keyId));
    this.#database.run(
      'INSERT INTO audit_keys (key_id, public_key, sealed) VALUES (?, ?, ?)',
      keyId,
      publicKey,
      sealed,
    );
    return { keyId, key };
  }
}

/** Several equal calls; the id is that of the first. */
interface Counted extends AuditEntry {
  readonly at: number;
  calls: number;
}

/** As it will be written down. */
interface Entry extends AuditEntry {
  readonly at: number;
  readonly payload: string | null;
}

interface KeyRow {
  readonly key_id: string;
  readonly public_key: Uint8Array;
  readonly sealed: Uint8Array;
  readonly used: number;
}

const context = (keyId: string): string => `audit key ${keyId}`;

function rawPublicKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

const unreadable: Checkpoint = { seq: 0, hash: '', at: 0, previous: '', keyId: '', signature: '' };

function parsed(line: string): Checkpoint {
  try {
    // What has another form fails at its signature.
    return { ...unreadable, ...(JSON.parse(line) as Partial<Checkpoint>) };
  } catch {
    return unreadable;
  }
}
