import type { Events, Topic } from '../../shared/events.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Log } from './log/log.ts';

type Listener = (topic: Topic, payload: Events[Topic]) => void;

/** News for whoever listens. A listener that throws is logged and harms nobody else. */
export class EventBus {
  readonly #listeners = new Map<Topic, Set<Listener>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  publish<T extends Topic>(topic: T, payload: Events[T]): void {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) {
      try {
        listener(topic, payload);
      } catch (thrown) {
        this.#log.error('an event listener failed', { topic, error: thrown });
      }
    }
  }

  subscribe<T extends Topic>(topic: T, listener: (payload: Events[T]) => void): Stop {
    return this.subscribeAll([topic], (_topic, payload) => listener(payload as Events[T]));
  }

  /** One listener for several topics, as a transport needs it. */
  subscribeAll(topics: readonly Topic[], listener: Listener): Stop {
    for (const topic of topics) {
      const set = this.#listeners.get(topic) ?? new Set();
      set.add(listener);
      this.#listeners.set(topic, set);
    }
    return () => {
      for (const topic of topics) this.#listeners.get(topic)?.delete(listener);
    };
  }
}
