/** `potter api`: where the loopback API answers, and the tokens of the programs that use it. */
import { writeFile } from 'node:fs/promises';
import { type Output, tokenRoles } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Command, CommandContext } from './commands.ts';
import { needed, printReply, table } from './reply.ts';
import { print } from './terminal.ts';

const json = { json: { type: 'boolean', help: 'print the reply as one line of JSON' } } as const;
const out = {
  out: { type: 'string', help: 'write the secret to this new file, for you alone, and not to the terminal' },
} as const;

export const apiCommands: Readonly<Record<string, Command>> = {
  api: {
    summary: 'Say whether the loopback API is switched on, and where it answers.',
    arguments: [],
    options: json,
    run: tellState,
  },
  'api token list': { route: 'tokens.list', arguments: [], options: json, run: listTokens },
  'api token create': {
    route: 'tokens.create',
    arguments: ['<name>'],
    options: {
      role: { type: 'string', help: 'reader, runner (the default), operator or admin' },
      actions: { type: 'string', help: 'ids of the only actions it may run, joined by commas' },
      'expires-days': { type: 'string', help: 'days until it is worth nothing' },
      ...out,
      ...json,
    },
    run: createToken,
  },
  'api token rotate': {
    route: 'tokens.rotate',
    arguments: ['<name|id>'],
    options: { ...out, ...json },
    run: rotateToken,
  },
  'api token revoke': { route: 'tokens.revoke', arguments: ['<name|id>'], options: json, run: revokeToken },
};

async function tellState({ client, terminal, values, signal, isOwner }: CommandContext): Promise<void> {
  const { values: settings } = await client.call('config.get', {});
  const enabled = settings['api.enabled'] === true;
  const port = settings['api.port'];
  const url = typeof port === 'number' ? `http://127.0.0.1:${port}` : undefined;
  const answers = enabled && !isOwner && url !== undefined && (await isAnswering(url, signal));
  if (values.json) return printReply(terminal, { enabled, answers, ...(url && { url }) });
  if (answers) await print(terminal.stdout, `The loopback API answers at ${url}.\n`);
  else if (!enabled)
    await print(terminal.stderr, 'It is off. Switch it on with `potter config set api.enabled true`.\n');
  else if (isOwner) await print(terminal.stderr, 'It is on, but no Potter is running: start `potter serve`.\n');
  else await print(terminal.stderr, `It is on, but does not answer at ${url ?? 'any port'}; the log says why.\n`);
}

async function isAnswering(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(2000)]);
    return (await fetch(`${url}/healthz`, { signal: soon })).ok;
  } catch {
    // Whatever keeps it from answering, it does not answer.
    signal.throwIfAborted();
    return false;
  }
}

async function listTokens({ client, terminal, values }: CommandContext): Promise<void> {
  const list = await client.call('tokens.list', {});
  if (values.json) return printReply(terminal, list);
  const rows = list.tokens.map(({ name, role, actions, createdAt, usedAt, expiresAt, id }) => [
    name,
    role,
    actions?.join(',') ?? 'any action',
    `made ${day(createdAt)}`,
    usedAt === undefined ? 'never used' : `used ${day(usedAt)}`,
    expiresAt === undefined ? '' : `until ${day(expiresAt)}`,
    id,
  ]);
  if (rows.length > 0) await print(terminal.stdout, `${table(rows)}\n`);
  else await print(terminal.stderr, 'There are no tokens. Make one with `potter api token create <name>`.\n');
}

async function createToken(context: CommandContext): Promise<void> {
  const { client, values } = context;
  const wanted = values.role ?? 'runner';
  const role = tokenRoles.find((each) => each === wanted);
  if (!role)
    throw new PotterError('INVALID_INPUT', `There is no role "${String(wanted)}"; use ${tokenRoles.join(', ')}.`);
  const actions = typeof values.actions === 'string' ? { actions: values.actions.split(',') } : {};
  const days = values['expires-days'] === undefined ? {} : { expiresInDays: Number(values['expires-days']) };
  await handOver(context, await client.call('tokens.create', { name: needed(context, 0), role, ...actions, ...days }));
}

async function rotateToken(context: CommandContext): Promise<void> {
  await handOver(context, await context.client.call('tokens.rotate', { token: needed(context, 0) }));
}

async function handOver({ terminal, values }: CommandContext, made: Output<'tokens.create'>): Promise<void> {
  const { token, secret } = made;
  if (typeof values.out === 'string') {
    await writeFile(values.out, `${secret}\n`, { mode: 0o600, flag: 'wx' }).catch((cause: unknown) => {
      const message = `The secret could not be written to ${values.out}, which must be a new file. Rotate the token.`;
      throw new PotterError('CONFLICT', message, { cause });
    });
    if (values.json) return printReply(terminal, { token });
    return print(terminal.stderr, `The token ${token.name} (${token.role}) is in ${values.out}.\n`);
  }
  if (values.json) return printReply(terminal, made);
  await print(terminal.stdout, `${secret}\n`);
  await print(terminal.stderr, `This is the token ${token.name} (${token.role}). It is not shown again.\n`);
}

async function revokeToken(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const reply = await client.call('tokens.revoke', { token: needed(context, 0) });
  if (values.json) return printReply(terminal, reply);
  await print(terminal.stderr, `The token ${needed(context, 0)} is worth nothing any more.\n`);
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
