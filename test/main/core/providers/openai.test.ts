import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutbound, type Outbound, type OutboundLimits } from '../../../../src/main/core/outbound.ts';
import { createOpenAiProvider } from '../../../../src/main/core/providers/openai.ts';
import type { CompletionEvent, Provider } from '../../../../src/main/core/providers/provider.ts';
import { type ErrorCode, PotterError } from '../../../../src/shared/errors.ts';
import { errorBody, type FakeOpenAi, type Scenario, startFakeOpenAi } from '../../../helpers/fake-openai.ts';

const key = 'sk-canary-7f3a91';
const model = 'potter-demo-sample';
const text = 'Der Bär 🐻 says: this is a example of an sentence with bad grammer. 你好，世界。';
const answer = 'Der Bär 🐻 says: this is an example of a sentence with bad grammar. 你好，世界。';
/** For the faults that are a wait; everything else has the time a busy machine needs. */
const impatient: Partial<OutboundLimits> = { localMs: 250 };
const waits: readonly ErrorCode[] = ['HEADERS_TIMEOUT', 'IDLE_TIMEOUT'];
const request = { model, system: 'Polish.', user: `Text:\n<text-9>\n${text}\n</text-9>`, maxOutputTokens: 100 };
const always = new AbortController().signal;

let fake: FakeOpenAi;
let outbound: Outbound;
let provider: Provider;

const open = (baseUrl: string, limits: Partial<OutboundLimits> = {}): Provider => {
  outbound = createOutbound({ limits });
  return createOpenAiProvider({
    id: 'fake',
    name: 'Fake',
    baseUrl,
    apiKey: key,
    fetch: outbound.fetchFor({ name: 'Fake', named: baseUrl, start: 'fake serve' }),
    knownModels: () => ['small', 'large'],
    now: () => Date.parse('2026-11-23T12:00:00Z'),
  });
};

const reopen = async (limits: Partial<OutboundLimits>): Promise<void> => {
  await outbound.close();
  provider = open(fake.baseUrl, limits);
};

beforeEach(async () => {
  fake = await startFakeOpenAi({ key });
  provider = open(fake.baseUrl);
});

afterEach(async () => {
  await outbound.close();
  await fake.close();
});

/** What came of a completion: everything the caller saw. */
async function ask(
  signal = always,
  asked = request,
): Promise<{ text: string; end?: CompletionEvent; error?: PotterError }> {
  let got = '';
  let end: CompletionEvent | undefined;
  try {
    for await (const event of provider.complete(asked, signal)) {
      if (event.type === 'text') got += event.text;
      else end = event;
    }
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PotterError);
    return { text: got, ...(end && { end }), error: thrown as PotterError };
  }
  return { text: got, ...(end && { end }) };
}

const vendorError = (
  status: number,
  code: string | null,
  type = 'invalid_request_error',
  param: string | null = null,
  headers = {},
) => ({
  reply: { status, headers, body: errorBody(`Some prose that quotes ${key}.`, type, code, param) },
});
const html = '<!DOCTYPE html><html><body><h1>Secret page</h1></body></html>';
const chunk = (content: string, finish: string | null = null): string =>
  JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });

interface Fault {
  readonly id: string;
  readonly title: string;
  readonly scenario: Scenario;
  readonly code: ErrorCode;
  /** Every part must be in the message. */
  readonly says?: readonly string[];
  readonly waitMs?: number | null;
  /** What had been shown before it failed. */
  readonly partial?: string;
}

