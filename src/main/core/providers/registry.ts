import { createHash } from 'node:crypto';
import { closest } from '../../../shared/closest.ts';
import type { ProviderInfo } from '../../../shared/contract.ts';
import { type ErrorCode, PotterError, toPotterError } from '../../../shared/errors.ts';
import type { ProviderSetting, WireFormat } from '../../../shared/settings.ts';
import type { Clock } from '../host.ts';
import type { Log } from '../log/log.ts';
import { isLoopbackHost } from '../outbound/addresses.ts';
import type { Forward, Outbound } from '../outbound.ts';
import { createAnthropicProvider, loadSdk as loadAnthropic } from './anthropic.ts';
import { createGoogleProvider, loadSdk as loadGoogle } from './google.ts';
import { bestModel, chatModels, knownModels, type Tier, tierOf } from './models.ts';
import { createOpenAiProvider, loadSdk as loadOpenAi } from './openai.ts';
import type { Model, Provider, ProviderOptions } from './provider.ts';
import { speaksAgainstKey } from './rules.ts';

export interface ProviderRegistryOptions {
  readonly settings: () => {
    readonly providers: Readonly<Record<string, ProviderSetting>>;
    /** `provider/model` */
    readonly defaultModel: string | null;
    /** The same for actions of one tier. */
    readonly tierModels: Readonly<Partial<Record<Tier, string | undefined>>>;
    readonly localOnly: boolean;
  };
  /**
   * The stored keys of a provider that has any, the one to use first first. Fails with `KEYS_LOCKED`, or `KEY_DETACHED`
   * when they belong to another host.
   */
  readonly keys: (provider: string, baseUrl: string) => readonly string[];
  readonly hasKey: (provider: string) => boolean;
  readonly outbound: Pick<Outbound, 'fetchFor' | 'forwardTo' | 'prepare'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<ProbeLimits>;
}

/** Milliseconds. */
export interface ProbeLimits {
  /** How long a program on this machine may take to list its models. Default 1.5 s. */
  readonly localMs: number;
  /** The same for a server elsewhere. Default 8 s. */
  readonly remoteMs: number;
  /** How long a list of models is believed. Default 60 s. */
  readonly freshMs: number;
}

/** A provider with one of its keys. */
export interface Server {
  readonly provider: Provider;
  /** Names provider, address and key together without giving the key away. Only for this process. */
  readonly key: string;
  /** Sends a request in the OpenAI wire format as it is, where the provider speaks that. */
  readonly forward?: Forward;
}

/** A model that can be asked now. */
export interface Resolved {
  /** Of the provider. */
  readonly id: string;
  readonly model: string;
  /** In the person's words. */
  readonly providerName: string;
  /** One for each key, the one to use first first; one without a key where none is wanted. */
  readonly servers: readonly [Server, ...Server[]];
  readonly wireFormat: WireFormat;
  /** Is it a program on this machine? */
  readonly isLocal: boolean;
  /** Does it cost nothing? Taken of whoever wants no key. */
  readonly isFree: boolean;
  /** Is a key sent to it? */
  readonly withKey: boolean;
}

/** Which model is wanted. */
export interface Wanted {
  /** `provider/model`, or a provider alone. */
  readonly reference?: string | undefined;
  /** Which size suits, where none is named. Default `standard`. */
  readonly tier?: Tier | undefined;
}

interface ModelList {
  readonly at: number;
  readonly models: readonly Model[];
}

/** One provider as it is set up and with the key it has, until either changes. */
interface Connection {
  readonly id: string;
  readonly isLocal: boolean;
  readonly servers: readonly [Server, ...Server[]];
  readonly setting: ProviderSetting;
  readonly keys: readonly string[];
  readonly localOnly: boolean;
  list: ModelList | undefined;
}

interface Ready {
  readonly info: ProviderInfo;
  readonly connection: Connection;
}

