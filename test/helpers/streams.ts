/** Whole answers as the vendors stream them, in every variety that is still well formed, and their bytes in pieces. */

/** One answer. The same seed gives the same answer. */
export interface Stream {
  readonly title: string;
  /** The bytes of each event. */
  readonly events: readonly Buffer[];
  /** Index of the event without which the answer is not whole. */
  readonly closing: number;
}

/** A small generator of chance, so that every run sees the same streams. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1);
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  likely(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.between(0, from.length - 1)] ?? from[0];
  }
}

export const chunkings = {
  whole: (events) => [Buffer.concat(events)],
  'event by event': (events) => events,
  'byte by byte': (events) => cutAt(events, (at) => at > 0),
  'at random': (events, chance) => cutAt(events, () => chance.likely(0.05)),
  // Between the first byte of a character and those that continue it.
  'inside every character': (events) => cutAt(events, (_at, byte) => (byte & 0xc0) === 0x80),
} satisfies Record<string, (events: readonly Buffer[], chance: Chance) => readonly Buffer[]>;

export type Chunking = keyof typeof chunkings;

/** Cuts before each byte for which `here` is true. */
function cutAt(events: readonly Buffer[], here: (at: number, byte: number) => boolean): Buffer[] {
  const bytes = Buffer.concat(events);
  const cuts = [...bytes.keys()].filter((at) => here(at, bytes[at] ?? 0));
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index])).filter(({ length }) => length > 0);
}

