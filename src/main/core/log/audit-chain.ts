/** The forms of the audit log and the proof that they hold together. Pure; scripts/verify-audit.py does the same. */
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import type { AuditFault } from '../../../shared/contract.ts';

export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly callId: string;
  readonly caller: string;
  readonly route: string;
  readonly subject: string;
  readonly result: string;
  /** Sizes and a keyed digest of the text it was about, as JSON; null where there is none. */
  readonly payload: string | null;
  readonly hash: string;
}

/** Signed word of how far the log had come. All bytes are in hexadecimal. */
export interface Checkpoint {
  readonly seq: number;
  /** Of the entry with that number. */
  readonly hash: string;
  readonly at: number;
  /** Hash of the checkpoint before it. */
  readonly previous: string;
  readonly keyId: string;
  readonly signature: string;
}

export interface AuditReport {
  readonly entries: number;
  readonly checkpoints: number;
  /** Entries after the newest checkpoint, whose loss would not be seen. */
  readonly uncovered: number;
  readonly problem?: { readonly kind: AuditFault; readonly seq: number };
}

export interface AuditRecord {
  readonly entries: readonly AuditRow[];
  readonly checkpoints: readonly Checkpoint[];
  /** Raw Ed25519 public keys by their id. */
  readonly keys: Readonly<Record<string, string>>;
}

export const beginning = '0'.repeat(64);

/** Over RFC 8785 JSON, which for whole numbers and strings is JSON.stringify with the names in order. */
export function chained(before: string, row: Omit<AuditRow, 'hash'>): string {
  const { at, callId, caller, payload, result, route, seq, subject } = row;
  // Entries without one are written as they were before there was any.
  const about = payload === null ? { at, callId, caller } : { at, callId, caller, payload };
  const canonical = JSON.stringify({ ...about, result, route, seq, subject });
  return createHash('sha256').update(Buffer.from(before, 'hex')).update(canonical).digest('hex');
}

export function signedPart({ at, hash, keyId, previous, seq }: Omit<Checkpoint, 'signature'>): Buffer {
  return Buffer.from(JSON.stringify({ at, hash, keyId, previous, seq }));
}

export function checkpointHash(checkpoint: Checkpoint): string {
  return createHash('sha256').update(signedPart(checkpoint)).update(checkpoint.signature).digest('hex');
}

export function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'hex')).digest('hex').slice(0, 16);
}

/** The first thing that is wrong, in the order of the entries and then of the checkpoints. */
export function verifyAudit({ entries, checkpoints, keys }: AuditRecord): AuditReport {
  const covered = checkpoints.at(-1)?.seq ?? 0;
  const problem = faultOfEntries(entries) ?? faultOfCheckpoints(entries, checkpoints, keys);
  return {
    entries: entries.length,
    checkpoints: checkpoints.length,
    uncovered: Math.max(0, entries.length - covered),
    ...(problem && { problem }),
  };
}

function faultOfEntries(entries: readonly AuditRow[]): AuditReport['problem'] {
  let before = beginning;
  let expected = 1;
  for (const row of entries) {
    if (row.seq < expected) return { kind: 'inserted', seq: row.seq };
    if (row.seq > expected) {
      return { kind: entries.some(({ seq }) => seq === expected) ? 'reordered' : 'missing', seq: expected };
    }
    if (chained(before, row) !== row.hash) return { kind: 'edited', seq: expected };
    before = row.hash;
    expected += 1;
  }
  return undefined;
}

function faultOfCheckpoints(
  entries: readonly AuditRow[],
  checkpoints: readonly Checkpoint[],
  keys: AuditRecord['keys'],
): AuditReport['problem'] {
  const seen = new Set<string>();
  let previous = beginning;
  for (const checkpoint of checkpoints) {
    const { seq } = checkpoint;
    if (!isSigned(checkpoint, keys)) return { kind: 'checkpoint-forged', seq };
    const hash = checkpointHash(checkpoint);
    if (seen.has(hash)) return { kind: 'checkpoint-replayed', seq };
    if (checkpoint.previous !== previous) return { kind: 'checkpoint-missing', seq };
    const entry = entries[seq - 1];
    if (entry === undefined) return { kind: 'cut', seq: entries.length + 1 };
    if (entry.hash !== checkpoint.hash) return { kind: 'rewritten', seq };
    seen.add(hash);
    previous = hash;
  }
  // A key is made for the first checkpoint only.
  if (checkpoints.length === 0 && Object.keys(keys).length > 0) return { kind: 'checkpoint-missing', seq: 1 };
  return undefined;
}

/** What stands before a raw Ed25519 key in DER. */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');

function isSigned(checkpoint: Checkpoint, keys: AuditRecord['keys']): boolean {
  const raw = Object.hasOwn(keys, checkpoint.keyId) ? keys[checkpoint.keyId] : undefined;
  if (raw === undefined || !/^[0-9a-f]{64}$/.test(raw) || keyIdOf(raw) !== checkpoint.keyId) return false;
  const key = createPublicKey({
    key: Buffer.concat([derPrefix, Buffer.from(raw, 'hex')]),
    format: 'der',
    type: 'spki',
  });
  const isHex = /^[0-9a-f]{128}$/.test(checkpoint.signature);
  return isHex && verifySignature(null, signedPart(checkpoint), key, Buffer.from(checkpoint.signature, 'hex'));
}
