/**
 * The OpenAI wire format (chat completions), as the vendor and a dozen local servers speak it. The official SDK builds the
 * requests and reads error replies; the answer is read here, because the SDK takes a cut stream for a whole one.
 */
import * as z from 'zod';
import { PotterError } from '../../../shared/errors.ts';
import { malformed, openReply, parseEvent, readDocument, readEvents, type Start } from './body.ts';
import { afterText, InBandError, isLost, translate } from './failure.ts';
import { plainWord } from './faults.ts';
import {
  type CompletionEvent,
  type CompletionRequest,
  type Finish,
  type Model,
  maximumText,
  type Provider,
  type ProviderOptions,
  type Usage,
  type Wire,
} from './provider.ts';

export interface OpenAiOptions extends ProviderOptions {
  /** `openai`: the vendor itself, whose newer models know no `max_tokens`; `compatible`, the default: who copies it. */
  readonly wireFormat?: 'openai' | 'compatible';
}

/** The SDK's own timer is set beyond any answer, so that only the limits of the outbound fetch act. */
const beyondAnyAnswer = 2 ** 31 - 1;

export function createOpenAiProvider(options: OpenAiOptions): Provider {
  const { id, name } = options;
  const client = lazily(() => createClient(options));
  const failed = (thrown: unknown, signal: AbortSignal, model?: string): PotterError => {
    const asked = {
      provider: name,
      model,
      withKey: options.apiKey !== undefined,
      knownModels: options.knownModels?.() ?? [],
    };
    return translate(thrown, { asked, signal, now: options.now?.() ?? Date.now() });
  };

  const wire: Wire = {
    url: `${trimmed(options.baseUrl)}/chat/completions`,
    headers: headersFor({ headers: { 'content-type': 'application/json' } }, options.apiKey),
    refusal: ({ status, headers, body }, model) => {
      const reply = Object.assign(new Error(`${status}`), { status, headers, error: errorIn(body) });
      return failed(reply, neverAborted, model);
    },
  };

  return {
    id,
    wire,
    async models(signal) {
      try {
        const reply = await (await client()).models.list({ signal }).asResponse();
        return readModels(await readDocument(await openReply(reply, name), name), name);
      } catch (thrown) {
        throw failed(thrown, signal);
      }
    },
    describe: (request) => ({ url: wire.url, body: toBody(request, options) }),
    async *complete(request, signal) {
      const answer = new Answer(name);
      try {
        const { chat } = await client();
        const reply = await chat.completions.create(toBody(request, options), { signal }).asResponse();
        yield* answer.read(await openReply(reply, name));
        signal.throwIfAborted();
        yield answer.end();
      } catch (thrown) {
        throw failed(answer.judge(thrown), signal, request.model);
      }
    },
  };
}

const neverAborted = new AbortController().signal;

/** The vendor's error object, or what a server sent in its place. */
function errorIn(body: string): unknown {
  try {
    const document: unknown = JSON.parse(body);
    return typeof document === 'object' && document !== null && 'error' in document ? document.error : document;
  } catch {
    return undefined;
  }
}

const trimmed = (baseUrl: string): string => baseUrl.replace(/\/+$/, '');

function lazily<T>(create: () => Promise<T>): () => Promise<T> {
  let created: Promise<T> | undefined;
  return () => {
    created ??= create();
    return created;
  };
}

/** Takes some 100 ms the first time, so it is not done at the start. */
export const loadSdk = () => import('openai');

async function createClient({ baseUrl, apiKey, fetch }: OpenAiOptions) {
  const { OpenAI } = await loadSdk();
  return new OpenAI({
    // Everything the SDK would otherwise take from the environment is given.
    apiKey: apiKey ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL: trimmed(baseUrl),
    logLevel: 'off',
    maxRetries: 0,
    timeout: beyondAnyAnswer,
    fetch: (input, init) =>
      fetch(input instanceof Request ? input.url : input, { ...init, headers: headersFor(init, apiKey) }),
  });
}

/** Only what the wire format needs: the SDK also tells the system, and adds headers from `OPENAI_CUSTOM_HEADERS`. */
function headersFor(init: RequestInit | undefined, apiKey: string | undefined): Record<string, string> {
  const type = new Headers(init?.headers).get('content-type');
  return {
    accept: 'text/event-stream, application/json',
    'user-agent': 'Potter',
    ...(type !== null && { 'content-type': type }),
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  };
}

/** Models of the vendor that answer at once; all newer ones think first, and take no temperature. */
const withoutThinking = /^(?:ft:)?(?:gpt-3\.5|gpt-4|chatgpt-4o)/;
/** Open models that think first, by the names that servers of all kinds give them. */
const openThinking =
  /qwen3(?!.*(?:instruct|coder))|qwq|deepseek-(?:r\d|reasoner)|gpt-oss|magistral|glm-(?:4\.[5-9]|[5-9])|-thinking|reasoning|\br1\b/i;
/** Tokens a model may spend on thinking before the answer; they count against the same limit. */
const thinkingTokens = 8192;

function toBody(request: CompletionRequest, { wireFormat }: OpenAiOptions) {
  const { model, system, before = [], user, maxOutputTokens, temperature } = request;
  const isVendor = wireFormat === 'openai';
  const thinks = isVendor && !withoutThinking.test(model);
  return {
    model,
    messages: [
      { role: 'system' as const, content: system },
      ...before.map(({ role, text }) => ({ role, content: text })),
      { role: 'user' as const, content: user },
    ],
    stream: true as const,
    stream_options: { include_usage: true },
    ...(isVendor
      ? { max_completion_tokens: maxOutputTokens + (thinks ? thinkingTokens : 0) }
      : { max_tokens: maxOutputTokens + (openThinking.test(model) ? thinkingTokens : 0) }),
    ...(temperature !== undefined && !thinks && { temperature }),
  };
}

