import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { askingClient } from '../../../src/main/headless/passphrase.ts';
import { startTestPotter, temporaryFolder } from '../../helpers/potter.ts';

const passphrase = 'a passphrase of words';

/** A terminal on which the person types this line whenever something is asked; `shown` is what stood on it. */
function typing(line: string, isTTY = true) {
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  const stderr = new PassThrough();
  let shown = '';
  stderr.on('data', (bytes: Buffer) => {
    shown += bytes;
    if (shown.endsWith(': ')) stdin.write(`${line}\r`);
  });
  return { terminal: { stdin, stdout: new PassThrough(), stderr }, shown: () => shown };
}

async function lockedPotter() {
  const dataDirectory = temporaryFolder();
  const first = await startTestPotter({ dataDirectory });
  await first.client.call('text.process', { action: 'upper-case', source: { type: 'text', text: 'kept' } });
  await first.client.call('keys.protect', { protection: 'passphrase', passphrase });
  await first.potter.stop();
  return startTestPotter({ dataDirectory });
}

test('what fails because the keys are locked is done after the passphrase was typed, which is not shown', async () => {
  const { client } = await lockedPotter();
  const { terminal, shown } = typing(passphrase);
  const asking = askingClient(client, { terminal, environment: {}, signal: new AbortController().signal });
  const list = await asking.call('history.list', {});
  expect(list).toMatchObject({ locked: false, entries: [{ input: 'kept' }] });
  expect(shown()).toBe('The keys are locked. Passphrase: \n');
  expect(await asking.call('keys.set', { provider: 'openai', key: 'sk-the-key' })).toMatchObject({
    provider: 'openai',
  });
});

test('a wrong passphrase is told and asked for once; without a terminal nothing is asked', async () => {
  const { client } = await lockedPotter();
  const { terminal, shown } = typing('wrong');
  const signal = new AbortController().signal;
  const asking = askingClient(client, { terminal, environment: {}, signal });
  const set = () => asking.call('keys.set', { provider: 'openai', key: 'sk-the-key' });
  await expect(set()).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
  await expect(set()).rejects.toMatchObject({ code: 'KEYS_LOCKED' });
  expect(shown().match(/Passphrase/g)).toHaveLength(1);
  const piped = typing(passphrase, false);
  const silent = askingClient(client, { terminal: piped.terminal, environment: {}, signal });
  await expect(silent.call('keys.set', { provider: 'openai', key: 'sk-1' })).rejects.toMatchObject({
    code: 'KEYS_LOCKED',
  });
  expect(piped.shown()).toBe('');
});
