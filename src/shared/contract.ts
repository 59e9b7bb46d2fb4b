/**
 * Every operation of Potter, once. The client's types, the gateway's checks, the command line's help and (later) the
 * HTTP routes are derived from this table. Adding an operation touches two places: a line here and its handler.
 */
import * as z from 'zod';
import { severities } from './errors.ts';
import { wireFormats } from './settings.ts';

/** What a caller may do. `main/core/security/access.ts` says which caller holds which. */
export const scopes = [
  'text.run',
  'models.use',
  'actions.read',
  'actions.write',
  'providers.read',
  'keys.read',
  'keys.write',
  'config.read',
  'config.write',
  'history.read',
  'history.write',
  'audit.read',
  'tokens.read',
  'tokens.write',
  'system.read',
  'monitor.read',
  'alerts.write',
  'data.erase',
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

/** The introduction of a first start, in its order; the last is no step but its end. */
export const welcomeSteps = ['promise', 'access', 'provider', 'hotkeys', 'practice', 'habits', 'done'] as const;
export type WelcomeStep = (typeof welcomeSteps)[number];

export const outputModes = ['replace', 'show', 'append', 'prepend', 'copy'] as const;
export const tiers = ['fast', 'standard', 'thinking'] as const;

/** What a result must look like to be written: a row of the guard's table. */
export const guardProfiles = ['proofread', 'rewrite', 'shorten', 'expand', 'translate', 'digest', 'free'] as const;
export type GuardProfile = (typeof guardProfiles)[number];

export const actionIcons = [
  ...['sparkles', 'check', 'scissors', 'bulb', 'briefcase', 'smile', 'heart', 'expand', 'summary', 'list', 'checklist'],
  ...['language', 'question', 'reply', 'message', 'pencil', 'mail', 'table', 'paragraph', 'title', 'code', 'comment'],
  ...['bug', 'commit', 'regex', 'chain', 'plugin', 'machine'],
] as const satisfies readonly string[];

/** One line of visible characters. */
const line = (max: number): z.ZodString =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'use one line of visible characters');

/** `provider/model`; the model's own name may hold slashes. */
const modelReference = z
  .string()
  .max(200)
  .regex(/^[^/\s]+\/\S.*$/, 'must look like provider/model');

/** The id of an action a person makes; those of shipped actions and plugin commands have the same form. */
export const actionId = z
  .string()
  .max(50)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'use lower-case words joined by hyphens, such as `weekly-report`');

/** When the changes are shown for review instead of being written: never, always, or above so many per cent of the words. */
const review = z.union([z.literal('off'), z.literal('always'), z.strictObject({ above: z.int().min(1).max(99) })]);
export type ReviewRule = z.output<typeof review>;

/** What a text must be like for the action to be run on it. */
const requirements = z.strictObject({
  minCharacters: z.int().min(1).max(1_000_000).optional(),
  maxCharacters: z.int().min(1).max(1_000_000).optional(),
  /** A regular expression (flag `u`) that must match somewhere. */
  pattern: z.string().min(1).max(500).optional(),
});

const defined = {
  name: line(50),
  description: z.string().trim().max(200),
  icon: z.enum(actionIcons),
  output: z.enum(outputModes),
  review,
  requires: requirements.optional(),
};

/** What a person edits, what is exported, and what may be tried before it is saved. */
export const actionDefinition = z.discriminatedUnion('kind', [
  z.strictObject({
    ...defined,
    kind: z.literal('prompt'),
    /** May hold `{{instruction}}`, asked for at each run, and `{{language}}`, the language to translate to. */
    instruction: z.string().trim().min(1).max(20_000),
    profile: z.enum(guardProfiles),
    tier: z.enum(tiers),
    /** Always this one; by the tier if left out. */
    model: modelReference.optional(),
    temperature: z.number().min(0).max(2),
    /** How many times longer than the text the answer may rightly become: the limit of output tokens follows from it. */
    growth: z.number().min(1).max(50),
  }),
  z.strictObject({
    ...defined,
    kind: z.literal('chain'),
    /** Ids of actions; the result of one is the text of the next. */
    steps: z.array(identifier).min(2).max(8),
  }),
]);
export type ActionDefinition = z.output<typeof actionDefinition>;

