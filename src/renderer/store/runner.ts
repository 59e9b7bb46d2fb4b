/** One run after another, each followed from its first word to its end; whoever owns the runner shows it. */
import type { Input, RunChunk, RunResult } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import type { Connection } from './connection.ts';

export type Run =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'running';
      readonly action: string;
      readonly runId?: string;
      readonly model?: string;
      /** The step a chain has come to, as the id of its action. */
      readonly step?: { readonly id: string; readonly number: number };
      /** Milliseconds since the epoch. */
      readonly startedAt: number;
      readonly text: string;
      /** Nobody works on it until then, because of what the provider last said. */
      readonly waiting?: { readonly provider: string; readonly code: string; readonly until: number };
    }
  | {
      readonly phase: 'done';
      readonly result: RunResult;
      /** What became of the reviewed text afterwards. */
      readonly written?: 'replaced' | 'copied' | 'restored';
    }
  | {
      readonly phase: 'failed';
      readonly action: string;
      readonly input: string;
      readonly error: PotterError;
      /** What arrived although the run failed; to be shown, never inserted. */
      readonly answer?: string;
    }
  | { readonly phase: 'cancelled'; readonly action: string };

export interface RunRequest {
  /** Name of the action, for the eye. */
  readonly action: string;
  /** The text as far as it is known here; kept beside a failure. */
  readonly text: string;
  readonly input: Input<'text.process'>;
}

export class Runner {
  readonly #connection: Connection;
  readonly #show: (run: Run) => void;
  readonly #now: () => number;
  #run: Run = { phase: 'idle' };
  #abort: AbortController | undefined;

  constructor(connection: Connection, show: (run: Run) => void, now: () => number = Date.now) {
    this.#connection = connection;
    this.#show = show;
    this.#now = now;
  }

  get isRunning(): boolean {
    return this.#abort !== undefined;
  }

  /** Resolves with how it ended. Does nothing, and resolves with what there is, while another run is under way. */
  async start({ action, text, input }: RunRequest): Promise<Run> {
    if (this.#abort) return this.#run;
    const abort = new AbortController();
    this.#abort = abort;
    this.#set({ phase: 'running', action, startedAt: this.#now(), text: '' });
    try {
      const result = await this.#connection.call('text.process', input, {
        signal: abort.signal,
        onChunk: (chunk) => this.#receive(chunk, input.action),
      });
      return this.#set({ phase: 'done', result });
    } catch (thrown) {
      return this.#set(this.#failure(toPotterError(thrown), action, text));
    } finally {
      this.#abort = undefined;
    }
  }

  /** Stops the run under way; the text stays. */
  cancel(): void {
    this.#abort?.abort();
  }

  /** Forgets what is shown, unless it is still under way. */
  clear(): void {
    if (!this.#abort) this.#set({ phase: 'idle' });
  }

  #receive(chunk: RunChunk, asked: string | undefined): void {
    const run = this.#run;
    if (run.phase !== 'running') return;
    if (chunk.type === 'text') {
      const { waiting: _over, ...rest } = run;
      this.#set({ ...rest, text: run.text + chunk.text });
      return;
    }
    if (chunk.type === 'waiting') {
      const { provider, code, ms } = chunk;
      this.#set({ ...run, waiting: { provider, code, until: this.#now() + ms } });
      return;
    }
    const { runId, action, provider, model, instead } = chunk;
    const isStep = !instead && (run.runId !== undefined || (asked !== undefined && action !== asked));
    const { model: _last, waiting: _over, ...rest } = run;
    this.#set({
      ...rest,
      runId,
      text: '',
      ...(model && { model: provider ? `${provider}/${model}` : model }),
      ...(isStep && { step: { id: action, number: (run.step?.number ?? (run.runId === undefined ? 0 : 1)) + 1 } }),
    });
  }

  #failure(error: PotterError, action: string, input: string): Run {
    if (error.code === 'CANCELLED') return { phase: 'cancelled', action };
    const partial = this.#run.phase === 'running' && this.#run.text !== '' ? this.#run.text : undefined;
    const answer = answerOf(error) ?? partial;
    return { phase: 'failed', action, input, error, ...(answer !== undefined && { answer }) };
  }

  #set(run: Run): Run {
    this.#run = run;
    this.#show(run);
    return run;
  }
}

/** The answer an error carries in `detail.output`. */
function answerOf({ detail }: PotterError): string | undefined {
  if (typeof detail !== 'object' || detail === null || !('output' in detail)) return undefined;
  return typeof detail.output === 'string' && detail.output !== '' ? detail.output : undefined;
}
