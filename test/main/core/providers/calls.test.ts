/** The one retry loop against the vendors' wire formats: what is asked again, when, with which key, and of whom instead. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/main/core/host.ts';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import type { ModelSample } from '../../../../src/main/core/monitor/metrics.ts';
import { createOutbound } from '../../../../src/main/core/outbound.ts';
import { createAnthropicProvider } from '../../../../src/main/core/providers/anthropic.ts';
import { CircuitBreakers } from '../../../../src/main/core/providers/breaker.ts';
import type { Spender } from '../../../../src/main/core/providers/budgets.ts';
import { type Called, type Completion, ModelCalls } from '../../../../src/main/core/providers/calls.ts';
import { createGoogleProvider } from '../../../../src/main/core/providers/google.ts';
import { createOpenAiProvider } from '../../../../src/main/core/providers/openai.ts';
import type { Provider, ProviderOptions } from '../../../../src/main/core/providers/provider.ts';
import type { Resolved, Server } from '../../../../src/main/core/providers/registry.ts';
import { type ErrorCode, PotterError, toPotterError } from '../../../../src/shared/errors.ts';
import { type WireFormat, wireFormats } from '../../../../src/shared/settings.ts';
import type { FakeVendor, VendorScenario } from '../../../helpers/fake-vendor.ts';
import { startVendorOf } from '../../../helpers/vendors.ts';

const key = 'sk-canary-good-1';
const text = 'This is a example of an sentence.';
const polished = 'This is an example of a sentence.';
const noon = Date.parse('2026-11-23T12:00:00Z');

const create: Readonly<Record<WireFormat, (options: ProviderOptions) => Provider>> = {
  openai: (options) => createOpenAiProvider({ ...options, wireFormat: 'openai' }),
  compatible: (options) => createOpenAiProvider({ ...options, wireFormat: 'compatible' }),
  anthropic: createAnthropicProvider,
  google: createGoogleProvider,
};

interface Spent {
  readonly spender: Spender;
  readonly micros: number | undefined;
  readonly isEstimate: boolean | undefined;
}

interface Rig {
  readonly vendors: readonly FakeVendor<VendorScenario>[];
  /** Every wait, in milliseconds. */
  readonly waits: number[];
  readonly samples: ModelSample[];
  readonly spent: Spent[];
  readonly breakers: CircuitBreakers;
  readonly started: string[];
  ask(signal?: AbortSignal, words?: string): Promise<Called<Completion>>;
  /** How it failed. */
  fail(signal?: AbortSignal, words?: string): Promise<PotterError>;
  advance(ms: number): void;
  /** Requests for an answer that each vendor has had. */
  asked(): number[];
}

interface RigOptions {
  /** How many vendors: the first is meant, the others are turned to. Default 1. */
  readonly vendors?: number;
  /** Default: the good one. */
  readonly keys?: readonly string[];
  readonly isLocal?: boolean;
  /** Time passes as it does. */
  readonly isReal?: boolean;
  readonly deadlineMs?: number;
  /** What the lookup of a name fails with, each time once. */
  readonly lookupFaults?: string[];
  /** Of the address. Default: the vendor's. */
  readonly port?: number;
  readonly budget?: () => void;
  readonly random?: () => number;
}

