import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog, type LogLevel, silentLog } from '../../../../src/main/core/log/log.ts';
import { redactLine } from '../../../../src/main/core/log/redact.ts';
import { PotterError } from '../../../../src/shared/errors.ts';
import { startTestPotter } from '../../../helpers/potter.ts';

const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-log-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const lines = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the log file', () => {
  it('holds one JSON line an entry with the fields of its child', () => {
    const log = createLog({ directory: join(directory, 'logs'), level: () => 'info', clock });
    log.child({ callId: 'c1' }).child({ area: 'text' }).warn('slow', { ms: 12 });
    log.stop();
    expect(lines(log.file)).toEqual([
      { level: 'warn', time: clock.now(), callId: 'c1', area: 'text', ms: 12, msg: 'slow' },
    ]);
  });

  it('asks for the level at every entry', () => {
    let level: LogLevel | 'silent' = 'warn';
    const log = createLog({ directory, level: () => level, clock });
    log.info('one');
    level = 'debug';
    log.debug('two');
    level = 'silent';
    log.error('three');
    log.flush();
    expect(lines(log.file).map((line) => line.msg)).toEqual(['two']);
    log.stop();
  });

  it('is readable by its owner alone, also when it was not before', { skip: process.platform === 'win32' }, () => {
    writeFileSync(join(directory, 'potter.log'), '', { mode: 0o644 });
    const log = createLog({ directory, level: () => 'info', clock });
    log.stop();
    expect(statSync(log.file).mode & 0o777).toBe(0o600);
  });

  it('goes over five files that stay within the cap, and loses no line but the oldest', () => {
    const log = createLog({ directory, level: () => 'info', clock, maxBytes: () => 5000 });
    for (let index = 0; index < 100; index += 1) {
      log.info(`entry ${index}`, { filler: 'x'.repeat(40) });
      log.flush();
    }
    log.stop();
    const files = [4, 3, 2, 1].map((number) => `${log.file}.${number}`);
    const kept = [...files, log.file].flatMap((file) => lines(file)).map((line) => line.msg);
    expect(kept.length).toBeGreaterThan(30);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => `entry ${100 - kept.length + index}`));
    const total = [...files, log.file].reduce((sum, file) => sum + statSync(file).size, 0);
    expect(total).toBeLessThan(5000 + 5 * 150);
    expect(readdirSync(directory).sort()).toEqual([
      'potter.log',
      ...[1, 2, 3, 4].map((number) => `potter.log.${number}`),
    ]);
    expect(log.erase()).toBe(5);
  });

  it('asks for the level of the area an entry belongs to', () => {
    const log = createLog({ directory, level: (area) => (area === 'providers' ? 'debug' : 'warn'), clock });
    log.info('of nobody');
    log.child({ area: 'plugins' }).info('of plugins');
    log.child({ area: 'providers' }).child({ callId: '1' }).debug('of providers');
    log.stop();
    expect(lines(log.file)).toMatchObject([{ msg: 'of providers', area: 'providers', callId: '1' }]);
  });

  it('follows the settings of a running Potter', async () => {
    const { client, host } = await startTestPotter();
    const written = (): string => readFileSync(join(host.dataDirectory, 'logs', 'potter.log'), 'utf8');
    const read = async (): Promise<void> => {
      await client.call('config.get', {});
      await vi.waitFor(() => expect(written()).not.toBe(''));
    };
    await read();
    expect(written()).not.toContain('"route":"config.get"');
    await client.call('config.set', { key: 'log.areas', value: { gateway: 'debug' } });
    await client.call('config.get', {});
    await vi.waitFor(() => expect(written()).toContain('"route":"config.get"'));
    await expect(client.call('config.set', { key: 'log.areas', value: { nowhere: 'debug' } })).rejects.toMatchObject({
      code: 'SETTING_INVALID',
    });
  });

  it('moves a file over the cap aside at the start', () => {
    writeFileSync(join(directory, 'potter.log'), 'x'.repeat(5000));
    createLog({ directory, level: () => 'info', clock, maxBytes: () => 15_000 }).stop();
    expect(statSync(join(directory, 'potter.log')).size).toBe(0);
    expect(statSync(join(directory, 'potter.log.1')).size).toBe(5000);
  });

  it('drops what is logged after it was stopped', () => {
    const log = createLog({ directory, level: () => 'info', clock });
    log.stop();
    log.info('late');
    log.flush();
    expect(lines(log.file)).toEqual([]);
  });

  it('writes an error with its causes, and the stack only for what nobody foresaw', () => {
    const log = createLog({ directory, level: () => 'info', clock });
    const cause = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    log.error('failed', {
      error: new PotterError('STORAGE', 'The disk is full.', { cause, detail: { output: 'text' } }),
    });
    log.error('failed', { error: new PotterError('INTERNAL', 'Wrong.', { cause }) });
    log.stop();
    const [foreseen, bug] = lines(log.file);
    expect(foreseen?.error).toEqual({
      message: 'The disk is full.',
      code: 'STORAGE',
      cause: { message: 'no such file', code: 'ENOENT' },
    });
    expect(JSON.stringify(bug)).toContain('log.test.ts');
  });

  it('has a silent stand-in whose child is silent too', () => {
    expect(silentLog.child({ callId: 'c1' })).toBe(silentLog);
  });
});