interface Failed {
  readonly info: ProviderInfo;
  readonly error: PotterError;
}

type Probe = Ready | Failed;

interface Asking {
  readonly signal: AbortSignal;
  /** Of the call it is asked for. */
  readonly log: Log;
}

/** The providers of the settings: whether each can be asked, what models it has, and which one is meant. */
export class ProviderRegistry {
  readonly #options: ProviderRegistryOptions;
  readonly #limits: ProbeLimits;
  readonly #connections = new Map<string, Connection>();
  /** Servers without a key that answered when they were last asked. */
  readonly #answering = new Set<string>();
  /** Addresses that did not answer in time for `probeKeyless`, and when. */
  readonly #silentSince = new Map<string, number>();

  constructor(options: ProviderRegistryOptions) {
    this.#options = options;
    this.#limits = { localMs: 1_500, remoteMs: 8_000, freshMs: 60_000, ...options.limits };
  }

  /** One provider, or all of them in the order of the settings, each asked now unless its list is fresh. */
  async list(
    id: string | undefined,
    signal: AbortSignal,
    log = this.#options.log,
  ): Promise<{ providers: ProviderInfo[]; default?: string }> {
    const ids = id === undefined ? this.#ids() : [id];
    const settings = ids.map((one) => [one, this.settingOf(one)] as const);
    const probes = await Promise.all(settings.map(([one, setting]) => this.#probe(one, setting, { signal, log })));
    const { defaultModel, tierModels } = this.#options.settings();
    const chosen = tierModels.standard ?? defaultModel ?? firstReference(probes);
    return { providers: probes.map(({ info }) => info), ...(chosen !== undefined && { default: chosen }) };
  }

  /**
   * The model that is named; where none is, the one chosen for the tier, the default one, or the one that suits the tier
   * best of the first ready provider. A promise only where somebody has to be asked for it: a named one is resolved, or
   * refused, at once.
   */
  resolve(
    { reference, tier = 'standard' }: Wanted,
    signal: AbortSignal,
    log = this.#options.log,
  ): Resolved | Promise<Resolved> {
    const { defaultModel, tierModels } = this.#options.settings();
    const named = reference ?? tierModels[tier] ?? defaultModel;
    return named === null ? this.#firstReady(tier, { signal, log }) : this.#named(named, tier, signal);
  }

  /** Is there someone to ask, as far as is known without asking? */
  hasAny(): boolean {
    const { providers, defaultModel, localOnly } = this.#options.settings();
    if (defaultModel !== null) return true;
    return Object.entries(providers).some(
      ([id, setting]) =>
        (!localOnly || isLocal(setting)) && (setting.needsKey ? this.#options.hasKey(id) : this.#answering.has(id)),
    );
  }

  /**
   * Asks the servers that want no key, so that `hasAny` knows of them: each for as long as a program on this machine may
   * take, and one elsewhere that was silent not again at once, as somebody waits for this.
   */
  async probeKeyless(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const now = clock.monotonic();
    const soon = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.localMs)]);
    const ask = async (id: string, setting: ProviderSetting): Promise<void> => {
      const probe = await this.#probe(id, setting, { signal: soon, log });
      // One that refused at once costs nothing to ask again.
      if ('error' in probe && soon.aborted && !signal.aborted) this.#silentSince.set(setting.baseUrl, now);
    };
    const isDue = (setting: ProviderSetting): boolean =>
      isLocal(setting) || now - (this.#silentSince.get(setting.baseUrl) ?? -Infinity) >= this.#limits.freshMs;
    const due = this.#entries().filter(([, setting]) => !setting.needsKey && isDue(setting));
    await Promise.all(due.map(([id, setting]) => ask(id, setting)));
  }

  /** How many chat models the stored key opens; fails with the reason when it, or one of its spares, opens none. */
  async testKey(id: string, signal: AbortSignal): Promise<number> {
    const connection = this.#connect(id, this.settingOf(id));
    connection.list = undefined;
    const { servers } = connection;
    for (const [index, { provider }] of servers.length > 1 ? servers.entries() : []) {
      await provider.models(signal).catch((thrown: unknown) => {
        const { code, message, cause, detail } = toPotterError(thrown);
        const which = index === 0 ? 'The first key' : `Spare key ${index}`;
        throw new PotterError(code, `${which}: ${message}`, { cause, detail });
      });
    }
    return chatModels(await this.#models(id, connection, signal)).length;
  }

  /** Fails with `UNKNOWN_PROVIDER`. */
  settingOf(id: string): ProviderSetting {
    const { providers } = this.#options.settings();
    const setting = Object.hasOwn(providers, id) ? providers[id] : undefined;
    if (setting) return setting;
    const near = closest(id, this.#ids());
    const hint = near === undefined ? `There are: ${this.#ids().join(', ')}.` : `Did you mean "${near}"?`;
    throw new PotterError('UNKNOWN_PROVIDER', `There is no provider "${id}". ${hint}`, {
      detail: { provider: id },
    });
  }

  /** Drops every list of models, as after a change of a key. */
  forget(): void {
    this.#connections.clear();
  }

  #ids(): readonly string[] {
    return Object.keys(this.#options.settings().providers);
  }

  #entries(): readonly (readonly [id: string, setting: ProviderSetting])[] {
    return Object.entries(this.#options.settings().providers);
  }

  #named(reference: string, tier: Tier, signal: AbortSignal): Resolved | Promise<Resolved> {
    const slash = reference.indexOf('/');
    const id = slash < 0 ? reference : reference.slice(0, slash);
    const connection = this.#connect(id, this.settingOf(id));
    // Whether the model exists is the server's word: lists leave out aliases and models loaded on demand.
    const model = slash < 0 ? '' : reference.slice(slash + 1);
    return model === '' ? this.#bestOf(connection, tier, signal) : resolved(connection, model);
  }

  async #bestOf(connection: Connection, tier: Tier, signal: AbortSignal): Promise<Resolved> {
    const { id, setting } = connection;
    const model = best(setting, await this.#models(id, connection, signal), tier);
    if (model === undefined) throw noModels(setting);
    return resolved(connection, model);
  }

  async #firstReady(tier: Tier, { signal, log }: Asking): Promise<Resolved> {
    const done = new AbortController();
    const both = AbortSignal.any([signal, done.signal]);
    try {
      const probes = this.#entries().map(([id, setting]) => this.#probe(id, setting, { signal: both, log }));
      const failed: Failed[] = [];
      // All are asked at once; the settings' order decides, and nobody waits for those behind the one chosen.
      for (const pending of probes) {
        const probe = await pending;
        if (signal.aborted) throw toPotterError(signal.reason);
        if ('error' in probe) failed.push(probe);
        else {
          const { connection } = probe;
          const model = best(connection.setting, connection.list?.models ?? [], tier);
          if (model !== undefined) return resolved(connection, model);
        }
      }
      throw this.#nobody(failed);
    } finally {
      done.abort();
    }
  }

  /** What the person most likely has to mend: a provider that was set up and fails, before one that is merely absent. */
  #nobody(failed: readonly Failed[]): PotterError {
    const telling = failed.find(({ info, error }) => info.hasKey && error.code !== 'BLOCKED_ADDRESS');
    return (
      telling?.error ?? new PotterError('NO_PROVIDER', 'No language model is set up, and no local one is running.')
    );
  }

