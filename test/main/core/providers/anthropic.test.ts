import { describe, expect, it, vi } from 'vitest';
import { createAnthropicProvider } from '../../../../src/main/core/providers/anthropic.ts';
import {
  type AnthropicEvent,
  type AnthropicScenario,
  anthropicError,
  claudeModels,
  frameEvent,
  sampleClaude as model,
  startFakeAnthropic,
} from '../../../helpers/fake-anthropic.ts';
import { type ProviderFault, retryAfterValues } from '../../../helpers/provider-faults.ts';
import { always, answer, Bench, behavesLikeEveryProvider, type OddAnswer } from '../../../helpers/provider-suite.ts';

const key = 'sk-ant-canary-7f3a91';
const bench = new Bench<AnthropicScenario>({ model, key, start: startFakeAnthropic, create: createAnthropicProvider });
const { request } = bench;

const vendorError = (status: number, type: string, code?: string, headers = {}): AnthropicScenario => ({
  reply: { status, headers, body: anthropicError(type, `Some prose that quotes ${key}.`, code) },
});
const inProse = (status: number, type: string, prose: string): AnthropicScenario => ({
  reply: { status, body: anthropicError(type, prose) },
});

const start: AnthropicEvent = {
  type: 'message_start',
  message: { id: 'm', type: 'message', role: 'assistant', model, content: [], usage: { input_tokens: 3 } },
};
const begin = (index = 0, type = 'text'): AnthropicEvent => ({
  type: 'content_block_start',
  index,
  content_block: { type, [type]: '' },
});
const delta = (said: string, index = 0): AnthropicEvent => ({
  type: 'content_block_delta',
  index,
  delta: { type: 'text_delta', text: said },
});
const finish = (index = 0): AnthropicEvent => ({ type: 'content_block_stop', index });
const ending = (stop_reason: string | null = 'end_turn'): AnthropicEvent => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage: { output_tokens: 4 },
});
const stop: AnthropicEvent = { type: 'message_stop' };
const half = [start, begin(), delta('Half'), delta(' an answer')];
const whole = [start, begin(), delta('Whole'), finish(), ending(), stop];
const inStream = (type: string, code?: string): AnthropicScenario => ({
  events: [...half, JSON.parse(anthropicError(type, `Prose with ${key}.`, code)) as AnthropicEvent],
});

