import { describe, expect, it } from 'vitest';
import { bestModel, chatModels, knownModels, type Tier, tierOf } from '../../../../src/main/core/providers/models.ts';
import type { Model } from '../../../../src/main/core/providers/provider.ts';

/** The vendors' own names, as their lists and packages give them, with the tier a person would expect. */
const names: Readonly<Record<string, Readonly<Record<Tier, string>>>> = {
  OpenAI: {
    fast: 'gpt-5.6-luna gpt-6-luna gpt-5.4-mini gpt-5.4-nano gpt-5.4-mini-2026-03-17 gpt-5.1-mini gpt-5-mini gpt-5-nano gpt-5-nano-2025-08-07 gpt-4.1-mini gpt-4.1-nano gpt-4o-mini gpt-4o-mini-2024-07-18 gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-3.5-turbo-16k gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 gpt-3.5-turbo-1106 gpt-3.5-turbo-16k-0613 gpt-4.1-mini-2025-04-14 gpt-4.1-nano-2025-04-14 gpt-5.4-nano-2026-03-17',
    standard:
      'gpt-6.1-terra gpt-5.6-terra gpt-5.5 gpt-5.5-2026-04-23 gpt-5.4 gpt-5.2 gpt-5.2-chat-latest gpt-5.1 gpt-5 gpt-5-2025-08-07 gpt-5-chat-latest gpt-4.1 gpt-4.1-2025-04-14 gpt-4o gpt-4o-2024-08-06 chatgpt-4o-latest gpt-4-turbo gpt-4-0613 gpt-4 gpt-4-0125-preview gpt-4-0314 gpt-4-1106-preview gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613 gpt-4-turbo-2024-04-09 gpt-4-turbo-preview gpt-4-vision-preview gpt-4o-2024-05-13 gpt-4o-2024-11-20 gpt-5.1-2025-11-13 gpt-5.1-chat-latest gpt-5.2-2025-12-11 gpt-5.3-chat-latest',
    thinking:
      'gpt-6-astra gpt-6.1-sol gpt-6-sol gpt-5.6-sol o1 o1-2024-12-17 o3 o3-mini o4-mini o4-mini-2025-04-16 o1-mini o1-mini-2024-09-12 o1-preview o1-preview-2024-09-12 o3-2025-04-16 o3-mini-2025-01-31',
  },
  Anthropic: {
    fast: 'claude-haiku-5-5 claude-haiku-4-5 claude-haiku-4-5-20251001 claude-3-5-haiku-20241022 claude-3-haiku-20240307 claude-instant-1.2 anthropic/claude-3.5-haiku',
    standard:
      'claude-sonnet-5-5 claude-sonnet-5 claude-sonnet-4-6 claude-sonnet-4-5 claude-sonnet-4-5-20250929 claude-sonnet-4-20250514 claude-3-7-sonnet-20250219 claude-3-5-sonnet-latest claude-3-5-sonnet-20241022 claude-3-7-sonnet-latest claude-2.1',
    thinking:
      'claude-fable-5-2 claude-fable-5 claude-mythos-5 claude-mythos-preview claude-opus-5-5 claude-opus-5 claude-opus-4-8 claude-opus-4-5-20251101 claude-3-opus-20240229 claude-opus-4-6 claude-opus-4-7 claude-opus-4-20250514 claude-fable-5-1 claude-mythos-5-1 claude-mythos-5-2',
  },
  Google: {
    fast: 'gemini-3.5-flash-lite gemini-3.1-flash-lite gemini-2.5-flash-lite gemini-2.0-flash-lite-001 gemini-flash-lite-latest gemma-3-4b-it gemini-2.5-flash-lite-preview-09-2025 gemini-2.0-flash-lite gemini-1.5-flash-8b gemma-3-1b-it gemma-3-12b-it gemma-3n-e4b-it gemma-3n-e2b-it',
    standard:
      'gemini-3.8-flash gemini-3.5-flash gemini-2.5-flash gemini-2.0-flash gemini-2.0-flash-001 gemini-flash-latest gemma-3-27b-it gemini-3-flash-preview gemini-2.5-flash-preview-09-2025 gemini-2.0-flash-exp gemini-1.5-flash',
    thinking:
      'gemini-4-argon gemini-4-carbon gemini-3.1-pro-preview gemini-2.5-pro gemini-pro-latest gemini-1.5-pro-002 gemini-3-pro-preview gemini-2.5-pro-preview-06-05 gemini-2.0-flash-thinking-exp gemini-1.5-pro',
  },
  'Mistral and others': {
    fast: 'mistral-small-latest mistral-small-2506 ministral-8b-latest ministral-3b-2410 open-mistral-nemo anthropic/claude-haiku-4.5 openai/gpt-5-mini google/gemini-2.5-flash-lite z-ai/glm-4.5-air',
    standard:
      'mistral-large-latest mistral-medium-2508 codestral-latest deepseek-chat meta-llama/llama-3.3-70b-instruct moonshotai/kimi-k2 x-ai/grok-4',
    thinking:
      'magistral-medium-latest deepseek-reasoner deepseek/deepseek-r1 qwen/qwq-32b moonshotai/kimi-k2-thinking anthropic/claude-opus-4.5',
  },
  'on this machine': {
    fast: 'llama3.2:3b llama3.1:8b qwen2.5:7b-instruct qwen2.5:14b gemma3:4b mistral:7b phi4 phi3:mini smollm2:1.7b tinyllama google/gemma-3-12b qwen3:4b qwen3:8b qwen2.5:0.5b qwen2.5-coder:7b Qwen/Qwen2.5-7B-Instruct-GGUF phi4-mini phi3:medium phi-3.5-mini-instruct llama3.2:1b llama-3.2-3b-instruct llama2:13b Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf gemma2:2b gemma3:1b gemma3:12b gemma3n:e4b command-r7b mistral-nemo granite3.3:8b codellama:13b aya:8b',
    standard:
      'llama3.2:latest llama3.3:70b qwen2.5:32b mixtral:8x7b gemma3:27b gpt-oss:20b openai/gpt-oss-20b command-r potter-demo-sample qwen3:30b-a3b mixtral:8x22b gpt-oss:120b llama4:scout mistral:latest deepseek-v3 yi:34b',
    thinking:
      'deepseek-r1:8b deepseek-r1:70b qwq:32b deepseek-r1 deepseek-r1-distill-qwen-7b phi4-reasoning magistral:24b qwen3-30b-a3b-thinking',
  },
};

