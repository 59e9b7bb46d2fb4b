/**
 * Every operation of Potter, once. The client's types, the gateway's checks, the command line's help and (later) the
 * HTTP routes are derived from this table. Adding an operation touches two places: a line here and its handler.
 */
import * as z from 'zod';

/** What a caller may do. `main/core/security/access.ts` says which caller holds which. */
export const scopes = [
  'text.run',
  'actions.read',
  'providers.read',
  'keys.read',
  'keys.write',
  'config.read',
  'config.write',
  'history.read',
  'history.write',
  'system.read',
  'desktop.report',
] as const;
export type Scope = (typeof scopes)[number];

export interface Route {
  /** One sentence, shown by `potter help` and the API page. */
  readonly summary: string;
  readonly access: Scope;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** The shape of one chunk, where the route streams before it replies. */
  readonly streams?: z.ZodType;
  /** May an equal call be answered from memory? The handler's area says what "equal" means. */
  readonly cacheable?: boolean;
  /** The field of the input that names what is changed, and never a value. Each call is audited then; reads are not. */
  readonly audited?: string;
}

const nothing = z.strictObject({});
const identifier = z.string().min(1).max(100);

/** It is sent as a header, which holds nothing else; a line break would also end up, with the key, in an error message. */
const providerKey = z
  .string()
  .trim()
  .min(1)
  .max(4096)
  .regex(
    /^[\x21-\x7e]*$/,
    'a key is letters, digits and signs without spaces, line breaks or invisible characters; copy it again',
  );

export const outputModes = ['replace', 'show', 'append', 'prepend', 'copy'] as const;
export const tiers = ['fast', 'standard', 'thinking'] as const;

const action = z.strictObject({
  id: identifier,
  name: z.string().min(1).max(50),
  description: z.string(),
  kind: z.enum(['prompt', 'plugin', 'proofread']),
  output: z.enum(outputModes),
  /** Which size of model suits it; absent where no model is used. */
  tier: z.enum(tiers).optional(),
  /** When the changes are shown for review. */
  review: z.enum(['off', 'always']),
});
/** What the action list shows. The prompt text stays with the core. */
export type ActionInfo = z.output<typeof action>;

const correction = z.strictObject({
  /** UTF-16 offsets into the input, end exclusive. */
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
  replacement: z.string(),
  explanation: z.string(),
});
/** One change of a proofreader with its reason. */
export type Correction = z.output<typeof correction>;

/** `returned`: to the caller alone; `unchanged`: the result equals the input, so nothing was written. */
export const outcomes = ['replaced', 'copied', 'shown', 'unchanged', 'returned'] as const;

const usage = z.strictObject({ inputTokens: z.int().nonnegative(), outputTokens: z.int().nonnegative() });

const runResult = z.strictObject({
  runId: z.uuid(),
  action: z.strictObject({ id: identifier, name: z.string(), output: z.enum(outputModes) }),
  input: z.string(),
  output: z.string(),
  outcome: z.enum(outcomes),
  /** Something the reader should know although the run succeeded, such as "Used Proofread (offline): no provider". */
  notice: z.string().optional(),
  corrections: z.array(correction).optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  usage: usage.optional(),
  ms: z.number().nonnegative(),
});
/** A run that passed every check. Whatever did not is an error whose `detail.output` holds the text to show. */
export type RunResult = z.output<typeof runResult>;

const runChunk = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('started'),
    runId: z.uuid(),
    action: z.string(),
    input: z.string(),
    provider: z.string().optional(),
    model: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('text'), text: z.string() }),
]);
export type RunChunk = z.output<typeof runChunk>;