const faults: readonly ProviderFault<AnthropicScenario>[] = [
  { id: 'F01', title: '400', scenario: vendorError(400, 'invalid_request_error'), code: 'BAD_REQUEST' },
  {
    id: 'F01',
    title: '400 that names the field in its prose',
    scenario: inProse(400, 'invalid_request_error', 'messages.0.content: Field required'),
    code: 'BAD_REQUEST',
    says: ['"messages.0.content"'],
  },
  {
    id: 'F02',
    title: '400 for a text beyond the context, told in prose alone',
    scenario: inProse(400, 'invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum'),
    code: 'CONTEXT_LENGTH',
    says: [model, '208310 of 200000'],
  },
  {
    id: 'F02',
    title: '400 for a text that leaves no room for the answer',
    scenario: inProse(
      400,
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length',
    ),
    code: 'CONTEXT_LENGTH',
  },
  { id: 'F03', title: '401', scenario: vendorError(401, 'authentication_error'), code: 'AUTH' },
  {
    id: 'F03',
    title: '400 for a key whose owner has left',
    scenario: vendorError(400, 'invalid_request_error', 'claude_code_key_creator_not_member'),
    code: 'AUTH',
  },
  { id: 'F04', title: '402 for the bill', scenario: vendorError(402, 'billing_error'), code: 'BILLING' },
  {
    id: 'F04',
    title: '400 for a spend limit, told in prose alone',
    scenario: inProse(
      400,
      'invalid_request_error',
      'You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.',
    ),
    code: 'BILLING',
  },
  {
    id: 'F04',
    title: '429 for the spend limit of a contract',
    scenario: vendorError(429, 'rate_limit_error', 'contract_spend_limit_reached'),
    code: 'BILLING',
  },
  { id: 'F05', title: '403', scenario: vendorError(403, 'permission_error'), code: 'PERMISSION', says: [model] },
  {
    id: 'F05',
    title: '400 for an account on hold',
    scenario: vendorError(400, 'invalid_request_error', 'organization_on_hold'),
    code: 'PERMISSION',
  },
  {
    id: 'F06',
    title: '404 for the model',
    scenario: inProse(404, 'not_found_error', `model: ${model}`),
    code: 'MODEL_NOT_FOUND',
    says: [model, 'small, large'],
  },
  {
    id: 'F06',
    title: '404 for a model that was taken back',
    scenario: inProse(404, 'not_found_error', 'Claude Fable 5 is not available. Please use Opus 4.8.'),
    code: 'MODEL_NOT_FOUND',
  },
  { id: 'F07', title: '404 for the path', scenario: inProse(404, 'not_found_error', 'Not Found'), code: 'ENDPOINT' },
  { id: 'F09', title: '409', scenario: vendorError(409, 'conflict_error'), code: 'PROVIDER', says: ['409'] },
  { id: 'F10', title: '413', scenario: vendorError(413, 'request_too_large'), code: 'CONTEXT_LENGTH' },
  ...retryAfterValues.map(
    ([id, header, waitMs]): ProviderFault<AnthropicScenario> => ({
      id,
      title: `429, Retry-After "${header}"`,
      scenario: vendorError(429, 'rate_limit_error', undefined, { 'retry-after': header }),
      code: 'RATE_LIMIT',
      waitMs,
    }),
  ),
  {
    id: 'F16',
    title: '429 at the usage threshold of the tier',
    scenario: vendorError(429, 'rate_limit_error', 'enforced_spend_limit_reached'),
    code: 'QUOTA',
  },
  {
    id: 'F16',
    title: '400 without credit, told in prose alone',
    scenario: inProse(
      400,
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to purchase credits.',
    ),
    code: 'QUOTA',
  },
  {
    id: 'F17',
    title: '429 for usage that grows too fast',
    scenario: vendorError(429, 'rate_limit_error', 'ramp_limit_exceeded', { 'retry-after': '5' }),
    code: 'RATE_LIMIT',
    says: ['5 s'],
    waitMs: 5000,
  },
  {
    id: 'F18',
    title: '500 with the id of the request',
    scenario: vendorError(500, 'api_error', undefined, { 'request-id': 'req_abc' }),
    code: 'PROVIDER',
    says: ['500', 'req_abc'],
  },
  {
    id: 'F20',
    title: '503 for a key that could not be reached',
    scenario: vendorError(503, 'api_error', 'cmek_key_unreachable'),
    code: 'OVERLOADED',
  },
  { id: 'F21', title: '504', scenario: vendorError(504, 'timeout_error'), code: 'TIMEOUT' },
  { id: 'F22', title: '529', scenario: vendorError(529, 'overloaded_error'), code: 'OVERLOADED' },
  {
    id: 'F26',
    title: 'the stream of another wire format',
    scenario: { raw: 'data: {"choices":[{"delta":{"content":"x"}}]}\n\n' },
    code: 'PROTOCOL',
  },
  {
    id: 'F37',
    title: 'reset in mid-stream',
    scenario: { events: half, ending: 'reset' },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: 'clean end without a terminator',
    scenario: { events: half },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: 'clean end with a stop reason but without message_stop',
    scenario: { events: [...half, finish(), ending()] },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: 'message_stop without a stop reason',
    scenario: { events: [...half, finish(), ending(null), stop] },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: 'one document without a stop reason',
    scenario: { as: 'plain', finish: null, text: 'Half' },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  { id: 'F38', title: 'nothing but pings', scenario: { events: [{ type: 'ping' }] }, code: 'INCOMPLETE' },
  {
    id: 'F39',
    title: 'cut inside an event',
    scenario: { raw: Buffer.concat([...half.map((event) => frameEvent(event)), Buffer.from('event: con')]) },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F39',
    title: 'cut inside a character',
    scenario: {
      raw: Buffer.concat([
        ...half.map((event) => frameEvent(event)),
        Buffer.from('event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"text":"'),
        Buffer.from('你').subarray(0, 2),
      ]),
    },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F40',
    title: 'a malformed event',
    scenario: { events: [...half, '{"type":"content_block', ending(), stop] },
    code: 'PROTOCOL',
    partial: 'Half an answer',
  },
  {
    id: 'F40',
    title: 'a delta of the wrong shape',
    scenario: { events: [...half, { ...delta('x'), delta: { type: 'text_delta', text: 7 } }, ending(), stop] },
    code: 'PROTOCOL',
    partial: 'Half an answer',
  },
  {
    id: 'F40',
    title: 'a delta without text',
    scenario: { events: [...half, { ...delta('x'), delta: { type: 'text_delta' } }, ending(), stop] },
    code: 'PROTOCOL',
    partial: 'Half an answer',
  },
  { id: 'F40', title: 'an event that is no object', scenario: { events: [start, '7'] }, code: 'PROTOCOL' },
  ...(
    [
      ['overloaded_error', 'OVERLOADED'],
      ['rate_limit_error', 'RATE_LIMIT'],
      ['api_error', 'PROVIDER'],
      ['invalid_request_error', 'BAD_REQUEST'],
      ['authentication_error', 'AUTH'],
      ['permission_error', 'PERMISSION'],
      ['request_too_large', 'CONTEXT_LENGTH'],
      ['billing_error', 'BILLING'],
      ['timeout_error', 'TIMEOUT'],
      ['not_found_error', 'MODEL_NOT_FOUND'],
      ['something_new', 'PROVIDER'],
    ] as const
  ).map(
    ([type, code]): ProviderFault<AnthropicScenario> => ({
      id: 'F43',
      title: `${type} in the stream`,
      scenario: inStream(type),
      code,
      partial: 'Half an answer',
    }),
  ),
  {
    id: 'F43',
    title: 'no credit left in mid-stream',
    scenario: inStream('rate_limit_error', 'enforced_spend_limit_reached'),
    code: 'QUOTA',
    partial: 'Half an answer',
  },
  {
    id: 'F43',
    title: 'an error as the whole reply, with status 200',
    scenario: { reply: { body: anthropicError('overloaded_error', 'Overloaded') } },
    code: 'OVERLOADED',
  },
  {
    id: 'F43',
    title: 'an answer that was paused',
    scenario: { text: 'Half', finish: 'pause_turn' },
    code: 'INCOMPLETE',
    says: ['pause_turn'],
    partial: 'Half',
  },
  {
    id: 'F43',
    title: 'a stop reason nobody knows',
    scenario: { text: 'Half', finish: `sk-ant\n${key}` },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  ...(
    [
      ['text after message_stop', [...whole, delta('More')], 'Whole'],
      ['message_stop twice', [...whole, stop], 'Whole'],
      ['a second message after the first', [...whole, start], 'Whole'],
      ['message_start twice', [start, start], ''],
      ['a block before message_start', [begin(), delta('x')], ''],
      ['message_stop at once', [stop], ''],
      ['text for a block that never began', [start, delta('x')], ''],
      ['text for another block', [start, begin(), delta('x', 1)], ''],
      ['text for a block that has ended', [...half, finish(), delta('More')], 'Half an answer'],
      ['text for a block before the one that grows', [...half, begin(1), delta('More', 0)], 'Half an answer'],
      ['a block that begins twice', [...half, finish(), begin()], 'Half an answer'],
      ['a block that ends twice', [...half, finish(), finish()], 'Half an answer'],
      ['text after the stop reason', [...half, ending(), delta('More')], 'Half an answer'],
      ['a block after the stop reason', [...half, finish(), ending(), begin(1)], 'Half an answer'],
      ['two different stop reasons', [...half, finish(), ending(), ending('max_tokens')], 'Half an answer'],
    ] as const
  ).map(
    ([title, events, partial]): ProviderFault<AnthropicScenario> => ({
      id: 'F44',
      title,
      scenario: { events },
      code: 'PROTOCOL',
      partial,
    }),
  ),
  {
    id: 'F45',
    title: 'stall after the first text',
    scenario: { events: half, ending: 'stall' },
    code: 'IDLE_TIMEOUT',
    partial: 'Half an answer',
  },
  {
    id: 'F46',
    title: 'comments do not keep it alive',
    scenario: { events: half, ending: 'drip' },
    code: 'IDLE_TIMEOUT',
    partial: 'Half an answer',
  },
  {
    id: 'F49',
    title: 'a giant line',
    scenario: { events: [start, begin(), delta('x'.repeat(70_000))] },
    code: 'PROTOCOL',
  },
  { id: 'F53', title: 'a tool call alone', scenario: { toolCall: true }, code: 'EMPTY_RESULT' },
];

const good = { type: 'end', finish: 'stop' };
const odd: readonly OddAnswer<AnthropicScenario>[] = [
  { id: 'F38', title: 'a reset after message_stop', scenario: { events: whole, ending: 'reset' }, text: 'Whole' },
  { id: 'F38', title: '[DONE] after message_stop', scenario: { events: [...whole, '[DONE]'] }, text: 'Whole' },
  {
    id: 'F41',
    title: 'data over several lines',
    scenario: { events: [...half, JSON.stringify(delta('!'), null, 2), finish(), ending(), stop] },
    text: 'Half an answer!',
  },
  {
    id: 'F41',
    title: 'a last event without its blank line',
    scenario: { raw: Buffer.concat(whole.map((event) => frameEvent(event))).subarray(0, -2) },
    text: 'Whole',
  },
  {
    id: 'F42',
    title: 'unknown events, fields, blocks and deltas',
    scenario: {
      events: [
        { type: 'vendor_news', anything: [] },
        { ...start, new: {} },
        begin(0, 'hologram'),
        { type: 'content_block_delta', index: 0, delta: { type: 'hologram_delta', hologram: 'x' } },
        finish(),
        begin(1),
        { ...delta('Whole', 1), new: 1 },
        { type: 'content_block_delta', index: 1, delta: { type: 'citations_delta', citation: {} } },
        { type: 'vendor_news' },
        finish(1),
        ending(null),
        ending(),
        ending(),
        stop,
        { type: 'vendor_news' },
        { type: 'ping' },
      ],
    },
    text: 'Whole',
  },
  { id: 'F42', title: 'thinking, which is not text,', scenario: { thinking: 'Let me see. 你好' } },
  { id: 'F42', title: 'thinking in one document', scenario: { as: 'plain', thinking: 'Let me see.' } },
  {
    id: 'F42',
    title: 'several blocks of text',
    scenario: { events: [...half, finish(), begin(1), delta('!', 1), finish(1), ending(), stop] },
    text: 'Half an answer!',
  },
  { id: 'F42', title: 'a stop sequence', scenario: { finish: 'stop_sequence' } },
  {
    id: 'F51',
    title: 'an answer that was filtered',
    scenario: { text: 'Some', finish: 'refusal' },
    text: 'Some',
    end: { ...good, finish: 'filter' },
  },
  {
    id: 'F51',
    title: 'a refusal without a word',
    scenario: { events: [start, ending('refusal'), stop] },
    text: '',
    end: { ...good, finish: 'filter' },
  },
  {
    id: 'F51',
    title: 'a refusal in one document',
    scenario: { as: 'plain', text: 'I cannot.', finish: 'refusal' },
    text: 'I cannot.',
    end: { ...good, finish: 'filter' },
  },
  ...['max_tokens', 'model_context_window_exceeded'].map((reason) => ({
    id: 'F52',
    title: `an answer cut at ${reason}`,
    scenario: { text: 'Some', finish: reason },
    text: 'Some',
    end: { ...good, finish: 'length' },
  })),
  { id: 'F53', title: 'null content', scenario: { as: 'plain', text: null }, text: '' },
  { id: 'F53', title: 'no content at all', scenario: { events: [start, ending(), stop] }, text: '' },
  { id: 'F54', title: 'another model in the reply', scenario: { model: 'dated-2026' } },
  { id: 'F54', title: 'no usage', scenario: { usage: null } },
  ...[
    { input_tokens: -1, output_tokens: 4 },
    { input_tokens: 3, output_tokens: 1.5 },
    { input_tokens: 'NaN', output_tokens: 4 },
    { input_tokens: 3, output_tokens: null },
    { input_tokens: 3, output_tokens: 4, cache_read_input_tokens: -2 },
    [],
    'many',
  ].map((usage) => ({ id: 'F54', title: `usage ${JSON.stringify(usage)}`, scenario: { usage } })),
];

behavesLikeEveryProvider(bench, {
  faults,
  listFaults: [
    [vendorError(401, 'authentication_error'), 'AUTH'],
    [vendorError(529, 'overloaded_error'), 'OVERLOADED'],
    [{ reply: { body: '{"data":7}' } }, 'PROTOCOL'],
    [{ reply: { body: '{"data":[' } }, 'PROTOCOL'],
  ],
  odd,
  half: { events: half },
  whole: { events: whole },
  wrongKey: 'sk-ant-wrong-1',
  keyHeader: 'x-api-key',
  environment: {
    ANTHROPIC_API_KEY: 'sk-env',
    ANTHROPIC_AUTH_TOKEN: 'token-env',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
    ANTHROPIC_CUSTOM_HEADERS: 'Authorization: Bearer sk-env\nX-Env: yes',
    ANTHROPIC_LOG: 'debug',
    ANTHROPIC_PROFILE: 'profile-env',
    ANTHROPIC_WEBHOOK_SIGNING_KEY: 'hook-env',
  },
});

describe('a fault of this vendor', () => {
  it('F06 a model it does not have is refused by the fake as by the vendor', async () => {
    const { error } = await bench.ask(always, { ...request, model: 'claude-nobody-9' });
    expect(error?.message).toBe('Fake has no model "claude-nobody-9". It offers small, large.');
  });
});

describe('the tokens', () => {
  it('counts what went through the cache as input', async () => {
    const usage = {
      input_tokens: 5,
      cache_creation_input_tokens: 20,
      cache_read_input_tokens: 300,
      output_tokens: 7,
    };
    bench.fake.next({ usage }, { as: 'plain', usage });
    const expected = { type: 'end', finish: 'stop', usage: { inputTokens: 325, outputTokens: 7 } };
    expect([(await bench.ask()).end, (await bench.ask()).end]).toEqual([expected, expected]);
  });

  it('takes later totals in place of earlier ones, and never the count of the first token', async () => {
    const total = (usage: object): AnthropicEvent => ({ ...ending(), usage });
    const first = (usage: object): AnthropicEvent => ({ ...start, message: { usage } });
    bench.fake.next(
      { events: [first({ input_tokens: 3, output_tokens: 1 }), total({ output_tokens: 9, input_tokens: 4 }), stop] },
      { events: [first({ input_tokens: 3, output_tokens: 1 }), { ...ending(), usage: undefined }, stop] },
    );
    expect((await bench.ask()).end).toMatchObject({ usage: { inputTokens: 4, outputTokens: 9 } });
    expect((await bench.ask()).end).not.toHaveProperty('usage');
  });
});

describe('a request', () => {
  it('says what is wanted, with the key in one header and nothing about this machine', async () => {
    const wanted = { ...request, temperature: 0.2 };
    const described = bench.provider.describe(wanted);
    expect(bench.fake.requests).toEqual([]);
    await bench.ask(always, wanted);
    const [{ headers, body, path } = { headers: {}, body: {}, path: '' }] = bench.fake.requests;
    expect(path).toBe('/v1/messages');
    // No temperature: this version of the API refuses it for every model.
    expect(body).toEqual({
      model,
      max_tokens: 100 + 8192,
      system: request.system,
      messages: [{ role: 'user', content: request.user }],
      stream: true,
    });
    expect(described).toEqual({ url: `${bench.fake.baseUrl}/v1/messages`, body });
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'anthropic-version',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
      'x-api-key',
    ]);
    expect(headers).toMatchObject({ 'x-api-key': key, 'anthropic-version': '2026-10-21', 'user-agent': 'Potter' });
  });

  it('says nothing on the console, even of an old model', async () => {
    const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
    const spies = methods.map((method) => vi.spyOn(console, method).mockReturnValue());
    expect((await bench.ask(always, { ...request, model: 'claude-sonnet-4-5-20250929' })).text).toBe(answer);
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it.each([
    ['claude-haiku-4-5-20251001', 100, 100],
    ['claude-opus-4-8', 100, 100],
    ['claude-3-5-haiku-20241022', 100, 100],
    ['anthropic/claude-sonnet-4-6', 100, 100],
    ['claude-opus-5', 100, 100 + 8192],
    ['claude-sonnet-5-5', 100, 100 + 8192],
    ['glm-5', 100, 100 + 8192],
    ['claude-opus-5', 200_000, 64_000],
  ])('for %s and %i tokens of answer leaves room for thinking if it thinks', (asked, maxOutputTokens, expected) => {
    const { body } = bench.provider.describe({ ...request, model: asked, maxOutputTokens });
    expect(body).toMatchObject({ max_tokens: expected });
  });

  it('asks for no more output than the listed model allows', async () => {
    await bench.provider.models(always);
    const limitOf = (asked: string): unknown =>
      bench.provider.describe({ ...request, model: asked, maxOutputTokens: 200_000 }).body;
    expect(limitOf('claude-opus-5-5')).toMatchObject({ max_tokens: 128_000 });
    expect(limitOf('claude-haiku-4-5-20251001')).toMatchObject({ max_tokens: 64_000 });
    expect((await bench.ask(always, { ...request, maxOutputTokens: 200_000 })).text).toBe(answer);
  });

  it.each(['', '/', '/v1', '/v1/'])('goes to the same address when the base ends with "%s"', async (end) => {
    await bench.reopen({ baseUrl: bench.fake.baseUrl + end });
    expect((await bench.ask()).text).toBe(answer);
    expect(bench.provider.describe(request).url).toBe(`${bench.fake.baseUrl}/v1/messages`);
  });

  it('leaves out instructions that are empty', () => {
    expect(bench.provider.describe({ ...request, system: '' }).body).not.toHaveProperty('system');
  });
});

describe('the list of models', () => {
  it('has the names the vendor gives, in its order', async () => {
    const expected = claudeModels.map(({ id, display_name }) => ({ id, name: display_name }));
    expect(await bench.provider.models(always)).toEqual(expected);
    expect(bench.fake.requests.map(({ path }) => path)).toEqual(['/v1/models?limit=1000']);
  });

  const listed = (ids: readonly string[], more: object): AnthropicScenario => ({
    for: 'models',
    reply: { body: { data: ids.map((id) => ({ type: 'model', id })), has_more: false, ...more } },
  });

  it('is followed over its pages', async () => {
    bench.fake.next(
      listed(['a', 'b'], { has_more: true, last_id: 'b' }),
      listed(['c'], { has_more: true, last_id: 'c' }),
      listed(['d'], {}),
    );
    expect(await bench.provider.models(always)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]);
    expect(bench.fake.requests.map(({ path }) => path)).toEqual([
      '/v1/models?limit=1000',
      '/v1/models?limit=1000&after_id=b',
      '/v1/models?limit=1000&after_id=c',
    ]);
  });

  it.each([
    ['never says it was the last', (page: number) => ({ has_more: true, last_id: `m${page}` }), 10],
    ['repeats a page', () => ({ has_more: true, last_id: 'same' }), 2],
    ['names no last model', () => ({ has_more: true, last_id: null }), 1],
  ])('ends for a server that %s', async (_title, more, requests) => {
    bench.fake.next(...Array.from({ length: 20 }, (_, page) => listed([`m${page}`], more(page))));
    expect((await bench.provider.models(always)).length).toBe(requests);
    expect(bench.fake.requests.length).toBe(requests);
  });

  it('leaves out names that cannot be shown', async () => {
    const ids = ['good', '', 'bad\u202ename', 'line\nbreak', 'x'.repeat(201)];
    const data = [...ids.map((id) => ({ id })), { id: 'plain', display_name: 'bad\u202ename', max_tokens: -1 }];
    bench.fake.next({ for: 'models', reply: { body: { data } } });
    expect(await bench.provider.models(always)).toEqual([{ id: 'good' }, { id: 'plain' }]);
  });
});