export const actionKinds = ['prompt', 'chain', 'plugin', 'proofread'] as const;

const action = z.strictObject({
  id: identifier,
  name: z.string().min(1).max(50),
  description: z.string(),
  icon: z.enum(actionIcons),
  kind: z.enum(actionKinds),
  output: z.enum(outputModes),
  /** Which size of model suits it; absent where no model is used. */
  tier: z.enum(tiers).optional(),
  /** `provider/model` it always uses. */
  model: z.string().optional(),
  review,
  /** `edited`: shipped with Potter and changed since. */
  origin: z.enum(['built-in', 'edited', 'custom', 'plugin']),
  /** The shipped actions that are hidden until someone wants them. */
  pack: z.literal('optional').optional(),
  /** Grows with every change. */
  version: z.int().positive(),
  /** Potter ships a newer text than the one this was edited from. */
  isOutdated: z.boolean(),
  pinned: z.boolean(),
  /** Not offered in lists; it can still be run by its id. */
  hidden: z.boolean(),
  /** It asks for a free instruction at each run. */
  takesInstruction: z.boolean(),
});
/** What the action list shows. The prompt text is in `actions.get`. */
export type ActionInfo = z.output<typeof action>;

const actionDetail = z.strictObject({
  action,
  /** Absent for what cannot be edited: commands of plugins and the offline proofreader. */
  definition: actionDefinition.optional(),
  /** What it is shipped with now, where that was edited. */
  shipped: actionDefinition.optional(),
});
export type ActionDetail = z.output<typeof actionDetail>;

const importedAction = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** `same`: it is here already; `refused`: `reason` says why. */
  change: z.enum(['new', 'replaces', 'same', 'refused']),
  /** Why it is refused, or what to know before it is taken, such as a model whose provider is not set up. */
  reason: z.string().optional(),
  definition: actionDefinition.optional(),
});
export type ImportedAction = z.output<typeof importedAction>;
/** An exported file is at most this many characters. */
const importText = z.string().max(2_000_000);

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

const usage = z.strictObject({
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  /** The vendor gave no count. */
  isEstimate: z.boolean().optional(),
});

const runCost = z.strictObject({
  /** Millionths of a US dollar. */
  micros: z.int().nonnegative(),
  /** From an estimate of the tokens, or of the price of a model the table of prices does not know. */
  isEstimate: z.boolean(),
  /** The day of the list prices it was worked out with. */
  pricesOf: z.string(),
});
export type RunCost = z.output<typeof runCost>;

const modelAttempt = z.strictObject({
  provider: identifier,
  model: z.string(),
  /** `ok`, or the code it failed with. */
  result: z.string(),
  /** Milliseconds. */
  ms: z.number().nonnegative(),
});
/** One request that was made to a language model. */
export type ModelAttempt = z.output<typeof modelAttempt>;

const runResult = z.strictObject({
  runId: z.uuid(),
  action: z.strictObject({ id: identifier, name: z.string(), output: z.enum(outputModes) }),
  /** The free instruction it was given. */
  instruction: z.string().optional(),
  /** True where `text.insert` can write a reviewed text into the window the text came from. */
  canInsert: z.boolean(),
  input: z.string(),
  output: z.string(),
  outcome: z.enum(outcomes),
  /** Something the reader should know although the run succeeded, such as "Used Proofread (offline): no provider". */
  notice: z.string().optional(),
  corrections: z.array(correction).optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  usage: usage.optional(),
  cost: runCost.optional(),
  /** Every request that was made for it, in order, those that failed included. Absent where no model was asked. */
  attempts: z.array(modelAttempt).optional(),
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
    /** It takes over this step from a model that failed. */
    instead: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  /** Nobody is asked for so many milliseconds, because of the code the last attempt ended with. */
  z.strictObject({ type: z.literal('waiting'), provider: z.string(), code: z.string(), ms: z.int().nonnegative() }),
]);
export type RunChunk = z.output<typeof runChunk>;

