import type { Plugin } from '../../src/shared/plugin-api.ts';

export const plugin: Plugin = {
  commands: {
    'sort-lines': sortLines,
    'upper-case': (text) => text.toUpperCase(),
    trim: trimAndCollapse,
    'json-format': formatJson,
  },
};

/**
 * The line endings stay where they are, so a final newline, or its absence, and CRLF survive. The engine's own order of
 * strings is by far the fastest, so each line is sorted as key, NUL, newline, line: no line holds a newline. In place,
 * because a million characters may be half a million lines.
 */
function sortLines(text: string): string {
  const lines = text.split(/\r?\n/);
  const isTerminated = lines.length > 1 && lines.at(-1) === '';
  if (isTerminated) lines.pop();
  const keys = sortKey(text.includes('\r') ? text.replaceAll('\r\n', '\n') : text);
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const next = keys.indexOf('\n', start);
    const end = next === -1 ? keys.length : next;
    lines[index] = `${keys.slice(start, end)}\0\n${line}`;
    start = end + 1;
  }
  lines.sort();
  for (const [index, keyed] of lines.entries()) lines[index] = keyed.slice(keyed.indexOf('\n') + 1);
  return joinLines(lines, text, isTerminated);
}

/** Joins the lines with the endings of the text. */
function joinLines(lines: readonly string[], text: string, isTerminated: boolean): string {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const isMixed = ending === '\r\n' && text.replaceAll('\r\n', '').includes('\n');
  if (!isMixed) return lines.join(ending) + (isTerminated ? ending : '');
  const endings = text.match(/\r?\n/g) ?? [];
  return lines.map((line, index) => line + (endings[index] ?? '')).join('');
}

/** Case and the accents of Latin letters decide only between otherwise equal lines; й or ё stay letters of their own. */
function sortKey(text: string): string {
  const lower = text.toLowerCase();
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
    this.#skipSpace();
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
    this.#skipSpace();
    const start = this.#at;
    if (this.#text.charAt(start) !== '"') this.#fail(expected);
    this.#at++;
    do this.#match(plainCharacters);
    while (this.#text.charAt(this.#at) === '\\' && this.#match(escapeSequence) !== '');
    if (this.#text.charAt(this.#at) !== '"') this.#fail('the end of the string');
    this.#at++;
    return this.#text.slice(start, this.#at);
  }

  scalar(): string {
    this.#skipSpace();
    if (this.#text.charAt(this.#at) === '"') return this.string('a value');
    const found = this.#match(literal);
    if (found === '') this.#fail('a value');
    return found;
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('the end of the text');
  }

  /** A loop, because starting the regular expression engine costs more than the one space there usually is. */
  #skipSpace(): void {
    const text = this.#text;
    let at = this.#at;
    for (let code = text.charCodeAt(at); code === 32 || code === 10 || code === 13 || code === 9; )
      code = text.charCodeAt(++at);
    this.#at = at;
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
