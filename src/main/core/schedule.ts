/** Work that comes again with time. Its timers never keep the process alive. */
const day = 24 * 60 * 60 * 1000;

export class Schedule {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** Runs the task now and then every 24 hours. */
  daily(task: () => void): void {
    task();
    this.#timers.add(setInterval(task, day).unref());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }
}
