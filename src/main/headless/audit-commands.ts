/** `potter audit`: what was decided and changed, and whether the record of it is whole. */
import { writeFile } from 'node:fs/promises';
import type { Output } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Command, CommandContext } from './commands.ts';
import { printReply, table } from './reply.ts';
import { print } from './terminal.ts';

const json = { json: { type: 'boolean', help: 'print the reply as one line of JSON' } } as const;

export const auditCommands: Readonly<Record<string, Command>> = {
  audit: { route: 'audit.list', arguments: [], options: { limit: { type: 'string' }, ...json }, run: list },
  'audit verify': { route: 'audit.verify', arguments: [], options: json, run: verify },
  'audit export': { route: 'audit.export', arguments: ['[file]'], options: {}, run: exportLog },
};

async function list({ client, terminal, values }: CommandContext): Promise<void> {
  const reply = await client.call('audit.list', values.limit === undefined ? {} : { limit: Number(values.limit) });
  if (values.json) return printReply(terminal, reply);
  const rows = reply.entries.map(({ seq, at, caller, route, subject, result, callId }) => [
    String(seq),
    new Date(at).toISOString().slice(0, 19).replace('T', ' '),
    caller,
    route,
    subject,
    result,
    callId,
  ]);
  if (rows.length > 0) await print(terminal.stdout, `${table(rows)}\n`);
  else await print(terminal.stderr, 'Nothing is recorded yet.\n');
}

const meanings: Readonly<Record<NonNullable<Output<'audit.verify'>['problem']>['kind'], string>> = {
  edited: 'was changed',
  missing: 'is missing',
  inserted: 'was put in',
  reordered: 'is not in its place',
  rewritten: 'is not the one that was signed: the log was made anew',
  cut: 'and those after it were cut off',
  'checkpoint-forged': 'has a checkpoint that Potter did not sign',
  'checkpoint-missing': 'has lost a checkpoint',
  'checkpoint-replayed': 'has a checkpoint twice',
};

async function verify({ client, terminal, values, exitWith }: CommandContext): Promise<void> {
  const report = await client.call('audit.verify', {});
  const { entries, checkpoints, uncovered, problem } = report;
  if (problem) exitWith(1);
  if (values.json) return printReply(terminal, report);
  if (problem) {
    await print(terminal.stdout, `The audit log is not whole: entry ${problem.seq} ${meanings[problem.kind]}.\n`);
    return;
  }
  const rest = uncovered === 0 ? '' : `, ${uncovered} of them newer than the last`;
  await print(
    terminal.stdout,
    `The audit log is whole: ${entries} entries, ${checkpoints} signed checkpoints${rest}.\n`,
  );
}

async function exportLog({ client, terminal, positionals }: CommandContext): Promise<void> {
  const { text } = await client.call('audit.export', {});
  const [file] = positionals;
  if (file === undefined) return print(terminal.stdout, text);
  await writeFile(file, text, { mode: 0o600 }).catch((cause: unknown) => {
    throw new PotterError('STORAGE', `${file} cannot be written.`, { cause });
  });
  await print(terminal.stderr, `The audit log is in ${file}. \`scripts/verify-audit.py\` checks it without Potter.\n`);
}
