/**
 * Chat completions in the OpenAI wire format, for programs that speak it: where the model's own server does, the bytes go
 * to and fro untouched; for the others request and answer are put into their words.
 */
import type { Chunk, ParsedInput } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import type { Log } from '../log/log.ts';
import type { ForwardHandler } from '../outbound.ts';
import type { Filters } from '../plugins/filters.ts';
import type { Spender } from './budgets.ts';
import type { Asking, Called, ModelCalls } from './calls.ts';
import type { CompletionRequest, Finish, Turn, Usage, Wire } from './provider.ts';
import type { Server } from './registry.ts';
import { estimateTokens } from './tokens.ts';

export type ChatRequest = ParsedInput<'chat.complete'>;
type Piece = Chunk<'chat.complete'>;

export interface ChatCall {
  readonly callId: string;
  readonly spender: Spender;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Takes the reply's head, then its bytes. What it returns settles when there is room for more; nothing: there is. */
  readonly emit: (piece: Piece) => Promise<void> | undefined;
}

/** Of a reply that is an error, which is never handed on. */
const longestRefusal = 64 * 1024;
/** Pieces on their way to a program that reads slowly, until the server is asked to wait. */
const mostWaiting = 16;

export class ChatCompletions {
  readonly #models: Pick<ModelCalls, 'run'>;
  readonly #filters: Pick<Filters, 'has' | 'apply'>;
  readonly #now: () => number;

  /** `now`: milliseconds since the epoch. */
  constructor(models: Pick<ModelCalls, 'run'>, filters: Pick<Filters, 'has' | 'apply'>, now: () => number) {
    this.#models = models;
    this.#filters = filters;
    this.#now = now;
  }

