import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliOptions, finishedOf, printed, runCli, startCli } from '../../helpers/cli.ts';
import { startVendor, temporaryFolder } from '../../helpers/potter.ts';

const folder = (environment?: CliOptions['environment']): CliOptions => {
  const dataDirectory = temporaryFolder();
  return environment ? { dataDirectory, environment } : { dataDirectory };
};

describe('potter run', () => {
  test('corrects a sentence without a key or a network', async () => {
    const input = 'This is a example of an sentence with bad grammer.\n';
    const { code, stdout, stderr } = await runCli(['run', 'proofread-offline'], { ...folder(), input });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'This is an example of a sentence with bad grammar.\n',
      stderr: '',
    });
  });

  test('sorts lines', async () => {
    const { code, stdout } = await runCli(['run', 'sort-lines'], { ...folder(), input: 'b\na\n' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'a\nb\n' });
  });

  test('prints a whole result and nothing else, or a reply with --json', async () => {
    const { environment } = await startVendor();
    const options = { ...folder(environment), input: 'teh text\n' };
    const plain = await runCli(['run', 'polish'], options);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await runCli(['run', 'polish', '--json'], options);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'ok', data: { output: plain.stdout, provider: 'vendor' } });
  });

  test('does what it is told by an instruction', async () => {
    const { vendor, environment } = await startVendor({ answer: () => 'No.' });
    const options = { ...folder(environment), input: 'Can you come?' };
    const asked = await runCli(['run', 'ask', '--instruction', 'Refuse in one word.'], options);
    expect(asked).toEqual({ code: 0, stdout: 'No.', stderr: '' });
    expect(JSON.stringify(vendor.requests.at(-1)?.body)).toContain('Refuse in one word.');
    const silent = await runCli(['run', 'ask'], options);
    expect(silent).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('(NO_INSTRUCTION)') });
  });

  test('says in a dry run what it would send and where, and sends nothing', async () => {
    const { vendor, environment } = await startVendor();
    const options = { ...folder(environment), input: 'teh text' };
    const { code, stdout } = await runCli(['run', 'polish', '--dry-run'], options);
    expect(code).toBe(0);
    expect(stdout).toContain(`Polish: to Vendor, model potter-demo-sample, at ${vendor.baseUrl}/chat/completions`);
    expect(stdout).toContain('teh text');
    const local = await runCli(['run', 'sort-lines', '--dry-run'], options);
    expect(local.stdout).toBe('Sort lines: nothing leaves this machine.\n');
    expect(vendor.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('writes nothing of an answer that is not complete', async () => {
    const { vendor, environment } = await startVendor();
    vendor.next({ after: 900, ending: 'end' });
    const result = await runCli(['run', 'polish'], { ...folder(environment), input: 'A text of some words.' });
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('(INCOMPLETE)') });
  });

  test('Ctrl-C closes the socket of the vendor and ends with 130', async () => {
    const { vendor, environment } = await startVendor({ tokenDelayMs: 60_000 });
    const child = startCli(['run', 'polish'], folder(environment));
    const finished = finishedOf(child);
    child.stdin.end('A text of some words.');
    await vendor.received(1);
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ code: 130, stdout: '' });
    await vendor.disconnected();
  });

  test('F62 a process that is killed while the answer streams leaves a run that is called interrupted', async () => {
    const { vendor, environment } = await startVendor();
    const options = folder(environment);
    vendor.next({ after: 900, ending: 'stall' });
    const child = startCli(['run', 'polish'], options);
    child.stdin.end('A text of some words, which nobody may lose.');
    await vendor.received(1);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await vendor.disconnected();
    const { stdout } = await runCli(['history', '--json'], options);
    const { data } = JSON.parse(stdout) as { data: { entries: { input: string; result: string }[] } };
    expect(data.entries).toMatchObject([
      { input: 'A text of some words, which nobody may lose.', result: 'interrupted' },
    ]);
  });

  test('text comes back byte for byte, and what is not UTF-8 is refused', async () => {
    const options = folder();
    const kept = '\ufeffb\r\na\r\n';
    expect(await runCli(['run', 'sort-lines'], { ...options, input: kept })).toMatchObject({
      code: 0,
      stdout: 'a\r\n\ufeffb\r\n',
    });
    const latin = await runCli(['run', 'upper-case'], { ...options, input: Buffer.from('b\xe9ta', 'latin1') });
    expect(latin).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('UTF-8') });
  });

  test('a reader that goes away early is no failure', async () => {
    const child = startCli(['run', 'upper-case'], folder());
    child.stdout.destroy();
    const finished = finishedOf(child);
    child.stdin.end('x'.repeat(40_000));
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('bad input', () => {
  test.each([
    [['run', 'polsh'], 'text', 2, 'did you mean "polish"?', 'UNKNOWN_ACTION'],
    [['run', 'upper-case'], '', 2, 'no text', 'EMPTY_TEXT'],
    [['run', 'polish'], 'x'.repeat(50_001), 2, '50001', 'TEXT_TOO_LONG'],
    [['run', 'polish'], 'text', 2, 'potter keys set', 'NO_PROVIDER'],
    [['run', 'polish', '--model', 'openai/gpt'], 'text', 2, 'OpenAI', 'NO_KEY'],
    [['run', '--colour'], 'text', 2, '--colour', 'USAGE'],
    [['rnu'], '', 2, 'did you mean "run"?', 'USAGE'],
    [['keys'], '', 2, 'set', 'USAGE'],
    [['help', 'frob'], '', 2, 'frob', 'USAGE'],
    [['config', 'set', 'text.maxCharacters', '200', '--layer', 'runtime'], '', 2, 'serve', 'INVALID_INPUT'],
    [['keys', 'set', 'openai', 'sk-secret'], '', 2, 'takes', 'USAGE'],
    [['config', 'set', 'text.maxCharacter', '5'], '', 2, 'text.maxCharacters', 'SETTING_UNKNOWN'],
    [['config', 'set', 'text.maxCharacters', 'many'], '', 2, 'text.maxCharacters', 'SETTING_INVALID'],
    [['serve', '--port', 'http'], '', 2, 'http', 'INVALID_INPUT'],
  ])('%j says what is wrong', async (args, input, code, named, errorCode) => {
    const result = await runCli(args, { ...folder(), input });
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(named);
    expect(result.stderr).toContain(`(${errorCode})`);
    expect(result.stderr).not.toContain('sk-secret');
  });

  test('a malformed settings file is named with line and column, stays as it is, and the work goes on', async () => {
    const options = folder();
    const file = join(options.dataDirectory, 'settings.json');
    const broken = '{\n  "text": { "maxCharacters": 100, }}}\n';
    writeFileSync(file, broken);
    const result = await runCli(['run', 'upper-case'], { ...options, input: 'still works' });
    expect(result).toMatchObject({ code: 0, stdout: 'STILL WORKS' });
    expect(result.stderr).toMatch(/settings\.json:2:\d+: /);
    const refused = await runCli(['config', 'set', 'text.maxCharacters', '200'], options);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('(SETTINGS_MALFORMED)') });
    expect(readFileSync(file, 'utf8')).toBe(broken);
  });
});

