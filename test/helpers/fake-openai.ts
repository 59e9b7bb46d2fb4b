/**
 * A server that speaks the OpenAI wire format byte for byte, for tests and, as a labelled sample, for `potter serve --demo`.
 * It imports nothing but Node and what the fake vendors share, since it is also bundled.
 */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import {
  byteOrderMark,
  type FakeVendor,
  frame,
  type RecordedRequest,
  sendBody,
  sendWhole,
  startFakeVendor,
  tokensOf,
  type VendorScenario,
  type WholeReply,
} from './fake-vendor.ts';

export const sampleModel = 'potter-demo-sample';

export interface FakeOpenAiOptions {
  /** Every request must carry it. Default: none is asked for. */
  readonly key?: string;
  /** Default: `potter-demo-sample` alone. */
  readonly models?: readonly string[];
  /** Pause before each token of a stream, in milliseconds. Default 0. */
  readonly tokenDelayMs?: number;
  /** The answer to a text. Default: `polish`. */
  readonly answer?: (text: string, request: ChatRequest) => string;
}

/** How one reply departs from a plain good one. Everything left out is as the vendor does it. */
export interface Scenario extends VendorScenario {
  readonly refusal?: string;
  readonly toolCall?: boolean;
  /** Default `stop`; null leaves it out. */
  readonly finish?: string | null;
  /** Leave out `data: [DONE]`. */
  readonly withoutDone?: boolean;
  /** The stream's events in place of those of the answer: each the data of one event. */
  readonly events?: readonly string[];
}

export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly system: string;
  readonly user: string;
}

/** Its `baseUrl` ends with `/v1`. */
export type FakeOpenAi = FakeVendor<Scenario>;

export function startFakeOpenAi(options: FakeOpenAiOptions = {}): Promise<FakeOpenAi> {
  const vendor = new Vendor(options);
  return startFakeVendor<Scenario>({
    path: '/v1',
    headers: vendorHeaders,
    kindOf: ({ method, path }) => kinds[`${method} ${path}`],
    refuse: (request, kind) => vendor.refuse(request, kind),
    models: () => vendor.models(),
    chat: (response, { body }, scenario) => vendor.chat(response, toChatRequest(body), scenario),
  });
}

/** What the sample makes of a text: a few well-known slips are mended, everything else stays as it is. */
export function polish(text: string): string {
  return slips.reduce((mended, [pattern, replacement]) => mended.replace(pattern, replacement), text);
}