  /** Hands the whole reply to `emit`. Fails before it has handed on anything, or with what cut the reply off. */
  async complete(asked: ChatRequest, call: ChatCall): Promise<Called<unknown>> {
    const { signal, log, spender } = call;
    const isFiltered = this.#filters.has('request') || this.#filters.has('response');
    const request = isFiltered ? await this.#filtered(asked, signal) : asked;
    const expected = { inputTokens: expectedInput(request), outputTokens: limitOf(request) ?? 512, isEstimate: true };
    const wanted = { reference: request.model === defaultModel ? undefined : referenceOf(request.model) };
    return this.#models.run({ wanted, spender, expected, signal, log }, (asking) => {
      const { provider, forward } = asking.server;
      if (provider.wire && forward) return forwardBytes(request, provider.wire, forward, asking, call);
      return this.#translate(request, asking, call);
    });
  }

  /** Fails with `UNPROCESSABLE` where a filter would have to read an answer whose bytes pass through. */
  async #filtered(request: ChatRequest, signal: AbortSignal): Promise<ChatRequest> {
    const filters = this.#filters;
    if (filters.has('response')) {
      throw new PotterError(
        'UNPROCESSABLE',
        'A plugin filters answers, which chat completions do not pass through it.',
      );
    }
    const filter = (text: string): Promise<string> => filters.apply('request', text, signal);
    const messages = request.messages.map(async (message) => ({
      ...message,
      content: typeof message.content === 'string' ? await filter(message.content) : await partsOf(message, filter),
    }));
    return { ...request, messages: await Promise.all(messages) };
  }

  /** Asks in the words of another wire format, and answers in OpenAI's. */
  async #translate(request: ChatRequest, asking: Asking, call: ChatCall): Promise<void> {
    const { server, target, signal } = asking;
    const { callId, emit } = call;
    const completion = toCompletion(request, target.model);
    const head = { id: `chatcmpl-${callId}`, created: Math.floor(this.#now() / 1000), model: request.model };
    const about = { callId, provider: target.id, model: target.model };
    let text = '';
    let hasHead = false;
    const send = async (delta: object, finish: string | null, usage?: object): Promise<void> => {
      if (!hasHead) await emit({ type: 'head', status: 200, contentType: eventStream, ...about });
      hasHead = true;
      const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
      const chunk = { ...head, object: 'chat.completion.chunk', choices, ...(usage && { usage }) };
      await emit({ type: 'bytes', bytes: Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`) });
    };
    for await (const event of server.provider.complete(completion, signal)) {
      if (event.type === 'text') {
        asking.begun();
        if (request.stream && text === '') await send({ role: 'assistant', content: '' }, null);
        text += event.text;
        if (request.stream) await send({ content: event.text }, null);
        continue;
      }
      const usage = event.usage ?? estimated(request, text);
      asking.used(usage);
      const finish = finishReasons[event.finish];
      const counts = {
        prompt_tokens: usage.inputTokens,
        completion_tokens: usage.outputTokens,
        total_tokens: usage.inputTokens + usage.outputTokens,
      };
      if (request.stream) {
        await send({}, finish, request.stream_options?.include_usage === true ? counts : undefined);
        await emit({ type: 'bytes', bytes: Buffer.from('data: [DONE]\n\n') });
        return;
      }
      const message = { role: 'assistant', content: text, refusal: null };
      const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
      const document = JSON.stringify({ ...head, object: 'chat.completion', choices, usage: counts });
      await emit({ type: 'head', status: 200, contentType: 'application/json', ...about });
      await emit({ type: 'bytes', bytes: Buffer.from(document) });
    }
  }
}

type Message = ChatRequest['messages'][number];

async function partsOf({ content }: Message, filter: (text: string) => Promise<string>): Promise<Message['content']> {
  if (!Array.isArray(content)) return content;
  return Promise.all(
    content.map(async (part) => (typeof part.text === 'string' ? { ...part, text: await filter(part.text) } : part)),
  );
}

/** The model that is meant where a program has to name one. */
const defaultModel = 'default';
const eventStream = 'text/event-stream; charset=utf-8';
const finishReasons: Readonly<Record<Finish, string>> = { stop: 'stop', length: 'length', filter: 'content_filter' };

function referenceOf(model: string): string {
  if (/^[^/\s]+\/\S/.test(model)) return model;
  throw new PotterError('MODEL_NOT_FOUND', `"${model.slice(0, 100)}" is not a model here; use provider/model.`);
}

const limitOf = ({ max_completion_tokens, max_tokens }: ChatRequest): number | undefined =>
  max_completion_tokens ?? max_tokens ?? undefined;

/** By the size alone, since every request passes here. */
function expectedInput({ messages }: ChatRequest): number {
  let characters = 0;
  for (const { content } of messages) characters += typeof content === 'string' ? content.length : 100;
  return Math.ceil(characters / 3);
}

function estimated(request: ChatRequest, text: string): Usage {
  const said = request.messages.map(({ content }) => textOf(content)).join('\n');
  return { inputTokens: estimateTokens(said), outputTokens: estimateTokens(text), isEstimate: true };
}

/** Fails with `UNPROCESSABLE` for what only a server of this wire format understands. */
function toCompletion(request: ChatRequest, model: string): CompletionRequest {
  const foreign = ['tools', 'functions', 'response_format', 'audio', 'modalities'].find(
    (name) => Object.hasOwn(request, name) && Reflect.get(request, name) !== null,
  );
  if (foreign !== undefined || (request.n ?? 1) !== 1) {
    const name = foreign ?? 'n';
    throw new PotterError(
      'UNPROCESSABLE',
      `"${name}" can be asked only of servers that speak the OpenAI wire format.`,
      {
        detail: { field: name },
      },
    );
  }
  const system = request.messages.filter(({ role }) => role === 'system' || role === 'developer');
  const turns = request.messages.flatMap(({ role, content }): Turn[] =>
    role === 'user' || role === 'assistant' ? [{ role, text: textOf(content) }] : [],
  );
  const last = turns.pop();
  if (last?.role !== 'user' || turns.length + 1 + system.length !== request.messages.length) {
    throw new PotterError('UNPROCESSABLE', 'The last of "messages" must be of the user, and none of a tool.', {
      detail: { field: 'messages' },
    });
  }
  return {
    model,
    system: system.map(({ content }) => textOf(content)).join('\n\n'),
    before: turns,
    user: last.text,
    maxOutputTokens: limitOf(request) ?? 4096,
    ...(typeof request.temperature === 'number' && { temperature: request.temperature }),
  };
}

function textOf(content: ChatRequest['messages'][number]['content']): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  return content
    .map((part) => {
      if (part.type === 'text' && typeof part.text === 'string') return part.text;
      throw new PotterError('UNPROCESSABLE', 'Only text can be sent to this model.', { detail: { field: 'messages' } });
    })
    .join('\n');
}

/** An event beyond this is handed on as it comes. */
const longestEvent = 1 << 20;

/** What stands at the end of a reply that is whole. */
const streamEnd = '[DONE]';
const finished = '"finish_reason":"';
/** So much of the end is looked at, in bytes: a stream says last how it ended and what it took. */
const longestTail = 16 * 1024;
/** The end, the usage and the reason why it ended, and one more. */
const lastEvents = 4;
/** Of the usage, which is an object of a few numbers. */
const longestUsage = 1024;

async function forwardBytes(
  request: ChatRequest,
  wire: Wire,
  forward: NonNullable<Server['forward']>,
  asking: Asking,
  call: ChatCall,
): Promise<void> {
  const { target, signal } = asking;
  const passage = new Passage(request.stream === true, asking, call);
  // The same text but for the name of the model: what Potter does not know stays in it.
  const body = JSON.stringify({ ...request, model: target.model });
  try {
    await forward({ headers: wire.headers, body, signal }, passage);
    if (passage.refusal) throw wire.refusal(passage.refusal, target.model);
    await passage.end();
  } finally {
    if (passage.received > 0) asking.used(passage.usage() ?? guess(request, passage.received));
  }
}

/** A reply on its way through: what is looked at is only where it ends, and its tokens. */
class Passage implements ForwardHandler {
  readonly #isStream: boolean;
  readonly #asking: Asking;
  readonly #call: ChatCall;
  #status = 0;
  #flow: Parameters<ForwardHandler['head']>[2] | undefined;
  #headers: Headers | undefined;
  #refused: Buffer[] | undefined;
  /** The last piece that was not taken at once. */
  #sent: Promise<void> | undefined;
  #waiting = 0;
  #isPaused = false;
  #failure: unknown;
  /** The last pieces, which are at least `longestTail` together. */
  readonly #tail: Buffer[] = [];
  #tailBytes = 0;
  /** The beginning of an event. */
  #held: Buffer | undefined;
  received = 0;

  constructor(isStream: boolean, asking: Asking, call: ChatCall) {
    this.#isStream = isStream;
    this.#asking = asking;
    this.#call = call;
  }

  /** The error reply, where it is one. */
  get refusal(): Parameters<Wire['refusal']>[0] | undefined {
    if (!this.#refused || !this.#headers) return undefined;
    return { status: this.#status, headers: this.#headers, body: Buffer.concat(this.#refused).toString() };
  }

  head(
    status: number,
    headers: Parameters<ForwardHandler['head']>[1],
    flow: Parameters<ForwardHandler['head']>[2],
  ): void {
    this.#status = status;
    this.#flow = flow;
    if (status >= 400) {
      this.#refused = [];
      this.#headers = new Headers();
      for (const [name, value] of Object.entries(headers)) {
        for (const one of [value ?? []].flat()) this.#headers.append(name, one);
      }
      return;
    }
    const type = headers['content-type'];
    const contentType = typeof type === 'string' ? type : this.#isStream ? eventStream : 'application/json';
    const { id: provider, model } = this.#asking.target;
    this.#send({ type: 'head', callId: this.#call.callId, status, contentType, provider, model });
  }

  bytes(bytes: Buffer): void {
    if (this.#refused) {
      if (this.received < longestRefusal) this.#refused.push(bytes);
      this.received += bytes.length;
      return;
    }
    if (this.received === 0) this.#asking.begun();
    this.received += bytes.length;
    const piece = this.#isStream ? this.#wholeEvents(bytes) : bytes;
    if (piece.length === 0) return;
    this.#keep(piece);
    this.#send({ type: 'bytes', bytes: piece });
  }

  #keep(piece: Buffer): void {
    this.#tail.push(piece);
    this.#tailBytes += piece.length;
    for (let first = this.#tail[0]; first && this.#tailBytes - first.length >= longestTail; first = this.#tail[0]) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
  }

  /** What ends it: a stream's last events. A character for each byte, as what is looked for is ASCII. */
  get #lastText(): string {
    const [only = Buffer.alloc(0)] = this.#tail;
    const text = (this.#tail.length > 1 ? Buffer.concat(this.#tail) : only).toString('latin1');
    let start = this.#isStream ? text.length : 0;
    for (let events = 0; events <= lastEvents && start > 0; events += 1) start = text.lastIndexOf('\n\n', start - 1);
    return start > 0 ? text.slice(start) : text;
  }

  /** What of a stream may go on: half an event, when nothing follows it, would be read as a broken one. */
  #wholeEvents(bytes: Buffer): Buffer {
    const all = this.#held ? Buffer.concat([this.#held, bytes]) : bytes;
    const end = all.length > longestEvent ? all.length : endOfEvents(all);
    this.#held = end < all.length ? all.subarray(end) : undefined;
    return all.subarray(0, end);
  }

  /** Fails when the program did not take it, or a stream has ended without its end. */
  async end(): Promise<void> {
    const { providerName } = this.#asking.target;
    const end = this.#isStream ? this.#lastText : undefined;
    const isWhole = end === undefined || end.includes(streamEnd) || end.includes(finished);
    if (this.#held && isWhole) this.#send({ type: 'bytes', bytes: this.#held });
    if (this.#sent) await this.#sent;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.received === 0) throw new PotterError('EMPTY_RESULT', `${providerName} sent an empty reply.`);
    if (!isWhole) {
      throw new PotterError('INCOMPLETE', `${providerName} ended the connection before the answer was finished.`);
    }
  }

  /** As the server counted, where it did: what it says last is the sum. */
  usage(): Usage | undefined {
    const end = this.#lastText;
    const start = end.lastIndexOf('"usage":');
    if (start < 0) return undefined;
    const text = end.slice(start, start + longestUsage);
    const input = /"prompt_tokens":\s*(\d{1,9})/.exec(text)?.[1];
    const output = /"completion_tokens":\s*(\d{1,9})/.exec(text)?.[1];
    return input === undefined || output === undefined
      ? undefined
      : { inputTokens: Number(input), outputTokens: Number(output) };
  }

  #send(piece: Piece): void {
    const taken = this.#call.emit(piece);
    if (!taken) return;
    this.#waiting += 1;
    if (this.#waiting > mostWaiting && !this.#isPaused) {
      this.#isPaused = true;
      this.#flow?.pause();
    }
    this.#sent = taken.then(
      () => this.#taken(),
      (thrown: unknown) => {
        this.#failure ??= thrown;
        this.#taken();
      },
    );
  }

  #taken(): void {
    this.#waiting -= 1;
    if (!this.#isPaused || this.#waiting > 0) return;
    this.#isPaused = false;
    this.#flow?.resume();
  }
}

/** Where the last whole event ends; 0 when none does. Most pieces are whole events. */
function endOfEvents(bytes: Buffer): number {
  if (bytes.at(-1) === lineFeed && bytes.at(-2) === lineFeed) return bytes.length;
  const plain = bytes.lastIndexOf('\n\n');
  const windows = bytes.lastIndexOf('\r\n\r\n');
  return Math.max(plain < 0 ? 0 : plain + 2, windows < 0 ? 0 : windows + 4);
}

const lineFeed = 0x0a;

/** A reply without counts: about half of a stream's bytes is framing. */
function guess(request: ChatRequest, received: number): Usage {
  const outputTokens = Math.ceil(received / (request.stream ? 100 : 4));
  return { inputTokens: expectedInput(request), outputTokens, isEstimate: true };
}