const faults: readonly Fault[] = [
  {
    id: 'F01',
    title: '400 with a field',
    scenario: vendorError(400, 'invalid_value', 'invalid_request_error', 'temperature'),
    code: 'BAD_REQUEST',
    says: ['"temperature"'],
  },
  { id: 'F01', title: '400 without a body', scenario: { reply: { status: 400 } }, code: 'BAD_REQUEST' },
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
  { id: 'F03', title: '401 in prose alone', scenario: { reply: { status: 401, body: 'Unauthorized' } }, code: 'AUTH' },
  { id: 'F04', title: '402', scenario: { reply: { status: 402, body: {} } }, code: 'BILLING' },
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
  {
    id: 'F07',
    title: '404 with a page',
    scenario: { reply: { status: 404, headers: { 'content-type': 'text/html' }, body: html } },
    code: 'ENDPOINT',
  },
  {
    id: 'F07',
    title: '404 of another API',
    scenario: { reply: { status: 404, body: { detail: 'Not Found' } } },
    code: 'ENDPOINT',
  },
  { id: 'F07', title: '404 for the path', scenario: vendorError(404, null), code: 'ENDPOINT' },
  { id: 'F07', title: '405', scenario: { reply: { status: 405, body: 'Method Not Allowed' } }, code: 'ENDPOINT' },
  { id: 'F08', title: '408', scenario: vendorError(408, null), code: 'TIMEOUT' },
  { id: 'F09', title: '409', scenario: vendorError(409, null), code: 'PROVIDER', says: ['409'] },
  {
    id: 'F10',
    title: '413',
    scenario: { reply: { status: 413, headers: { 'content-type': 'text/html' }, body: html } },
    code: 'CONTEXT_LENGTH',
  },
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
    says: ['60 minutes'],
    waitMs: 3_600_000,
  },
  {
    id: 'F14',
    title: '429 without the header',
    scenario: vendorError(429, null),
    code: 'RATE_LIMIT',
    waitMs: null,
  },
  ...['-5', 'soon', 'Mon, 01 Jan 2001 00:00:00 GMT', '99999999999', '0', ''].map(
    (value): Fault => ({
      id: 'F15',
      title: `429, Retry-After "${value}" counts as absent`,
      scenario: vendorError(429, null, 'requests', null, { 'retry-after': value }),
      code: 'RATE_LIMIT',
      waitMs: null,
    }),
  ),
  {
    id: 'F15',
    title: '429, Retry-After as a date',
    scenario: vendorError(429, null, 'requests', null, { 'retry-after': 'Mon, 23 Nov 2026 12:00:30 GMT' }),
    code: 'RATE_LIMIT',
    waitMs: 30_000,
  },
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
    id: 'F19',
    title: '502 with a page',
    scenario: { reply: { status: 502, headers: { 'content-type': 'text/html' }, body: html } },
    code: 'PROVIDER',
  },
  { id: 'F20', title: '503', scenario: { reply: { status: 503, body: 'no' } }, code: 'OVERLOADED' },
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
  { id: 'F21', title: '504', scenario: { reply: { status: 504, body: html } }, code: 'TIMEOUT' },
  { id: 'F22', title: '529', scenario: { reply: { status: 529, body: '{}' } }, code: 'OVERLOADED' },
  {
    id: 'F23',
    title: 'redirect to another host',
    scenario: { reply: { status: 307, headers: { location: 'https://elsewhere.example/v1' } } },
    code: 'REDIRECT',
    says: ['elsewhere.example'],
  },
  {
    id: 'F23',
    title: 'redirect on the same host',
    scenario: { reply: { status: 301, headers: { location: '/v2/chat/completions' } } },
    code: 'REDIRECT',
  },
  {
    id: 'F24',
    title: '200 with a page',
    scenario: { reply: { status: 200, headers: { 'content-type': 'text/html' }, body: html } },
    code: 'NOT_API',
  },
  { id: 'F25', title: '200 with nothing', scenario: { reply: { status: 200 } }, code: 'EMPTY_RESULT' },
  { id: 'F25', title: '204', scenario: { reply: { status: 204 } }, code: 'EMPTY_RESULT' },
  {
    id: 'F26',
    title: '200 with plain words',
    scenario: { raw: 'It works!\n', contentType: 'text/plain' },
    code: 'PROTOCOL',
  },
  { id: 'F26', title: '200 with JSON of something else', scenario: { reply: { body: [1, 2] } }, code: 'PROTOCOL' },
  { id: 'F35', title: 'headers never arrive', scenario: { silent: true }, code: 'HEADERS_TIMEOUT' },
  { id: 'F36', title: 'reset before the first byte', scenario: { resetAtOnce: true }, code: 'RESET' },
  { id: 'F36', title: 'reset after the headers', scenario: { after: 1, ending: 'reset' }, code: 'RESET' },
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
    id: 'F40',
    title: 'bytes that are not UTF-8',
    scenario: { raw: Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0x0a, 0x0a]) },
    code: 'PROTOCOL',
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
  { id: 'F45', title: 'stall after the headers', scenario: { after: 0, ending: 'stall' }, code: 'IDLE_TIMEOUT' },
  {
    id: 'F46',
    title: 'comments do not keep it alive',
    scenario: { events: [chunk('Half')], ending: 'drip' },
    code: 'IDLE_TIMEOUT',
    partial: 'Half',
  },
  { id: 'F49', title: 'a giant line', scenario: { events: [chunk('x'.repeat(70_000), 'stop')] }, code: 'PROTOCOL' },
  {
    id: 'F49',
    title: 'a header bomb',
    scenario: { reply: { headers: { 'x-bomb': 'x'.repeat(100_000) } } },
    code: 'PROTOCOL',
  },
  {
    id: 'F50',
    title: 'a giant document',
    scenario: { reply: { body: JSON.stringify({ choices: [], filler: 'x'.repeat(3 << 20) }) } },
    code: 'PROTOCOL',
  },
  {
    id: 'F50',
    title: 'a compressed reply',
    scenario: { reply: { headers: { 'content-encoding': 'gzip' }, body: 'x' } },
    code: 'PROTOCOL',
  },
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
  {
    id: 'F57',
    title: 'a proxy that asks for a login',
    scenario: { reply: { status: 407 } },
    code: 'CONNECT',
    says: ['proxy'],
  },
];

