import { describe, expect, test } from 'vitest';
import {
  type Answer,
  answer,
  createGateway,
  type Gateway,
  type Handlers,
} from '../../../../src/main/core/gateway/gateway.ts';
import { createMiddleware, type MiddlewareOptions, type Sample } from '../../../../src/main/core/gateway/middleware.ts';
import type { AuditEntry, AuditNote } from '../../../../src/main/core/log/audit.ts';
import { type Log, silentLog } from '../../../../src/main/core/log/log.ts';
import type { Caller } from '../../../../src/main/core/security/access.ts';
import type { RouteName } from '../../../../src/shared/contract.ts';
import { PotterError } from '../../../../src/shared/errors.ts';
import { startTestPotter } from '../../../helpers/potter.ts';

const cli: Caller = { kind: 'cli' };

interface Bench {
  readonly gateway: Gateway;
  readonly audited: AuditEntry[];
  readonly noted: AuditNote[];
  readonly samples: Sample[];
  readonly logged: Record<string, unknown>[];
  /** Milliseconds that pass. */
  advance(ms: number): void;
}

/** The whole list of stages over the handlers given; a route without one answers nothing. */
function bench(
  own: Partial<Record<RouteName, (input: never) => unknown>>,
  audit: (entry: AuditEntry) => void = () => undefined,
): Bench {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  const audited: AuditEntry[] = [];
  const samples: Sample[] = [];
  const noted: AuditNote[] = [];
  const logged: Record<string, unknown>[] = [];
  const log: Log = { ...silentLog, child: () => log, error: (_message, fields) => logged.push({ ...fields }) };
  const handlers = new Proxy(own, {
    get: (_own, route) => Reflect.get(own, route) ?? (() => ({})),
  }) as unknown as Handlers;
  const known = new Map<string, Answer>();
  const cache: MiddlewareOptions['cache'] = {
    keyOf: (route, input) => `${route} ${JSON.stringify(input)}`,
    answer: async (key, _signal, ask) => {
      const kept = known.get(key);
      if (kept) return answer(kept.data, { cached: true });
      const reached = await ask();
      known.set(key, reached);
      return reached;
    },
  };
  const middleware = createMiddleware({
    clock,
    audit: (entry) => {
      audited.push(entry);
      audit(entry);
    },
    note: (note) => noted.push(note),
    record: (sample) => samples.push(sample),
    cache,
  });
  let lastId = 0;
  const gateway = createGateway({ handlers, middleware, clock, log, newId: () => `call-${++lastId}` });
  const advance = (ms: number): void => {
    now += ms;
  };
  return { gateway, audited, noted, samples, logged, advance };
}

function keyBench(): Bench & { readonly stored: string[] } {
  const stored: string[] = [];
  const set = ({ key }: { key: string }) => {
    stored.push(key);
    return { provider: 'x', host: 'x.example' };
  };
  return { ...bench({ 'keys.set': set }), stored };
}

const remove = { route: 'keys.remove', input: { provider: 'openai' }, caller: cli };

describe('the gateway', () => {
  test('answers an unknown route, also one that every object has', async () => {
    const { gateway } = bench({});
    for (const route of ['text.proces', 'constructor', '__proto__', 'toString']) {
      const reply = await gateway.call({ route, input: {}, caller: cli });
      expect(reply).toMatchObject({ status: 'error', error: { code: 'UNKNOWN_ROUTE' } });
    }
  });

  test('turns what nobody foresaw into INTERNAL, says nothing of it to the caller, and logs it with the id of the reply', async () => {
    const thrown = new Error('the secret is sk-0123456789');
    const { gateway, logged } = bench({
      'system.info': () => {
        throw thrown;
      },
    });
    const reply = await gateway.call({ route: 'system.info', input: {}, caller: cli });
    expect(reply).toMatchObject({ status: 'error', error: { code: 'INTERNAL' }, metadata: { callId: 'call-1' } });
    expect(JSON.stringify(reply)).not.toContain('secret');
    expect(logged).toMatchObject([{ callId: 'call-1', error: { cause: thrown } }]);
  });

  test('refuses calls once it closes, after answering those under way', async () => {
    let finish = (): void => undefined;
    const { gateway } = bench({
      'keys.remove': () =>
        new Promise((resolve) => {
          finish = () => resolve({ removed: true });
        }),
    });
    const underWay = gateway.call(remove);
    const closed = gateway.close();
    expect(await gateway.call(remove)).toMatchObject({ error: { code: 'TRANSPORT_CLOSED' } });
    finish();
    await closed;
    expect(await underWay).toMatchObject({ status: 'ok', data: { removed: true } });
  });
});