const historyEntry = z.strictObject({
  id: z.uuid(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  actionId: z.string(),
  actionName: z.string(),
  instruction: z.string().optional(),
  input: z.string(),
  output: z.string(),
  corrections: z.array(correction).optional(),
  /** How it ended: an outcome, `running` while under way, `interrupted` when Potter died meanwhile, or an error code. */
  result: z.string(),
  message: z.string().optional(),
  application: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  usage: usage.optional(),
  cost: runCost.optional(),
  /** Of the call that made it, as the log and the audit name it: the run's own `id`, but in entries of early versions. */
  callId: z.string().optional(),
  ms: z.number(),
});
export type HistoryEntry = z.output<typeof historyEntry>;

/** Characters of a text that a list shows, so that 500 entries fit into one message. */
export const excerptLength = 500;
const excerpt = z.string().max(excerptLength).describe('the beginning of the text; history.get has the whole');
const historyListEntry = z.strictObject({
  ...historyEntry.omit({ corrections: true }).shape,
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
  wireFormat: z.enum(wireFormats),
  models: z.array(
    z.strictObject({
      id: z.string(),
      /** In the vendor's words, where it gives any. */
      name: z.string().optional(),
      tier: z.enum(tiers),
    }),
  ),
  /** `listed` by the server now, or `known` to Potter because the server cannot be asked. */
  modelSource: z.enum(['listed', 'known']),
});
export type ProviderInfo = z.output<typeof providerInfo>;

const keyInfo = z.strictObject({
  provider: identifier,
  /** 1 is used first; the others when those before them are refused. */
  slot: z.int().positive(),
  /** The host the key is bound to; it is sent nowhere else. */
  host: z.string(),
  setAt: z.number(),
  state: z.enum(['stored', 'detached', 'locked']),
});
export type KeyInfo = z.output<typeof keyInfo>;

/** What can be wrong with the audit log. */
export const auditFaults = [
  ...['edited', 'missing', 'inserted', 'reordered', 'rewritten', 'cut'],
  ...['checkpoint-forged', 'checkpoint-missing', 'checkpoint-replayed'],
] as const;
export type AuditFault = (typeof auditFaults)[number];

/** What a program with a token may do, from little to much; `main/core/security/access.ts` has the scopes of each. */
export const tokenRoles = ['reader', 'runner', 'operator', 'admin'] as const;
export type TokenRole = (typeof tokenRoles)[number];

const tokenInfo = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  role: z.enum(tokenRoles),
  /** The only actions it may run; any if left out. */
  actions: z.array(identifier).optional(),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  /** Within a minute. */
  usedAt: z.number().optional(),
});
export type TokenInfo = z.output<typeof tokenInfo>;
/** The only time the secret is shown. */
const tokenSecret = z.strictObject({ token: tokenInfo, secret: z.string() });

const vaultStates = ['empty', 'unlocked', 'locked'] as const;
export type VaultState = (typeof vaultStates)[number];

/** What opens the keys: the cipher of the system, a passphrase as well (should the system fail), or it alone. */
export const protections = ['system', 'system-or-passphrase', 'passphrase'] as const;
export type Protection = (typeof protections)[number];
const passphrase = z.string().min(1).max(1000);
const newPassphrase = passphrase.min(8, 'use at least 8 characters');

/** One request as it would leave this machine, without its key. */
const wireRequest = z.strictObject({
  provider: identifier,
  providerName: z.string(),
  model: z.string(),
  url: z.string(),
  /** Is a key sent with it? The key itself is not shown. */
  withKey: z.boolean(),
  body: z.json(),
});
const previewStep = z.strictObject({
  action: identifier,
  name: z.string(),
  /** Absent where nothing leaves this machine. */
  request: wireRequest.optional(),
  /** The same in words: what is said to the model before the text, and the text as it is delimited. */
  system: z.string().optional(),
  user: z.string().optional(),
});
export type PreviewStep = z.output<typeof previewStep>;

