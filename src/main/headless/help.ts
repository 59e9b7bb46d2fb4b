/** Help texts, derived from the contract so that they cannot disagree with it. */
import * as z from 'zod';
import { contract } from '../../shared/contract.ts';
import { type Command, commands } from './commands.ts';

const intro = `Potter rewrites text with a language model or a plugin, in place.

Usage: potter <command> [arguments] [options]

`;

const outro = `
Every command takes --json (one line of JSON on standard output), --data <folder> (another data
directory) and --help. Exit codes: 0 done, 1 something outside Potter failed, 2 wrong input or usage,
70 a bug in Potter, 130 interrupted.

  echo 'This is a example.' | potter run proofread-offline
  potter serve --open
  potter doctor`;

export function help(): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => usage(name).length));
  const lines = Object.entries(commands).map(
    ([name, command]) => `  ${usage(name).padEnd(width)}  ${summary(command)}`,
  );
  return `${intro}${lines.join('\n')}\n${outro}`;
}

export function commandHelp(name: string, command: Command): string {
  const options = Object.entries(command.options);
  const flags = options.map(([flag, { type }]) => `--${flag}${type === 'string' ? ' <value>' : ''}`);
  const width = Math.max(0, ...flags.map((flag) => flag.length));
  const described = options.map(
    ([flag], index) => `  ${(flags[index] ?? '').padEnd(width)}  ${describe(command, flag)}`,
  );
  return [
    `Usage: potter ${usage(name)} [options]`,
    '',
    summary(command),
    ...(flags.length > 0 ? ['', ...described] : []),
  ].join('\n');
}

function usage(name: string): string {
  const taken = commands[name]?.arguments ?? [];
  return [name, ...taken].join(' ');
}

function summary({ route, summary: own }: Command): string {
  return own ?? (route ? contract[route].summary : '');
}

/** The flag's own sentence, else the one beside the field of the same name in the route's input. */
function describe({ route, options }: Command, flag: string): string {
  const own = options[flag]?.help;
  if (own !== undefined) return own;
  const input = route ? contract[route].input : undefined;
  const field = input instanceof z.ZodObject ? (input.shape as Record<string, z.ZodType>)[flag] : undefined;
  return field?.description ?? '';
}
