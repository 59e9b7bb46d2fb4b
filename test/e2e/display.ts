/** An X server without a screen, for what only a desktop can show. */
import { spawn, spawnSync } from 'node:child_process';

export interface Display {
  /** For the variable `DISPLAY`. */
  readonly name: string;
  stop(): void;
}

export function hasDisplayServer(): boolean {
  return spawnSync('Xvfb', ['-version']).error === undefined;
}

export async function startDisplay(): Promise<Display> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '640x400x24', '-nolisten', 'tcp', '-noreset'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise<string>((resolve, reject) => {
    server.once('error', reject);
    server.stdio[3]?.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
  });
  return { name: `:${number}`, stop: () => void server.kill() };
}
