import { describe, expect, it } from 'vitest';
import { chatModels, firstChoice } from '../../../../src/main/core/providers/compatible.ts';

const chat = [
  'gpt-4o-mini',
  'gpt-4o-2024-08-06',
  'gpt-5',
  'gpt-5.2-mini',
  'o3',
  'llama3.2:latest',
  'qwen2.5:7b-instruct',
  'mistral-small',
  'deepseek-r1:8b',
  'google/gemma-3-12b',
  'openai/gpt-oss-20b',
  'anthropic/claude-sonnet',
  'phi4',
  'potter-demo-sample',
];
const others = [
  'text-embedding-3-small',
  'nomic-embed-text:latest',
  'text-embedding-nomic-embed-text-v1.5',
  'bge-m3',
  'BAAI/bge-large-en',
  'mxbai-embed-large',
  'whisper-1',
  'gpt-4o-transcribe',
  'gpt-4o-mini-tts',
  'tts-1-hd',
  'dall-e-3',
  'gpt-image-1',
  'chatgpt-image-latest',
  'sora-2',
  'omni-moderation-latest',
  'llama-guard3:8b',
  'gpt-4o-realtime-preview',
  'gpt-4o-audio-preview',
  'gpt-3.5-turbo-instruct',
  'babbage-002',
  'davinci-002',
  'gpt-5-codex',
  'gpt-4o-search-preview',
  'o4-mini-deep-research',
  'bge-reranker-v2',
  'computer-use-preview',
];

describe('the models of a list', () => {
  it('keeps those that chat, in the order of the server', () => {
    expect(chatModels(chat.flatMap((model, index) => [model, others[index] ?? model]))).toEqual(chat);
  });

  it.each(others)('leaves out %s', (model) => {
    expect(chatModels([model])).toEqual([]);
  });
});

describe('the model to begin with', () => {
  it.each([
    [['gpt-4-0613', 'gpt-5-mini', 'gpt-5.2-mini', 'gpt-4.1-mini', 'gpt-6'], 'gpt-5.2-mini'],
    [['gpt-4-0613', 'gpt-5', 'gpt-10', 'gpt-4'], 'gpt-10'],
    [['whisper-1', 'llama3.2:latest', 'qwen3:8b'], 'llama3.2:latest'],
    [['whisper-1'], undefined],
    [[], undefined],
  ])('of %j is %s', (models, expected) => {
    expect(firstChoice(models)).toBe(expected);
  });
});
