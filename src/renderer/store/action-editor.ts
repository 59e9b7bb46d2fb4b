/** One action under the pen: its definition as edited, what the core says to it, and its trial on a sample. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ActionDefinition, ActionDetail, PreviewStep } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import { type Actions, freeId } from './actions.ts';
import type { Connection } from './connection.ts';
import type { Process } from './process.ts';
import { type Run, Runner } from './runner.ts';

/** In the address and as the key of its draft: an action that has no id yet. */
export const newAction = 'new';

export type Preview =
  | { readonly status: 'none' | 'loading' }
  | { readonly status: 'ready'; readonly steps: readonly PreviewStep[] }
  | { readonly status: 'failed'; readonly error: PotterError };

/** What has not been saved. */
export interface Draft {
  readonly definition: ActionDefinition;
  /** Of a new action, once it was typed by hand; else it follows from the name. */
  readonly id?: string;
  /** Of a saved action: the version it was edited from. */
  readonly version?: number;
}

export interface EditorState {
  /** The action that is open, or `new`. */
  readonly id: string | undefined;
  readonly status: 'loading' | 'ready' | 'failed';
  readonly loadError: PotterError | undefined;
  /** Absent for a new action. */
  readonly detail: ActionDetail | undefined;
  /** As edited; absent for what cannot be edited. */
  readonly definition: ActionDefinition | undefined;
  /** Of a new action. */
  readonly newId: string;
  readonly isSaving: boolean;
  /** What the core said about a field, by the field's name in the definition; `id` for the id. */
  readonly fieldErrors: Readonly<Record<string, string>>;
  /** What it said about the whole. */
  readonly error: PotterError | undefined;
  /** Sample texts by action, kept as long as the page. */
  readonly samples: Readonly<Record<string, string>>;
  readonly instruction: string;
  readonly run: Run;
  readonly preview: Preview;
  readonly drafts: Readonly<Record<string, Draft>>;
}

const closed = {
  status: 'loading',
  loadError: undefined,
  detail: undefined,
  definition: undefined,
  newId: '',
  isSaving: false,
  fieldErrors: {},
  error: undefined,
  instruction: '',
  run: { phase: 'idle' },
  preview: { status: 'none' },
} as const;

export class ActionEditor {
  readonly state: StoreApi<EditorState> = createStore<EditorState>(() => ({
    ...closed,
    id: undefined,
    samples: {},
    drafts: {},
  }));
  readonly #connection: Connection;
  readonly #actions: Actions;
  readonly #process: Process;
  readonly #runner: Runner;
  #lastPreview = 0;
  #isLeaving = false;

