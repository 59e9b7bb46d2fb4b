/**
 * The Anthropic wire format (messages). The official SDK builds the requests and reads error replies; the answer is read
 * here, because the SDK takes a cut stream for a whole one.
 */
import * as z from 'zod';
import { PotterError } from '../../../shared/errors.ts';
import type { GuardedFetch } from '../outbound.ts';
import { malformed, openReply, parseEvent, readDocument, readEvents, type Start } from './body.ts';
import { afterText, InBandError, isLost, translate } from './failure.ts';
import { type Fault, plainWord, readFault } from './faults.ts';
import {
  type CompletionEvent,
  type CompletionRequest,
  type Finish,
  type Model,
  maximumText,
  type Provider,
  type ProviderOptions,
  type Usage,
} from './provider.ts';

/** The SDK's own timer is set beyond any answer, so that only the limits of the outbound fetch act. */
const beyondAnyAnswer = 2 ** 31 - 1;
/** Of the list of models. The vendor's fits in one; a server that never says it was the last is not followed for ever. */
const maximumPages = 10;
const modelsOnPage = 1000;

export function createAnthropicProvider(options: ProviderOptions): Provider {
  const { id, name } = options;
  // With or without its version path.
  const baseUrl = options.baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '');
  /** The most output each listed model allows. */
  const ceilings = new Map<string, number>();
  const bodyOf = (request: CompletionRequest) => toBody(request, ceilings.get(request.model) ?? usualCeiling);
  const attempt = (signal: AbortSignal, model?: string) => {
    const asked = {
      provider: name,
      model,
      withKey: options.apiKey !== undefined,
      knownModels: options.knownModels?.() ?? [],
    };
    let failure: unknown;
    // The SDK drops what its fetch threw when the words in it look like a time-out, so it is kept here.
    const fetch: GuardedFetch = (input, init) =>
      options.fetch(input, init).catch((thrown: unknown) => {
        failure = thrown;
        throw thrown;
      });
    return {
      connect: () => createClient({ ...options, baseUrl, fetch }),
      failed: (thrown: unknown): PotterError =>
        translate(failure ?? thrown, {
          asked,
          signal,
          now: options.now?.() ?? Date.now(),
          requestIdHeader: 'request-id',
          readError,
        }),
    };
  };

  return {
    id,
    async models(signal) {
      const { connect, failed } = attempt(signal);
      try {
        const client = await connect();
        const models: Model[] = [];
        let after: string | undefined;
        for (let page = 0; page < maximumPages; page++) {
          const query = { limit: modelsOnPage, ...(after !== undefined && { after_id: after }) };
          const reply = await client.models.list(query, { signal }).asResponse();
          const { data, has_more, last_id } = readPage(await readDocument(await openReply(reply, name), name), name);
          for (const { id: model, max_tokens } of data) if (max_tokens) ceilings.set(model, max_tokens);
          models.push(...data.filter(({ id: model }) => isShowable(model)).map(toModel));
          if (!has_more || !last_id || last_id === after) break;
          after = last_id;
        }
        return models;
      } catch (thrown) {
        throw failed(thrown);
      }
    },
    describe: (request) => ({ url: `${baseUrl}${messagesPath}`, body: bodyOf(request) }),
    async *complete(request, signal) {
      const answer = new Answer(name);
      const { connect, failed } = attempt(signal, request.model);
      try {
        const client = await connect();
        // Not `messages.create`: that one warns of old models on the console.
        const reply = await client.post(messagesPath, { body: bodyOf(request), stream: true, signal }).asResponse();
        yield* answer.read(await openReply(reply, name));
        signal.throwIfAborted();
        yield answer.end();
      } catch (thrown) {
        throw failed(answer.judge(thrown));
      }
    },
  };
}

/** Takes some 100 ms the first time, so it is not done at the start. */
export const loadSdk = () => import('@anthropic-ai/sdk');

async function createClient({ baseUrl, apiKey, fetch }: Pick<ProviderOptions, 'baseUrl' | 'apiKey' | 'fetch'>) {
  const { Anthropic } = await loadSdk();
  return new Anthropic({
    // Everything the SDK would otherwise take from the environment or from files is given.
    apiKey: apiKey ?? 'none',
    webhookKey: null,
    baseURL: baseUrl,
    logLevel: 'off',
    openTelemetry: false,
    maxRetries: 0,
    timeout: beyondAnyAnswer,
    fetch: (input, init) =>
      fetch(input instanceof Request ? input.url : input, { ...init, headers: headersFor(init, apiKey) }),
  });
}

