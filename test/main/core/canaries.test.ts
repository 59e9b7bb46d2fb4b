/**
 * Planted secrets are driven through every flow, then looked for in everything Potter writes down, shows or sends. What
 * a person writes is a secret too: it may come back to the caller, and nowhere else.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../../src/main/core/log/log.ts';
import type { Client } from '../../../src/shared/client.ts';
import { contract, type RouteName } from '../../../src/shared/contract.ts';
import { topics } from '../../../src/shared/events.ts';
import { FlippingCipher } from '../../helpers/cipher.ts';
import { startFakeAnthropic } from '../../helpers/fake-anthropic.ts';
import { startFakeOpenAi } from '../../helpers/fake-openai.ts';
import { startTestPotter, temporaryFolder } from '../../helpers/potter.ts';

const tail = 'CANARY0123456789abcdefABCDEF';
const canaries = {
  openai: `sk-proj-${tail}1`,
  anthropic: `sk-ant-api03-${tail}2`,
  google: `AIzaSy${tail}3`,
  shapeless: `Zq7-${tail}4`,
  quoted: `gsk_${tail}5`,
  redirected: `hf_${tail}6`,
  passphrase: `passphrase ${tail}7`,
  userinfo: `pw${tail}8`,
  query: `q${tail}9`,
  exception: `ghp_${tail}10`,
  misplaced: `sk-${tail}11`,
  text: `person's text ${tail}12`,
} as const;
const entries = Object.entries(canaries);

/** Everything that was seen at one place. */
class Sinks {
  readonly #seen = new Map<string, string[]>();

  add(sink: string, value: unknown): void {
    const text =
      typeof value === 'string'
        ? value
        : JSON.stringify(value, (_, it) => (it instanceof Error ? `${it.message}` : it));
    this.#seen.set(sink, [...(this.#seen.get(sink) ?? []), text ?? '']);
  }

  get size(): number {
    return this.#seen.size;
  }

  names(): string[] {
    return [...this.#seen.keys()];
  }

  /** `canary in sink`, except those that belong there. */
  found(mayHold: (name: string, sink: string) => boolean = () => false): string[] {
    return [...this.#seen].flatMap(([sink, seen]) =>
      entries
        .filter(([name, secret]) => !mayHold(name, sink) && seen.some((text) => text.includes(secret)))
        .map(([name]) => `${name} in ${sink}`),
    );
  }
}

function addFiles(sinks: Sinks, directory: string, prefix = 'file'): void {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = join(directory, name);
    if (statSync(path).isFile()) sinks.add(`${prefix} ${name}`, readFileSync(path).toString('latin1'));
  }
}

/** Routes whose replies hold what the person wrote. */
const showsText = (sink: string): boolean =>
  /^(?:reply of|chunks of|error of) (?:text\.|history\.|actions\.)/.test(sink);

