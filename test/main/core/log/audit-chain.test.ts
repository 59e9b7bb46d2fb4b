import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type AuditRecord,
  type AuditRow,
  beginning,
  type Checkpoint,
  chained,
  checkpointHash,
  keyIdOf,
  signedPart,
  verifyAudit,
} from '../../../../src/main/core/log/audit-chain.ts';

/** The same numbers for the same seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');

function checkpointOf(row: AuditRow, before: Checkpoint | undefined, key: KeyObject = privateKey): Checkpoint {
  const previous = before ? checkpointHash(before) : beginning;
  const unsigned = { seq: row.seq, hash: row.hash, at: row.at, previous, keyId: keyIdOf(raw) };
  return { ...unsigned, signature: sign(null, signedPart(unsigned), key).toString('hex') };
}

/** A log that ends with a checkpoint. */
function logOf(length: number, below: (limit: number) => number): AuditRecord {
  const entries: AuditRow[] = [];
  const checkpoints: Checkpoint[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const fields = {
      callId: `c${seq}`,
      caller: 'cli',
      route: 'keys.set',
      subject: `é "\n\u2028${below(99)}`,
      result: 'ok',
    };
    const payload = below(2) === 0 ? null : '{"bytesIn":1,"bytesOut":2,"digest":""}';
    const row = { seq, at: 1_700_000_000_000 + seq, ...fields, payload };
    entries.push({ ...row, hash: chained(entries.at(-1)?.hash ?? beginning, row) });
    const last = entries.at(-1);
    if (last && (seq === length || below(8) === 0)) checkpoints.push(checkpointOf(last, checkpoints.at(-1)));
  }
  return { entries, checkpoints, keys: { [keyIdOf(raw)]: raw } };
}

/** What somebody with both files, but without the signing key, can do. */
const tamperings: readonly ((log: AuditRecord, below: (limit: number) => number) => AuditRecord)[] = [
  (log, below) => {
    const names = ['payload', 'seq', 'at', 'callId', 'caller', 'route', 'subject', 'result', 'hash'] as const;
    const name = names[below(names.length)] ?? 'at';
    const edit = (row: AuditRow): AuditRow => ({
      ...row,
      [name]: typeof row[name] === 'number' ? row[name] + 1 : `${row[name]}0`,
    });
    const place = below(log.entries.length);
    return { ...log, entries: log.entries.map((row, index) => (index === place ? edit(row) : row)) };
  },
  (log, below) => ({ ...log, entries: log.entries.toSpliced(below(log.entries.length), 1) }),
  (log, below) => {
    const place = below(log.entries.length);
    return { ...log, entries: log.entries.toSpliced(place, 0, ...log.entries.slice(place, place + 1)) };
  },
  (log, below) => {
    const place = below(log.entries.length - 1);
    const pair = log.entries.slice(place, place + 2).reverse();
    return { ...log, entries: log.entries.toSpliced(place, 2, ...pair) };
  },
  (log, below) => ({ ...log, entries: log.entries.slice(0, below(log.entries.length)) }),
  (log, below) => {
    // The whole chain made anew from a changed entry on.
    const place = below(log.entries.length);
    const entries: AuditRow[] = [];
    for (const [index, row] of log.entries.entries()) {
      const changed = index === place ? { ...row, subject: 'other' } : row;
      entries.push({ ...changed, hash: chained(entries.at(-1)?.hash ?? beginning, changed) });
    }
    return { ...log, entries };
  },
  (log) => {
    const last = log.entries.at(-1);
    const forger = generateKeyPairSync('ed25519').privateKey;
    return last
      ? { ...log, checkpoints: [...log.checkpoints.slice(0, -1), checkpointOf(last, undefined, forger)] }
      : log;
  },
  (log) => ({ ...log, checkpoints: [...log.checkpoints, ...log.checkpoints.slice(-1)] }),
];

describe('the proof of the audit log', () => {
  it('finds 10,000 of 10,000 tamperings', () => {
    const missed: number[] = [];
    const below = seeded(7);
    for (let round = 0; round < 10_000; round += 1) {
      const tampered = tamperings[round % tamperings.length]?.(logOf(2 + below(10), below), below);
      if (!tampered || verifyAudit(tampered).problem === undefined) missed.push(round);
    }
    expect(missed).toEqual([]);
  }, 60_000);

  it('claims nothing about logs as they were written', () => {
    const below = seeded(11);
    for (let length = 1; length < 200; length += 1) {
      const log = logOf(length, below);
      expect(verifyAudit(log).problem).toBeUndefined();
    }
  });

  const hasPython = spawnSync('python3', ['--version']).status === 0;
  it.skipIf(!hasPython)('is the same in Python', () => {
    const below = seeded(3);
    const logs = tamperings.map((tampering) => tampering(logOf(6, below), below));
    for (const log of [logOf(1, below), logOf(20, below), ...logs]) {
      const lines = [
        { potterAudit: 1, keys: log.keys },
        ...log.entries.map((entry) => ({ entry })),
        ...log.checkpoints.map((checkpoint) => ({ checkpoint })),
      ];
      const input = lines.map((line) => JSON.stringify(line)).join('\n');
      const { stdout, status } = spawnSync('python3', ['scripts/verify-audit.py'], { input, encoding: 'utf8' });
      const { problem } = verifyAudit(log);
      expect(status).toBe(problem ? 1 : 0);
      expect(stdout).toContain(problem ? `${problem.kind} ${problem.seq}\n` : `ok ${log.entries.length} entries`);
    }
  });
});
