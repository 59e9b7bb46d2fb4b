import type { Events, Topic } from '../../shared/events.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Log } from './log/log.ts';

/** Each was subscribed with the type of its own topics; `publish` keeps topic and payload together. */
type Listener = (payload: never, topic: Topic) => void;

/** An object of its own, so that the same listener given twice is two subscriptions. */
interface Subscription {
  readonly listener: Listener;
}
const nobody: readonly Subscription[] = [];

/** News for whoever listens. A listener that throws is logged and harms nobody else. */
export class EventBus {
  /** Replaced, never changed, so that a listener may come or go while an event is on its way. */
  readonly #subscriptions = new Map<Topic, readonly Subscription[]>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  publish<T extends Topic>(topic: T, payload: Events[T]): void {
    this.#deliver(this.#subscriptions.get(topic), 0, topic, payload);
  }

  /** One `try` for all of them: one for each would cost as much as the call. After a throw it goes on with the next. */
  #deliver(subscriptions: readonly Subscription[] | undefined, first: number, topic: Topic, payload: unknown): void {
    if (subscriptions === undefined) return;
    let index = first;
    try {
      for (; index < subscriptions.length; index += 1) subscriptions[index]?.listener(payload as never, topic);
    } catch (thrown) {
      this.#log.error('an event listener failed', { topic, error: thrown });
      this.#deliver(subscriptions, index + 1, topic, payload);
    }
  }

  subscribe<T extends Topic>(topic: T, listener: (payload: Events[T]) => void): Stop {
    return this.#add([topic], listener);
  }

  /** One listener for several topics, as a transport needs it. */
  subscribeAll(topics: readonly Topic[], listener: (payload: Events[Topic], topic: Topic) => void): Stop {
    return this.#add(topics, listener);
  }

  #add(topics: readonly Topic[], listener: Listener): Stop {
    const own: Subscription = { listener };
    for (const topic of topics) this.#subscriptions.set(topic, [...(this.#subscriptions.get(topic) ?? nobody), own]);
    return () => {
      for (const topic of topics) {
        const others = (this.#subscriptions.get(topic) ?? nobody).filter((one) => one !== own);
        this.#subscriptions.set(topic, others);
      }
    };
  }
}
