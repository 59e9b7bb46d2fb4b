import { describe, expect, it, vi } from 'vitest';
import { createGoogleProvider } from '../../../../src/main/core/providers/google.ts';
import {
  badField,
  errorInfo,
  frameGoogle,
  type GoogleScenario,
  googleError,
  sampleGemini as model,
  quotaFailure,
  retryInfo,
  startFakeGoogle,
} from '../../../helpers/fake-google.ts';
import { type ProviderFault, retryAfterValues } from '../../../helpers/provider-faults.ts';
import { always, answer, Bench, behavesLikeEveryProvider, type OddAnswer } from '../../../helpers/provider-suite.ts';

const key = 'AIza-canary-7f3a91';
const bench = new Bench<GoogleScenario>({ model, key, start: startFakeGoogle, create: createGoogleProvider });
const { request } = bench;

const vendorError = (code: number, status: string, details: readonly object[] = [], headers = {}): GoogleScenario => ({
  reply: { status: code, headers, body: googleError(code, status, `Some prose that quotes ${key}.`, details) },
});
const inProse = (code: number, status: string, prose: string): GoogleScenario => ({
  reply: { status: code, body: googleError(code, status, prose) },
});

const delta = (said: string, finishReason?: string): object => ({
  candidates: [
    { content: { parts: [{ text: said }], role: 'model' }, ...(finishReason && { finishReason }), index: 0 },
  ],
});
const half = [delta('Half'), delta(' an answer')];
const whole = [delta('Whole'), delta('', 'STOP')];
const inStream = (code: number, status: string, details: readonly object[] = []): GoogleScenario => ({
  events: [...half, JSON.parse(googleError(code, status, `Prose with ${key}.`, details)) as object],
});
const raw = (...pieces: readonly (object | Buffer)[]): GoogleScenario => ({
  raw: Buffer.concat(pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : frameGoogle(piece)))),
});

