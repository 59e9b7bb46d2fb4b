/**
 * What Potter reads of an answer against what the vendor's own SDK reads of the same bytes. Only whole answers: the SDKs take
 * a cut one for whole, which Potter must not.
 */
import { Anthropic } from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { createAnthropicProvider } from '../../../../src/main/core/providers/anthropic.ts';
import { createGoogleProvider } from '../../../../src/main/core/providers/google.ts';
import { createOpenAiProvider } from '../../../../src/main/core/providers/openai.ts';
import type { Finish, Provider } from '../../../../src/main/core/providers/provider.ts';
import { see } from '../../../helpers/provider-faults.ts';
import {
  anthropicStream,
  Chance,
  type Chunking,
  chunkings,
  googleStream,
  openAiStream,
  replyOf,
  type Stream,
} from '../../../helpers/streams.ts';

const streams = 250;
const always = new AbortController().signal;

interface Read {
  readonly text: string;
  readonly finish: Finish | undefined;
  /** Tokens in and out, if they are known. */
  readonly usage: readonly [number, number] | undefined;
}

type Fetch = () => Promise<Response>;

interface WireFormat {
  readonly name: string;
  readonly stream: (seed: number) => Stream;
  readonly open: (fetch: Fetch) => Provider;
  /** As the vendor's SDK puts the answer together. */
  readonly readBySdk: (fetch: Fetch) => Promise<Read>;
}

const common = { id: 'v', name: 'V', baseUrl: 'https://vendor.example/v1', apiKey: 'sk-any' };
const sdkOptions = { apiKey: 'sk-any', baseURL: 'https://vendor.example', maxRetries: 0 };
const question = { role: 'user' as const, content: 'x' };

const openAiFinishes: Readonly<Record<string, Finish>> = {
  stop: 'stop',
  tool_calls: 'stop',
  length: 'length',
  content_filter: 'filter',
};
const anthropicFinishes: Readonly<Record<string, Finish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'filter',
};

const googleFinishes: Readonly<Record<string, Finish>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'filter',
  RECITATION: 'filter',
  PROHIBITED_CONTENT: 'filter',
};

const wireFormats: readonly WireFormat[] = [
  {
    name: 'openai',
    stream: openAiStream,
    open: (fetch) => createOpenAiProvider({ ...common, fetch }),
    async readBySdk(fetch) {
      const sdk = new OpenAI({ ...sdkOptions, fetch });
      const asked = { model: 'm', messages: [question], stream_options: { include_usage: true } };
      const { choices, usage } = await sdk.chat.completions.stream(asked).finalChatCompletion();
      const [choice] = choices;
      const { content, refusal } = choice?.message ?? {};
      return {
        text: (content ?? '') + (refusal ?? ''),
        finish: refusal ? 'filter' : openAiFinishes[choice?.finish_reason ?? ''],
        usage: usage ? [usage.prompt_tokens, usage.completion_tokens] : undefined,
      };
    },
  },
  {
    name: 'anthropic',
    stream: anthropicStream,
    open: (fetch) => createAnthropicProvider({ ...common, fetch }),
    async readBySdk(fetch) {
      const sdk = new Anthropic({ ...sdkOptions, fetch });
      const asked = { model: 'm', max_tokens: 9, messages: [question] };
      const { content, stop_reason, usage } = await sdk.messages.stream(asked).finalMessage();
      const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = usage;
      const input = input_tokens + (cache_creation_input_tokens ?? 0) + (cache_read_input_tokens ?? 0);
      return {
        text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
        finish: anthropicFinishes[stop_reason ?? ''],
        usage: [input, output_tokens],
      };
    },
  },
  {
    name: 'google',
    stream: googleStream,
    open: (fetch) => createGoogleProvider({ ...common, fetch }),
    async readBySdk(fetch) {
      const httpOptions = { baseUrl: sdkOptions.baseURL, fetch };
      const sdk = new GoogleGenAI({ apiKey: sdkOptions.apiKey, vertexai: false, httpOptions });
      const read: { text: string; finish?: Finish; usage?: [number, number] } = { text: '' };
      for await (const piece of await sdk.models.generateContentStream({ model: 'm', contents: 'x' })) {
        const { text, candidates, promptFeedback, usageMetadata } = piece;
        read.text += text ?? '';
        const finish = promptFeedback?.blockReason ? 'filter' : googleFinishes[candidates?.[0]?.finishReason ?? ''];
        if (finish) read.finish = finish;
        if (usageMetadata) {
          const { promptTokenCount = 0, toolUsePromptTokenCount = 0 } = usageMetadata;
          const { candidatesTokenCount = 0, thoughtsTokenCount = 0 } = usageMetadata;
          read.usage = [promptTokenCount + toolUsePromptTokenCount, candidatesTokenCount + thoughtsTokenCount];
        }
      }
      return { finish: undefined, usage: undefined, ...read };
    },
  },
];

