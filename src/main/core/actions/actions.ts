/** What can be done with a text: prompts for a model, chains, commands of plugins, and the embedded proofreader. */
import { isDeepStrictEqual } from 'node:util';
import { closest } from '../../../shared/closest.ts';
import type { ActionDefinition, ActionDetail, ActionInfo, ImportedAction } from '../../../shared/contract.ts';
import { type ErrorCode, PotterError } from '../../../shared/errors.ts';
import type { PluginCommand } from '../../../shared/manifest.ts';
import type { Database } from '../storage/database.ts';
import {
  buildCatalogue,
  type Catalogue,
  defined,
  type Kept,
  type KeptRow,
  nothingKept,
  readKept,
  sameName,
  shippedIds,
  stepsOf,
} from './catalogue.ts';
import { type FiledAction, readActionsFile, writeActionsFile } from './file.ts';
import { requirementsProblem } from './requirements.ts';
import { proofreadOffline, shippedPrompts } from './shipped.ts';

export type PromptDefinition = Extract<ActionDefinition, { kind: 'prompt' }>;
export type ChainDefinition = Extract<ActionDefinition, { kind: 'chain' }>;

interface Listed {
  /** What the list shows of it; `version` grows with every change. */
  readonly info: ActionInfo;
}

export interface PromptAction extends Listed {
  readonly kind: 'prompt';
  readonly definition: PromptDefinition;
  /** The action that takes its place while there is no provider. */
  readonly fallback?: string;
}

/** `Actions.steps` has what it runs. */
export interface ChainAction extends Listed {
  readonly kind: 'chain';
  readonly definition: ChainDefinition;
}

export interface PluginAction extends Listed {
  readonly kind: 'plugin';
  readonly plugin: string;
  readonly command: string;
}

/** The embedded proofreader. */
export interface ProofreadAction extends Listed {
  readonly kind: 'proofread';
}

/** What does its work in one go. */
export type SingleAction = PromptAction | PluginAction | ProofreadAction;
export type Action = SingleAction | ChainAction;

/** A command of an installed plugin. Its id is the id of the action it becomes. */
export interface OfferedCommand extends PluginCommand {
  readonly plugin: string;
}

export interface ActionsOptions {
  readonly database: Database;
  /** Plugins are found at the start, and stay the same until the next. */
  readonly pluginCommands: readonly OfferedCommand[];
  readonly settings: () => {
    /** The current action, where the person chose one. */
    readonly chosen: string | null;
    /** Combinations by action id. */
    readonly hotkeys: Readonly<Record<string, string>>;
  };
  /** May ask the servers of this machine. */
  readonly hasProvider: (signal: AbortSignal) => Promise<boolean>;
  /** Is there a provider of this id that could be asked? */
  readonly isSetUp: (provider: string) => boolean;
  /** Told after every change. */
  readonly changed: () => void;
}

/** Ids that mean something else where an action's id may stand: a draft, all of them, other hotkeys, a new one. */
const reservedIds: ReadonlySet<string> = new Set(['draft', 'all', 'run', 'palette', 'restore', 'new']);

/** What is to be kept of an action from now on; undefined deletes it. */
type Changes = ReadonlyMap<string, Kept | undefined>;

/** Why a change cannot be made: a sentence, and the action whose change is to blame. */
interface Finding {
  readonly id: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
}

/** An action of a file as it would be taken. */
type Assessed = FiledAction & Pick<ImportedAction, 'change' | 'reason'>;

export class Actions {
  readonly #options: ActionsOptions;
  #kept: ReadonlyMap<string, Kept>;
  #damage: readonly string[];
  #built: { readonly kept: ReadonlyMap<string, Kept>; readonly catalogue: Catalogue } | undefined;

  constructor(options: ActionsOptions) {
    this.#options = options;
    const { kept, problems } = readKept(options.database.all<KeptRow>(selectRows));
    this.#kept = kept;
    this.#damage = problems;
  }

