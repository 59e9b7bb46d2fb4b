/** The list of actions as it is kept: its groups, its order, and what is taken in from files and given out to them. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ActionDefinition, ActionDetail, ActionInfo, ImportedAction } from '../../shared/contract.ts';
import type { Connection } from './connection.ts';
import { fuzzySearch } from './fuzzy.ts';
import type { Process } from './process.ts';

export const groups = ['pinned', 'own', 'shipped', 'optional', 'plugins', 'hidden'] as const;
export type Group = (typeof groups)[number];

export interface ActionsState {
  readonly query: string;
  /** Groups that are closed, each under its heading. */
  readonly folded: ReadonlySet<Group>;
}

export class Actions {
  readonly state: StoreApi<ActionsState> = createStore<ActionsState>(() => ({
    query: '',
    folded: new Set<Group>(['plugins', 'hidden']),
  }));
  readonly #connection: Connection;
  /** Holds the list itself, which it needs as well. */
  readonly #process: Process;

  constructor(connection: Connection, process: Process) {
    this.#connection = connection;
    this.#process = process;
  }

  search(query: string): void {
    this.state.setState({ query });
  }

  fold(group: Group): void {
    const folded = new Set(this.state.getState().folded);
    if (!folded.delete(group)) folded.add(group);
    this.state.setState({ folded });
  }

  readAgain(): Promise<void> {
    return this.#process.readActions();
  }

  get(id: string): Promise<ActionDetail> {
    return this.#connection.call('actions.get', { id });
  }

  /** Puts an action right before or behind another one. Shown at once; a refusal brings the old order back and fails. */
  async place(id: string, side: 'before' | 'behind', other: string): Promise<void> {
    const ids = this.#list().map((action) => action.id);
    const next = placed(ids, id, side, other);
    this.#process.reorder(next);
    try {
      await this.#connection.call('actions.arrange', { ids: next });
    } catch (thrown) {
      this.#process.reorder(ids);
      throw thrown;
    }
  }

  /** One place up or down within its group: the new place counted from 1, or undefined at the end of the group. */
  async move(id: string, step: 1 | -1): Promise<{ position: number; total: number } | undefined> {
    const group = this.#list().find((action) => action.id === id);
    if (!group) return undefined;
    const ids = membersOf(groupOf(group), this.#list()).map((action) => action.id);
    const target = ids.indexOf(id) + step;
    const other = ids[target];
    if (other === undefined) return undefined;
    await this.place(id, step < 0 ? 'before' : 'behind', other);
    return { position: target + 1, total: ids.length };
  }

  async mark(id: string, marks: { readonly pinned?: boolean; readonly hidden?: boolean }): Promise<void> {
    await this.#connection.call('actions.mark', { id, ...marks });
    await this.readAgain();
  }

  async show(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#connection.call('actions.mark', { id, hidden: false });
    await this.readAgain();
  }

  /** Makes an action of one's own out of a definition; its id follows from its name. */
  async create(definition: ActionDefinition, id?: string): Promise<string> {
    const taken = new Set(this.#list().map((action) => action.id));
    const created = await this.#connection.call('actions.create', {
      id: id ?? freeId(definition.name, taken),
      definition,
    });
    await this.readAgain();
    return created.action.id;
  }

  /** `nameOf` makes the name of the copy, tried with 1, 2, … until one is free. */
  async duplicate(id: string, nameOf: (attempt: number) => string): Promise<string | undefined> {
    const { definition } = await this.get(id);
    if (!definition) return undefined;
    const taken = new Set(this.#list().map(({ name }) => name.toLowerCase()));
    let attempt = 1;
    while (taken.has(nameOf(attempt).toLowerCase())) attempt += 1;
    return this.create({ ...definition, name: nameOf(attempt) });
  }

  async remove(id: string): Promise<void> {
    await this.#connection.call('actions.remove', { id });
    await this.readAgain();
  }

  async restore(id: string): Promise<number> {
    const { restored } = await this.#connection.call('actions.restore', { id });
    await this.readAgain();
    return restored;
  }

  /** The file's text with these actions. */
  async export(ids: readonly string[]): Promise<string> {
    const { text } = await this.#connection.call('actions.export', { ids: [...ids] });
    return text;
  }

  async preview(text: string): Promise<readonly ImportedAction[]> {
    const { actions } = await this.#connection.call('actions.preview', { text });
    return actions;
  }

  async import(text: string, ids: readonly string[]): Promise<readonly string[]> {
    const { imported } = await this.#connection.call('actions.import', { text, ids: [...ids] });
    await this.readAgain();
    return imported;
  }

  #list(): readonly ActionInfo[] {
    return this.#process.state.getState().actions;
  }
}

export function groupOf({ pack, hidden, pinned, origin }: ActionInfo): Group {
  if (hidden) return pack === 'optional' ? 'optional' : 'hidden';
  if (pinned) return 'pinned';
  if (origin === 'custom') return 'own';
  return origin === 'plugin' ? 'plugins' : 'shipped';
}

export function membersOf(group: Group, actions: readonly ActionInfo[]): ActionInfo[] {
  return actions.filter((action) => groupOf(action) === group);
}

/** What a search finds, best first. */
export function findActions(query: string, actions: readonly ActionInfo[]): ActionInfo[] {
  const textsOf = ({ name, description, id }: ActionInfo): string[] => [name, id, description];
  return fuzzySearch(query, actions, textsOf).map(({ entry }) => entry);
}

/** Those a person chooses among: pinned first, hidden not at all, but always the one in use. */
export function offered(actions: readonly ActionInfo[], inUse?: string): ActionInfo[] {
  const shown = actions.filter(({ hidden, id }) => !hidden || id === inUse);
  return [...shown.filter(({ pinned }) => pinned), ...shown.filter(({ pinned }) => !pinned)];
}

function placed(ids: readonly string[], id: string, side: 'before' | 'behind', other: string): string[] {
  if (id === other) return [...ids];
  const others = ids.filter((each) => each !== id);
  const at = others.indexOf(other) + (side === 'before' ? 0 : 1);
  return [...others.slice(0, at), id, ...others.slice(at)];
}

/** The name in lower-case words joined by hyphens; `action` where it has no Latin letter or digit. */
export function slug(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return words.slice(0, 50).replace(/-+$/, '') || 'action';
}

/** The slug of the name, with a number where it is taken. */
export function freeId(name: string, taken: ReadonlySet<string>): string {
  const wanted = slug(name);
  let id = wanted;
  for (let number = 2; taken.has(id); number++) id = `${wanted.slice(0, 46)}-${number}`;
  return id;
}
