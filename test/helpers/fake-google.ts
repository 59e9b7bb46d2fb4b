/**
 * A server that speaks the Google Gemini wire format byte for byte, for tests. It imports nothing but Node and what the
 * fake vendors share.
 */
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

export interface GeminiModel {
  readonly id: string;
  readonly displayName: string;
  readonly outputTokenLimit: number;
  readonly supportedGenerationMethods: readonly string[];
}

const chat = ['generateContent', 'countTokens', 'createCachedContent', 'batchGenerateContent'];
const gemini = (
  id: string,
  displayName: string,
  outputTokenLimit = 65_536,
  supportedGenerationMethods = chat,
): GeminiModel => ({ id, displayName, outputTokenLimit, supportedGenerationMethods });

/** As the vendor lists them: those that converse among those that do not. */
export const geminiModels: readonly GeminiModel[] = [
  gemini('embedding-gecko-001', 'Embedding Gecko', 1, ['embedText', 'countTextTokens']),
  gemini('gemini-2.5-flash', 'Gemini 2.5 Flash'),
  gemini('gemini-2.0-flash', 'Gemini 2.0 Flash', 8192),
  gemini('gemini-3.5-flash-lite', 'Gemini 3.5 Flash-Lite'),
  gemini('gemini-3.8-flash', 'Gemini 3.8 Flash'),
  gemini('gemini-4-argon', 'Gemini 4 Argon'),
  gemini('gemma-3-27b-it', 'Gemma 3 27B', 8192),
  gemini('gemini-embedding-001', 'Gemini Embedding 001', 1, ['embedContent', 'countTextTokens', 'countTokens']),
  gemini('imagen-4.0-generate-001', 'Imagen 4', 8192, ['predict']),
];
export const sampleGemini = 'gemini-3.8-flash';

export interface FakeGoogleOptions {
  /** Every request must carry it in `x-goog-api-key`. Default: none is asked for. */
  readonly key?: string;
  readonly models?: readonly GeminiModel[];
  /** Pause before each token of a stream, in milliseconds. Default 0. */
  readonly tokenDelayMs?: number;
  /** The answer to a text. Default: `polish`. */
  readonly answer?: (text: string) => string;
}

/** How one reply departs from a plain good one. Everything left out is as the vendor does it. */
export interface GoogleScenario extends VendorScenario {
  /** Default `STOP`; null leaves it out. */
  readonly finish?: string | null;
  /** Parts with `thought: true` before the text. */
  readonly thinking?: string;
  readonly toolCall?: boolean;
  /** The prompt was blocked for this reason: no candidates at all. */
  readonly blocked?: string;
  /** The stream's events in place of those of the answer; a string is the data of one event as it is. */
  readonly events?: readonly (object | string)[];
}

/** Its `baseUrl` has no version path. */
export type FakeGoogle = FakeVendor<GoogleScenario>;

export function startFakeGoogle(options: FakeGoogleOptions = {}): Promise<FakeGoogle> {
  const vendor = new Vendor(options);
  return startFakeVendor<GoogleScenario>({
    headers: vendorHeaders,
    kindOf: ({ method, path }) => kindOf(method, path),
    refuse: (request, kind) => vendor.refuse(request, kind),
    models: ({ path }) => vendor.models(new URL(path, 'http://fake').searchParams),
    chat: (response, request, scenario) => vendor.chat(response, request, scenario),
  });
}

/** The vendor's error reply, as its own server prints it. */
export function googleError(code: number, status: string, message: string, details: readonly object[] = []): string {
  const error = { code, message, status, ...(details.length > 0 && { details }) };
  return `${JSON.stringify({ error }, null, 2)}\n`;
}

const rpc = (type: string, fields: object): object => ({
  '@type': `type.googleapis.com/google.rpc.${type}`,
  ...fields,
});
export const errorInfo = (reason: string): object =>
  rpc('ErrorInfo', { reason, domain: 'googleapis.com', metadata: { service: 'generativelanguage.googleapis.com' } });
export const retryInfo = (retryDelay: string): object => rpc('RetryInfo', { retryDelay });
export const quotaFailure = (quotaId: string, quotaValue = '10'): object =>
  rpc('QuotaFailure', {
    violations: [
      {
        quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
        quotaId,
        quotaDimensions: { location: 'global', model: sampleGemini },
        quotaValue,
      },
    ],
  });
export const badField = (field: string): object =>
  rpc('BadRequest', { fieldViolations: [{ field, description: 'Invalid value.' }] });

