/** The process panel's state: the text, what to do with it, and the run under way or done. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ActionInfo, HistoryEntry, Output, ProviderInfo } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import type { Connection } from './connection.ts';
import { type Run, Runner } from './runner.ts';

/** A selection that was read before an action was chosen. */
export type Capture = Output<'text.captured'>;

export interface ProcessState {
  readonly text: string;
  /** Where the text came from, when it is a selection; it goes with the first edit. */
  readonly capture: Capture | undefined;
  /** What to do with the text, for actions that take a free instruction. */
  readonly instruction: string;
  /** Earlier instructions, newest first. */
  readonly recents: readonly string[];
  readonly actions: readonly ActionInfo[];
  /** The action the hotkey runs; undefined until it is known. */
  readonly current: string | undefined;
  /** Undefined until the actions are known. */
  readonly actionId: string | undefined;
  /** Ids of the steps, when the chosen action is a chain and they are known. */
  readonly steps: readonly string[];
  /** Model for the next runs as `provider/model`; null takes the default. */
  readonly model: string | null;
  readonly providers: readonly ProviderInfo[];
  readonly defaultModel: string | undefined;
  /** Have the providers been asked at least once? */
  readonly knowsProviders: boolean;
  /** Why the actions could not be read. */
  readonly loadError: PotterError | undefined;
  readonly run: Run;
}

export class Process {
  readonly state: StoreApi<ProcessState> = createStore<ProcessState>(() => ({
    text: '',
    capture: undefined,
    instruction: '',
    recents: [],
    actions: [],
    current: undefined,
    actionId: undefined,
    steps: [],
    model: null,
    providers: [],
    defaultModel: undefined,
    knowsProviders: false,
    loadError: undefined,
    run: { phase: 'idle' },
  }));
  readonly #connection: Connection;
  readonly #runner: Runner;
  #chosen = false;
  /** Run was asked for before the actions were known. */
  #isRunWanted = false;

  constructor(connection: Connection, now: () => number = Date.now) {
    this.#connection = connection;
    this.#runner = new Runner(connection, (run) => this.state.setState({ run }), now);
    connection.onConnected(() => this.#load());
    connection.on('config.changed', () => this.#load());
    connection.on('keys.changed', () => this.#load());
    connection.on('actions.changed', () => this.readActions());
    connection.on('history.changed', () => this.#loadRecents());
  }

  setText(text: string): void {
    const { capture } = this.state.getState();
    this.state.setState({ text, capture: capture?.text === text ? capture : undefined });
  }

  setInstruction(instruction: string): void {
    this.state.setState({ instruction });
  }

  setAction(actionId: string): void {
    this.#chosen = true;
    this.state.setState({ actionId });
    void this.#loadSteps();
  }

  setModel(model: string | null): void {
    this.state.setState({ model });
  }

  /** Puts a text of the history back into the panel. */
  reuse({ input, actionId, instruction = '' }: Pick<HistoryEntry, 'input' | 'actionId' | 'instruction'>): void {
    this.setText(input);
    this.setInstruction(instruction);
    if (this.state.getState().actions.some(({ id }) => id === actionId)) this.setAction(actionId);
    this.#runner.clear();
  }

  /** Takes over what was captured, so that its result can be reviewed here and written there. */
  adopt(capture: Capture): void {
    this.state.setState({ text: capture.text, capture });
    this.#runner.clear();
  }

  /**
   * Runs the chosen action, as soon as the actions are known; does nothing while a run is under way. `fresh` asks again
   * instead of remembering.
   */
  async run({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<void> {
    const { text, model, capture, instruction } = this.state.getState();
    const action = chosenAction(this.state.getState());
    this.#isRunWanted = !action;
    if (!action) return;
    const said = action.takesInstruction ? instruction.trim() : '';
    await this.#runner.start({
      action: action.name,
      text,
      input: {
        action: action.id,
        // What comes of a selection is read here first, so it is not written at once.
        ...(capture
          ? { source: { type: 'capture', captureId: capture.captureId }, output: 'show' }
          : { source: { type: 'text', text } }),
        ...(said !== '' && { instruction: said }),
        ...(model !== null && action.kind === 'prompt' && { model }),
        ...(fresh && { fresh }),
      },
    });
  }

  /** Stops the run under way; the text stays. */
  cancel(): void {
    this.#runner.cancel();
  }

  /** Writes the reviewed text into the window the run took its text from. Fails with what the core said. */
  async insert(runId: string, text: string): Promise<'replaced' | 'copied'> {
    const { outcome } = await this.#connection.call('text.insert', { runId, text });
    this.#note(runId, outcome);
    return outcome;
  }

  /** Puts the original back where the result of that run was written. Fails with what the core said. */
  async restore(runId: string): Promise<'restored' | 'copied'> {
    const { outcome } = await this.#connection.call('text.restore', { runId });
    if (outcome === 'restored') this.#note(runId, outcome);
    return outcome;
  }

  /** Shows the actions in this order, before the core has heard of it. */
  reorder(ids: readonly string[]): void {
    const place = new Map(ids.map((id, index) => [id, index]));
    const placeOf = ({ id }: ActionInfo): number => place.get(id) ?? ids.length;
    const actions = [...this.state.getState().actions].sort((a, b) => placeOf(a) - placeOf(b));
    this.state.setState({ actions });
  }

  async readActions(): Promise<void> {
    try {
      const { actions, current } = await this.#connection.call('actions.list', {});
      const { actionId } = this.state.getState();
      const keep = this.#chosen && actions.some(({ id }) => id === actionId);
      this.state.setState({ actions, current, actionId: keep ? actionId : current, loadError: undefined });
      if (this.#isRunWanted) void this.run();
      await this.#loadSteps();
    } catch (thrown) {
      const loadError = toPotterError(thrown);
      if (loadError.code !== 'TRANSPORT_CLOSED') this.state.setState({ loadError });
    }
  }

  #note(runId: string, written: 'replaced' | 'copied' | 'restored'): void {
    const { run } = this.state.getState();
    if (run.phase === 'done' && run.result.runId === runId) this.state.setState({ run: { ...run, written } });
  }

  async #load(): Promise<void> {
    await Promise.all([this.readActions(), this.#loadProviders(), this.#loadRecents()]);
  }

  async #loadSteps(): Promise<void> {
    const action = chosenAction(this.state.getState());
    if (action?.kind !== 'chain') return this.state.setState({ steps: [] });
    try {
      const { definition } = await this.#connection.call('actions.get', { id: action.id });
      if (definition?.kind === 'chain') this.state.setState({ steps: definition.steps });
    } catch {
      // The steps are told while it runs.
    }
  }

  async #loadRecents(): Promise<void> {
    try {
      const { instructions } = await this.#connection.call('history.instructions', {});
      this.state.setState({ recents: instructions });
    } catch {
      // A locked history remembers none.
    }
  }

  async #loadProviders(): Promise<void> {
    try {
      const { providers, default: defaultModel } = await this.#connection.call('providers.list', {});
      this.state.setState({ providers, defaultModel, knowsProviders: true });
    } catch {
      // The panel works without the list; a run says what is wrong with its provider.
    }
  }
}

export function chosenAction({ actions, actionId }: ProcessState): ActionInfo | undefined {
  return actions.find(({ id }) => id === actionId);
}

/** The model the chosen action will be sent to; undefined where none is needed or none is there. */
export function modelInForce(state: ProcessState): string | undefined {
  if (chosenAction(state)?.kind !== 'prompt') return undefined;
  return state.model ?? state.defaultModel;
}