/** What to run: a saved action, or a definition that is not saved, and what goes with it. */
const runChoice = {
  action: identifier.optional().describe('id of the action; the current one if left out'),
  draft: actionDefinition.optional().describe('a definition to try before it is saved, in place of an action'),
  instruction: z
    .string()
    .trim()
    .min(1)
    .max(4000)
    .optional()
    .describe('the free instruction, for actions that take one'),
  model: z.string().max(200).optional().describe('provider/model for this run only'),
};

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
  /** `run` for the current action, `palette`, `restore`, or an action's id. */
  command: z.string(),
  state: z.enum(['registered', 'failed']),
  message: z.string().optional(),
  /** Free combinations to offer instead of one that failed. */
  alternatives: z.array(z.string()),
});
export type HotkeyInfo = z.output<typeof hotkey>;

const chatPart = z.looseObject({ type: z.string() });
/** The request of OpenAI's chat completions: what Potter reads of it. What it does not know is passed on. */
const chatRequest = z.looseObject({
  model: z.string().min(1).max(200).describe('`provider/model`, or `default`'),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
        content: z.union([z.string(), z.array(chatPart)]).nullish(),
      }),
    )
    .min(1)
    .max(1000),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  n: z.int().positive().nullish(),
});
const chatPiece = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('head'),
    callId: z.uuid(),
    status: z.int(),
    contentType: z.string(),
    provider: identifier,
    model: z.string(),
  }),
  z.strictObject({ type: z.literal('bytes'), bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array) }),
]);

export const alertStates = ['open', 'acknowledged', 'resolved'] as const;
const alert = z.strictObject({
  id: z.uuid(),
  rule: identifier,
  severity: z.enum(severities),
  /** What it is about: a provider, a plugin, an operation. */
  subject: z.string(),
  state: z.enum(alertStates),
  /** How often it has happened, the last time in the call named. */
  count: z.int().positive(),
  firstAt: z.number(),
  lastAt: z.number(),
  callId: z.string().optional(),
  message: z.string(),
  next: z.string(),
  /** When the system's notification was shown. */
  notifiedAt: z.number().optional(),
  resolvedAt: z.number().optional(),
  /** Absent while nothing was sent to the address of `alerts.webhook`. */
  webhook: z
    .strictObject({
      state: z.enum(['sent', 'retrying', 'failed']),
      tries: z.int().positive(),
      problem: z.string().optional(),
    })
    .optional(),
});
export type Alert = z.output<typeof alert>;

/** What figures are kept of. The first five have names; the others are of the process itself, in ms, MiB or per cent. */
export const metricKinds = [
  ...['route', 'provider', 'model', 'action', 'plugin'],
  ...['loop', 'rss', 'heap', 'cpu', 'disk'],
] as const satisfies readonly string[];
export type MetricKind = (typeof metricKinds)[number];

/** What a series can show of them; times are in milliseconds. */
export const metricStats = [
  ...['calls', 'errors', 'mean', 'p50', 'p95', 'p99', 'max', 'firstToken'],
  ...['inputTokens', 'outputTokens', 'costMicros', 'hits', 'misses'],
] as const satisfies readonly string[];
export type MetricStat = (typeof metricStats)[number];

const epochMs = z.number().nonnegative().max(8.64e15);
const resolution = z.enum(['minute', 'hour', 'day']);
const count = z.int().nonnegative();

/** Percentiles are at most 3.2 per cent off; the maximum is exact. */
const spread = z.strictObject({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() });
const cost = z.strictObject({
  /** Millionths of a US dollar. */
  micros: count,
  /** Calls with a cost, and of how many of them it is Potter's own estimate. */
  calls: count,
  estimates: count,
});
const measured = z.strictObject({
  name: z.string(),
  calls: count,
  /** Those cancelled are among the codes and no errors. */
  errors: count,
  errorCodes: z.record(z.string(), count),
  ms: spread,
});
const measuredModel = z.strictObject({
  ...measured.shape,
  firstTokenMs: spread.optional(),
  inputTokens: count,
  outputTokens: count,
  cost,
  attempts: count,
  failovers: count,
});
const monitorWindow = z.strictObject({
  from: z.number(),
  calls: count,
  errors: count,
  routes: z.array(measured),
  providers: z.array(measuredModel),
  /** By `provider/model`. */
  models: z.array(measuredModel),
  /** By action and model: `proofread openai/…`. */
  actions: z.array(measuredModel),
  /** By `plugin/command`. */
  plugins: z.array(measured),
  tokens: z.strictObject({ input: count, output: count }),
  cost,
  /** `repeats`: requests equal to one of the latest, however they were answered. */
  cache: z.strictObject({ hits: count, misses: count, repeats: count, ratio: z.number().optional() }),
  eventLoopMs: spread.optional(),
  rssMiB: spread.optional(),
  heapMiB: spread.optional(),
  cpuPercent: spread.optional(),
});
export type MonitorWindow = z.output<typeof monitorWindow>;
export type Measured = z.output<typeof measured>;
export type MeasuredModel = z.output<typeof measuredModel>;

