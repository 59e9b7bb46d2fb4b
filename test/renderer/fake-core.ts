import { type Client, createClient } from '../../src/shared/client.ts';
import type { ActionInfo, Chunk, Input, Output, RouteName } from '../../src/shared/contract.ts';
import { toPotterError, toWire } from '../../src/shared/errors.ts';
import type { Events, Topic } from '../../src/shared/events.ts';
import { type ClientMessage, createMemoryPair, type Transport } from '../../src/shared/transport.ts';

export interface FakeCall<R extends RouteName> {
  readonly input: Input<R>;
  readonly signal: AbortSignal;
  readonly emit: (chunk: Chunk<R>) => void;
}

export type Routes = { [R in RouteName]?: (call: FakeCall<R>) => Output<R> | Promise<Output<R>> };

/** A core that answers only what the test gave it an answer for, over as many connections as are made. */
export class FakeCore {
  readonly calls: { route: string; input: unknown }[] = [];
  readonly #routes: Routes;
  readonly #topics = new Map<Transport, readonly string[]>();
  readonly #aborts = new Map<string, AbortController>();

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  connect(): Client {
    const [near, far] = createMemoryPair();
    this.#topics.set(far, []);
    far.onMessage((message) => this.#receive(far, message as ClientMessage));
    far.onClose(() => this.#topics.delete(far));
    return createClient(near);
  }

  publish<T extends Topic>(topic: T, payload: Events[T]): void {
    for (const [transport, topics] of this.#topics) {
      if (topics.includes(topic)) transport.send({ type: 'event', topic, payload });
    }
  }

  /** Breaks every connection, as a core that stops does. */
  drop(): void {
    for (const transport of [...this.#topics.keys()]) transport.close();
  }

  inputs<R extends RouteName>(route: R): Input<R>[] {
    return this.calls.filter((call) => call.route === route).map(({ input }) => input as Input<R>);
  }

  #receive(transport: Transport, message: ClientMessage): void {
    if (message.type === 'subscribe') this.#topics.set(transport, message.topics);
    if (message.type === 'cancel') this.#aborts.get(message.id)?.abort();
    if (message.type === 'call') void this.#answer(transport, message);
  }

  async #answer(transport: Transport, { id, route, input }: Extract<ClientMessage, { type: 'call' }>): Promise<void> {
    this.calls.push({ route, input });
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    const metadata = { callId: id, ms: 0, cached: false };
    const emit = (chunk: unknown): void => transport.send({ type: 'chunk', id, chunk });
    try {
      const handler = this.#routes[route as RouteName] as ((call: FakeCall<never>) => unknown) | undefined;
      if (!handler) throw new Error(`The test has no answer for ${route}.`);
      const data = await handler({ input: input as never, signal: abort.signal, emit: emit as never });
      transport.send({ type: 'reply', id, reply: { status: 'ok', data, metadata } });
    } catch (thrown) {
      transport.send({ type: 'reply', id, reply: { status: 'error', error: toWire(toPotterError(thrown)), metadata } });
    }
  }
}

export const polish: ActionInfo = {
  id: 'polish',
  name: 'Polish',
  description: 'Clearer and smoother',
  icon: 'sparkles',
  kind: 'prompt',
  output: 'replace',
  tier: 'standard',
  review: 'off',
  origin: 'built-in',
  version: 1,
  isOutdated: false,
  pinned: false,
  hidden: false,
  takesInstruction: false,
};
