/** Work that comes again with time. Its timers never keep the process alive. */
import type { Log } from './log/log.ts';

const day = 24 * 60 * 60 * 1000;

export class Schedule {
  readonly #log: Pick<Log, 'error'>;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(log: Pick<Log, 'error'>) {
    this.#log = log;
  }

  /** Runs the task now and then every 24 hours. A time that fails is logged, and the next one comes. */
  daily(task: () => void): void {
    const attempt = (): void => {
      try {
        task();
      } catch (error) {
        this.#log.error('a task of the day failed', { error });
      }
    };
    attempt();
    this.#timers.add(setInterval(attempt, day).unref());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }
}
