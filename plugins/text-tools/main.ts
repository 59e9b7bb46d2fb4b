import type { Plugin } from '../../src/shared/plugin-api.ts';

export const plugin: Plugin = {
  commands: {
    'sort-lines': sortLines,
    'upper-case': (text) => text.toUpperCase(),
    trim: trimAndCollapse,
    'json-format': formatJson,
  },
};

/** The line endings stay where they are, so a final newline, or its absence, and CRLF survive. */
function sortLines(text: string): string {
  const endings = text.match(/\r?\n/g) ?? [];
  const lines = text.split(/\r?\n/);
  const isTerminated = lines.length > 1 && lines.at(-1) === '';
  if (isTerminated) lines.pop();
  const sorted = lines.map((line) => ({ line, key: sortKey(line) })).sort(byKeyThenText);
  return sorted.map(({ line }, index) => line + (endings[index] ?? '')).join('');
}

interface Keyed {
  readonly line: string;
  readonly key: string;
}

function byKeyThenText(a: Keyed, b: Keyed): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.line !== b.line) return a.line < b.line ? -1 : 1;
  return 0;
}

/** Case and the accents of Latin letters decide only between otherwise equal lines; й or ё stay letters of their own. */
function sortKey(line: string): string {
  const lower = line.toLowerCase();
  if (!/[^\0-\x7f]/.test(lower)) return lower;
  return lower
    .normalize('NFD')
    .replace(/([a-z])[\u0300-\u036f]+/g, '$1')
    .normalize('NFC');
}

function trimAndCollapse(text: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/).map((line) => line.replace(/[^\S\r\n]+/g, oneSpace).trim());
  const first = lines.findIndex((line) => line !== '');
  if (first === -1) return '';
  const last = lines.findLastIndex((line) => line !== '');
  const isTerminated = last < lines.length - 1;
  return lines.slice(first, last + 1).join(newline) + (isTerminated ? newline : '');
}

/** A single no-break or ideographic space was chosen by the writer and stays. */
const oneSpace = (run: string): string => (run.length > 1 || run === '\t' ? ' ' : run);

/**
 * Works on the tokens, because JSON.parse would round long numbers, reorder numeric keys and merge repeated ones.
 * Without recursion, so that nesting cannot exhaust the stack.
 */
function formatJson(text: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const scanner = new JsonScanner(text);
  const out: string[] = [];
  const open: ('{' | '[')[] = [];
  const breakLine = (): void => void out.push(newline, '  '.repeat(open.length));
  const key = (): void => void out.push(scanner.string('a key in double quotes'), scanner.take(':', '":"'), ' ');

  for (;;) {
    const bracket = scanner.takeOneOf('{[') as '' | '{' | '[';
    if (bracket !== '') {
      const close = bracket === '{' ? '}' : ']';
      if (scanner.takeOneOf(close) === '') {
        out.push(bracket);
        open.push(bracket);
        breakLine();
        if (bracket === '{') key();
        continue;
      }
      out.push(bracket, close);
    } else {
      out.push(scanner.scalar());
    }
    // A value is complete: close what ends here, then go on behind the comma.
    for (;;) {
      const container = open.at(-1);
      if (container === undefined) {
        scanner.end();
        return out.join('') + (/\n[ \t\r\n]*$/.test(text.slice(-1000)) ? newline : '');
      }
      const close = container === '{' ? '}' : ']';
      if (scanner.takeOneOf(',') === ',') {
        out.push(',');
        breakLine();
        if (container === '{') key();
        break;
      }
      const closed = scanner.take(close, `"," or "${close}"`);
      open.pop();
      breakLine();
      out.push(closed);
    }
  }
}

const space = /[ \t\r\n]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these in a string
const plainCharacters = /[^"\\\0-\x1f]*/y;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const literal = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** Reads JSON tokens one after another; each method skips the white space before its token. */
class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    // A byte order mark is no white space to JSON, though files begin with one.
    if (text.startsWith('\ufeff')) this.#at = 1;
  }

  /** The next character if it is one of these, else an empty text. */
  takeOneOf(characters: string): string {
    this.#match(space);
    const next = this.#text.charAt(this.#at);
    if (next === '' || !characters.includes(next)) return '';
    this.#at++;
    return next;
  }

  take(character: string, expected: string): string {
    if (this.takeOneOf(character) === '') this.#fail(expected);
    return character;
  }

  string(expected: string): string {
    this.#match(space);
    const start = this.#at;
    if (this.#text.charAt(start) !== '"') this.#fail(expected);
    this.#at++;
    do this.#match(plainCharacters);
    while (this.#match(escapeSequence) !== '');
    if (this.#text.charAt(this.#at) !== '"') this.#fail('the end of the string');
    this.#at++;
    return this.#text.slice(start, this.#at);
  }

  scalar(): string {
    this.#match(space);
    if (this.#text.charAt(this.#at) === '"') return this.string('a value');
    const found = this.#match(literal);
    if (found === '') this.#fail('a value');
    return found;
  }

  end(): void {
    this.#match(space);
    if (this.#at < this.#text.length) this.#fail('the end of the text');
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #fail(expected: string): never {
    const before = this.#text.slice(0, this.#at).split(/\r?\n/);
    const column = [...(before.at(-1) ?? '')].length + 1;
    throw new Error(`Line ${before.length}, column ${column}: expected ${expected}, found ${this.#found()}.`);
  }

  #found(): string {
    const point = this.#text.codePointAt(this.#at);
    if (point === undefined) return 'the end of the text';
    if (point === 10 || point === 13) return 'the end of the line';
    if (point < 32) return `the control character ${point}`;
    return /[\w.+-]+/y.exec(this.#text.slice(this.#at, this.#at + 20))?.[0] ?? String.fromCodePoint(point);
  }
}