/** Vendors at public names: an own lookup leads them to this machine, so that nothing takes them for local programs. */
async function rig(wireFormat: WireFormat, options: RigOptions = {}): Promise<Rig> {
  const { keys = [key], isLocal = false, deadlineMs = 60_000, lookupFaults = [] } = options;
  const waits: number[] = [];
  const samples: ModelSample[] = [];
  const spent: Spent[] = [];
  const started: string[] = [];
  let now = 0;
  const fakeClock = {
    now: () => noon + now,
    monotonic: () => now,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      waits.push(ms);
      now += ms;
    },
  };
  const clock = options.isReal ? systemClock : fakeClock;
  const outbound = createOutbound({
    lookup: async () => {
      const fault = lookupFaults.shift();
      if (fault !== undefined) throw Object.assign(new Error('no'), { code: fault });
      return [{ address: '127.0.0.1', family: 4 }];
    },
  });
  const vendors = await Promise.all(Array.from({ length: options.vendors ?? 1 }, () => startVendorOf(wireFormat, key)));
  onTestFinished(async () => {
    await outbound.close();
    await Promise.all(vendors.map(({ vendor }) => vendor.close()));
  });
  const targets = new Map<string, Resolved>();
  for (const [index, { vendor, model }] of vendors.entries()) {
    const id = `v${index + 1}`;
    const url = new URL(vendor.baseUrl);
    url.hostname = `${id}.example`;
    if (options.port !== undefined) url.port = String(options.port);
    const baseUrl = url.href.replace(/\/$/, '');
    const name = `Vendor ${index + 1}`;
    const fetch = outbound.fetchFor({ name, named: baseUrl });
    const server = (apiKey: string): Server => ({
      provider: create[wireFormat]({ id, name, baseUrl, apiKey, fetch, now: clock.now }),
      key: `${id} ${apiKey}`,
    });
    const [first = key, ...spares] = keys;
    targets.set(`${id}/${model}`, {
      ...{ id, model, providerName: name, wireFormat, isLocal, isFree: false, withKey: true },
      servers: [server(first), ...spares.map(server)],
    });
  }
  const [meant, ...others] = targets.keys();
  const breakers = new CircuitBreakers(clock);
  const models = new ModelCalls({
    resolve: async ({ reference }) => {
      const target = targets.get(reference ?? meant ?? '');
      if (!target) throw new PotterError('NO_PROVIDER', 'Nobody.');
      return target;
    },
    settings: () => ({ failover: others, deadlineMs }),
    breakers,
    budgets: {
      reserve: (spender) => {
        options.budget?.();
        return {
          settle: (cost) => spent.push({ spender, micros: cost?.micros, isEstimate: cost?.isEstimate }),
        };
      },
    },
    record: (sample) => samples.push(sample),
    clock,
    ...(options.random && { random: options.random }),
  });
  const never = new AbortController().signal;
  const ask = (signal = never, words = text): Promise<Called<Completion>> =>
    models.complete({
      wanted: {},
      spender: { action: 'polish' },
      request: { system: 'Polish.', user: `Text:\n<text-9>\n${words}\n</text-9>`, maxOutputTokens: 100 },
      signal,
      log: silentLog,
      started: async ({ id }) => {
        started.push(id);
      },
      text: async () => undefined,
    });
  return {
    vendors: vendors.map(({ vendor }) => vendor),
    ...{ waits, samples, spent, breakers, started, ask },
    fail: async (signal, words) =>
      ask(signal, words).then(
        () => Promise.reject(new Error('It did not fail.')),
        (thrown: unknown) => toPotterError(thrown),
      ),
    advance: (ms) => {
      now += ms;
    },
    asked: () => vendors.map(({ vendor }) => vendor.requests.filter(({ method }) => method === 'POST').length),
  };
}

const status = (code: number, headers = {}, body: string | object = ''): VendorScenario => ({
  reply: { status: code, headers, body },
});

/** Faults that pass: the same request may succeed a moment later. */
const passing: readonly (readonly [id: string, fault: string, scenario: VendorScenario, code: ErrorCode])[] = [
  ['F08', '408', status(408), 'TIMEOUT'],
  ['F09', '409', status(409, {}, '{}'), 'PROVIDER'],
  ['F14', '429 without a header', status(429), 'RATE_LIMIT'],
  ['F15', '429 with a Retry-After in the past', status(429, { 'retry-after': '-5' }), 'RATE_LIMIT'],
  ['F15', '429 with a Retry-After that is junk', status(429, { 'retry-after': 'soon' }), 'RATE_LIMIT'],
  ['F15', '429 with a Retry-After beyond all measure', status(429, { 'retry-after': '99999999999' }), 'RATE_LIMIT'],
  ['F18', '500', status(500), 'PROVIDER'],
  ['F19', '502 with a page', status(502, { 'content-type': 'text/html' }, '<html>Secret page</html>'), 'PROVIDER'],
  ['F20', '503', status(503), 'OVERLOADED'],
  ['F21', '504', status(504), 'TIMEOUT'],
  ['F22', '529', status(529), 'OVERLOADED'],
  ['F36', 'a reset before the first byte', { resetAtOnce: true }, 'RESET'],
  ['F56', 'a connection lost before the first byte', { after: 0, ending: 'reset' }, 'RESET'],
];

