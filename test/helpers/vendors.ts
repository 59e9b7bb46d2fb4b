/** A fake vendor of every wire format, and how each is set up in Potter. */
import type { ProviderSetting, WireFormat } from '../../src/shared/settings.ts';
import { wireFormats } from '../../src/shared/settings.ts';
import { sampleClaude, startFakeAnthropic } from './fake-anthropic.ts';
import { sampleGemini, startFakeGoogle } from './fake-google.ts';
import { startFakeOpenAi } from './fake-openai.ts';
import type { FakeVendor, VendorScenario } from './fake-vendor.ts';

export interface StartedVendor {
  readonly vendor: FakeVendor<VendorScenario>;
  readonly setting: ProviderSetting;
  /** One of its models. */
  readonly model: string;
}

type Start = (options: { readonly key?: string }) => Promise<FakeVendor<VendorScenario>>;

const vendors: Readonly<Record<WireFormat, { readonly start: Start; readonly model: string }>> = {
  openai: { start: (options) => startFakeOpenAi({ ...options, models: ['gpt-5-mini'] }), model: 'gpt-5-mini' },
  compatible: { start: (options) => startFakeOpenAi({ ...options, models: ['llama3.2'] }), model: 'llama3.2' },
  anthropic: { start: startFakeAnthropic, model: sampleClaude },
  google: { start: startFakeGoogle, model: sampleGemini },
};

/** It wants the key if one is given, and none otherwise. */
export async function startVendorOf(wireFormat: WireFormat, key?: string): Promise<StartedVendor> {
  const { start, model } = vendors[wireFormat];
  const vendor = await start(key === undefined ? {} : { key });
  const setting = { name: `Fake ${wireFormat}`, baseUrl: vendor.baseUrl, needsKey: key !== undefined, wireFormat };
  return { vendor, setting, model };
}

export interface EveryVendor {
  /** The setting `providers`: each under the name of its wire format. */
  readonly providers: Readonly<Record<string, ProviderSetting>>;
  /** `provider/model` of each. */
  readonly models: readonly string[];
  /** How many texts each was given so far, in the order of `models`. */
  asked(): number[];
  close(): Promise<void>;
}

/** One of each wire format; none wants a key. */
export async function startEveryVendor(): Promise<EveryVendor> {
  const started = await Promise.all(wireFormats.map(async (id) => ({ id, ...(await startVendorOf(id)) })));
  return {
    providers: Object.fromEntries(started.map(({ id, setting }) => [id, setting])),
    models: started.map(({ id, model }) => `${id}/${model}`),
    asked: () => started.map(({ vendor }) => vendor.requests.filter(({ method }) => method === 'POST').length),
    close: async () => {
      await Promise.all(started.map(({ vendor }) => vendor.close()));
    },
  };
}
