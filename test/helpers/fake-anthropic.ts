/**
 * A server that speaks the Anthropic wire format (messages, version 2026-10-21) byte for byte, for tests and, as a labelled
 * sample, for `potter serve --demo`. It imports nothing but Node and what the fake vendors share, since it is also bundled.
 */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { delimitedText, polish } from './fake-openai.ts';
import {
  byteOrderMark,
  type FakeVendor,
  frame,
  type RecordedRequest,
  sendBody,
  startFakeVendor,
  tokensOf,
  type VendorScenario,
  type WholeReply,
} from './fake-vendor.ts';

export interface ClaudeModel {
  readonly id: string;
  readonly display_name: string;
  /** The most output tokens. */
  readonly max_tokens: number;
}

/** As the vendor lists them, the newest first. */
export const claudeModels: readonly ClaudeModel[] = [
  { id: 'claude-haiku-5-5', display_name: 'Claude Haiku 5.5', max_tokens: 128_000 },
  { id: 'claude-sonnet-5-5', display_name: 'Claude Sonnet 5.5', max_tokens: 128_000 },
  { id: 'claude-opus-5-5', display_name: 'Claude Opus 5.5', max_tokens: 128_000 },
  { id: 'claude-fable-5-1', display_name: 'Claude Fable 5.1', max_tokens: 128_000 },
  { id: 'claude-sonnet-5', display_name: 'Claude Sonnet 5', max_tokens: 128_000 },
  { id: 'claude-opus-5', display_name: 'Claude Opus 5', max_tokens: 128_000 },
  { id: 'claude-opus-4-8', display_name: 'Claude Opus 4.8', max_tokens: 128_000 },
  { id: 'claude-sonnet-4-6', display_name: 'Claude Sonnet 4.6', max_tokens: 64_000 },
  { id: 'claude-haiku-4-5-20251001', display_name: 'Claude Haiku 4.5', max_tokens: 64_000 },
  { id: 'claude-sonnet-4-5-20250929', display_name: 'Claude Sonnet 4.5', max_tokens: 64_000 },
];

export const sampleClaude = 'claude-sonnet-5-5';

export interface FakeAnthropicOptions {
  /** Every request must carry it. Default: none is asked for. */
  readonly key?: string;
  /** Default: `claudeModels`. */
  readonly models?: readonly ClaudeModel[];
  /** Pause before each token of a stream, in milliseconds. Default 0. */
  readonly tokenDelayMs?: number;
  /** The answer to a text. Default: `polish`. */
  readonly answer?: (text: string) => string;
}

/** How one reply departs from a plain good one. Everything left out is as the vendor does it. */
export interface AnthropicScenario extends VendorScenario {
  /** Default `end_turn`; null leaves it open. */
  readonly finish?: string | null;
  /** A block of thinking before the answer. */
  readonly thinking?: string;
  /** A call of a tool in place of text. */
  readonly toolCall?: boolean;
  /** Leave out `message_stop`. */
  readonly withoutStop?: boolean;
  /** The stream's events in place of those of the answer; a string is sent as it is, as the data of a delta. */
  readonly events?: readonly (AnthropicEvent | string)[];
}

export interface AnthropicEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export type FakeAnthropic = FakeVendor<AnthropicScenario>;

export function startFakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  const vendor = new Vendor(options);
  return startFakeVendor<AnthropicScenario>({
    headers: vendorHeaders,
    kindOf: ({ method, path }) => kinds[`${method} ${path.replace(/\?.*$/, '')}`],
    refuse: (request, kind) => vendor.refuse(request, kind),
    models: ({ path }) => vendor.models(new URL(path, 'http://fake').searchParams),
    chat: (response, { body }, scenario) => vendor.chat(response, toMessageRequest(body), scenario),
  });
}

/** The vendor's error reply, as its own server prints it. `code` is its finer word for what is wrong, where it has one. */
export function anthropicError(type: string, message: string, code?: string): string {
  const error = { ...(code !== undefined && { details: { error_code: code } }), type, message };
  return JSON.stringify({ type: 'error', error, request_id: 'req_011CPotterDemo0000000000' });
}

interface MessageRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly system: string;
  readonly user: string;
}

const kinds: Readonly<Record<string, AnthropicScenario['for']>> = {
  'GET /v1/models': 'models',
  'POST /v1/messages': 'chat',
};
const versions = ['2023-01-01', '2023-06-01', '2026-10-21'];
/** The version from which on they are refused, whatever their value. */
const withoutSampling = '2026-10-21';
const samplingParameters = ['temperature', 'top_k', 'top_p'];

