/** What every wire format does alike: the set-up of its tests, and the tests that hold for all of them. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutbound, type Outbound, type OutboundLimits } from '../../src/main/core/outbound.ts';
import type { CompletionRequest, Provider, ProviderOptions } from '../../src/main/core/providers/provider.ts';
import { type ErrorCode, PotterError } from '../../src/shared/errors.ts';
import type { FakeVendor, VendorScenario } from './fake-vendor.ts';
import { commonFaults, type ProviderFault, page, retryAfterNow, type Seen, see, waits } from './provider-faults.ts';

export const always = new AbortController().signal;
export const answer = 'Der Bär 🐻 says: this is an example of a sentence with bad grammar. 你好，世界。';
const text = 'Der Bär 🐻 says: this is a example of an sentence with bad grammer. 你好，世界。';
/** For the faults that are a wait; everything else has the time a busy machine needs. */
const impatient: Partial<OutboundLimits> = { localMs: 250 };

export interface VendorUnderTest<S extends VendorScenario> {
  readonly model: string;
  /** The one the fake lets in. */
  readonly key: string;
  start(options: { readonly key: string }): Promise<FakeVendor<S>>;
  create(options: ProviderOptions): Provider;
}

/** A fake and a provider that asks it, new for each test of the file that makes it. */
export class Bench<S extends VendorScenario> {
  readonly request: CompletionRequest;
  readonly #vendor: VendorUnderTest<S>;
  #fake: FakeVendor<S> | undefined;
  #outbound: Outbound = createOutbound();
  #provider: Provider | undefined;

  constructor(vendor: VendorUnderTest<S>) {
    this.#vendor = vendor;
    const user = `Text:\n<text-9>\n${text}\n</text-9>`;
    this.request = { model: vendor.model, system: 'Polish.', user, maxOutputTokens: 100 };
    beforeEach(async () => {
      this.#fake = await vendor.start({ key: vendor.key });
      await this.reopen();
    });
    afterEach(async () => {
      await this.#outbound.close();
      await this.#fake?.close();
    });
  }

  get fake(): FakeVendor<S> {
    if (!this.#fake) throw new Error('The fake is there only while a test runs.');
    return this.#fake;
  }

  get provider(): Provider {
    if (!this.#provider) throw new Error('The provider is there only while a test runs.');
    return this.#provider;
  }

  /** Asks in another way from now on. */
  async reopen(options: Partial<ProviderOptions> = {}, limits: Partial<OutboundLimits> = {}): Promise<void> {
    await this.#outbound.close();
    this.#outbound = createOutbound({ limits });
    const { baseUrl = this.fake.baseUrl } = options;
    this.#provider = this.#vendor.create({
      id: 'fake',
      name: 'Fake',
      baseUrl,
      apiKey: this.#vendor.key,
      fetch: this.#outbound.fetchFor({ name: 'Fake', named: baseUrl, start: 'fake serve' }),
      knownModels: () => ['small', 'large'],
      now: () => retryAfterNow,
      ...options,
    });
  }

  /** Without a key. */
  async reopenKeyless(): Promise<void> {
    await this.reopen();
    const { baseUrl } = this.fake;
    const fetch = this.#outbound.fetchFor({ name: 'Fake', named: baseUrl });
    this.#provider = this.#vendor.create({ id: 'fake', name: 'Fake', baseUrl, fetch });
  }

  ask(signal = always, request = this.request): Promise<Seen> {
    return see(this.provider, request, signal);
  }
}

export interface OddAnswer<S> {
  /** In faults.csv. */
  readonly id: string;
  readonly title: string;
  readonly scenario: S;
  /** Default: the good answer. */
  readonly text?: string;
  /** Default: a plain stop. */
  readonly end?: object;
}