describe('a fault of the provider', () => {
  it.each(faults)('$id $title becomes $code', async ({ scenario, code, says = [], waitMs, partial = '' }) => {
    if (waits.includes(code)) await reopen(impatient);
    fake.next(scenario);
    const { text: got, end, error } = await ask();
    expect({ got, end, code: error?.code }).toEqual({ got: partial, end: undefined, code });
    for (const part of ['Fake', ...says]) expect(error?.message).toContain(part);
    if (waitMs !== undefined) {
      const told = error?.detail as { retryAfterMs?: number };
      expect(told.retryAfterMs ?? null).toBe(waitMs);
    }
    expect(JSON.stringify([error?.message, error?.detail])).not.toMatch(/canary|Secret page|<html/);
    expect(fake.requests.length).toBe(1);
  });

  it('is told for every model list as for an answer', async () => {
    const scenarios: readonly [Scenario, ErrorCode][] = [
      [vendorError(401, 'invalid_api_key'), 'AUTH'],
      [{ reply: { body: html } }, 'NOT_API'],
      [{ reply: { status: 404, body: html } }, 'ENDPOINT'],
      [{ reply: { body: '{"data":7}' } }, 'PROTOCOL'],
      [{ reply: { body: '{"data":[' } }, 'PROTOCOL'],
      [{ reply: {} }, 'EMPTY_RESULT'],
      [{ silent: true }, 'HEADERS_TIMEOUT'],
    ];
    await reopen(impatient);
    for (const [scenario, code] of scenarios) {
      fake.next({ ...scenario, for: 'models' });
      await expect(provider.models(always)).rejects.toMatchObject({ code });
    }
  });

  it('F29 a local program that is not running is named with the command that starts it', async () => {
    await outbound.close();
    provider = open(await unusedAddress());
    const { error } = await ask();
    expect(error?.code).toBe('LOCAL_DOWN');
    expect(error?.message).toMatch(/^Fake is not running on 127\.0\.0\.1:\d+\. Start it with `fake serve`\.$/);
  });

  it('F48 an endless stream is stopped', async () => {
    fake.next({ events: [chunk('start')], ending: 'flood' });
    const { error } = await ask();
    expect(error?.code).toBe('TOO_LONG');
    await fake.disconnected();
  });

  it('F03 a wrong key is refused by the fake as by the vendor, and never repeated', async () => {
    await outbound.close();
    outbound = createOutbound();
    provider = createOpenAiProvider({
      id: 'fake',
      name: 'Fake',
      baseUrl: fake.baseUrl,
      apiKey: 'sk-wrong-1',
      fetch: outbound.fetchFor({ name: 'Fake', named: fake.baseUrl }),
    });
    const { error } = await ask();
    expect(error?.code).toBe('AUTH');
    expect(JSON.stringify([error?.message, error?.detail])).not.toContain('sk-wrong');
  });

  it('F03 a server that wants a key where none is set says so', async () => {
    const baseUrl = fake.baseUrl;
    const keyless = createOpenAiProvider({
      id: 'f',
      name: 'Fake',
      baseUrl,
      fetch: outbound.fetchFor({ name: 'Fake', named: baseUrl }),
    });
    await expect(keyless.models(always)).rejects.toMatchObject({
      code: 'AUTH',
      message: 'Fake wants a key, and none is set.',
    });
  });

  it('a list of models leaves out names that cannot be shown', async () => {
    const data = ['good', '', 'bad\u202ename', 'line\nbreak', 'x'.repeat(201)].map((id) => ({ id }));
    fake.next({ for: 'models', reply: { body: { data } } }, { for: 'models', reply: { body: data } });
    const good = [{ id: 'good' }];
    expect([await provider.models(always), await provider.models(always)]).toEqual([good, good]);
  });

  it('F06 a model it does not have is refused by the fake as by the vendor', async () => {
    const { error } = await ask(always, { ...request, model: 'nobody/knows' });
    expect(error?.message).toBe('Fake has no model "nobody/knows". It offers small, large.');
  });
});