class Vendor {
  readonly #options: FakeAnthropicOptions;

  constructor(options: FakeAnthropicOptions) {
    this.#options = options;
  }

  refuse(request: RecordedRequest, kind: AnthropicScenario['for']): WholeReply | undefined {
    const { headers } = request;
    const version = headers['anthropic-version'];
    const key = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /, '');
    const wanted = this.#options.key;
    if (wanted !== undefined && key === undefined) return refusal(401, 'x-api-key header is required');
    if (wanted !== undefined && key !== wanted) return refusal(401, 'invalid x-api-key');
    if (!kind) return refusal(404, 'Not Found');
    if (typeof version !== 'string') return refusal(400, 'anthropic-version: header is required');
    if (!versions.includes(version)) {
      return refusal(400, `anthropic-version: "${version}" is not a valid version for this API`);
    }
    return kind === 'chat' ? this.#refuseBody(request.body, version) : undefined;
  }

  #refuseBody(body: unknown, version: string): WholeReply | undefined {
    const sent = toObject(body);
    const missing = ['model', 'messages', 'max_tokens'].find((field) => sent[field] === undefined);
    if (missing) return refusal(400, `${missing}: Field required`);
    const extra = samplingParameters.find((field) => field in sent);
    if (extra && version >= withoutSampling) return refusal(400, `${extra}: Extra inputs are not permitted`);
    const model = this.#models.find(({ id }) => id === sent.model);
    if (!model) return refusal(404, `model: ${String(sent.model)}`);
    const { max_tokens, id } = model;
    if (Number(sent.max_tokens) <= max_tokens) return undefined;
    const limit = `which is the maximum allowed number of output tokens for ${id}`;
    return refusal(400, `max_tokens: ${String(sent.max_tokens)} > ${max_tokens}, ${limit}`);
  }

  get #models(): readonly ClaudeModel[] {
    return this.#options.models ?? claudeModels;
  }

  models(query: URLSearchParams): object {
    const after = query.get('after_id');
    const rest = this.#models.slice(this.#models.findIndex(({ id }) => id === after) + 1);
    const page = rest.slice(0, Number(query.get('limit') ?? 20));
    return {
      data: page.map(toListed),
      has_more: page.length < rest.length,
      first_id: page.at(0)?.id ?? null,
      last_id: page.at(-1)?.id ?? null,
    };
  }

  async chat(response: ServerResponse, request: MessageRequest, scenario: AnthropicScenario): Promise<void> {
    const answer = (this.#options.answer ?? polish)(delimitedText(request.user));
    const stream = scenario.as === undefined ? request.stream : scenario.as === 'stream';
    const reply = { ...request, text: scenario.text === undefined ? answer : (scenario.text ?? ''), scenario };
    const bytes = stream ? streamOf(reply) : [Buffer.from(JSON.stringify(documentOf(reply)))];
    const type = stream ? 'text/event-stream; charset=utf-8' : 'application/json';
    response.writeHead(200, { ...vendorHeaders(), 'content-type': scenario.contentType ?? type });
    await sendBody(response, bytes, { scenario, delayMs: this.#options.tokenDelayMs ?? 0, flood });
  }
}

const typesOf: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
};

function refusal(status: number, message: string): WholeReply {
  return { status, body: anthropicError(typesOf[status] ?? 'api_error', message) };
}

function toListed({ id, display_name, max_tokens }: ClaudeModel): object {
  return {
    type: 'model',
    id,
    display_name,
    created_at: '2026-11-01T00:00:00Z',
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
    line: /haiku|sonnet|opus|fable|mythos/.exec(id)?.[0] ?? null,
    max_input_tokens: 1_000_000,
    max_tokens,
    capabilities: null,
  };
}

function vendorHeaders(): Record<string, string> {
  return {
    'request-id': `req_011C${randomBytes(10).toString('hex')}`,
    'anthropic-organization-id': '00000000-0000-4000-8000-000000000000',
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': '3999',
    'anthropic-ratelimit-requests-reset': '2026-11-23T12:00:00Z',
  };
}

interface Reply extends MessageRequest {
  readonly text: string;
  readonly scenario: AnthropicScenario;
}

/** The bytes of each event of a streamed answer. */
function streamOf(reply: Reply): Buffer[] {
  const { scenario } = reply;
  if (scenario.raw !== undefined) return [Buffer.from(scenario.raw as string)];
  const framed = (scenario.events ?? eventsOf(reply)).map((event) => frameEvent(event, scenario));
  return scenario.byteOrderMark ? [byteOrderMark, ...framed] : framed;
}

/** The bytes of one event of the vendor. */
export function frameEvent(event: AnthropicEvent | string, scenario: VendorScenario = {}): Buffer {
  if (typeof event === 'string') return frame(event, scenario, 'content_block_delta');
  return frame(JSON.stringify(event), scenario, event.type);
}

function eventsOf(reply: Reply): AnthropicEvent[] {
  const { scenario, text } = reply;
  const { thinking, toolCall, withoutStop } = scenario;
  const contents = [
    ...(thinking === undefined ? [] : [thinkingEvents(thinking)]),
    toolCall ? toolEvents : textEvents(text),
  ];
  const usage = usageOf(reply);
  const [first, ...rest] = contents.flatMap((events, index) =>
    [...events, { type: 'content_block_stop' }].map(({ type, ...fields }) => ({ type, index, ...fields })),
  );
  return [
    { type: 'message_start', message: { ...headOf(reply), content: [], ...opened, usage: toFirstUsage(usage) } },
    ...(first ? [first] : []),
    { type: 'ping' },
    ...rest,
    { type: 'message_delta', delta: endOf(reply), ...(usage !== null && { usage }) },
    ...(withoutStop ? [] : [{ type: 'message_stop' }]),
  ];
}

const textEvents = (text: string): readonly AnthropicEvent[] => [
  { type: 'content_block_start', content_block: { type: 'text', text: '' } },
  ...tokensOf(text).map((token) => ({ type: 'content_block_delta', delta: { type: 'text_delta', text: token } })),
];

const thinkingEvents = (thinking: string): readonly AnthropicEvent[] => [
  { type: 'content_block_start', content_block: { type: 'thinking', thinking: '', signature: '' } },
  ...tokensOf(thinking).map((token) => ({
    type: 'content_block_delta',
    delta: { type: 'thinking_delta', thinking: token },
  })),
  { type: 'content_block_delta', delta: { type: 'signature_delta', signature: 'EqQBCgIYAhIM' } },
];

const tool = { type: 'tool_use', id: 'toolu_01PotterDemo', name: 'look', input: {} };
const toolEvents: readonly AnthropicEvent[] = [
  { type: 'content_block_start', content_block: tool },
  { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{}' } },
];

function documentOf(reply: Reply): object {
  const { text, scenario } = reply;
  const { thinking, toolCall } = scenario;
  const content = [
    ...(thinking === undefined ? [] : [{ type: 'thinking', thinking, signature: 'EqQBCgIYAhIM' }]),
    toolCall ? tool : { type: 'text', text },
  ];
  const usage = usageOf(reply);
  return {
    ...headOf(reply),
    content: scenario.text === null ? null : content,
    ...endOf(reply),
    ...(usage !== null && { usage }),
  };
}

function headOf({ model, scenario }: Reply): object {
  return { model: scenario.model ?? model, id: 'msg_01PotterDemo000000000000', type: 'message', role: 'assistant' };
}

const opened = { stop_reason: null, stop_sequence: null, stop_details: null };

function endOf({ scenario }: Reply): object {
  const { finish = scenario.toolCall ? 'tool_use' : 'end_turn' } = scenario;
  const details = { type: 'refusal', category: 'cyber', explanation: 'This request was declined.' };
  return { ...opened, stop_reason: finish, stop_details: finish === 'refusal' ? details : null };
}

function usageOf({ scenario, system, user, text }: Reply): unknown {
  if (scenario.usage !== undefined) return scenario.usage;
  return {
    input_tokens: tokensOf(system).length + tokensOf(user).length,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: tokensOf(text).length,
  };
}

/** What is counted when the first token is there. */
function toFirstUsage(usage: unknown): unknown {
  if (typeof usage !== 'object' || usage === null) return usage;
  return { ...usage, output_tokens: 1, service_tier: 'standard', inference_geo: 'global' };
}

const flood = frameEvent({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: 'more '.repeat(4000) },
}).toString();

function toMessageRequest(body: unknown): MessageRequest {
  const { model, stream, system, messages } = toObject(body);
  const turns = Array.isArray(messages) ? messages.map(toObject) : [];
  const user = turns.filter(({ role }) => role === 'user').map(({ content }) => textOf(content));
  return { model: String(model), stream: stream === true, system: textOf(system), user: user.join('\n') };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const blocks = Array.isArray(content) ? content.map(toObject) : [];
  return blocks.map(({ text }) => (typeof text === 'string' ? text : '')).join('');
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