const commonOdd: readonly OddAnswer<VendorScenario>[] = [
  { id: 'F26', title: 'JSON where a stream was asked for', scenario: { as: 'plain' } },
  { id: 'F26', title: 'JSON that is called a stream', scenario: { as: 'plain', contentType: 'text/event-stream' } },
  { id: 'F26', title: 'a stream that is called JSON', scenario: { contentType: 'application/json' } },
  { id: 'F41', title: 'junk lines', scenario: { junk: true } },
  { id: 'F41', title: 'LF', scenario: { newline: '\n' } },
  { id: 'F41', title: 'CRLF', scenario: { newline: '\r\n' } },
  { id: 'F41', title: 'CR', scenario: { newline: '\r' } },
  { id: 'F41', title: 'a byte order mark', scenario: { byteOrderMark: true } },
  { id: 'F41', title: 'one byte at a time', scenario: { pieceBytes: 1 } },
  {
    id: 'F41',
    title: 'one byte at a time with CRLF, junk and a byte order mark',
    scenario: { pieceBytes: 1, newline: '\r\n', junk: true, byteOrderMark: true },
  },
];

export interface Behaviour<S extends VendorScenario> {
  /** All three: besides those that look the same in every wire format. */
  readonly faults: readonly ProviderFault<S>[];
  /** Of the list of models. */
  readonly listFaults: readonly (readonly [S, ErrorCode])[];
  readonly odd: readonly OddAnswer<S>[];
  /** An answer that has begun, and one that is whole; how they end is added. */
  readonly half: S;
  readonly whole: S;
  readonly wrongKey: string;
  /** The header the key goes in. */
  readonly keyHeader: string;
  /** Variables its SDK would listen to; every value holds `-env`, or an address nobody answers at. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The tests that hold for every wire format. */
export function behavesLikeEveryProvider<S extends VendorScenario>(bench: Bench<S>, behaviour: Behaviour<S>): void {
  const { faults, listFaults, odd, half, whole, wrongKey, keyHeader, environment } = behaviour;

  describe('a fault of the provider', () => {
    it.each([...commonFaults, ...faults] as ProviderFault<S>[])(
      '$id $title becomes $code',
      async ({ scenario, code, says = [], waitMs, partial = '' }) => {
        if (waits.includes(code)) await bench.reopen({}, impatient);
        bench.fake.next(scenario);
        const { text: got, end, error } = await bench.ask();
        expect({ got, end, code: error?.code }).toEqual({ got: partial, end: undefined, code });
        for (const part of ['Fake', ...says]) expect(error?.message).toContain(part);
        if (waitMs !== undefined) {
          const told = error?.detail as { retryAfterMs?: number };
          expect(told.retryAfterMs ?? null).toBe(waitMs);
        }
        expect(JSON.stringify([error?.message, error?.detail])).not.toMatch(/canary|Secret page|<html/);
        expect(bench.fake.requests.length).toBe(1);
      },
    );

    it('is told for every model list as for an answer', async () => {
      const common: readonly (readonly [VendorScenario, ErrorCode])[] = [
        [{ reply: { body: page } }, 'NOT_API'],
        [{ reply: { status: 404, body: page } }, 'ENDPOINT'],
        [{ reply: {} }, 'EMPTY_RESULT'],
        [{ reply: { status: 302, headers: { location: 'https://elsewhere.example/' } } }, 'REDIRECT'],
        [{ silent: true }, 'HEADERS_TIMEOUT'],
      ];
      await bench.reopen({}, impatient);
      for (const [scenario, code] of [...common, ...listFaults]) {
        bench.fake.next({ ...scenario, for: 'models' } as S);
        await expect(bench.provider.models(always)).rejects.toMatchObject({ code });
      }
    });

    it('F48 an endless stream is stopped', async () => {
      bench.fake.next({ ...half, ending: 'flood' });
      expect((await bench.ask()).error?.code).toBe('TOO_LONG');
      await bench.fake.disconnected();
    });

    it('F03 a wrong key is refused by the fake as by the vendor, and never repeated', async () => {
      await bench.reopen({ apiKey: wrongKey });
      const { error } = await bench.ask();
      expect(error).toMatchObject({ code: 'AUTH', message: 'The key for Fake was refused.' });
      expect(JSON.stringify([error?.message, error?.detail])).not.toContain(wrongKey);
    });

    it('F03 a server that wants a key where none is set says so', async () => {
      await bench.reopenKeyless();
      await expect(bench.provider.models(always)).rejects.toMatchObject({
        code: 'AUTH',
        message: 'Fake wants a key, and none is set.',
      });
      expect(bench.fake.requests[0]?.headers).not.toHaveProperty(keyHeader);
    });

    it.each([
      ['F27', new PotterError('DNS', 'Cannot find the host timeout.example.')],
      [
        'F31',
        new PotterError('CONNECT_TIMEOUT', 'No connection.', { cause: new Error('Connect Timeout Error timed out') }),
      ],
      ['F32', new PotterError('TLS', 'The certificate has expired.')],
    ])('%s what the way out says reaches the caller though the SDK would drop it', async (_id, said) => {
      await bench.reopen({ baseUrl: 'https://api.example', fetch: () => Promise.reject(said) });
      expect((await bench.ask()).error).toBe(said);
      await expect(bench.provider.models(always)).rejects.toBe(said);
    });
  });

  describe('an odd but whole answer', () => {
    it.each([...commonOdd, ...odd] as OddAnswer<S>[])(
      '$id $title is read',
      async ({ scenario, text: expected = answer, end }) => {
        bench.fake.next(scenario);
        const got = await bench.ask();
        expect(got).toMatchObject({ text: expected, end: end ?? { type: 'end', finish: 'stop' } });
        expect(got.error).toBeUndefined();
        if (scenario.usage !== undefined) expect(got.end).not.toHaveProperty('usage');
      },
    );
  });

  it('takes nothing from the environment', async () => {
    const proxies = { HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9', NODE_USE_ENV_PROXY: '1' };
    for (const [name, value] of Object.entries({ ...environment, ...proxies })) vi.stubEnv(name, value);
    expect((await bench.ask()).text).toBe(answer);
    expect((await bench.provider.models(always)).length).toBeGreaterThan(0);
    expect(JSON.stringify(bench.fake.requests)).not.toMatch(/-env/i);
  });

  it('says nothing on the console', async () => {
    const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
    const spies = methods.map((method) => vi.spyOn(console, method).mockReturnValue());
    expect((await bench.ask()).text).toBe(answer);
    await bench.provider.models(always);
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  describe('cancelling', () => {
    it.each<{ when: string; scenario: S }>([
      { when: 'before the headers', scenario: { silent: true } as S },
      { when: 'before the first byte', scenario: { after: 0, ending: 'stall' } as S },
      { when: 'in mid-stream', scenario: { ...half, ending: 'stall' } },
      { when: 'during a drip', scenario: { ...half, ending: 'drip' } },
      { when: 'during a flood', scenario: { ...half, ending: 'flood' } },
      { when: 'after the terminator', scenario: { ...whole, ending: 'stall' } },
    ])('F55 $when closes the socket and is no failure', async ({ scenario }) => {
      const cancel = new AbortController();
      bench.fake.next(scenario);
      const asked = bench.ask(cancel.signal);
      await bench.fake.received(1);
      cancel.abort();
      expect((await asked).error?.code).toBe('CANCELLED');
      await bench.fake.disconnected();
    });

    it('F55 beforehand sends nothing', async () => {
      expect((await bench.ask(AbortSignal.abort())).error?.code).toBe('CANCELLED');
      expect(bench.fake.requests).toEqual([]);
    });

    it('keeps the reason it was given', async () => {
      const reason = new PotterError('TIMEOUT', 'The run took too long.');
      expect((await bench.ask(AbortSignal.abort(reason))).error).toBe(reason);
    });

    it('by leaving the loop closes the socket', async () => {
      bench.fake.next({ ...half, ending: 'stall' });
      for await (const event of bench.provider.complete(bench.request, always)) if (event.type === 'text') break;
      await bench.fake.disconnected();
    });
  });
}
