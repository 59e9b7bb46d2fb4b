/** Writes history entries and audit entries for ever; prints the id of each that is acknowledged. Started to be killed. */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { History } from '../../../../src/main/core/history.ts';
import { systemClock } from '../../../../src/main/core/host.ts';
import { AuditLog } from '../../../../src/main/core/log/audit.ts';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import { createKeyFileCipher } from '../../../../src/main/core/security/key-file.ts';
import { Vault } from '../../../../src/main/core/security/vault.ts';
import { openDatabase } from '../../../../src/main/core/storage/database.ts';

const directory = process.argv[2] ?? '';
const clock = systemClock;
const database = openDatabase(join(directory, 'potter.db'));
const cipher = createKeyFileCipher(directory);
const vault = await Vault.open({ database, ciphers: [cipher], clock, log: silentLog });
const history = new History({ database, vault, clock, days: () => 90 });
const audit = new AuditLog({
  database,
  clock,
  vault,
  checkpointFile: join(directory, 'audit.checkpoints'),
  log: silentLog,
});

// Written with a system call, so that what is acknowledged has left the process before the next entry begins.
const acknowledge = (line: string): number => writeSync(1, `${line}\n`);
for (;;) {
  const id = randomUUID();
  const base = { id, at: clock.now(), actionId: 'polish', actionName: 'Polish', ms: 1 };
  history.begin({ ...base, input: `before ${id}`, output: '', result: 'running' });
  acknowledge(`begun ${id}`);
  audit.append({ callId: id, caller: 'test', route: 'keys.set', subject: 'openai', result: 'ok' });
  acknowledge(`audited ${id}`);
  audit.checkpoint();
  history.finish(id, { output: `after ${id}`, result: 'replaced' });
  acknowledge(`finished ${id}`);
}