  constructor(connection: Connection, actions: Actions, process: Process) {
    this.#connection = connection;
    this.#actions = actions;
    this.#process = process;
    this.#runner = new Runner(connection, (run) => this.state.setState({ run }));
    connection.on('actions.changed', () => this.#readAgain());
    connection.onConnected(() => this.#readAgain());
  }

  /** Takes up drafts that were kept elsewhere. */
  adopt(drafts: Readonly<Record<string, Draft>>): void {
    this.state.setState({ drafts });
  }

  /** Shows an action with what was not saved of it, if anything. */
  async open(id: string): Promise<void> {
    this.#runner.cancel();
    this.state.setState({ ...closed, id });
    if (id === newAction) return this.#begin();
    await this.#read(id);
  }

  /** The person knows what is not saved, so it need not be told when the editor closes. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** What is not saved and stays here, unless it was left knowingly. */
  close(): { readonly id: string; readonly definition: ActionDefinition } | undefined {
    const { id, definition } = this.state.getState();
    const isTold = id === undefined || !definition || this.#isLeaving || !isDirty(this.state.getState());
    this.#runner.cancel();
    this.#isLeaving = false;
    this.state.setState({ ...closed, id: undefined });
    return isTold ? undefined : { id, definition };
  }

  /** Changes fields of the definition. */
  change(fields: Readonly<Partial<ActionDefinition>>): void {
    const { definition } = this.state.getState();
    // A kind is changed by `setKind`, so the fields are those of the kind there is.
    if (definition) this.#edit({ ...definition, ...fields } as ActionDefinition, Object.keys(fields));
  }

  /** Takes an optional field away. */
  drop(field: 'requires' | 'model'): void {
    const { definition } = this.state.getState();
    if (!definition) return;
    const { [field]: _gone, ...rest } = definition as ActionDefinition & { readonly model?: string };
    this.#edit(rest as ActionDefinition, [field]);
  }

  setKind(kind: ActionDefinition['kind']): void {
    const { definition } = this.state.getState();
    if (!definition || definition.kind === kind) return;
    const { name, description, icon, output, review } = definition;
    const shared = { name, description, output, review };
    this.#edit(
      kind === 'prompt'
        ? { ...blank, ...shared, icon: icon === 'chain' ? 'sparkles' : icon }
        : { ...shared, kind, icon: icon === 'sparkles' ? 'chain' : icon, steps: [] },
      ['kind'],
    );
  }

  setNewId(newId: string): void {
    const { definition, drafts } = this.state.getState();
    if (!definition) return;
    this.state.setState({
      newId,
      fieldErrors: without(this.state.getState().fieldErrors, ['id']),
      drafts: { ...drafts, [newAction]: { definition, id: newId } },
    });
  }

  /** Resolves with the id when it was saved, undefined when the core refused; what it said is in the state then. */
  async save(): Promise<string | undefined> {
    const { id, definition, newId, isSaving } = this.state.getState();
    if (id === undefined || !definition || isSaving) return undefined;
    this.state.setState({ isSaving: true, fieldErrors: {}, error: undefined });
    try {
      const input = { definition: tidy(definition) };
      const detail =
        id === newAction
          ? await this.#connection.call('actions.create', { id: newId, ...input })
          : await this.#connection.call('actions.update', { id, ...input, ...this.#editedVersion(id) });
      this.#forget(id);
      if (this.state.getState().id === id) {
        this.state.setState({ ...(id !== newAction && { detail, definition: detail.definition }) });
      }
      void this.#process.readActions();
      return detail.action.id;
    } catch (thrown) {
      const error = toPotterError(thrown);
      this.#refuse(error);
      // Who saves again after reading that somebody else changed it means it.
      if (error.code === 'CONFLICT' && id !== newAction) this.#acceptVersion(id);
      return undefined;
    } finally {
      this.state.setState({ isSaving: false });
    }
  }

  /** Back to what is saved. */
  discard(id: string = this.state.getState().id ?? newAction): void {
    this.#forget(id);
    const { id: shown, detail } = this.state.getState();
    if (shown !== id) return;
    if (id === newAction) this.#begin();
    else this.state.setState({ definition: detail?.definition, fieldErrors: {}, error: undefined });
  }

  setSample(text: string): void {
    const { id, samples } = this.state.getState();
    if (id !== undefined) this.state.setState({ samples: { ...samples, [id]: text } });
  }

  setInstruction(instruction: string): void {
    this.state.setState({ instruction });
  }

  /** Runs the action as it stands in the editor on a sample, and writes nothing anywhere. */
  async try(text: string): Promise<void> {
    const { id, definition, detail } = this.state.getState();
    if (id === undefined) return;
    const action = definition?.name || detail?.action.name || '';
    await this.#runner.start({
      action,
      text,
      input: { ...this.#choice(), source: { type: 'text', text }, fresh: true },
    });
  }

  cancel(): void {
    this.#runner.cancel();
  }

  /** Asks what a run would send. */
  async lookAhead(text: string): Promise<void> {
    const asked = ++this.#lastPreview;
    if (this.state.getState().preview.status !== 'ready') this.state.setState({ preview: { status: 'loading' } });
    const show = (preview: Preview): void => {
      if (asked === this.#lastPreview) this.state.setState({ preview });
    };
    try {
      const { steps } = await this.#connection.call('text.preview', { ...this.#choice(), text });
      show({ status: 'ready', steps });
    } catch (thrown) {
      show({ status: 'failed', error: toPotterError(thrown) });
    }
  }

  #choice() {
    const { id, definition, instruction } = this.state.getState();
    const said = instruction.trim();
    return {
      ...(definition ? { draft: tidy(definition) } : { action: id }),
      ...(said !== '' && takesInstruction(definition) && { instruction: said }),
    };
  }

  #begin(): void {
    const draft = this.state.getState().drafts[newAction];
    this.state.setState({
      ...closed,
      id: newAction,
      status: 'ready',
      definition: draft?.definition ?? blank,
      newId: draft ? (draft.id ?? this.#freeId(draft.definition.name)) : '',
    });
  }

