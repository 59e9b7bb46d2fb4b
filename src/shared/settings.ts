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

const providerSetting = z.strictObject({
  name: z.string().min(1).max(50),
  baseUrl: z.url({ protocol: /^https?$/ }),
  needsKey: z.boolean(),
  /** For a program on this machine: how to start it, told when it does not answer. */
  start: z.string().max(200).optional(),
});
export type ProviderSetting = z.output<typeof providerSetting>;

/** Addresses Potter knows without being told. Local programs are probed on 127.0.0.1, never by name. */
const presets: Record<string, ProviderSetting> = {
  openai: { name: 'OpenAI', baseUrl: 'https://api.openai.com/v1', needsKey: true },
  ollama: { name: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1', needsKey: false, start: 'ollama serve' },
  'lm-studio': { name: 'LM Studio', baseUrl: 'http://127.0.0.1:1234/v1', needsKey: false, start: 'lms server start' },
  'llama-cpp': {
    name: 'llama.cpp',
    baseUrl: 'http://127.0.0.1:8080/v1',
    needsKey: false,
    start: 'llama-server -m <model.gguf>',
  },
};

export const settings = {
  'text.currentAction': setting(z.string().min(1).max(100).nullable(), {
    default: null,
    help: 'Action the hotkey runs; null chooses Polish once a provider exists and Proofread (offline) until then.',
  }),
  'text.defaultModel': setting(
    z
      .string()
      .regex(/^[^/]+\/.+$/, 'must look like provider/model')
      .nullable(),
    {
      default: null,
      help: 'Model used where an action names none, as provider/model; null takes the first ready one.',
    },
  ),
  'text.maxCharacters': setting(z.int().min(100).max(1_000_000), {
    default: 50_000,
    help: 'Longest text a language model is given, in characters.',
  }),
  providers: setting(z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/), providerSetting), {
    default: presets,
    help: 'Language-model servers by id, each with its OpenAI-compatible base address.',
  }),
  'privacy.localOnly': setting(z.boolean(), {
    default: false,
    help: 'Only servers on this machine may be asked; nothing leaves it.',
  }),
  'cache.enabled': setting(z.boolean(), {
    default: true,
    help: 'Answer an identical request again from memory.',
  }),
  'history.enabled': setting(z.boolean(), {
    default: true,
    help: 'Keep an encrypted history of runs on this machine.',
  }),
  'history.days': setting(z.int().min(1).max(3650), {
    default: 90,
    help: 'Days an entry of the history is kept.',
  }),
  'hotkeys.run': setting(z.string().nullable(), {
    default: 'CmdOrCtrl+Shift+9',
    help: 'Global hotkey that runs the current action on the selection; null for none.',
  }),
  'hotkeys.palette': setting(z.string().nullable(), {
    default: 'CmdOrCtrl+Shift+Space',
    help: 'Global hotkey that opens the list of actions; null for none.',
  }),
  'hotkeys.actions': setting(z.record(z.string(), z.string()), {
    default: {},
    help: 'Global hotkeys of single actions: the combination by action id.',
  }),
  'appearance.theme': setting(z.enum(['system', 'light', 'dark']), {
    default: 'system',
    help: 'Colours of the windows.',
  }),
  'log.level': setting(z.enum(['debug', 'info', 'warn', 'error', 'silent']), {
    default: 'info',
    help: 'Least severity that is written to the log.',
  }),
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof settings;
export type SettingValue<K extends SettingKey> = z.output<(typeof settings)[K]['schema']>;
export const settingKeys = Object.keys(settings) as SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}
