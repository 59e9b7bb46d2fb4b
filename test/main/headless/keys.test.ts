import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliOptions, printed, runCli, startCli } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/potter.ts';

const passphrase = 'a passphrase of words';

async function protectedFolder(): Promise<CliOptions> {
  const options = { dataDirectory: temporaryFolder() };
  await runCli(['keys', 'set', 'openai', '--no-test'], { ...options, input: 'sk-the-key\n' });
  const done = await runCli(['keys', 'protect', 'passphrase'], { ...options, input: `${passphrase}\n` });
  expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('the passphrase alone') });
  return options;
}

describe('potter keys', () => {
  test('protects by a passphrase, says that the keys are locked, and opens them by a private file', async () => {
    const options = await protectedFolder();
    const locked = await runCli(['keys', 'list'], options);
    expect(locked).toMatchObject({ code: 0, stdout: expect.stringMatching(/openai .*locked/) });
    expect(locked.stderr).toMatch(/protection: passphrase[\s\S]*potter keys unlock/);
    expect(await runCli(['run', 'upper-case'], { ...options, input: 'x' })).toMatchObject({ code: 0, stdout: 'X' });
    const file = join(options.dataDirectory, 'passphrase');
    writeFileSync(file, `${passphrase}\n`, { mode: 0o600 });
    const environment = { POTTER_PASSPHRASE_FILE: file };
    expect((await runCli(['keys', 'list'], { ...options, environment })).stdout).toMatch(/openai .*stored/);
    const open = join(options.dataDirectory, 'open');
    writeFileSync(open, `${passphrase}\n`, { mode: 0o644 });
    const refused = await runCli(['keys', 'list'], { ...options, environment: { POTTER_PASSPHRASE_FILE: open } });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('set its mode to 600') });
  });

  test('is told the passphrase set so far, then the new one, and goes back to the system', async () => {
    const options = await protectedFolder();
    const wrong = await runCli(['keys', 'protect', 'system'], { ...options, input: 'wrong one\n' });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('(PASSPHRASE_WRONG)') });
    const input = `${passphrase}\nanother passphrase\n`;
    expect(await runCli(['keys', 'protect', 'system-or-passphrase'], { ...options, input })).toMatchObject({ code: 0 });
    expect((await runCli(['keys', 'protect'], options)).stdout).toMatch(/^system-or-passphrase:/);
    const back = await runCli(['keys', 'protect', 'system'], { ...options, input: 'another passphrase\n' });
    expect(back).toMatchObject({ code: 0 });
    expect((await runCli(['keys', 'list'], options)).stdout).toMatch(/openai .*stored/);
    expect(await runCli(['keys', 'protect', 'open'], options)).toMatchObject({ code: 2 });
  });

  test('unlocks a running Potter, which serves the keys to the next command', async () => {
    const options = await protectedFolder();
    const server = startCli(['serve'], options);
    await printed(server, /Potter is at/);
    const wrong = await runCli(['keys', 'unlock'], { ...options, input: 'wrong' });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('(PASSPHRASE_WRONG)') });
    const right = await runCli(['keys', 'unlock'], { ...options, input: `${passphrase}\n` });
    expect(right).toMatchObject({ code: 0, stderr: expect.stringContaining('until Potter stops') });
    expect((await runCli(['keys', 'list'], options)).stdout).toMatch(/openai .*stored/);
  });

  test('binds a key to a new host when that is confirmed', async () => {
    const options = { dataDirectory: temporaryFolder() };
    await runCli(['keys', 'set', 'openai', '--no-test'], { ...options, input: 'sk-the-key\n' });
    const moved = { openai: { name: 'OpenAI', baseUrl: 'https://moved.example/v1', needsKey: true } };
    await runCli(['config', 'set', 'providers', JSON.stringify(moved)], options);
    const asked = await runCli(['keys', 'attach', 'openai'], options);
    expect(asked).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/moved\.example instead of api\.openai\.com/),
    });
    expect(await runCli(['keys', 'attach', 'openai', '--yes'], options)).toMatchObject({ code: 0 });
    expect((await runCli(['keys', 'list'], options)).stdout).toMatch(/openai +moved\.example .*stored/);
  });
});

test('potter erase deletes when its words are given, and says what', async () => {
  const options = { dataDirectory: temporaryFolder() };
  await runCli(['run', 'upper-case'], { ...options, input: 'x' });
  for (const args of [['erase'], ['erase', '--confirm', 'yes']]) {
    expect(await runCli(args, options)).toMatchObject({ code: 2, stderr: expect.stringContaining('(USAGE)') });
  }
  const erased = await runCli(['erase', '--confirm', 'delete everything'], options);
  expect(erased).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/1 entries of the history.*Settings .* stay/),
  });
  expect((await runCli(['history'], options)).stderr).toContain('0 of 0');
});
