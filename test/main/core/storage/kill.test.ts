import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History } from '../../../../src/main/core/history.ts';
import { systemClock as clock } from '../../../../src/main/core/host.ts';
import { AuditLog } from '../../../../src/main/core/log/audit.ts';
import { silentLog as log } from '../../../../src/main/core/log/log.ts';
import { createKeyFileCipher } from '../../../../src/main/core/security/key-file.ts';
import { Vault } from '../../../../src/main/core/security/vault.ts';
import { openDatabase } from '../../../../src/main/core/storage/database.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-kill-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const child = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
const kills = process.env.POTTER_LONG ? 200 : 8;

/** What a writer acknowledged before it was killed, some while after its first line; complete lines only. */
async function writeAndKill(afterLines: number): Promise<string[]> {
  const writer = spawn(process.execPath, [child, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  writer.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > afterLines) writer.kill('SIGKILL');
  });
  const [, signal] = await once(writer, 'close');
  expect(signal).toBe('SIGKILL');
  return text.split('\n').slice(0, -1);
}

describe('a writer killed at any moment', () => {
  it(`loses nothing it acknowledged, ${kills} times`, { timeout: kills * 15_000 }, async () => {
    const begun = new Set<string>();
    const finished = new Set<string>();
    let audited = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const lines = await writeAndKill(1 + Math.floor(Math.random() * 400));
      for (const [step, id = ''] of lines.map((line) => line.split(' '))) {
        if (step === 'begun') begun.add(id);
        else if (step === 'finished') finished.add(id);
        else audited += 1;
      }
      const database = openDatabase(join(directory, 'potter.db'));
      const vault = await Vault.open({ database, ciphers: [createKeyFileCipher(directory)], clock, log });
      const history = new History({ database, vault, clock, days: () => 90 });
      const isLast = kill === kills - 1;
      for (const id of isLast ? begun : lines.map((line) => line.split(' ')[1] ?? '')) {
        const { input, output, result } = history.get(id);
        expect(input).toBe(`before ${id}`);
        if (finished.has(id)) expect([output, result]).toEqual([`after ${id}`, 'replaced']);
        // Killed between the commit and its acknowledgement, an entry may be further than we know.
        else expect(['interrupted', 'replaced']).toContain(result);
      }
      const ids = new Set(database.all<{ id: string }>('SELECT id FROM history').map(({ id }) => id));
      expect([...begun].filter((id) => !ids.has(id))).toEqual([]);
      const checkpointFile = join(directory, 'audit.checkpoints');
      const { entries, problem } = new AuditLog({ database, clock, vault, checkpointFile, log }).verify();
      expect(problem).toBeUndefined();
      expect(entries).toBeGreaterThanOrEqual(audited);
      database.close();
    }
    console.log(`${kills} kills, ${begun.size + finished.size + audited} acknowledged writes, 0 lost`);
    expect(begun.size).toBeGreaterThan(kills);
  });
});
