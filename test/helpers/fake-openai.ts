/**
 * A server that speaks the OpenAI wire format byte for byte, for tests and, as a labelled sample, for `potter serve --demo`.
 * It imports nothing but Node, since it is also bundled.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

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
export interface Scenario {
  /** Which request it is for. Default `chat`. */
  readonly for?: 'chat' | 'models';
  /** A whole reply in place of an answer. An object is sent as JSON, text as it is. */
  readonly reply?: {
    readonly status?: number;
    readonly headers?: Record<string, string>;
    readonly body?: string | object;
  };
  /** Never send headers. */
  readonly silent?: boolean;
  /** Close with a reset before any byte. */
  readonly resetAtOnce?: boolean;
  /** Answer with one JSON document though a stream was asked for, or the reverse. */
  readonly as?: 'plain' | 'stream';
  /** In place of the answer worked out from the text. */
  readonly text?: string | null;
  readonly refusal?: string;
  readonly toolCall?: boolean;
  /** Default `stop`; null leaves it out. */
  readonly finish?: string | null;
  /** In place of the true counts; null leaves the usage chunk out. */
  readonly usage?: unknown;
  readonly model?: string;
  /** Leave out `data: [DONE]`. */
  readonly withoutDone?: boolean;
  /** The stream's events in place of those of the answer: each the data of one event. */
  readonly events?: readonly string[];
  /** The body's bytes in place of everything above. */
  readonly raw?: string | Uint8Array;
  readonly contentType?: string;
  readonly newline?: '\n' | '\r\n' | '\r';
  readonly byteOrderMark?: boolean;
  /** Comments, unknown fields and unknown event names between the events. */
  readonly junk?: boolean;
  /** Bytes in one write; each write is a segment of its own. Default: one event. */
  readonly pieceBytes?: number;
  /** After this many bytes of the body, do `ending`. */
  readonly after?: number;
  /** Default `end`: close cleanly. `drip` sends comment lines for ever, `flood` sends events for ever. */
  readonly ending?: 'end' | 'reset' | 'stall' | 'drip' | 'flood';
}

export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly system: string;
  readonly user: string;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Undefined when there was none, or it is not JSON. */
  readonly body: unknown;
}

export interface FakeOpenAi {
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  readonly openSockets: number;
  /** Connections accepted since the start. */
  readonly connections: number;
  /** Queues scenarios, one for each request of their kind; good replies follow. */
  next(...scenarios: readonly Scenario[]): void;
  /** Resolves when a request has come in, of which there are `count` by then. */
  received(count: number): Promise<void>;
  /** Resolves when nobody is connected. */
  disconnected(): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeOpenAi(options: FakeOpenAiOptions = {}): Promise<FakeOpenAi> {
  const vendor = new Vendor(options);
  const server = createServer((request, response) => void vendor.serve(request, response));
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      vendor.news.dispatchEvent(new Event('news'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const until = async (met: () => boolean): Promise<void> => {
    while (!met()) await once(vendor.news, 'news');
  };
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    port,
    requests: vendor.requests,
    get openSockets() {
      return sockets.size;
    },
    get connections() {
      return connections;
    },
    next: (...scenarios) => vendor.scenarios.push(...scenarios),
    received: (count) => until(() => vendor.requests.length >= count),
    disconnected: () => until(() => sockets.size === 0),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
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
  readonly requests: RecordedRequest[] = [];
  readonly scenarios: Scenario[] = [];
  readonly news = new EventTarget();
  readonly #options: FakeOpenAiOptions;

  constructor(options: FakeOpenAiOptions) {
    this.#options = options;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, path: url, headers, body });
    this.news.dispatchEvent(new Event('news'));
    const kind = kinds[`${method} ${url}`];
    const scenario = this.#take(kind);
    if (scenario.silent) return;
    if (scenario.resetAtOnce) {
      request.socket.resetAndDestroy();
      return;
    }
    const refusal = scenario.reply ?? this.#refuse(headers.authorization, kind, method, url);
    if (refusal) return this.#whole(response, refusal);
    if (kind === 'models') return this.#whole(response, { body: this.#models() });
    await this.#chat(response, toChatRequest(body), scenario);
  }

  #take(kind: Scenario['for']): Scenario {
    const index = this.scenarios.findIndex((scenario) => (scenario.for ?? 'chat') === kind);
    return index < 0 ? {} : (this.scenarios.splice(index, 1)[0] ?? {});
  }

  #refuse(authorization: string | undefined, kind: Scenario['for'], method: string, url: string): Scenario['reply'] {
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
    return { status: 404, body: errorBody(`Invalid URL (${method} ${url})`, 'invalid_request_error', null) };
  }

  #models(): object {
    const models = this.#options.models ?? [sampleModel];
    const data = models.map((id) => ({ id, object: 'model', created: 1_764_000_000, owned_by: 'potter-demo' }));
    return { object: 'list', data };
  }

