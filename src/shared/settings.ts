/** Every setting: its schema, default, one sentence of help, and the layers that may set it. */
import * as z from 'zod';

/** Lowest first; a higher layer wins. */
export const layers = ['default', 'file', 'environment', 'runtime'] as const;
export type Layer = (typeof layers)[number];

export interface Setting {
  readonly schema: z.ZodType;
  readonly default: unknown;
  /** One sentence, shown beside the field and in docs/settings.md. */
  readonly help: string;
  /** Layers besides the default that may hold it; all of them if left out. */
  readonly layers?: readonly Exclude<Layer, 'default'>[];
}

const setting = <S extends z.ZodType>(
  schema: S,
  options: Omit<Setting, 'schema' | 'default'> & { default: z.output<S> },
) => ({ schema, ...options }) as const;

/** How a server is spoken to. `compatible`: as OpenAI's, with only what the dozen programs that copy it understand. */
export const wireFormats = ['openai', 'anthropic', 'google', 'compatible'] as const;
export type WireFormat = (typeof wireFormats)[number];

/** Settings are shown and sent; what stands there of an address is a key more often than not. */
function holdsNoSecret(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && `${url.username}${url.password}${url.search}${url.hash}` === '';
}

const proxyForm = 'must be an address without user name, password, path or query, such as http://proxy.example:3128';
const webhookForm = 'must be an https address without user name, password, query or fragment';

function isProxyAddress(address: string): boolean {
  return holdsNoSecret(address) && /^https?:\/\/[^/]+\/?$/.test(address);
}

const providerSetting = z.strictObject({
  name: z.string().min(1).max(50),
  baseUrl: z.url({ protocol: /^https?$/ }).refine(holdsNoSecret, {
    error: 'must be an address without user name, password, query or fragment; a key is stored with `potter keys set`',
  }),
  needsKey: z.boolean(),
  wireFormat: z.enum(wireFormats).default('compatible'),
  /** For a program on this machine: how to start it, told when it does not answer. */
  start: z.string().max(200).exactOptional(),
});
export type ProviderSetting = z.output<typeof providerSetting>;

/** Addresses Potter knows without being told. Local programs are probed on 127.0.0.1, never by name. */
const presets: Record<string, ProviderSetting> = {
  openai: vendor('OpenAI', 'https://api.openai.com/v1', 'openai'),
  anthropic: vendor('Anthropic', 'https://api.anthropic.com', 'anthropic'),
  google: vendor('Google Gemini', 'https://generativelanguage.googleapis.com', 'google'),
  mistral: vendor('Mistral', 'https://api.mistral.ai/v1', 'compatible'),
  openrouter: vendor('OpenRouter', 'https://openrouter.ai/api/v1', 'compatible'),
  ollama: onThisMachine('Ollama', 'http://127.0.0.1:11434/v1', 'ollama serve'),
  'lm-studio': onThisMachine('LM Studio', 'http://127.0.0.1:1234/v1', 'lms server start'),
  'llama-cpp': onThisMachine('llama.cpp', 'http://127.0.0.1:8080/v1', 'llama-server -m <model.gguf>'),
};

function vendor(name: string, baseUrl: string, wireFormat: WireFormat): ProviderSetting {
  return { name, baseUrl, needsKey: true, wireFormat };
}

function onThisMachine(name: string, baseUrl: string, start: string): ProviderSetting {
  return { name, baseUrl, needsKey: false, wireFormat: 'compatible', start };
}

const reference = z.string().regex(/^[^/]+\/.+$/, 'must look like provider/model');
const language = z.string().regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, 'must be a language tag, such as en or pt-BR');

const logLevel = z.enum(['debug', 'info', 'warn', 'error', 'silent']);
/** Parts of Potter whose log lines can be asked for apart. */
export const logAreas = ['gateway', 'providers', 'plugins', 'config', 'vault', 'desktop', 'net'] as const;

/** What money may be limited for. `key`: whatever is paid with the keys of a provider. */
export const budgetKinds = ['key', 'action', 'plugin', 'token'] as const;
export type BudgetKind = (typeof budgetKinds)[number];
const timeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, such as 22:00');
const dollars = z.number().positive().max(1_000_000);

