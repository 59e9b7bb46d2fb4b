/** Connects one transport to the gateway. What arrives is unknown until `clientMessage` has parsed it. */
import * as z from 'zod';
import { PotterError, toPotterError, toWire } from '../../../shared/errors.ts';
import { topics } from '../../../shared/events.ts';
import { initialCredit, type Reply, type ServerMessage, type Stop, type Transport } from '../../../shared/transport.ts';
import type { EventBus } from '../events.ts';
import type { Log } from '../log/log.ts';
import type { Caller } from '../security/access.ts';
import type { Gateway } from './gateway.ts';

const id = z.string().min(1).max(64);
const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('call'), id, route: z.string().max(100), input: z.unknown(), stream: z.boolean() }),
  z.strictObject({ type: z.literal('credit'), id, chunks: z.int().min(1).max(1000) }),
  z.strictObject({ type: z.literal('cancel'), id }),
  z.strictObject({ type: z.literal('subscribe'), topics: z.array(z.enum(topics)).max(topics.length) }),
]);
type Received = z.output<typeof clientMessage>;

/** Calls one transport may have under way; a client of ours never comes near it. */
const maxCalls = 512;

export interface ServeOptions {
  readonly gateway: Gateway;
  readonly events: Pick<EventBus, 'subscribeAll'>;
  readonly caller: Caller;
  readonly log: Log;
}

/** Serves until the transport closes or the returned function is called; calls under way are cancelled then. */
export function serve(transport: Transport, { gateway, events, caller, log }: ServeOptions): Stop {
  const calls = new Map<string, Running>();
  let unsubscribe: Stop = () => undefined;
  const send = (message: ServerMessage): void => transport.send(message);

  const act: { [T in Received['type']]: (message: Extract<Received, { type: T }>) => void } = {
    call: (message) => {
      if (calls.has(message.id)) return log.warn('a call id was used twice', { id: message.id });
      if (calls.size >= maxCalls) return refuse(message.id, tooMany());
      const running = new Running(message.stream, (chunk) => send({ type: 'chunk', id: message.id, chunk }));
      calls.set(message.id, running);
      const { route, input } = message;
      gateway
        .call({ route, input, caller, signal: running.signal, emit: running.emit })
        .then((reply) => {
          calls.delete(message.id);
          send({ type: 'reply', id: message.id, reply });
        })
        // The reply itself could not cross, for example because it is too large.
        .catch((thrown: unknown) => refuse(message.id, toPotterError(thrown)));
    },
    credit: (message) => calls.get(message.id)?.grant(message.chunks),
    cancel: (message) => calls.get(message.id)?.abort(),
    subscribe: (message) => {
      unsubscribe();
      unsubscribe = events.subscribeAll(message.topics, (payload, topic) => send({ type: 'event', topic, payload }));
    },
  };

  function receive(raw: unknown): void {
    const parsed = clientMessage.safeParse(raw);
    if (parsed.success) {
      act[parsed.data.type](parsed.data as never);
      return;
    }
    log.warn('a malformed message was dropped', { caller: caller.kind, problem: parsed.error.issues[0]?.message });
    const callId = idOf(raw);
    if (callId !== undefined && !calls.has(callId)) refuse(callId, malformed());
  }

  function refuse(callId: string, error: PotterError): void {
    const reply: Reply = { status: 'error', error: toWire(error), metadata: { callId: '', ms: 0, cached: false } };
    send({ type: 'reply', id: callId, reply });
  }

  const stopMessages = transport.onMessage(receive);
  const end: Stop = () => {
    stopMessages();
    stopClose();
    unsubscribe();
    for (const running of calls.values()) running.abort();
  };
  const stopClose = transport.onClose(end);
  return end;
}

/** One call under way: its abort signal and how many chunks its client is ready for. */
class Running {
  readonly #controller = new AbortController();
  readonly #send: (chunk: unknown) => void;
  readonly #streams: boolean;
  #credit = initialCredit;
  #ready: (() => void)[] = [];

  constructor(streams: boolean, send: (chunk: unknown) => void) {
    this.#streams = streams;
    this.#send = send;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly emit = async (chunk: unknown): Promise<void> => {
    if (!this.#streams) return;
    while (this.#credit === 0 && !this.signal.aborted) await new Promise<void>((resolve) => this.#ready.push(resolve));
    if (this.signal.aborted) throw new PotterError('CANCELLED', 'The run was cancelled.');
    this.#credit -= 1;
    this.#send(chunk);
  };

  grant(chunks: number): void {
    this.#credit += chunks;
    for (const wake of this.#ready.splice(0)) wake();
  }

  abort(): void {
    this.#controller.abort();
    for (const wake of this.#ready.splice(0)) wake();
  }
}

function idOf(raw: unknown): string | undefined {
  if (typeof raw !== 'object' || raw === null || !('id' in raw)) return undefined;
  return id.safeParse(raw.id).data;
}

const malformed = (): PotterError => new PotterError('INVALID_INPUT', 'The message is not one Potter understands.');
const tooMany = (): PotterError =>
  new PotterError('RATE_LIMITED', `More than ${maxCalls} calls are under way on one connection.`);