async function readByPotter(provider: Provider): Promise<Read> {
  const { text, end, error } = await see(provider, { model: 'm', system: '', user: 'x', maxOutputTokens: 9 }, always);
  if (error) throw error;
  if (end?.type !== 'end') throw new Error('no end');
  const { finish, usage } = end;
  return { text, finish, usage: usage && [usage.inputTokens, usage.outputTokens] };
}

const seeds = Array.from({ length: streams }, (_, seed) => seed);

describe.each(wireFormats)('a whole stream of $name', ({ stream, open, readBySdk }) => {
  it.each(Object.keys(chunkings) as Chunking[])('%s is read as the SDK reads it', async (chunking) => {
    let compared = 0;
    for (const seed of seeds) {
      const { title, events } = stream(seed);
      const pieces = chunkings[chunking](events, new Chance(seed));
      expect(Buffer.concat(pieces)).toEqual(Buffer.concat(events));
      const fetch = () => Promise.resolve(replyOf(pieces));
      const theirs = await readBySdk(fetch);
      expect({ title, ...(await readByPotter(open(fetch))) }).toEqual({ title, ...theirs });
      expect(theirs.finish, title).toBeDefined();
      compared += 1;
    }
    expect(compared).toBeGreaterThanOrEqual(200);
  });

  it('comes in every variety', async () => {
    const read = await Promise.all(seeds.map((seed) => readBySdk(() => Promise.resolve(replyOf(stream(seed).events)))));
    const some = (met: (one: Read) => boolean): number => read.filter(met).length;
    expect(new Set(read.map(({ text }) => text)).size).toBeGreaterThan(150);
    for (const finish of ['stop', 'length', 'filter']) expect(some((one) => one.finish === finish)).toBeGreaterThan(20);
    expect(some(({ text }) => /\P{ASCII}/u.test(text))).toBeGreaterThan(150);
    expect(some(({ text }) => text === '')).toBeGreaterThan(5);
  });

  it('F38 F39 cut anywhere before its end is never taken for whole, and shows no broken character', async () => {
    for (const seed of seeds) {
      const { title, events, closing } = stream(seed);
      const bytes = Buffer.concat(events);
      const most = Buffer.concat(events.slice(0, closing)).length;
      const whole = await readByPotter(open(() => Promise.resolve(replyOf([bytes]))));
      const chance = new Chance(seed);
      const pieces = [bytes.subarray(0, chance.between(0, most))].filter(({ length }) => length > 0);
      const asked = { model: 'm', system: '', user: 'x', maxOutputTokens: 9 };
      const { text, end, error } = await see(
        open(() => Promise.resolve(replyOf(pieces))),
        asked,
        always,
      );
      expect({ title, end, begins: whole.text.startsWith(text) }).toEqual({ title, end: undefined, begins: true });
      expect(['INCOMPLETE', 'PROTOCOL', 'EMPTY_RESULT'], title).toContain(error?.code);
    }
  });
});