  /** What could not be read or had to be left out, for the person; the others work. */
  problems(): readonly string[] {
    const { problems, byId } = this.#catalogue();
    const { chosen } = this.#options.settings();
    const lost = chosen === null || byId.has(chosen) ? [] : [`The current action is "${chosen}", which there is not.`];
    return [...this.#damage, ...problems, ...lost];
  }

  /** In the order they are offered, the hidden ones included. */
  list(): readonly Action[] {
    return this.#catalogue().actions;
  }

  /** Fails with `UNKNOWN_ACTION`, naming the nearest id. */
  find(id: string): Action {
    const { byId } = this.#catalogue();
    const found = byId.get(id);
    if (found) return found;
    const near = closest(id, [...byId.keys()]);
    throw new PotterError('UNKNOWN_ACTION', `There is no action "${id}"${near ? `; did you mean "${near}"?` : '.'}`);
  }

  /** The action of the hotkey. Fails with `UNKNOWN_ACTION` where the chosen one is gone: another is not run in its place. */
  async current(signal: AbortSignal): Promise<Action> {
    return this.find(await this.currentId(signal));
  }

  /** The chosen one, else Polish once a provider exists, else Proofread (offline). */
  async currentId(signal: AbortSignal): Promise<string> {
    const { chosen } = this.#options.settings();
    if (chosen !== null) return chosen;
    return (await this.#options.hasProvider(signal)) ? 'polish' : proofreadOffline.id;
  }

  /** What an action does, in order: itself, or the steps of a chain. Fails with `INVALID_INPUT` where it cannot be run. */
  steps(action: Action): readonly SingleAction[] {
    const { steps, problem } = stepsOf(action, this.#catalogue().byId);
    if (problem === undefined) return steps;
    throw new PotterError('INVALID_INPUT', `The chain "${action.info.name}" cannot run: ${problem}.`);
  }

  /** An action that is not saved, under the id `draft`. Fails as running it would. */
  draft(definition: ActionDefinition): Action {
    refuseImpossible('draft', definition);
    const action = defined(definition, { id: 'draft', version: 1 });
    const takesInstruction = this.steps(action).some(({ info }) => info.takesInstruction);
    return { ...action, info: { ...action.info, takesInstruction } };
  }

  detail(id: string): ActionDetail {
    const action = this.find(id);
    const isEdited = action.info.origin === 'edited';
    const shipped = isEdited ? shippedPrompts.find((each) => each.id === id)?.definition : undefined;
    return {
      action: action.info,
      ...('definition' in action && { definition: action.definition }),
      ...(shipped && { shipped }),
    };
  }

  create(id: string, definition: ActionDefinition): ActionDetail {
    const refused = this.#whyNotNew(id);
    if (refused) throw new PotterError(refused.code, `${refused.message}.`, { detail: { field: 'id' } });
    refuseImpossible(id, definition);
    this.#change(new Map([[id, { ...nothingKept, definition }]]));
    return this.detail(id);
  }

  /** `version` is the one the caller began from: its edit is refused when someone else has changed the action since. */
  update(id: string, definition: ActionDefinition, version?: number): ActionDetail {
    const { info } = this.#editable(id);
    if (version !== undefined && version !== info.version) {
      const message = `"${info.name}" has been changed since: it has version ${info.version} now, and this edit began from version ${version}.`;
      throw new PotterError('CONFLICT', message, { detail: { version: info.version } });
    }
    refuseImpossible(id, definition);
    this.#change(this.#edit(id, definition));
    return this.detail(id);
  }

  /** Fails with `BUILT_IN` for what Potter or a plugin brings, and with `CONFLICT` while something uses it. */
  remove(id: string): void {
    const isDamagedOwn = this.#kept.get(id)?.isDamaged === true && !shippedIds.has(id);
    if (!isDamagedOwn) this.#refuseRemoval(this.find(id).info);
    this.#change(new Map([[id, undefined]]));
  }

  /** How many were brought back to the text they are shipped with. */
  restore(id: string): number {
    if (id !== 'all' && !shippedIds.has(id)) {
      const { info } = this.find(id);
      throw new PotterError(
        'INVALID_INPUT',
        `"${info.name}" is not shipped with Potter, so there is nothing to restore.`,
      );
    }
    const wanted = [...this.#kept].filter(([each]) => (id === 'all' ? shippedIds.has(each) : each === id));
    const edited = wanted.filter(([, own]) => own.isDamaged || (own.definition && own.baseVersion !== undefined));
    if (edited.length > 0) this.#change(new Map(edited.map(([each, own]) => [each, asShipped(own)])));
    return edited.length;
  }

  mark(
    id: string,
    { pinned, hidden }: { readonly pinned?: boolean | undefined; readonly hidden?: boolean | undefined },
  ): ActionInfo {
    const { info } = this.find(id);
    const own = this.#kept.get(id) ?? nothingKept;
    const marked = { ...own, pinned: pinned ?? own.pinned, ...(hidden !== undefined && { hidden }) };
    if (marked.pinned !== info.pinned || (hidden ?? info.hidden) !== info.hidden) this.#change(new Map([[id, marked]]));
    return this.find(id).info;
  }

  /** Puts these first, in this order; the others stay as they are among themselves, behind. */
  arrange(ids: readonly string[]): void {
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) throw new PotterError('INVALID_INPUT', `"${twice}" is named twice.`);
    for (const id of ids) this.find(id);
    // What was never given a place keeps having none, so that a new action of Potter's comes where it is shipped.
    const placed = [...this.#kept].filter(([id, { position }]) => position !== undefined && !ids.includes(id));
    placed.sort(([, a], [, b]) => (a.position ?? 0) - (b.position ?? 0));
    const order = [...ids, ...placed.map(([id]) => id)];
    this.#change(new Map(order.map((id, position) => [id, { ...(this.#kept.get(id) ?? nothingKept), position }])));
  }

  /** Those named, or all that are not as shipped, each with the steps it needs that are not as shipped either. */
  export(ids?: readonly string[]): { text: string; count: number } {
    const isOwn = ({ info }: Action): boolean => info.origin === 'custom' || info.origin === 'edited';
    const wanted = new Set(
      ids ??
        this.list()
          .filter(isOwn)
          .map(({ info }) => info.id),
    );
    for (const id of wanted) {
      const action = this.#editable(id);
      if (action.kind !== 'chain') continue;
      // A set may grow while it is walked, so that chains within chains are walked too.
      for (const step of action.definition.steps) {
        const found = this.#catalogue().byId.get(step);
        if (found && isOwn(found)) wanted.add(step);
      }
    }
    const filed = this.list().flatMap((action) =>
      'definition' in action && wanted.has(action.info.id)
        ? [{ id: action.info.id, definition: action.definition }]
        : [],
    );
    return { text: writeActionsFile(filed), count: filed.length };
  }

  /** What importing the file would change. Fails with `IMPORT_MALFORMED`. */
  preview(text: string): ImportedAction[] {
    return this.#assess(readActionsFile(text)).map(({ id, definition, change, reason }) => {
      const note = reason ?? this.#modelNote(definition);
      return { id, name: definition.name, change, definition, ...(note !== undefined && { reason: note }) };
    });
  }

  /** Takes those named, or all whose id is new here: all of them or, when one does not fit, none. */
  import(text: string, ids?: readonly string[]): string[] {
    const filed = readActionsFile(text);
    const { byId } = this.#catalogue();
    const assessed = this.#assess(ids ? filed : filed.filter(({ id }) => !byId.has(id)));
    const chosen = ids ? ids.map((id) => named(id, assessed)) : assessed.filter(({ change }) => change === 'new');
    for (const { definition, change, reason } of chosen) {
      if (change === 'refused') throw new PotterError('CONFLICT', `"${definition.name}" was not imported: ${reason}`);
    }
    const taken = chosen.filter(({ change }) => change !== 'same');
    if (taken.length > 0) this.#change(this.#edits(taken));
    return taken.map(({ id }) => id);
  }

  /** Made anew after a change alone: every call asks for it. */
  #catalogue(kept = this.#kept): Catalogue {
    if (kept !== this.#kept) return buildCatalogue(kept, this.#options.pluginCommands);
    if (this.#built?.kept !== kept) {
      this.#built = { kept, catalogue: buildCatalogue(kept, this.#options.pluginCommands) };
    }
    return this.#built.catalogue;
  }

  #editable(id: string): PromptAction | ChainAction {
    const action = this.find(id);
    if (this.#kept.get(id)?.isDamaged) throw damaged(id);
    if (action.kind === 'prompt' || action.kind === 'chain') return action;
    throw new PotterError('BUILT_IN', `"${action.info.name}" has no text of its own that could be edited or exported.`);
  }

  #refuseRemoval(info: ActionInfo): void {
    const { id } = info;
    if (info.origin !== 'custom') {
      const whose = info.origin === 'plugin' ? 'of a plugin' : 'shipped with Potter';
      throw new PotterError('BUILT_IN', `"${info.name}" is ${whose} and cannot be deleted.`);
    }
    const { chosen, hotkeys } = this.#options.settings();
    const combination = Object.hasOwn(hotkeys, id) ? hotkeys[id] : undefined;
    if (combination !== undefined) throw inUse(info, `the hotkey ${combination} runs it`);
    if (chosen === id) throw inUse(info, 'it is the current action');
    const chain = this.list().find((other) => other.kind === 'chain' && other.definition.steps.includes(id));
    if (chain) throw inUse(info, `it is a step of "${chain.info.name}" (${chain.info.id})`);
  }

  #whyNotNew(id: string): Omit<Finding, 'id'> | undefined {
    const taken = this.#catalogue().byId.get(id);
    if (taken) return { code: 'CONFLICT', message: `The id "${id}" is taken by the action "${taken.info.name}"` };
    if (this.#kept.get(id)?.isDamaged) return { code: 'CONFLICT', message: damaged(id).message.replace(/\.$/, '') };
    if (!reservedIds.has(id)) return undefined;
    return { code: 'INVALID_INPUT', message: `The id "${id}" has a meaning of its own in Potter; choose another` };
  }

  /** What is kept once the action has this definition. One equal to the shipped is no edit. */
  #edit(id: string, definition: ActionDefinition): Changes {
    const own = this.#kept.get(id) ?? nothingKept;
    const present = this.#catalogue().byId.get(id);
    if (present && 'definition' in present && isDeepStrictEqual(present.definition, definition)) return new Map();
    const shipped = present?.info.origin === 'custom' ? undefined : shippedPrompts.find((each) => each.id === id);
    if (shipped && isDeepStrictEqual(shipped.definition, definition)) return new Map([[id, asShipped(own)]]);
    // An edit of an edit was still made from the text the first one was made from.
    const base = shipped && { baseVersion: own.baseVersion ?? shipped.version };
    const isNew = !present && !own.definition;
    return new Map([
      [id, isNew ? { ...nothingKept, definition } : { ...own, ...base, definition, version: own.version + 1 }],
    ]);
  }