export const settings = {
  'text.currentAction': setting(z.string().min(1).max(100).nullable(), {
    default: null,
    help: 'Action the hotkey runs; null chooses Polish once a provider exists and Proofread (offline) until then.',
  }),
  'text.defaultModel': setting(reference.nullable(), {
    default: null,
    help: 'Model used where an action names none, as provider/model; null takes the first ready one that suits the action.',
  }),
  'text.tierModels': setting(
    z.strictObject({ fast: reference.optional(), standard: reference.optional(), thinking: reference.optional() }),
    {
      default: {},
      help: 'Models for fast, standard and thinking actions, as provider/model; the default model where one is left out.',
    },
  ),
  'text.translateTo': setting(language, {
    default: 'en',
    help: 'Language Translate translates to, as a language tag.',
  }),
  'text.translateToSecond': setting(language, {
    default: 'de',
    help: 'Language Translate translates to when the text is in the first one already.',
  }),
  'text.failover': setting(z.array(reference).max(10), {
    default: [],
    help: 'Models to turn to, in this order, when the one that is meant cannot answer, as provider/model.',
  }),
  'text.timeoutSeconds': setting(z.int().min(5).max(3600), {
    default: 600,
    help: 'Longest time a language model may take for one answer, all attempts together, in seconds.',
  }),
  'text.maxCharacters': setting(z.int().min(100).max(1_000_000), {
    default: 50_000,
    help: 'Longest text a language model is given, in characters.',
  }),
  providers: setting(z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/), providerSetting), {
    default: presets,
    help: 'Language-model servers by id, each with its base address and wire format.',
  }),
  'budget.monthly': setting(dollars.nullable(), {
    default: null,
    help: 'US dollars that language models may cost in a month; null for no limit.',
  }),
  'budget.limits': setting(
    z.array(z.strictObject({ of: z.enum(budgetKinds), id: z.string().min(1).max(100), dollars })).max(100),
    {
      default: [],
      help: 'US dollars a month for a provider (of key), an action, a plugin or an API token, each by its id.',
    },
  ),
  'privacy.localOnly': setting(z.boolean(), {
    default: false,
    help: 'Only servers on this machine may be asked; nothing leaves it.',
  }),
  'cache.enabled': setting(z.boolean(), {
    default: true,
    help: 'Answer an identical request again without asking a language model.',
  }),
  'cache.hours': setting(z.int().min(1).max(720), {
    default: 24,
    help: 'Hours an answer may be given again.',
  }),
  'cache.megabytes': setting(z.int().min(1).max(1024), {
    default: 50,
    help: 'Most that answers to be given again may take on the disk, in megabytes.',
  }),
  'history.enabled': setting(z.boolean(), {
    default: true,
    help: 'Keep an encrypted history of runs on this machine.',
  }),
  'history.days': setting(z.int().min(1).max(3650), {
    default: 90,
    help: 'Days an entry of the history is kept.',
  }),
  'history.excludedApplications': setting(z.array(z.string().trim().min(1).max(100)).max(200), {
    default: [],
    help: 'Programs whose texts are never kept in the history, by name, such as keepassxc.',
  }),
  'hotkeys.run': setting(z.string().nullable(), {
    default: 'CmdOrCtrl+Shift+9',
    help: 'Global hotkey that runs the current action on the selection; null for none.',
  }),
  'hotkeys.palette': setting(z.string().nullable(), {
    default: 'CmdOrCtrl+Shift+Space',
    help: 'Global hotkey that opens the list of actions; null for none.',
  }),
  'hotkeys.restore': setting(z.string().nullable(), {
    default: null,
    help: 'Global hotkey that puts the original back after a text was replaced; null for none.',
  }),
  'hotkeys.actions': setting(z.record(z.string(), z.string()), {
    default: {},
    help: 'Global hotkeys of single actions: the combination by action id.',
  }),
  'appearance.theme': setting(z.enum(['system', 'light', 'dark']), {
    default: 'system',
    help: 'Colours of the windows.',
  }),
  'appearance.language': setting(z.enum(['system', 'en', 'de']), {
    default: 'system',
    help: 'Language of the windows.',
  }),
  'desktop.startAtLogin': setting(z.boolean(), {
    default: false,
    help: 'Start the desktop app when you log in.',
  }),
  'plugins.filters': setting(z.array(z.string().min(1).max(50)).max(20), {
    default: [],
    help: 'Plugins that may read and change texts on their way to and from language models, by id, in this order.',
  }),
  'api.enabled': setting(z.boolean(), {
    default: false,
    help: 'Answer programs on this machine that have a token over HTTP, at 127.0.0.1 only.',
  }),
  'api.port': setting(z.int().min(1024).max(65_535).nullable(), {
    default: null,
    help: 'Port of the loopback API; null chooses a free one once and keeps it.',
  }),
  'network.proxy': setting(
    z
      .url({ protocol: /^https?$/, error: proxyForm, abort: true })
      .refine(isProxyAddress, { error: proxyForm })
      .nullable(),
    {
      default: null,
      help: 'HTTP proxy all requests to other machines go through, as http://host:port; null for none, whatever HTTPS_PROXY and its like say.',
    },
  ),
  'network.noProxy': setting(z.array(z.string().trim().min(1).max(253)).max(100), {
    default: [],
    help: 'Hosts that are reached without the proxy, each with everything below it, such as example.com.',
  }),
  'network.caFile': setting(
    z
      .string()
      .regex(/^(?:\/|[A-Za-z]:[\\/])/, 'must be an absolute path')
      .max(4096)
      .nullable(),
    {
      default: null,
      help: 'PEM file of authorities to trust besides those of Node and of the system; null for those of Node alone.',
    },
  ),
  'alerts.enabled': setting(z.boolean(), {
    default: true,
    help: 'Raise an alert when something fails again and again.',
  }),
  'alerts.quietHours': setting(z.strictObject({ from: timeOfDay, to: timeOfDay }).nullable(), {
    default: null,
    help: 'Local time during which only critical alerts reach beyond the windows of Potter; null for never.',
  }),
  'alerts.webhook': setting(
    z
      .url({ protocol: /^https$/, error: webhookForm, abort: true })
      .refine(holdsNoSecret, { error: webhookForm })
      .nullable(),
    {
      default: null,
      help: 'Address that is told, without any text, of alerts nobody acknowledged for 15 minutes; null for none.',
    },
  ),
  'log.level': setting(logLevel, {
    default: 'info',
    help: 'Least severity that is written to the log.',
  }),
  'log.areas': setting(z.partialRecord(z.enum(logAreas), logLevel), {
    default: {},
    help: 'The same for single parts of Potter, such as {"providers": "debug"}.',
  }),
  'log.maxMegabytes': setting(z.int().min(1).max(10_000), {
    default: 50,
    help: 'Most the files of the log may take together, in megabytes.',
  }),
  'log.hideEmail': setting(z.boolean(), {
    default: true,
    help: 'Leave e-mail addresses out of the log.',
  }),
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof settings;
export type SettingValue<K extends SettingKey> = z.output<(typeof settings)[K]['schema']>;
export const settingKeys = Object.keys(settings) as SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}
