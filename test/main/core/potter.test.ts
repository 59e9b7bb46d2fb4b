import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PotterError } from '../../../src/shared/errors.ts';
import { startTestPotter, startVendor } from '../../helpers/potter.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly callId?: string;
  readonly route?: string;
  readonly result?: string;
  readonly ms?: number;
}

/** What the log has so far; a line is there a turn after it was written. */
async function linesOf(dataDirectory: string): Promise<Line[]> {
  await new Promise(setImmediate);
  const text = readFileSync(join(dataDirectory, 'logs', 'potter.log'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

describe('the log of a session', () => {
  it('tells of each run, change and failure with the id of its call, which the caller knows of a failure', async () => {
    const { client, host } = await startTestPotter();
    const source = { type: 'text', text: 'x' } as const;
    await client.call('text.process', { action: 'upper-case', source });
    await client.call('config.set', { key: 'history.days', value: 7 });
    await client.call('system.info', {});
    const failure = (await client
      .call('text.process', { action: 'none', source })
      .catch((thrown: unknown) => thrown)) as PotterError;
    const ended = (await linesOf(host.dataDirectory)).filter(({ msg }) => msg === 'a call ended');
    expect(ended.map(({ level, route, result }) => [level, route, result])).toEqual([
      ['info', 'text.process', 'ok'],
      ['info', 'config.set', 'ok'],
      ['info', 'text.process', 'UNKNOWN_ACTION'],
    ]);
    expect(ended.at(-1)?.callId).toBe(failure.callId);
    expect(new Set(ended.map(({ callId }) => callId)).size).toBe(3);
    expect(ended.every(({ ms }) => typeof ms === 'number')).toBe(true);
  });

  it('has the id in what is written for the call further down, at level debug', async () => {
    const { client, host } = await startTestPotter({ environment: { POTTER__LOG__LEVEL: 'debug' } });
    await client.call('providers.list', { provider: 'openai' });
    const lines = (await linesOf(host.dataDirectory)).filter(({ route }) => route === 'providers.list');
    expect(lines.map(({ msg }) => msg)).toEqual(['a provider is not ready', 'a call ended']);
    expect(new Set(lines.map(({ callId }) => callId)).size).toBe(1);
  });
});

describe('the answers in memory', () => {
  it('stay when another run is recorded, and go with the whole history', async () => {
    const { vendor, environment } = await startVendor();
    const { client } = await startTestPotter({ environment });
    const asked = async (text: string): Promise<number> => {
      await client.call('text.process', { action: 'proofread', source: { type: 'text', text } });
      return vendor.requests.filter(({ path }) => path.endsWith('/chat/completions')).length;
    };
    expect([await asked('Hello there.'), await asked('Hello there.')]).toEqual([1, 1]);
    expect([await asked('Good day.'), await asked('Hello there.')]).toEqual([2, 2]);
    await client.call('history.remove', { id: 'all' });
    expect(await asked('Hello there.')).toBe(3);
  });
});