  #edits(filed: readonly FiledAction[]): Changes {
    return new Map(filed.flatMap(({ id, definition }) => [...this.#edit(id, definition)]));
  }

  /** Those that do not fit are refused one round after the other, until those left fit together. */
  #assess(filed: readonly FiledAction[]): Assessed[] {
    const assessed = filed.map((each): Assessed => ({ ...each, ...this.#assessAlone(each) }));
    for (;;) {
      const taken = assessed.filter(({ change }) => change === 'new' || change === 'replaces');
      const findings = this.#findings(this.#edits(taken));
      if (findings.length === 0) return assessed;
      for (const { id, message } of findings) {
        const index = assessed.findIndex((each) => each.id === id);
        const refused = assessed[index];
        if (refused) assessed[index] = { ...refused, change: 'refused', reason: `${message}.` };
      }
    }
  }

  #assessAlone({ id, definition }: FiledAction): Pick<ImportedAction, 'change' | 'reason'> {
    const present = this.#catalogue().byId.get(id);
    const impossible = requirementsProblem(definition.requires);
    if (impossible) return { change: 'refused', reason: impossible.message };
    if (!present) {
      const refused = this.#whyNotNew(id);
      return refused ? { change: 'refused', reason: `${refused.message}.` } : { change: 'new' };
    }
    if (!('definition' in present)) {
      return {
        change: 'refused',
        reason: `The id "${id}" is taken by "${present.info.name}", which cannot be edited.`,
      };
    }
    if (this.#kept.get(id)?.isDamaged) return { change: 'refused', reason: damaged(id).message };
    return { change: isDeepStrictEqual(present.definition, definition) ? 'same' : 'replaces' };
  }

  /** Not a reason to refuse it: the provider can be set up later. */
  #modelNote(definition: ActionDefinition): string | undefined {
    if (definition.kind !== 'prompt' || definition.model === undefined) return undefined;
    const [provider = ''] = definition.model.split('/');
    if (this.#options.isSetUp(provider)) return undefined;
    return `It uses ${definition.model}, and the provider "${provider}" is not set up here.`;
  }

  /** Checks what the list would become, writes it down in one transaction, and tells. */
  #change(changes: Changes): void {
    if (changes.size === 0) return;
    const [finding] = this.#findings(changes);
    if (finding) {
      const { code, message, field } = finding;
      throw new PotterError(code, `${message}.`, { ...(field && { detail: { field } }) });
    }
    const { database, changed } = this.#options;
    database.transaction(() => {
      for (const [id, own] of changes) {
        if (!own) database.run('DELETE FROM actions WHERE id = ?', id);
        else this.#write(id, own);
      }
    });
    // Read back, so that what is worked with is what the next start will find.
    const { kept, problems } = readKept(database.all<KeptRow>(selectRows));
    this.#kept = kept;
    this.#damage = problems;
    changed();
  }

  #write(id: string, { definition, version, baseVersion, position, pinned, hidden, isDamaged }: Kept): void {
    const { database } = this.#options;
    const place = [position ?? null, Number(pinned), hidden === undefined ? null : Number(hidden)] as const;
    database.run(upsertPlace, id, ...place);
    if (isDamaged) return;
    const text = definition ? JSON.stringify(definition) : null;
    database.run(updateDefinition, text, version, baseVersion ?? null, id);
  }

  /** What would be wrong with the list after these changes and is not wrong now. */
  #findings(changes: Changes): Finding[] {
    const touched = [...changes].filter(([id, own]) => own?.definition !== this.#kept.get(id)?.definition);
    if (touched.length === 0) return [];
    const next = new Map(this.#kept);
    for (const [id, own] of changes) {
      if (own) next.set(id, own);
      else next.delete(id);
    }
    const before = this.#catalogue();
    const after = this.#catalogue(next);
    const ids = touched.map(([id]) => id);
    return [...nameFindings(after, ids), ...chainFindings(before, after, ids)];
  }
}

/** Later ones of `touched` give way to earlier ones. */
function nameFindings({ actions, byId }: Catalogue, touched: readonly string[]): Finding[] {
  return touched.flatMap((id, index): Finding[] => {
    const name = byId.get(id)?.info.name;
    const later = touched.slice(index);
    const other = actions.find(
      ({ info }) => name !== undefined && !later.includes(info.id) && sameName(info.name, name),
    );
    if (!other || name === undefined) return [];
    const hidden = other.info.hidden ? ', which is hidden' : '';
    const message = `The name "${name}" is taken by the action "${other.info.id}"${hidden}`;
    return [{ id, code: 'CONFLICT', message, field: 'definition.name' }];
  });
}

function chainFindings(before: Catalogue, after: Catalogue, touched: readonly string[]): Finding[] {
  return after.actions.flatMap((chain): Finding[] => {
    const { id, name } = chain.info;
    const { problem } = stepsOf(chain, after.byId);
    if (chain.kind !== 'chain' || problem === undefined) return [];
    if (touched.includes(id)) {
      return [
        { id, code: 'INVALID_INPUT', message: `The chain "${name}" cannot run: ${problem}`, field: 'definition.steps' },
      ];
    }
    const old = before.byId.get(id);
    if (!old || stepsOf(old, before.byId).problem !== undefined) return [];
    const message = `The chain "${name}" (${id}) could no longer run: ${problem}`;
    return touched
      .filter((each) => reaches(chain, each, after.byId))
      .map((each) => ({ id: each, code: 'CONFLICT', message }));
  });
}

/** Does the chain come to this action, itself or by a chain within it? */
function reaches(chain: Action, id: string, byId: Catalogue['byId'], seen = new Set<string>()): boolean {
  if (chain.kind !== 'chain' || seen.has(chain.info.id)) return false;
  seen.add(chain.info.id);
  return chain.definition.steps.some((step) => {
    const next = byId.get(step);
    return step === id || (next !== undefined && reaches(next, id, byId, seen));
  });
}

/** Fails with `INVALID_INPUT` for what can never work, whatever else there is. */
function refuseImpossible(id: string, { requires }: ActionDefinition): void {
  const problem = requirementsProblem(requires);
  if (!problem) return;
  const field = `${id === 'draft' ? 'draft' : 'definition'}.${problem.field}`;
  throw new PotterError('INVALID_INPUT', problem.message, { detail: { field } });
}

function asShipped({ definition: _edited, baseVersion: _base, isDamaged: _damage, ...own }: Kept): Kept {
  return { ...own, version: own.version + 1 };
}

function damaged(id: string): PotterError {
  const message = `What the database keeps of the action "${id}" cannot be read and is not overwritten; \`potter actions ${shippedIds.has(id) ? 'restore' : 'remove'} ${id}\` deletes it.`;
  return new PotterError('CONFLICT', message);
}

const inUse = ({ name }: ActionInfo, why: string): PotterError =>
  new PotterError('CONFLICT', `"${name}" cannot be deleted: ${why}.`);

function named(id: string, assessed: readonly Assessed[]): Assessed {
  const found = assessed.find((each) => each.id === id);
  if (found) return found;
  throw new PotterError('NOT_FOUND', `The file has no action "${id}".`);
}

/** Numbers are held within bounds, because Node refuses to read those beyond its own. */
const selectRows = `
  SELECT id, definition, max(-1, min(version, 2147483647)) AS version, max(-1, min(base_version, 2147483647)) AS base_version,
    max(-1, min(position, 2147483647)) AS position, pinned <> 0 AS pinned, hidden <> 0 AS hidden
  FROM actions ORDER BY rowid`;
const upsertPlace = `
  INSERT INTO actions (id, position, pinned, hidden) VALUES (?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET position = excluded.position, pinned = excluded.pinned, hidden = excluded.hidden`;
const updateDefinition = 'UPDATE actions SET definition = ?, version = ?, base_version = ? WHERE id = ?';
