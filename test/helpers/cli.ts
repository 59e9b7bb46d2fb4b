/** The real `potter` program as a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('../../bin/potter.js', import.meta.url));

export interface CliOptions {
  readonly dataDirectory: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that is killed with the test if it has not ended by then. */
export function startCli(args: readonly string[], options: CliOptions): ChildProcessWithoutNullStreams {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, POTTER_DATA: options.dataDirectory, ...options.environment };
  const child = spawn(process.execPath, [program, ...args], { env });
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

export async function runCli(
  args: readonly string[],
  options: CliOptions & { input?: string | Uint8Array },
): Promise<Finished> {
  const child = startCli(args, options);
  const finished = finishedOf(child);
  child.stdin.end(options.input ?? '');
  return finished;
}

export async function finishedOf(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Resolves with the match when standard output has come to hold one. */
export function printed(child: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (piece: string): void => {
      text += piece;
      const match = pattern.exec(text);
      if (!match) return;
      child.stdout.off('data', look);
      resolve(match);
    };
    child.stdout.on('data', look);
    child.once('close', () => reject(new Error(`The process ended without printing ${pattern}: ${text}`)));
  });
}
