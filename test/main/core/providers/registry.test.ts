import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import { createOutbound, type Outbound } from '../../../../src/main/core/outbound.ts';
import type { Tier } from '../../../../src/main/core/providers/models.ts';
import { type ProbeLimits, ProviderRegistry } from '../../../../src/main/core/providers/registry.ts';
import { PotterError } from '../../../../src/shared/errors.ts';
import { type ProviderSetting, settings as settingTable, type WireFormat } from '../../../../src/shared/settings.ts';
import { type FakeOpenAi, startFakeOpenAi } from '../../../helpers/fake-openai.ts';

const always = new AbortController().signal;
const nobody = 'http://127.0.0.1:1/v1';

let cloud: FakeOpenAi;
let local: FakeOpenAi;
let outbound: Outbound;
let registry: ProviderRegistry;
let now: number;
let keys: Record<string, string | PotterError>;
let settings: {
  providers: Record<string, ProviderSetting>;
  defaultModel: string | null;
  tierModels: Partial<Record<Tier, string>>;
  localOnly: boolean;
};

function open(limits: Partial<ProbeLimits> = {}): ProviderRegistry {
  return new ProviderRegistry({
    settings: () => settings,
    keys: (provider) => {
      const key = keys[provider];
      if (key instanceof PotterError) throw key;
      return key === undefined ? [] : [key];
    },
    hasKey: (provider) => Object.hasOwn(keys, provider),
    outbound,
    clock: { now: () => now, monotonic: () => now },
    log: silentLog,
    limits: { localMs: 10_000, ...limits },
  });
}

beforeEach(async () => {
  cloud = await startFakeOpenAi({ key: 'sk-good', models: ['text-embedding-3-small', 'gpt-4.1-mini', 'gpt-5-mini'] });
  local = await startFakeOpenAi({ models: ['nomic-embed-text', 'llama3.2:latest'] });
  outbound = createOutbound();
  now = 1_000;
  keys = {};
  settings = {
    providers: {
      cloud: { name: 'Cloud', baseUrl: cloud.baseUrl, needsKey: true, wireFormat: 'compatible' },
      absent: { name: 'Absent', baseUrl: nobody, needsKey: false, wireFormat: 'compatible', start: 'absent serve' },
      local: { name: 'Local', baseUrl: local.baseUrl, needsKey: false, wireFormat: 'compatible', start: 'local serve' },
    },
    defaultModel: null,
    tierModels: {},
    localOnly: false,
  };
  registry = open();
});

afterEach(async () => {
  await outbound.close();
  await cloud.close();
  await local.close();
});

const stateOf = async (id: string) => {
  const { providers } = await registry.list(id, always);
  const { state, message, models, hasKey } = providers[0] as (typeof providers)[number];
  return { state, message, models: models.map((model) => model.id), hasKey };
};

