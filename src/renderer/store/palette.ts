/** The palette: what it offers for a few typed letters, and the run that is started from it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ActionInfo, Input } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import { blank } from './action-editor.ts';
import { type Actions, offered } from './actions.ts';
import type { Connection } from './connection.ts';
import { fuzzyMatch } from './fuzzy.ts';
import type { Capture, Process } from './process.ts';
import { type Run, Runner } from './runner.ts';

export interface PaletteState {
  /** What is to be worked on; undefined when nothing was captured. */
  readonly captureId: string | undefined;
  /** Undefined until it has been read. */
  readonly capture: Capture | undefined;
  readonly captureError: PotterError | undefined;
  readonly query: string;
  /** Place in the list of the row that Enter takes. */
  readonly chosen: number;
  readonly run: Run;
}

/** The action that takes a free instruction. */
const askId = 'ask';

export class Palette {
  readonly state: StoreApi<PaletteState> = createStore<PaletteState>(() => ({
    captureId: undefined,
    capture: undefined,
    captureError: undefined,
    query: '',
    chosen: 0,
    run: { phase: 'idle' },
  }));
  readonly #connection: Connection;
  readonly #process: Process;
  readonly #actions: Actions;
  readonly #runner: Runner;

  constructor(connection: Connection, process: Process, actions: Actions) {
    this.#connection = connection;
    this.#process = process;
    this.#actions = actions;
    this.#runner = new Runner(connection, (run) => this.state.setState({ run }));
    connection.onConnected(() => this.#readCapture());
  }

  /** Begins anew, with what was captured if anything was. A run under way goes on. */
  open(captureId: string | undefined, query = ''): void {
    const isSame = captureId === this.state.getState().captureId;
    this.#runner.clear();
    this.state.setState({ query, chosen: 0, captureId });
    if (isSame) return;
    this.state.setState({ capture: undefined, captureError: undefined });
    void this.#readCapture();
  }

  type(query: string): void {
    this.state.setState({ query, chosen: 0 });
  }

  choose(chosen: number): void {
    this.state.setState({ chosen });
  }

  /** Runs an action on what was captured. `show`: show the result and write it nowhere. Resolves with how it ended. */
  start(action: ActionInfo, options: { readonly instruction?: string; readonly show?: boolean } = {}): Promise<Run> {
    const { captureId, capture } = this.state.getState();
    const { instruction, show = false } = options;
    const input: Input<'text.process'> = {
      action: action.id,
      source: captureId === undefined ? { type: 'selection' } : { type: 'capture', captureId },
      ...(instruction !== undefined && { instruction }),
      ...(show && { output: 'show' }),
    };
    return this.#runner.start({ action: action.name, text: capture?.text ?? '', input });
  }

  cancel(): void {
    this.#runner.cancel();
  }

  /** Back to the list after a run has ended. */
  back(): void {
    this.#runner.clear();
  }

  /** Puts the text and the choice into the process panel, and runs it there when there is a text to run it on. */
  handOver(action: ActionInfo, instruction?: string): void {
    const { capture } = this.state.getState();
    if (capture) this.#process.adopt(capture);
    this.#process.setAction(action.id);
    if (instruction !== undefined) this.#process.setInstruction(instruction);
    const { text } = this.#process.state.getState();
    const isReady = !action.takesInstruction || instruction !== undefined;
    if (text.trim() !== '' && isReady) void this.#process.run();
  }

  /** Makes an action that always does what the instruction says. Fails with what the core said. */
  save(name: string, instruction: string): Promise<string> {
    return this.#actions.create({ ...blank, name: name.trim(), icon: 'message', profile: 'free', instruction });
  }

  /** Can the result be read under its id, or only here? */
  async isKept(runId: string): Promise<boolean> {
    try {
      await this.#connection.call('history.get', { id: runId });
      return true;
    } catch {
      return false;
    }
  }

  async #readCapture(): Promise<void> {
    const { captureId, capture } = this.state.getState();
    if (captureId === undefined || capture?.captureId === captureId) return;
    const show = (state: Partial<PaletteState>): void => {
      if (this.state.getState().captureId === captureId) this.state.setState(state);
    };
    try {
      show({ capture: await this.#connection.call('text.captured', { captureId }), captureError: undefined });
    } catch (thrown) {
      const captureError = toPotterError(thrown);
      if (captureError.code !== 'TRANSPORT_CLOSED') show({ captureError });
    }
  }
}

/** A panel that can be opened from the palette, by the name people see. */
export interface Place {
  readonly panel: string;
  readonly label: string;
}

export type Row =
  | { readonly kind: 'action'; readonly action: ActionInfo; readonly at: readonly number[] }
  | { readonly kind: 'recent'; readonly instruction: string; readonly at: readonly number[] }
  | { readonly kind: 'place'; readonly place: Place; readonly at: readonly number[] }
  /** What was typed, as an instruction for this once, or for ever. */
  | { readonly kind: 'ask'; readonly instruction: string }
  | { readonly kind: 'save'; readonly instruction: string };

export interface Offer {
  readonly actions: readonly ActionInfo[];
  readonly recents: readonly string[];
  readonly places: readonly Place[];
}

const mostRecents = 5;
/** Below this many letters nobody has said what to do. */
const shortestInstruction = 2;

/** The rows for what was typed, best first; without a word typed everything, in its order. */
export function paletteRows(query: string, { actions, recents, places }: Offer): Row[] {
  const wanted = query.trim();
  const scored: { row: Row; score: number }[] = [];
  const add = (texts: readonly string[], weight: number, make: (at: readonly number[]) => Row): void => {
    const match = fuzzyMatch(wanted, texts);
    if (match) scored.push({ row: make(match.at), score: match.score + weight });
  };
  for (const action of offered(actions)) {
    if (wanted === '' && action.id === askId && recents.length === 0) continue;
    add([action.name, action.id, action.description], 3, (at) => ({ kind: 'action', action, at }));
  }
  const latest = wanted === '' ? recents.slice(0, mostRecents) : recents;
  for (const instruction of latest) add([instruction], 0, (at) => ({ kind: 'recent', instruction, at }));
  for (const place of places) add([place.label], 0, (at) => ({ kind: 'place', place, at }));
  if (wanted === '') return scored.map(({ row }) => row);
  const found = scored.sort((a, b) => b.score - a.score).map(({ row }) => row);
  if (wanted.length < shortestInstruction || !askAction(actions)) return found;
  return [...found, { kind: 'ask', instruction: wanted }, { kind: 'save', instruction: wanted }];
}

export function askAction(actions: readonly ActionInfo[]): ActionInfo | undefined {
  return actions.find(({ id }) => id === askId) ?? actions.find(({ takesInstruction }) => takesInstruction);
}