describe('the stages', () => {
  test('audit: a change is written before and after, with what it is about; a read is not, a refusal always is', async () => {
    const { gateway, audited } = bench({
      'keys.remove': () => ({ removed: true }),
      'keys.set': () => {
        throw new PotterError('UNKNOWN_PROVIDER', 'There is no provider "x".');
      },
      'config.set': () => ({ key: 'k', value: 1, default: 1, help: '', source: 'file', layers: [] }),
    });
    await gateway.call(remove);
    await gateway.call({ route: 'keys.set', input: { provider: 'x', key: 'sk-secret-value' }, caller: cli });
    await gateway.call({ route: 'config.set', input: { key: 'log.level', value: 'debug' }, caller: cli });
    await gateway.call({ route: 'keys.remove', input: { provider: 'sk-given-as-a-name' }, caller: cli });
    await gateway.call({ route: 'keys.remove', input: {}, caller: cli });
    await gateway.call({ route: 'actions.list', input: {}, caller: cli });
    await gateway.call({ route: 'hotkeys.report', input: { hotkeys: [] }, caller: cli });
    expect(
      audited.map(({ callId, route, caller, subject, result }) => [callId, route, caller, subject, result]),
    ).toEqual([
      ['call-1', 'keys.remove', 'cli', 'openai', 'begun'],
      ['call-1', 'keys.remove', 'cli', 'openai', 'ok'],
      ['call-2', 'keys.set', 'cli', 'x', 'begun'],
      ['call-2', 'keys.set', 'cli', 'x', 'UNKNOWN_PROVIDER'],
      ['call-3', 'config.set', 'cli', 'log.level', 'begun'],
      ['call-3', 'config.set', 'cli', 'log.level', 'ok'],
      ['call-4', 'keys.remove', 'cli', '[hidden]', 'begun'],
      ['call-4', 'keys.remove', 'cli', '[hidden]', 'ok'],
      ['call-7', 'hotkeys.report', 'cli', '', 'FORBIDDEN'],
    ]);
  });

  test('audit: what cannot be written down does not happen', async () => {
    const changed: string[] = [];
    const { gateway } = bench({ 'keys.remove': () => ({ removed: changed.push('removed') > 0 }) }, () => {
      throw new PotterError('STORAGE', 'The disk is full.');
    });
    expect(await gateway.call(remove)).toMatchObject({ error: { code: 'STORAGE' } });
    expect(changed).toEqual([]);
  });

  test('audit: what has happened is not called a failure when its end cannot be written down, but logged', async () => {
    const { gateway, logged } = bench({ 'keys.remove': () => ({ removed: true }) }, ({ result }) => {
      if (result !== 'begun') throw new PotterError('STORAGE', 'The disk is full.');
    });
    expect(await gateway.call(remove)).toMatchObject({ status: 'ok', data: { removed: true } });
    expect(logged).toMatchObject([{ result: 'ok', error: { code: 'STORAGE' } }]);
  });

  test('measure: every call is counted with its result', async () => {
    const { gateway, samples } = bench({ 'keys.remove': () => ({ removed: false }) });
    await gateway.call(remove);
    await gateway.call({ ...remove, input: {} });
    expect(samples).toEqual([
      { route: 'keys.remove', ms: 0, result: 'ok' },
      { route: 'keys.remove', ms: 0, result: 'INVALID_INPUT' },
    ]);
  });

  test('authenticate: a kind of caller no entrance makes is refused', async () => {
    const { gateway } = bench({});
    for (const kind of ['root', 'constructor', '__proto__']) {
      const reply = await gateway.call({ ...remove, caller: { kind } as unknown as Caller });
      expect(reply).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    }
  });

  test('authorize: the shell may run texts and not touch keys; nobody else reports hotkeys', async () => {
    const { gateway } = bench({});
    const shell: Caller = { kind: 'shell' };
    expect(await gateway.call({ ...remove, caller: shell })).toMatchObject({ error: { code: 'FORBIDDEN' } });
    const report = { route: 'hotkeys.report', input: { hotkeys: [] } };
    expect(await gateway.call({ ...report, caller: shell })).toMatchObject({ status: 'ok' });
    for (const caller of [cli, { kind: 'panel', session: 's' }, { kind: 'window', window: 'settings' }] as const) {
      expect(await gateway.call({ ...report, caller })).toMatchObject({ error: { code: 'FORBIDDEN' } });
    }
  });

  test('validate: the offending field is named, unknown and polluting keys are refused', async () => {
    const { gateway } = bench({});
    const refused = async (input: unknown) => {
      const reply = await gateway.call({ ...remove, input });
      return reply.status === 'error' ? [reply.error.code, reply.error.message] : reply.status;
    };
    expect(await refused({ provider: 7 })).toEqual(['INVALID_INPUT', expect.stringContaining('"provider"')]);
    expect(await refused({ provider: 'x', more: 1 })).toEqual(['INVALID_INPUT', expect.stringContaining('more')]);
    expect(await refused(JSON.parse('{"provider":"x","__proto__":{"admin":true}}'))).toEqual([
      'INVALID_INPUT',
      expect.stringContaining('__proto__'),
    ]);
    let deep: unknown = 'x';
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(await refused({ provider: deep })).toEqual(['INVALID_INPUT', expect.stringContaining('nested')]);
  });

  test.each([
    ['a line break', 'sk-first\nsecond'],
    ['a space', 'sk-first second'],
    ['a zero-width space', 'sk-first\u200bsecond'],
    ['a control character', 'sk-first\u0007second'],
    ['a letter outside ASCII', 'sk-fïrst'],
    ['nothing but spaces', '   '],
  ])('validate: a key with %s is refused in words, and not repeated', async (_name, key) => {
    const { gateway, stored } = keyBench();
    const reply = await gateway.call({ route: 'keys.set', input: { provider: 'x', key }, caller: cli });
    expect(reply).toMatchObject({ error: { code: 'INVALID_INPUT', message: expect.stringContaining('"key"') } });
    expect(JSON.stringify(reply)).not.toMatch(/first|second/);
    expect(stored).toEqual([]);
  });

  test('validate: what was copied around a key is taken off', async () => {
    const { gateway, stored } = keyBench();
    await gateway.call({ route: 'keys.set', input: { provider: 'x', key: '\n sk-!~ \n' }, caller: cli });
    expect(stored).toEqual(['sk-!~']);
  });

  test('validate: a handler that breaks the contract is a bug of ours, and its data stays inside', async () => {
    const { gateway } = bench({ 'keys.remove': () => ({ removed: 'perhaps', key: 'sk-secret' }) });
    const reply = await gateway.call(remove);
    expect(reply).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(JSON.stringify(reply)).not.toContain('sk-secret');
  });

  test('limit: a flood is refused with the time to wait, for that caller and route alone, until it has passed', async () => {
    const { gateway, advance } = bench({ 'keys.test': () => ({ provider: 'x', models: 1 }) });
    const test = (caller: Caller) => gateway.call({ route: 'keys.test', input: { provider: 'x' }, caller });
    for (let index = 0; index < 10; index += 1) expect(await test(cli)).toMatchObject({ status: 'ok' });
    const refused = await test(cli);
    expect(refused).toMatchObject({ error: { code: 'RATE_LIMITED', detail: { retryAfterMs: 1000 } } });
    expect(await test({ kind: 'panel', session: 'other' })).toMatchObject({ status: 'ok' });
    advance(999);
    expect(await test(cli)).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    advance(1);
    expect(await test(cli)).toMatchObject({ status: 'ok' });
  });

  test('cache: an equal call is answered without the handler and says so; a failure is not kept', async () => {
    let asked = 0;
    const result = {
      runId: crypto.randomUUID(),
      action: { id: 'polish', name: 'Polish', output: 'replace' },
      canInsert: false,
      input: 'x',
      output: 'y',
      outcome: 'returned',
      ms: 1,
    };
    const { gateway } = bench({
      'text.process': () => {
        asked += 1;
        if (asked === 1) throw new PotterError('PROVIDER', 'It failed.');
        return result;
      },
    });
    const run = (text: string) =>
      gateway.call({ route: 'text.process', input: { action: 'polish', source: { type: 'text', text } }, caller: cli });
    expect(await run('x')).toMatchObject({ status: 'error' });
    expect(await run('x')).toMatchObject({ data: result, metadata: { cached: false } });
    expect(await run('x')).toMatchObject({ data: result, metadata: { cached: true } });
    expect(await run('z')).toMatchObject({ metadata: { cached: false } });
    expect(asked).toBe(3);
  });
});

