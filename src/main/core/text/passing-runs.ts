/**
 * The latest runs that the history does not keep: it is off, locked, or leaves their program out. A result that was only
 * shown, or an answer that was held back, would else be nowhere to be read.
 */
import type { HistoryEntry } from '../../../shared/contract.ts';

/** Texts may be large, and nobody comes back to one after so many others. */
const mostKept = 10;

export class PassingRuns {
  readonly #entries = new Map<string, HistoryEntry>();

  add(entry: HistoryEntry): void {
    this.#entries.set(entry.id, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > mostKept && oldest !== undefined) this.#entries.delete(oldest);
  }

  get(id: string): HistoryEntry | undefined {
    return this.#entries.get(id);
  }

  /** False when there is no such run: it may have been forgotten. */
  amend(id: string, patch: Partial<HistoryEntry>): boolean {
    const entry = this.#entries.get(id);
    if (entry) this.#entries.set(id, { ...entry, ...patch, id });
    return entry !== undefined;
  }

  /** How many there were. */
  remove(id: string): number {
    if (id !== 'all') return this.#entries.delete(id) ? 1 : 0;
    const count = this.#entries.size;
    this.#entries.clear();
    return count;
  }
}
