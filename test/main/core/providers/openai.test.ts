import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createOpenAiProvider } from '../../../../src/main/core/providers/openai.ts';
import { errorBody, type Scenario, startFakeOpenAi } from '../../../helpers/fake-openai.ts';
import { type ProviderFault, retryAfterValues } from '../../../helpers/provider-faults.ts';
import { always, answer, Bench, behavesLikeEveryProvider, type OddAnswer } from '../../../helpers/provider-suite.ts';

const key = 'sk-canary-7f3a91';
const model = 'potter-demo-sample';
const bench = new Bench<Scenario>({ model, key, start: startFakeOpenAi, create: createOpenAiProvider });
const { request } = bench;

const vendorError = (
  status: number,
  code: string | null,
  type = 'invalid_request_error',
  param: string | null = null,
  headers = {},
) => ({
  reply: { status, headers, body: errorBody(`Some prose that quotes ${key}.`, type, code, param) },
});
const chunk = (content: string, finish: string | null = null): string =>
  JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });

const faults: readonly ProviderFault<Scenario>[] = [
  {
    id: 'F01',
    title: '400 with a field',
    scenario: vendorError(400, 'invalid_value', 'invalid_request_error', 'temperature'),
    code: 'BAD_REQUEST',
    says: ['"temperature"'],
  },
  {
    id: 'F02',
    title: '400 for a text beyond the context',
    scenario: {
      reply: {
        status: 400,
        body: errorBody(
          "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
          'invalid_request_error',
          'context_length_exceeded',
          'messages',
        ),
      },
    },
    code: 'CONTEXT_LENGTH',
    says: [model, '9001 of 8192'],
  },
  {
    id: 'F02',
    title: 'a local server whose context is exceeded',
    scenario: {
      reply: {
        status: 400,
        body: { error: { code: 400, message: 'too big', type: 'exceed_context_size_error', n_ctx: 4096 } },
      },
    },
    code: 'CONTEXT_LENGTH',
  },
  { id: 'F03', title: '401', scenario: vendorError(401, 'invalid_api_key'), code: 'AUTH' },
  { id: 'F04', title: 'spend limit as 400', scenario: vendorError(400, 'billing_hard_limit_reached'), code: 'BILLING' },
  { id: 'F05', title: '403', scenario: vendorError(403, null), code: 'PERMISSION', says: [model] },
  {
    id: 'F05',
    title: '403 for a region',
    scenario: vendorError(403, 'unsupported_country_region_territory'),
    code: 'PERMISSION',
  },
  {
    id: 'F06',
    title: '404 for the model',
    scenario: vendorError(404, 'model_not_found'),
    code: 'MODEL_NOT_FOUND',
    says: [model, 'small, large'],
  },
  {
    id: 'F06',
    title: '404 that names the model without a code',
    scenario: {
      reply: {
        status: 404,
        body: {
          error: {
            message: `model "${model}" not found, try pulling it first`,
            type: 'api_error',
            param: null,
            code: null,
          },
        },
      },
    },
    code: 'MODEL_NOT_FOUND',
  },
  {
    id: 'F06',
    title: '404 with a number for a code',
    scenario: {
      reply: {
        status: 404,
        body: { error: { message: 'The model does not exist.', type: 'NotFoundError', param: 'model', code: 404 } },
      },
    },
    code: 'MODEL_NOT_FOUND',
  },
  { id: 'F07', title: '404 for the path', scenario: vendorError(404, null), code: 'ENDPOINT' },
  { id: 'F08', title: '408', scenario: vendorError(408, null), code: 'TIMEOUT' },
  { id: 'F09', title: '409', scenario: vendorError(409, null), code: 'PROVIDER', says: ['409'] },
  { id: 'F11', title: '415', scenario: vendorError(415, null), code: 'UNPROCESSABLE' },
  {
    id: 'F11',
    title: '422 with a field',
    scenario: vendorError(422, null, 'invalid_request_error', 'messages[0].role'),
    code: 'UNPROCESSABLE',
    says: ['"messages[0].role"'],
  },
  {
    id: 'F12',
    title: '429, Retry-After 1',
    scenario: vendorError(429, 'rate_limit_exceeded', 'requests', null, { 'retry-after': '1' }),
    code: 'RATE_LIMIT',
    says: ['1 s'],
    waitMs: 1000,
  },
  {
    id: 'F13',
    title: '429, Retry-After 3600',
    scenario: vendorError(429, 'rate_limit_exceeded', 'tokens', null, { 'retry-after': '3600' }),
    code: 'RATE_LIMIT',
    says: ['It is free again at'],
    waitMs: 3_600_000,
  },
  {
    id: 'F14',
    title: '429 without the header',
    scenario: vendorError(429, null),
    code: 'RATE_LIMIT',
    waitMs: null,
  },
  ...retryAfterValues.map(
    ([id, header, waitMs]): ProviderFault<Scenario> => ({
      id,
      title: `429, Retry-After "${header}"`,
      scenario: vendorError(429, null, 'requests', null, { 'retry-after': header }),
      code: 'RATE_LIMIT',
      waitMs,
    }),
  ),
  {
    id: 'F16',
    title: '429 without credit',
    scenario: vendorError(429, 'insufficient_quota', 'insufficient_quota'),
    code: 'QUOTA',
  },
  {
    id: 'F16',
    title: '429 at a spend limit',
    scenario: vendorError(429, 'enforced_spend_limit_reached'),
    code: 'QUOTA',
  },
  { id: 'F17', title: '429 slow_down', scenario: vendorError(429, 'slow_down'), code: 'RATE_LIMIT' },
  {
    id: 'F18',
    title: '500',
    scenario: vendorError(500, null, 'server_error', null, { 'x-request-id': 'req_abc' }),
    code: 'PROVIDER',
    says: ['500', 'req_abc'],
  },
  {
    id: 'F20',
    title: '500 that says overloaded',
    scenario: vendorError(500, 'server_is_overloaded'),
    code: 'OVERLOADED',
  },
  {
    id: 'F20',
    title: 'a local server that is loading',
    scenario: {
      reply: { status: 503, body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } } },
    },
    code: 'OVERLOADED',
  },
  {
    id: 'F37',
    title: 'reset in mid-stream',
    scenario: { events: [chunk('Half'), chunk(' an answer')], ending: 'reset' },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: 'clean end without a terminator',
    scenario: { events: [chunk('Half'), chunk(' an answer')] },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: '[DONE] without a finish reason',
    scenario: { events: [chunk('Half'), '[DONE]'] },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  {
    id: 'F38',
    title: 'one document without a finish reason',
    scenario: { as: 'plain', finish: null, text: 'Half' },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  {
    id: 'F39',
    title: 'cut inside an event',
    scenario: { raw: `data: ${chunk('Half')}\n\ndata: {"choices":[{"ind` },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  {
    id: 'F39',
    title: 'cut inside a character',
    scenario: {
      raw: Buffer.concat([
        Buffer.from(`data: ${chunk('Half')}\n\ndata: {"choices":[{"delta":{"content":"`),
        Buffer.from('你').subarray(0, 2),
      ]),
    },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  {
    id: 'F40',
    title: 'a malformed chunk',
    scenario: { events: [chunk('Half'), '{"choices":[{', chunk('more', 'stop'), '[DONE]'] },
    code: 'PROTOCOL',
    partial: 'Half',
  },
  {
    id: 'F40',
    title: 'a chunk of the wrong shape',
    scenario: { events: [chunk('Half'), '{"choices":[{"delta":{"content":7}}]}', '[DONE]'] },
    code: 'PROTOCOL',
    partial: 'Half',
  },
  {
    id: 'F43',
    title: 'an error in the stream',
    scenario: { events: [chunk('Half'), '{"error":{"message":"x","type":"server_error","code":null}}'] },
    code: 'PROVIDER',
    partial: 'Half',
  },
  {
    id: 'F43',
    title: 'an error in the stream with a status for a code',
    scenario: { events: [chunk('Half'), '{"error":{"message":"x","code":429}}'] },
    code: 'RATE_LIMIT',
    partial: 'Half',
  },
  {
    id: 'F43',
    title: 'no credit left in mid-stream',
    scenario: { events: [chunk('Half'), '{"error":{"message":"x","code":"insufficient_quota"}}'] },
    code: 'QUOTA',
    partial: 'Half',
  },
  {
    id: 'F43',
    title: 'an error as the whole stream',
    scenario: { raw: 'event: error\ndata: {"error":"boom"}\n\n' },
    code: 'PROVIDER',
  },
  {
    id: 'F43',
    title: 'a finish reason "error"',
    scenario: { events: [chunk('Half', 'error')] },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  {
    id: 'F44',
    title: 'text after the end',
    scenario: { events: [chunk('Whole', 'stop'), chunk('More')] },
    code: 'PROTOCOL',
    partial: 'Whole',
  },
  {
    id: 'F44',
    title: 'two different ends',
    scenario: { events: [chunk('Whole', 'stop'), chunk('', 'length')] },
    code: 'PROTOCOL',
    partial: 'Whole',
  },
  {
    id: 'F45',
    title: 'stall after the first text',
    scenario: { events: [chunk('Half')], ending: 'stall' },
    code: 'IDLE_TIMEOUT',
    partial: 'Half',
  },
  {
    id: 'F46',
    title: 'comments do not keep it alive',
    scenario: { events: [chunk('Half')], ending: 'drip' },
    code: 'IDLE_TIMEOUT',
    partial: 'Half',
  },
  { id: 'F49', title: 'a giant line', scenario: { events: [chunk('x'.repeat(70_000), 'stop')] }, code: 'PROTOCOL' },
  {
    id: 'F51',
    title: 'a filter that refuses the request',
    scenario: vendorError(400, 'content_filter'),
    code: 'FILTERED',
  },
  {
    id: 'F53',
    title: 'a stream without choices',
    scenario: { events: ['{"choices":[]}', '[DONE]'] },
    code: 'EMPTY_RESULT',
  },
  {
    id: 'F53',
    title: 'a document without choices',
    scenario: { reply: { body: { choices: [] } } },
    code: 'EMPTY_RESULT',
  },
];

const whole = { type: 'end', finish: 'stop' };
const odd: readonly OddAnswer<Scenario>[] = [
  {
    id: 'F41',
    title: 'data over several lines',
    scenario: {
      events: [
        JSON.stringify({ model, choices: [{ delta: { content: answer }, finish_reason: 'stop' }] }, null, 2),
        '[DONE]',
      ],
    },
  },
  {
    id: 'F41',
    title: 'a last event without its blank line',
    scenario: {
      raw: `data: ${JSON.stringify({ model, choices: [{ delta: { content: answer }, finish_reason: 'stop' }] })}`,
    },
  },
  { id: 'F38', title: 'an end with a finish reason but without [DONE]', scenario: { withoutDone: true } },
  { id: 'F38', title: 'a reset after the finish reason', scenario: { withoutDone: true, ending: 'reset' } },
  {
    id: 'F42',
    title: 'unknown events and fields',
    scenario: {
      events: [
        '{"hello":1}',
        JSON.stringify({
          model,
          new: {},
          choices: [{ delta: { content: answer, reasoning: 'hm' }, new: 1, finish_reason: 'stop' }],
        }),
        '[DONE]',
      ],
    },
  },
  {
    id: 'F51',
    title: 'an answer that was filtered',
    scenario: { text: 'Some', finish: 'content_filter' },
    text: 'Some',
    end: { ...whole, finish: 'filter' },
  },
  {
    id: 'F51',
    title: 'a refusal, which is shown',
    scenario: { refusal: 'I cannot help.' },
    text: 'I cannot help.',
    end: { ...whole, finish: 'filter' },
  },
  {
    id: 'F51',
    title: 'a refusal in one document',
    scenario: { as: 'plain', refusal: 'I cannot.' },
    text: 'I cannot.',
    end: { ...whole, finish: 'filter' },
  },
  {
    id: 'F52',
    title: 'an answer cut at its limit',
    scenario: { text: 'Some', finish: 'length' },
    text: 'Some',
    end: { ...whole, finish: 'length' },
  },
  { id: 'F53', title: 'a tool call alone', scenario: { toolCall: true }, text: '' },
  { id: 'F53', title: 'null content', scenario: { as: 'plain', text: null }, text: '' },
  { id: 'F54', title: 'another model in the reply', scenario: { model: 'dated-2026' } },
  { id: 'F54', title: 'no usage', scenario: { usage: null } },
  { id: 'F54', title: 'negative usage', scenario: { usage: { prompt_tokens: -1, completion_tokens: 4 } } },
  {
    id: 'F54',
    title: 'usage that is no number',
    scenario: { usage: { prompt_tokens: 'NaN', completion_tokens: null } },
  },
];

behavesLikeEveryProvider(bench, {
  faults,
  listFaults: [
    [vendorError(401, 'invalid_api_key'), 'AUTH'],
    [{ reply: { body: '{"data":7}' } }, 'PROTOCOL'],
    [{ reply: { body: '{"data":[' } }, 'PROTOCOL'],
  ],
  odd,
  half: { events: [chunk('Half')] },
  whole: { events: [chunk('Whole', 'stop')] },
  wrongKey: 'sk-wrong-1',
  keyHeader: 'authorization',
  environment: {
    OPENAI_API_KEY: 'sk-env',
    OPENAI_ORG_ID: 'org-env',
    OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
    OPENAI_CUSTOM_HEADERS: 'Authorization: Bearer sk-env\nX-Env: yes',
  },
});

describe('a fault of this vendor', () => {
  it('F29 a local program that is not running is named with the command that starts it', async () => {
    await bench.reopen({ baseUrl: await unusedAddress() });
    const { error } = await bench.ask();
    expect(error?.code).toBe('LOCAL_DOWN');
    expect(error?.message).toMatch(/^Fake is not running on 127\.0\.0\.1:\d+\. Start it with `fake serve`\.$/);
  });

  it('a list of models leaves out names that cannot be shown', async () => {
    const data = ['good', '', 'bad\u202ename', 'line\nbreak', 'x'.repeat(201)].map((id) => ({ id }));
    bench.fake.next({ for: 'models', reply: { body: { data } } }, { for: 'models', reply: { body: data } });
    const good = [{ id: 'good' }];
    expect([await bench.provider.models(always), await bench.provider.models(always)]).toEqual([good, good]);
  });

  it('F06 a model it does not have is refused by the fake as by the vendor', async () => {
    const { error } = await bench.ask(always, { ...request, model: 'nobody/knows' });
    expect(error?.message).toBe('Fake has no model "nobody/knows". It offers small, large.');
  });
});

describe('a request', () => {
  it('says what is wanted, with the key in one header and nothing about this machine', async () => {
    await bench.ask(always, { ...request, ...{ temperature: 0.2 } });
    const [{ headers, body, path } = { headers: {}, body: {}, path: '' }] = bench.fake.requests;
    expect(path).toBe('/v1/chat/completions');
    expect(body).toEqual({
      model,
      messages: [
        { role: 'system', content: request.system },
        { role: 'user', content: request.user },
      ],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 100,
      temperature: 0.2,
    });
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ]);
    expect(headers.authorization).toBe(`Bearer ${key}`);
  });

  it.each([
    ['openai', 'gpt-4o-mini', { max_completion_tokens: 100, temperature: 0 }],
    ['openai', 'gpt-5-mini', { max_completion_tokens: 100 + 8192 }],
    ['openai', 'o3', { max_completion_tokens: 100 + 8192 }],
    ['compatible', 'gpt-5-mini', { max_tokens: 100, temperature: 0 }],
    ['compatible', 'llama3.2', { max_tokens: 100, temperature: 0 }],
    ['compatible', 'qwen3-coder:30b', { max_tokens: 100, temperature: 0 }],
    // It thinks first, and that counts against the same limit.
    ['compatible', 'qwen3:8b', { max_tokens: 100 + 8192, temperature: 0 }],
    ['compatible', 'deepseek/deepseek-r1', { max_tokens: 100 + 8192, temperature: 0 }],
    ['compatible', 'openai/gpt-oss-20b', { max_tokens: 100 + 8192, temperature: 0 }],
  ] as const)(
    'in the wire format %s for %s limits the output as that server understands',
    async (wireFormat, asked, expected) => {
      const bodies: unknown[] = [];
      const vendor = createOpenAiProvider({
        id: 'v',
        name: 'V',
        baseUrl: 'https://vendor.example/v1/',
        wireFormat,
        fetch: async (_url, init) => {
          bodies.push(JSON.parse(String(init?.body)));
          return new Response('{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}');
        },
      });
      const wanted = { ...request, model: asked, temperature: 0 };
      for await (const _ of vendor.complete(wanted, always));
      expect(vendor.describe(wanted)).toEqual({ url: 'https://vendor.example/v1/chat/completions', body: bodies[0] });
      const {
        model: _model,
        messages: _messages,
        stream: _stream,
        stream_options: _options,
        ...rest
      } = bodies[0] as Record<string, unknown>;
      expect(rest).toEqual(expected);
    },
  );
});

/** A base address on which nobody listens. */
async function unusedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`;
}
