import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../../../../src/main/core/log/audit.ts';
import { type Database, openDatabase } from '../../../../src/main/core/storage/database.ts';

const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };
let directory: string;
let database: Database;
let audit: AuditLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-audit-'));
  database = openDatabase(join(directory, 'potter.db'));
  audit = new AuditLog({ database, clock });
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
    audit = new AuditLog({ database, clock });
    audit.append({ callId: 'c2', caller: 'cli', route: 'keys.remove', subject: 'groq', result: 'NO_KEY' });
    expect(audit.verify()).toEqual({ entries: 4 });
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
      expect(audit.verify().brokenAt).toBe(brokenAt);
    });
  }
});