/** A reply whose body arrives in these pieces. */
export function replyOf(pieces: readonly Uint8Array[]): Response {
  let next = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[next++];
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

const words = [
  'The',
  'quick',
  'brown',
  'fox',
  'Grüße',
  'naïve',
  '你好',
  '世界。',
  'مرحبا',
  'שלום',
  'नमस्ते',
  '👩‍👩‍👧‍👦',
  '🐻',
  '🇩🇪',
  'e\u0301',
  '\u200f\u2028\u2029',
  '\ufeff',
  '"quotes"',
  '\\back\\slash',
  '{"json":[1]}',
  '[DONE]',
  'data: x',
  'event: error',
  ': comment',
  '<b>&amp;</b>',
  '`x = 1`',
  '\u0001\u001f\u007f',
  '2026-11-23',
] as const;
const gaps = [' ', ' ', ' ', ' ', '\n', '\n\n', '\r\n', '\t', ', ', '  ', ''] as const;

/** Some text in several scripts, in the pieces a model would send. */
function tokensOf(chance: Chance): string[] {
  const text = Array.from({ length: chance.between(0, 12) }, () => chance.pick(words) + chance.pick(gaps)).join('');
  const tokens: string[] = [];
  for (let at = 0; at < text.length; ) {
    // Some servers cut between the halves of a character, which JSON can carry as escapes.
    const end = at + chance.between(0, 9);
    tokens.push(text.slice(at, end));
    at = end;
  }
  return tokens;
}

/** How the events of one stream are written. */
class Writer {
  readonly #newline: string;
  readonly #junk: boolean;
  readonly #space: string;
  readonly #escape: boolean;
  readonly #chance: Chance;

  /** `junk`: lines before the data that the format of events allows, and one vendor's SDK does not expect. */
  constructor(chance: Chance, { junk = true } = {}) {
    this.#chance = chance;
    this.#newline = chance.pick(['\n', '\n', '\n', '\r\n', '\r']);
    this.#junk = junk && chance.likely(0.3);
    this.#space = chance.pick([' ', ' ', ' ', '']);
    this.#escape = chance.likely(0.2);
  }

  event(data: unknown, name?: string): Buffer {
    const before =
      this.#junk && this.#chance.likely(0.5)
        ? this.#chance.pick([[': still here 你好'], ['id: 7', 'retry: 10'], ['nonsense', ':']])
        : [];
    const named = name === undefined ? [] : [`event:${this.#space}${name}`];
    const text = typeof data === 'string' ? data : this.#json(data);
    return Buffer.from([...before, ...named, `data:${this.#space}${text}`, '', ''].join(this.#newline));
  }

  #json(data: unknown): string {
    // JSON.stringify escapes half a character, which could not be written in UTF-8.
    const json = JSON.stringify(data);
    const padded = this.#chance.likely(0.2) ? json.replace(/\}$/, '   }') : json;
    return this.#escape ? padded.replace(/[^\x20-\x7e]/g, escaped) : padded;
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function countsOf(chance: Chance): number {
  return chance.pick([0, 1, chance.between(2, 9_999), chance.between(10_000, 2_000_000)]);
}

/** An answer of the OpenAI wire format. */
export function openAiStream(seed: number): Stream {
  const chance = new Chance(seed);
  const writer = new Writer(chance);
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_764_000_000, model: 'gpt-5-mini' };
  const kind = chance.pick(['text', 'text', 'text', 'text', 'refusal', 'tool']);
  const finish = kind === 'tool' ? 'tool_calls' : chance.pick(['stop', 'stop', 'stop', 'length', 'content_filter']);
  const [input, output] = [countsOf(chance), countsOf(chance)];
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  const counted = chance.pick(['apart', 'apart', 'with the end', 'never']);
  const noted = chance.likely(0.5) ? { usage: null } : {};
  const chunk = (delta: object, finish_reason: string | null = null, more: object = {}): unknown => ({
    ...head,
    ...more,
    choices: [{ index: 0, delta, ...(chance.likely(0.5) && { logprobs: null }), finish_reason }],
  });
  const tokens = tokensOf(chance);
  const field = kind === 'refusal' ? 'refusal' : 'content';
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"你"}' } };
  const content =
    kind === 'tool'
      ? [chunk({ tool_calls: [call] }, null, noted)]
      : tokens.map((token) => chunk({ [field]: token }, null, chance.likely(0.1) ? { obfuscation: 'ü你🐻' } : noted));
  const opening = chance.pick([
    [chunk({ role: 'assistant', content: '', refusal: null }, null, noted)],
    [chunk({ role: 'assistant' })],
    [{ ...head, choices: [], prompt_filter_results: [] }, chunk({ role: 'assistant', content: null })],
  ]);
  const last = counted === 'with the end' ? { usage } : noted;
  const before = [...opening, ...content];
  const after = counted === 'apart' ? [{ ...head, choices: [], usage }] : [];
  const chunks = [...before, chunk({}, finish, last), ...after];
  const done = chance.likely(0.8) ? ['[DONE]'] : [];
  return {
    title: `${seed}: ${kind}, ${finish}, usage ${counted}`,
    events: [...chunks, ...done].map((data) => writer.event(data)),
    closing: before.length,
  };
}

/** An answer of the Anthropic wire format. */
export function anthropicStream(seed: number): Stream {
  const chance = new Chance(seed);
  const writer = new Writer(chance);
  const finish = chance.pick([
    'end_turn',
    'end_turn',
    'end_turn',
    'max_tokens',
    'stop_sequence',
    'refusal',
    'model_context_window_exceeded',
  ]);
  const usage = {
    input_tokens: countsOf(chance),
    ...(chance.likely(0.6) && {
      cache_creation_input_tokens: chance.pick([0, null, countsOf(chance)]),
      cache_read_input_tokens: chance.pick([0, null, countsOf(chance)]),
    }),
  };
  const blocks = [
    ...(chance.likely(0.4) ? [thinkingBlock(chance)] : []),
    ...(chance.likely(0.1) ? [[blockStart({ type: 'redacted_thinking', data: 'EmwKAhgB' })]] : []),
    ...(chance.likely(0.1) ? [toolBlock] : []),
    ...Array.from({ length: chance.pick([1, 1, 1, 2, 0]) }, () => textBlock(chance)),
  ];
  const content = blocks.flatMap((events, index) =>
    [...events, { type: 'content_block_stop' }].map(({ type, ...fields }) => ({ type, index, ...fields })),
  );
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-5-5', content: [] };
  const opened = { stop_reason: null, stop_sequence: null };
  const totals = { output_tokens: countsOf(chance), ...(chance.likely(0.5) && usage) };
  const closing = [
    ...(chance.likely(0.2) ? [{ type: 'message_delta', delta: opened, usage: { output_tokens: 1 } }] : []),
    {
      type: 'message_delta',
      delta: { ...opened, stop_reason: finish, stop_sequence: finish === 'stop_sequence' ? '你' : null },
      usage: totals,
    },
    { type: 'message_stop' },
  ];
  const events = [
    { type: 'message_start', message: { ...message, ...opened, usage: { ...usage, output_tokens: 1 } } },
    ...content,
    ...closing,
  ].flatMap((event) => [
    ...(chance.likely(0.1) && event.type !== 'message_start'
      ? [chance.pick([{ type: 'ping' }, { type: 'vendor_news', is: '你' }])]
      : []),
    event,
  ]);
  return {
    title: `${seed}: ${blocks.length} blocks, ${finish}`,
    events: events.map((event) => writer.event(event, event.type)),
    closing: events.length - 1,
  };
}

/** An answer of the Gemini wire format. */
export function googleStream(seed: number): Stream {
  const chance = new Chance(seed);
  const writer = new Writer(chance, { junk: false });
  const kind = chance.pick(['text', 'text', 'text', 'text', 'text', 'text', 'text', 'blocked']);
  const finish = chance.pick([
    'STOP',
    'STOP',
    'STOP',
    'STOP',
    'MAX_TOKENS',
    'SAFETY',
    'RECITATION',
    'PROHIBITED_CONTENT',
  ]);
  const head = { modelVersion: 'gemini-3.1-flash', responseId: 'r1', ...(chance.likely(0.2) && { vendorNews: '你' }) };
  const counted = chance.pick(['each time', 'each time', 'at the end', 'apart', 'never']);
  const [prompt, tools, thoughts] = [countsOf(chance), countsOf(chance), countsOf(chance)];
  const withTools = chance.likely(0.1);
  const isThinking = chance.likely(0.4);
  const usageAt = (candidates: number): object => ({
    usageMetadata: {
      promptTokenCount: prompt,
      // The vendor leaves out what is 0.
      ...(candidates > 0 && { candidatesTokenCount: candidates }),
      ...(withTools && { toolUsePromptTokenCount: tools }),
      ...(isThinking && { thoughtsTokenCount: thoughts }),
      totalTokenCount: prompt + (withTools ? tools : 0) + (isThinking ? thoughts : 0) + candidates,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    },
  });
  const piece = (parts: readonly object[] | undefined, candidates: number, more: object = {}): object => ({
    candidates: [
      {
        content: { ...(parts && { parts }), role: 'model' },
        ...(chance.likely(0.5) && { index: 0 }),
        ...(chance.likely(0.1) && { safetyRatings: [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'LOW' }] }),
        ...more,
      },
    ],
    ...(counted === 'each time' && usageAt(candidates)),
    ...head,
  });
  const total = countsOf(chance);
  const atEnd = counted === 'at the end' ? usageAt(total) : {};
  const after = counted === 'apart' ? [{ ...usageAt(total), ...head }] : [];
  if (kind === 'blocked') {
    const blocked = {
      promptFeedback: { blockReason: chance.pick(['SAFETY', 'OTHER', 'BLOCKLIST']) },
      ...atEnd,
      ...head,
    };
    const said = counted === 'each time' ? { ...blocked, ...usageAt(0) } : blocked;
    return { title: `${seed}: blocked`, events: [said, ...after].map((data) => writer.event(data)), closing: 0 };
  }
  const tokens = tokensOf(chance);
  const thinking = isThinking ? tokensOf(chance).map((text) => piece([{ text, thought: true }], 0)) : [];
  const before = [
    ...thinking,
    ...tokens.map((text) => {
      const parts = chance.likely(0.2) ? [{ text: text.slice(0, 2) }, { text: text.slice(2) }] : [{ text }];
      return piece(chance.likely(0.1) ? [{ text: '你 think', thought: true }, ...parts] : parts, 1);
    }),
  ];
  const lastParts = chance.pick([
    [{ text: 'end 你' }],
    [{ text: '' }],
    [{ text: '', thoughtSignature: 'EqQBCgIYAhIM' }],
    [],
    undefined,
  ]);
  const last = { ...piece(lastParts, total, { finishReason: finish }), ...atEnd };
  return {
    title: `${seed}: ${finish}, usage ${counted}`,
    events: [...before, last, ...after].map((data) => writer.event(data)),
    closing: before.length,
  };
}

interface BlockEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

const blockStart = (content_block: object): BlockEvent => ({ type: 'content_block_start', content_block });
const blockDelta = (delta: object): BlockEvent => ({ type: 'content_block_delta', delta });

function textBlock(chance: Chance): readonly BlockEvent[] {
  const citation = { type: 'char_location', cited_text: '世界', document_index: 0 };
  return [
    blockStart({
      type: 'text',
      text: chance.likely(0.1) ? 'Grüße ' : '',
      ...(chance.likely(0.2) && { citations: [] }),
    }),
    ...tokensOf(chance).map((text) => blockDelta({ type: 'text_delta', text })),
    ...(chance.likely(0.1) ? [blockDelta({ type: 'citations_delta', citation })] : []),
  ];
}

function thinkingBlock(chance: Chance): readonly BlockEvent[] {
  return [
    blockStart({ type: 'thinking', thinking: '', signature: '' }),
    ...tokensOf(chance).map((thinking) => blockDelta({ type: 'thinking_delta', thinking })),
    blockDelta({ type: 'signature_delta', signature: 'EqQBCgIYAhIM' }),
  ];
}

const toolBlock: readonly BlockEvent[] = [
  blockStart({ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }),
  ...['{"at', '":"你', '"}'].map((partial_json) => blockDelta({ type: 'input_json_delta', partial_json })),
];
