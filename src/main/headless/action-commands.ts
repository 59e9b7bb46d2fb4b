/** `potter actions …`: the list, one's own actions, and files of them. */
import { readFile } from 'node:fs/promises';
import type { ActionDefinition, ActionInfo, ImportedAction } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Command, CommandContext } from './commands.ts';
import { needed, printReply, table } from './reply.ts';
import { confirm, print, readInput } from './terminal.ts';

const json = { json: { type: 'boolean', help: 'print the reply as one line of JSON' } } as const;

export const actionCommands: Readonly<Record<string, Command>> = {
  actions: {
    route: 'actions.list',
    arguments: [],
    options: { all: { type: 'boolean', help: 'show the hidden ones too' }, ...json },
    run: list,
  },
  'actions show': { route: 'actions.get', arguments: ['<id>'], options: json, run: show },
  'actions create': {
    summary: 'Make a new action from a definition as JSON on standard input.',
    arguments: ['<id>'],
    options: json,
    run: create,
  },
  'actions update': {
    route: 'actions.update',
    summary: 'Change an action to the definition on standard input, as `actions show` prints it.',
    arguments: ['<id>'],
    options: { version: { type: 'string' }, ...json },
    run: update,
  },
  'actions remove': { route: 'actions.remove', arguments: ['<id>'], options: json, run: remove },
  'actions restore': { route: 'actions.restore', arguments: ['<id|all>'], options: json, run: restore },
  'actions pin': marking('Put an action at the top of the list.', { pinned: true }, 'at the top of the list'),
  'actions unpin': marking('Put a pinned action back in its place.', { pinned: false }, 'no longer pinned'),
  'actions hide': marking('Take an action out of the list; it can still be run.', { hidden: true }, 'hidden'),
  'actions unhide': marking('Bring a hidden action into the list.', { hidden: false }, 'in the list'),
  'actions export': { route: 'actions.export', arguments: ['[id…]'], options: json, run: exportActions },
  'actions import': {
    summary: 'Take the new actions of an exported file, or of standard input, after showing them.',
    arguments: ['[file]'],
    options: {
      preview: { type: 'boolean', help: 'only show what would change' },
      replace: { type: 'boolean', help: 'also take those that replace an action that is here' },
      yes: { type: 'boolean', help: 'do not ask' },
      ...json,
    },
    run: importActions,
  },
};

async function list({ client, terminal, values }: CommandContext): Promise<void> {
  const reply = await client.call('actions.list', {});
  if (values.json) return printReply(terminal, reply);
  const shown = reply.actions.filter(({ id, hidden }) => values.all === true || !hidden || id === reply.current);
  const rows = shown.map((action) => [
    action.id === reply.current ? '*' : ' ',
    action.id,
    action.name,
    action.output,
    modelOf(action),
    marksOf(action),
  ]);
  await print(terminal.stdout, `${table(rows)}\n`);
  const hidden = reply.actions.length - shown.length;
  const more = hidden === 0 ? '' : ` ${hidden} more are hidden; --all shows them.`;
  await print(terminal.stderr, `* is the current action, which the hotkey runs.${more}\n`);
}

function modelOf({ kind, tier, model }: ActionInfo): string {
  return model ?? tier ?? { prompt: '', chain: 'chain', plugin: 'plugin', proofread: 'this machine' }[kind];
}

function marksOf({ pinned, hidden, origin, isOutdated, takesInstruction }: ActionInfo): string {
  const marks = [
    pinned && 'pinned',
    hidden && 'hidden',
    origin === 'custom' && 'own',
    origin === 'edited' && (isOutdated ? 'edited (there is a newer text: `actions restore` takes it)' : 'edited'),
    takesInstruction && 'asks for an instruction',
  ];
  return marks.filter((mark) => mark !== false).join(', ');
}

async function show(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const id = needed(context, 0);
  const detail = await client.call('actions.get', { id });
  if (values.json) return printReply(terminal, detail);
  if (!detail.definition) {
    throw new PotterError('BUILT_IN', `"${detail.action.name}" has no text that could be shown or edited.`);
  }
  await print(terminal.stdout, `${JSON.stringify(detail.definition, undefined, 2)}\n`);
}

async function create(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const detail = await client.call('actions.create', {
    id: needed(context, 0),
    definition: await readDefinition(context),
  });
  if (values.json) return printReply(terminal, detail);
  await print(terminal.stderr, `${about(detail.action)} is made.\n`);
}

