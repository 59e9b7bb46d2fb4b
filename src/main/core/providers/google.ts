/**
 * The Google Gemini wire format (generateContent). The official SDK builds the requests; every reply is read here, because
 * the SDK takes a cut stream for a whole one, drops the headers of a refusal, and asks again by itself.
 */
import type { GenerateContentParameters } from '@google/genai';
import * as z from 'zod';
import { PotterError } from '../../../shared/errors.ts';
import { malformed, openReply, parseEvent, readDocument, readEvents, readStart, type Start } from './body.ts';
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

/** Of the list of models. The vendor's fits in one; a server that never says it was the last is not followed for ever. */
const maximumPages = 10;
const modelsOnPage = 1000;

export function createGoogleProvider(options: ProviderOptions): Provider {
  const { id, name } = options;
  const address = toAddress(options.baseUrl);
  /** The most output each listed model allows. */
  const ceilings = new Map<string, number>();
  const bodyOf = (request: CompletionRequest) => toBody(request, ceilings.get(request.model) ?? usualCeiling);
  const failed = (thrown: unknown, signal: AbortSignal, model?: string): PotterError => {
    const asked = {
      provider: name,
      model,
      withKey: options.apiKey !== undefined,
      knownModels: options.knownModels?.() ?? [],
    };
    return translate(thrown, { asked, signal, now: options.now?.() ?? Date.now(), readError });
  };

  return {
    id,
    async models(signal) {
      try {
        const models: Model[] = [];
        let pageToken: string | undefined;
        for (let page = 0; page < maximumPages; page++) {
          const config = { pageSize: modelsOnPage, ...(pageToken !== undefined && { pageToken }) };
          const reply = await send({ ...options, ...address }, signal, (sdk) => sdk.models.list({ config }));
          const listed = readPage(await readDocument(await openReply(reply, name), name), name);
          for (const model of listed.models ?? []) {
            if (!isConversational(model)) continue;
            const named = toModel(model);
            if (model.outputTokenLimit) ceilings.set(named.id, model.outputTokenLimit);
            models.push(named);
          }
          if (!listed.nextPageToken || listed.nextPageToken === pageToken) break;
          pageToken = listed.nextPageToken;
        }
        return models;
      } catch (thrown) {
        throw failed(thrown, signal);
      }
    },
    describe: (request) => ({
      url: `${address.baseUrl}/${address.apiVersion}/${resourceOf(request.model)}:streamGenerateContent?alt=sse`,
      body: bodyOf(request),
    }),
    async *complete(request, signal) {
      const answer = new Answer(name);
      try {
        refuseOddModel(request.model, name);
        const parameters = toParameters(request.model, bodyOf(request));
        const reply = await send({ ...options, ...address }, signal, (sdk) =>
          sdk.models.generateContentStream(parameters),
        );
        yield* answer.read(await openReply(reply, name));
        signal.throwIfAborted();
        yield answer.end();
      } catch (thrown) {
        throw failed(answer.judge(thrown), signal, request.model);
      }
    },
  };
}

interface Address {
  readonly baseUrl: string;
  readonly apiVersion: string;
}

/** The SDK wants the version apart from the address. */
function toAddress(baseUrl: string): Address {
  const trimmed = baseUrl.replace(/\/+$/, '');
  const [path = '', apiVersion = 'v1beta'] = /\/(v\d+[a-z]*\d*)$/.exec(trimmed) ?? [];
  return { baseUrl: trimmed.slice(0, trimmed.length - path.length), apiVersion };
}

/** Takes some 100 ms the first time, so it is not done at the start. */
export const loadSdk = () => import('@google/genai');
type Sdk = InstanceType<Awaited<ReturnType<typeof loadSdk>>['GoogleGenAI']>;
type Sending = Pick<ProviderOptions, 'apiKey' | 'fetch'> & Address;

