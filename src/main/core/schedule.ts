/** Work that comes again with time. Its timers never keep the process alive. */
import type { Stop } from '../../shared/transport.ts';
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
    const attempt = this.#attempt(task, 'a task of the day failed');
    attempt();
    this.#repeat(day, attempt);
  }

  /** Runs the task after `ms`, and then again and again, until it is stopped. A time that fails is logged. */
  every(ms: number, task: () => void): Stop {
    return this.#repeat(ms, this.#attempt(task, 'a repeated task failed'));
  }

  #attempt(task: () => void, failure: string): () => void {
    return () => {
      try {
        task();
      } catch (error) {
        this.#log.error(failure, { error });
      }
    };
  }

  #repeat(ms: number, task: () => void): Stop {
    const timer = setInterval(task, ms).unref();
    this.#timers.add(timer);
    return () => {
      clearInterval(timer);
      this.#timers.delete(timer);
    };
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }
}
