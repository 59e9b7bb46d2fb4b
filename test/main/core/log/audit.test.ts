import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AuditLog, type AuditOptions } from '../../../../src/main/core/log/audit.ts';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import { type Database, openDatabase } from '../../../../src/main/core/storage/database.ts';

const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };
let directory: string;
let database: Database;
let audit: AuditLog;
let vault: AuditOptions['vault'];
const newAudit = (): AuditLog =>
  new AuditLog({ database, clock, vault, checkpointFile: join(directory, 'audit.checkpoints'), log: silentLog });
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-audit-'));
  database = openDatabase(join(directory, 'potter.db'));
  vault = {
    state: 'unlocked',
    encrypt: (plain) => Buffer.from(plain),
    decrypt: (sealed) => sealed,
    digest: (data) => `digest of ${data.length}`,
  };
  audit = newAudit();
  for (const route of ['keys.set', 'config.set', 'history.remove'] as const) {
    audit.append({ callId: 'c1', caller: 'window', route, subject: 'openai', result: 'ok' });
  }
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

/** What somebody with the file and an SQLite shell can do. */
function tamper(sql: string): void {
  database.run('DROP TRIGGER audit_is_not_edited');
  database.run('DROP TRIGGER audit_is_not_cut');
  database.run(sql);
}

describe('the audit log', () => {
  it('holds together as it was written, and across a restart', () => {
    audit = newAudit();
    audit.append({ callId: 'c2', caller: 'cli', route: 'keys.remove', subject: 'groq', result: 'NO_KEY' });
    expect(audit.verify()).toEqual({ entries: 4, checkpoints: 0, uncovered: 4 });
    expect(database.get('SELECT seq, at, call_id, caller, route, subject, result FROM audit WHERE seq = 4')).toEqual({
      seq: 4,
      at: clock.now(),
      call_id: 'c2',
      caller: 'cli',
      route: 'keys.remove',
      subject: 'groq',
      result: 'NO_KEY',
    });
  });

  it('refuses to change or delete an entry', () => {
    expect(() => database.run("UPDATE audit SET result = 'FORBIDDEN'")).toThrow(/append-only/);
    expect(() => database.run('DELETE FROM audit')).toThrow(/append-only/);
  });

  const changes = {
    'a changed result': ["UPDATE audit SET result = 'FORBIDDEN' WHERE seq = 2", 2],
    'a changed subject': ["UPDATE audit SET subject = 'groq' WHERE seq = 2", 2],
    'a changed time': ['UPDATE audit SET at = at + 1 WHERE seq = 1', 1],
    'a changed hash': ["UPDATE audit SET hash = x'00' WHERE seq = 3", 3],
    'a missing entry': ['DELETE FROM audit WHERE seq = 2', 2],
    'a missing beginning': ['DELETE FROM audit WHERE seq = 1', 1],
    'text moved between fields': ["UPDATE audit SET caller = 'windowkeys', route = '.set' WHERE seq = 1", 1],
  } as const;
  for (const [name, [sql, brokenAt]] of Object.entries(changes)) {
    it(`shows ${name}`, () => {
      tamper(sql);
      expect(audit.verify().problem?.seq).toBe(brokenAt);
    });
  }
});

