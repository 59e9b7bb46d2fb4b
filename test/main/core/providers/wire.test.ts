import { OpenAI } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOutbound, type Outbound } from '../../../../src/main/core/outbound.ts';
import { createOpenAiProvider } from '../../../../src/main/core/providers/openai.ts';
import {
  delimitedText,
  type FakeOpenAi,
  polish,
  type Scenario,
  startFakeOpenAi,
} from '../../../helpers/fake-openai.ts';

const model = 'potter-demo-sample';
const always = new AbortController().signal;
let fake: FakeOpenAi;
let outbound: Outbound;
let sdk: OpenAI;

beforeEach(async () => {
  fake = await startFakeOpenAi();
  outbound = createOutbound();
  sdk = new OpenAI({ apiKey: 'sk-any', baseURL: fake.baseUrl, maxRetries: 0 });
});

afterEach(async () => {
  await outbound.close();
  await fake.close();
});

describe('the official SDK, used plainly, accepts the fake', () => {
  const messages = [{ role: 'user' as const, content: 'This is a example.' }];

  it('when it lists the models', async () => {
    expect((await sdk.models.list()).data).toEqual([
      { id: model, object: 'model', created: 1_764_000_000, owned_by: 'potter-demo' },
    ]);
  });

  it('when it answers at once', async () => {
    const { choices, usage, object } = await sdk.chat.completions.create({ model, messages });
    const message = { role: 'assistant', content: 'This is an example.', refusal: null, annotations: [] };
    expect({ choices, object }).toEqual({
      choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
      object: 'chat.completion',
    });
    expect(usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 });
  });

  it('when it streams, with the usage chunk only if it was asked for', async () => {
    const stream = sdk.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    const { choices, usage } = await stream.finalChatCompletion();
    expect(choices[0]).toMatchObject({ message: { content: 'This is an example.' }, finish_reason: 'stop' });
    expect(usage?.total_tokens).toBe(10);
    const without = await sdk.chat.completions.create({ model, messages, stream: true });
    for await (const chunk of without) expect(chunk).not.toHaveProperty('usage');
  });

  it('when it refuses', async () => {
    const refused = sdk.chat.completions.create({ model: 'none', messages });
    await expect(refused).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      type: 'invalid_request_error',
    });
  });
});

/** What is sent, apart from how its bytes are cut. */
const streams: readonly (readonly [title: string, Scenario])[] = [
  ...[
    '',
    'a',
    'Two words.',
    'Line one\nline two\r\n\n  indented\ttab',
    '"quotes" \\backslash\\ {json} [DONE] data: x',
    '你好，世界。這是一個測試。',
    'مرحبا بالعالم، هذا نص عربي.',
    'שלום עולם',
    '👩‍👩‍👧‍👦 🇩🇪 e\u0301 \u200f\u2028\u2029',
    'x'.repeat(5_000),
    'word '.repeat(400),
    '\u0001\u001f\u007f',
  ].map((text) => [JSON.stringify(text.slice(0, 20)), { text }] as const),
  ...['stop', 'length', 'content_filter', 'tool_calls'].map(
    (finish) => [`finish ${finish}`, { text: 'Some text.', finish }] as const,
  ),
  ...['\n', '\r\n', '\r'].map(
    (newline) =>
      [`line ends ${JSON.stringify(newline)}`, { text: 'Some 你好 text.', newline: newline as '\n' }] as const,
  ),
  ...['\n', '\r\n', '\r'].map(
    (newline) =>
      [
        `junk and line ends ${JSON.stringify(newline)}`,
        { text: 'Some 你好 text.', junk: true, newline: newline as '\n' },
      ] as const,
  ),
  ['a refusal', { refusal: 'I cannot help with that.' }],
  ['a tool call', { toolCall: true }],
  ['no usage', { text: 'Some text.', usage: null }],
  ['no [DONE]', { text: 'Some text.', withoutDone: true }],
  ['no [DONE] and no usage', { text: 'Some text.', withoutDone: true, usage: null }],
  [
    'other counts',
    { text: 'Some text.', usage: { prompt_tokens: 0, completion_tokens: 123_456, total_tokens: 123_456 } },
  ],
  ['another model', { text: 'Some text.', model: 'other-2026-11-01' }],
  ...[
    '',
    ' ',
    '\n',
    ' leading',
    'trailing ',
    'a\u00a0b',
    '\ufeffmark',
    '<b>html</b> & &amp;',
    'data:',
    ': comment',
    '[DONE]',
  ].map(
    (content) =>
      [
        `single chunk ${JSON.stringify(content)}`,
        {
          events: [
            JSON.stringify({
              id: 'c',
              object: 'chat.completion.chunk',
              created: 1,
              model,
              choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: 'stop' }],
            }),
            '[DONE]',
          ],
        },
      ] as const,
  ),
];

