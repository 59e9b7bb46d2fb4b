import type { Events, Topic } from '../../shared/events.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Log } from './log/log.ts';

type Listener = (topic: Topic, payload: Events[Topic]) => void;
const nobody: readonly Listener[] = [];

/** News for whoever listens. A listener that throws is logged and harms nobody else. */
export class EventBus {
  /** Replaced, never changed, so that a listener may come or go while an event is on its way. */
  readonly #listeners = new Map<Topic, readonly Listener[]>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  publish<T extends Topic>(topic: T, payload: Events[T]): void {
    const listeners = this.#listeners.get(topic) ?? nobody;
    for (let index = 0; index < listeners.length; index += 1) {
      try {
        listeners[index]?.(topic, payload);
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
    // A function of its own, so that the same listener given twice is two subscriptions.
    const own: Listener = (topic, payload) => listener(topic, payload);
    for (const topic of topics) this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? nobody), own]);
    return () => {
      for (const topic of topics) {
        const others = (this.#listeners.get(topic) ?? nobody).filter((one) => one !== own);
        this.#listeners.set(topic, others);
      }
    };
  }
}
