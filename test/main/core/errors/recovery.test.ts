import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Recovery, type Strategy } from '../../../../src/main/core/errors/recovery.ts';
import { answer, createGateway, type Gateway, type Handlers } from '../../../../src/main/core/gateway/gateway.ts';
import { createMiddleware } from '../../../../src/main/core/gateway/middleware.ts';
import type { Cipher } from '../../../../src/main/core/host.ts';
import { systemClock } from '../../../../src/main/core/host.ts';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import { PotterError } from '../../../../src/shared/errors.ts';
import { startTestPotter, startVendor, temporaryFolder } from '../../../helpers/potter.ts';

const locked = new PotterError('KEYS_LOCKED', 'The keys are locked.');

describe('a way to recover', () => {
  test('is tried once for all who ask at the same time, and anew for who asks later', async () => {
    const recovery = new Recovery({ log: silentLog });
    const gate = Promise.withResolvers<boolean>();
    let tries = 0;
    recovery.register('KEYS_LOCKED', () => {
      tries += 1;
      return gate.promise;
    });
    const asked = [recovery.attempt('KEYS_LOCKED'), recovery.attempt('KEYS_LOCKED'), recovery.attempt('STORAGE')];
    gate.resolve(true);
    expect(await Promise.all(asked)).toEqual([true, true, false]);
    expect(tries).toBe(1);
    await recovery.attempt('KEYS_LOCKED');
    expect(tries).toBe(2);
  });

  test('that throws is logged and has mended nothing', async () => {
    const warnings: unknown[] = [];
    const log = { ...silentLog, warn: (_message: string, fields?: object) => warnings.push(fields) };
    const recovery = new Recovery({ log });
    recovery.register('STORAGE', () => {
      throw locked;
    });
    expect(await recovery.attempt('STORAGE')).toBe(false);
    expect(warnings).toEqual([{ code: 'STORAGE', error: locked }]);
  });

  test('that does not end by its deadline is told so, and has mended nothing', async () => {
    const recovery = new Recovery({ log: silentLog, deadlineMs: 1 });
    let told: AbortSignal | undefined;
    recovery.register('STORAGE', (signal) => {
      told = signal;
      return new Promise(() => undefined);
    });
    expect(await recovery.attempt('STORAGE')).toBe(false);
    expect(told?.aborted).toBe(true);
  });

  test('is the only one of its code, until it is taken back', async () => {
    const recovery = new Recovery({ log: silentLog });
    const stop = recovery.register('STORAGE', () => true);
    expect(() => recovery.register('STORAGE', () => true)).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    stop();
    expect(await recovery.attempt('STORAGE')).toBe(false);
  });
});

describe('the stage that recovers', () => {
  test('runs the handler once more when the cause was mended, and only then', async () => {
    let isMended = true;
    const { gateway, runs } = bench({ mend: () => isMended, failures: 1 });
    const request = { route: 'keys.retry', input: {}, caller: { kind: 'cli' } } as const;
    expect(await gateway.call(request)).toMatchObject({ status: 'ok', data: { vault: 'unlocked' } });
    expect(runs()).toBe(2);
    isMended = false;
    const other = bench({ mend: () => isMended, failures: 1 });
    expect(await other.gateway.call(request)).toMatchObject({ status: 'error', error: { code: 'KEYS_LOCKED' } });
    expect(other.runs()).toBe(1);
  });

  test('never runs it a third time', async () => {
    const { gateway, runs } = bench({ mend: () => true, failures: 5 });
    const reply = await gateway.call({ route: 'keys.retry', input: {}, caller: { kind: 'cli' } });
    expect(reply).toMatchObject({ status: 'error', error: { code: 'KEYS_LOCKED' } });
    expect(runs()).toBe(2);
  });

  test('leaves alone what is audited, what has sent a chunk, and what was cancelled', async () => {
    let attempts = 0;
    const mend = (): boolean => {
      attempts += 1;
      return true;
    };
    const caller = { kind: 'cli' } as const;
    const { gateway } = bench({ mend, failures: 9 });
    await gateway.call({ route: 'keys.remove', input: { provider: 'openai' }, caller });
    const input = { source: { type: 'text', text: 'words' } };
    await gateway.call({ route: 'text.process', input, caller });
    await gateway.call({ route: 'keys.retry', input: {}, caller, signal: AbortSignal.abort() });
    expect(attempts).toBe(0);
  });

  test.each(['text.insert', 'text.restore'] as const)(
    'leaves %s alone: what it wrote to a window stands there although it failed afterwards',
    async (route) => {
      const { gateway, runs } = bench({ mend: () => true, failures: 1 });
      const input = { runId: randomUUID(), ...(route === 'text.insert' && { text: 'words' }) };
      const reply = await gateway.call({ route, input, caller: { kind: 'cli' } });
      expect(reply).toMatchObject({ status: 'error', error: { code: 'KEYS_LOCKED' } });
      expect(runs()).toBe(1);
    },
  );

  test('lets a caller go who cancels while the cause is being mended, and mends on for the others', async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<boolean>();
    const { gateway, runs } = bench({
      mend: () => {
        begun.resolve();
        return gate.promise;
      },
      failures: 2,
    });
    const request = { route: 'keys.retry', input: {}, caller: { kind: 'cli' } } as const;
    const leaving = new AbortController();
    const left = gateway.call({ ...request, signal: leaving.signal });
    const staying = gateway.call(request);
    await begun.promise;
    leaving.abort();
    expect(await left).toMatchObject({ status: 'error', error: { code: 'CANCELLED' } });
    gate.resolve(true);
    expect(await staying).toMatchObject({ status: 'ok' });
    expect(runs()).toBe(3);
  });
});

