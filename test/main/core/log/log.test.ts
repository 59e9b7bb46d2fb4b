import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog, type LogLevel, silentLog } from '../../../../src/main/core/log/log.ts';
import { PotterError } from '../../../../src/shared/errors.ts';

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

  it('begins a new file at the cap and keeps one old one without losing a line', () => {
    const log = createLog({ directory, level: () => 'info', clock, maxBytes: 3000 });
    for (let index = 0; index < 40; index += 1) {
      log.info(`entry ${index}`, { filler: 'x'.repeat(40) });
      log.flush();
    }
    log.stop();
    const kept = [...lines(`${log.file}.1`), ...lines(log.file)].map((line) => line.msg);
    expect(kept).toEqual(Array.from({ length: 40 }, (_, index) => `entry ${index}`));
  });

  it('moves a file over the cap aside at the start', () => {
    writeFileSync(join(directory, 'potter.log'), 'x'.repeat(5000));
    createLog({ directory, level: () => 'info', clock, maxBytes: 3000 }).stop();
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