const advicePiece = z.strictObject({
  /** Stays the same as long as the advice is about the same thing. */
  id: z.string(),
  message: z.string(),
  /** The figures it follows from. */
  evidence: z.record(z.string(), z.number()),
});
export type Advice = z.output<typeof advicePiece>;

export const healthStates = ['ok', 'degraded', 'failed'] as const;
export type HealthState = (typeof healthStates)[number];
const healthCheck = z.strictObject({
  name: z.string(),
  state: z.enum(healthStates),
  /** When it came to be in this state, in milliseconds since the epoch. */
  since: z.number(),
  message: z.string().optional(),
  next: z.string().optional(),
});
export type HealthCheck = z.output<typeof healthCheck>;

export const contract = {
  'text.process': {
    summary: 'Run an action on a text or on the selection of the window in front.',
    access: 'text.run',
    streams: runChunk,
    cacheable: true,
    input: z.strictObject({
      ...runChoice,
      source: z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('text'), text: z.string().describe('the text to work on') }),
        z.strictObject({ type: z.literal('selection') }),
        /** What `text.capture` has read. */
        z.strictObject({ type: z.literal('capture'), captureId: z.uuid() }),
      ]),
      output: z.enum(outputModes).optional().describe('what to do with the result, this time'),
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
  'text.capture': {
    summary: 'Read the selection of the window in front and keep it, so that an action can be chosen for it.',
    access: 'text.run',
    input: nothing,
    output: z.strictObject({ captureId: z.uuid(), text: z.string(), application: z.string() }),
  },
  'text.captured': {
    summary: 'Read what was captured.',
    access: 'text.run',
    input: z.strictObject({ captureId: z.uuid() }),
    output: z.strictObject({ captureId: z.uuid(), text: z.string(), application: z.string() }),
  },
  'text.preview': {
    summary: 'Say exactly what a run would send and where, and send nothing.',
    access: 'text.run',
    input: z.strictObject({ ...runChoice, text: z.string() }),
    output: z.strictObject({ steps: z.array(previewStep) }),
  },
  'text.insert': {
    summary: 'Write a reviewed text into the window its run took the text from.',
    access: 'text.run',
    input: z.strictObject({ runId: z.uuid(), text: z.string().min(1) }),
    output: z.strictObject({ outcome: z.enum(['replaced', 'copied']) }),
  },
  'text.restore': {
    summary: 'Put the original back where a run replaced it, if its result still stands there.',
    access: 'text.run',
    input: z.strictObject({ runId: z.uuid().optional().describe('the last run that replaced a text if left out') }),
    output: z.strictObject({ outcome: z.enum(['restored', 'copied']) }),
  },
  'chat.complete': {
    summary: 'Answer a chat request in the OpenAI wire format (`POST /v1/chat/completions`).',
    access: 'models.use',
    streams: chatPiece,
    input: chatRequest,
    output: z.strictObject({ provider: identifier, model: z.string(), attempts: z.array(modelAttempt) }),
  },
  'actions.list': {
    summary: 'List the actions.',
    access: 'actions.read',
    input: nothing,
    output: z.strictObject({ actions: z.array(action), current: identifier }),
  },
  'actions.get': {
    summary: 'Read one action with its text.',
    access: 'actions.read',
    input: z.strictObject({ id: identifier }),
    output: actionDetail,
  },
  'actions.create': {
    summary: 'Make a new action.',
    access: 'actions.write',
    audited: 'id',
    input: z.strictObject({ id: actionId, definition: actionDefinition }),
    output: actionDetail,
  },
  'actions.update': {
    summary: 'Change an action; its id stays.',
    access: 'actions.write',
    audited: 'id',
    input: z.strictObject({
      id: identifier,
      definition: actionDefinition,
      version: z
        .int()
        .positive()
        .optional()
        .describe('the version it was edited from: refused if it has changed since'),
    }),
    output: actionDetail,
  },
  'actions.remove': {
    summary: 'Delete an action of your own.',
    access: 'actions.write',
    audited: 'id',
    input: z.strictObject({ id: identifier }),
    output: z.strictObject({ removed: z.boolean() }),
  },
  'actions.restore': {
    summary: 'Bring a shipped action back to the text it is shipped with; `all` restores every one.',
    access: 'actions.write',
    audited: 'id',
    input: z.strictObject({ id: z.union([identifier, z.literal('all')]) }),
    output: z.strictObject({ restored: z.int().nonnegative() }),
  },
  'actions.mark': {
    summary: 'Pin an action to the top of the list, or hide it.',
    access: 'actions.write',
    audited: 'id',
    input: z.strictObject({ id: identifier, pinned: z.boolean().optional(), hidden: z.boolean().optional() }),
    output: action,
  },
  'actions.arrange': {
    summary: 'Put the actions in this order; those left out keep theirs, behind.',
    access: 'actions.write',
    input: z.strictObject({ ids: z.array(identifier).max(1000) }),
    output: nothing,
  },
  'actions.export': {
    summary: 'Write actions as one file: those named, or all that are not as shipped.',
    access: 'actions.read',
    input: z.strictObject({ ids: z.array(identifier).max(1000).optional() }),
    output: z.strictObject({ text: z.string(), count: z.int().nonnegative() }),
  },
  'actions.preview': {
    summary: 'Say what importing a file would change, and change nothing.',
    access: 'actions.read',
    input: z.strictObject({ text: importText }),
    output: z.strictObject({ actions: z.array(importedAction) }),
  },
  'actions.import': {
    summary: 'Take actions from an exported file: those named, or all that are new.',
    access: 'actions.write',
    input: z.strictObject({ text: importText, ids: z.array(identifier).max(1000).optional() }),
    output: z.strictObject({ imported: z.array(identifier) }),
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
    output: z.strictObject({
      vault: z.enum(vaultStates),
      /** What wraps the data key: `key-file`, or the system's key store by name. */
      backend: z.string(),
      protection: z.enum(protections),
      /** Why it is locked, or that this backend hides keys from nobody; with the next step. */
      message: z.string().optional(),
      keys: z.array(keyInfo),
    }),
  },
  'keys.attach': {
    summary: 'Bind the stored key of a provider to the host its address has now.',
    access: 'keys.write',
    audited: 'provider',
    input: z.strictObject({
      provider: identifier,
      host: z.string().min(1).max(300).describe('the host, as a confirmation: it must be the one the address has'),
    }),
    output: z.strictObject({ provider: identifier, host: z.string() }),
  },
  'keys.retry': {
    summary: 'Try again to open the keys.',
    access: 'keys.write',
    input: nothing,
    output: z.strictObject({ vault: z.enum(vaultStates) }),
  },
  'keys.unlock': {
    summary: 'Open the keys with the passphrase, until Potter stops.',
    access: 'keys.write',
    input: z.strictObject({ passphrase }),
    output: z.strictObject({ vault: z.enum(vaultStates) }),
  },
  'keys.protect': {
    summary: 'Set, change or remove the passphrase of the keys.',
    access: 'keys.write',
    audited: 'protection',
    input: z.strictObject({
      protection: z.enum(protections),
      passphrase: newPassphrase.optional().describe('the new one, unless it is to be removed'),
      current: passphrase.optional().describe('the one it has now, if any'),
    }),
    output: z.strictObject({ protection: z.enum(protections) }),
  },
  'keys.set': {
    summary: 'Store the key of a provider, bound to the host of its address.',
    access: 'keys.write',
    audited: 'provider',
    input: z.strictObject({
      provider: identifier,
      key: providerKey,
      spare: z.boolean().optional().describe('keep the key there is, and use this one when that is refused'),
    }),
    output: z.strictObject({ provider: identifier, slot: z.int().positive(), host: z.string() }),
  },
  'keys.test': {
    summary: 'Test the stored key of a provider by listing its models.',
    access: 'keys.read',
    input: z.strictObject({ provider: identifier }),
    output: z.strictObject({ provider: identifier, models: z.int().nonnegative() }),
  },
  'keys.remove': {
    summary: 'Delete the keys of a provider, or one of them.',
    access: 'keys.write',
    audited: 'provider',
    input: z.strictObject({
      provider: identifier,
      slot: z.int().positive().optional().describe('number of the key; all of them if left out'),
    }),
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
  'history.instructions': {
    summary: 'List the latest free instructions, newest first.',
    access: 'history.read',
    input: nothing,
    output: z.strictObject({ instructions: z.array(z.string()) }),
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
  'audit.list': {
    summary: 'List what was decided, changed and asked for, newest first. No texts, keys or values are in it.',
    access: 'audit.read',
    input: z.strictObject({
      limit: z.int().min(1).max(1000).optional().describe('at most this many entries'),
      before: z.int().positive().optional().describe('only entries before this number'),
    }),
    output: z.strictObject({
      entries: z.array(
        z.strictObject({
          seq: z.int().positive(),
          at: z.number(),
          callId: z.string(),
          caller: z.string(),
          route: z.string(),
          subject: z.string(),
          /** `begun`, `ok` or the code of a failure. */
          result: z.string(),
          /** Sizes and a keyed digest of the text it was about, as JSON. */
          payload: z.string().optional(),
        }),
      ),
    }),
  },
  'audit.verify': {
    summary: 'Check that nothing in the audit log was changed, put in, taken out or cut off.',
    access: 'audit.read',
    input: nothing,
    output: z.strictObject({
      entries: z.int().nonnegative(),
      checkpoints: z.int().nonnegative(),
      /** Entries after the newest checkpoint, whose loss would not be seen. */
      uncovered: z.int().nonnegative(),
      problem: z.strictObject({ kind: z.enum(auditFaults), seq: z.int().nonnegative() }).optional(),
    }),
  },
  'audit.export': {
    summary: 'Write the audit log as JSON lines that can be checked without Potter.',
    access: 'audit.read',
    input: nothing,
    output: z.strictObject({ text: z.string() }),
  },
  'tokens.list': {
    summary: 'List the tokens of the loopback API. Their secrets are not kept.',
    access: 'tokens.read',
    input: nothing,
    output: z.strictObject({ tokens: z.array(tokenInfo) }),
  },
  'tokens.create': {
    summary: 'Make a token for a program that uses the loopback API. Its secret is shown this once.',
    access: 'tokens.write',
    audited: 'name',
    input: z.strictObject({
      name: line(50),
      role: z.enum(tokenRoles).describe('reader, runner, operator or admin'),
      actions: z.array(identifier).min(1).max(100).optional().describe('the only actions it may run'),
      expiresInDays: z.int().min(1).max(3650).optional().describe('days until it is worth nothing'),
    }),
    output: tokenSecret,
  },
  'tokens.rotate': {
    summary: 'Give a token a new secret; the old one is worth nothing from then on.',
    access: 'tokens.write',
    audited: 'token',
    input: z.strictObject({ token: identifier.describe('name or id') }),
    output: tokenSecret,
  },
  'tokens.revoke': {
    summary: 'Take a token away.',
    access: 'tokens.write',
    audited: 'token',
    input: z.strictObject({ token: identifier.describe('name or id') }),
    output: z.strictObject({ revoked: z.boolean() }),
  },
  'monitor.overview': {
    summary: 'Sum up calls, failures, times, tokens, cost and memory since the start and for the last hour and day.',
    access: 'monitor.read',
    input: nothing,
    output: z.strictObject({
      startedAt: z.number(),
      sinceStart: monitorWindow,
      lastHour: monitorWindow,
      /** In whole hours. */
      lastDay: monitorWindow,
    }),
  },
  'monitor.series': {
    summary: 'Follow one figure through time.',
    access: 'monitor.read',
    input: z.strictObject({
      metric: z
        .templateLiteral([z.enum(metricKinds), '.', z.enum(metricStats)])
        .describe('what of what, such as `route.p95`, `model.costMicros` or `rss.max`'),
      name: z.string().max(300).optional().describe('of one of them, as the overview names it; of all if left out'),
      from: epochMs,
      to: epochMs,
      resolution: resolution.optional().describe('by the length of the range if left out'),
    }),
    output: z.strictObject({
      resolution,
      /** Only where there was anything; `at` is the beginning, `count` of how many it is said. */
      points: z.array(z.strictObject({ at: z.number(), value: z.number(), count })),
    }),
  },
  'monitor.advice': {
    summary: 'Say what could be faster, cheaper or more reliable, each with its evidence.',
    access: 'monitor.read',
    input: nothing,
    output: z.strictObject({ advice: z.array(advicePiece) }),
  },
  'monitor.health': {
    summary: 'Check every part of Potter.',
    access: 'monitor.read',
    input: nothing,
    output: z.strictObject({
      /** The worst of the checks. */
      state: z.enum(healthStates),
      /** It answers, so it is alive. */
      isLive: z.literal(true),
      /** Can it do its work, if perhaps not all of it? */
      isReady: z.boolean(),
      checks: z.array(healthCheck),
    }),
  },
  'monitor.metrics': {
    summary: 'Write the figures since the start as text for a Prometheus collector (format 0.0.4).',
    access: 'monitor.read',
    input: nothing,
    output: z.strictObject({ text: z.string() }),
  },
  'alerts.list': {
    summary: 'List what has failed again and again and is not resolved, the latest first.',
    access: 'monitor.read',
    input: z.strictObject({ all: z.boolean().optional().describe('those that are resolved as well') }),
    output: z.strictObject({ alerts: z.array(alert) }),
  },
  'alerts.acknowledge': {
    summary: 'Say that someone looks after an alert, so that it calls for nobody else.',
    access: 'alerts.write',
    audited: 'id',
    input: z.strictObject({ id: z.uuid() }),
    output: alert,
  },
  'alerts.resolve': {
    summary: 'Close an alert. It is raised again when it happens again.',
    access: 'alerts.write',
    audited: 'id',
    input: z.strictObject({ id: z.uuid() }),
    output: alert,
  },
  'system.info': {
    summary: 'Say which Potter this is and what its desktop can do.',
    access: 'system.read',
    input: nothing,
    output: z.strictObject({
      version: z.string(),
      pid: z.int(),
      /** Such as `linux x64`. */
      platform: z.string(),
      /** What it runs on, by name: `node`, `electron`, `chrome`. */
      runtime: z.record(z.string(), z.string()),
      dataDirectory: z.string(),
      desktop: z.strictObject({ kind: z.enum(['x11', 'wayland', 'native', 'none']), message: z.string().optional() }),
      /** True under `potter serve --demo`: answers come from a labelled sample, not from a model. */
      demo: z.boolean(),
      /** Where the introduction goes on; `done` once it was gone through or left. */
      welcome: z.enum(welcomeSteps),
      /** Settings files that could not be read, each with line and column. */
      problems: z.array(z.string()),
    }),
  },
  'system.welcome': {
    summary: 'Remember how far the introduction has come.',
    access: 'config.write',
    input: z.strictObject({ step: z.enum(welcomeSteps) }),
    output: nothing,
  },
  'system.erase': {
    summary: 'Delete everything Potter keeps about its use: history, cached answers, keys and logs.',
    access: 'data.erase',
    audited: 'confirm',
    input: z.strictObject({ confirm: z.literal('delete everything') }),
    output: z.strictObject({
      removed: z.strictObject({
        historyEntries: z.int().nonnegative(),
        keys: z.int().nonnegative(),
        cachedAnswers: z.int().nonnegative(),
        logFiles: z.int().nonnegative(),
      }),
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
