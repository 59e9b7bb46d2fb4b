/** A text to practise on: processed, reviewed, taken over and put back, and written nowhere. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Connection } from './connection.ts';
import type { Process } from './process.ts';
import { type Run, Runner } from './runner.ts';

export interface PracticeState {
  /** Undefined until something was typed or taken over: the sample stands there. */
  readonly text: string | undefined;
  /** As it was before a result took its place. */
  readonly original: string | undefined;
  readonly run: Run;
}

const blank: PracticeState = { text: undefined, original: undefined, run: { phase: 'idle' } };

export class Practice {
  readonly state: StoreApi<PracticeState> = createStore<PracticeState>(() => blank);
  readonly #process: Process;
  readonly #runner: Runner;

  constructor(connection: Connection, process: Process) {
    this.#process = process;
    this.#runner = new Runner(connection, (run) => this.state.setState({ run }));
  }

  setText(text: string): void {
    this.state.setState({ text, original: undefined });
  }

  /** With the action the hotkey runs. */
  async process(text: string): Promise<void> {
    const { actions, current } = this.#process.state.getState();
    const action = actions.find(({ id }) => id === current);
    if (!action) return;
    await this.#runner.start({
      action: action.name,
      text,
      input: { action: action.id, source: { type: 'text', text } },
    });
  }

  cancel(): void {
    this.#runner.cancel();
  }

  /** The reviewed text takes the place of the one it was made of. */
  accept(text: string): void {
    const { run } = this.state.getState();
    if (run.phase === 'done') this.state.setState({ text, original: run.result.input });
    this.#runner.clear();
  }

  reject(): void {
    this.#runner.clear();
  }

  restore(): void {
    const { original } = this.state.getState();
    if (original !== undefined) this.state.setState({ text: original, original: undefined });
    this.#runner.clear();
  }

  /** Back to the sample. */
  reset(): void {
    this.#runner.cancel();
    this.state.setState(blank);
  }
}