  #whole(response: ServerResponse, { status = 200, headers = {}, body = '' }: NonNullable<Scenario['reply']>): void {
    const text = typeof body === 'string' ? body : `${JSON.stringify(body, null, 2)}\n`;
    const type = text === '' ? {} : { 'content-type': 'application/json' };
    response.writeHead(status, { ...vendorHeaders(), ...type, ...headers });
    response.end(text);
  }

  async #chat(response: ServerResponse, request: ChatRequest, scenario: Scenario): Promise<void> {
    const offered = this.#options.models ?? [sampleModel];
    if (!offered.includes(request.model)) {
      const message = `The model \`${request.model}\` does not exist or you do not have access to it.`;
      const body = errorBody(message, 'invalid_request_error', 'model_not_found');
      this.#whole(response, { status: 404, body });
      return;
    }
    const answer = (this.#options.answer ?? polish)(delimitedText(request.user), request);
    const stream = scenario.as === undefined ? request.stream : scenario.as === 'stream';
    const reply = { ...request, text: scenario.text === undefined ? answer : scenario.text, scenario };
    const bytes = stream ? streamOf(reply) : [Buffer.from(`${JSON.stringify(documentOf(reply), null, 2)}\n`)];
    const type = stream ? 'text/event-stream; charset=utf-8' : 'application/json';
    response.writeHead(200, { ...vendorHeaders(), 'content-type': scenario.contentType ?? type });
    await send(response, bytes, scenario, this.#options.tokenDelayMs ?? 0);
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
  const { newline = '\n' } = scenario;
  const events = scenario.events ?? [...chunksOf(reply), ...(scenario.withoutDone ? [] : ['[DONE]'])];
  const framed = events.map((data) => {
    const lines = data.split('\n').map((line) => `data: ${line}${newline}`);
    const before = scenario.junk
      ? [`: a comment${newline}`, `id: 7${newline}`, `retry: 10${newline}`, `nonsense${newline}`]
      : [];
    return Buffer.from([...before, ...lines, newline].join(''));
  });
  return scenario.byteOrderMark ? [Buffer.from([0xef, 0xbb, 0xbf]), ...framed] : framed;
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

/** Pieces of a few characters, joined again the same text. */
function tokensOf(text: string): string[] {
  return text.match(/\s*\S{1,6}|\s+/gu) ?? [];
}

async function send(
  response: ServerResponse,
  events: readonly Buffer[],
  scenario: Scenario,
  delayMs: number,
): Promise<void> {
  response.on('error', () => undefined);
  response.flushHeaders();
  response.socket?.setNoDelay(true);
  const { after = Number.POSITIVE_INFINITY, pieceBytes } = scenario;
  const bytes = Buffer.concat(events);
  const pieces = pieceBytes === undefined ? events : cut(bytes, pieceBytes);
  let sent = 0;
  for (const piece of pieces) {
    const part = piece.subarray(0, Math.max(0, after - sent));
    if (response.destroyed) return;
    if (delayMs > 0) await pause(delayMs);
    if (part.length > 0) await write(response, part);
    sent += part.length;
    if (sent >= after) break;
  }
  await finishWith(response, scenario.ending ?? 'end');
}

function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

async function finishWith(response: ServerResponse, ending: NonNullable<Scenario['ending']>): Promise<void> {
  if (ending === 'end') response.end();
  if (ending === 'reset') response.socket?.resetAndDestroy();
  const filler = fillers[ending];
  while (filler !== undefined && !response.destroyed) {
    await write(response, Buffer.from(filler.text));
    await pause(filler.pauseMs);
  }
}

const fillers: Partial<Record<NonNullable<Scenario['ending']>, { text: string; pauseMs: number }>> = {
  drip: { text: ': still here\n\n', pauseMs: 5 },
  flood: { text: `data: {"choices":[{"index":0,"delta":{"content":"${'more '.repeat(4000)}"}}]}\n\n`, pauseMs: 0 },
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Resolves when the bytes are on their way, or the other side has gone. */
async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  try {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    return undefined;
  }
}

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
