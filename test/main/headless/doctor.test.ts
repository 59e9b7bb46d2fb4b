import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { printed, runCli, startCli } from '../../helpers/cli.ts';
import { temporaryFolder } from '../../helpers/potter.ts';
import { parseExposition } from '../../helpers/prometheus.ts';

describe('potter doctor', () => {
  test('says of every part how it is and since when, what it runs on, and ends with 0', async () => {
    const dataDirectory = temporaryFolder();
    const { code, stdout, stderr } = await runCli(['doctor'], { dataDirectory });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Potter +\d+\.\d+\.\d+$/m);
    expect(stdout).toMatch(new RegExp(`^Runs on +${process.platform} .*node ${process.versions.node}`, 'm'));
    expect(stdout).toContain(dataDirectory);
    expect(stdout).toMatch(/^Desktop +none/m);
    for (const name of ['storage', 'vault', 'config', 'plugins', 'providers', 'disk', 'event loop']) {
      expect(stdout).toMatch(new RegExp(`^[✓!✗] +${name} +(?:ok|degraded) +since \\d{4}-\\d\\d-\\d\\d`, 'm'));
    }
  });

  test('names what is wrong with the next step, as JSON too; degraded is no failure', async () => {
    const dataDirectory = temporaryFolder();
    writeFileSync(join(dataDirectory, 'settings.json'), '{ "text": ');
    const told = await runCli(['doctor'], { dataDirectory });
    expect(told.code).toBe(0);
    expect(told.stdout).toMatch(/^! +config +degraded +since .* could not be used\. Correct the named line/m);
    expect(told.stdout).toMatch(/To look at: .*config/);
    const { code, stdout } = await runCli(['doctor', '--json'], { dataDirectory });
    expect(code).toBe(0);
    const reply: unknown = JSON.parse(stdout);
    expect(reply).toMatchObject({ status: 'ok', data: { state: 'degraded', isLive: true, dataDirectory } });
  });
});

describe('potter doctor, where a part has failed', () => {
  test('names it and ends with 1, until it works again', async () => {
    const options = { dataDirectory: temporaryFolder() };
    await printed(startCli(['serve'], options), /http:/);
    const other = new DatabaseSync(join(options.dataDirectory, 'potter.db'));
    const change = () => runCli(['config', 'set', 'history.days', '7'], options);
    // Another program that does not let go of the file is the one failure of a disk that needs no special disk.
    other.exec('BEGIN IMMEDIATE');
    expect(await change()).toMatchObject({ code: 1, stderr: expect.stringContaining('(STORAGE)') });
    other.exec('ROLLBACK');
    other.close();
    const failed = await runCli(['doctor'], options);
    expect(failed).toMatchObject({ code: 1, stderr: '' });
    expect(failed.stdout).toMatch(/^Ready +no$/m);
    expect(failed.stdout).toMatch(
      /^✗ +storage +failed +since .* The last write to the database failed\. Check the disk/m,
    );
    const asJson = await runCli(['doctor', '--json'], options);
    expect([asJson.code, JSON.parse(asJson.stdout)]).toMatchObject([1, { data: { state: 'failed', isReady: false } }]);
    expect(await change()).toMatchObject({ code: 0 });
    expect(await runCli(['doctor'], options)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Ready +yes$/m),
    });
  });
});

describe('potter metrics and advice', () => {
  test('print the text for a collector, and what there is to suggest', async () => {
    const options = { dataDirectory: temporaryFolder() };
    const { code, stdout } = await runCli(['metrics'], options);
    expect(code).toBe(0);
    expect(parseExposition(stdout).has('potter_calls_total')).toBe(true);
    expect(await runCli(['advice'], options)).toEqual({
      code: 0,
      stdout: '',
      stderr: 'There is nothing to suggest so far.\n',
    });
    expect((await runCli(['advice', '--json'], options)).stdout).toBe('{"status":"ok","data":{"advice":[]}}\n');
  });
});