/** Only what the wire format needs: the SDK also tells the system, and adds headers from `ANTHROPIC_CUSTOM_HEADERS`. */
function headersFor(init: RequestInit | undefined, apiKey: string | undefined): Record<string, string> {
  const sent = new Headers(init?.headers);
  const kept = ['anthropic-version', 'content-type'].flatMap((name) => {
    const value = sent.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    accept: 'text/event-stream, application/json',
    'user-agent': 'Potter',
    ...Object.fromEntries(kept),
    // The SDK sends it as a bearer token; servers of the same wire format know this header.
    ...(apiKey !== undefined && { 'x-api-key': apiKey }),
  };
}

const messagesPath = '/v1/messages';
/** Models that answer at once; newer ones think first unless told not to, which not all of them allow. */
const withoutThinking = /(?:^|\/)claude-(?:instant|[23]\b|(?:haiku|sonnet|opus)-[34]\b)/;
/** Tokens a model may spend on thinking before the answer; they count against the same limit. */
const thinkingTokens = 8192;
/** Output tokens that every model offered today allows, for one whose own limit is not known. */
const usualCeiling = 64_000;

/** No temperature: this version of the vendor's API refuses it for every model, whatever its value. */
function toBody({ model, system, before = [], user, maxOutputTokens }: CompletionRequest, ceiling: number) {
  const wanted = maxOutputTokens + (withoutThinking.test(model) ? 0 : thinkingTokens);
  return {
    model,
    max_tokens: Math.min(wanted, ceiling),
    ...(system !== '' && { system }),
    messages: [...before.map(({ role, text }) => ({ role, content: text })), { role: 'user' as const, content: user }],
    stream: true as const,
  };
}

const modelPage = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      display_name: z.string().nullish(),
      max_tokens: z.int().positive().nullish().catch(undefined),
    }),
  ),
  has_more: z.boolean().nullish(),
  last_id: z.string().nullish(),
});
type ModelPage = z.output<typeof modelPage>;

function readPage(document: unknown, name: string): ModelPage {
  const { success, data } = modelPage.safeParse(document);
  if (!success) throw new PotterError('PROTOCOL', `${name} did not answer with a list of models.`);
  return data;
}

/** What may be shown as a name: no control or invisible characters, and no novel. */
function isShowable(text: string): boolean {
  return /^[^\p{C}]{1,200}$/u.test(text);
}

function toModel({ id, display_name }: ModelPage['data'][number]): Model {
  return { id, ...(display_name && isShowable(display_name) && { name: display_name }) };
}

const count = z.int().nonnegative();
const usageCounts = z.looseObject({
  input_tokens: count,
  cache_creation_input_tokens: count.nullish(),
  cache_read_input_tokens: count.nullish(),
  output_tokens: count,
});
const countNames = Object.keys(usageCounts.shape);

const block = z.looseObject({ type: z.string(), text: z.string().nullish() });
const wholeMessage = z.looseObject({
  type: z.literal('message'),
  content: z.array(block).nullish(),
  stop_reason: z.string().nullish(),
  usage: z.unknown().optional(),
});
/** What Potter reads of each event; every other event is ignored, as the vendor asks. */
const events = {
  message_start: z.looseObject({ message: z.looseObject({ usage: z.unknown().optional() }) }),
  content_block_start: z.looseObject({ index: count, content_block: block }),
  content_block_delta: z.looseObject({
    index: count,
    delta: z.looseObject({ type: z.string(), text: z.string().optional() }),
  }),
  content_block_stop: z.looseObject({ index: count }),
  message_delta: z.looseObject({
    delta: z.looseObject({ stop_reason: z.string().nullish() }),
    usage: z.unknown().optional(),
  }),
  message_stop: z.looseObject({}),
};
type EventType = keyof typeof events;
type EventOf<T extends EventType> = z.output<(typeof events)[T]>;
const typed = z.looseObject({ type: z.string() });

/** What the vendor's stop reasons mean. One that is not listed leaves the answer unfinished: a tool's call, a pause. */
const finishes: Readonly<Record<string, Finish | undefined>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'filter',
};