test('a run whose keys open at the second try succeeds, and the windows hear that they are open', async () => {
  const dataDirectory = temporaryFolder();
  const { environment } = await startVendor({ key: 'the-key' });
  const first = await startTestPotter({ dataDirectory, environment, cipher: cipher(() => true) });
  await first.client.call('keys.set', { provider: 'vendor', key: 'the-key' });
  await first.potter.stop();

  let isOpen = false;
  const { client, potter } = await startTestPotter({ dataDirectory, environment, cipher: cipher(() => isOpen) });
  const run = { action: 'polish', source: { type: 'text', text: 'Some words.' } } as const;
  await expect(client.call('text.process', run)).rejects.toMatchObject({ code: 'KEYS_LOCKED' });
  const told: unknown[] = [];
  potter.events.subscribe('keys.changed', (payload) => told.push(payload));
  isOpen = true;
  const { runId, ...done } = await client.call('text.process', run);
  expect(done).toMatchObject({ outcome: 'unchanged', provider: 'vendor' });
  const { entries } = await client.call('history.list', {});
  expect(entries).toMatchObject([{ id: runId, result: 'unchanged' }]);
  expect(await client.call('keys.list', {})).toMatchObject({ vault: 'unlocked' });
  expect(told).toEqual([{ provider: 'all', vault: 'unlocked' }]);
  // The run that failed for good and this one: its first try is not kept apart.
  const { removed } = await client.call('system.erase', { confirm: 'delete everything' });
  expect(removed.historyEntries).toBe(2);
});

/** A gateway whose handlers fail so many times; `text.process` sends a chunk first. */
function bench({ mend, failures }: { mend: Strategy; failures: number }): {
  gateway: Gateway;
  runs: () => number;
} {
  let runs = 0;
  const handle = (): unknown => {
    runs += 1;
    if (runs <= failures) throw locked;
    return { vault: 'unlocked' };
  };
  const handlers: Partial<Handlers> = {
    'text.process': async (_input, { emit }) => {
      await emit({ type: 'text', text: 'a part' });
      throw locked;
    },
  };
  const recovery = new Recovery({ log: silentLog });
  recovery.register('KEYS_LOCKED', mend);
  const middleware = createMiddleware({
    clock: systemClock,
    audit: () => undefined,
    note: () => undefined,
    record: () => undefined,
    cache: { keyOf: () => undefined, answer: async () => answer({}) },
    recovery,
  });
  const gateway = createGateway({
    // Every other route fails as often as the test says.
    handlers: new Proxy(handlers, { get: (own, route) => Reflect.get(own, route) ?? handle }) as unknown as Handlers,
    middleware,
    clock: systemClock,
    log: silentLog,
    newId: () => 'call',
  });
  return { gateway, runs: () => runs };
}

/** The key store of a system that opens when the test says so. */
function cipher(isOpen: () => boolean): Cipher {
  return {
    backend: 'test-store',
    wrap: async (plain) => plain,
    unwrap: async (wrapped) => {
      if (!isOpen()) throw new PotterError('KEYS_LOCKED', 'The store is locked.');
      return wrapped;
    },
  };
}