const rows = Object.entries(names).flatMap(([vendor, byTier]) =>
  Object.entries(byTier).flatMap(([tier, list]) => list.split(' ').map((model) => [vendor, model, tier] as const)),
);
const listOf = (vendor: string): readonly Model[] => rows.filter(([of]) => of === vendor).map(([, id]) => ({ id }));

describe('the tier of a model', () => {
  it.each(rows)('%s: %s is %s', (_vendor, model, tier) => {
    expect(tierOf(model)).toBe(tier);
  });
});

const others =
  'text-embedding-3-small nomic-embed-text:latest text-embedding-nomic-embed-text-v1.5 bge-m3 BAAI/bge-large-en mxbai-embed-large whisper-1 gpt-4o-transcribe gpt-4o-mini-tts tts-1-hd dall-e-3 gpt-image-1 chatgpt-image-latest sora-2 omni-moderation-latest llama-guard3:8b gpt-4o-realtime-preview gpt-4o-audio-preview gpt-audio-mini gpt-3.5-turbo-instruct babbage-002 davinci-002 gpt-5-codex codex-mini-latest gpt-5.2-pro gpt-4o-search-preview o4-mini-deep-research bge-reranker-v2 computer-use-preview gemini-embedding-001 gemini-3.8-flash-tts gemini-3.1-flash-lite-image gemini-nano-banana-2.1 gemini-omni-1.2-flash gemini-live-2.5-flash-preview gemini-robotics-er-2-preview gemini-3.5-transcribe imagen-4.0-generate-001 veo-3.1-generate-preview aqa mistral-embed mistral-ocr-latest voxtral-mini-latest gpt-4o-audio-preview-2024-12-17 gpt-4o-mini-search-preview gpt-5.1-codex gpt-5.2-pro-2025-12-11 gpt-audio-mini-2025-12-15 gemini-2.5-flash-image gemini-2.5-pro-preview-tts gemini-2.5-computer-use-preview-10-2025 gemini-2.5-flash-native-audio-latest deep-research-pro-preview-12-2025';

