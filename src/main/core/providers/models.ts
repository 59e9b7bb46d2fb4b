/** What the names of models tell: which of them converse, how large they are, and which one to begin with. */
import type { tiers } from '../../../shared/contract.ts';
import type { WireFormat } from '../../../shared/settings.ts';
import type { Model } from './provider.ts';

export type Tier = (typeof tiers)[number];

/** Names of models that do something other than converse. Most lists give no such field, so the name decides. */
const otherPurposes: readonly RegExp[] = [
  /embed|(?:^|[/-])(?:bge|gte|e5|nomic|minilm|mxbai)-/i,
  /whisper|transcri|(?:^|[/-])asr|parakeet|voxtral/i,
  /(?:^|[/-])tts|-tts|speech|voice|kokoro|lyria/i,
  /dall-e|image|diffusion|flux|sora|video|veo-|(?:^|[/-])nano-banana/i,
  /moderation|guard(?:ian)?\d*(?:[-:]|$)|shieldgemma/i,
  /realtime|audio|computer-use|(?:^|[/-])omni-|-live-|robotics|customtools/i,
  /rerank|(?:^|[/-])ranker|reward|(?:^|[/-])aqa$/i,
  /^(?:babbage|davinci)|-instruct-\d{4}$|^gpt-3\.5-turbo-instruct/i,
  /codex|-search|deep-research|(?:^|[/-])o\d+-pro|^gpt-[\d.]+-pro/i,
  /(?:^|[/-])(?:ocr|clip|siglip)(?:[-:]|$)|-ocr-/i,
];

/** The models of a list that answer a conversation, in its order. */
export function chatModels(models: readonly Model[]): readonly Model[] {
  return models.filter(({ id }) => !otherPurposes.some((pattern) => pattern.test(id)));
}

/**
 * How the vendors name the sizes of their models; the first row that fits decides, and what fits none is `standard`.
 * `thinking`: those that take their time by design, and the flagships.
 */
const tierNames: readonly (readonly [tier: Tier, name: RegExp])[] = [
  // A distilled or small model that reasons still takes its time.
  ['thinking', /(?:^|[/-])(?:o[1-9]|qwq|r1|magistral)(?:[-:.]|$)|reason|thinking|-think(?:[-:]|$)|deepseek-r\d/],
  ['fast', /(?:^|[/-])(?:nano|mini|lite|luna|haiku|small|ministral|instant|tiny|air|flash-lite|nemo)(?:[-:.\d]|$)/],
  ['fast', /^gpt-3\.5|(?:^|[/-])(?:phi|smollm|tinyllama)/],
  ['thinking', /(?:^|[/-])(?:opus|fable|mythos|pro|sol|astra|argon|carbon|ultra|large-reasoner)(?:[-:.\d]|$)/],
];
/**
 * Of an open model's name, such as `qwen2.5:7b`, `gemma3n:e4b` or `command-r7b`. Of a mixture such as `8x7b` the parts are
 * counted together.
 */
const parameters = /(?:^|[^a-z\d.])(?:(\d+)x|[er])?(\d+(?:\.\d+)?)b(?:[^a-z\d]|$)/;
const largestFast = 14;

export function tierOf(model: string): Tier {
  const name = model.toLowerCase();
  const named = tierNames.find(([, pattern]) => pattern.test(name));
  if (named) return named[0];
  const [, experts = '1', size] = parameters.exec(name) ?? [];
  return size !== undefined && Number(experts) * Number(size) <= largestFast ? 'fast' : 'standard';
}

/** Where there is none of the tier, the nearest; dearer ones last. */
const nearest: Readonly<Record<Tier, readonly Tier[]>> = {
  fast: ['fast', 'standard', 'thinking'],
  standard: ['standard', 'fast', 'thinking'],
  thinking: ['thinking', 'standard', 'fast'],
};

/**
 * The model of a tier to use until the person chooses one: of a vendor's list the newest plain one. A server of the
 * person's own keeps its order: its first is usually loaded, and another would have to be loaded first.
 */
export function bestModel(models: readonly Model[], tier: Tier, keepsOrder: boolean): string | undefined {
  const chat = chatModels(models).map(({ id }) => id);
  if (keepsOrder) return chat[0];
  for (const wanted of nearest[tier]) {
    const [best] = chat.filter((id) => tierOf(id) === wanted).sort(byPreference);
    if (best !== undefined) return best;
  }
  return undefined;
}

function byPreference(one: string, other: string): number {
  return (
    oddity(one) - oddity(other) ||
    versionOf(other) - versionOf(one) ||
    pinning(one) - pinning(other) ||
    one.length - other.length
  );
}

/** The main families of the vendors first; what is a test, an older way of naming or by invitation only, last. */
function oddity(model: string): number {
  if (/preview|exp(?:erimental)?(?:[-:]|$)|beta|mythos|distill|nano|free$/.test(model)) return 2;
  return /^(?:[a-z-]+\/)?(?:gpt-\d|claude-|gemini-\d|mistral-|o\d)/.test(model) && !/chat-latest/.test(model) ? 0 : 1;
}

/** The first number of the name, with its second part: 4.5 of `claude-haiku-4-5-20251001`. */
function versionOf(model: string): number {
  const [, major = '0', minor = '0'] = /(?:^|[a-z-])(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)/.exec(model) ?? [];
  return Number(major) + Number(minor) / 100;
}

/** A name that is bound to one day is not followed by its vendor's improvements. */
function pinning(model: string): number {
  return /\d{4}-?\d{2}-?\d{2}$|-\d{4}$|-\d{3}$/.test(model) ? 1 : 0;
}

/**
 * What the vendors offered in November 2026, by their own documentation: shown where a vendor cannot be asked (no key
 * yet, no network), so that a model can be chosen before. Never taken for a list that was asked for.
 */
export const knownModels: Readonly<Record<Exclude<WireFormat, 'compatible'>, readonly Model[]>> = {
  openai: named({
    'gpt-5.6-luna': 'GPT-5.6 Luna',
    'gpt-5.6-terra': 'GPT-5.6 Terra',
    'gpt-5.6-sol': 'GPT-5.6 Sol',
    'gpt-6-astra': 'GPT-6 Astra',
    'gpt-5.4-mini': 'GPT-5.4 mini',
    'gpt-4.1': 'GPT-4.1',
  }),
  anthropic: named({
    'claude-haiku-4-5': 'Claude Haiku 4.5',
    'claude-sonnet-5': 'Claude Sonnet 5',
    'claude-opus-5': 'Claude Opus 5',
  }),
  google: named({
    'gemini-3.5-flash-lite': 'Gemini 3.5 Flash-Lite',
    'gemini-3.8-flash': 'Gemini 3.8 Flash',
    'gemini-4-argon': 'Gemini 4 Argon',
  }),
};

function named(names: Readonly<Record<string, string>>): readonly Model[] {
  return Object.entries(names).map(([id, name]) => ({ id, name }));
}