describe('the checkpoints of the audit log', () => {
  const file = (): string => join(directory, 'audit.checkpoints');

  it('cover what was written, and are written only when there is something new', () => {
    expect(audit.checkpoint()).toBe(true);
    expect(audit.checkpoint()).toBe(false);
    expect(audit.verify()).toEqual({ entries: 3, checkpoints: 1, uncovered: 0 });
    if (process.platform !== 'win32') expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('are written after 64 entries', () => {
    audit.checkpoint();
    for (let count = 0; count < 63; count += 1) {
      audit.append({ callId: 'c', caller: 'cli', route: 'config.set', subject: 'log.level', result: 'ok' });
    }
    expect(audit.verify()).toMatchObject({ checkpoints: 1, uncovered: 63 });
    audit.append({ callId: 'c', caller: 'cli', route: 'config.set', subject: 'log.level', result: 'ok' });
    expect(audit.verify()).toMatchObject({ checkpoints: 2, uncovered: 0 });
  });

  it('show that the tail was cut', () => {
    audit.checkpoint();
    tamper('DELETE FROM audit WHERE seq = 3');
    expect(audit.verify().problem).toEqual({ kind: 'cut', seq: 3 });
  });

  it('are missed when their file is gone', () => {
    audit.checkpoint();
    rmSync(file());
    expect(audit.verify().problem).toEqual({ kind: 'checkpoint-missing', seq: 1 });
  });

  it('wait while the vault is locked', () => {
    vault = { ...vault, state: 'locked' };
    audit = newAudit();
    expect(audit.checkpoint()).toBe(false);
    expect(audit.verify().problem).toBeUndefined();
  });

  it('outlive a line that a crash cut off, but not one that is no checkpoint', () => {
    audit.checkpoint();
    appendFileSync(file(), '{"seq":');
    expect(audit.verify().problem).toBeUndefined();
    audit.append({ callId: 'c', caller: 'cli', route: 'config.set', subject: 'log.level', result: 'ok' });
    expect(audit.checkpoint()).toBe(true);
    expect(audit.verify()).toEqual({ entries: 4, checkpoints: 2, uncovered: 0 });
    writeFileSync(file(), '{"seq":3}\n');
    expect(audit.verify().problem?.kind).toBe('checkpoint-forged');
  });

  it('verify an entry with half a character in it', () => {
    audit.append({ callId: 'c', caller: 'cli', route: 'config.set', subject: 'a\ud800b', result: 'ok' });
    expect(audit.verify().problem).toBeUndefined();
  });
});

describe('notes', () => {
  const note = (input: string): void =>
    audit.note({
      callId: 'c2',
      caller: 'cli',
      route: 'text.process',
      subject: 'polish',
      result: 'ok',
      input,
      output: 'é',
    });
  const committed = (): number => database.all('SELECT seq FROM audit').length;

  it('are committed together, and no later than what is committed after them', async () => {
    note('one');
    note('two');
    expect(committed()).toBe(3);
    await vi.waitFor(() => expect(committed()).toBe(5));
    note('three');
    audit.append({ callId: 'c3', caller: 'cli', route: 'keys.set', subject: 'openai', result: 'ok' });
    expect(audit.list({ limit: 2 }).map(({ seq, callId }) => [seq, callId])).toEqual([
      [7, 'c3'],
      [6, 'c2'],
    ]);
    expect(audit.verify().problem).toBeUndefined();
  });

  it('hold sizes and a digest of the text, never the text', () => {
    note('A secret text of a person.');
    audit.stop();
    const [row] = audit.list({ limit: 1 });
    expect(JSON.parse(row?.payload ?? '')).toEqual({ bytesIn: 26, bytesOut: 2, digest: 'digest of 26' });
    expect(audit.export()).not.toContain('secret text');
  });

  it('of a flood of equal calls share an entry that counts them', () => {
    for (let call = 0; call < 500; call += 1) {
      audit.note({ callId: `c${call}`, caller: 'token:1', route: 'chat.complete', subject: 'v/m', result: 'ok' });
    }
    audit.stop();
    const entries = audit.list({ limit: 30 }).filter(({ route }) => route === 'chat.complete');
    expect(entries.length).toBe(21);
    expect([entries[0]?.callId, entries[0]?.payload]).toEqual(['c20', '{"calls":480}']);
    expect(audit.verify().problem).toBeUndefined();
  });

  it('are part of the chain: a size that was changed is found', () => {
    note('one');
    audit.stop();
    tamper("UPDATE audit SET payload = replace(payload, '3', '4') WHERE seq = 4");
    expect(audit.verify().problem).toEqual({ kind: 'edited', seq: 4 });
  });
});
