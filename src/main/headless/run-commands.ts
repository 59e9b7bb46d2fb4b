/** The commands that work on a text: running an action, saying what it would send, and putting an original back. */
import type { Input, PreviewStep, RunChunk, RunResult } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Command, CommandContext } from './commands.ts';
import { printReply } from './reply.ts';
import { ProgressLine, print, printable, readInput, type Terminal } from './terminal.ts';

const json = { json: { type: 'boolean', help: 'print the reply as one line of JSON' } } as const;

export const runCommands: Readonly<Record<string, Command>> = {
  run: {
    route: 'text.process',
    arguments: ['[action]'],
    options: {
      instruction: { type: 'string' },
      model: { type: 'string' },
      selection: { type: 'boolean', help: 'work on the selection of the window in front, in place' },
      fresh: { type: 'boolean' },
      'dry-run': { type: 'boolean', help: 'say exactly what would be sent and where, and send nothing' },
      ...json,
    },
    run,
  },
  restore: { route: 'text.restore', arguments: [], options: json, run: restore },
};

async function run(context: CommandContext): Promise<void> {
  const { client, terminal, values, positionals, signal } = context;
  const [action] = positionals;
  const choice = {
    ...(action !== undefined && { action }),
    ...(typeof values.instruction === 'string' && { instruction: values.instruction }),
    ...(typeof values.model === 'string' && { model: values.model }),
  };
  if (values['dry-run']) return dryRun(context, choice);
  const source = values.selection
    ? ({ type: 'selection' } as const)
    : ({ type: 'text', text: await readInput(terminal, signal) } as const);
  const input: Input<'text.process'> = { source, ...choice, ...(values.fresh === true && { fresh: true }) };
  const live = new LiveRun(terminal, values.json === true);
  try {
    const result = await client.call('text.process', input, { signal, onChunk: (chunk) => live.receive(chunk) });
    await live.finish(result);
  } catch (thrown) {
    await live.abandon();
    throw thrown;
  }
}

/**
 * What the person sees of a run. On a terminal the answer appears as it comes; into a pipe or a file only a complete,
 * checked result is written, because whatever reads it takes the bytes for the result.
 */
class LiveRun {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #startedAt = performance.now();
  readonly #progress: ProgressLine;
  #label = '';
  #streamed = '';

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
    this.#progress = new ProgressLine(terminal.stderr, () => this.#line());
  }

  #line(): string | undefined {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    if (seconds < 1) return undefined;
    return `${this.#label} ${seconds.toFixed(0)} s, ${this.#streamed.length} characters (Ctrl-C cancels)`;
  }

  async receive(chunk: RunChunk): Promise<void> {
    if (chunk.type === 'started') {
      await this.#endStep();
      this.#label = chunk.model ? `${chunk.action}, ${chunk.provider}/${chunk.model}:` : `${chunk.action}:`;
      return;
    }
    if (chunk.type === 'waiting') {
      this.#label = `${chunk.provider} (${chunk.code}) is asked again in ${Math.ceil(chunk.ms / 1000)} s;`;
      return;
    }
    this.#streamed += chunk.text;
    if (!this.#showsLive()) return;
    this.#progress.clear();
    await print(this.#terminal.stdout, printable(chunk.text));
  }

  /** What a step of a chain came to stays on the terminal, apart from what the next one makes of it. */
  async #endStep(): Promise<void> {
    if (this.#streamed === '') return;
    this.#progress.clear();
    if (this.#showsLive()) await print(this.#terminal.stdout, '\n\n');
    this.#streamed = '';
  }

  #showsLive(): boolean {
    return this.#terminal.stdout.isTTY === true && !this.#json;
  }

  async finish(result: RunResult): Promise<void> {
    const { stdout, stderr } = this.#terminal;
    this.#progress.clear();
    if (this.#json) return print(stdout, `${JSON.stringify({ status: 'ok', data: result })}\n`);
    if (result.notice) await print(stderr, `potter: ${result.notice}\n`);
    if (result.outcome === 'replaced' || result.outcome === 'copied')
      return print(stderr, `potter: ${result.outcome}.\n`);
    if (!this.#showsLive()) return print(stdout, result.output);
    const rest = this.#streamed === '' ? printable(result.output) : '';
    const shown = this.#streamed + rest;
    return print(stdout, shown.endsWith('\n') ? rest : `${rest}\n`);
  }

  /** What stands on the terminal is not a result; the error that follows says why. */
  async abandon(): Promise<void> {
    this.#progress.clear();
    if (this.#showsLive() && this.#streamed !== '') await print(this.#terminal.stdout, '\n');
  }
}

async function dryRun(
  { client, terminal, values, signal }: CommandContext,
  choice: Omit<Input<'text.preview'>, 'text'>,
): Promise<void> {
  if (values.selection) {
    throw new PotterError('USAGE', 'A dry run takes its text from standard input; leave out --selection.');
  }
  const text = await readInput(terminal, signal);
  const preview = await client.call('text.preview', { ...choice, text }, { signal });
  if (values.json) return printReply(terminal, preview);
  await print(terminal.stdout, `${preview.steps.map(describe).join('\n\n')}\n`);
}

function describe({ name, request, system, user }: PreviewStep): string {
  if (!request) return `${name}: nothing leaves this machine.`;
  const { providerName, model, url, withKey, body } = request;
  const key = withKey ? 'your key goes along, in a header' : 'no key goes along';
  return printable(
    [
      `${name}: to ${providerName}, model ${model}, at ${url}; ${key}.`,
      `Said to the model:\n${system}`,
      `The text, as it is marked off:\n${user}`,
      `The whole request:\n${JSON.stringify(body, undefined, 2)}`,
    ].join('\n\n'),
  );
}

async function restore({ client, terminal, values, signal }: CommandContext): Promise<void> {
  const reply = await client.call('text.restore', {}, { signal });
  if (values.json) return printReply(terminal, reply);
  const said = {
    restored: 'The original is back.',
    copied: 'The window no longer holds the result, so nothing was changed: the original is on the clipboard.',
  };
  await print(terminal.stderr, `potter: ${said[reply.outcome]}\n`);
}
