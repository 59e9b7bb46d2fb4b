/** Puts the list of actions together: what Potter ships, what the person made of it and beside it, what plugins offer. */
import * as z from 'zod';
import { type ActionDefinition, type ActionInfo, actionDefinition, actionId } from '../../../shared/contract.ts';
import { pollutionIn } from '../../../shared/pollution.ts';
import type { Action, OfferedCommand, SingleAction } from './actions.ts';
import { proofreadOffline, shippedPrompts } from './shipped.ts';

/** What the person made of one action. */
export interface Kept {
  /** Absent where only its place or its marks are kept. */
  readonly definition?: ActionDefinition;
  /** Grows with every change of the definition, its removal included. */
  readonly version: number;
  /** Version of the shipped action the definition was edited from. */
  readonly baseVersion?: number;
  readonly position?: number;
  readonly pinned: boolean;
  /** Absent: as shipped. */
  readonly hidden?: boolean;
  /** A definition is there that cannot be read; it is not overwritten by accident. */
  readonly isDamaged?: boolean;
}

export const nothingKept: Kept = { version: 1, pinned: false };

/** A row of the table `actions`. */
export interface KeptRow {
  readonly id: string;
  readonly definition: string | null;
  readonly version: number;
  readonly base_version: number | null;
  readonly position: number | null;
  readonly pinned: number;
  readonly hidden: number | null;
}

export interface Catalogue {
  /** In the order of the list. */
  readonly actions: readonly Action[];
  readonly byId: ReadonlyMap<string, Action>;
  /** What had to be left out, and why: whole sentences. */
  readonly problems: readonly string[];
}

/** The rows as they can be used. One that cannot, which only another program can have written, harms no other. */
export function readKept(rows: readonly KeptRow[]): { kept: Map<string, Kept>; problems: string[] } {
  const kept = new Map<string, Kept>();
  const problems: string[] = [];
  for (const row of rows) {
    const { definition, reason } = row.definition === null ? {} : parseDefinition(row.definition);
    const wrong = numbers.safeParse(row).success ? reason : 'its id or a number is not valid';
    if (wrong !== undefined) problems.push(damage(row.id, wrong));
    const { id, version, base_version, position, pinned, hidden } = row;
    kept.set(id, {
      version: Math.max(1, version),
      pinned: pinned !== 0,
      ...(position !== null && { position }),
      ...(hidden !== null && { hidden: hidden !== 0 }),
      ...(wrong !== undefined && { isDamaged: true }),
      ...(wrong === undefined && definition && { definition }),
      ...(wrong === undefined && base_version !== null && { baseVersion: base_version }),
    });
  }
  return { kept, problems };
}

const numbers = z.looseObject({
  id: actionId,
  version: z.int().positive(),
  base_version: z.int().positive().nullable(),
});

function parseDefinition(source: string): { definition?: ActionDefinition; reason?: string } {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    return { reason: 'it is not JSON' };
  }
  const pollution = pollutionIn(value);
  if (pollution !== undefined) return { reason: `it ${pollution}` };
  const parsed = actionDefinition.safeParse(value);
  if (parsed.success) return { definition: parsed.data };
  const [issue] = parsed.error.issues;
  return { reason: `field "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'it is not valid'}` };
}

function damage(id: string, reason: string): string {
  const shown = JSON.stringify(id.slice(0, 60));
  const mend = shippedIds.has(id) ? 'restore' : 'remove';
  return `What the database keeps of the action ${shown} cannot be used and is left as it is: ${reason}. \`potter actions ${mend}\` deletes it.`;
}

export const shippedIds: ReadonlySet<string> = new Set([...shippedPrompts.map(({ id }) => id), proofreadOffline.id]);

/** The whole list. A person's own action comes before a shipped one or a command that later took the same id. */
export function buildCatalogue(kept: ReadonlyMap<string, Kept>, commands: readonly OfferedCommand[]): Catalogue {
  const byId = new Map<string, Action>();
  const problems: string[] = [];
  const add = (action: Action): void => {
    byId.set(action.info.id, action);
  };
  for (const action of shippedActions(kept)) {
    const own = kept.get(action.info.id);
    if (own?.definition && own.baseVersion === undefined) problems.push(ownComesFirst(action));
    else add(action);
  }
  for (const [id, own] of kept) {
    if (own.definition && !byId.has(id)) add(defined(own.definition, { ...marks(own), id, version: own.version }));
  }
  for (const command of commands) {
    const taken = byId.get(command.id);
    if (!taken) add(offered(command, marks(kept.get(command.id))));
    else problems.push(commandIsLeftOut(command, taken));
  }
  for (const action of byId.values()) {
    if (action.kind !== 'chain') continue;
    const { steps, problem } = stepsOf(action, byId);
    if (problem !== undefined)
      problems.push(`The chain "${action.info.name}" (${action.info.id}) cannot run: ${problem}.`);
    add({ ...action, info: { ...action.info, takesInstruction: steps.some(({ info }) => info.takesInstruction) } });
  }
  return { actions: inOrder(byId, kept), byId, problems };
}

