/** What programs show at the loopback API: secrets of 256 bits, of which only a digest is kept. */
import { hash, randomBytes as systemRandomBytes } from 'node:crypto';
import type { TokenInfo, TokenRole } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import type { Clock } from '../host.ts';
import type { Database } from '../storage/database.ts';
import type { Caller } from './access.ts';

export interface TokensOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Default: the system's. */
  readonly randomBytes?: (size: number) => Uint8Array;
}

export interface NewToken {
  readonly name: string;
  readonly role: TokenRole;
  /** Ids of the only actions it may run; any if left out. */
  readonly actions?: readonly string[] | undefined;
  readonly expiresInDays?: number | undefined;
}

/** By its beginning a secret is known where it was left lying about. */
const prefix = 'potter_';
const day = 86_400_000;
/** The last use is written down no more often than this, so that a call costs no commit. */
const usePrecision = 60_000;

interface Kept {
  readonly caller: Extract<Caller, { kind: 'token' }>;
  readonly expiresAt: number | undefined;
  /** As it was last written down. */
  usedAt: number;
}

export class Tokens {
  readonly #options: TokensOptions;
  /** By the digest of the secret. Looking one up gives nothing away: a digest cannot be guessed bit by bit. */
  #byDigest = new Map<string, Kept>();

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#load();
  }

  /** The caller a secret stands for, if it is known and has not expired. */
  authenticate(secret: string): Caller | undefined {
    const kept = this.#byDigest.get(digest(secret));
    if (!kept) return undefined;
    const now = this.#options.clock.now();
    if (kept.expiresAt !== undefined && now >= kept.expiresAt) return undefined;
    if (now - kept.usedAt > usePrecision) {
      kept.usedAt = now;
      this.#options.database.run('UPDATE tokens SET used_at = ? WHERE id = ?', Math.round(now), kept.caller.id);
    }
    return kept.caller;
  }

  /** The secret is in the answer and nowhere else. */
  create({ name, role, actions, expiresInDays }: NewToken): { token: TokenInfo; secret: string } {
    const { database, clock, newId } = this.#options;
    if (this.list().some((token) => token.name === name)) {
      throw new PotterError('CONFLICT', `There is a token "${name}" already.`, { detail: { name } });
    }
    const id = newId();
    const secret = this.#newSecret();
    const at = Math.round(clock.now());
    database.run(
      'INSERT INTO tokens (id, name, role, actions, digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[id, name, role, actions ? JSON.stringify(actions) : null, digest(secret), at],
      expiresInDays === undefined ? null : at + expiresInDays * day,
    );
    this.#load();
    return { token: this.#get(id), secret };
  }

  /** A new secret for the token of that name or id; the old one is worth nothing from now on. Fails with `NOT_FOUND`. */
  rotate(nameOrId: string): { token: TokenInfo; secret: string } {
    const token = this.#get(nameOrId);
    const secret = this.#newSecret();
    this.#options.database.run('UPDATE tokens SET digest = ? WHERE id = ?', digest(secret), token.id);
    this.#load();
    return { token, secret };
  }

  /** Fails with `NOT_FOUND`. */
  revoke(nameOrId: string): void {
    this.#options.database.run('DELETE FROM tokens WHERE id = ?', this.#get(nameOrId).id);
    this.#load();
  }

  list(): TokenInfo[] {
    return this.#options.database.all<TokenRow>('SELECT * FROM tokens ORDER BY created_at, id').map(toInfo);
  }

  #get(nameOrId: string): TokenInfo {
    const token = this.list().find(({ id, name }) => id === nameOrId || name === nameOrId);
    if (token) return token;
    throw new PotterError('NOT_FOUND', `There is no token "${nameOrId}".`);
  }

  #newSecret(): string {
    const { randomBytes = systemRandomBytes } = this.#options;
    return prefix + Buffer.from(randomBytes(32)).toString('base64url');
  }

  #load(): void {
    const rows = this.#options.database.all<TokenRow>('SELECT * FROM tokens');
    this.#byDigest = new Map(
      rows.map((row) => {
        const { id, role, actions, expiresAt, usedAt = 0 } = toInfo(row);
        const caller = { kind: 'token', id, role, ...(actions && { actions: new Set(actions) }) } as const;
        return [row.digest, { caller, expiresAt, usedAt }];
      }),
    );
  }
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly actions: string | null;
  readonly digest: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly used_at: number | null;
}

function toInfo({ id, name, role, actions, created_at, expires_at, used_at }: TokenRow): TokenInfo {
  return {
    ...{ id, name, role, createdAt: created_at },
    // Written by `create` alone.
    ...(actions !== null && { actions: JSON.parse(actions) as string[] }),
    ...(expires_at !== null && { expiresAt: expires_at }),
    ...(used_at !== null && { usedAt: used_at }),
  };
}

function digest(secret: string): string {
  return hash('sha256', secret, 'base64');
}