/** What Node throws at such a value, which it quotes. */
function refusedHeader(value: string): unknown {
  try {
    return new Headers({ authorization: value });
  } catch (thrown) {
    return thrown;
  }
}

describe('what the log never holds', () => {
  const canary = 'CANARY1234567890abcdef';
  const sinks: Record<string, [string, Record<string, unknown>?]> = {
    'an OpenAI key': [`got sk-${canary}`],
    'a project key': [`sk-proj-${canary}`],
    'an Anthropic key': ['x', { note: `sk-ant-${canary}` }],
    'a Google key': ['x', { url: `https://host/?q=1&name=AIza${canary}` }],
    'a Groq key': [`gsk_${canary}`],
    'a Hugging Face token': [`hf_${canary}`],
    'a GitHub token': [`line one\nghp_${canary}`],
    'a bearer token': [`Authorization was Bearer ${canary}`],
    'a header field': ['x', { headers: { Authorization: canary, 'x-api-key': [canary] } }],
    'a secret field': [
      'x',
      { apiKey: canary, password: canary, client_secret: { deep: canary }, 'set-cookie': canary },
    ],
    'userinfo of an address': ['x', { baseUrl: `https://user:${canary}@host/v1` }],
    'a query parameter': [`GET https://host/v1?key=${canary}&a=1`],
    'a header value that Node refused': ['x', { error: refusedHeader(`Bearer first\n${canary}`) }],
    'a long one, cut in the middle': ['x', { error: refusedHeader(`${canary}\n${'x'.repeat(600)}`) }],
    'an error message': ['x', { error: new Error(`401 for sk-${canary}`) }],
    'a cause': ['x', { error: new PotterError('AUTH', 'refused', { cause: new Error(`token=${canary}`) }) }],
    'a field name': ['x', { [`sk-${canary}`]: 1 }],
    'a JSON body in a string': ['x', { body: JSON.stringify({ api_key: canary }) }],
  };
  for (const [name, [message, fields]] of Object.entries(sinks)) {
    it(name, () => {
      const log = createLog({ directory, level: () => 'debug', clock });
      log.info(message, fields);
      log.child(fields ?? {}).info(message);
      log.stop();
      const text = readFileSync(log.file, 'utf8');
      expect(text.match(/\n/g)).toHaveLength(2);
      expect(text).not.toContain(canary);
      expect(text).toContain('[hidden]');
    });
  }

  const tail = fc.stringMatching(/^[A-Za-z0-9]{24}$/);
  const planted = fc.oneof(
    ...[
      ...['sk-proj-', 'sk-ant-api03-', 'sk-or-v1-', 'sk_live_', 'rk_live_', 'gsk_', 'hf_', 'ghp_', 'github_pat_'],
      ...['xoxb-', 'xai-', 'pplx-', 'nvapi-', 'r8_', 'glpat-', 'whsec_', 'AGE-SECRET-KEY-', 'potter_', 'AIza'],
    ].map((prefix) => tail.map((rest) => prefix + rest)),
    tail.map((rest) => `AKIA${rest.toUpperCase().slice(0, 16)}`),
    tail.map((rest) => `eyJhbGciOiJI.${rest}.${rest}`),
  );

  it('a key of any vendor, wherever it stands in whatever line', () => {
    fc.assert(
      fc.property(planted, fc.string(), fc.string(), fc.stringMatching(/^[a-z]{1,8}$/), (key, before, after, name) => {
        const values = { text: `${before} ${key} ${after}`, [name]: { deep: [`(${key})`] } };
        for (const value of Object.values(values)) {
          const line = `${JSON.stringify({ level: 'info', msg: 'x', [name]: value })}\n`;
          expect(redactLine(line)).not.toContain(key);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('an e-mail address, if so it is set', () => {
    const line = `${JSON.stringify({ msg: 'to ada.lovelace+x@mail.example.co.uk at 10@12' })}\n`;
    expect(redactLine(line, true)).toBe(`${JSON.stringify({ msg: 'to [hidden] at 10@12' })}\n`);
    expect(redactLine(line)).toBe(line);
  });

  it('a private key over many lines', () => {
    const text = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----';
    expect(redactLine(`${JSON.stringify({ text })}\n`)).not.toContain('MIIEvQ');
  });

  it('a long text, of which it says the length', () => {
    const log = createLog({ directory, level: () => 'info', clock });
    log.info('ran', { input: `${'word '.repeat(200)}END` });
    log.stop();
    const text = readFileSync(log.file, 'utf8');
    expect(text).toContain('[1003 characters]');
    expect(text).not.toContain('END');
  });

  it('but it does hold an innocent field, as a control', () => {
    const log = createLog({ directory, level: () => 'info', clock });
    log.info('x', { note: canary, inputTokens: 5, hasKey: true });
    log.stop();
    expect(lines(log.file)[0]).toMatchObject({ note: canary, inputTokens: 5, hasKey: true });
  });
});