function kindOf(method: string, path: string): GoogleScenario['for'] {
  if (method === 'GET' && /^\/v1(?:beta)?\/models(?:\?|$)/.test(path)) return 'models';
  return method === 'POST' && modelOf(path) !== undefined ? 'chat' : undefined;
}

function modelOf(path: string): string | undefined {
  return /^\/v1(?:beta)?\/models\/([^/?:]+):(?:streamG|g)enerateContent(?:\?|$)/.exec(path)?.[1];
}

class Vendor {
  readonly #options: FakeGoogleOptions;

  constructor(options: FakeGoogleOptions) {
    this.#options = options;
  }

  refuse(request: RecordedRequest, kind: GoogleScenario['for']): WholeReply | undefined {
    const { key } = this.#options;
    const given = request.headers['x-goog-api-key'];
    if (!kind) return { status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: notFoundPage };
    if (key !== undefined && given === undefined) {
      const message = "Method doesn't allow unregistered callers (callers without established identity).";
      return refusal(403, 'PERMISSION_DENIED', message, [errorInfo('CREDENTIALS_MISSING')]);
    }
    if (key !== undefined && given !== key) {
      const message = 'API key not valid. Please pass a valid API key.';
      return refusal(400, 'INVALID_ARGUMENT', message, [errorInfo('API_KEY_INVALID')]);
    }
    return kind === 'chat' ? this.#refuseBody(modelOf(request.path) ?? '', toObject(request.body)) : undefined;
  }