describe('the list', () => {
  it('tells of every provider whether it can be asked, why not, and what to do', async () => {
    expect(await registry.list(undefined, always)).toEqual({
      default: 'local/llama3.2:latest',
      providers: [
        {
          id: 'cloud',
          name: 'Cloud',
          baseUrl: cloud.baseUrl,
          needsKey: true,
          wireFormat: 'compatible',
          hasKey: false,
          state: 'no-key',
          message: 'There is no key for Cloud. Set the key with `potter keys set cloud`.',
          models: [],
          modelSource: 'known',
        },
        {
          id: 'absent',
          name: 'Absent',
          baseUrl: nobody,
          needsKey: false,
          wireFormat: 'compatible',
          hasKey: false,
          state: 'down',
          message: 'Absent is not running on 127.0.0.1:1. Start it with `absent serve`.',
          models: [],
          modelSource: 'known',
        },
        {
          id: 'local',
          name: 'Local',
          baseUrl: local.baseUrl,
          needsKey: false,
          wireFormat: 'compatible',
          hasKey: false,
          state: 'ready',
          models: [{ id: 'llama3.2:latest', tier: 'standard' }],
          modelSource: 'listed',
        },
      ],
    });
    expect(cloud.requests).toEqual([]);
  });

  it('prefers the settings’ default, and the chat models of a provider with a key', async () => {
    keys.cloud = 'sk-good';
    expect(await stateOf('cloud')).toEqual({
      state: 'ready',
      message: undefined,
      models: ['gpt-4.1-mini', 'gpt-5-mini'],
      hasKey: true,
    });
    expect((await registry.list(undefined, always)).default).toBe('cloud/gpt-5-mini');
    settings.defaultModel = 'local/llama3.2:latest';
    expect((await registry.list('cloud', always)).default).toBe('local/llama3.2:latest');
  });

  it.each([
    ['KEYS_LOCKED', 'keys-locked'],
    ['KEY_DETACHED', 'key-detached'],
  ] as const)('says %s without asking anybody', async (code, state) => {
    keys.cloud = new PotterError(code, 'The key cannot be used.');
    expect(await stateOf('cloud')).toMatchObject({ state, hasKey: true });
    expect(cloud.requests).toEqual([]);
  });

  it('calls a refused key failed, and a server that hangs down, soon', async () => {
    keys.cloud = 'sk-bad';
    expect(await stateOf('cloud')).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/refused.*keys set cloud/),
    });
    registry = open({ localMs: 300 });
    local.next({ for: 'models', silent: true });
    expect(await stateOf('local')).toMatchObject({ state: 'down', message: expect.stringContaining('0.3 s') });
  });

  it('asks again after a minute, after a change of key or address, and when it was told to forget', async () => {
    const asked = async (): Promise<number> => {
      await registry.list('local', always);
      return local.requests.length;
    };
    expect([await asked(), await asked()]).toEqual([1, 1]);
    now += 60_000;
    expect([await asked(), await asked()]).toEqual([2, 2]);
    registry.forget();
    expect(await asked()).toBe(3);
    keys.local = 'sk-local';
    expect([await asked(), await asked()]).toEqual([4, 4]);
    expect(local.requests.at(-1)?.headers.authorization).toBe('Bearer sk-local');
    settings.providers.local = { name: 'Local', baseUrl: cloud.baseUrl, needsKey: false, wireFormat: 'compatible' };
    await registry.list('local', always);
    expect([local.requests.length, cloud.requests.length]).toEqual([4, 1]);
  });

  it('stays on this machine when told so', async () => {
    settings.localOnly = true;
    settings.providers.far = {
      name: 'Far',
      baseUrl: 'https://far.example/v1',
      needsKey: false,
      wireFormat: 'compatible',
    };
    expect(await stateOf('far')).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('not on this machine'),
    });
    expect((await stateOf('local')).state).toBe('ready');
  });

  it('is answered also when a provider is removed while it is asked', async () => {
    local.next({ for: 'models', silent: true });
    const stop = new AbortController();
    const listed = registry.list('local', stop.signal);
    await local.received(1);
    settings.providers = {};
    stop.abort();
    await expect(listed).resolves.toMatchObject({ providers: [{ id: 'local', name: 'Local', models: [] }] });
  });

  it('knows no other provider', async () => {
    for (const id of ['nobody', '__proto__', 'constructor']) {
      await expect(registry.list(id, always)).rejects.toMatchObject({
        code: 'UNKNOWN_PROVIDER',
        message: expect.stringContaining('cloud, absent, local'),
      });
    }
  });
});