describe('the models of a list', () => {
  it('keeps those that converse, in the order of the server', () => {
    const ids = rows.map(([, id]) => id);
    const mixed = ids.flatMap((id, index) => [id, others.split(' ')[index] ?? id]);
    const kept = chatModels(mixed.map((id) => ({ id }))).map(({ id }) => id);
    expect([...new Set(kept)]).toEqual(ids);
  });

  it.each(others.split(' '))('leaves out %s', (id) => {
    expect(chatModels([{ id }])).toEqual([]);
  });
});

describe('the model to begin with', () => {
  it.each([
    ['OpenAI', 'fast', 'gpt-6-luna'],
    ['OpenAI', 'standard', 'gpt-6.1-terra'],
    ['OpenAI', 'thinking', 'gpt-6.1-sol'],
    ['Anthropic', 'fast', 'claude-haiku-5-5'],
    ['Anthropic', 'standard', 'claude-sonnet-5-5'],
    ['Anthropic', 'thinking', 'claude-opus-5-5'],
    ['Google', 'fast', 'gemini-3.5-flash-lite'],
    ['Google', 'standard', 'gemini-3.8-flash'],
    ['Google', 'thinking', 'gemini-4-argon'],
  ] as const)('of %s for a %s action is %s', (vendor, tier, model) => {
    expect(bestModel(listOf(vendor), tier, false)).toBe(model);
  });

  it.each([
    [['gpt-4o-mini', 'gpt-5-mini', 'gpt-5-mini-2025-08-07', 'gpt-5-nano'], 'fast', 'gpt-5-mini'],
    [['gpt-4o', 'gpt-5-chat-latest', 'gpt-5.2'], 'standard', 'gpt-5.2'],
    // None of the tier: the nearest, and the dearest last.
    [['o3', 'gpt-4o-mini'], 'standard', 'gpt-4o-mini'],
    [['claude-opus-5', 'claude-sonnet-5'], 'fast', 'claude-sonnet-5'],
    [['gpt-4o-mini'], 'thinking', 'gpt-4o-mini'],
    [['gemini-3.1-pro-preview', 'gemini-2.5-pro'], 'thinking', 'gemini-2.5-pro'],
    [['text-embedding-3-small'], 'fast', undefined],
    [[], 'fast', undefined],
  ] as const)('of %j for a %s action is %s', (list, tier, model) => {
    expect(
      bestModel(
        list.map((id) => ({ id })),
        tier,
        false,
      ),
    ).toBe(model);
  });

  it('is the first of a server of one’s own, which is usually loaded', () => {
    const list = ['llama3.3:70b', 'qwen2.5:7b'].map((id) => ({ id }));
    expect(bestModel(list, 'fast', true)).toBe('llama3.3:70b');
  });

  it('exists in every list that is known beforehand, in every tier', () => {
    for (const list of Object.values(knownModels)) {
      expect(chatModels(list)).toEqual(list);
      expect(new Set(list.map(({ id }) => tierOf(id)))).toEqual(new Set(['fast', 'standard', 'thinking']));
    }
  });
});