  #refuseBody(id: string, body: Readonly<Record<string, unknown>>): WholeReply | undefined {
    const model = this.#models.find((one) => one.id === id);
    if (!model?.supportedGenerationMethods.includes('generateContent')) {
      const message = `models/${id} is not found for API version v1beta, or is not supported for generateContent.`;
      return refusal(404, 'NOT_FOUND', message);
    }
    const unknown = Object.keys(body).find((field) => !bodyFields.includes(field));
    if (unknown) {
      const message = `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`;
      return refusal(400, 'INVALID_ARGUMENT', message, [badField(unknown)]);
    }
    if (id.startsWith('gemma-3') && body.systemInstruction !== undefined) {
      return refusal(400, 'INVALID_ARGUMENT', `Developer instruction is not enabled for models/${id}`);
    }
    const most = Number(toObject(body.generationConfig).maxOutputTokens ?? 1);
    if (most <= model.outputTokenLimit) return undefined;
    const range = `from 1 (inclusive) to ${model.outputTokenLimit + 1} (exclusive)`;
    const message = `Unable to submit request because it has a maxOutputTokens value of ${most} but the supported range is ${range}.`;
    return refusal(400, 'INVALID_ARGUMENT', message);
  }

  get #models(): readonly GeminiModel[] {
    return this.#options.models ?? geminiModels;
  }

  models(query: URLSearchParams): object {
    const from = Number(query.get('pageToken') ?? 0);
    const end = from + Number(query.get('pageSize') ?? 50);
    const models = this.#models.slice(from, end).map(toListed);
    return { models, ...(end < this.#models.length && { nextPageToken: String(end) }) };
  }

  async chat(response: ServerResponse, request: RecordedRequest, scenario: GoogleScenario): Promise<void> {
    const { path, body } = request;
    const user = textOf(toObject(body).contents);
    const answer = (this.#options.answer ?? polish)(delimitedText(user));
    const query = new URL(path, 'http://fake').searchParams;
    const asked = path.includes(':stream') ? (query.get('alt') === 'sse' ? 'stream' : 'list') : 'plain';
    const as = scenario.as ?? asked;
    const reply: Reply = {
      model: modelOf(path) ?? '',
      prompt: textOf([toObject(body).systemInstruction]) + user,
      text: scenario.text === undefined ? answer : (scenario.text ?? ''),
      scenario,
    };
    const bytes = as === 'stream' ? streamOf(reply) : [Buffer.from(JSON.stringify(documentOf(reply, as), null, 2))];
    const type = as === 'stream' ? 'text/event-stream' : 'application/json; charset=UTF-8';
    response.writeHead(200, { ...vendorHeaders(), 'content-type': scenario.contentType ?? type });
    await sendBody(response, bytes, { scenario, delayMs: this.#options.tokenDelayMs ?? 0, flood });
  }
}

const bodyFields = [
  'contents',
  'systemInstruction',
  'generationConfig',
  'safetySettings',
  'tools',
  'toolConfig',
  'cachedContent',
];
const notFoundPage = '<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n';

function refusal(status: number, word: string, message: string, details: readonly object[] = []): WholeReply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: googleError(status, word, message, details),
  };
}

function toListed({ id, ...model }: GeminiModel): object {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: model.displayName,
    description: 'A sample.',
    inputTokenLimit: 1_048_576,
    outputTokenLimit: model.outputTokenLimit,
    supportedGenerationMethods: model.supportedGenerationMethods,
    temperature: 1,
    topP: 0.95,
    topK: 64,
    maxTemperature: 2,
  };
}

function vendorHeaders(): Record<string, string> {
  return {
    vary: 'Origin, X-Origin, Referer',
    server: 'scaffolding on HTTPServer2',
    'x-xss-protection': '0',
    'x-frame-options': 'SAMEORIGIN',
    'x-content-type-options': 'nosniff',
    'server-timing': 'gfet4t7; dur=12',
  };
}

interface Reply {
  readonly model: string;
  readonly prompt: string;
  readonly text: string;
  readonly scenario: GoogleScenario;
}

/** The vendor ends its lines with CRLF. */
function streamOf(reply: Reply): Buffer[] {
  const { scenario } = reply;
  if (scenario.raw !== undefined) return [Buffer.from(scenario.raw as string)];
  const framed = (scenario.events ?? eventsOf(reply)).map((event) => frameGoogle(event, scenario));
  return scenario.byteOrderMark ? [byteOrderMark, ...framed] : framed;
}

/** The bytes of one event of the vendor. */
export function frameGoogle(event: object | string, scenario: VendorScenario = {}): Buffer {
  const data = typeof event === 'string' ? event : JSON.stringify(event);
  return frame(data, { newline: '\r\n', ...scenario });
}

function eventsOf(reply: Reply): object[] {
  const { scenario, text } = reply;
  const { thinking = '', toolCall, blocked, finish = 'STOP' } = scenario;
  const tail = { modelVersion: scenario.model ?? reply.model, responseId: 'PotterDemo000000000000' };
  if (blocked !== undefined) {
    return [{ promptFeedback: { blockReason: blocked }, usageMetadata: usageOf(reply, false), ...tail }];
  }
  const parts = [
    ...tokensOf(thinking).map((token) => ({ text: token, thought: true })),
    ...(toolCall ? [{ functionCall: { name: 'look', args: {} } }] : tokensOf(text).map((token) => ({ text: token }))),
  ];
  const last = { text: '', thoughtSignature: 'EqQBCgIYAhIM' };
  return [...parts, last].map((part, index) => {
    const isLast = index === parts.length;
    const usage = usageOf(reply, isLast);
    const content = { parts: [part], role: 'model' };
    const ending = isLast && finish !== null ? { finishReason: finish } : {};
    return {
      candidates: [{ content, ...ending, index: 0 }],
      ...(usage !== null && { usageMetadata: usage }),
      ...tail,
    };
  });
}

function documentOf(reply: Reply, as: 'plain' | 'list'): unknown {
  const events = eventsOf(reply);
  if (as === 'list') return events;
  const { scenario, text } = reply;
  const { thinking, toolCall, finish = 'STOP' } = scenario;
  const parts = [
    ...(thinking === undefined ? [] : [{ text: thinking, thought: true }]),
    toolCall ? { functionCall: { name: 'look', args: {} } } : { text },
  ];
  const content = scenario.text === null ? { role: 'model' } : { parts, role: 'model' };
  const candidate = { content, ...(finish !== null && { finishReason: finish }), index: 0 };
  return { ...events.at(-1), ...(scenario.blocked === undefined && { candidates: [candidate] }) };
}

/** Totals so far; the vendor leaves out what is 0. */
function usageOf({ scenario, prompt, text }: Reply, isLast: boolean): unknown {
  if (scenario.usage !== undefined) return scenario.usage;
  const promptTokenCount = tokensOf(prompt).length;
  const candidatesTokenCount = scenario.toolCall || !isLast ? 0 : tokensOf(text).length;
  const thoughtsTokenCount = tokensOf(scenario.thinking ?? '').length;
  return {
    promptTokenCount,
    ...(candidatesTokenCount > 0 && { candidatesTokenCount }),
    totalTokenCount: promptTokenCount + candidatesTokenCount + thoughtsTokenCount,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokenCount }],
    ...(thoughtsTokenCount > 0 && { thoughtsTokenCount }),
  };
}

const flood = frameGoogle({
  candidates: [{ content: { parts: [{ text: 'more '.repeat(4000) }], role: 'model' }, index: 0 }],
}).toString();

/** The text of all parts of these contents. */
function textOf(contents: unknown): string {
  const all = Array.isArray(contents) ? contents.map(toObject) : [];
  const parts = all.flatMap(({ parts: some }) => (Array.isArray(some) ? some.map(toObject) : []));
  return parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('');
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