test('every route that needs no model answers through the whole core', async () => {
  const { client, connect } = await startTestPotter();
  await client.call('text.process', { action: 'upper-case', source: { type: 'text', text: 'x' } });
  const { entries } = await client.call('history.list', {});
  const hotkeys = [{ accelerator: 'Ctrl+Shift+9', command: 'run', state: 'registered', alternatives: [] }] as const;
  await connect({ kind: 'shell' }).call('hotkeys.report', { hotkeys: [{ ...hotkeys[0], alternatives: [] }] });
  expect({
    entry: (await client.call('history.get', { id: entries[0]?.id ?? '' })).output,
    keys: await client.call('keys.list', {}),
    removed: await client.call('keys.remove', { provider: 'openai' }),
    hotkeys: await client.call('hotkeys.list', {}),
    inspected: (await client.call('config.inspect', { key: 'history.days' })).value,
    set: (await client.call('config.set', { key: 'history.days', value: 7 })).source,
    got: await client.call('config.get', { key: 'history.days' }),
    providers: (await client.call('providers.list', { provider: 'openai' })).providers.map(({ state }) => state),
    info: (await client.call('system.info', {})).demo,
  }).toEqual({
    entry: 'X',
    keys: { vault: 'unlocked', backend: 'key-file', protection: 'system', keys: [] },
    removed: { removed: false },
    hotkeys: { hotkeys },
    inspected: 90,
    set: 'file',
    got: { values: { 'history.days': 7 } },
    providers: ['no-key'],
    info: false,
  });
});
