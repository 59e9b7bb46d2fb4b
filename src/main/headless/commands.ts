/** The commands of the command line, one entry each. Summaries and options come from the contract where it has them. */
import * as z from 'zod';
import type { Client } from '../../shared/client.ts';
import type { HistoryEntry, ProviderInfo, RouteName } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Cipher } from '../core/host.ts';
import { actionCommands } from './action-commands.ts';
import { alertCommands } from './alert-commands.ts';
import { apiCommands } from './api-commands.ts';
import { auditCommands } from './audit-commands.ts';
import { keyCommands } from './key-commands.ts';
import { monitorCommands } from './monitor-commands.ts';
import { needed, printReply, table } from './reply.ts';
import { runCommands } from './run-commands.ts';
import { print, printable, readSecret, type Terminal } from './terminal.ts';

export interface CommandContext {
  readonly client: Client;
  /** Does the core run in this process, and end with it? */
  readonly isOwner: boolean;
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dataDirectory: string;
  readonly cipher?: () => Promise<Cipher>;
  readonly signal: AbortSignal;
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
  /** The exit code of a command that did what it was asked, where that is not 0. */
  readonly exitWith: (code: 1) => void;
}

/** What a command has that opens the core itself. */
export type AloneContext = Omit<CommandContext, 'client' | 'isOwner'>;

interface Described {
  /** The operation it calls; its summary is the help. */
  readonly route?: RouteName;
  /** Where no single operation says it. */
  readonly summary?: string;
  /** Positional arguments as the usage line shows them; those in brackets may be left out. */
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly help?: string }>>;
}

export type Command = Described &
  (
    | { readonly run: (context: CommandContext) => Promise<void> }
    /** Opens the core itself, its own way. */
    | { readonly runAlone: (context: AloneContext) => Promise<void> }
  );

const json = { json: { type: 'boolean', help: 'print the reply as one line of JSON' } } as const;

export const commands: Readonly<Record<string, Command>> = {
  ...runCommands,
  ...actionCommands,
  models: { route: 'providers.list', arguments: ['[provider]'], options: json, run: listModels },
  'keys list': { route: 'keys.list', arguments: [], options: json, run: listKeys },
  'keys set': {
    summary: 'Store the key of a provider, read from standard input or typed unseen, and test it.',
    arguments: ['<provider>'],
    options: {
      'no-test': { type: 'boolean', help: 'do not ask the provider whether the key works' },
      spare: { type: 'boolean', help: 'keep the key there is, and use this one when that is refused' },
      ...json,
    },
    run: setKey,
  },
  'keys test': { route: 'keys.test', arguments: ['<provider>'], options: json, run: testKey },
  'keys remove': {
    route: 'keys.remove',
    arguments: ['<provider>'],
    options: { slot: { type: 'string' }, ...json },
    run: removeKey,
  },
  ...keyCommands,
  ...apiCommands,
  ...auditCommands,
  'config get': { route: 'config.get', arguments: ['[key]'], options: json, run: getConfig },
  'config set': {
    route: 'config.set',
    arguments: ['<key>', '<value>'],
    options: { layer: { type: 'string' }, ...json },
    run: setConfig,
  },
  'config inspect': { route: 'config.inspect', arguments: ['<key>'], options: json, run: inspectConfig },
  history: {
    route: 'history.list',
    arguments: ['[query]'],
    options: { limit: { type: 'string' }, before: { type: 'string' }, ...json },
    run: listHistory,
  },
  'history show': { route: 'history.get', arguments: ['<id>'], options: json, run: showHistory },
  'history remove': { route: 'history.remove', arguments: ['<id|all>'], options: json, run: removeHistory },
  ...monitorCommands,
  ...alertCommands,
  serve: {
    summary: 'Serve the panels to a browser on this machine, until Ctrl-C.',
    arguments: [],
    options: {
      hotkeys: { type: 'boolean', help: 'register the global hotkeys (X11)' },
      open: { type: 'boolean', help: 'open the browser' },
      port: { type: 'string', help: 'port to listen on; any free one if left out' },
      demo: { type: 'boolean', help: 'answer from a labelled sample in a temporary data directory' },
    },
    runAlone: async (context) => (await import('./serve.ts')).serve(context),
  },
};

async function listModels({ client, terminal, values, positionals, signal }: CommandContext): Promise<void> {
  const [provider] = positionals;
  const list = await client.call('providers.list', provider === undefined ? {} : { provider }, { signal });
  if (values.json) return printReply(terminal, list);
  // What is merely known of a vendor is of interest to who asks for that vendor.
  const shown = list.providers.filter(({ modelSource }) => provider !== undefined || modelSource === 'listed');
  const rows = shown.flatMap(({ id, models }) =>
    models.map((model) => {
      const reference = `${id}/${model.id}`;
      return [reference === list.default ? '*' : ' ', reference, model.tier, model.name ?? ''];
    }),
  );
  if (rows.length > 0) await print(terminal.stdout, `${table(rows)}\n`);
  for (const info of list.providers) await print(terminal.stderr, providerLine(info));
}

function providerLine({ id, name, state, message, baseUrl, models }: ProviderInfo): string {
  const found = state === 'ready' ? counted(models.length) : (message ?? state);
  return `${name} (${id}, ${baseUrl}): ${found}\n`;
}

const counted = (models: number): string => `${models} ${models === 1 ? 'model' : 'models'}`;

