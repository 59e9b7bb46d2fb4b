/** The loopback API as programs use it: plain requests, and the vendor's own SDK against it. */
import { OpenAI } from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ApiLimits, startApiServer } from '../../../src/main/net/http.ts';
import type { TokenRole } from '../../../src/shared/contract.ts';
import { wireFormats } from '../../../src/shared/settings.ts';
import type { FakeVendor, VendorScenario } from '../../helpers/fake-vendor.ts';
import { startTestPotter } from '../../helpers/potter.ts';
import { startVendorOf } from '../../helpers/vendors.ts';

interface Started {
  readonly url: string;
  readonly secret: string;
  readonly potter: Awaited<ReturnType<typeof startTestPotter>>;
  readonly vendors: Readonly<Record<string, FakeVendor<VendorScenario>>>;
  readonly models: Readonly<Record<string, string>>;
  post(
    path: string,
    body: unknown,
    init?: { headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<Response>;
  get(path: string): Promise<Response>;
  token(role: TokenRole, actions?: string[]): Promise<string>;
  sdk(): OpenAI;
}

async function start(limits: Partial<ApiLimits> = {}): Promise<Started> {
  const started = await Promise.all(wireFormats.map(async (id) => [id, await startVendorOf(id)] as const));
  const providers = Object.fromEntries(started.map(([id, { setting }]) => [id, setting]));
  const potter = await startTestPotter({ environment: { POTTER__PROVIDERS: JSON.stringify(providers) } });
  const { gateway, tokens } = potter.potter;
  const server = await startApiServer({
    gateway,
    authenticate: (secret) => tokens.authenticate(secret),
    port: 0,
    limits,
  });
  onTestFinished(async () => {
    await server.close();
    await Promise.all(started.map(([, { vendor }]) => vendor.close()));
  });
  const token: Started['token'] = async (role, actions) => {
    const made = await potter.client.call('tokens.create', {
      ...{ name: `${role} ${Math.random()}`, role },
      ...(actions && { actions }),
    });
    return made.secret;
  };
  const secret = await token('admin');
  const auth = { authorization: `Bearer ${secret}` };
  return {
    ...{ url: server.url, secret, potter, token },
    vendors: Object.fromEntries(started.map(([id, { vendor }]) => [id, vendor])),
    models: Object.fromEntries(started.map(([id, { model }]) => [id, `${id}/${model}`])),
    post: (path, body, { headers, signal } = {}) =>
      fetch(server.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...auth, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal && { signal }),
      }),
    get: (path) => fetch(server.url + path, { headers: auth }),
    sdk: () => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: secret, maxRetries: 0, logLevel: 'off' }),
  };
}

const text = { type: 'text', text: 'This is a example.' };
const polish = { action: 'polish', source: text };
const asksFor = (vendor: FakeVendor<VendorScenario> | undefined) =>
  vendor?.requests.filter(({ method }) => method === 'POST') ?? [];

