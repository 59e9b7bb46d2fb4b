import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { startTestPotter, temporaryFolder } from '../../helpers/potter.ts';

const verifier = fileURLToPath(new URL('../../../scripts/verify-audit.py', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('potter audit', () => {
  test('lists, verifies and exports what was changed and asked for, without a text', async () => {
    const dataDirectory = temporaryFolder();
    const input = 'c\nb\na secret line\n';
    await runCli(['config', 'set', 'log.level', 'debug'], { dataDirectory });
    const run = await runCli(['run', 'sort-lines', '--json'], { dataDirectory, input });
    const { runId } = (JSON.parse(run.stdout) as { data: { runId: string } }).data;
    const listed = await runCli(['audit'], { dataDirectory });
    expect(listed.stdout).toMatch(new RegExp(`cli +text\\.process +sort-lines +ok +${runId}$`, 'm'));
    expect(listed.stdout).toMatch(/cli +config\.set +log\.level +begun/);
    expect(await runCli(['audit', 'verify'], { dataDirectory })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^The audit log is whole: \d+ entries, \d+ signed checkpoints/),
    });
    const file = join(dataDirectory, 'audit.jsonl');
    expect(await runCli(['audit', 'export', file], { dataDirectory })).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('secret line');
    if (!hasPython) return;
    const checked = spawnSync('python3', [verifier, file], { encoding: 'utf8' });
    expect([checked.status, checked.stdout]).toEqual([0, expect.stringMatching(/^ok \d+ entries/)]);
    appendFileSync(file, readFileSync(file, 'utf8').split('\n').at(1) ?? '');
    expect(spawnSync('python3', [verifier, file]).status).toBe(1);
  });

  test('says which entry was changed, and ends with 1', async () => {
    const dataDirectory = temporaryFolder();
    await runCli(['config', 'set', 'log.level', 'debug'], { dataDirectory });
    const database = new DatabaseSync(join(dataDirectory, 'potter.db'));
    database.exec("DROP TRIGGER audit_is_not_edited; UPDATE audit SET subject = 'log.areas' WHERE seq = 1");
    database.close();
    expect(await runCli(['audit', 'verify'], { dataDirectory })).toMatchObject({
      code: 1,
      stdout: 'The audit log is not whole: entry 1 was changed.\n',
    });
  });

  test('goes on after everything else was deleted', async () => {
    const { client } = await startTestPotter();
    await client.call('text.process', { action: 'sort-lines', source: { type: 'text', text: 'b\na' } });
    await client.call('system.erase', { confirm: 'delete everything' });
    const { entries } = await client.call('audit.list', {});
    expect(entries.map(({ route, result }) => `${route} ${result}`)).toEqual([
      'system.erase ok',
      'system.erase begun',
      'text.process ok',
    ]);
    expect((await client.call('audit.verify', {})).problem).toBeUndefined();
    expect((await client.call('audit.export', {})).text).toContain('"potterAudit":1');
  });
});