const whole = { type: 'end', finish: 'stop' };
const odd: readonly { id: string; title: string; scenario: Scenario; text?: string; end?: object }[] = [
  { id: 'F26', title: 'JSON where a stream was asked for', scenario: { as: 'plain' } },
  { id: 'F26', title: 'JSON that is called a stream', scenario: { as: 'plain', contentType: 'text/event-stream' } },
  { id: 'F26', title: 'a stream that is called JSON', scenario: { contentType: 'application/json' } },
  { id: 'F41', title: 'junk lines', scenario: { junk: true } },
  { id: 'F41', title: 'CRLF', scenario: { newline: '\r\n' } },
  { id: 'F41', title: 'CR', scenario: { newline: '\r' } },
  { id: 'F41', title: 'a byte order mark', scenario: { byteOrderMark: true } },
  { id: 'F41', title: 'one byte at a time', scenario: { pieceBytes: 1 } },
  {
    id: 'F41',
    title: 'one byte at a time with CRLF, junk and a byte order mark',
    scenario: { pieceBytes: 1, newline: '\r\n', junk: true, byteOrderMark: true },
  },
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

describe('an odd but whole answer', () => {
  it.each(odd)('$id $title is read', async ({ scenario, text: expected = answer, end = whole }) => {
    fake.next(scenario);
    const got = await ask();
    expect(got).toMatchObject({ text: expected, end });
    expect(got.error).toBeUndefined();
    if (scenario.usage !== undefined) expect(got.end).not.toHaveProperty('usage');
  });
});

describe('a request', () => {
  it('says what is wanted, with the key in one header and nothing about this machine', async () => {
    await ask(always, { ...request, ...{ temperature: 0.2 } });
    const [{ headers, body, path } = { headers: {}, body: {}, path: '' }] = fake.requests;
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

  it('takes nothing from the environment', async () => {
    const names = {
      OPENAI_API_KEY: 'sk-env',
      OPENAI_ORG_ID: 'org-env',
      OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
      OPENAI_CUSTOM_HEADERS: 'Authorization: Bearer sk-env\nX-Env: yes',
    };
    const proxies = { HTTP_PROXY: 'http://127.0.0.1:9', http_proxy: 'http://127.0.0.1:9', NODE_USE_ENV_PROXY: '1' };
    for (const [name, value] of Object.entries({ ...names, ...proxies })) vi.stubEnv(name, value);
    expect((await ask()).text).toBe(answer);
    expect(JSON.stringify(fake.requests)).not.toMatch(/-env|yes/);
  });

  it.each([
    ['openai', 'gpt-4o-mini', { max_completion_tokens: 100, temperature: 0 }],
    ['openai', 'gpt-5-mini', { max_completion_tokens: 100 + 8192 }],
    ['openai', 'o3', { max_completion_tokens: 100 + 8192 }],
    ['compatible', 'gpt-5-mini', { max_tokens: 100, temperature: 0 }],
    ['compatible', 'llama3.2', { max_tokens: 100, temperature: 0 }],
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

describe('cancelling', () => {
  it.each<{ when: string; scenario: Scenario }>([
    { when: 'before the headers', scenario: { silent: true } },
    { when: 'before the first byte', scenario: { after: 0, ending: 'stall' } },
    { when: 'in mid-stream', scenario: { events: [chunk('Half')], ending: 'stall' } },
    { when: 'during a drip', scenario: { events: [chunk('Half')], ending: 'drip' } },
    { when: 'during a flood', scenario: { events: [chunk('Half')], ending: 'flood' } },
  ])('$when closes the socket and is no failure', async ({ scenario }) => {
    const stop = new AbortController();
    fake.next(scenario);
    const asked = ask(stop.signal);
    await fake.received(1);
    stop.abort();
    expect((await asked).error?.code).toBe('CANCELLED');
    await fake.disconnected();
  });

  it('beforehand sends nothing', async () => {
    expect((await ask(AbortSignal.abort())).error?.code).toBe('CANCELLED');
    expect(fake.requests).toEqual([]);
  });

  it('keeps the reason it was given', async () => {
    const reason = new PotterError('TIMEOUT', 'The run took too long.');
    expect((await ask(AbortSignal.abort(reason))).error).toBe(reason);
  });

  it('by leaving the loop closes the socket', async () => {
    fake.next({ events: [chunk('Half')], ending: 'stall' });
    for await (const event of provider.complete(request, always)) if (event.type === 'text') break;
    await fake.disconnected();
  });
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
