import type { Events, Topic } from '../../shared/events.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Log } from './log/log.ts';

/** Each was subscribed with the type of its own topics; `publish` keeps topic and payload together. */
type Listener = (payload: never, topic: Topic) => void;

/** Who listens to a topic. Replaced, never changed, so that a listener may come or go while an event is on its way. */
interface Audience {
  readonly listeners: readonly Listener[];
  /** Of their subscriptions, in the same order: the same listener given twice is two of them. */
  readonly ids: readonly number[];
}
const nobody: Audience = { listeners: [], ids: [] };

export interface TopicCounts {
  published: number;
  /** Listeners that were called without a failure. */
  delivered: number;
  failed: number;
  /** Not delivered: by the guard against loops, or for who was too slow. */
  dropped: number;
}

interface TopicState extends TopicCounts {
  audience: Audience;
  /** When the guard last told of it. */
  toldAt: number;
}

/** An event that leads to an event that leads to the first again would never end. Nothing rightly goes so deep. */
const deepest = 16;
/** Events that wait for one listener. */
const longestQueue = 1000;
const minute = 60_000;

/** News for whoever listens. A listener that throws is logged and harms nobody else. */
export class EventBus {
  readonly #topics = new Map<Topic, TopicState>();
  readonly #log: Log;
  readonly #now: () => number;
  #depth = 0;
  #lastId = 0;

  /** `now`: milliseconds of a clock that only grows. */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  publish<T extends Topic>(topic: T, payload: Events[T]): void {
    const state = this.#topics.get(topic) ?? this.#begin(topic);
    state.published += 1;
    if (this.#depth >= deepest) this.#drop(topic, state);
    else {
      this.#depth += 1;
      this.#deliver(state, state.audience, 0, topic, payload);
      this.#depth -= 1;
    }
  }

  /** One `try` for all of them: one for each would cost as much as the call. After a throw it goes on with the next. */
  #deliver(state: TopicState, audience: Audience, first: number, topic: Topic, payload: unknown): void {
    const { listeners, ids } = audience;
    let index = first;
    try {
      for (const { length } = listeners; index < length; index += 1) {
        const listener = listeners[index] as Listener;
        listener(payload as never, topic);
      }
      state.delivered += index - first;
    } catch (thrown) {
      state.delivered += index - first;
      state.failed += 1;
      this.#log.error('an event listener failed', { topic, subscription: ids[index], error: thrown });
      this.#deliver(state, audience, index + 1, topic, payload);
    }
  }

  #drop(topic: Topic, state: TopicState): void {
    state.dropped += 1;
    const now = this.#now();
    if (now - state.toldAt < minute) return;
    state.toldAt = now;
    this.#log.error('events led to each other without an end, and were dropped', { topic });
  }

  subscribe<T extends Topic>(topic: T, listener: (payload: Events[T]) => void): Stop {
    return this.#add([topic], listener);
  }

  /**
   * One listener for several topics, as a transport needs it: what happens in one turn reaches it together, before the
   * reply to whatever caused it. Of a flood it hears the latest.
   */
  subscribeAll(topics: readonly Topic[], listener: (payload: Events[Topic], topic: Topic) => void): Stop {
    const queue: { readonly payload: Events[Topic]; readonly topic: Topic }[] = [];
    let isOpen = true;
    const flush = (): void => {
      for (const { payload, topic } of queue.splice(0)) if (isOpen) listener(payload, topic);
    };
    const stop = this.#add(topics, (payload: Events[Topic], topic) => {
      if (queue.length === 0) queueMicrotask(flush);
      queue.push({ payload, topic });
      if (queue.length <= longestQueue) return;
      const lost = queue.shift();
      if (lost) this.#stateOf(lost.topic).dropped += 1;
    });
    return () => {
      isOpen = false;
      stop();
    };
  }

  /** Of each topic anybody published or listens to. */
  counts(): ReadonlyMap<Topic, Readonly<TopicCounts>> {
    return this.#topics;
  }

  #stateOf(topic: Topic): TopicState {
    return this.#topics.get(topic) ?? this.#begin(topic);
  }

  #begin(topic: Topic): TopicState {
    const counts = { published: 0, delivered: 0, failed: 0, dropped: 0 };
    const state = { ...counts, audience: nobody, toldAt: -Infinity };
    this.#topics.set(topic, state);
    return state;
  }

  #add(topics: readonly Topic[], listener: Listener): Stop {
    this.#lastId += 1;
    const id = this.#lastId;
    for (const topic of topics) {
      const state = this.#stateOf(topic);
      const { listeners, ids } = state.audience;
      state.audience = { listeners: [...listeners, listener], ids: [...ids, id] };
    }
    return () => {
      for (const topic of topics) {
        const state = this.#stateOf(topic);
        const { listeners, ids } = state.audience;
        const at = ids.indexOf(id);
        if (at >= 0) state.audience = { listeners: listeners.toSpliced(at, 1), ids: ids.toSpliced(at, 1) };
      }
    };
  }
}