describe('resolving a model', () => {
  const named = async (reference?: string, tier?: Tier) => {
    const { id, model } = await registry.resolve({ reference, tier }, always);
    return [id, model];
  };

  it('takes the provider up to the first slash, and asks nobody', async () => {
    keys.cloud = 'sk-good';
    expect(await named('cloud/org/model:free')).toEqual(['cloud', 'org/model:free']);
    expect(cloud.requests).toEqual([]);
  });

  it('takes the first choice of a provider named alone', async () => {
    expect(await named('local')).toEqual(['local', 'llama3.2:latest']);
  });

  it('takes the default of the settings, else the first provider that is ready', async () => {
    expect(await named()).toEqual(['local', 'llama3.2:latest']);
    keys.cloud = 'sk-good';
    expect(await named()).toEqual(['cloud', 'gpt-5-mini']);
    settings.defaultModel = 'local/phi4';
    expect(await named()).toEqual(['local', 'phi4']);
  });

  it('does not wait for those behind the one chosen', async () => {
    settings.providers = {
      local: settings.providers.local as ProviderSetting,
      cloud: { ...(settings.providers.cloud as ProviderSetting) },
    };
    keys.cloud = 'sk-good';
    cloud.next({ for: 'models', silent: true });
    expect(await named()).toEqual(['local', 'llama3.2:latest']);
    await cloud.disconnected();
  });

  it('answers with the reason when there is nothing to ask', async () => {
    await expect(named('nobody/x')).rejects.toMatchObject({ code: 'UNKNOWN_PROVIDER' });
    await expect(named('cloud/x')).rejects.toMatchObject({ code: 'NO_KEY' });
    await expect(named('absent')).rejects.toMatchObject({ code: 'LOCAL_DOWN' });
    delete settings.providers.local;
    await expect(named()).rejects.toMatchObject({ code: 'NO_PROVIDER' });
    keys.cloud = 'sk-bad';
    await expect(named()).rejects.toMatchObject({ code: 'AUTH' });
    keys.cloud = new PotterError('KEYS_LOCKED', 'The keys are locked.');
    await expect(named()).rejects.toMatchObject({ code: 'KEYS_LOCKED' });
    settings.localOnly = true;
    settings.providers.cloud = {
      name: 'Cloud',
      baseUrl: 'https://far.example/v1',
      needsKey: true,
      wireFormat: 'compatible',
    };
    await expect(named('cloud/x')).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS' });
    await expect(named()).rejects.toMatchObject({ code: 'NO_PROVIDER' });
  });

  it('is cancelled by its signal', async () => {
    local.next({ for: 'models', silent: true });
    const stop = new AbortController();
    const asked = registry.resolve({}, stop.signal);
    await local.received(1);
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('names the known models when the server refuses one', async () => {
    await registry.list('local', always);
    const { servers } = await registry.resolve({ reference: 'local/gone' }, always);
    const answer = servers[0].provider.complete({ model: 'gone', system: '', user: 'x', maxOutputTokens: 9 }, always);
    await expect(answer[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      message: 'Local has no model "gone". It offers llama3.2:latest.',
    });
  });
});

describe('which model an action without one gets', () => {
  const named = async (reference?: string, tier?: Tier) => {
    const { id, model } = await registry.resolve({ reference, tier }, always);
    return `${id}/${model}`;
  };
  const large = { key: 'sk-good', models: ['gpt-4o', 'gpt-5-nano', 'gpt-5-mini', 'o3', 'gpt-5.2', 'o4-mini'] };

  it('is its own, else the tier’s, else the default, else the best for the tier of the first that is ready', async () => {
    const vendor = await startFakeOpenAi(large);
    settings.providers.cloud = { name: 'Cloud', baseUrl: vendor.baseUrl, needsKey: true, wireFormat: 'openai' };
    keys.cloud = 'sk-good';
    expect(await named(undefined, 'fast')).toBe('cloud/gpt-5-mini');
    expect(await named(undefined, 'standard')).toBe('cloud/gpt-5.2');
    expect(await named()).toBe('cloud/gpt-5.2');
    expect(await named(undefined, 'thinking')).toBe('cloud/o4-mini');
    settings.defaultModel = 'local/phi4';
    expect(await named(undefined, 'fast')).toBe('local/phi4');
    settings.tierModels = { fast: 'cloud/gpt-5-nano', thinking: 'cloud/o3' };
    expect(await named(undefined, 'fast')).toBe('cloud/gpt-5-nano');
    expect(await named(undefined, 'standard')).toBe('local/phi4');
    expect(await named(undefined, 'thinking')).toBe('cloud/o3');
    expect(await named('cloud/gpt-4o', 'thinking')).toBe('cloud/gpt-4o');
    expect(await named('cloud', 'fast')).toBe('cloud/gpt-5-mini');
    await vendor.close();
  });

  it('tells who it is, and whether a key goes along', async () => {
    keys.cloud = 'sk-good';
    const told = async (reference: string) => {
      const { providerName, withKey } = await registry.resolve({ reference }, always);
      return [providerName, withKey];
    };
    expect([await told('cloud/x'), await told('local/x')]).toEqual([
      ['Cloud', true],
      ['Local', false],
    ]);
  });

  it.each([
    ['clout/x', 'There is no provider "clout". Did you mean "cloud"?'],
    ['lokal', 'There is no provider "lokal". Did you mean "local"?'],
    ['elsewhere-entirely/x', 'There is no provider "elsewhere-entirely". There are: cloud, absent, local.'],
  ])('of %s is that of nobody, with the names that are near', async (reference, message) => {
    await expect(named(reference)).rejects.toMatchObject({ code: 'UNKNOWN_PROVIDER', message });
  });
});

describe('the wire format', () => {
  const vendorFormats = ['openai', 'anthropic', 'google'] as const;

  it('decides who speaks to the server, at once when it changes', async () => {
    const setting = { name: 'Any', baseUrl: 'https://vendor.example', needsKey: false };
    const urlOf = async (wireFormat: WireFormat): Promise<string> => {
      settings.providers.any = { ...setting, wireFormat };
      const { servers } = await registry.resolve({ reference: 'any/m' }, always);
      return servers[0].provider.describe({ model: 'm', system: '', user: 'x', maxOutputTokens: 9 }).url;
    };
    expect(await urlOf('openai')).toBe('https://vendor.example/chat/completions');
    expect(await urlOf('anthropic')).toBe('https://vendor.example/v1/messages');
    expect(await urlOf('google')).toBe('https://vendor.example/v1beta/models/m:streamGenerateContent?alt=sse');
    expect(await urlOf('compatible')).toBe('https://vendor.example/chat/completions');
  });

  it.each(vendorFormats)(
    '%s has models that are known while the vendor cannot be asked, and only then',
    async (wireFormat) => {
      settings.providers.vendor = { name: 'Vendor', baseUrl: nobody, needsKey: true, wireFormat };
      const look = async () => (await registry.list('vendor', always)).providers[0];
      const unasked = await look();
      expect(unasked).toMatchObject({ state: 'no-key', modelSource: 'known' });
      expect(new Set(unasked?.models.map(({ tier }) => tier))).toEqual(new Set(['fast', 'standard', 'thinking']));
      keys.vendor = 'sk-any';
      expect(await look()).toMatchObject({ state: 'down', modelSource: 'known', models: unasked?.models });
      // What is known is never taken for an answer.
      await expect(registry.resolve({ reference: 'vendor' }, always)).rejects.toMatchObject({ code: 'LOCAL_DOWN' });
    },
  );

  it.each(vendorFormats)('%s elsewhere is not asked while only this machine may be', async (wireFormat) => {
    settings.localOnly = true;
    keys.vendor = 'sk-any';
    settings.providers.vendor = { name: 'Vendor', baseUrl: 'https://vendor.example', needsKey: true, wireFormat };
    const ask = async () => registry.resolve({ reference: 'vendor/m' }, always);
    await expect(ask()).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS' });
    expect(await stateOf('vendor')).toMatchObject({ state: 'failed' });
  });
});

describe('the providers Potter knows without being told', () => {
  it('are not asked without a key, unless they are on this machine', async () => {
    settings.providers = settingTable.providers.default as Record<string, ProviderSetting>;
    const hosts = new Set<string>();
    await outbound.close();
    const fetchFor = () => (input: string | URL) => {
      hosts.add(new URL(input).hostname);
      return Promise.reject(new PotterError('LOCAL_DOWN', 'It is not running.'));
    };
    const { forwardTo } = outbound;
    outbound = { fetchFor, forwardTo, prepare: async () => undefined, close: async () => undefined };
    registry = open();
    await registry.list(undefined, always);
    await registry.probeKeyless(always);
    await expect(registry.resolve({}, always)).rejects.toMatchObject({ code: 'NO_PROVIDER' });
    expect([...hosts]).toEqual(['127.0.0.1']);
  });
});

describe('whether there is anybody to ask', () => {
  it('is known without asking', async () => {
    expect(registry.hasAny()).toBe(false);
    settings.defaultModel = 'cloud/gpt-5-mini';
    expect(registry.hasAny()).toBe(true);
    settings.defaultModel = null;
    await registry.probeKeyless(always);
    expect(local.requests.length).toBe(1);
    expect(registry.hasAny()).toBe(true);
    now += 60_000;
    local.next({ for: 'models', resetAtOnce: true });
    await registry.list('local', always);
    expect(registry.hasAny()).toBe(false);
    keys.cloud = 'sk-any';
    expect(registry.hasAny()).toBe(true);
    expect(cloud.requests).toEqual([]);
  });

  it('counts a server without a key elsewhere in the network, once it has answered', async () => {
    await outbound.close();
    outbound = createOutbound({ lookup: async () => [{ address: '127.0.0.1', family: 4 }] });
    registry = open();
    const baseUrl = local.baseUrl.replace('127.0.0.1', 'lan.example');
    settings.providers = { lan: { name: 'LAN', baseUrl, needsKey: false, wireFormat: 'compatible' } };
    expect(registry.hasAny()).toBe(false);
    await registry.probeKeyless(always);
    expect(registry.hasAny()).toBe(true);
    settings.localOnly = true;
    expect(registry.hasAny()).toBe(false);
  });

  it('waits for a silent one elsewhere no longer than for one here, and not each time', async () => {
    await outbound.close();
    outbound = createOutbound({ lookup: async () => [{ address: '127.0.0.1', family: 4 }] });
    registry = open({ localMs: 300, remoteMs: 3_600_000 });
    const baseUrl = local.baseUrl.replace('127.0.0.1', 'lan.example');
    settings.providers = { lan: { name: 'LAN', baseUrl, needsKey: false, wireFormat: 'compatible' } };
    local.next({ for: 'models', silent: true });
    for (let time = 0; time < 3; time += 1) await registry.probeKeyless(always);
    expect([local.requests.length, registry.hasAny()]).toEqual([1, false]);
    now += 60_000;
    await registry.probeKeyless(always);
    expect([local.requests.length, registry.hasAny()]).toEqual([2, true]);
  });

  it('leaves out what may not be asked', () => {
    keys.far = 'sk-any';
    settings.providers.far = {
      name: 'Far',
      baseUrl: 'https://far.example/v1',
      needsKey: true,
      wireFormat: 'compatible',
    };
    expect(registry.hasAny()).toBe(true);
    settings.localOnly = true;
    expect(registry.hasAny()).toBe(false);
  });
});

describe('the test of a key', () => {
  it('counts the models it opens, each time anew', async () => {
    keys.cloud = 'sk-good';
    expect([await registry.testKey('cloud', always), await registry.testKey('cloud', always)]).toEqual([2, 2]);
    expect(cloud.requests.length).toBe(2);
  });

  it('fails with the reason', async () => {
    await expect(registry.testKey('cloud', always)).rejects.toMatchObject({ code: 'NO_KEY' });
    keys.cloud = 'sk-bad';
    await expect(registry.testKey('cloud', always)).rejects.toMatchObject({ code: 'AUTH' });
    await expect(registry.testKey('nobody', always)).rejects.toMatchObject({ code: 'UNKNOWN_PROVIDER' });
  });
});