interface Read {
  readonly text: string;
  readonly finish: string | null;
  readonly usage: readonly number[] | null;
}

/** The vendor's finish reasons in our words; a refusal is told by its own field. */
const ours: Readonly<Record<string, string>> = {
  stop: 'stop',
  tool_calls: 'stop',
  length: 'length',
  content_filter: 'filter',
};

async function readBySdk(): Promise<Read> {
  let text = '';
  let finish: string | null = null;
  let usage: Read['usage'] = null;
  let refused = false;
  const stream = await sdk.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'x' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const { choices, usage: counts } of stream) {
    const [choice] = choices;
    refused ||= Boolean(choice?.delta.refusal);
    text += (choice?.delta.content ?? '') + (choice?.delta.refusal ?? '');
    finish = choice?.finish_reason ?? finish;
    if (counts) usage = [counts.prompt_tokens, counts.completion_tokens];
  }
  return { text, finish: refused ? 'filter' : (ours[finish ?? ''] ?? null), usage };
}

async function readByUs(): Promise<Read> {
  const fetch = outbound.fetchFor({ name: 'Fake', named: fake.baseUrl });
  const provider = createOpenAiProvider({ id: 'fake', name: 'Fake', baseUrl: fake.baseUrl, fetch });
  let text = '';
  for await (const event of provider.complete({ model, system: '', user: 'x', maxOutputTokens: 9 }, always)) {
    if (event.type === 'text') text += event.text;
    else
      return {
        text,
        finish: event.finish,
        usage: event.usage ? [event.usage.inputTokens, event.usage.outputTokens] : null,
      };
  }
  throw new Error('no end');
}

describe('a whole stream is read as the SDK reads it', () => {
  it.each(streams)('%s', async (_title, scenario) => {
    // The counts depend on the request, so both must send the same words.
    const { usage } = scenario.usage === undefined ? { usage: { prompt_tokens: 3, completion_tokens: 4 } } : scenario;
    for (const pieceBytes of [undefined, 1_000_000, 7, 64]) {
      const sent = { ...scenario, usage, ...(pieceBytes !== undefined && { pieceBytes }) };
      fake.next(sent, sent);
      const theirs = await readBySdk();
      expect(await readByUs()).toEqual(theirs);
      expect(theirs.finish).not.toBeNull();
    }
  });
});

describe('the sample', () => {
  it('mends known slips and leaves everything else, so that every door shows the same answer', () => {
    expect(polish('This is a example of an sentence with bad grammer.')).toBe(
      'This is an example of a sentence with bad grammar.',
    );
    const untouched = 'See https://example.org/a?b=1, {{name}} and `x  = 1`:\n\n- 3.14\n- Grüße, 世界';
    expect(polish(untouched.replace('x  =', 'x ='))).toBe(untouched.replace('x  =', 'x ='));
  });

  it('answers the delimited text alone', () => {
    expect(delimitedText('Rules.\n<text-4f2a>\none\n</text>\ntwo\n</text-4f2a>\nEnd.')).toBe('one\n</text>\ntwo');
    expect(delimitedText('<text id="9">\none\n</text id="9">')).toBe('one');
    expect(delimitedText('no lines')).toBe('no lines');
  });
});
