/**
 * The windows that texts came from, for as long as something may be written back to them: selections that were read
 * before an action was chosen, and the runs that worked on one. Only the latest few, and in memory only.
 */
import { PotterError } from '../../../shared/errors.ts';
import type { Target } from '../host.ts';

export interface Captured {
  readonly captureId: string;
  readonly target: Target;
  readonly text: string;
}

/** A run whose text was a selection. */
export interface SelectionRun {
  readonly runId: string;
  readonly target: Target;
  readonly original: string;
  /** What stands there in its place, where something was written. */
  readonly written?: string;
}

/** Texts may be large, and nobody comes back to one after so many others. */
const mostKept = 10;

export class SourceWindows {
  readonly #captures = new Map<string, Captured>();
  readonly #runs = new Map<string, SelectionRun>();

  keepCapture(captured: Captured): void {
    keepLatest(this.#captures, captured.captureId, captured);
  }

  /** Fails with `NOT_FOUND`. */
  captured(captureId: string): Captured {
    const found = this.#captures.get(captureId);
    if (found) return found;
    throw new PotterError('NOT_FOUND', 'That selection is no longer kept. Select the text again.');
  }

  keepRun(run: SelectionRun): void {
    keepLatest(this.#runs, run.runId, run);
  }

  /** Fails with `NOT_FOUND`. */
  run(runId: string): SelectionRun {
    const found = this.#runs.get(runId);
    if (found) return found;
    throw new PotterError('NOT_FOUND', 'The window of that run is no longer known. Copy the text instead.');
  }

  /** The run that wrote last. Fails with `NOT_FOUND`. */
  lastWritten(): SelectionRun & { readonly written: string } {
    const found = [...this.#runs.values()].reverse().find(hasWritten);
    if (found) return found;
    throw new PotterError('NOT_FOUND', 'No text was replaced since Potter started. The history has the originals.');
  }

  clear(): void {
    this.#captures.clear();
    this.#runs.clear();
  }
}

export function hasWritten(run: SelectionRun): run is SelectionRun & { readonly written: string } {
  return run.written !== undefined;
}

/** What is kept again counts as the latest. */
function keepLatest<T>(map: Map<string, T>, id: string, value: T): void {
  map.delete(id);
  map.set(id, value);
  const [oldest] = map.keys();
  if (map.size > mostKept && oldest !== undefined) map.delete(oldest);
}