const historyEntry = z.strictObject({
  id: z.uuid(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  actionId: z.string(),
  actionName: z.string(),
  input: z.string(),
  output: z.string(),
  /** How it ended: an outcome, `running` while under way, `interrupted` when Potter died meanwhile, or an error code. */
  result: z.string(),
  message: z.string().optional(),
  application: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  usage: usage.optional(),
  ms: z.number(),
});
export type HistoryEntry = z.output<typeof historyEntry>;

/** Characters of a text that a list shows, so that 500 entries fit into one message. */
export const excerptLength = 500;
const excerpt = z.string().max(excerptLength).describe('the beginning of the text; history.get has the whole');
const historyListEntry = z.strictObject({
  ...historyEntry.shape,
  input: excerpt,
  output: excerpt,
  message: excerpt.optional(),
});
/** An entry as the list shows it: of each text the beginning only. */
export type HistoryListEntry = z.output<typeof historyListEntry>;

const providerStates = ['ready', 'no-key', 'key-detached', 'keys-locked', 'down', 'failed'] as const;
const providerInfo = z.strictObject({
  id: identifier,
  name: z.string(),
  baseUrl: z.string(),
  needsKey: z.boolean(),
  hasKey: z.boolean(),
  state: z.enum(providerStates),
  /** Why it is not ready, with the next step. */
  message: z.string().optional(),
  models: z.array(z.strictObject({ id: z.string() })),
});
export type ProviderInfo = z.output<typeof providerInfo>;

const keyInfo = z.strictObject({
  provider: identifier,
  /** The host the key is bound to; it is sent nowhere else. */
  host: z.string(),
  setAt: z.number(),
  state: z.enum(['stored', 'detached', 'locked']),
});
export type KeyInfo = z.output<typeof keyInfo>;

const vaultStates = ['empty', 'unlocked', 'locked'] as const;
export type VaultState = (typeof vaultStates)[number];

const settingInfo = z.strictObject({
  key: z.string(),
  value: z.json(),
  default: z.json(),
  help: z.string(),
  /** The layer the value in force comes from. */
  source: z.enum(['default', 'file', 'environment', 'runtime']),
  /** Every layer that holds a value, lowest first, with where it stands: a file with its line, a variable's name. */
  layers: z.array(z.strictObject({ layer: z.string(), value: z.json(), where: z.string() })),
});
export type SettingInfo = z.output<typeof settingInfo>;

const hotkey = z.strictObject({
  accelerator: z.string(),
  /** `run` for the current action, `palette`, or an action's id. */
  command: z.string(),
  state: z.enum(['registered', 'failed']),
  message: z.string().optional(),
  /** Free combinations to offer instead of one that failed. */
  alternatives: z.array(z.string()),
});
export type HotkeyInfo = z.output<typeof hotkey>;

export const contract = {
  'text.process': {
    summary: 'Run an action on a text or on the selection of the window in front.',
    access: 'text.run',
    streams: runChunk,
    cacheable: true,
    input: z.strictObject({
      action: identifier.optional().describe('id of the action; the current one if left out'),
      source: z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('text'), text: z.string().describe('the text to work on') }),
        z.strictObject({ type: z.literal('selection') }),
      ]),
      model: z.string().max(200).optional().describe('provider/model for this run only'),
      fresh: z.boolean().optional().describe('do not answer from the cache'),
    }),
    output: runResult,
  },
  'text.cancel': {
    summary: 'Cancel a run that is under way.',
    access: 'text.run',
    input: z.strictObject({ runId: z.uuid() }),
    output: z.strictObject({ cancelled: z.boolean() }),
  },
  'actions.list': {
    summary: 'List the actions.',
    access: 'actions.read',
    input: nothing,
    output: z.strictObject({ actions: z.array(action), current: identifier }),
  },
  'providers.list': {
    summary: 'List the providers with their state and models.',
    access: 'providers.read',
    input: z.strictObject({ provider: identifier.optional().describe('only this provider') }),
    output: z.strictObject({
      providers: z.array(providerInfo),
      /** `provider/model` used where an action names none; absent while there is no provider. */
      default: z.string().optional(),
    }),
  },
  'keys.list': {
    summary: 'List which providers have a key. The keys themselves are never shown.',
    access: 'keys.read',
    input: nothing,
    output: z.strictObject({ vault: z.enum(vaultStates), backend: z.string(), keys: z.array(keyInfo) }),
  },
  'keys.set': {
    summary: 'Store the key of a provider, bound to the host of its address.',
    access: 'keys.write',
    audited: 'provider',
    input: z.strictObject({ provider: identifier, key: providerKey }),
    output: z.strictObject({ provider: identifier, host: z.string() }),
  },
  'keys.test': {
    summary: 'Test the stored key of a provider by listing its models.',
    access: 'keys.read',
    input: z.strictObject({ provider: identifier }),
    output: z.strictObject({ provider: identifier, models: z.int().nonnegative() }),
  },
  'keys.remove': {
    summary: 'Delete the key of a provider.',
    access: 'keys.write',
    audited: 'provider',
    input: z.strictObject({ provider: identifier }),
    output: z.strictObject({ removed: z.boolean() }),
  },
  'config.get': {
    summary: 'Read settings: one, or all.',
    access: 'config.read',
    input: z.strictObject({ key: z.string().optional().describe('name of one setting') }),
    output: z.strictObject({ values: z.record(z.string(), z.json()) }),
  },
  'config.inspect': {
    summary: 'Say where the value of a setting comes from.',
    access: 'config.read',
    input: z.strictObject({ key: z.string() }),
    output: settingInfo,
  },
  'config.set': {
    summary: 'Change a setting. Null returns it to its default.',
    access: 'config.write',
    audited: 'key',
    input: z.strictObject({
      key: z.string(),
      value: z.json(),
      layer: z.enum(['file', 'runtime']).optional().describe('file (kept) or runtime (until Potter stops)'),
    }),
    output: settingInfo,
  },
  'history.list': {
    summary: 'List or search the history, newest first, with the beginning of each text.',
    access: 'history.read',
    input: z.strictObject({
      query: z.string().max(1000).optional().describe('text to find'),
      limit: z.int().min(1).max(500).optional().describe('at most this many entries'),
      before: z.uuid().optional().describe('only entries older than this one'),
    }),
    output: z.strictObject({ entries: z.array(historyListEntry), total: z.int().nonnegative(), locked: z.boolean() }),
  },
  'history.get': {
    summary: 'Read one entry of the history.',
    access: 'history.read',
    input: z.strictObject({ id: z.uuid() }),
    output: historyEntry,
  },
  'history.remove': {
    summary: 'Delete one entry of the history, or all of it.',
    access: 'history.write',
    audited: 'id',
    input: z.strictObject({ id: z.union([z.uuid(), z.literal('all')]) }),
    output: z.strictObject({ removed: z.int().nonnegative() }),
  },
  'hotkeys.list': {
    summary: 'List the global hotkeys and whether each is registered.',
    access: 'system.read',
    input: nothing,
    output: z.strictObject({ hotkeys: z.array(hotkey) }),
  },
  'hotkeys.report': {
    summary: 'Tell the core what became of the hotkeys the shell registered.',
    access: 'desktop.report',
    input: z.strictObject({ hotkeys: z.array(hotkey) }),
    output: nothing,
  },
  'system.info': {
    summary: 'Say which Potter this is and what its desktop can do.',
    access: 'system.read',
    input: nothing,
    output: z.strictObject({
      version: z.string(),
      pid: z.int(),
      dataDirectory: z.string(),
      desktop: z.strictObject({ kind: z.enum(['x11', 'wayland', 'native', 'none']), message: z.string().optional() }),
      /** True under `potter serve --demo`: answers come from a labelled sample, not from a model. */
      demo: z.boolean(),
      /** Settings files that could not be read, each with line and column. */
      problems: z.array(z.string()),
    }),
  },
} as const satisfies Record<string, Route>;

export type Contract = typeof contract;
export type RouteName = keyof Contract;
export type Input<R extends RouteName> = z.input<Contract[R]['input']>;
export type ParsedInput<R extends RouteName> = z.output<Contract[R]['input']>;
export type Output<R extends RouteName> = z.output<Contract[R]['output']>;
export type Chunk<R extends RouteName> = Contract[R] extends { streams: infer S extends z.ZodType }
  ? z.output<S>
  : never;
