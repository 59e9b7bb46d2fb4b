/** A whole X11 session of its own for the tests: server, window manager, message bus, a home to throw away. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface Session {
  readonly display: string;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Starts a program that ends with the session. */
  start(program: string, ...args: string[]): ChildProcess;
  /** Runs a program to its end and gives what it printed. */
  run(program: string, ...args: string[]): Promise<Buffer>;
  stop(): Promise<void>;
}

const needed = ['Xvfb', 'openbox', 'dbus-daemon', 'mousepad', 'chromium', 'xdotool', 'xclip', 'xprop', 'setxkbmap'];
export const installHint =
  'apt-get install -y --no-install-recommends xvfb openbox xdotool xclip mousepad x11-utils x11-xkb-utils dbus chromium fonts-noto-cjk';

export function missingPrograms(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return needed.filter((program) => !folders.some((folder) => isExecutable(join(folder, program))));
}

export async function startSession(): Promise<Session> {
  const folder = await mkdtemp(join(tmpdir(), 'potter-x11-'));
  const children: ChildProcess[] = [];
  const environment: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'data'),
    GSETTINGS_BACKEND: 'memory',
    GTK_USE_PORTAL: '0',
    NO_AT_BRIDGE: '1',
  };
  const start = (program: string, ...args: string[]): ChildProcess => {
    const child = spawn(program, args, { env: environment, stdio: 'ignore', detached: true });
    children.push(child);
    return child;
  };
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-noreset'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const display = `:${await firstLine(server.stdio[3] as Readable)}`;
  environment.DISPLAY = display;
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  environment.DBUS_SESSION_BUS_ADDRESS = await firstLine(bus.stdout);
  start('openbox');
  return {
    display,
    folder,
    environment,
    start,
    run: (program, ...args) =>
      new Promise((resolve, reject) => {
        execFile(program, args, { env: environment, encoding: 'buffer', maxBuffer: 1 << 28 }, (error, stdout) => {
          if (error) reject(error);
          else resolve(stdout);
        });
      }),
    stop: async () => {
      // The server last: without it the others die noisily by themselves.
      for (const child of [...children.reverse(), bus, server]) await end(child);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Ends a program with everything it started. */
export async function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => kill(pid, 'SIGKILL'), 3000);
  kill(pid, 'SIGTERM');
  await ended;
  clearTimeout(timer);
  kill(pid, 'SIGKILL');
}

/** Waits until a condition holds; what `poll` gives is the result. Fails, naming it, when that takes too long. */
export async function until<T>(
  what: string,
  poll: () => Promise<T | undefined> | T | undefined,
  ms = 10_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await poll();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function kill(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is gone already.
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first line a program prints; the rest is read and dropped. */
export async function firstLine(stream: Readable): Promise<string> {
  const lines = createInterface({ input: stream });
  return await new Promise((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(new Error('the program ended without a word')));
  });
}