/** What may be shown as a model's name: no control or invisible characters, and no novel. */
const modelId = /^[^\p{C}]{1,200}$/u;
const modelEntries = z.array(z.looseObject({ id: z.string() }));
/** Most servers send `{data}`, some the bare list. */
const modelList = z.union([z.looseObject({ data: modelEntries.nullable() }), modelEntries]);

function readModels(document: unknown, name: string): readonly Model[] {
  const parsed = modelList.safeParse(document);
  if (!parsed.success) throw new PotterError('PROTOCOL', `${name} did not answer with a list of models.`);
  const entries = Array.isArray(parsed.data) ? parsed.data : (parsed.data.data ?? []);
  return entries.filter(({ id }) => modelId.test(id)).map(({ id }) => ({ id }));
}

const textPart = z.looseObject({ type: z.string(), text: z.string().optional() });
const message = z.looseObject({
  content: z.union([z.string(), z.array(textPart)]).nullish(),
  refusal: z.string().nullish(),
});
/** A chunk of a stream, or the whole answer, which has `message` in place of `delta`. */
const answerPart = z.looseObject({
  choices: z
    .array(z.looseObject({ delta: message.nullish(), message: message.nullish(), finish_reason: z.string().nullish() }))
    .nullish(),
  error: z.unknown().optional(),
  usage: z.unknown().optional(),
});
const usageCounts = z.looseObject({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
});

/** How servers say that an answer has ended, lower case. `undefined`: it was broken off. */
const finishes: Readonly<Record<string, Finish | undefined>> = {
  stop: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_calls: 'stop',
  function_call: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  content_filter: 'filter',
  safety: 'filter',
  refusal: 'filter',
};

/** One answer as it grows, and what its server has said about its end. */
class Answer {
  readonly #name: string;
  #characters = 0;
  #events = 0;
  #document = false;
  #done = false;
  #refused = false;
  #finish: string | undefined;
  #usage: Usage | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async *read(start: Start): AsyncGenerator<CompletionEvent> {
    if (start.kind === 'document') {
      this.#document = true;
      yield* this.#take(await readDocument(start, this.#name));
      return;
    }
    try {
      for await (const data of readEvents(start, this.#name)) {
        this.#events++;
        if (data.trim() === '[DONE]') {
          this.#done = true;
          return;
        }
        yield* this.#take(parseEvent(data, this.#name));
      }
    } catch (thrown) {
      // The vendor has said that the answer is whole; only the count of tokens is lost.
      if (this.#finish === undefined || !isLost(thrown)) throw thrown;
    }
  }

  /** The terminator, or why there is none. */
  end(): CompletionEvent {
    if (this.#finish === undefined) throw this.#unfinished();
    const word = this.#finish.toLowerCase();
    const said = Object.hasOwn(finishes, word) ? finishes[word] : undefined;
    if (said === undefined) {
      throw new PotterError(
        'INCOMPLETE',
        `${this.#name} broke the answer off (${plainWord(this.#finish) ?? 'unknown reason'}).`,
      );
    }
    return {
      type: 'end',
      finish: this.#refused ? 'filter' : said,
      ...(this.#usage && { usage: this.#usage }),
    };
  }

  /** The same failure, seen with what has arrived. */
  judge(thrown: unknown): unknown {
    return this.#characters === 0 ? thrown : afterText(thrown, this.#name);
  }

  #unfinished(): PotterError {
    if (this.#events === 0 && !this.#document) return malformed(this.#name);
    if (this.#characters === 0 && (this.#done || this.#document))
      return new PotterError('EMPTY_RESULT', `${this.#name} gave no answer.`);
    return new PotterError('INCOMPLETE', `${this.#name} ended the connection before the answer was finished.`);
  }

  *#take(json: unknown): Generator<CompletionEvent> {
    const parsed = answerPart.safeParse(json);
    if (!parsed.success) throw new PotterError('PROTOCOL', `${this.#name} sent something that is not an answer.`);
    const { choices, error, usage } = parsed.data;
    if (error !== undefined && error !== null) throw new InBandError(error);
    this.#usage = toUsage(usage) ?? this.#usage;
    const [choice] = choices ?? [];
    if (!choice) return;
    const said = choice.delta ?? choice.message;
    const text = toText(said?.content) + (said?.refusal ?? '');
    if (said?.refusal) this.#refused = true;
    if (text !== '') yield this.#grow(text);
    this.#close(choice.finish_reason ?? undefined);
  }

  #grow(text: string): CompletionEvent {
    if (this.#finish !== undefined)
      throw new PotterError('PROTOCOL', `${this.#name} sent text after the answer's end.`);
    this.#characters += text.length;
    if (this.#characters > maximumText) throw new PotterError('TOO_LONG', `${this.#name} did not stop answering.`);
    return { type: 'text', text };
  }

  #close(finish: string | undefined): void {
    if (finish === undefined || finish === '') return;
    if (this.#finish !== undefined && this.#finish !== finish) {
      throw new PotterError('PROTOCOL', `${this.#name} ended the answer twice, in different ways.`);
    }
    this.#finish = finish;
  }
}

function toText(content: z.output<typeof message>['content']): string {
  if (!Array.isArray(content)) return content ?? '';
  return content.map((part) => (part.type === 'text' ? (part.text ?? '') : '')).join('');
}

/** Undefined when the counts are missing or impossible: the cost is then unknown, which is not an error. */
function toUsage(value: unknown): Usage | undefined {
  const { success, data } = usageCounts.safeParse(value);
  return success ? { inputTokens: data.prompt_tokens, outputTokens: data.completion_tokens } : undefined;
}
