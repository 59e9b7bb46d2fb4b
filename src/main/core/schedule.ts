/** Work that comes again with time. Its timers never keep the process alive. */
import type { Log } from './log/log.ts';

const day = 24 * 60 * 60 * 1000;

export class Schedule {
  readonly #log: Pick<Log, 'error'>;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(log: Pick<Log, 'error'>) {
    this.#log = log;
  }

  /** Runs the task now and then every 24 hours. */
  daily(task: () => void): void {
    this.every(day, task)();
  }

  /** Runs the task after so many milliseconds again and again. A time that fails is logged, and the next one comes. */
  every(ms: number, task: () => void): () => void {
    const attempt = (): void => {
      try {
        task();
      } catch (error) {
        this.#log.error('a task that comes again failed', { error });
      }
    };
    this.#timers.add(setInterval(attempt, ms).unref());
    return attempt;
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }
}