  async #readAgain(): Promise<void> {
    const { id } = this.state.getState();
    if (id !== undefined && id !== newAction) await this.#read(id);
  }

  async #read(id: string): Promise<void> {
    try {
      const detail = await this.#actions.get(id);
      const { id: shown, drafts } = this.state.getState();
      if (shown !== id) return;
      const definition = drafts[id]?.definition ?? detail.definition;
      this.state.setState({ status: 'ready', detail, definition, loadError: undefined });
    } catch (thrown) {
      const loadError = toPotterError(thrown);
      if (this.state.getState().id !== id || loadError.code === 'TRANSPORT_CLOSED') return;
      this.state.setState({ status: 'failed', loadError });
    }
  }

  #edit(definition: ActionDefinition, fields: readonly string[]): void {
    const { id, detail, drafts, fieldErrors } = this.state.getState();
    if (id === undefined) return;
    const version = detail?.action.version;
    const kept = { ...(version !== undefined && { version }), ...drafts[id], definition };
    const isAsSaved = detail?.definition !== undefined && isSame(definition, detail.definition);
    this.state.setState({
      definition,
      drafts: isAsSaved ? without(drafts, [id]) : { ...drafts, [id]: kept },
      fieldErrors: without(fieldErrors, fields),
      error: undefined,
      ...(id === newAction && kept.id === undefined && { newId: this.#freeId(definition.name) }),
    });
  }

  #editedVersion(id: string): { version?: number } {
    const version = this.state.getState().drafts[id]?.version;
    return version === undefined ? {} : { version };
  }

  #acceptVersion(id: string): void {
    const { drafts, detail } = this.state.getState();
    const draft = drafts[id];
    if (draft && detail)
      this.state.setState({ drafts: { ...drafts, [id]: { ...draft, version: detail.action.version } } });
  }

  #freeId(name: string): string {
    return name.trim() === '' ? '' : freeId(name, new Set(this.#process.state.getState().actions.map(({ id }) => id)));
  }

  #forget(id: string): void {
    this.state.setState({ drafts: without(this.state.getState().drafts, [id]) });
  }

  /** Puts what the core said beside the field it means. */
  #refuse(error: PotterError): void {
    const fieldErrors = fieldErrorsOf(error);
    this.state.setState({ fieldErrors, error: Object.keys(fieldErrors).length > 0 ? undefined : error });
  }
}

/** Is there anything to save? */
export function isDirty({ id, drafts }: Pick<EditorState, 'id' | 'drafts'>): boolean {
  return id !== undefined && Object.hasOwn(drafts, id);
}

export function takesInstruction(definition: ActionDefinition | undefined): boolean {
  return definition?.kind === 'prompt' && definition.instruction.includes('{{instruction}}');
}

/** What a new action starts from. */
export const blank: Extract<ActionDefinition, { kind: 'prompt' }> = {
  kind: 'prompt',
  name: '',
  description: '',
  icon: 'sparkles',
  output: 'replace',
  review: 'off',
  instruction: '',
  profile: 'rewrite',
  tier: 'standard',
  temperature: 0.3,
  growth: 2,
};

/** Without the blanks around texts, and without requirements that require nothing. */
function tidy(definition: ActionDefinition): ActionDefinition {
  const { requires, ...rest } = definition;
  const wanted = Object.fromEntries(Object.entries(requires ?? {}).filter(([, value]) => value !== undefined));
  const named = { ...rest, name: rest.name.trim(), description: rest.description.trim() };
  return Object.keys(wanted).length > 0 ? { ...named, requires: wanted } : named;
}

/** Equal as the core would keep them. */
function isSame(a: ActionDefinition, b: ActionDefinition): boolean {
  return stable(tidy(a)) === stable(tidy(b));
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function fieldErrorsOf({ detail, message }: PotterError): Record<string, string> {
  if (typeof detail !== 'object' || detail === null) return {};
  if ('field' in detail && typeof detail.field === 'string') return { [fieldName(detail.field)]: message };
  if (!('fields' in detail) || !Array.isArray(detail.fields)) return {};
  const found: [string, string][] = detail.fields.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null || !('field' in each) || !('message' in each)) return [];
    return [[fieldName(String(each.field)), String(each.message)] as [string, string]];
  });
  return Object.fromEntries(found);
}

/** `definition.steps.2` belongs to the field `steps`. */
function fieldName(path: string): string {
  return path.replace(/^definition\./, '').split('.')[0] ?? path;
}

function without<T>(record: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
