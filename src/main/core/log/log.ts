/** The structured log: one JSON line an entry, redacted before it is written. */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pino } from 'pino';
import type { Clock } from '../host.ts';
import { describeError, redactLine } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A log whose every entry carries these fields: the call id, the area. */
  child(fields: Readonly<Record<string, unknown>>): Log;
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

/** The log of a data directory, which has a file to be written out and closed. */
export interface FileLog extends Log {
  readonly file: string;
  /** Writes out what is still buffered; returns when it is in the file. */
  flush(): void;
  /** Deletes every file of the log and begins a new one. How many there were. */
  erase(): number;
  /** Writes out the rest and closes the file. What is logged afterwards is dropped. */
  stop(): void;
}

export interface LogOptions {
  /** Folder of the log, created with mode 0700 when missing. */
  readonly directory: string;
  /** Least severity that is written, of an area or of what belongs to none. Asked at every entry, so a changed setting takes effect at once. */
  readonly level: (area?: string) => LogLevel | 'silent';
  /** Are e-mail addresses left out? Asked at every line. Default: never. */
  readonly hideEmail?: () => boolean;
  readonly clock: Clock;
  /** Of all files together; asked at every batch. A full one becomes `potter.log.1`, that one `.2`, and so on. Default 50 MiB. */
  readonly maxBytes?: () => number;
}

/** Writes JSON lines to `potter.log` (mode 0600) in the folder. */
export function createLog(options: LogOptions): FileLog {
  const { directory, level, clock, hideEmail = () => false, maxBytes = () => 50 * 1024 * 1024 } = options;
  const sink = new LogFile(join(directory, 'potter.log'), { maxBytes, hideEmail });
  const root = pino(
    {
      level: 'debug',
      base: null,
      timestamp: () => `,"time":${clock.now()}`,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
  return {
    ...entryPoint(() => root, level),
    file: sink.path,
    flush: () => sink.flush(),
    erase: () => sink.erase(),
    stop: () => sink.stop(),
  };
}

const severity = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;

/** A child is made by every call and written to by some, so pino's own child waits for the first entry. */
function entryPoint(open: () => pino.Logger, level: LogOptions['level'], area?: string): Log {
  let opened: pino.Logger | undefined;
  const logger = (): pino.Logger => {
    opened ??= open();
    return opened;
  };
  const at = (own: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    if (severity[own] < severity[level(area)]) return;
    if (fields === undefined) logger()[own](message);
    else logger()[own](plain(fields), message);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) =>
      entryPoint(() => logger().child(plain(fields)), level, typeof fields.area === 'string' ? fields.area : area),
  };
}

/** JSON would make `{}` of an Error. */
function plain(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined;
  for (const name in fields) {
    if (!(fields[name] instanceof Error)) continue;
    copy ??= { ...fields };
    copy[name] = describeError(fields[name]);
  }
  return copy ?? fields;
}

/** The one that is written, and four full ones. */
const files = 5;

/** Lines of one turn of the event loop are written together, unless they get longer than this. */
const longestBatch = 64 * 1024;

/**
 * Where the lines go: every one is redacted here, whoever wrote it. Written synchronously, some lines at a time: pino's
 * own asynchronous stream may still have a line in its hands when it says that it has flushed, and is no faster.
 */
class LogFile {
  readonly path: string;
  readonly #maxBytes: () => number;
  readonly #hideEmail: () => boolean;
  #descriptor: number | undefined;
  #pending = '';
  #bytes = 0;

  constructor(path: string, { maxBytes, hideEmail }: Required<Pick<LogOptions, 'maxBytes' | 'hideEmail'>>) {
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#hideEmail = hideEmail;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#descriptor = this.#open();
  }

  write(line: string): void {
    if (this.#descriptor === undefined) return;
    if (this.#pending === '') setImmediate(() => this.flush());
    this.#pending += redactLine(line, this.#hideEmail());
    if (this.#pending.length > longestBatch) this.flush();
  }

  flush(): void {
    if (this.#descriptor === undefined || this.#pending === '') return;
    const batch = this.#pending;
    this.#pending = '';
    try {
      if (this.#bytes > this.#maxFileBytes()) this.#startAnew(this.#descriptor);
      appendFileSync(this.#descriptor, batch);
      this.#bytes += batch.length;
    } catch {
      // A full disk costs log lines, not the process.
    }
  }

  erase(): number {
    this.#pending = '';
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    const files = readdirSync(dirname(this.path)).filter((name) => name.startsWith(basename(this.path)));
    for (const name of files) rmSync(join(dirname(this.path), name), { force: true });
    this.#descriptor = this.#open();
    return files.length;
  }

  stop(): void {
    this.flush();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #startAnew(full: number): void {
    closeSync(full);
    this.#descriptor = undefined;
    this.#descriptor = this.#open();
  }

  #maxFileBytes(): number {
    return this.#maxBytes() / files;
  }

  /** The oldest is overwritten by the one before it. */
  #rotate(): void {
    for (let number = files - 1; number > 0; number -= 1) {
      const older = number === 1 ? this.path : `${this.path}.${number - 1}`;
      if (existsSync(older)) renameSync(older, `${this.path}.${number}`);
    }
  }

  #open(): number {
    if (sizeOf(this.path) > this.#maxFileBytes()) this.#rotate();
    const descriptor = openSync(this.path, 'a', 0o600);
    chmodSync(this.path, 0o600);
    this.#bytes = sizeOf(this.path);
    return descriptor;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