const faults: readonly ProviderFault<GoogleScenario>[] = [
  { id: 'F01', title: '400', scenario: vendorError(400, 'INVALID_ARGUMENT'), code: 'BAD_REQUEST' },
  {
    id: 'F01',
    title: '400 that names the field',
    scenario: vendorError(400, 'INVALID_ARGUMENT', [badField('generation_config.top_k')]),
    code: 'BAD_REQUEST',
    says: ['"generation_config.top_k"'],
  },
  {
    id: 'F01',
    title: '400 as a list, as a refused stream is',
    scenario: { reply: { status: 400, body: `[${googleError(400, 'INVALID_ARGUMENT', 'No.', [badField('tools')])}]` } },
    code: 'BAD_REQUEST',
    says: ['"tools"'],
  },
  {
    id: 'F02',
    title: '400 for a text beyond the context, told in prose alone',
    scenario: inProse(
      400,
      'INVALID_ARGUMENT',
      'The input token count (1048600) exceeds the maximum number of tokens allowed (1048576).',
    ),
    code: 'CONTEXT_LENGTH',
    says: [model, '1048600 of 1048576'],
  },
  {
    id: 'F03',
    title: '400 for a key that is not valid',
    scenario: vendorError(400, 'INVALID_ARGUMENT', [errorInfo('API_KEY_INVALID')]),
    code: 'AUTH',
  },
  {
    id: 'F03',
    title: '400 for a key that has expired, told in prose alone',
    scenario: inProse(400, 'INVALID_ARGUMENT', 'API key expired. Please renew the API key.'),
    code: 'AUTH',
  },
  {
    id: 'F03',
    title: '403 for a key that has leaked, told in prose alone',
    scenario: inProse(403, 'PERMISSION_DENIED', 'Your API key was reported as leaked. Please use another API key.'),
    code: 'AUTH',
  },
  { id: 'F03', title: '401', scenario: vendorError(401, 'UNAUTHENTICATED'), code: 'AUTH' },
  {
    id: 'F04',
    title: '400 where billing is off, told in prose alone',
    scenario: inProse(400, 'FAILED_PRECONDITION', 'Please enable billing on project 1 in Google AI Studio.'),
    code: 'BILLING',
  },
  {
    id: 'F04',
    title: '403 where billing is off',
    scenario: vendorError(403, 'PERMISSION_DENIED', [errorInfo('BILLING_DISABLED')]),
    code: 'BILLING',
  },
  {
    id: 'F04',
    title: '429 at the spending cap, told in prose alone',
    scenario: inProse(429, 'RESOURCE_EXHAUSTED', 'Your project has exceeded its monthly spending cap.'),
    code: 'BILLING',
  },
  { id: 'F05', title: '403', scenario: vendorError(403, 'PERMISSION_DENIED'), code: 'PERMISSION', says: [model] },
  {
    id: 'F05',
    title: '400 from a place that is not served, told in prose alone',
    scenario: inProse(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'),
    code: 'PERMISSION',
  },
  {
    id: 'F05',
    title: '403 for a key that is not for this API',
    scenario: vendorError(403, 'PERMISSION_DENIED', [errorInfo('API_KEY_SERVICE_BLOCKED')]),
    code: 'PERMISSION',
  },
  {
    id: 'F06',
    title: '404 for the model',
    scenario: inProse(404, 'NOT_FOUND', `models/${model} is not found for API version v1beta.`),
    code: 'MODEL_NOT_FOUND',
    says: [model, 'small, large'],
  },
  { id: 'F07', title: '404 for the path', scenario: inProse(404, 'NOT_FOUND', 'Not Found'), code: 'ENDPOINT' },
  { id: 'F09', title: '409', scenario: vendorError(409, 'ABORTED'), code: 'PROVIDER', says: ['409'] },
  ...retryAfterValues.map(
    ([id, header, waitMs]): ProviderFault<GoogleScenario> => ({
      id,
      title: `429, Retry-After "${header}"`,
      scenario: vendorError(429, 'RESOURCE_EXHAUSTED', [], { 'retry-after': header }),
      code: 'RATE_LIMIT',
      waitMs,
    }),
  ),
  ...(
    [
      ['F12', '1s', 1000],
      ['F12', '34.074824224s', 34_075],
      ['F13', '3600s', 3_600_000],
      ['F15', '-5s', null],
      ['F15', '99999999999s', null],
      ['F15', 'soon', null],
    ] as const
  ).map(
    ([id, delay, waitMs]): ProviderFault<GoogleScenario> => ({
      id,
      title: `429, retryDelay "${delay}"`,
      scenario: vendorError(429, 'RESOURCE_EXHAUSTED', [
        quotaFailure('GenerateRequestsPerMinutePerProjectPerModel-FreeTier'),
        retryInfo(delay),
      ]),
      code: 'RATE_LIMIT',
      waitMs,
    }),
  ),
  {
    id: 'F16',
    title: '429 for a quota that is used up for the day',
    scenario: vendorError(429, 'RESOURCE_EXHAUSTED', [
      quotaFailure('GenerateRequestsPerDayPerProjectPerModel-FreeTier'),
      retryInfo('34s'),
    ]),
    code: 'QUOTA',
  },
  {
    id: 'F16',
    title: '429 for a model without any free quota',
    scenario: vendorError(429, 'RESOURCE_EXHAUSTED', [quotaFailure('GenerateContentInputTokensPerMinute', '0')]),
    code: 'QUOTA',
  },
  {
    id: 'F16',
    title: '429 without credit, told in prose alone',
    scenario: inProse(429, 'RESOURCE_EXHAUSTED', 'Your prepayment credits are depleted.'),
    code: 'QUOTA',
  },
  { id: 'F18', title: '500', scenario: vendorError(500, 'INTERNAL'), code: 'PROVIDER', says: ['500'] },
  { id: 'F20', title: '503', scenario: vendorError(503, 'UNAVAILABLE'), code: 'OVERLOADED' },
  { id: 'F21', title: '504', scenario: vendorError(504, 'DEADLINE_EXCEEDED'), code: 'TIMEOUT' },
  {
    id: 'F26',
    title: 'the stream of another wire format',
    scenario: { raw: 'data: {"choices":[{"delta":{"content":"x"}}]}\n\n' },
    code: 'PROTOCOL',
  },
  { id: 'F26', title: 'the document of another API', scenario: { reply: { body: { ok: true } } }, code: 'PROTOCOL' },
  {
    id: 'F37',
    title: 'reset in mid-stream',
    scenario: { events: half, ending: 'reset' },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: 'clean end without a finish reason',
    scenario: { events: half },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: 'a finish reason that says nothing',
    scenario: { events: [...half, delta('', 'FINISH_REASON_UNSPECIFIED')] },
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F38',
    title: 'one document without a finish reason',
    scenario: { as: 'plain', finish: null, text: 'Half' },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  { id: 'F38', title: 'nothing but counts', scenario: { events: [{ usageMetadata: {} }] }, code: 'INCOMPLETE' },
  {
    id: 'F39',
    title: 'cut inside an event',
    scenario: raw(...half, Buffer.from('data: {"candi')),
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F39',
    title: 'cut inside a character',
    scenario: raw(
      ...half,
      Buffer.from('data: {"candidates":[{"content":{"parts":[{"text":"'),
      Buffer.from('你').subarray(0, 2),
    ),
    code: 'INCOMPLETE',
    partial: 'Half an answer',
  },
  {
    id: 'F40',
    title: 'a malformed event',
    scenario: { events: [...half, '{"candidates":[', delta('', 'STOP')] },
    code: 'PROTOCOL',
    partial: 'Half an answer',
  },
  {
    id: 'F40',
    title: 'a part of the wrong shape',
    scenario: { events: [...half, { candidates: [{ content: { parts: [{ text: 7 }] } }] }, delta('', 'STOP')] },
    code: 'PROTOCOL',
    partial: 'Half an answer',
  },
  { id: 'F40', title: 'an event that is no object', scenario: { events: ['7'] }, code: 'PROTOCOL' },
  ...(
    [
      [503, 'UNAVAILABLE', 'OVERLOADED'],
      [429, 'RESOURCE_EXHAUSTED', 'RATE_LIMIT'],
      [500, 'INTERNAL', 'PROVIDER'],
      [400, 'INVALID_ARGUMENT', 'BAD_REQUEST'],
      [401, 'UNAUTHENTICATED', 'AUTH'],
      [403, 'PERMISSION_DENIED', 'PERMISSION'],
      [504, 'DEADLINE_EXCEEDED', 'TIMEOUT'],
      [499, 'CANCELLED', 'BAD_REQUEST'],
    ] as const
  ).map(
    ([status, word, code]): ProviderFault<GoogleScenario> => ({
      id: 'F43',
      title: `${word} in the stream`,
      scenario: inStream(status, word),
      code,
      partial: 'Half an answer',
    }),
  ),
  {
    id: 'F43',
    title: 'the day’s quota used up in mid-stream',
    scenario: inStream(429, 'RESOURCE_EXHAUSTED', [quotaFailure('GenerateRequestsPerDayPerProjectPerModel')]),
    code: 'QUOTA',
    partial: 'Half an answer',
  },
  {
    id: 'F43',
    title: 'an error without a status',
    scenario: { events: [{ error: { status: 'UNAVAILABLE' } }] },
    code: 'OVERLOADED',
  },
  {
    id: 'F43',
    title: 'an error as the whole reply, with status 200',
    scenario: { reply: { body: `[${googleError(503, 'UNAVAILABLE', 'Overloaded')}]` } },
    code: 'OVERLOADED',
  },
  ...[
    'MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'CONTINUATION',
    'MALFORMED_RESPONSE',
    'OTHER',
    'NEW_REASON',
  ].map(
    (finish): ProviderFault<GoogleScenario> => ({
      id: 'F43',
      title: `an answer that ended with ${finish}`,
      scenario: { text: 'Half', finish },
      code: 'INCOMPLETE',
      says: [finish],
      partial: 'Half',
    }),
  ),
  {
    id: 'F43',
    title: 'a finish reason that cannot be shown',
    scenario: { text: 'Half', finish: `x\n${key}` },
    code: 'INCOMPLETE',
    partial: 'Half',
  },
  {
    id: 'F44',
    title: 'text after the finish reason',
    scenario: { events: [...whole, delta('More')] },
    code: 'PROTOCOL',
    partial: 'Whole',
  },
  {
    id: 'F44',
    title: 'two different finish reasons',
    scenario: { events: [...whole, delta('', 'MAX_TOKENS')] },
    code: 'PROTOCOL',
    partial: 'Whole',
  },
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
  { id: 'F49', title: 'a giant line', scenario: { events: [delta('x'.repeat(70_000))] }, code: 'PROTOCOL' },
  {
    id: 'F53',
    title: 'a document without candidates',
    scenario: { reply: { body: { candidates: [] } } },
    code: 'EMPTY_RESULT',
  },
];

const good = { type: 'end', finish: 'stop' };
const odd: readonly OddAnswer<GoogleScenario>[] = [
  {
    id: 'F26',
    title: 'a list where a stream was asked for',
    scenario: { reply: { body: [...half, delta('', 'STOP')] } },
    text: 'Half an answer',
  },
  { id: 'F38', title: 'a reset after the finish reason', scenario: { events: whole, ending: 'reset' }, text: 'Whole' },
  {
    id: 'F41',
    title: 'data over several lines',
    scenario: { events: [...half, JSON.stringify(delta('!', 'STOP'), null, 2)] },
    text: 'Half an answer!',
  },
  {
    id: 'F41',
    title: 'a last event without its blank line',
    scenario: { raw: Buffer.concat(whole.map((event) => frameGoogle(event))).subarray(0, -4) },
    text: 'Whole',
  },
  {
    id: 'F42',
    title: 'unknown fields, parts and candidates',
    scenario: {
      events: [
        { vendorNews: [] },
        { candidates: [{ index: 1, content: { parts: [{ text: 'Another' }] } }] },
        { candidates: [{ content: { parts: [{ hologram: {} }, { text: 'Whole', new: 1 }] }, new: [] }] },
        { candidates: [{ content: {} }] },
        { candidates: [{ groundingMetadata: {}, finishReason: 'STOP' }] },
        { usageMetadata: { promptTokenCount: 1, totalTokenCount: 1 } },
      ],
    },
    text: 'Whole',
  },
  { id: 'F42', title: 'thinking, which is not text,', scenario: { thinking: 'Let me see. 你好' } },
  { id: 'F42', title: 'thinking in one document', scenario: { as: 'plain', thinking: 'Let me see.' } },
  {
    id: 'F42',
    title: 'the same finish reason twice',
    scenario: { events: [...whole, delta('', 'STOP')] },
    text: 'Whole',
  },
  ...['SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY'].map((finish) => ({
    id: 'F51',
    title: `an answer that was stopped for ${finish}`,
    scenario: { text: 'Some', finish },
    text: 'Some',
    end: { ...good, finish: 'filter' },
  })),
  ...(['stream', 'plain'] as const).map((as) => ({
    id: 'F51',
    title: `a prompt that was blocked, told as ${as}`,
    scenario: { as, blocked: 'PROHIBITED_CONTENT' },
    text: '',
    end: { ...good, finish: 'filter' },
  })),
  {
    id: 'F52',
    title: 'an answer cut at its limit',
    scenario: { text: 'Some', finish: 'MAX_TOKENS' },
    text: 'Some',
    end: { ...good, finish: 'length' },
  },
  { id: 'F53', title: 'no content', scenario: { as: 'plain', text: null }, text: '' },
  { id: 'F53', title: 'a tool call alone', scenario: { toolCall: true }, text: '' },
  { id: 'F54', title: 'another model in the reply', scenario: { model: 'dated-2026' } },
  { id: 'F54', title: 'no usage', scenario: { usage: null } },
  ...[
    { promptTokenCount: -1, candidatesTokenCount: 4 },
    { promptTokenCount: 3, candidatesTokenCount: 1.5 },
    { promptTokenCount: 'NaN', candidatesTokenCount: 4 },
    { promptTokenCount: 3 },
    { promptTokenCount: 3, totalTokenCount: 9 },
    { candidatesTokenCount: 3 },
    [],
    'many',
  ].map((usage) => ({ id: 'F54', title: `usage ${JSON.stringify(usage)}`, scenario: { usage } })),
];

behavesLikeEveryProvider(bench, {
  faults,
  listFaults: [
    [vendorError(400, 'INVALID_ARGUMENT', [errorInfo('API_KEY_INVALID')]), 'AUTH'],
    [vendorError(503, 'UNAVAILABLE'), 'OVERLOADED'],
    [{ reply: { body: '{"models":7}' } }, 'PROTOCOL'],
    [{ reply: { body: '{"data":[]}' } }, 'PROTOCOL'],
    [{ reply: { body: '{"models":[' } }, 'PROTOCOL'],
  ],
  odd,
  half: { events: half },
  whole: { events: whole },
  wrongKey: 'AIza-wrong-1',
  keyHeader: 'x-goog-api-key',
  environment: {
    GOOGLE_API_KEY: 'key-env',
    GEMINI_API_KEY: 'key-env',
    GOOGLE_GENAI_USE_VERTEXAI: 'true',
    GOOGLE_GENAI_USE_ENTERPRISE: 'true',
    GOOGLE_CLOUD_PROJECT: 'project-env',
    GOOGLE_CLOUD_LOCATION: 'location-env',
    GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:9',
    GOOGLE_VERTEX_BASE_URL: 'http://127.0.0.1:9',
    GOOGLE_GENAI_API_VERSION: 'v9-env',
    GOOGLE_APPLICATION_CREDENTIALS: '/nowhere-env.json',
  },
});

describe('a fault of this vendor', () => {
  it.each(['gemini-nobody-9', 'gemini-embedding-001'])(
    'F06 %s is refused by the fake as by the vendor',
    async (asked) => {
      const { error } = await bench.ask(always, { ...request, model: asked });
      expect(error?.message).toBe(`Fake has no model "${asked}". It offers small, large.`);
    },
  );

  it.each(['../../v1/files', 'a?key=x', 'a&b', 'a#b', 'a b', ''])(
    'F06 "%s" is no name of a model, and nothing is sent',
    async (odd) => {
      expect((await bench.ask(always, { ...request, model: odd })).error?.code).toBe('MODEL_NOT_FOUND');
      expect(bench.fake.requests).toEqual([]);
    },
  );
});

describe('the tokens', () => {
  it.each([
    [{ promptTokenCount: 5, candidatesTokenCount: 7, totalTokenCount: 12 }, 5, 7],
    [{ promptTokenCount: 5, candidatesTokenCount: 7, thoughtsTokenCount: 90, totalTokenCount: 102 }, 5, 97],
    [{ promptTokenCount: 5, toolUsePromptTokenCount: 2, candidatesTokenCount: 7 }, 7, 7],
    // The vendor leaves out what is 0.
    [{ promptTokenCount: 5, thoughtsTokenCount: 90, totalTokenCount: 95 }, 5, 90],
    [{ promptTokenCount: 5, totalTokenCount: 5 }, 5, 0],
  ])('counts thinking as output: %j', async (usage, inputTokens, outputTokens) => {
    bench.fake.next({ usage }, { as: 'plain', usage });
    const expected = { type: 'end', finish: 'stop', usage: { inputTokens, outputTokens } };
    expect([(await bench.ask()).end, (await bench.ask()).end]).toEqual([expected, expected]);
  });

  it('takes later totals in place of earlier ones, also when they make no sense', async () => {
    const counted = (usageMetadata: object): object => ({ usageMetadata });
    const first = counted({ promptTokenCount: 3, candidatesTokenCount: 1 });
    bench.fake.next(
      { events: [first, ...whole, counted({ promptTokenCount: 3, candidatesTokenCount: 9 })] },
      { events: [first, ...whole, counted({ promptTokenCount: 3, candidatesTokenCount: -9 })] },
    );
    expect((await bench.ask()).end).toMatchObject({ usage: { inputTokens: 3, outputTokens: 9 } });
    expect((await bench.ask()).end).not.toHaveProperty('usage');
  });
});

describe('a request', () => {
  it('says what is wanted, with the key in one header and nothing about this machine', async () => {
    const described = bench.provider.describe(request);
    expect(bench.fake.requests).toEqual([]);
    await bench.ask();
    const [{ headers, body, path } = { headers: {}, body: {}, path: '' }] = bench.fake.requests;
    expect(path).toBe(`/v1beta/models/${model}:streamGenerateContent?alt=sse`);
    expect(body).toEqual({
      contents: [{ role: 'user', parts: [{ text: request.user }] }],
      systemInstruction: { role: 'user', parts: [{ text: request.system }] },
      generationConfig: { maxOutputTokens: 100 + 8192 },
    });
    expect(described).toEqual({ url: bench.fake.baseUrl + path, body });
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
      'x-goog-api-key',
    ]);
    expect(headers).toMatchObject({ 'x-goog-api-key': key, 'user-agent': 'Potter' });
  });

  it('never has the key in an address', async () => {
    await bench.ask();
    await bench.provider.models(always);
    expect(bench.fake.requests.length).toBe(2);
    for (const { path, headers } of bench.fake.requests) {
      expect(path).not.toContain('canary');
      expect(headers['x-goog-api-key']).toBe(key);
    }
  });

  it('says nothing on the console', async () => {
    const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
    const spies = methods.map((method) => vi.spyOn(console, method).mockReturnValue());
    bench.fake.next({ toolCall: true });
    await bench.ask();
    expect((await bench.ask()).text).toBe(answer);
    await bench.provider.models(always);
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it.each([
    ['gemini-2.0-flash', { maxOutputTokens: 100, temperature: 0 }],
    ['gemini-2.5-flash', { maxOutputTokens: 100 + 8192 }],
    ['models/gemini-4-argon', { maxOutputTokens: 100 + 8192 }],
    ['gemma-3-27b-it', { maxOutputTokens: 100, temperature: 0 }],
  ])('for %s leaves room for thinking if it thinks', (asked, generationConfig) => {
    const { body } = bench.provider.describe({ ...request, model: asked, temperature: 0 });
    expect(body).toMatchObject({ generationConfig });
    expect(Object.keys((body as { generationConfig: object }).generationConfig)).toEqual(
      expect.arrayContaining(Object.keys(generationConfig)),
    );
  });

  it('sends no temperature to a model that thinks', () => {
    expect(JSON.stringify(bench.provider.describe({ ...request, temperature: 0 }).body)).not.toContain('temperature');
  });

  it('puts the instructions before the text for a model that takes none', async () => {
    const asked = { ...request, model: 'gemma-3-27b-it' };
    expect((await bench.ask(always, asked)).text).toBe(answer);
    expect(bench.fake.requests[0]?.body).toMatchObject({
      contents: [{ role: 'user', parts: [{ text: `${request.system}\n\n${request.user}` }] }],
    });
  });

  it('asks for no more output than the listed model allows', async () => {
    await bench.provider.models(always);
    const asked = { ...request, model: 'gemini-2.0-flash', maxOutputTokens: 200_000 };
    expect(bench.provider.describe(asked).body).toMatchObject({ generationConfig: { maxOutputTokens: 8192 } });
    expect((await bench.ask(always, asked)).text).toBe(answer);
  });

  it.each([
    ['', '/v1beta/'],
    ['/', '/v1beta/'],
    ['/v1beta', '/v1beta/'],
    ['/v1/', '/v1/'],
  ])('goes to the right address when the base ends with "%s"', async (end, path) => {
    await bench.reopen({ baseUrl: bench.fake.baseUrl + end });
    expect((await bench.ask()).text).toBe(answer);
    expect(bench.fake.requests[0]?.path.startsWith(path)).toBe(true);
    expect(bench.provider.describe(request).url).toBe(bench.fake.baseUrl + (bench.fake.requests[0]?.path ?? ''));
  });

  it('leaves out instructions that are empty', () => {
    expect(bench.provider.describe({ ...request, system: '' }).body).not.toHaveProperty('systemInstruction');
  });
});

describe('the list of models', () => {
  it('has those that generate content, with the vendor’s names, in its order', async () => {
    expect(await bench.provider.models(always)).toEqual([
      { id: 'gemini-2.5-flash', name: 'Gemini 2.5 Flash' },
      { id: 'gemini-2.0-flash', name: 'Gemini 2.0 Flash' },
      { id: 'gemini-3.5-flash-lite', name: 'Gemini 3.5 Flash-Lite' },
      { id: 'gemini-3.8-flash', name: 'Gemini 3.8 Flash' },
      { id: 'gemini-4-argon', name: 'Gemini 4 Argon' },
      { id: 'gemma-3-27b-it', name: 'Gemma 3 27B' },
    ]);
    expect(bench.fake.requests.map(({ path }) => path)).toEqual(['/v1beta/models?pageSize=1000']);
  });

  const listed = (ids: readonly string[], nextPageToken?: string): GoogleScenario => ({
    for: 'models',
    reply: {
      body: {
        models: ids.map((id) => ({ name: `models/${id}`, supportedGenerationMethods: ['generateContent'] })),
        ...(nextPageToken !== undefined && { nextPageToken }),
      },
    },
  });

  it('is followed over its pages', async () => {
    bench.fake.next(listed(['a', 'b'], 't1'), listed(['c'], 't2'), listed(['d']));
    expect(await bench.provider.models(always)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]);
    expect(bench.fake.requests.map(({ path }) => path)).toEqual([
      '/v1beta/models?pageSize=1000',
      '/v1beta/models?pageSize=1000&pageToken=t1',
      '/v1beta/models?pageSize=1000&pageToken=t2',
    ]);
  });

  it.each([
    ['never says it was the last', (at: number) => `t${at}`, 10],
    ['repeats a page', () => 'same', 2],
    ['has an empty token', () => '', 1],
  ])('ends for a server that %s', async (_title, token, requests) => {
    bench.fake.next(...Array.from({ length: 20 }, (_, at) => listed([`m${at}`], token(at))));
    expect((await bench.provider.models(always)).length).toBe(requests);
    expect(bench.fake.requests.length).toBe(requests);
  });

  it('leaves out names that cannot be shown', async () => {
    bench.fake.next(listed(['good', 'bad\u202ename', 'line\nbreak', 'x'.repeat(201)]));
    expect(await bench.provider.models(always)).toEqual([{ id: 'good' }]);
  });

  it('may be empty', async () => {
    bench.fake.next({ for: 'models', reply: { body: {} } });
    expect(await bench.provider.models(always)).toEqual([]);
  });
});
