/** The terminal around the command line: standard streams, a hidden prompt, a progress line. */
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { PotterError } from '../../shared/errors.ts';

export interface Terminal {
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?: (on: boolean) => unknown };
  readonly stdout: Writable & { isTTY?: boolean };
  readonly stderr: Writable & { isTTY?: boolean; columns?: number };
}

/** Settles when the text has been handed to the reader, so that a slow reader slows us down. */
export function print(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Everything on standard input. On a terminal it first says how to end. Fails with `INVALID_INPUT` unless it is UTF-8. */
export async function readInput({ stdin, stderr }: Terminal, signal: AbortSignal): Promise<string> {
  if (stdin.isTTY) await print(stderr, 'Type or paste the text, then press Ctrl-D.\n');
  return decode(await abortable(buffer(stdin), signal));
}

/** To the letter: a wrong byte is not replaced and a byte order mark not dropped, since the text goes back where it came from. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new PotterError('INVALID_INPUT', 'Standard input is not text in UTF-8; convert it first, as with iconv.', {
      cause,
    });
  }
}

/** One line, not shown while it is typed. From a pipe: the whole of it without its final newline. */
export async function readSecret(terminal: Terminal, prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = terminal;
  if (!stdin.isTTY || !stdin.setRawMode) return decode(await abortable(buffer(stdin), signal)).replace(/\r?\n$/, '');
  await print(stderr, prompt);
  stdin.setRawMode(true);
  try {
    return await abortable(typedLine(stdin), signal);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    await print(stderr, '\n');
  }
}

/** A question on the terminal; only `y` or `yes` is yes. */
export async function confirm(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  return /^y(?:es)?$/i.test((await readLine(terminal, question, signal)).trim());
}

/** One line typed on the terminal. */
export async function readLine({ stdin, stderr }: Terminal, question: string, signal: AbortSignal): Promise<string> {
  await print(stderr, question);
  try {
    return await abortable(typedLine(stdin), signal);
  } finally {
    stdin.pause();
  }
}

const enter = new Set(['\r', '\n', '\u0004']);
const erase = new Set(['\u007f', '\b']);

function typedLine(stdin: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = '';
    const receive = (bytes: Buffer): void => {
      for (const character of bytes.toString('utf8')) {
        if (character === '\u0003') end(() => reject(abortError()));
        else if (enter.has(character)) end(() => resolve(line));
        else line = erase.has(character) ? line.slice(0, -1) : line + character;
      }
    };
    const end = (act: () => void): void => {
      stdin.off('data', receive);
      stdin.off('end', finish);
      act();
    };
    const finish = (): void => end(() => resolve(line));
    stdin.on('data', receive);
    // Ctrl-D, where the terminal itself makes the lines.
    stdin.once('end', finish);
  });
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortError());
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

const abortError = (): Error => new DOMException('The operation was aborted.', 'AbortError');

/** One line on standard error that is rewritten in place and gone at the end. Nothing when that is not a terminal. */
export class ProgressLine {
  readonly #stream: Terminal['stderr'];
  readonly #timer: NodeJS.Timeout | undefined;
  #shown = false;

  /** `say` gives the line each time; undefined shows nothing yet. */
  constructor(stream: Terminal['stderr'], say: () => string | undefined) {
    this.#stream = stream;
    if (stream.isTTY) this.#timer = setInterval(() => this.#show(say()), 100);
  }

  #show(line: string | undefined): void {
    if (line === undefined) return;
    this.#shown = true;
    this.#stream.write(`\r\u001b[K${line.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }

  /** Also stops it: nothing is shown afterwards. */
  clear(): void {
    clearInterval(this.#timer);
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }
}

/** Control characters of a model's answer could drive the terminal; there they are shown as pictures instead. */
export function printable(answer: string): string {
  return answer.replace(/(?!\r\n|[\n\t])\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}
