/** The real program on a data directory of its own, for the browser tests and the screenshots. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { welcomed } from '../helpers/welcomed.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const node = join(root, 'node_modules', '.bin', 'node');
/** Another build of the program may stand in for the checkout's own. */
const entry = process.env.POTTER_ENTRY ?? join(root, 'bin', 'potter.js');

export interface ProgramOptions {
  /** Base address of a language-model server; none if left out, and nothing on this machine is probed. */
  readonly vendor?: string;
  /** Text of the settings file in place of the one made from `vendor`. */
  readonly settings?: string;
  /** Nobody has seen the introduction yet. */
  readonly isFirstStart?: boolean;
  readonly arguments?: readonly string[];
  /** Variables it is started with, besides those of the tests; an empty one takes it away. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class Program {
  readonly dataDirectory: string;
  readonly #arguments: readonly string[];
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  /** The address with its one-time token, of the last start. */
  address = '';

  private constructor(dataDirectory: string, { arguments: args = [], environment = {} }: ProgramOptions) {
    this.dataDirectory = dataDirectory;
    this.#arguments = args;
    this.#environment = environment;
  }

  static async start(options: ProgramOptions = {}): Promise<Program> {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'potter-e2e-'));
    const program = new Program(dataDirectory, options);
    await program.writeSettings(options.settings ?? JSON.stringify(settingsFor(options.vendor)));
    if (!options.isFirstStart) welcomed(dataDirectory);
    await program.start();
    return program;
  }

  get port(): string {
    return new URL(this.address).port;
  }

  writeSettings(text: string): Promise<void> {
    return writeFile(join(this.dataDirectory, 'settings.json'), text);
  }

  /** Resolves when the program has printed its address. */
  async start(port?: string): Promise<void> {
    const args = [entry, 'serve', '--data', this.dataDirectory, ...this.#arguments];
    if (port !== undefined) args.push('--port', port);
    const child = spawn(node, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    });
    this.#child = child;
    this.address = await new Promise((resolve, reject) => {
      let told = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        told += text;
        const [address] = /http:\/\/\S+#token=\S+/.exec(told) ?? [];
        if (address !== undefined) resolve(address);
      });
      child.once('exit', (code) => reject(new Error(`The program ended with ${code}.\n${told}`)));
    });
  }

  /** Runs a command on the same data, with lines on its standard input. Fails with what it wrote when it fails. */
  async command(args: readonly string[], ...lines: readonly string[]): Promise<void> {
    const child = spawn(node, [entry, ...args, '--data', this.dataDirectory], { stdio: ['pipe', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    child.stdin.end(lines.map((line) => `${line}\n`).join(''));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`potter ${args.join(' ')} ended with ${code}.\n${told}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  }

  /** Stops it and deletes its data. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.dataDirectory, { recursive: true, force: true });
  }
}

function settingsFor(vendor: string | undefined): object {
  if (vendor === undefined)
    return { providers: { none: { name: 'None', baseUrl: 'http://127.0.0.1:9/v1', needsKey: true } } };
  return {
    providers: { sample: { name: 'Sample', baseUrl: vendor, needsKey: false } },
    text: { defaultModel: 'sample/potter-demo-sample' },
  };
}