/** One answer as it grows. Its events must come in the vendor's order: a duplicate or a gap means that text is wrong. */
class Answer {
  readonly #name: string;
  #characters = 0;
  #events = 0;
  #state: 'waiting' | 'open' | 'over' = 'waiting';
  /** The type of each block that has begun, by its index. */
  readonly #blocks = new Map<number, string>();
  /** Index of the block that grows. */
  #growing: number | undefined;
  #stopReason: string | undefined;
  readonly #usage: Record<string, unknown> = {};

  constructor(name: string) {
    this.#name = name;
  }

  async *read(start: Start): AsyncGenerator<CompletionEvent> {
    if (start.kind === 'document') {
      yield* this.#takeWhole(await readDocument(start, this.#name));
      return;
    }
    try {
      for await (const data of readEvents(start, this.#name)) {
        this.#events++;
        // Some servers end with it out of habit.
        if (data.trim() !== '[DONE]') yield* this.#take(parseEvent(data, this.#name));
      }
    } catch (thrown) {
      // The vendor has said that the answer is whole.
      if (this.#state !== 'over' || !isLost(thrown)) throw thrown;
    }
  }

  /** The terminator, or why there is none. */
  end(): CompletionEvent {
    if (this.#state === 'waiting' && this.#events === 0) throw malformed(this.#name);
    if (this.#state !== 'over' || this.#stopReason === undefined) throw this.#unfinished();
    const finish = Object.hasOwn(finishes, this.#stopReason) ? finishes[this.#stopReason] : undefined;
    if (finish === undefined) throw this.#brokenOff(this.#stopReason);
    const usage = toUsage(this.#usage);
    return { type: 'end', finish, ...(usage && { usage }) };
  }

  /** The same failure, seen with what has arrived. */
  judge(thrown: unknown): unknown {
    return this.#characters === 0 ? thrown : afterText(thrown, this.#name);
  }

  #unfinished(): PotterError {
    return new PotterError('INCOMPLETE', `${this.#name} ended the connection before the answer was finished.`);
  }

  #brokenOff(reason: string): PotterError {
    if (this.#characters === 0) return new PotterError('EMPTY_RESULT', `${this.#name} gave no answer.`);
    const said = plainWord(reason) ?? 'unknown reason';
    return new PotterError('INCOMPLETE', `${this.#name} broke the answer off (${said}).`);
  }

  *#take(json: unknown): Generator<CompletionEvent> {
    const { success, data } = typed.safeParse(json);
    if (!success) throw this.#notAnAnswer();
    if (data.type === 'error') throw new InBandError(json);
    if (!Object.hasOwn(events, data.type)) return;
    const type = data.type as EventType;
    this.#checkOrder(type);
    yield* this.#apply(type, json);
  }

  *#apply(type: EventType, json: unknown): Generator<CompletionEvent> {
    switch (type) {
      case 'message_start':
        this.#state = 'open';
        // Its count of the output is that of the first token.
        this.#count({ ...toObject(this.#parse(type, json).message.usage), output_tokens: undefined });
        return;
      case 'content_block_start':
        yield* this.#begin(this.#parse(type, json));
        return;
      case 'content_block_delta':
        yield* this.#continue(this.#parse(type, json));
        return;
      case 'content_block_stop':
        this.#expectGrowing(this.#parse(type, json).index);
        this.#growing = undefined;
        return;
      case 'message_delta':
        this.#close(this.#parse(type, json));
        return;
      case 'message_stop':
        this.#state = 'over';
        return;
    }
  }

  #parse<T extends EventType>(type: T, json: unknown): EventOf<T> {
    const parsed = events[type].safeParse(json);
    if (!parsed.success) throw this.#notAnAnswer();
    return parsed.data as EventOf<T>;
  }

  #checkOrder(type: EventType): void {
    const expected = type === 'message_start' ? 'waiting' : 'open';
    if (this.#state !== expected) throw this.#outOfOrder();
    if (this.#stopReason !== undefined && type.startsWith('content_block_') && type !== 'content_block_stop') {
      throw new PotterError('PROTOCOL', `${this.#name} sent text after the answer's end.`);
    }
  }

  *#begin({ index, content_block }: EventOf<'content_block_start'>): Generator<CompletionEvent> {
    if (this.#blocks.has(index)) throw this.#outOfOrder();
    this.#blocks.set(index, content_block.type);
    this.#growing = index;
    if (content_block.type === 'text') yield* this.#grow(content_block.text ?? '');
  }

  *#continue({ index, delta }: EventOf<'content_block_delta'>): Generator<CompletionEvent> {
    this.#expectGrowing(index);
    if (delta.type !== 'text_delta' || this.#blocks.get(index) !== 'text') return;
    if (delta.text === undefined) throw this.#notAnAnswer();
    yield* this.#grow(delta.text);
  }

  #close({ delta, usage }: EventOf<'message_delta'>): void {
    this.#count(toObject(usage));
    const reason = delta.stop_reason ?? undefined;
    if (reason === undefined) return;
    if (this.#stopReason !== undefined && this.#stopReason !== reason) {
      throw new PotterError('PROTOCOL', `${this.#name} ended the answer twice, in different ways.`);
    }
    this.#stopReason = reason;
  }

  /** The whole answer in one document. */
  *#takeWhole(json: unknown): Generator<CompletionEvent> {
    if (toObject(json).type === 'error') throw new InBandError(json);
    const parsed = wholeMessage.safeParse(json);
    if (!parsed.success) throw this.#notAnAnswer();
    const { content, stop_reason, usage } = parsed.data;
    for (const { type, text } of content ?? []) if (type === 'text') yield* this.#grow(text ?? '');
    this.#count(toObject(usage));
    this.#stopReason = stop_reason ?? undefined;
    this.#state = 'over';
  }

