/** `potter keys unlock`, `protect` and `attach`, and `potter erase`. */
import { type Protection, protections } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Command, CommandContext } from './commands.ts';
import { needed, printReply } from './reply.ts';
import { confirm, print, readLine, readSecret } from './terminal.ts';

const json = { json: { type: 'boolean', help: 'print the reply as one line of JSON' } } as const;

export const keyCommands: Readonly<Record<string, Command>> = {
  'keys unlock': {
    summary: 'Open the keys of a running Potter with the passphrase, typed unseen or read from standard input.',
    arguments: [],
    options: json,
    run: unlock,
  },
  'keys protect': {
    summary:
      'Say or set what opens the keys. From a pipe: the passphrase set so far, if any, then the new one, a line each.',
    arguments: [`[${protections.join('|')}]`],
    options: json,
    run: protect,
  },
  'keys attach': {
    route: 'keys.attach',
    arguments: ['<provider>'],
    options: { yes: { type: 'boolean', help: 'do not ask' }, ...json },
    run: attach,
  },
  erase: {
    route: 'system.erase',
    arguments: [],
    options: { confirm: { type: 'string', help: `must be "delete everything"` }, ...json },
    run: erase,
  },
};

async function unlock({ client, terminal, values, signal, isOwner }: CommandContext): Promise<void> {
  const passphrase = await readSecret(terminal, 'Passphrase: ', signal);
  if (passphrase === '') throw new PotterError('INVALID_INPUT', 'No passphrase was given on standard input.');
  const reply = await client.call('keys.unlock', { passphrase });
  if (values.json) return printReply(terminal, reply);
  const kept = isOwner
    ? 'The passphrase is right; but no Potter is running that would stay unlocked: start `potter serve` first.'
    : 'The keys are unlocked until Potter stops.';
  await print(terminal.stderr, `${kept}\n`);
}

const meanings: Readonly<Record<Protection, string>> = {
  system: 'the system opens them',
  'system-or-passphrase': 'the system opens them, and the passphrase where it fails',
  passphrase: 'the passphrase alone opens them, at each start',
};

async function protect(context: CommandContext): Promise<void> {
  const { client, terminal, values, positionals } = context;
  const before = await client.call('keys.list', {});
  const wanted = protections.find((known) => known === positionals[0]);
  if (positionals[0] === undefined) {
    if (values.json) return printReply(terminal, { protection: before.protection });
    return print(terminal.stdout, `${before.protection}: ${meanings[before.protection]}\n`);
  }
  if (wanted === undefined) {
    throw new PotterError('USAGE', `There is no protection "${positionals[0]}"; use ${protections.join(', ')}.`);
  }
  const { current, passphrase } = await passphrases(context, before.protection !== 'system', wanted !== 'system');
  // A core of this one command starts locked where a passphrase alone opens the keys.
  if (before.vault === 'locked' && current !== undefined) await client.call('keys.unlock', { passphrase: current });
  const reply = await client.call('keys.protect', {
    protection: wanted,
    ...(current !== undefined && { current }),
    ...(passphrase !== undefined && { passphrase }),
  });
  if (values.json) return printReply(terminal, reply);
  await print(terminal.stderr, `The keys are protected anew: ${meanings[reply.protection]}.\n`);
}

/** Those that are needed. The new one is typed twice, since nobody sees it. */
async function passphrases(
  { terminal, signal }: CommandContext,
  hasOne: boolean,
  getsOne: boolean,
): Promise<{ current?: string; passphrase?: string }> {
  const ask = (prompt: string): Promise<string> => readSecret(terminal, prompt, signal);
  if (!terminal.stdin.isTTY) {
    if (!hasOne && !getsOne) return {};
    const lines = (await ask('')).split(/\r?\n/);
    const current = hasOne ? lines.shift() : undefined;
    const passphrase = getsOne ? lines.shift() : undefined;
    return { ...(current && { current }), ...(passphrase && { passphrase }) };
  }
  const current = hasOne ? await ask('Passphrase set so far: ') : undefined;
  const passphrase = getsOne ? await ask('New passphrase (at least 8 characters): ') : undefined;
  if (passphrase !== undefined && (await ask('The same again: ')) !== passphrase) {
    throw new PotterError('INVALID_INPUT', 'The two were not the same; nothing was changed.');
  }
  return { ...(current !== undefined && { current }), ...(passphrase !== undefined && { passphrase }) };
}

async function attach(context: CommandContext): Promise<void> {
  const { client, terminal, values, signal } = context;
  const provider = needed(context, 0);
  const [{ keys }, settings] = await Promise.all([
    client.call('keys.list', {}),
    client.call('config.get', { key: 'providers' }),
  ]);
  const stored = keys.find((key) => key.provider === provider);
  if (!stored) throw new PotterError('NO_KEY', `There is no key for ${provider}.`);
  const host = hostOf(settings.values.providers, provider);
  if (!values.yes) {
    if (!terminal.stdin.isTTY) {
      throw new PotterError(
        'USAGE',
        `The key of ${provider} would go to ${host} instead of ${stored.host}: confirm it with --yes.`,
      );
    }
    const question = `The key of ${provider} is bound to ${stored.host}. Send it to ${host} from now on? [y/N] `;
    if (!(await confirm(terminal, question, signal))) return print(terminal.stderr, 'Nothing was changed.\n');
  }
  const reply = await client.call('keys.attach', { provider, host });
  if (values.json) return printReply(terminal, reply);
  await print(
    terminal.stderr,
    `The key of ${provider} goes to ${reply.host} from now on, and no longer to ${stored.host}.\n`,
  );
}

function hostOf(providers: unknown, provider: string): string {
  const known = typeof providers === 'object' && providers !== null ? Object.entries(providers) : [];
  const address: unknown = known.find(([id]) => id === provider)?.[1]?.baseUrl;
  const url = typeof address === 'string' ? URL.parse(address) : null;
  if (!url) throw new PotterError('UNKNOWN_PROVIDER', `There is no provider "${provider}".`);
  return url.host;
}

const words = 'delete everything';

async function erase({ client, terminal, values, signal }: CommandContext): Promise<void> {
  if (values.confirm === undefined && terminal.stdin.isTTY) {
    const question = `This deletes the history, cached answers, keys and logs. Settings and actions of your own stay.\nType "${words}": `;
    if ((await readLine(terminal, question, signal)).trim() !== words) {
      return print(terminal.stderr, 'Nothing was deleted.\n');
    }
  } else if (values.confirm !== words) {
    throw new PotterError('USAGE', `"potter erase" needs --confirm "${words}"; nothing was deleted.`);
  }
  const reply = await client.call('system.erase', { confirm: words });
  if (values.json) return printReply(terminal, reply);
  const { historyEntries, keys, cachedAnswers, logFiles } = reply.removed;
  await print(
    terminal.stderr,
    `Deleted: ${historyEntries} entries of the history, ${keys} keys, ${cachedAnswers} cached answers, ${logFiles} log files. Settings and actions of your own stay.\n`,
  );
}