describe('an operation over HTTP', () => {
  it('answers with the envelope of every transport', async () => {
    const { post } = await start();
    const reply = await post('/api/system.info', {});
    expect(reply.status).toBe(200);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    const body = (await reply.json()) as { status: string; data: { version: string }; metadata: { callId: string } };
    expect(body).toMatchObject({ status: 'ok', data: { version: '0.0.0-test' }, metadata: { cached: false } });
    expect(reply.headers.get('x-request-id')).toBe(body.metadata.callId);
  });

  it('says in the status and in the body what went wrong, and when to come again', async () => {
    const { post } = await start();
    const wrong = await post('/api/keys.set', { provider: 'openai' });
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      { status: 'error', error: { code: 'INVALID_INPUT' } },
    ]);
    const testKey = () => post('/api/keys.test', { provider: 'nobody' });
    const replies = await Promise.all(Array.from({ length: 11 }, testKey));
    const limited = replies.find(({ status }) => status === 429);
    expect(limited?.headers.get('retry-after')).toBe('1');
  });

  it('streams where that is asked for, and ends with the reply', async () => {
    const { post } = await start();
    const reply = await post('/api/text.process', polish, { headers: { accept: 'text/event-stream' } });
    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    const events = (await reply.text()).trim().split('\n\n');
    expect(events[0]).toContain('event: chunk\ndata: {"type":"started"');
    const [name, data = ''] = (events.at(-1) ?? '').split('\n');
    expect(name).toBe('event: reply');
    expect(JSON.parse(data.slice('data: '.length))).toMatchObject({
      status: 'ok',
      data: { output: 'This is an example.' },
    });
  });

  it('is answered from the cache, marked, unless the program does not want that', async () => {
    const { post, vendors } = await start();
    const run = async (headers = {}) =>
      ((await (await post('/api/text.process', polish, { headers })).json()) as { metadata: { cached: boolean } })
        .metadata.cached;
    expect(await run()).toBe(false);
    expect(await run()).toBe(true);
    expect(await run({ 'cache-control': 'no-store' })).toBe(false);
    const asked = Object.values(vendors).flatMap(asksFor).length;
    expect(asked).toBe(2);
  });

  it('is cancelled when the program hangs up, down to the socket of the vendor', async () => {
    const { post, vendors, models } = await start();
    const { openai } = vendors;
    openai?.next({ after: 900, ending: 'stall' });
    const hangUp = new AbortController();
    const reply = post('/api/text.process', { ...polish, model: models.openai }, { signal: hangUp.signal });
    await openai?.received(1);
    hangUp.abort();
    await expect(reply).rejects.toThrow();
    await openai?.disconnected();
  });

  it('lets a reader read, a runner run, and nobody make tokens with a token', async () => {
    const { url, token, post } = await start();
    const as = async (role: TokenRole, route: string, input: object): Promise<number> => {
      const secret = await token(role);
      return (await post(`/api/${route}`, input, { headers: { authorization: `Bearer ${secret}` } })).status;
    };
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await as('reader', 'actions.list', {})).toBe(200);
    expect(await as('reader', 'text.process', polish)).toBe(403);
    expect(await as('runner', 'text.process', polish)).toBe(200);
    expect(await as('runner', 'history.list', {})).toBe(403);
    expect(await as('operator', 'config.set', { key: 'log.level', value: 'info' })).toBe(403);
    expect(await as('admin', 'tokens.create', { name: 'x', role: 'admin' })).toBe(403);
    expect(await as('admin', 'system.erase', { confirm: 'delete everything' })).toBe(403);
  });

  it('keeps a token that is bound to some actions to those', async () => {
    const { token, post, models } = await start();
    const bound = { headers: { authorization: `Bearer ${await token('runner', ['polish'])}` } };
    const status = async (path: string, body: object) => (await post(path, body, bound)).status;
    expect(await status('/api/text.process', polish)).toBe(200);
    expect(await status('/api/text.process', { action: 'concise', source: text })).toBe(403);
    expect(await status('/api/text.process', { source: text })).toBe(403);
    expect(await status('/api/text.capture', {})).toBe(403);
    const messages = [{ role: 'user', content: 'Hello' }];
    expect(await status('/v1/chat/completions', { model: models.openai, messages })).toBe(403);
    expect(await status('/api/actions.list', {})).toBe(200);
  });

  it('is worth nothing with a token that was taken away, rotated or has expired', async () => {
    const { potter, post } = await start();
    const { client } = potter;
    const made = await client.call('tokens.create', { name: 'script', role: 'reader' });
    const status = async (secret: string) =>
      (await post('/api/actions.list', {}, { headers: { authorization: `Bearer ${secret}` } })).status;
    expect(await status(made.secret)).toBe(200);
    const rotated = await client.call('tokens.rotate', { token: 'script' });
    expect([await status(made.secret), await status(rotated.secret)]).toEqual([401, 200]);
    expect(await client.call('tokens.revoke', { token: 'script' })).toEqual({ revoked: true });
    expect(await status(rotated.secret)).toBe(401);
    const { tokens } = await client.call('tokens.list', {});
    expect(JSON.stringify(tokens)).not.toMatch(/potter_/);
    await expect(client.call('tokens.revoke', { token: 'script' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('shows figures to a collector that has a token, and to others only that it is there and ready', async () => {
    const { get, post, url } = await start();
    await post('/api/text.process', polish);
    const figures = await get('/metrics');
    expect(figures.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await figures.text();
    expect(text).toContain('potter_calls_total{route="text.process",result="ok"} 1');
    expect(text).toMatch(/potter_events_total\{topic="history\.changed",outcome="published"\} \d/);
    expect(text).not.toContain('This is a example');
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    for (const [path, word] of [
      ['/healthz', 'ok'],
      ['/readyz', 'ready'],
    ]) {
      const open = await fetch(url + path);
      expect([open.status, await open.text()]).toEqual([200, `${word}\n`]);
    }
  });

  it('describes itself', async () => {
    const { get } = await start();
    const described = (await (await get('/api/openapi.json')).json()) as { paths: Record<string, object> };
    expect(described.paths['/api/text.process']).toMatchObject({ post: { operationId: 'text.process' } });
    expect(JSON.stringify(described)).not.toContain('undefined');
  });
});

const messages = [
  { role: 'system' as const, content: 'Polish.' },
  { role: 'user' as const, content: 'Text:\n<text-9>\nThis is a example.\n</text-9>' },
];

describe('chat completions', () => {
  it.each(wireFormats)(
    'answer the official SDK whole and streamed, whatever the model speaks: %s',
    async (wireFormat) => {
      const { sdk, models } = await start();
      const model = models[wireFormat] ?? '';
      const whole = await sdk().chat.completions.create({ model, messages });
      expect(whole.choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { role: 'assistant', content: 'This is an example.' },
      });
      expect(whole.usage?.completion_tokens).toBeGreaterThan(0);
      const stream = await sdk().chat.completions.create({
        ...{ model, messages, stream: true },
        stream_options: { include_usage: true },
      });
      let said = '';
      let finish: string | null = null;
      let tokens: number | undefined;
      for await (const { choices, usage } of stream) {
        said += choices[0]?.delta.content ?? '';
        finish = choices[0]?.finish_reason ?? finish;
        tokens = usage?.completion_tokens ?? tokens;
      }
      expect([said, finish]).toEqual(['This is an example.', 'stop']);
      expect(tokens).toBeGreaterThan(0);
    },
  );

  it('answer for the model that is chosen in the settings where a program says "default"', async () => {
    const { sdk, potter, vendors, models } = await start();
    await potter.client.call('config.set', { key: 'text.defaultModel', value: models.google ?? '' });
    const { choices } = await sdk().chat.completions.create({ model: 'default', messages });
    expect(choices[0]?.message.content).toBe('This is an example.');
    expect(asksFor(vendors.google).length).toBe(1);
  });

  it('list the models under the names they are asked by', async () => {
    const { sdk, models } = await start();
    const ids: string[] = [];
    const { data: listed, request_id } = await sdk().models.list().withResponse();
    expect(request_id).toMatch(/^[0-9a-f-]{36}$/);
    for await (const { id } of listed) ids.push(id);
    for (const model of Object.values(models)) expect(ids).toContain(model);
  });

  it('pass on bytes and fields they do not know untouched', async () => {
    const { post, vendors, models } = await start();
    const raw =
      '{"id":"x","object":"chat.completion","novelty":{"a":[1,2]},"choices":[{"index":0,"message":{"role":"assistant","content":"é"},"finish_reason":"stop"}]}  \n';
    vendors.compatible?.next({ reply: { body: raw, headers: { 'content-type': 'application/json' } } });
    const body = { model: models.compatible, messages, seed: 7, extra: { deep: [true] } };
    const reply = await post('/v1/chat/completions', body);
    expect(await reply.text()).toBe(raw);
    expect(reply.headers.get('x-potter-model')).toBe(models.compatible);
    const sent = asksFor(vendors.compatible)[0];
    expect(sent?.body).toEqual({ ...body, model: models.compatible?.split('/')[1] });
    expect(JSON.stringify(sent?.headers)).not.toContain('potter_');
  });

  it.each(['openai', 'compatible', 'anthropic'] as const)('say under which id %s was asked', async (format) => {
    const { sdk, potter, models } = await start();
    const model = models[format] ?? '';
    const whole = await sdk().chat.completions.create({ model, messages });
    const streamed = await sdk().chat.completions.create({ model, messages, stream: true }).withResponse();
    for await (const _ of streamed.data);
    const { entries } = await potter.client.call('audit.list', {});
    const audited = entries.map(({ callId }) => callId);
    expect(audited).toContain(whole._request_id);
    expect(audited).toContain(streamed.request_id);
  });

  it('turn to the models the person listed when the first fails, and say so', async () => {
    const { post, potter, vendors, models } = await start();
    await potter.client.call('config.set', { key: 'text.failover', value: [models.anthropic ?? ''] });
    vendors.openai?.next({ reply: { status: 500 } });
    const reply = await post('/v1/chat/completions', { model: models.openai, messages });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('x-potter-model')).toBe(models.anthropic);
    const { choices } = (await reply.json()) as { choices: { message: { content: string } }[] };
    expect(choices[0]?.message.content).toBe('This is an example.');
  });

  it.each([
    [
      'a refused key',
      { reply: { status: 401, body: { error: { message: 'x', code: 'invalid_api_key' } } } },
      401,
      'AUTH',
    ],
    ['no credit', { reply: { status: 429, body: { error: { code: 'insufficient_quota' } } } }, 402, 'QUOTA'],
    ['a page', { reply: { status: 404, body: '<html>Secret page</html>' } }, 404, 'ENDPOINT'],
  ] as const)('tell %s in the form the SDK reads', async (_what, scenario, status, code) => {
    const { sdk, vendors, models } = await start();
    vendors.openai?.next(scenario);
    const failed = sdk().chat.completions.create({ model: models.openai ?? '', messages });
    await expect(failed).rejects.toMatchObject({ status, code });
    await expect(failed).rejects.not.toThrow(/Secret page/);
  });

  it('tell a stream that was cut, so that the SDK does not take it for the whole', async () => {
    const { sdk, vendors, models } = await start();
    vendors.openai?.next({ text: 'A text of some words, and some more of them.', after: 900, ending: 'end' });
    const stream = await sdk().chat.completions.create({ model: models.openai ?? '', messages, stream: true });
    const read = async (): Promise<void> => {
      for await (const _chunk of stream);
    };
    await expect(read()).rejects.toMatchObject({ code: 'INCOMPLETE' });
  });

  it('refuse what only another wire format could carry, before anything is sent', async () => {
    const { post, vendors, models } = await start();
    const asked = async (more: object) => {
      const reply = await post('/v1/chat/completions', { model: models.anthropic, messages, ...more });
      return [reply.status, ((await reply.json()) as { error: { code: string } }).error.code];
    };
    expect(await asked({ tools: [{ type: 'function' }] })).toEqual([422, 'UNPROCESSABLE']);
    expect(await asked({ n: 2 })).toEqual([422, 'UNPROCESSABLE']);
    expect(await asked({ messages: [{ role: 'assistant', content: 'x' }] })).toEqual([422, 'UNPROCESSABLE']);
    expect(await asked({ model: 'gpt-4o' })).toEqual([404, 'MODEL_NOT_FOUND']);
    expect(await asked({ messages: [] })).toEqual([400, 'INVALID_INPUT']);
    expect(asksFor(vendors.anthropic)).toEqual([]);
  });

  it('carry a conversation to a model of another wire format turn by turn', async () => {
    const { sdk, vendors, models } = await start();
    await sdk().chat.completions.create({
      model: models.anthropic ?? '',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'One.' },
        { role: 'assistant', content: 'Two.' },
        { role: 'user', content: [{ type: 'text', text: 'Three.' }] },
      ],
      max_completion_tokens: 50,
    });
    expect(asksFor(vendors.anthropic)[0]?.body).toMatchObject({
      system: 'Be brief.',
      messages: [
        { role: 'user', content: 'One.' },
        { role: 'assistant', content: 'Two.' },
        { role: 'user', content: 'Three.' },
      ],
    });
  });

  it('are for programs with a token alone: no other door could carry their bytes', async () => {
    const { potter, models } = await start();
    for (const caller of [{ kind: 'cli' }, { kind: 'window', window: 'w' }, { kind: 'panel', session: 's' }] as const) {
      const asked = potter.connect(caller).call('chat.complete', { model: models.openai ?? '', messages });
      await expect(asked).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  it('end the request of the vendor when the program hangs up', async () => {
    const { post, vendors, models } = await start();
    vendors.openai?.next({ after: 900, ending: 'drip' });
    const hangUp = new AbortController();
    const reply = await post(
      '/v1/chat/completions',
      { model: models.openai, messages, stream: true },
      { signal: hangUp.signal },
    );
    expect(reply.status).toBe(200);
    hangUp.abort();
    await vendors.openai?.disconnected();
  });

  it('keep every event of 128 streams at once whole and in its order', async () => {
    const { post, models } = await start();
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
    const ask = async () => {
      const user = { role: 'user', content: `Text:\n<text-9>\n${words}\n</text-9>` };
      const reply = await post('/v1/chat/completions', { model: models.compatible, messages: [user], stream: true });
      const events = (await reply.text()).trim().split('\n\n');
      expect(events.pop()).toBe('data: [DONE]');
      return events
        .map((event) => JSON.parse(event.slice('data: '.length)) as { choices: { delta: { content?: string } }[] })
        .map(({ choices }) => choices[0]?.delta.content ?? '')
        .join('');
    };
    const answers = await Promise.all(Array.from({ length: 128 }, ask));
    expect(new Set(answers)).toEqual(new Set([words]));
  });
});