/** Sends the request that `call` has the SDK build. Fails with a `RefusedReply` when the vendor says no. */
async function send(sending: Sending, signal: AbortSignal, call: (sdk: Sdk) => Promise<unknown>): Promise<Response> {
  const { apiKey, baseUrl, apiVersion } = sending;
  const { GoogleGenAI } = await loadSdk();
  signal.throwIfAborted();
  let sent: Promise<Response> | undefined;
  // The reply is kept from the SDK, which is given an empty one.
  const fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = input instanceof Request ? input.url : input;
    sent ??= sending.fetch(url, { ...init, signal, headers: headersFor(init, apiKey) });
    await sent;
    return new Response('{}');
  };
  const sdk = new GoogleGenAI({
    // Everything the SDK would otherwise take from the environment is given.
    apiKey: 'none',
    apiVersion,
    enterprise: false,
    vertexai: false,
    httpOptions: { baseUrl, apiVersion, fetch },
  });
  await call(sdk);
  if (!sent) throw new PotterError('INTERNAL', 'The request to Google was not sent.');
  const reply = await sent;
  if (!reply.ok) throw await refused(reply);
  return reply;
}

/** Only what the wire format needs: the SDK also tells the system. The key goes in no address. */
function headersFor(init: RequestInit, apiKey: string | undefined): Record<string, string> {
  return {
    accept: 'text/event-stream, application/json',
    'user-agent': 'Potter',
    ...(init.body !== undefined && { 'content-type': 'application/json' }),
    ...(apiKey !== undefined && { 'x-goog-api-key': apiKey }),
  };
}

/** A reply that is no success, with the vendor's error object if it has one. */
class RefusedReply extends Error {
  readonly status: number;
  readonly headers: Headers;
  readonly error: unknown;

  constructor({ status, headers }: Response, error: unknown) {
    super(`status ${status}`);
    this.status = status;
    this.headers = headers;
    this.error = error;
  }
}

async function refused(reply: Response): Promise<RefusedReply> {
  const start = await readStart(reply.body);
  if (start.kind !== 'document') {
    // The refusal is told; that the rest of it cannot be cancelled changes nothing.
    await reply.body?.cancel().catch(() => undefined);
    return new RefusedReply(reply, undefined);
  }
  const document = await readDocument(start, '').catch((thrown: unknown) => {
    // What is no JSON says no more than the status does.
    if (thrown instanceof PotterError && thrown.code === 'PROTOCOL') return undefined;
    throw thrown;
  });
  return new RefusedReply(reply, errorOf(document));
}

/** Of `{error}`, or of the list of one that a refused stream is. */
function errorOf(document: unknown): unknown {
  const [only] = Array.isArray(document) ? document : [document];
  return toObject(only).error;
}

/** Models that answer at once; newer ones think first, and are best left at their own temperature. */
const withoutThinking = /^(?:models\/)?(?:gemini-(?:1|2\.0)|gemma-[1-3])/;
/** Open models that take no instructions apart from the conversation. */
const withoutInstructions = /^(?:models\/)?gemma-[1-3]/;
/** Tokens a model may spend on thinking before the answer; they count against the same limit. */
const thinkingTokens = 8192;
/** Output tokens that every model offered today allows, for one whose own limit is not known. */
const usualCeiling = 65_536;

type Body = ReturnType<typeof toBody>;

function toBody(
  { model, system, before = [], user, maxOutputTokens, temperature }: CompletionRequest,
  ceiling: number,
) {
  const thinks = !withoutThinking.test(model);
  const apart = system !== '' && !withoutInstructions.test(model);
  const text = apart || system === '' ? user : `${system}\n\n${user}`;
  return {
    contents: [
      ...before.map((turn) => ({ role: turn.role === 'user' ? 'user' : 'model', parts: [{ text: turn.text }] })),
      { role: 'user', parts: [{ text }] },
    ],
    ...(apart && { systemInstruction: { role: 'user', parts: [{ text: system }] } }),
    generationConfig: {
      ...(temperature !== undefined && !thinks && { temperature }),
      maxOutputTokens: Math.min(maxOutputTokens + (thinks ? thinkingTokens : 0), ceiling),
    },
  };
}