/** The action a definition makes. */
export function defined(
  definition: ActionDefinition,
  place: Pick<ActionInfo, 'id' | 'version'> & Partial<ActionInfo>,
): Action {
  const { name, description, icon, kind, output, review } = definition;
  const shown = { name, description, icon, kind, output, review };
  const info: ActionInfo = { ...shown, origin: 'custom', ...unmarked, ...place };
  if (definition.kind === 'chain') return { kind: 'chain', info, definition };
  const { tier, model, instruction } = definition;
  const takesInstruction = instruction.includes('{{instruction}}');
  return { kind: 'prompt', info: { ...info, tier, ...(model && { model }), takesInstruction }, definition };
}

/** Single actions a chain may come to, those of chains within it included. */
export const mostSteps = 8;

/**
 * What an action really does, in order: itself, or the steps of the chain with those of chains within it. `problem` says
 * why it cannot be run, as the end of a sentence.
 */
export function stepsOf(
  action: Action,
  byId: ReadonlyMap<string, Action>,
): { readonly steps: readonly SingleAction[]; readonly problem?: string } {
  const steps: SingleAction[] = [];
  const visit = (each: Action, within: readonly string[]): string | undefined => {
    if (each.kind !== 'chain') {
      steps.push(each);
      return steps.length > mostSteps ? `it comes to more than ${mostSteps} steps in all` : undefined;
    }
    const path = [...within, each.info.id];
    for (const id of each.definition.steps) {
      if (path.includes(id)) return `it goes round in a circle: ${[...path, id].join(' → ')}`;
      const step = byId.get(id);
      const problem = step ? visit(step, path) : `there is no action "${id}"`;
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  const problem = visit(action, []) ?? instructionProblem(steps);
  return problem === undefined ? { steps } : { steps, problem };
}

/** A run has one instruction. Given to two steps it would mean two things, so a chain may hold one that takes it. */
function instructionProblem(steps: readonly SingleAction[]): string | undefined {
  const asking = steps.filter(({ info }) => info.takesInstruction).map(({ info }) => `"${info.name}"`);
  return asking.length > 1 ? `only one step may ask for an instruction, and ${asking.join(' and ')} do` : undefined;
}

/** Two names a reader would take for one. */
export const sameName = (name: string, other: string): boolean => nameKey(name) === nameKey(other);
const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase();

const unmarked = { isOutdated: false, pinned: false, hidden: false, takesInstruction: false } as const;

function* shippedActions(kept: ReadonlyMap<string, Kept>): Generator<Action> {
  const [common, optional] = [shippedPrompts.filter(({ pack }) => !pack), shippedPrompts.filter(({ pack }) => pack)];
  for (const shipped of common) yield shippedAction(shipped, kept.get(shipped.id));
  yield { kind: 'proofread', info: { ...proofreadOffline, ...marks(kept.get(proofreadOffline.id)) } };
  for (const shipped of optional) yield shippedAction(shipped, kept.get(shipped.id));
}

function shippedAction(shipped: (typeof shippedPrompts)[number], own: Kept = nothingKept): Action {
  const { id, pack, fallback } = shipped;
  const isEdited = own.definition !== undefined;
  const action = defined(own.definition ?? shipped.definition, {
    id,
    origin: isEdited ? 'edited' : 'built-in',
    // Grows with our changes and with the person's.
    version: shipped.version + own.version - 1,
    isOutdated: isEdited && shipped.version > (own.baseVersion ?? 0),
    hidden: pack === 'optional',
    ...(pack && { pack }),
    ...marks(own),
  });
  return action.kind === 'prompt' && fallback ? { ...action, fallback } : action;
}

function offered({ plugin, id, title, description, output }: OfferedCommand, place: Partial<ActionInfo>): Action {
  const shown = { id, name: title, description, icon: 'plugin', kind: 'plugin', output, review: 'off' } as const;
  return {
    kind: 'plugin',
    info: { ...shown, origin: 'plugin', version: 1, ...unmarked, ...place },
    plugin,
    command: id,
  };
}

function marks(own: Kept = nothingKept): Pick<ActionInfo, 'pinned'> & Partial<Pick<ActionInfo, 'hidden'>> {
  return { pinned: own.pinned, ...(own.hidden !== undefined && { hidden: own.hidden }) };
}

/** Pinned first, then those that were given a place, then as shipped, one's own, plugins. */
function inOrder(byId: ReadonlyMap<string, Action>, kept: ReadonlyMap<string, Kept>): Action[] {
  const place = ({ info }: Action): number => kept.get(info.id)?.position ?? Number.MAX_SAFE_INTEGER;
  return [...byId.values()].sort((a, b) => Number(b.info.pinned) - Number(a.info.pinned) || place(a) - place(b));
}

const ownComesFirst = ({ info }: Action): string =>
  `The action "${info.name}" of Potter is left out: an action of your own has its id, "${info.id}".`;

function commandIsLeftOut({ plugin, id, title }: OfferedCommand, { info }: Action): string {
  return `The command "${title}" of the plugin "${plugin}" is left out: the action "${info.name}" has its id, "${id}".`;
}
