/** The `potter` command line: finds the command, opens the core, turns failures into exit codes. */
import { homedir } from 'node:os';
import { parseArgs } from 'node:util';
import type { Client } from '../../shared/client.ts';
import { closest } from '../../shared/closest.ts';
import { PotterError, toPotterError, toWire } from '../../shared/errors.ts';
import { readEnvironment } from '../core/config/sources.ts';
import { type Cipher, defaultDataDirectory } from '../core/host.ts';
import { type AloneContext, type Command, type CommandContext, commands } from './commands.ts';
import { notifyDesktop } from './desktop.ts';
import { commandHelp, help } from './help.ts';
import { connectHeadless } from './open.ts';
import { askingClient, unlockFromFile } from './passphrase.ts';
import { print, type Terminal } from './terminal.ts';
import { packageVersion } from './version.ts';

/** Exit codes: 0 done, 1 something outside failed, 2 the input or the usage is wrong, 70 a bug, 130 interrupted. */
const exitCodes = { outside: 1, user: 2, bug: 70 } as const;
const interrupted = 130;

export interface CliOptions {
  readonly terminal?: Terminal;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal?: AbortSignal;
  /** The key store of the system, where the shell around this command has one; asked for by whoever owns the data. */
  readonly cipher?: () => Promise<Cipher>;
}

/** Runs one command and returns its exit code. */
export async function main(argv: readonly string[], options: CliOptions = {}): Promise<number> {
  const { terminal = process, environment = readEnvironment() } = options;
  const interruption = options.signal ? undefined : listenForInterrupt();
  const signal = options.signal ?? interruption?.signal ?? new AbortController().signal;
  process.stdout.on('error', quietOnClosedPipe);
  let json = false;
  try {
    const { name, command, rest } = findCommand(argv);
    if (!command) {
      await print(terminal.stdout, name === 'version' ? `${packageVersion}\n` : `${help()}\n`);
      return 0;
    }
    const parsed = parseCommand(name, command, rest);
    json = parsed.values.json === true;
    if (parsed.values.help) {
      await print(terminal.stdout, `${commandHelp(name, command)}\n`);
      return 0;
    }
    const dataDirectory =
      stringOf(parsed.values.data) ?? defaultDataDirectory(process.platform, environment, homedir());
    const { cipher } = options;
    let exitCode = 0;
    const exitWith = (code: number): void => {
      exitCode = code;
    };
    const context = { ...parsed, terminal, environment, dataDirectory, signal, exitWith, ...(cipher && { cipher }) };
    await runCommand(command, context);
    return exitCode;
  } catch (thrown) {
    return await fail(terminal, toPotterError(thrown), json);
  } finally {
    interruption?.stop();
    process.stdout.off('error', quietOnClosedPipe);
  }
}

async function runCommand(command: Command, context: AloneContext): Promise<void> {
  if ('runAlone' in command) return command.runAlone(context);
  // A run on the selection was started by a key: nobody watches its standard error.
  const notify = context.values.selection ? { notify: notifyDesktop } : {};
  const [action] = command.route === 'text.process' ? context.positionals : [];
  const opened = await connectHeadless({ ...context, ...notify, ...(action !== undefined && { firstAction: action }) });
  try {
    await tellProblems(context.terminal, opened.client);
    if (command.route !== 'system.erase') await unlockFromFile(opened.client, context.environment);
    // A run on the selection cannot ask: the terminal would then be the window in front.
    const client = context.values.selection ? opened.client : askingClient(opened.client, context);
    await command.run({ ...context, client, isOwner: opened.isOwner() });
  } finally {
    await opened.close();
  }
}

/** A settings file that could not be read does not stop the work, but must not go unseen. */
async function tellProblems({ stderr }: Terminal, client: Client): Promise<void> {
  const { problems } = await client.call('system.info', {});
  for (const problem of problems) await print(stderr, `potter: ${problem}\n`);
}

