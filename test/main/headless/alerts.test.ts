import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/potter.ts';

test('potter alerts shows what failed with the next step, also to the next process, and takes an answer', async () => {
  const options = { dataDirectory: temporaryFolder() };
  expect(await runCli(['alerts'], options)).toEqual({ code: 0, stdout: '', stderr: 'There are no alerts.\n' });
  writeFileSync(join(options.dataDirectory, 'settings.json'), '{ "text": ');
  const first = await runCli(['alerts'], options);
  const [, id = ''] = /^([0-9a-f-]{36}) {2}open {2}warning$/m.exec(first.stdout) ?? [];
  expect(first.stdout).toContain('The settings file cannot be read; the last good settings are in force. Correct the');

  const acknowledged = await runCli(['alerts', 'acknowledge', id], options);
  expect([acknowledged.code, acknowledged.stderr]).toEqual([0, expect.stringContaining('The alert is acknowledged: ')]);
  expect((await runCli(['alerts'], options)).stdout).toContain(`${id}  acknowledged`);
  writeFileSync(join(options.dataDirectory, 'settings.json'), '{}');
  expect((await runCli(['alerts', 'resolve', id], options)).code).toBe(0);
  const { stdout } = await runCli(['alerts', '--all', '--json'], options);
  expect(JSON.parse(stdout)).toMatchObject({ data: { alerts: [{ id, state: 'resolved', rule: 'settings-broken' }] } });
  expect(await runCli(['alerts', 'resolve', 'x'], options)).toMatchObject({ code: expect.any(Number), stdout: '' });
});