test('12 secrets, every flow, every sink: none is found', async () => {
  const sinks = new Sinks();
  const cipher = new FlippingCipher();
  const keyless = await startFakeOpenAi();
  const openai = await startFakeOpenAi({ key: canaries.openai });
  const anthropic = await startFakeAnthropic({ key: canaries.anthropic });
  const shapeless = await startFakeOpenAi({ key: canaries.shapeless });
  const failing = await startFakeOpenAi();
  const vendors = { keyless, openai, anthropic, shapeless, failing };
  for (const vendor of Object.values(vendors)) onTestFinished(() => vendor.close());
  const provider = (baseUrl: string, wireFormat = 'compatible') => ({ name: 'V', baseUrl, needsKey: true, wireFormat });
  const dataDirectory = temporaryFolder();
  const { potter, client, notices, connect } = await startTestPotter({
    dataDirectory,
    cipher,
    environment: {
      POTTER__PROVIDERS: JSON.stringify({
        a: provider(openai.baseUrl, 'openai'),
        b: provider(anthropic.baseUrl, 'anthropic'),
        c: provider(shapeless.baseUrl),
        d: provider(failing.baseUrl),
        e: provider(failing.baseUrl.replace('127.0.0.1', 'localhost')),
      }),
      POTTER__LOG__LEVEL: 'debug',
    },
  });
  potter.events.subscribeAll(topics, (payload, topic) => sinks.add(`event ${topic}`, payload));
  const call = async (route: RouteName, input: unknown, by: Client = client): Promise<unknown> => {
    try {
      const onChunk = (chunk: unknown): void => sinks.add(`chunks of ${route}`, chunk);
      const reply = await by.call(route, input as never, { onChunk } as never);
      sinks.add(`reply of ${route}`, reply);
      return reply;
    } catch (thrown) {
      const { code, message, detail } = thrown as { code: string; message: string; detail: unknown };
      sinks.add(`error of ${route}`, { code, message, detail });
      return { code };
    }
  };
  const run = (model: string, text: string = canaries.text) =>
    call('text.process', { action: 'polish', model, source: { type: 'text', text } });

  // Keys are set, tested, used and quoted back.
  const keys = { a: 'openai', b: 'anthropic', c: 'shapeless', d: 'quoted', e: 'redirected', google: 'google' } as const;
  for (const [id, name] of Object.entries(keys)) {
    await call('keys.set', { provider: id, key: canaries[name] });
  }
  expect(await call('keys.test', { provider: 'a' })).toMatchObject({ models: 1 });
  for (const id of ['b', 'c']) await call('keys.test', { provider: id });
  await run('a/potter-demo-sample');
  await run('b/claude-sonnet-5-5');
  await run('c/potter-demo-sample');
  const quoting = `Incorrect API key provided: ${canaries.quoted}. See https://x.example/?key=${canaries.quoted}`;
  for (const status of [400, 401, 403, 404, 422, 429, 500, 503]) {
    failing.next({ reply: { status, body: { error: { message: quoting, type: 'x', code: 'invalid_api_key' } } } });
    await run('d/potter-demo-sample');
  }
  failing.next({ for: 'models', reply: { status: 401, body: { error: { message: quoting } } } });
  await call('keys.test', { provider: 'd' });
  failing.next({ raw: `data: {"error":{"message":${JSON.stringify(quoting)}}}\n\n` });
  await run('d/potter-demo-sample');
  failing.next({ raw: `<html>${canaries.quoted}</html>`, contentType: 'text/html' });
  await run('d/potter-demo-sample');
  const location = `https://u:${canaries.redirected}@evil.example/?key=${canaries.redirected}`;
  failing.next({ reply: { status: 302, headers: { location }, body: '' } });
  await run('e/potter-demo-sample');
  openai.next({ resetAtOnce: true });
  await run('a/potter-demo-sample', `${canaries.text} again`);

  // Settings with secrets in addresses.
  for (const address of [
    `https://user:${canaries.userinfo}@host.example/v1`,
    `https://host.example/v1?api_key=${canaries.query}`,
  ]) {
    await call('config.set', { key: 'providers', value: { bad: provider(address) } });
    await call('config.set', { key: 'providers', value: { bad: provider(address) }, layer: 'runtime' });
  }
  for (const key of ['providers', 'text.defaultModel']) await call('config.inspect', { key });
  await call('config.get', {});

  // The passphrase and the key store.
  await call('keys.protect', { protection: 'system-or-passphrase', passphrase: canaries.passphrase });
  cipher.unwrap = async () => {
    throw new Error(`the store said: token=${canaries.exception} ${canaries.exception}`);
  };
  await call('keys.unlock', { passphrase: `${canaries.passphrase} wrong` });
  await call('keys.unlock', { passphrase: canaries.passphrase });
  await call('keys.protect', { protection: 'passphrase', passphrase: canaries.passphrase });
  potter.log.error('thrown', {
    error: new Error(`Headers.append: "Bearer ${canaries.exception}" is an invalid header value`),
  });
  potter.log.warn(`stray ${canaries.exception}`, {
    apiKey: canaries.shapeless,
    nested: { url: `https://x/?token=${canaries.query}` },
  });

  // The person's text.
  await call('text.process', { action: 'upper-case', source: { type: 'text', text: canaries.text } });
  await call('text.preview', { action: 'polish', text: canaries.text });
  await call('history.list', { query: tail });
  await call('actions.export', {});
  await call('keys.list', {});

  // A secret where a name belongs, to every route and from every caller, and routes that do not exist.
  const misplaced = canaries.misplaced;
  const wrong = [
    misplaced,
    { [misplaced]: 1 },
    Object.fromEntries(
      ['provider', 'host', 'key', 'id', 'action', 'runId', 'layer', 'text'].map((it) => [it, misplaced]),
    ),
    { provider: misplaced },
    { key: misplaced, value: misplaced },
    { id: misplaced },
    { action: misplaced, source: { type: 'text', text: 'some words' } },
    { provider: misplaced, host: misplaced },
    { provider: misplaced, key: misplaced },
  ];
  for (const route of Object.keys(contract) as RouteName[]) {
    for (const input of wrong) await call(route, input);
  }
  await call(misplaced as RouteName, {});
  await call('keys.set', { provider: 'a', key: misplaced }, connect({ kind: 'shell' }));
  for (const figures of ['overview', 'advice', 'health', 'metrics'] as const) await call(`monitor.${figures}`, {});

  // What is outside the process so far, and what is in the files.
  sinks.add('notices', notices);
  for (const [name, vendor] of Object.entries(vendors)) {
    sinks.add(
      `addresses at ${name}`,
      vendor.requests.map(({ path }) => path),
    );
    const headers = vendor.requests.map(({ headers: sent }) => {
      const { authorization: _, 'x-api-key': __, ...rest } = sent;
      return rest;
    });
    sinks.add(`headers at ${name}`, headers);
    sinks.add(
      `credentials at ${name}`,
      vendor.requests.map(({ headers: sent }) => [sent.authorization, sent['x-api-key']]),
    );
    sinks.add(
      `bodies at ${name}`,
      vendor.requests.map(({ body }) => body),
    );
  }
  await new Promise((resolve) => setImmediate(resolve));
  addFiles(sinks, dataDirectory);
  expect(sinks.names()).toEqual(
    expect.arrayContaining(['file potter.db', 'file potter.db-wal', 'file logs/potter.log']),
  );

  await call('system.erase', { confirm: 'delete everything' });
  await potter.stop();
  addFiles(sinks, dataDirectory, 'file at the end:');

  const own: Record<string, readonly string[]> = {
    'credentials at openai': ['openai'],
    'credentials at anthropic': ['anthropic'],
    'credentials at shapeless': ['shapeless'],
    'credentials at failing': ['quoted', 'redirected'],
  };
  const found = sinks.found(
    (name, sink) =>
      own[sink]?.includes(name) === true || (name === 'text' && (showsText(sink) || sink.startsWith('bodies at'))),
  );
  console.log(
    `canaries: ${new Set(found.map((it) => it.split(' ')[0])).size} of ${entries.length} found in ${sinks.size} sinks`,
  );
  expect(found).toEqual([]);
  // The keys did reach the vendors they are for, or the search would prove nothing.
  expect(sinks.found()).toEqual(
    expect.arrayContaining([
      'openai in credentials at openai',
      'anthropic in credentials at anthropic',
      'shapeless in credentials at shapeless',
      'quoted in credentials at failing',
      'redirected in credentials at failing',
      'text in reply of text.process',
    ]),
  );
  expect(entries).toHaveLength(12);
}, 60_000);

test('the search would see a secret that a log wrote as it came, in every shape', () => {
  const directory = temporaryFolder();
  mkdirSync(join(directory, 'raw'));
  for (const [name, secret] of entries) {
    appendFileSync(join(directory, 'raw', 'potter.log'), `${JSON.stringify({ message: `${name} ${secret}` })}\n`);
  }
  const seen = new Sinks();
  addFiles(seen, join(directory, 'raw'));
  expect(seen.found()).toHaveLength(entries.length);

  const log = createLog({ directory, level: () => 'debug', clock: { now: () => 0, monotonic: () => 0 } });
  for (const name of ['openai', 'anthropic', 'google', 'quoted', 'redirected', 'exception', 'misplaced'] as const) {
    log.info(`it said ${canaries[name]}`, { said: canaries[name] });
  }
  log.stop();
  const redacted = new Sinks();
  redacted.add('log', readFileSync(log.file, 'utf8'));
  expect(redacted.found()).toEqual([]);
});
