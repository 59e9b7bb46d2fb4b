/** JSON as text: read token by token and written again, nothing of it changed but the white space. */

/**
 * The same JSON, indented by two spaces, or without any space. Works on the tokens, because JSON.parse would round long
 * numbers, reorder numeric keys and merge repeated ones. Without recursion, so that nesting cannot exhaust the stack.
 * Throws an error that names line and column.
 */
export function rewriteJson(text: string, form: 'indented' | 'minified'): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const isIndented = form === 'indented';
  const scanner = new JsonScanner(text);
  const out: string[] = [];
  const open: ('{' | '[')[] = [];
  const breakLine = (): void => {
    if (isIndented) out.push(newline, '  '.repeat(open.length));
  };
  const key = (): void => {
    out.push(scanner.string('a key in double quotes'), scanner.take(':', '":"'), isIndented ? ' ' : '');
  };

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
