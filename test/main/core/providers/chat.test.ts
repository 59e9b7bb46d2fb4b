/** A reply of the OpenAI wire format on its way through: what is handed on, and what is read of it. */
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import type { Forward } from '../../../../src/main/core/outbound.ts';
import type { Asking, ModelCalls } from '../../../../src/main/core/providers/calls.ts';
import { ChatCompletions } from '../../../../src/main/core/providers/chat.ts';
import { createOpenAiProvider } from '../../../../src/main/core/providers/openai.ts';
import type { Usage } from '../../../../src/main/core/providers/provider.ts';
import { PotterError } from '../../../../src/shared/errors.ts';

interface Passed {
  /** As the program received it. */
  readonly pieces: string[];
  readonly usage: Usage | undefined;
  readonly error: PotterError | undefined;
  /** How often the server was asked to wait. */
  readonly pauses: number;
}

/** What becomes of a reply that comes in these pieces. */
async function pass(
  pieces: readonly string[],
  { stream = false, emit }: { stream?: boolean; emit?: () => Promise<void> | undefined } = {},
): Promise<Passed> {
  let usage: Usage | undefined;
  let pauses = 0;
  const forward: Forward = async (_request, handler) => {
    handler.head(200, { 'content-type': 'text/plain' }, { pause: () => pauses++, resume: () => undefined });
    for (const piece of pieces) handler.bytes(Buffer.from(piece));
  };
  const fetch = async (): Promise<Response> => {
    throw new Error('nobody is asked this way');
  };
  const provider = createOpenAiProvider({
    ...{ id: 'v', name: 'Vendor', baseUrl: 'http://127.0.0.1:9/v1', fetch, wireFormat: 'compatible' as const },
    knownModels: () => [],
    now: () => 0,
  });
  const server = { provider, key: 'v', forward };
  const target = {
    ...{ id: 'v', model: 'm', providerName: 'Vendor', wireFormat: 'compatible' as const },
    ...{ servers: [server] as const, isLocal: true, isFree: true, withKey: false },
  };
  const asking: Asking = {
    ...{ target, server, signal: new AbortController().signal },
    begun: () => undefined,
    used: (tokens) => {
      usage = tokens;
    },
  };
  const models: Pick<ModelCalls, 'run'> = {
    run: async (_call, ask) => ({
      ...{ value: await ask(asking), target, attempts: [], cost: undefined, notice: undefined },
    }),
  };
  const chat = new ChatCompletions(models, { has: () => false, apply: async (_on, text) => text }, () => 0);
  const received: string[] = [];
  const error = await chat
    .complete(
      { model: 'v/m', messages: [{ role: 'user', content: 'Hello.' }], stream },
      {
        ...{ callId: 'c', spender: {}, signal: asking.signal, log: silentLog },
        emit: (piece) => {
          if (piece.type === 'bytes') received.push(Buffer.from(piece.bytes).toString());
          return emit?.();
        },
      },
    )
    .then(
      () => undefined,
      (thrown: unknown) => thrown as PotterError,
    );
  return { pieces: received, usage, error, pauses };
}

const event = (content: string, rest = ''): string =>
  `data: {"choices":[{"delta":{"content":"${content}"}}]${rest}}\n\n`;
const finish = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n';
const done = 'data: [DONE]\n\n';

describe('the tokens of a reply', () => {
  it.each([
    ['at its end', '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}'],
    ['before the answer', `{"usage":{"prompt_tokens":3,"completion_tokens":4},"choices":["${'x'.repeat(3000)}"]}`],
    ['as Python writes it', '{"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}'],
  ])('are read %s', async (_where, reply) => {
    const { usage, pieces } = await pass([reply]);
    expect(usage).toEqual({ inputTokens: 3, outputTokens: 4 });
    expect(pieces).toEqual([reply]);
  });

  it('are the last ones of a stream that counts as it goes, also before its end', async () => {
    const counts = (output: number): string => `,"usage":{"prompt_tokens":3,"completion_tokens":${output}}`;
    const reply = [event('a', counts(1)), event('b', counts(2)), event('', counts(2)), finish, done];
    expect((await pass(reply, { stream: true })).usage).toEqual({ inputTokens: 3, outputTokens: 2 });
  });

  it('are guessed where nobody has counted, also where the answer speaks of them', async () => {
    const reply = event('\\"usage\\":{\\"prompt_tokens\\":7,\\"completion_tokens\\":7}');
    const { usage } = await pass([reply, finish, done], { stream: true });
    expect(usage).toMatchObject({ isEstimate: true });
  });
});

describe('a stream', () => {
  it('goes on in whole events, however it comes', async () => {
    const reply = [event('a'), event('b'), finish, done].join('');
    for (const size of [1, 7, 50, 1000]) {
      const cut = reply.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      const { pieces, error } = await pass(cut, { stream: true });
      expect(error).toBeUndefined();
      expect(pieces.join('')).toBe(reply);
      for (const piece of pieces) expect(piece).toMatch(/\n\n$/);
    }
  });

  it('is whole with the reason why it ended, whatever stands after it and however its lines end', async () => {
    const long = `: ${'x'.repeat(20_000)}\n\n`;
    for (const reply of [[event('a'), finish], [event('a'), finish, long, done], [event('a') + finish + done]]) {
      expect((await pass(reply, { stream: true })).error).toBeUndefined();
      const windows = reply.map((piece) => piece.replaceAll('\n', '\r\n'));
      expect((await pass(windows, { stream: true })).error).toBeUndefined();
    }
  });

  it('that ends in the middle is told as incomplete, and half an event is not handed on', async () => {
    const { error, pieces } = await pass([event('a'), 'data: {"choi'], { stream: true });
    expect(error).toMatchObject({ code: 'INCOMPLETE' });
    expect(pieces).toEqual([event('a')]);
  });

  it('waits for a program that reads slowly, and fails with what the program failed with', async () => {
    const gone = new PotterError('TRANSPORT_CLOSED', 'The program has gone.');
    const slow = Array.from({ length: 40 }, (_, index) => event(String(index)));
    const { error, pauses } = await pass([...slow, done], { stream: true, emit: () => Promise.reject(gone) });
    expect(error).toBe(gone);
    expect(pauses).toBe(1);
  });
});