describe('keys', () => {
  test('are read from standard input, tested, listed without being shown, and removed', async () => {
    const key = 'sk-test-0123456789abcdef';
    const { environment } = await startVendor({ key });
    const options = folder(environment);
    const set = await runCli(['keys', 'set', 'vendor'], { ...options, input: `${key}\n` });
    expect(set).toMatchObject({ code: 0, stderr: expect.stringContaining('It works: 1 model.') });
    const { stdout } = await runCli(['keys', 'list'], options);
    expect(stdout).toMatch(/^vendor\s+127\.0\.0\.1:\d+\s+.*stored/);
    expect(set.stdout + set.stderr + stdout).not.toContain(key);
    expect(await runCli(['run', 'polish'], { ...options, input: 'teh text' })).toMatchObject({ code: 0 });
    expect((await runCli(['keys', 'remove', 'vendor'], options)).stderr).toContain('deleted');
    expect((await runCli(['keys', 'test', 'vendor'], options)).stderr).toContain('(NO_KEY)');
  });
});

describe('settings', () => {
  test('say where a value comes from', async () => {
    const options = folder({ POTTER__TEXT__MAX_CHARACTERS: '300' });
    await runCli(['config', 'set', 'text.maxCharacters', '200'], options);
    const { stdout } = await runCli(['config', 'inspect', 'text.maxCharacters', '--json'], options);
    expect(JSON.parse(stdout).data).toMatchObject({
      value: 300,
      source: 'environment',
      layers: [
        { layer: 'default', value: 50_000 },
        { layer: 'file', value: 200, where: expect.stringContaining('settings.json:') },
        { layer: 'environment', value: 300, where: 'POTTER__TEXT__MAX_CHARACTERS' },
      ],
    });
  });
});