async function update(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const detail = await client.call('actions.update', {
    id: needed(context, 0),
    definition: await readDefinition(context),
    ...(values.version !== undefined && { version: Number(values.version) }),
  });
  if (values.json) return printReply(terminal, detail);
  await print(terminal.stderr, `${about(detail.action)} is changed; it has version ${detail.action.version} now.\n`);
}

/** Checked by the core, like everything that comes from outside. */
async function readDefinition({ terminal, signal }: CommandContext): Promise<ActionDefinition> {
  const text = await readInput(terminal, signal);
  try {
    return JSON.parse(text) as ActionDefinition;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PotterError('INVALID_INPUT', `Standard input is not a definition in JSON: ${reason}.`, { cause });
  }
}

async function remove(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const id = needed(context, 0);
  const reply = await client.call('actions.remove', { id });
  if (values.json) return printReply(terminal, reply);
  await print(terminal.stderr, `The action "${id}" is deleted.\n`);
}

async function restore(context: CommandContext): Promise<void> {
  const { client, terminal, values } = context;
  const reply = await client.call('actions.restore', { id: needed(context, 0) });
  if (values.json) return printReply(terminal, reply);
  const done = reply.restored === 0 ? 'Nothing was changed, so nothing was restored' : `${reply.restored} restored`;
  await print(terminal.stderr, `${done}.\n`);
}

function marking(summary: string, marks: { pinned?: boolean; hidden?: boolean }, outcome: string): Command {
  return {
    summary,
    arguments: ['<id>'],
    options: json,
    run: async (context) => {
      const { client, terminal, values } = context;
      const action = await client.call('actions.mark', { id: needed(context, 0), ...marks });
      if (values.json) return printReply(terminal, action);
      await print(terminal.stderr, `${about(action)} is ${outcome}.\n`);
    },
  };
}

async function exportActions({ client, terminal, values, positionals }: CommandContext): Promise<void> {
  const reply = await client.call('actions.export', positionals.length > 0 ? { ids: [...positionals] } : {});
  if (values.json) return printReply(terminal, reply);
  await print(terminal.stdout, reply.text);
  await print(terminal.stderr, `${reply.count} exported.\n`);
}

async function importActions(context: CommandContext): Promise<void> {
  const { client, terminal, values, positionals, signal } = context;
  const [file] = positionals;
  const text = file === undefined ? await readInput(terminal, signal) : await readTextFile(file);
  const preview = await client.call('actions.preview', { text });
  const wanted = preview.actions.filter(({ change }) => change === 'new' || (change === 'replaces' && values.replace));
  const ids = wanted.map(({ id }) => id);
  if (values.preview) {
    if (values.json) return printReply(terminal, preview);
    return print(terminal.stdout, previewText(preview.actions));
  }
  if (!values.json) await print(terminal.stderr, previewText(preview.actions));
  if (ids.length > 0 && !values.yes) await askFirst(context, ids.length);
  const reply = ids.length > 0 ? await client.call('actions.import', { text, ids }) : { imported: [] };
  if (values.json) return printReply(terminal, reply);
  const left = preview.actions.filter(({ change }) => change === 'replaces').length;
  const hint = left > 0 && !values.replace ? ` ${left} would replace what is here; --replace takes them too.` : '';
  await print(terminal.stderr, `${reply.imported.length} imported.${hint}\n`);
}

async function askFirst({ terminal, positionals, signal }: CommandContext, count: number): Promise<void> {
  if (!terminal.stdin.isTTY || positionals.length === 0) {
    throw new PotterError('USAGE', 'There is nobody to ask; import with --yes, or look first with --preview.');
  }
  if (await confirm(terminal, `Import ${count}? [y/N] `, signal)) return;
  throw new PotterError('CANCELLED', 'Nothing was imported.');
}

function previewText(actions: readonly ImportedAction[]): string {
  const rows = actions.map(({ id, name, change, reason = '' }) => [change, id, name, reason]);
  return rows.length === 0 ? 'The file has no actions.\n' : `${table(rows)}\n`;
}

async function readTextFile(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not text in UTF-8' : 'it is missing, or may not be read';
    throw new PotterError('INVALID_INPUT', `${path} cannot be read: ${reason}.`, { cause });
  }
}

const about = ({ name, id }: ActionInfo): string => `"${name}" (${id})`;