/** Faults that asking again does not mend. */
const lasting: readonly (readonly [id: string, fault: string, scenario: VendorScenario, code: ErrorCode])[] = [
  ['F01', '400', status(400), 'BAD_REQUEST'],
  ['F03', '401', status(401), 'AUTH'],
  ['F04', '402', status(402), 'BILLING'],
  ['F05', '403', status(403), 'PERMISSION'],
  ['F07', '404 with a page', status(404, {}, '<html></html>'), 'ENDPOINT'],
  ['F10', '413', status(413), 'CONTEXT_LENGTH'],
  ['F11', '422', status(422), 'UNPROCESSABLE'],
  ['F23', 'a redirect', status(307, { location: 'https://elsewhere.example/' }), 'REDIRECT'],
  ['F24', '200 with a page', status(200, { 'content-type': 'text/html' }, '<html></html>'), 'NOT_API'],
  ['F26', '200 with plain words', { raw: 'It works!\n', contentType: 'text/plain' }, 'PROTOCOL'],
  ['F50', 'a compressed reply', { reply: { headers: { 'content-encoding': 'gzip' }, body: 'x' } }, 'PROTOCOL'],
];

describe.each(wireFormats)('a call of a model that speaks %s', (wireFormat) => {
  it.each(passing)('%s %s is made again, and its answer taken', async (_id, _fault, scenario, code) => {
    const { vendors, ask, waits, asked, samples } = await rig(wireFormat);
    vendors[0]?.next(scenario);
    const { value, attempts } = await ask();
    expect(value.text).toBe(polished);
    expect(attempts.map(({ result }) => result)).toEqual([code, 'ok']);
    expect(asked()).toEqual([2]);
    expect(waits.length).toBe(1);
    expect(waits[0]).toBeLessThanOrEqual(500);
    expect(samples).toEqual([expect.objectContaining({ result: 'ok', attempts: 2, failedOver: false })]);
  });

  it.each(passing)('%s %s that stays is told after three attempts', async (_id, _fault, scenario, code) => {
    const { vendors, fail, waits, asked, samples, spent } = await rig(wireFormat);
    vendors[0]?.next(...Array<VendorScenario>(9).fill(scenario));
    const error = await fail();
    expect(error.code).toBe(code);
    expect(error.message).toContain('Vendor 1');
    expect(error.message).toMatch(/ Potter tried 3 times\.$/);
    expect(error.message).not.toContain('Secret page');
    expect(error.detail).toMatchObject({ attempts: [{ result: code }, { result: code }, { result: code }] });
    expect(asked()).toEqual([3]);
    expect(waits.length).toBe(2);
    expect(waits[1]).toBeLessThanOrEqual(1000);
    expect(samples).toEqual([expect.objectContaining({ result: code, attempts: 3 })]);
    expect(spent.filter(({ micros }) => micros !== undefined)).toEqual([]);
  });

  it.each(lasting)('%s %s is not made again', async (_id, _fault, scenario, code) => {
    const { vendors, fail, waits, asked } = await rig(wireFormat);
    vendors[0]?.next(scenario);
    const error = await fail();
    expect(error.code).toBe(code);
    expect(error.message).toContain('Vendor 1');
    expect([asked(), waits]).toEqual([[1], []]);
  });

  it('F12 waits as long as it is asked to, and never less', async () => {
    const { vendors, ask, waits } = await rig(wireFormat, { random: () => 0 });
    vendors[0]?.next(status(429, { 'retry-after': '1' }), status(503, { 'retry-after': '7' }));
    expect((await ask()).value.text).toBe(polished);
    expect(waits).toEqual([1000, 7000]);
  });

  it('F12 another call to the same server waits as well', async () => {
    const { vendors, ask, waits } = await rig(wireFormat, { random: () => 0 });
    vendors[0]?.next(status(429, { 'retry-after': '20' }));
    await Promise.all([ask(), ask()]);
    expect(waits.length).toBeGreaterThan(0);
    expect(waits.every((ms) => ms <= 20_000)).toBe(true);
  });

  it('F13 is not kept waiting for an hour, and says when it is free again', async () => {
    const { vendors, fail, waits, asked } = await rig(wireFormat);
    vendors[0]?.next(status(429, { 'retry-after': '3600' }));
    const error = await fail();
    expect(error.code).toBe('RATE_LIMIT');
    const at = new Date(noon + 3_600_000).toTimeString().slice(0, 5);
    expect(error.message).toContain(`It is free again at ${at}.`);
    expect([asked(), waits]).toEqual([[1], []]);
  });

  it('F25 an empty answer is asked for once more', async () => {
    const { vendors, ask, fail, asked } = await rig(wireFormat);
    vendors[0]?.next(status(200));
    expect((await ask()).value.text).toBe(polished);
    vendors[0]?.next(status(200), status(200), status(200));
    expect((await fail()).code).toBe('EMPTY_RESULT');
    expect(asked()).toEqual([4]);
  });

  it.each([
    ['F27', 'that is not found', 'ENOTFOUND'],
    ['F28', 'that is not answered', 'EAI_AGAIN'],
  ])('%s a name %s is looked up again', async (_id, _fault, fault) => {
    const found = await rig(wireFormat, { lookupFaults: [fault, fault] });
    expect((await found.ask()).attempts.map(({ result }) => result)).toEqual(['DNS', 'DNS', 'ok']);
    const lost = await rig(wireFormat, { lookupFaults: [fault, fault, fault] });
    const error = await lost.fail();
    expect(error.code).toBe('DNS');
    expect(error.message).toContain('v1.example');
    expect(lost.asked()).toEqual([0]);
  });

  it('F30 a refused connection elsewhere is tried again', async () => {
    const { fail, asked, waits } = await rig(wireFormat, { port: 1 });
    const error = await fail();
    expect(error.code).toBe('CONNECT');
    expect(error.message).toContain('Vendor 1 at v1.example:1 refused the connection.');
    expect([asked(), waits.length]).toEqual([[0], 2]);
  });

  it('F37 nothing is made again once something has arrived', async () => {
    const { vendors, fail, asked, spent } = await rig(wireFormat);
    vendors[0]?.next({ text: 'A first half that is long enough to be seen by everybody.', after: 900, ending: 'end' });
    const error = await fail();
    expect(error.code).toBe('INCOMPLETE');
    const { output } = error.detail as { output: string };
    expect('A first half that is long enough to be seen by everybody.'.startsWith(output) && output !== '').toBe(true);
    expect(asked()).toEqual([1]);
    // What arrived was paid for.
    expect(spent).toEqual([{ spender: { action: 'polish', key: 'v1' }, micros: expect.any(Number), isEstimate: true }]);
  });

  it('F47 an answer that drips is cut off by the deadline, and what has arrived is shown', async () => {
    const { vendors, fail } = await rig(wireFormat, { deadlineMs: 400 });
    vendors[0]?.next({ text: 'Slow words that never end.', after: 900, ending: 'stall' });
    const error = await fail();
    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toContain('0.4 s');
    await vendors[0]?.disconnected();
  });

  it('F54 an answer without counts is booked by an estimate', async () => {
    const { vendors, ask, spent, samples } = await rig(wireFormat);
    await ask();
    vendors[0]?.next({ usage: null });
    const { value, cost } = await ask();
    expect(value.usage).toBeUndefined();
    expect(cost).toMatchObject({ isEstimate: true });
    expect(cost?.micros).toBeGreaterThan(0);
    expect(spent.map(({ isEstimate }) => isEstimate).at(1)).toBe(true);
    expect(samples.at(1)).toMatchObject({ isEstimate: true, costMicros: cost?.micros });
  });

  it('F55 a cancel while it waits ends at once, and nobody is asked any more', async () => {
    const cancel = new AbortController();
    const { vendors, fail, asked } = await rig(wireFormat, { random: () => 0 });
    vendors[0]?.next(status(429, { 'retry-after': '30' }));
    const failed = fail(cancel.signal);
    await vendors[0]?.received(1);
    cancel.abort();
    expect((await failed).code).toBe('CANCELLED');
    expect(asked()).toEqual([1]);
  });

  it('F58 a key that was revoked gives way to the next one, which is then used first', async () => {
    const { vendors, ask, asked, waits } = await rig(wireFormat, { keys: ['sk-canary-revoked-1', key] });
    const first = await ask();
    expect(first.attempts.map(({ result }) => result)).toEqual(['AUTH', 'ok']);
    expect(first.notice).toBe('A key for Vendor 1 was refused, so the next one was used.');
    expect(waits).toEqual([]);
    expect((await ask()).attempts.map(({ result }) => result)).toEqual(['ok']);
    expect(asked()).toEqual([3]);
    expect(JSON.stringify([first.notice, first.attempts])).not.toContain('canary');
    expect(vendors[0]?.requests.length).toBe(3);
  });

  it('F58 keys that are all refused are told as one', async () => {
    const { fail, asked } = await rig(wireFormat, { keys: ['sk-canary-one-1', 'sk-canary-two-2'] });
    const error = await fail();
    expect(error).toMatchObject({ code: 'AUTH', message: 'The key for Vendor 1 was refused. Potter tried 2 times.' });
    expect(asked()).toEqual([2]);
    // It may have been mended since, so the next call tries again.
    await fail();
    expect(asked()).toEqual([4]);
  });

  it('F59 two providers that are down are passed over for a third, without waiting', async () => {
    const { vendors, ask, asked, waits, started, samples } = await rig(wireFormat, { vendors: 3 });
    vendors[0]?.next(status(500));
    vendors[1]?.next({ resetAtOnce: true });
    const { value, target, notice, attempts } = await ask();
    expect([value.text, target.id]).toEqual([polished, 'v3']);
    expect(notice).toMatch(/^Vendor 1 had an error of its own.* Vendor 3 answered instead\.$/);
    expect(attempts).toMatchObject([
      { provider: 'v1', result: 'PROVIDER' },
      { provider: 'v2', result: 'RESET' },
      { provider: 'v3', result: 'ok' },
    ]);
    expect([asked(), waits, started]).toEqual([[1, 1, 1], [], ['v1', 'v2', 'v3']]);
    expect(samples.at(-1)).toMatchObject({ provider: 'v3', result: 'ok', failedOver: true });
  });

  it('F60 all that are down are listed, and each was asked three times', async () => {
    const { vendors, fail, asked } = await rig(wireFormat, { vendors: 2 });
    vendors[0]?.next(...Array<VendorScenario>(3).fill(status(500)));
    vendors[1]?.next(...Array<VendorScenario>(3).fill(status(503)));
    const error = await fail();
    expect(error.code).toBe('ALL_FAILED');
    expect(error.message).toMatch(
      /^None of 2 language models answered\. Vendor 1 had an error of its own \(500.*\)\. Vendor 2 is overloaded\.$/,
    );
    expect((error.detail as { attempts: unknown[] }).attempts.length).toBe(6);
    expect(asked()).toEqual([3, 3]);
  });

  it('F61 a server that keeps failing is left alone, then asked once to see whether it is well', async () => {
    const { vendors, ask, fail, asked, advance, breakers } = await rig(wireFormat);
    vendors[0]?.next(...Array<VendorScenario>(5).fill(status(500)));
    await fail();
    await fail();
    expect(asked()).toEqual([5]);
    expect(breakers.state(`v1 ${key}`).state).toBe('open');
    const blocked = await fail();
    expect(blocked.code).toBe('CIRCUIT_OPEN');
    expect(blocked.message).toMatch(/^Vendor 1 kept failing, so it is left alone until \d\d:\d\d:\d\d\.$/);
    expect(asked()).toEqual([5]);
    advance(15_000);
    expect(breakers.state(`v1 ${key}`).state).toBe('half-open');
    vendors[0]?.next(status(500));
    expect((await fail()).code).toBe('CIRCUIT_OPEN');
    expect(asked()).toEqual([6]);
    advance(30_000);
    expect((await ask()).value.text).toBe(polished);
    expect(breakers.state(`v1 ${key}`).state).toBe('closed');
  });

  it.each([
    ['F01', status(400)],
    ['F10', status(413)],
  ])('%s what another model would refuse as well is not taken to it', async (_id, scenario) => {
    const { vendors, fail, asked } = await rig(wireFormat, { vendors: 2 });
    vendors[0]?.next(scenario);
    expect((await fail()).code).not.toBe('ALL_FAILED');
    expect(asked()).toEqual([1, 0]);
  });

  it('F29 a program on this machine is never left alone, and has time to load its model', async () => {
    const { vendors, ask, fail, asked } = await rig(wireFormat, { isLocal: true });
    vendors[0]?.next(...Array<VendorScenario>(5).fill(status(503)));
    expect((await ask()).value.text).toBe(polished);
    vendors[0]?.next(...Array<VendorScenario>(9).fill(status(500)));
    for (let run = 0; run < 3; run += 1) expect((await fail()).code).toBe('PROVIDER');
    expect(asked()).toEqual([15]);
  });
});