  /**
   * Never rejects, as nobody may be waiting for it any more. So the setting is the one it began with: the provider may be
   * removed meanwhile.
   */
  async #probe(id: string, setting: ProviderSetting, { signal, log }: Asking): Promise<Probe> {
    let hasKey = false;
    try {
      hasKey = this.#options.hasKey(id);
      const connection = this.#connect(id, setting);
      const models = await this.#models(id, connection, signal);
      return { info: infoOf(id, setting, hasKey, models), connection };
    } catch (thrown) {
      const info = infoOf(id, setting, hasKey, undefined);
      if (signal.aborted) return { info, error: toPotterError(signal.reason) };
      const error = toPotterError(thrown);
      log.debug('a provider is not ready', { provider: id, code: error.code });
      return { info: { ...info, state: states[error.code] ?? 'failed', message: adviceOf(error, id) }, error };
    }
  }

  /** Fails with `NO_KEY`, `KEYS_LOCKED`, `KEY_DETACHED` or `BLOCKED_ADDRESS`; asks nobody. */
  #connect(id: string, setting: ProviderSetting): Connection {
    const { localOnly } = this.#options.settings();
    if (localOnly && !isLocal(setting)) {
      throw new PotterError(
        'BLOCKED_ADDRESS',
        `${setting.name} is not on this machine, and \`privacy.localOnly\` is on.`,
      );
    }
    const keys = this.#options.hasKey(id) ? this.#options.keys(id, setting.baseUrl) : [];
    if (setting.needsKey && keys.length === 0) {
      throw new PotterError('NO_KEY', `There is no key for ${setting.name}.`, { detail: { provider: id } });
    }
    const known = this.#connections.get(id);
    if (known && sameKeys(known.keys, keys) && known.localOnly === localOnly && sameServer(known.setting, setting))
      return known;
    const connection = this.#open(id, setting, keys, localOnly);
    this.#connections.set(id, connection);
    return connection;
  }

  #open(id: string, setting: ProviderSetting, keys: readonly string[], localOnly: boolean): Connection {
    const { name, baseUrl, start } = setting;
    const policy = {
      name,
      named: baseUrl,
      localOnly,
      carriesKey: keys.length > 0,
      ...(start !== undefined && { start }),
    };
    const fetch = this.#options.outbound.fetchFor(policy);
    const server = (apiKey: string | undefined): Server => {
      const provider = createProvider(setting.wireFormat, {
        id,
        name,
        baseUrl,
        ...(apiKey !== undefined && { apiKey }),
        fetch,
        knownModels: () => chatModels(connection.list?.models ?? []).map((model) => model.id),
        now: () => this.#options.clock.now(),
      });
      const { wire } = provider;
      return {
        provider,
        key: `${id} ${createHash('sha256')
          .update(`${baseUrl} ${apiKey ?? ''}`)
          .digest('base64')}`,
        ...(wire && { forward: this.#options.outbound.forwardTo(policy, wire.url) }),
      };
    };
    const [first, ...spares] = keys;
    const servers: Connection['servers'] = [server(first), ...spares.map(server)];
    const connection: Connection = {
      id,
      isLocal: isLocal(setting),
      servers,
      setting,
      keys,
      localOnly,
      list: undefined,
    };
    return connection;
  }

  async #models(id: string, connection: Connection, signal: AbortSignal): Promise<readonly Model[]> {
    const { clock } = this.#options;
    const { list, setting, servers } = connection;
    if (list && clock.monotonic() - list.at < this.#limits.freshMs) return list.models;
    const limitMs = isLocal(setting) ? this.#limits.localMs : this.#limits.remoteMs;
    // The first use loads both, which is not the server's delay.
    await Promise.all([sdkLoaders[setting.wireFormat](), this.#options.outbound.prepare()]);
    const late = new AbortController();
    const reason = new PotterError('TIMEOUT', `${setting.name} did not list its models within ${limitMs / 1000} s.`);
    const timer = setTimeout(() => late.abort(reason), limitMs);
    try {
      const models = await listedBy(servers, AbortSignal.any([signal, late.signal]));
      connection.list = { at: clock.monotonic(), models };
      if (!setting.needsKey) this.#answering.add(id);
      return models;
    } catch (thrown) {
      if (!signal.aborted) this.#answering.delete(id);
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** As the first key sees them that is not refused. */
async function listedBy(servers: Connection['servers'], signal: AbortSignal): Promise<readonly Model[]> {
  const [first, ...spares] = servers;
  try {
    return await first.provider.models(signal);
  } catch (thrown) {
    const [next, ...rest] = spares;
    if (!next || !speaksAgainstKey(toPotterError(thrown))) throw thrown;
    return listedBy([next, ...rest], signal);
  }
}

/** What a failed probe makes of a provider; `failed` where the code is not listed. */
const states: Partial<Record<ErrorCode, ProviderInfo['state']>> = {
  NO_KEY: 'no-key',
  KEYS_LOCKED: 'keys-locked',
  KEY_DETACHED: 'key-detached',
  LOCAL_DOWN: 'down',
  DNS: 'down',
  CONNECT: 'down',
  CONNECT_TIMEOUT: 'down',
  HEADERS_TIMEOUT: 'down',
  IDLE_TIMEOUT: 'down',
  TIMEOUT: 'down',
  RESET: 'down',
};

function adviceOf({ code, message, kind }: PotterError, id: string): string {
  // That message says already how to start the program.
  return code === 'LOCAL_DOWN' ? message : `${message} ${kind.next.replace('<provider>', id)}`;
}

/** `models` is undefined where they could not be asked for: what is known of the vendor stands in. */
function infoOf(
  id: string,
  { name, baseUrl, needsKey, wireFormat }: ProviderSetting,
  hasKey: boolean,
  models: readonly Model[] | undefined,
): ProviderInfo {
  const known = wireFormat === 'compatible' ? [] : knownModels[wireFormat];
  const chat = chatModels(models ?? known).map((model) => ({ ...model, tier: tierOf(model.id) }));
  const modelSource = models === undefined ? 'known' : 'listed';
  return { id, name, baseUrl, needsKey, wireFormat, hasKey, state: 'ready', models: chat, modelSource };
}

function firstReference(probes: readonly Probe[]): string | undefined {
  for (const probe of probes) {
    if ('error' in probe) continue;
    const { setting, list } = probe.connection;
    const model = best(setting, list?.models ?? [], 'standard');
    if (model !== undefined) return `${probe.info.id}/${model}`;
  }
  return undefined;
}

function best(setting: ProviderSetting, models: readonly Model[], tier: Tier): string | undefined {
  return bestModel(models, tier, !setting.needsKey);
}

function resolved({ id, isLocal, servers, setting, keys }: Connection, model: string): Resolved {
  const { name: providerName, wireFormat } = setting;
  const withKey = keys.length > 0;
  return { id, model, providerName, servers, wireFormat, withKey, isLocal, isFree: !withKey };
}

function sameKeys(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((key, index) => key === other[index]);
}

function createProvider(wireFormat: WireFormat, options: ProviderOptions): Provider {
  switch (wireFormat) {
    case 'anthropic':
      return createAnthropicProvider(options);
    case 'google':
      return createGoogleProvider(options);
    case 'openai':
    case 'compatible':
      return createOpenAiProvider({ ...options, wireFormat });
  }
}

const sdkLoaders: Readonly<Record<WireFormat, () => Promise<unknown>>> = {
  openai: loadOpenAi,
  compatible: loadOpenAi,
  anthropic: loadAnthropic,
  google: loadGoogle,
};

function noModels({ name }: ProviderSetting): PotterError {
  return new PotterError('MODEL_NOT_FOUND', `${name} offers no model that answers a chat.`);
}

function isLocal({ baseUrl }: ProviderSetting): boolean {
  return isLoopbackHost(new URL(baseUrl).hostname);
}

function sameServer(a: ProviderSetting, b: ProviderSetting): boolean {
  return a.baseUrl === b.baseUrl && a.name === b.name && a.start === b.start && a.wireFormat === b.wireFormat;
}
