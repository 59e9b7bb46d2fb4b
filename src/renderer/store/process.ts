/** The process panel's state: the text, what to do with it, and the run under way or done. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ActionInfo, ProviderInfo, RunChunk, RunResult } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import type { Connection } from './connection.ts';

export type Run =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'running';
      readonly action: string;
      readonly runId?: string;
      readonly model?: string;
      /** Milliseconds since the epoch. */
      readonly startedAt: number;
      readonly text: string;
    }
  | { readonly phase: 'done'; readonly result: RunResult }
  | {
      readonly phase: 'failed';
      readonly action: string;
      readonly input: string;
      readonly error: PotterError;
      /** What arrived although the run failed; to be shown, never inserted. */
      readonly answer?: string;
    }
  | { readonly phase: 'cancelled'; readonly action: string };

export interface ProcessState {
  readonly text: string;
  readonly actions: readonly ActionInfo[];
  /** Undefined until the actions are known. */
  readonly actionId: string | undefined;
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
    actions: [],
    actionId: undefined,
    model: null,
    providers: [],
    defaultModel: undefined,
    knowsProviders: false,
    loadError: undefined,
    run: { phase: 'idle' },
  }));
  readonly #connection: Connection;
  readonly #now: () => number;
  #abort: AbortController | undefined;
  #chosen = false;
  /** Run was asked for before the actions were known. */
  #isRunWanted = false;

  constructor(connection: Connection, now: () => number = Date.now) {
    this.#connection = connection;
    this.#now = now;
    connection.onConnected(() => this.#load());
    connection.on('config.changed', () => this.#load());
    connection.on('keys.changed', () => this.#load());
  }

  setText(text: string): void {
    this.state.setState({ text });
  }

  setAction(actionId: string): void {
    this.#chosen = true;
    this.state.setState({ actionId });
  }

  setModel(model: string | null): void {
    this.state.setState({ model });
  }

  /** Puts a text of the history back into the panel. */
  reuse(text: string, actionId: string): void {
    this.setText(text);
    if (this.state.getState().actions.some(({ id }) => id === actionId)) this.setAction(actionId);
    if (!this.#abort) this.state.setState({ run: { phase: 'idle' } });
  }

  /**
   * Runs the chosen action, as soon as the actions are known; does nothing while a run is under way. `fresh` asks again
   * instead of remembering.
   */
  async run({ fresh = false }: { readonly fresh?: boolean } = {}): Promise<void> {
    const { text, model } = this.state.getState();
    const action = chosenAction(this.state.getState());
    this.#isRunWanted = !action;
    if (this.#abort || !action) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#setRun({ phase: 'running', action: action.name, startedAt: this.#now(), text: '' });
    try {
      const result = await this.#connection.call(
        'text.process',
        {
          action: action.id,
          source: { type: 'text', text },
          ...(model !== null && action.kind === 'prompt' && { model }),
          ...(fresh && { fresh }),
        },
        { signal: abort.signal, onChunk: (chunk) => this.#receive(chunk) },
      );
      this.#setRun({ phase: 'done', result });
    } catch (thrown) {
      this.#setRun(this.#failure(toPotterError(thrown), action.name, text));
    } finally {
      this.#abort = undefined;
    }
  }

  /** Stops the run under way; the text stays. */
  cancel(): void {
    this.#abort?.abort();
  }

  #receive(chunk: RunChunk): void {
    const { run } = this.state.getState();
    if (run.phase !== 'running') return;
    if (chunk.type === 'text') {
      this.#setRun({ ...run, text: run.text + chunk.text });
      return;
    }
    const { runId, provider, model } = chunk;
    this.#setRun({ ...run, runId, ...(model && { model: provider ? `${provider}/${model}` : model }) });
  }

  #failure(error: PotterError, action: string, input: string): Run {
    if (error.code === 'CANCELLED') return { phase: 'cancelled', action };
    const { run } = this.state.getState();
    const partial = run.phase === 'running' && run.text !== '' ? run.text : undefined;
    const answer = answerOf(error) ?? partial;
    return { phase: 'failed', action, input, error, ...(answer !== undefined && { answer }) };
  }

  #setRun(run: Run): void {
    this.state.setState({ run });
  }

  async #load(): Promise<void> {
    await Promise.all([this.#loadActions(), this.#loadProviders()]);
  }

  async #loadActions(): Promise<void> {
    try {
      const { actions, current } = await this.#connection.call('actions.list', {});
      const { actionId } = this.state.getState();
      const keep = this.#chosen && actions.some(({ id }) => id === actionId);
      this.state.setState({ actions, actionId: keep ? actionId : current, loadError: undefined });
      if (this.#isRunWanted) void this.run();
    } catch (thrown) {
      const loadError = toPotterError(thrown);
      if (loadError.code !== 'TRANSPORT_CLOSED') this.state.setState({ loadError });
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

/** The answer an error carries in `detail.output`. */
function answerOf(error: PotterError): string | undefined {
  const { detail } = error;
  if (typeof detail !== 'object' || detail === null || !('output' in detail)) return undefined;
  return typeof detail.output === 'string' && detail.output !== '' ? detail.output : undefined;
}