describe('history', () => {
  test('is kept over processes, in files of this user alone', async () => {
    const options = folder();
    await runCli(['run', 'upper-case'], { ...options, input: '一个例子 marmalade' });
    const { stdout } = await runCli(['history', '例子', '--json'], options);
    expect(JSON.parse(stdout).data.entries).toMatchObject([{ output: '一个例子 MARMALADE' }]);
    expect(statSync(join(options.dataDirectory, 'potter.db')).mode & 0o077).toBe(0);
    expect(readFileSync(join(options.dataDirectory, 'potter.db')).includes('MARMALADE')).toBe(false);
  });
});

describe('help', () => {
  test('names every command, and every option with what it does', async () => {
    const all = await runCli([], folder());
    expect(all.stdout).toContain('run [action]');
    const one = await runCli(['run', '--help'], folder());
    expect(one.stdout).toMatch(/--model <value>\s+provider\/model for this run only/);
    expect(await runCli(['help', 'config', 'set'], folder())).toMatchObject({ code: 0 });
    expect((await runCli(['--version'], folder())).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('one owner of the data', () => {
  test('a second process forwards to the first', async () => {
    const options = folder();
    const owner = startCli(['serve'], options);
    await printed(owner, /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/);
    const { stdout } = await runCli(['run', 'upper-case', '--json'], { ...options, input: 'forwarded' });
    expect(JSON.parse(stdout).data.output).toBe('FORWARDED');
    expect((await runCli(['history'], options)).stdout).toContain('forwarded');
    const finished = finishedOf(owner);
    owner.kill('SIGTERM');
    expect(await finished).toMatchObject({ code: 0 });
  });

  test('an owner that is told to stop cancels what would keep it', async () => {
    const { vendor, environment } = await startVendor({ tokenDelayMs: 60_000 });
    const options = folder(environment);
    const owner = startCli(['serve'], options);
    await printed(owner, /token=/);
    const stopped = finishedOf(owner);
    const forwarded = startCli(['run', 'polish'], options);
    const ended = finishedOf(forwarded);
    forwarded.stdin.end('A text of some words.');
    await vendor.received(1);
    owner.kill('SIGHUP');
    expect(await stopped).toMatchObject({ code: 0 });
    // The model had been asked: a second time is for the person to decide.
    expect(await ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('(TRANSPORT_CLOSED)') });
    await vendor.disconnected();
    expect(vendor.requests).toHaveLength(1);
  });

  test('a demo does not turn a running Potter into one', async () => {
    const options = folder();
    const owner = startCli(['serve'], options);
    await printed(owner, /token=/);
    const demo = await runCli(['serve', '--demo', '--data', options.dataDirectory], options);
    expect(demo).toMatchObject({ code: 2, stderr: expect.stringContaining('(CONFLICT)') });
    expect((await runCli(['config', 'get', 'text.defaultModel'], options)).stdout).toBe('null\n');
  });

  test('when the owner is killed, the next takes over', async () => {
    const options = folder();
    const owner = startCli(['serve'], options);
    await printed(owner, /token=/);
    const gone = finishedOf(owner);
    owner.kill('SIGKILL');
    await gone;
    const next = await runCli(['run', 'upper-case'], { ...options, input: 'taken over' });
    expect(next).toMatchObject({ code: 0, stdout: 'TAKEN OVER' });
  });

  test('many processes at once on a new directory all get their answer', async () => {
    const options = folder();
    const texts = ['one', 'two', 'three', 'four'];
    const runs = await Promise.all(texts.map((input) => runCli(['run', 'upper-case'], { ...options, input })));
    expect(runs.map(({ stdout }) => stdout)).toEqual(['ONE', 'TWO', 'THREE', 'FOUR']);
    const { stdout } = await runCli(['history', '--json'], options);
    expect(JSON.parse(stdout).data.total).toBe(4);
  });
});