function toParameters(
  model: string,
  { contents, systemInstruction, generationConfig }: Body,
): GenerateContentParameters {
  return {
    model,
    contents,
    config: {
      ...(systemInstruction && { systemInstruction }),
      ...generationConfig,
      // Else the SDK asks again by itself.
      automaticContinuation: false,
      automaticFunctionCalling: { disable: true },
    },
  };
}

const resourceOf = (model: string): string => (/^(?:models|tunedModels)\//.test(model) ? model : `models/${model}`);

/** The name becomes a part of the address. */
function refuseOddModel(model: string, name: string): void {
  if (/^[\w.-]+(?:\/[\w.-]+)?$/.test(model) && !model.includes('..')) return;
  throw new PotterError('MODEL_NOT_FOUND', `${name} has no model of that name.`);
}

const modelPage = z.looseObject({
  models: z
    .array(
      z.looseObject({
        name: z.string(),
        displayName: z.string().nullish(),
        supportedGenerationMethods: z.array(z.string()).nullish(),
        outputTokenLimit: z.int().positive().nullish().catch(undefined),
      }),
    )
    .nullish(),
  nextPageToken: z.string().nullish(),
});
type ModelPage = z.output<typeof modelPage>;
type ListedModel = NonNullable<ModelPage['models']>[number];

function readPage(document: unknown, name: string): ModelPage {
  const { success, data } = modelPage.safeParse(document);
  const isList = success && (data.models !== undefined || Object.keys(data).length === 0);
  if (!isList) throw new PotterError('PROTOCOL', `${name} did not answer with a list of models.`);
  return data;
}

function isConversational({ name, supportedGenerationMethods }: ListedModel): boolean {
  return isShowable(name) && (supportedGenerationMethods ?? []).includes('generateContent');
}

/** What may be shown as a name: no control or invisible characters, and no novel. */
function isShowable(text: string): boolean {
  return /^[^\p{C}]{1,200}$/u.test(text);
}

function toModel({ name, displayName }: ListedModel): Model {
  return { id: name.replace(/^models\//, ''), ...(displayName && isShowable(displayName) && { name: displayName }) };
}

const count = z.int().nonnegative();
const usageCounts = z.looseObject({
  promptTokenCount: count,
  toolUsePromptTokenCount: count.nullish(),
  candidatesTokenCount: count.nullish(),
  thoughtsTokenCount: count.nullish(),
  totalTokenCount: count.nullish(),
});
const part = z.looseObject({ text: z.string().nullish(), thought: z.boolean().nullish() });
const candidate = z.looseObject({
  index: count.nullish(),
  content: z.looseObject({ parts: z.array(part).nullish() }).nullish(),
  finishReason: z.string().nullish(),
});
/** A piece of a stream, or the whole answer: they have one shape. */
const answerPart = z.looseObject({
  candidates: z.array(candidate).nullish(),
  promptFeedback: z.looseObject({ blockReason: z.string().nullish() }).nullish(),
  error: z.unknown().optional(),
  usageMetadata: z.unknown().optional(),
});
const knownFields = ['candidates', 'promptFeedback', 'error', 'usageMetadata', 'modelVersion', 'responseId'];

/** What the vendor's finish reasons mean. One that is not listed leaves the answer unfinished. */
const finishes: Readonly<Record<string, Finish | undefined>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'filter',
  RECITATION: 'filter',
  LANGUAGE: 'filter',
  BLOCKLIST: 'filter',
  PROHIBITED_CONTENT: 'filter',
  SPII: 'filter',
  IMAGE_SAFETY: 'filter',
};

/** One answer as it grows, and what its server has said about its end. */
class Answer {
  readonly #name: string;
  #characters = 0;
  #isDocument = false;
  /** Has anything of this wire format arrived? */
  #recognised = false;
  #blocked = false;
  #finish: string | undefined;
  #usage: Usage | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async *read(start: Start): AsyncGenerator<CompletionEvent> {
    if (start.kind === 'document') {
      this.#isDocument = true;
      const document = await readDocument(start, this.#name);
      // Without `alt=sse` a stream is a list of its pieces.
      for (const piece of Array.isArray(document) ? document : [document]) yield* this.#take(piece);
      return;
    }
    try {
      for await (const data of readEvents(start, this.#name)) {
        // Some servers end with it out of habit.
        if (data.trim() !== '[DONE]') yield* this.#take(parseEvent(data, this.#name));
      }
    } catch (thrown) {
      // The vendor has said that the answer is whole; only the count of tokens may be lost.
      if (!this.#isOver || !isLost(thrown)) throw thrown;
    }
  }

  /** The terminator, or why there is none. */
  end(): CompletionEvent {
    if (!this.#recognised) throw malformed(this.#name);
    if (!this.#isOver) throw this.#unfinished();
    const said = this.#finish ?? '';
    const finish = this.#blocked ? 'filter' : Object.hasOwn(finishes, said) ? finishes[said] : undefined;
    if (finish === undefined) throw this.#brokenOff(said);
    return { type: 'end', finish, ...(this.#usage && { usage: this.#usage }) };
  }

  /** The same failure, seen with what has arrived. */
  judge(thrown: unknown): unknown {
    return this.#characters === 0 ? thrown : afterText(thrown, this.#name);
  }

  get #isOver(): boolean {
    return this.#blocked || this.#finish !== undefined;
  }

  #unfinished(): PotterError {
    if (this.#isDocument && this.#characters === 0)
      return new PotterError('EMPTY_RESULT', `${this.#name} gave no answer.`);
    return new PotterError('INCOMPLETE', `${this.#name} ended the connection before the answer was finished.`);
  }

  #brokenOff(reason: string): PotterError {
    const said = plainWord(reason) ?? 'unknown reason';
    return new PotterError('INCOMPLETE', `${this.#name} broke the answer off (${said}).`);
  }

  *#take(json: unknown): Generator<CompletionEvent> {
    const { success, data } = answerPart.safeParse(json);
    if (!success) throw new PotterError('PROTOCOL', `${this.#name} sent something that is not an answer.`);
    if (data.error !== undefined && data.error !== null) throw new InBandError(data.error);
    this.#recognised ||= knownFields.some((field) => Object.hasOwn(data, field));
    // The counts are totals so far, so one that makes no sense takes the earlier ones with it.
    if (data.usageMetadata !== undefined) this.#usage = toUsage(data.usageMetadata);
    const blockReason = data.promptFeedback?.blockReason;
    if (blockReason && blockReason !== 'BLOCK_REASON_UNSPECIFIED') this.#blocked = true;
    const chosen = data.candidates?.find(({ index }) => (index ?? 0) === 0);
    if (!chosen) return;
    const said = (chosen.content?.parts ?? []).filter(({ thought }) => !thought).map(({ text }) => text ?? '');
    const text = said.join('');
    if (text !== '') yield this.#grow(text);
    this.#close(chosen.finishReason ?? undefined);
  }

  #grow(text: string): CompletionEvent {
    if (this.#isOver) throw new PotterError('PROTOCOL', `${this.#name} sent text after the answer's end.`);
    this.#characters += text.length;
    if (this.#characters > maximumText) throw new PotterError('TOO_LONG', `${this.#name} did not stop answering.`);
    return { type: 'text', text };
  }

  #close(finish: string | undefined): void {
    if (finish === undefined || finish === '' || finish === 'FINISH_REASON_UNSPECIFIED') return;
    if (this.#finish !== undefined && this.#finish !== finish) {
      throw new PotterError('PROTOCOL', `${this.#name} ended the answer twice, in different ways.`);
    }
    this.#finish = finish;
  }
}

/** Undefined when the counts are missing or impossible: the cost is then unknown, which is not an error. */
function toUsage(counts: unknown): Usage | undefined {
  const { success, data } = usageCounts.safeParse(counts);
  if (!success) return undefined;
  const { promptTokenCount, toolUsePromptTokenCount, candidatesTokenCount, thoughtsTokenCount, totalTokenCount } = data;
  const inputTokens = promptTokenCount + (toolUsePromptTokenCount ?? 0);
  const thoughts = thoughtsTokenCount ?? 0;
  // The vendor leaves a count of 0 out; the total tells that from one it does not give.
  const candidates = candidatesTokenCount ?? (totalTokenCount === inputTokens + thoughts ? 0 : undefined);
  return candidates === undefined ? undefined : { inputTokens, outputTokens: candidates + thoughts };
}

/** The HTTP status that goes with each of the vendor's; inside a stream the word may stand alone. */
const statusOf: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** What only the prose of an error tells. */
const byProse: readonly (readonly [status: string, prose: RegExp, code: string])[] = [
  ['INVALID_ARGUMENT', /input token count.* exceeds the maximum/i, 'context_length_exceeded'],
  ['INVALID_ARGUMENT', /API key (?:not valid|expired)/i, 'invalid_api_key'],
  ['PERMISSION_DENIED', /API key was reported as leaked/i, 'invalid_api_key'],
  ['FAILED_PRECONDITION', /location is not supported/i, 'unsupported_country_region_territory'],
  ['FAILED_PRECONDITION', /billing/i, 'billing_not_active'],
  [
    'RESOURCE_EXHAUSTED',
    /credits? (?:are|is|have been) (?:depleted|exhausted|used up)|limit: 0\b/i,
    'insufficient_quota',
  ],
  ['RESOURCE_EXHAUSTED', /spend(?:ing)? (?:cap|limit)/i, 'billing_limit_reached'],
];

/** The vendor's `{code, message, status, details}` as a fault. */
function readError(error: unknown, rest: Pick<Fault, 'status' | 'requestId' | 'retryAfter'>): Fault {
  const fault = readFault(error, rest);
  const { status, details } = toObject(error);
  const said = typeof status === 'string' ? status : '';
  const all = (Array.isArray(details) ? details : []).map(toObject);
  const of = (type: string) => all.find((one) => String(one['@type']).endsWith(`google.rpc.${type}`)) ?? {};
  const { reason } = of('ErrorInfo');
  const message = fault.message ?? '';
  const prose = byProse.find(([word, pattern]) => word === said && pattern.test(message))?.[2];
  const spent = said === 'RESOURCE_EXHAUSTED' && isSpent(of('QuotaFailure')) ? 'insufficient_quota' : undefined;
  const [violation] = listOf(of('BadRequest').fieldViolations);
  return {
    ...fault,
    status: fault.status ?? (Object.hasOwn(statusOf, said) ? statusOf[said] : undefined),
    code: spent ?? prose ?? (typeof reason === 'string' ? reason : fault.code),
    type: said === '' ? fault.type : said,
    param: fault.param ?? (typeof violation?.field === 'string' ? violation.field : undefined),
    message: inTokens(message),
    retryAfter: fault.retryAfter ?? secondsOf(of('RetryInfo').retryDelay),
  };
}

/** Is it used up for the day, or was there none to begin with? Then waiting a little is no help. */
function isSpent({ violations }: Readonly<Record<string, unknown>>): boolean {
  return listOf(violations).some(
    ({ quotaId, quotaValue }) => /PerDay/i.test(String(quotaId)) || String(quotaValue) === '0',
  );
}

/** A duration such as `34.074824224s`, in the form of `Retry-After`. */
function secondsOf(duration: unknown): string | undefined {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(String(duration)) ?? [];
  return seconds === undefined ? undefined : String(Math.ceil(Number(seconds) * 1000) / 1000);
}

/** `input token count (9001) exceeds the maximum number of tokens allowed (8192)`, as the other vendors say it. */
function inTokens(message: string): string {
  return message.replace(/\((\d+)\) exceeds the maximum number of tokens allowed \((\d+)\)/i, '$1 tokens > $2');
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(toObject) : [];
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