async function listKeys({ client, terminal, values }: CommandContext): Promise<void> {
  const list = await client.call('keys.list', {});
  if (values.json) return printReply(terminal, list);
  const rows = list.keys.map(({ provider, slot, host, setAt, state }) => [
    provider,
    host,
    day(setAt),
    state,
    slot === 1 ? '' : `slot ${slot}`,
  ]);
  if (rows.length > 0) await print(terminal.stdout, `${table(rows)}\n`);
  const wrapped = `Wrapped by: ${list.backend}; protection: ${list.protection}.\n`;
  await print(terminal.stderr, rows.length === 0 ? `No keys are stored. ${wrapped}` : wrapped);
  if (list.message) await print(terminal.stderr, `${list.message}\n`);
}

async function setKey(context: CommandContext): Promise<void> {
  const { client, terminal, values, signal } = context;
  const provider = needed(context, 0);
  const key = (await readSecret(terminal, `Key for ${provider}: `, signal)).trim();
  if (key === '') throw new PotterError('INVALID_INPUT', 'No key was given on standard input.');
  const stored = await client.call('keys.set', { provider, key, spare: values.spare === true }, { signal });
  const tested = values['no-test'] ? undefined : await client.call('keys.test', { provider }, { signal });
  if (values.json) return printReply(terminal, { ...stored, ...(tested && { models: tested.models }) });
  const outcome = tested ? ` It works: ${counted(tested.models)}.` : '';
  await print(terminal.stderr, `The key for ${provider} is stored and goes only to ${stored.host}.${outcome}\n`);
}

async function testKey(context: CommandContext): Promise<void> {
  const { client, terminal, values, signal } = context;
  const tested = await client.call('keys.test', { provider: needed(context, 0) }, { signal });
  if (values.json) return printReply(terminal, tested);
  await print(terminal.stderr, `The key works: ${tested.provider} lists ${counted(tested.models)}.\n`);
}

async function removeKey(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const provider = needed(context, 0);
  const slot = values.slot === undefined ? {} : { slot: Number(values.slot) };
  const reply = await client.call('keys.remove', { provider, ...slot });
  if (values.json) return printReply(terminal, reply);
  await print(
    terminal.stderr,
    reply.removed ? `The key for ${provider} is deleted.\n` : `There was no key for ${provider}.\n`,
  );
}

async function getConfig({ client, terminal, values, positionals }: CommandContext): Promise<void> {
  const [key] = positionals;
  const reply = await client.call('config.get', key === undefined ? {} : { key });
  if (values.json) return printReply(terminal, reply);
  const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, undefined, 2));
  const lines = Object.entries(reply.values).map(([name, value]) =>
    key === undefined ? `${name} = ${show(value)}` : show(value),
  );
  await print(terminal.stdout, `${lines.join('\n')}\n`);
}

async function setConfig(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const layer = z.enum(['file', 'runtime']).optional().safeParse(values.layer);
  if (!layer.success)
    throw new PotterError('INVALID_INPUT', `There is no layer "${values.layer}" to set; use file or runtime.`);
  if (layer.data === 'runtime' && context.isOwner) {
    throw new PotterError(
      'INVALID_INPUT',
      'No Potter is running that could hold a runtime value: start `potter serve`.',
    );
  }
  const value = jsonOrText(needed(context, 1));
  const reply = await client.call('config.set', {
    key: needed(context, 0),
    value,
    ...(layer.data && { layer: layer.data }),
  });
  if (values.json) return printReply(terminal, reply);
  await print(terminal.stderr, `${reply.key} is now ${JSON.stringify(reply.value)} (${reply.source}).\n`);
}

/** `true`, `42`, `null`, `{…}` and `"…"` are JSON; anything else is taken as it stands. */
function jsonOrText(value: string): z.core.util.JSONType {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

async function inspectConfig(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const info = await client.call('config.inspect', { key: needed(context, 0) });
  if (values.json) return printReply(terminal, info);
  const rows = info.layers.map(({ layer, value, where }) => [
    layer === info.source ? '*' : ' ',
    layer,
    JSON.stringify(value),
    where,
  ]);
  await print(terminal.stdout, `${info.key}: ${info.help}\n${table(rows)}\n`);
}

async function listHistory({ client, terminal, values, positionals }: CommandContext): Promise<void> {
  const [query] = positionals;
  const limit = values.limit === undefined ? 20 : Number(values.limit);
  const before = typeof values.before === 'string' ? { before: values.before } : {};
  const list = await client.call('history.list', { limit, ...before, ...(query !== undefined && { query }) });
  if (values.json) return printReply(terminal, list);
  const rows = list.entries.map((entry) => [entry.id, day(entry.at), entry.actionId, entry.result, excerpt(entry)]);
  if (rows.length > 0) await print(terminal.stdout, `${table(rows)}\n`);
  const note = list.locked
    ? 'The history is locked: its key could not be unwrapped.'
    : `${rows.length} of ${list.total}.`;
  await print(terminal.stderr, `${note}\n`);
}

function excerpt({ input }: HistoryEntry): string {
  const line = printable(input).replace(/\s+/g, ' ').trim();
  return line.length > 50 ? `${line.slice(0, 49)}…` : line;
}

async function showHistory(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const entry = await client.call('history.get', { id: needed(context, 0) });
  if (values.json) return printReply(terminal, entry);
  const head = `${entry.actionName}, ${new Date(entry.at).toISOString()}, ${entry.result}${entry.message ? `: ${entry.message}` : ''}`;
  await print(terminal.stdout, `${head}\n\n${printable(entry.input)}\n\n→\n\n${printable(entry.output)}\n`);
}

async function removeHistory(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const reply = await client.call('history.remove', { id: needed(context, 0) });
  if (values.json) return printReply(terminal, reply);
  await print(terminal.stderr, `${reply.removed} deleted.\n`);
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