const slips: readonly (readonly [RegExp, string])[] = [
  [/\bgrammer\b/g, 'grammar'],
  [/\b([Tt])eh\b/g, '$1he'],
  [/\b([Rr])ecieve/g, '$1eceive'],
  [/\b([Dd])efinately\b/g, '$1efinitely'],
  [/\b([Ss])eperate/g, '$1eparate'],
  [/\b([Oo])ccured\b/g, '$1ccurred'],
  [/\b([Aa])lot\b/g, '$1 lot'],
  [/\b([Dd])ont\b/g, "$1on't"],
  [/\b([Cc]|[Ww]|[Ss]h)ould of\b/g, '$1ould have'],
  [/\b([Aa]) (?=(?:example|idea|apple|error|other|old|open|email)\b)/g, '$1n '],
  [/\b([Aa])n (?=(?:sentence|text|word|mistake|good|bad|new|big)\b)/g, '$1 '],
  [/(?<=^|\s)i(?=\s|'m|'ve|'ll)/g, 'I'],
  [/(?<![\p{L}\p{N}])(\p{L}{2,}) \1(?![\p{L}\p{N}])/gu, '$1'],
  [/(?<=\p{Script=Han})的的(?=\p{Script=Han})/gu, '的'],
  [/(?<=\S) {2,}(?=\S)/g, ' '],
  [/ +(?=[,.!?](?:\s|$))/g, ''],
];

/** The text between the first `<text…>` line and its closing line; without them, the whole message. */
export function delimitedText(message: string): string {
  const lines = message.split('\n');
  const open = lines.findIndex((line) => /^<text\b.*>$/.test(line));
  const name = /^<([^\s>]+)/.exec(lines[open] ?? '')?.[1];
  const close = lines.findIndex((line, index) => index > open && line.startsWith(`</${name}`));
  return open < 0 || close < 0 ? message : lines.slice(open + 1, close).join('\n');
}

/** The vendor's error object, as its own server prints it. */
export function errorBody(message: string, type: string, code: string | null, param: string | null = null): string {
  return `${JSON.stringify({ error: { message, type, param, code } }, null, 4)}\n`;
}

class Vendor {
  readonly #options: FakeOpenAiOptions;

  constructor(options: FakeOpenAiOptions) {
    this.#options = options;
  }

  refuse({ method, path, headers }: RecordedRequest, kind: Scenario['for']): WholeReply | undefined {
    const { authorization } = headers;
    const { key } = this.#options;
    if (key !== undefined && authorization === undefined) {
      const message = "You didn't provide an API key. You need to provide your API key in an Authorization header.";
      return { status: 401, body: errorBody(message, 'invalid_request_error', null) };
    }
    if (key !== undefined && authorization !== `Bearer ${key}`) {
      const message = `Incorrect API key provided: ${authorization?.slice(7)}. You can find your API key on the site.`;
      return { status: 401, body: errorBody(message, 'invalid_request_error', 'invalid_api_key') };
    }
    if (kind) return undefined;
    return { status: 404, body: errorBody(`Invalid URL (${method} ${path})`, 'invalid_request_error', null) };
  }

  models(): object {
    const models = this.#options.models ?? [sampleModel];
    const data = models.map((id) => ({ id, object: 'model', created: 1_764_000_000, owned_by: 'potter-demo' }));
    return { object: 'list', data };
  }

  async chat(response: ServerResponse, request: ChatRequest, scenario: Scenario): Promise<void> {
    const offered = this.#options.models ?? [sampleModel];
    if (!offered.includes(request.model)) {
      const message = `The model \`${request.model}\` does not exist or you do not have access to it.`;
      const body = errorBody(message, 'invalid_request_error', 'model_not_found');
      sendWhole(response, { status: 404, body }, vendorHeaders());
      return;
    }
    const answer = (this.#options.answer ?? polish)(delimitedText(request.user), request);
    const stream = scenario.as === undefined ? request.stream : scenario.as === 'stream';
    const reply = { ...request, text: scenario.text === undefined ? answer : scenario.text, scenario };
    const bytes = stream ? streamOf(reply) : [Buffer.from(`${JSON.stringify(documentOf(reply), null, 2)}\n`)];
    const type = stream ? 'text/event-stream; charset=utf-8' : 'application/json';
    response.writeHead(200, { ...vendorHeaders(), 'content-type': scenario.contentType ?? type });
    await sendBody(response, bytes, { scenario, delayMs: this.#options.tokenDelayMs ?? 0, flood });
  }
}

const kinds: Readonly<Record<string, Scenario['for']>> = {
  'GET /v1/models': 'models',
  'POST /v1/chat/completions': 'chat',
};

function vendorHeaders(): Record<string, string> {
  return {
    'openai-organization': 'potter-demo',
    'openai-processing-ms': '12',
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-remaining-requests': '9999',
    'x-request-id': `req_${randomBytes(16).toString('hex')}`,
  };
}

interface Reply {
  readonly model: string;
  readonly user: string;
  readonly system: string;
  readonly includeUsage: boolean;
  readonly text: string | null;
  readonly scenario: Scenario;
}

/** The bytes of each event of a streamed answer. */
function streamOf(reply: Reply): Buffer[] {
  const { scenario } = reply;
  if (scenario.raw !== undefined) return [Buffer.from(scenario.raw as string)];
  const events = scenario.events ?? [...chunksOf(reply), ...(scenario.withoutDone ? [] : ['[DONE]'])];
  const framed = events.map((data) => frame(data, scenario));
  return scenario.byteOrderMark ? [byteOrderMark, ...framed] : framed;
}

function chunksOf(reply: Reply): string[] {
  const { scenario, text, includeUsage } = reply;
  const head = { ...headOf(reply), object: 'chat.completion.chunk' };
  const chunk = (delta: object, finish: string | null): string =>
    JSON.stringify({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(includeUsage && { usage: null }),
    });
  const tool = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } };
  const finish = scenario.finish === undefined ? (scenario.toolCall ? 'tool_calls' : 'stop') : scenario.finish;
  const usage = scenario.usage === undefined ? countsOf(reply) : scenario.usage;
  return [
    chunk({ role: 'assistant', content: scenario.toolCall ? null : '', refusal: null }, null),
    ...(scenario.toolCall ? [chunk({ tool_calls: [tool] }, null)] : []),
    ...tokensOf(scenario.refusal ?? '').map((refusal) => chunk({ refusal }, null)),
    ...(scenario.refusal !== undefined || scenario.toolCall
      ? []
      : tokensOf(text ?? '').map((content) => chunk({ content }, null))),
    ...(finish === null ? [] : [chunk({}, finish)]),
    ...(includeUsage && usage !== null ? [JSON.stringify({ ...head, choices: [], usage })] : []),
  ];
}

function documentOf(reply: Reply): object {
  const { scenario, text } = reply;
  const tool = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } };
  const without = scenario.refusal !== undefined || scenario.toolCall;
  const message = {
    role: 'assistant',
    content: without ? null : text,
    ...(scenario.toolCall && { tool_calls: [tool] }),
    refusal: scenario.refusal ?? null,
    annotations: [],
  };
  const finish = scenario.finish === undefined ? (scenario.toolCall ? 'tool_calls' : 'stop') : scenario.finish;
  const usage = scenario.usage === undefined ? countsOf(reply) : scenario.usage;
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
  return { ...headOf(reply), object: 'chat.completion', choices, ...(usage !== null && { usage }) };
}

function headOf({ model, scenario }: Reply): object {
  return {
    id: 'chatcmpl-PotterDemo0000000000000000000',
    object: '',
    created: 1_764_000_000,
    model: scenario.model ?? model,
    service_tier: 'default',
    system_fingerprint: 'fp_potterdemo',
  };
}

function countsOf({ system, user, text }: Reply): object {
  const count = (counted: string): number => tokensOf(counted).length;
  const [prompt, completion] = [count(system) + count(user), count(text ?? '')];
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

const flood = `data: {"choices":[{"index":0,"delta":{"content":"${'more '.repeat(4000)}"}}]}\n\n`;

function toChatRequest(body: unknown): ChatRequest {
  const sent = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const messages = (Array.isArray(sent.messages) ? sent.messages : []) as { role?: unknown; content?: unknown }[];
  const said = (role: string): string =>
    messages
      .filter((one) => one.role === role)
      .map((one) => String(one.content))
      .join('\n');
  const streamOptions = sent.stream_options as { include_usage?: unknown } | undefined;
  return {
    model: String(sent.model),
    stream: sent.stream === true,
    includeUsage: streamOptions?.include_usage === true,
    system: said('system'),
    user: said('user'),
  };
}