  *#grow(text: string): Generator<CompletionEvent> {
    if (text === '') return;
    this.#characters += text.length;
    if (this.#characters > maximumText) throw new PotterError('TOO_LONG', `${this.#name} did not stop answering.`);
    yield { type: 'text', text };
  }

  /** The counts are totals so far; one that does not apply is left out or null. */
  #count(usage: Readonly<Record<string, unknown>>): void {
    for (const name of countNames) this.#usage[name] = usage[name] ?? this.#usage[name];
  }

  #expectGrowing(index: number): void {
    if (this.#growing !== index) throw this.#outOfOrder();
  }

  #outOfOrder(): PotterError {
    return new PotterError('PROTOCOL', `${this.#name} sent the parts of its answer out of order.`);
  }

  #notAnAnswer(): PotterError {
    return new PotterError('PROTOCOL', `${this.#name} sent something that is not an answer.`);
  }
}

/** Undefined when the counts are missing or impossible: the cost is then unknown, which is not an error. */
function toUsage(counts: unknown): Usage | undefined {
  const { success, data } = usageCounts.safeParse(counts);
  if (!success) return undefined;
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = data;
  // The vendor counts what went through its cache apart from the rest of the input.
  const inputTokens = input_tokens + (cache_creation_input_tokens ?? 0) + (cache_read_input_tokens ?? 0);
  return { inputTokens, outputTokens: output_tokens };
}

/** The statuses the vendor's types of error go with; inside a stream the type stands alone. */
const statusOf: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** Errors that have no code of their own: only their prose tells them from a badly formed request. */
const byProse: readonly (readonly [type: string, prose: RegExp, code: string])[] = [
  ['invalid_request_error', /^prompt is too long|exceed context limit/i, 'context_length_exceeded'],
  ['invalid_request_error', /credit balance is too low/i, 'insufficient_credits'],
  ['invalid_request_error', /reached your specified .*usage limits/i, 'billing_limit_reached'],
  ['not_found_error', /\bis not available\b/i, 'model_not_available'],
];

/** The vendor's `{type: "error", error, request_id}` as a fault. */
function readError(envelope: unknown, rest: Pick<Fault, 'status' | 'requestId' | 'retryAfter'>): Fault {
  const { error, request_id } = toObject(envelope);
  const fault = readFault(error, {
    ...rest,
    requestId: rest.requestId ?? (typeof request_id === 'string' ? request_id : undefined),
  });
  const { error_code } = toObject(toObject(error).details);
  const { type = '', message = '' } = fault;
  // What can answer with a stream of events is the right address, so it is the model that it does not have.
  const streamed = fault.status === undefined && type === 'not_found_error' ? 'model_not_found' : undefined;
  const said = streamed ?? byProse.find(([of, prose]) => of === type && prose.test(message))?.[2];
  return {
    ...fault,
    status: fault.status ?? (Object.hasOwn(statusOf, type) ? statusOf[type] : undefined),
    code: typeof error_code === 'string' ? error_code : (fault.code ?? said),
    // As in `max_tokens: Field required`.
    param: fault.param ?? (type === 'invalid_request_error' ? /^([a-z_]+(?:\.\w+)*): /.exec(message)?.[1] : undefined),
  };
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