function findCommand(argv: readonly string[]): { name: string; command: Command | undefined; rest: readonly string[] } {
  const [first = 'help', second] = argv;
  if (first === 'version' || first === '--version' || first === '-v')
    return { name: 'version', command: undefined, rest: [] };
  // The longest name that fits: some have three words.
  for (const words of [3, 2]) {
    const name = argv.slice(0, words).join(' ');
    if (argv.length >= words && Object.hasOwn(commands, name))
      return { name, command: commands[name], rest: argv.slice(words) };
  }
  if (first === 'help' || first === '--help' || first === '-h') return helpOn(argv.slice(1));
  const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
  // A word behind a command that takes none was meant for a second part of its name.
  const isMisspelt = command?.arguments.length === 0 && second !== undefined && !second.startsWith('-');
  const hasParts = Object.keys(commands).some((name) => name.startsWith(`${first} `));
  if (command && !(isMisspelt && hasParts)) return { name: first, command, rest: argv.slice(1) };
  throw unknownCommand(first, second);
}

function helpOn(words: readonly string[]): { name: string; command: Command | undefined; rest: readonly string[] } {
  const name = words.join(' ');
  if (name === '') return { name: 'help', command: undefined, rest: [] };
  if (Object.hasOwn(commands, name)) return { name, command: commands[name], rest: ['--help'] };
  throw unknownCommand(words[0] ?? '', words[1]);
}

function unknownCommand(first: string, second: string | undefined): PotterError {
  const names = Object.keys(commands);
  const within = names.filter((name) => name.startsWith(`${first} `)).map((name) => name.slice(first.length + 1));
  if (within.length > 0) {
    const problem = second === undefined ? 'needs one of' : `does not know "${second}"; it has`;
    return new PotterError('USAGE', `"potter ${first}" ${problem}: ${within.join(', ')}.`);
  }
  const near = closest(first, [...new Set(names.map((name) => name.split(' ')[0] ?? name))]);
  return new PotterError('USAGE', `There is no command "${first}"${near ? `; did you mean "${near}"?` : '.'}`);
}

const commonOptions = {
  data: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parseCommand(
  name: string,
  command: Command,
  rest: readonly string[],
): Pick<CommandContext, 'values' | 'positionals'> {
  const options = { ...commonOptions, ...command.options };
  try {
    const { values, positionals } = parseArgs({ args: [...rest], options, allowPositionals: true, strict: true });
    const takesMany = command.arguments.at(-1)?.endsWith('…]') === true;
    const most = takesMany ? Number.POSITIVE_INFINITY : command.arguments.length;
    const least = command.arguments.filter((argument) => !argument.startsWith('[')).length;
    const wrong = positionals.length > most || positionals.length < least;
    if (wrong && !values.help) throw new Error(`it takes ${command.arguments.join(' ') || 'no arguments'}.`);
    return { values, positionals };
  } catch (thrown) {
    // Node's own advice after the first sentence is about shells, not about Potter.
    const reason = String(thrown instanceof Error ? thrown.message : thrown).replace(/\. .*/s, '.');
    throw new PotterError('USAGE', `"potter ${name}" was not understood: ${reason}`, {
      cause: thrown,
      detail: { usage: commandHelp(name, command) },
    });
  }
}

async function fail(terminal: Terminal, error: PotterError, json: boolean): Promise<number> {
  const { code, kind, callId } = error;
  if (json) {
    const reply = { status: 'error', error: toWire(error), ...(callId && { callId }) };
    await print(terminal.stdout, `${JSON.stringify(reply)}\n`).catch(() => undefined);
  } else {
    await print(terminal.stderr, explanation(error, terminal.stderr.isTTY === true)).catch(() => undefined);
  }
  return code === 'CANCELLED' ? interrupted : exitCodes[kind.fault];
}

function explanation({ code, kind, message, callId }: PotterError, isTerminal: boolean): string {
  // Who pressed Ctrl-C knows; but what stands on the terminal may look like a result.
  if (code === 'CANCELLED') return isTerminal ? 'potter: Cancelled; nothing above is a result.\n' : '';
  // A call id finds the lines of the log; only a bug of ours needs them.
  const call = kind.fault === 'bug' && callId ? `, call ${callId}` : '';
  return `potter: ${message}\n${kind.next} (${code}${call})\n`;
}

function listenForInterrupt(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  let firstAt = 0;
  const interrupt = (): void => {
    // One key press reaches us several times: from the terminal and from npm. A later one is from someone who has
    // waited long enough.
    if (controller.signal.aborted && performance.now() - firstAt > 1000) process.exit(interrupted);
    if (controller.signal.aborted) return;
    firstAt = performance.now();
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, interrupt);
  const stop = (): void => {
    for (const name of signals) process.off(name, interrupt);
  };
  return { signal: controller.signal, stop };
}

/** `potter … | head` closes the pipe early: that is not a failure to report. */
function quietOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
