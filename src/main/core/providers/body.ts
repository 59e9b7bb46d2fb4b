/** Reading the body of a reply, whatever its headers say it is and in whatever pieces the bytes arrive. */
import { TextDecoder } from 'node:util';
import { PotterError } from '../../../shared/errors.ts';

/** A body whose first bytes have shown what it is; `chunks` still holds all of it. */
export interface Start {
  readonly kind: 'empty' | 'document' | 'page' | 'events';
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Servers mislabel JSON as an event stream and the reverse, so the first character decides. */
export async function readStart(body: ReadableStream<Uint8Array> | null): Promise<Start> {
  const chunks = chunksOf(body ?? new Blob([]).stream());
  const held: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return { kind: 'empty', chunks: resume(held, chunks) };
    held.push(value);
    const kind = kindOf(value);
    if (kind) return { kind, chunks: resume(held, chunks) };
  }
}

/** The body of a reply with status 200, which can be an API's. Fails with `EMPTY_RESULT` or `NOT_API`. */
export async function openReply(reply: Response, name: string): Promise<Start> {
  const start = await readStart(reply.body);
  if (start.kind === 'empty') throw new PotterError('EMPTY_RESULT', `${name} sent an empty reply.`);
  if (start.kind === 'page') {
    throw new PotterError('NOT_API', `A web page answered in place of ${name}; a network login page does that.`);
  }
  return start;
}

/** The body's JSON. Fails with `PROTOCOL` when it is none. */
export async function readDocument({ chunks }: Start, name: string): Promise<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  try {
    for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
    return JSON.parse(text + decoder.decode());
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof TypeError) throw malformed(name);
    throw thrown;
  }
}

/**
 * Yields one string for each event of a `text/event-stream`: its `data` lines joined. Comments, other fields and a byte
 * order mark are skipped. An event that the bytes leave unfinished is dropped, unless what there is of it is whole JSON.
 */
export async function* readEvents({ chunks }: Start, name: string): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of readLines(chunks, name)) {
    if (line === '' && data.length > 0) {
      yield data.join('\n');
      data = [];
    }
    const field = /^data(?:: ?|$)/.exec(line);
    if (field) data.push(line.slice(field[0].length));
  }
  if (data.length > 0 && isJson(data.join('\n'))) yield data.join('\n');
}

/** The JSON of one event. Fails with `PROTOCOL` when it is none. */
export function parseEvent(data: string, name: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw malformed(name);
  }
}

export function malformed(name: string): PotterError {
  return new PotterError('PROTOCOL', `${name} sent something that is not the JSON of an answer.`);
}

/** Lines ended by LF, CR or CRLF, then what follows the last end, cut short as it may be. */
async function* readLines(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let parts: string[] = [];
  let afterReturn = false;
  for await (const chunk of chunks) {
    let text = decode(decoder, chunk, name);
    if (text === '') continue;
    if (afterReturn && text.startsWith('\n')) text = text.slice(1);
    afterReturn = text.endsWith('\r');
    const [first = '', ...others] = text.split(/\r\n|\n|\r/);
    parts.push(first);
    for (const piece of others) {
      yield parts.join('');
      parts = [piece];
    }
  }
  // A character cut in two stays in the decoder: no replacement character reaches the text.
  yield parts.join('');
}

function decode(decoder: TextDecoder, chunk: Uint8Array, name: string): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch {
    throw malformed(name);
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      yield value;
    }
  } finally {
    // Not waited for: whoever leaves early has all it wants, and the outbound fetch closes the connection.
    void reader.cancel().catch(() => undefined);
  }
}

async function* resume(held: readonly Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* held;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** By the first character that is neither white space nor a byte order mark. */
function kindOf(chunk: Uint8Array): Start['kind'] | undefined {
  const blank = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
  const first = chunk.find((byte) => !blank.has(byte));
  if (first === undefined) return undefined;
  const character = String.fromCharCode(first);
  if (character === '<') return 'page';
  return character === '{' || character === '[' ? 'document' : 'events';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