describe('a call of a model', () => {
  it('F14 a hundred calls at once that are all refused ask at most three times each, and none before its time', async () => {
    const { vendors, fail } = await rig('openai', { isReal: true });
    const refusal = status(429, { 'retry-after': '1' });
    vendors[0]?.next(...Array<VendorScenario>(300).fill(refusal));
    const arrivals = new Map<string, number[]>();
    const errors = await Promise.all(Array.from({ length: 100 }, (_, index) => fail(undefined, `Text ${index}.`)));
    for (const { body, at } of vendors[0]?.requests ?? []) {
      const name = /Text \d+\./.exec(JSON.stringify(body))?.[0] ?? '';
      arrivals.set(name, [...(arrivals.get(name) ?? []), at]);
    }
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['RATE_LIMIT']));
    expect(arrivals.size).toBe(100);
    for (const times of arrivals.values()) {
      expect(times.length).toBeLessThanOrEqual(3);
      for (const [index, at] of times.slice(1).entries()) expect(at - (times[index] ?? 0)).toBeGreaterThanOrEqual(1000);
    }
  });

  it('F17 gives more time to a server that says it is asked too fast', async () => {
    const { vendors, ask, waits } = await rig('openai', { random: () => 0.999 });
    vendors[0]?.next(status(503, {}, { error: { code: 'slow_down', message: 'Slow down.', type: 'x', param: null } }));
    expect((await ask()).value.text).toBe(polished);
    expect(waits[0]).toBeGreaterThan(1500);
  });

  it.each([
    ['F57', 'a proxy that wants a login', status(407), 'PROXY'],
    ['F34', 'a clock that is wrong', status(401, { date: 'Mon, 23 Nov 2020 12:00:00 GMT' }), 'CLOCK'],
  ])('%s %s is told at once, for another model would fail as well', async (_id, _fault, scenario, code) => {
    const { vendors, fail, asked, waits } = await rig('compatible', { vendors: 2 });
    vendors[0]?.next(scenario);
    expect((await fail()).code).toBe(code);
    expect([asked(), waits]).toEqual([[1, 0], []]);
  });

  it('F51 a model that declines is not replaced by another', async () => {
    const { vendors, ask, asked } = await rig('openai', { vendors: 2 });
    vendors[0]?.next({ finish: 'content_filter' } as VendorScenario);
    expect((await ask()).value.finish).toBe('filter');
    expect(asked()).toEqual([1, 0]);
  });

  it('turns to another model when the budget of the first is used up', async () => {
    let asks = 0;
    const budget = (): void => {
      asks += 1;
      if (asks === 1) throw new PotterError('BUDGET', 'The budget of $1.00 for key v1 this month is used up.');
    };
    const { ask, asked } = await rig('openai', { vendors: 2, budget });
    const { target, notice } = await ask();
    expect([target.id, notice]).toEqual([
      'v2',
      'The budget of $1.00 for key v1 this month is used up. Vendor 2 answered instead.',
    ]);
    expect(asked()).toEqual([0, 1]);
  });

  it('comes back to the first model after the others have failed as well', async () => {
    const { vendors, ask, asked, waits } = await rig('openai', { vendors: 2, random: () => 0.5 });
    vendors[0]?.next(status(500));
    vendors[1]?.next(status(500), status(500));
    const { target, attempts } = await ask();
    expect(target.id).toBe('v1');
    const [first = 0, second = 0] = asked();
    expect(attempts.length).toBe(first + second);
    expect(waits.length).toBeGreaterThan(0);
  });

  it('does not wait beyond the deadline', async () => {
    const { vendors, fail, waits } = await rig('openai', { deadlineMs: 5000 });
    vendors[0]?.next(status(429, { 'retry-after': '30' }));
    expect((await fail()).code).toBe('RATE_LIMIT');
    expect(waits).toEqual([]);
  });
});
