import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { alertRules } from '../../../../src/main/core/errors/alert-rules.ts';
import { type AlertSettings, Alerts, type AlertsOptions } from '../../../../src/main/core/errors/alerts.ts';
import type { Notice } from '../../../../src/main/core/host.ts';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import { createOutbound } from '../../../../src/main/core/outbound.ts';
import { openDatabase } from '../../../../src/main/core/storage/database.ts';
import type { Events, Topic } from '../../../../src/shared/events.ts';
import { startTestPotter, startVendor, temporaryFolder } from '../../../helpers/potter.ts';

const minute = 60_000;
const hour = 60 * minute;
/** Noon of some day, by the clock on the wall. */
const noon = new Date(2026, 2, 10, 12).getTime();

interface Bench {
  readonly alerts: Alerts;
  readonly notices: Notice[];
  readonly published: { topic: Topic; payload: unknown }[];
  readonly settings: { -readonly [K in keyof AlertSettings]: AlertSettings[K] };
  /** Minute by minute, as the schedule does. */
  pass(ms: number): Promise<void>;
  fail(code: Parameters<Alerts['observe']>[0]['code'], times?: number, subject?: string): void;
  /** The same data directory, opened by the next process. */
  restart(): Alerts;
}

function bench({ fetch = refuse, at = noon, folder = temporaryFolder(), lasts }: BenchOptions = {}): Bench {
  let now = at;
  const notices: Notice[] = [];
  const published: Bench['published'] = [];
  const settings: Bench['settings'] = { enabled: true, quietHours: null, webhook: null };
  const open = (): Alerts => {
    const database = openDatabase(join(folder, 'potter.db'));
    onTestFinished(() => database.close());
    return new Alerts({
      database,
      clock: { now: () => now },
      log: silentLog,
      events: { publish: <T extends Topic>(topic: T, payload: Events[T]) => published.push({ topic, payload }) },
      show: (notice) => notices.push(notice),
      fetch,
      settings: () => settings,
      ...(lasts && { lasts }),
      version: '1.2.3',
      newId: randomUUID,
    });
  };
  const alerts = open();
  return {
    alerts,
    notices,
    published,
    settings,
    pass: async (ms) => {
      for (const end = now + ms; now < end; ) {
        now += minute;
        await alerts.tick();
      }
    },
    fail: (code, times = 1, subject = 'openai') => {
      for (let time = 0; time < times; time += 1)
        alerts.observe({ code, at: now, subject, callId: `call-${time + 1}` });
    },
    restart: () => {
      alerts.stop();
      return open();
    },
  };
}

interface BenchOptions {
  readonly lasts?: AlertsOptions['lasts'];
  readonly fetch?: AlertsOptions['fetch'];
  readonly at?: number;
  readonly folder?: string;
}

const refuse: AlertsOptions['fetch'] = () => Promise.reject(new Error('nothing may be sent here'));

describe('an alert', () => {
  test.each(alertRules.map((rule) => [rule.id, rule] as const))(
    'of the rule %s comes with the failure that fills its count, not before',
    (_id, rule) => {
      const { alerts, fail } = bench();
      const [code] = rule.codes;
      if (code === undefined) throw new Error('a rule without codes');
      fail(code, rule.count - 1);
      expect(alerts.list()).toEqual([]);
      fail(code);
      expect(alerts.list()).toMatchObject([
        { rule: rule.id, count: rule.count, state: 'open', severity: rule.severity },
      ]);
    },
  );

  test('stands in one rule for each code', () => {
    const codes = alertRules.flatMap((rule) => rule.codes);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('whose cause can be looked at stays as long as the cause, and its end is told', async () => {
    let isBroken = true;
    const { alerts, fail, pass, published } = bench({ lasts: { 'settings-broken': () => isBroken } });
    fail('SETTINGS_MALFORMED');
    await pass(3 * 24 * 60 * minute);
    expect(alerts.list()).toMatchObject([{ rule: 'settings-broken', state: 'open' }]);
    published.length = 0;
    isBroken = false;
    await pass(minute);
    expect(alerts.list()).toEqual([]);
    expect(published).toEqual([{ topic: 'alerts.changed', payload: { open: 0 } }]);
  });

  test('does not come from failures that are further apart than the window', async () => {
    const { alerts, fail, pass } = bench();
    for (let time = 0; time < 8; time += 1) {
      fail('OVERLOADED');
      await pass(3 * minute);
    }
    expect(alerts.list()).toEqual([]);
  });

  test('does not come from what is the caller’s own to mend, nor where alerts are switched off', () => {
    const { alerts, fail, settings } = bench();
    fail('INVALID_INPUT', 100);
    fail('CANCELLED', 100);
    settings.enabled = false;
    fail('STORAGE', 3);
    expect(alerts.list()).toEqual([]);
  });

  test('is one for each subject, which counts what comes after', () => {
    const { alerts, fail, published } = bench();
    fail('AUTH', 5, 'openai');
    fail('AUTH', 2, 'mistral');
    fail('AUTH', 1, 'google');
    expect(alerts.list().map(({ subject, count }) => [subject, count])).toEqual([
      ['mistral', 2],
      ['openai', 5],
    ]);
    expect(published.filter(({ topic }) => topic === 'notice.posted')).toHaveLength(2);
    expect(published.at(-1)).toEqual({ topic: 'alerts.changed', payload: { open: 2 } });
  });

  test('is shown by the system after five minutes, once', async () => {
    const { alerts, fail, notices, pass } = bench();
    fail('AUTH', 2);
    await pass(4 * minute);
    expect(notices).toEqual([]);
    await pass(10 * minute);
    expect(notices).toMatchObject([{ severity: 'error', title: 'Potter needs attention' }]);
    expect(notices[0]?.message).toContain('openai refuses the key. Enter another key');
    expect(alerts.list()[0]?.notifiedAt).toBe(noon + 5 * minute);
  });

  test('is shown at once when it is critical', () => {
    const { fail, notices } = bench();
    fail('STORAGE');
    expect(notices).toHaveLength(1);
  });

  test('calls no more once it is acknowledged, and is resolved when its window passes without another', async () => {
    const { alerts, fail, notices, pass, settings } = bench();
    settings.webhook = 'https://hooks.example/potter';
    fail('AUTH', 2);
    const [raised] = alerts.list();
    expect(alerts.acknowledge(raised?.id ?? '')).toMatchObject({ state: 'acknowledged' });
    await pass(30 * minute);
    fail('AUTH');
    await pass(59 * minute);
    expect([alerts.list()[0]?.state, alerts.list()[0]?.count, notices]).toEqual(['acknowledged', 3, []]);
    await pass(minute);
    expect(alerts.list()).toEqual([]);
    expect(alerts.list({ all: true })).toMatchObject([{ state: 'resolved', resolvedAt: noon + 90 * minute }]);
  });

  test('that was resolved by hand is raised anew only when its count is full again', () => {
    const { alerts, fail } = bench();
    fail('AUTH', 2);
    alerts.resolve(alerts.list()[0]?.id ?? '');
    fail('AUTH');
    expect(alerts.list()).toEqual([]);
    fail('AUTH');
    expect(alerts.list()).toMatchObject([{ count: 2 }]);
    expect(alerts.list({ all: true })).toHaveLength(2);
  });

  test('outlasts a restart with its state and its count', async () => {
    const { alerts, fail, notices, pass, restart } = bench();
    fail('AUTH', 2, 'openai');
    fail('AUTH', 2, 'mistral');
    fail('AUTH', 3, 'mistral');
    const before = alerts.list();
    alerts.acknowledge(before[1]?.id ?? '');
    await pass(5 * minute);
    expect(notices).toHaveLength(1);
    const next = restart();
    expect(next.list()).toEqual(alerts.list());
    expect(next.list().map(({ state, count }) => [state, count])).toEqual([
      ['open', 5],
      ['acknowledged', 2],
    ]);
    await next.tick();
    expect(notices).toHaveLength(1);
  });

  test('makes way for newer ones beyond two hundred, resolved ones first, in the file too', () => {
    const { alerts, fail, restart } = bench();
    fail('AUTH', 2, 'first');
    fail('AUTH', 2, 'second');
    alerts.resolve(alerts.list().find(({ subject }) => subject === 'second')?.id ?? '');
    for (let index = 0; index < 199; index += 1) fail('AUTH', 2, `provider-${index}`);
    const kept = restart().list({ all: true });
    expect(kept).toHaveLength(200);
    expect(kept.map(({ subject }) => subject)).toContain('first');
    expect(kept.map(({ subject }) => subject)).not.toContain('second');
    expect(kept).toEqual(alerts.list({ all: true }));
  });
});

describe('in the quiet hours', () => {
  const quiet = { at: new Date(2026, 2, 10, 23, 30).getTime() };

  test('nothing reaches beyond the windows, and what is unresolved afterwards comes as one summary', async () => {
    const { fail, notices, pass, settings } = bench(quiet);
    settings.quietHours = { from: '22:00', to: '07:00' };
    fail('SETTINGS_MALFORMED');
    // Resolved by itself before the morning.
    fail('QUOTA', 2, 'google');
    for (let time = 0; time < 15; time += 1) {
      fail('AUTH', 2, 'openai');
      await pass(30 * minute - minute);
      expect(notices).toEqual([]);
      await pass(minute);
    }
    expect(notices).toMatchObject([{ title: 'Potter needs attention: 2 alerts' }]);
    expect(notices[0]?.message).toContain('settings file');
    expect(notices[0]?.message).toContain('openai');
    expect(notices[0]?.message).not.toContain('google');
    await pass(30 * minute);
    expect(notices).toHaveLength(1);
  });

  test('a critical alert comes all the same', () => {
    const { fail, notices, settings } = bench(quiet);
    settings.quietHours = { from: '22:00', to: '07:00' };
    fail('STORAGE');
    expect(notices).toHaveLength(1);
  });
});

describe('the webhook', () => {
  test('is told after fifteen minutes, over the network, without a text, and once', async () => {
    const { url, bodies } = await startReceiver([200]);
    const { alerts, fail, pass, settings } = bench({ fetch: fetchTo(url) });
    settings.webhook = url;
    fail('AUTH', 2);
    await pass(14 * minute);
    expect(bodies).toEqual([]);
    await pass(10 * minute);
    const [alert] = alerts.list();
    expect(bodies).toEqual([
      {
        ...{ id: alert?.id, rule: 'key-refused', severity: 'error', subject: 'openai', count: 2 },
        ...{ firstAt: noon, lastAt: noon, message: alert?.message, next: alert?.next, version: '1.2.3' },
      },
    ]);
    expect(alert?.webhook).toEqual({ state: 'sent', tries: 1 });
  });

  test('is tried three times with growing pauses, and the alert shows why it failed', async () => {
    const { url, bodies } = await startReceiver([500]);
    const { alerts, fail, pass, settings } = bench({ fetch: fetchTo(url) });
    settings.webhook = url;
    fail('AUTH', 2);
    const tries: number[] = [];
    for (let passed = 1; passed <= 40; passed += 1) {
      await pass(minute);
      if (bodies.length > tries.length) tries.push(passed);
    }
    expect(tries).toEqual([15, 17, 21]);
    const problem = 'The alert webhook answered with 500.';
    expect(alerts.list()[0]?.webhook).toEqual({ state: 'failed', tries: 3, problem });
  });

  test('that answers at the second try is told no more', async () => {
    const { url, bodies } = await startReceiver([503, 204]);
    const { alerts, fail, pass, settings } = bench({ fetch: fetchTo(url) });
    settings.webhook = url;
    fail('AUTH', 2);
    await pass(16 * minute);
    expect(alerts.list()[0]?.webhook).toMatchObject({ state: 'retrying', tries: 1 });
    await pass(20 * minute);
    expect(bodies).toHaveLength(2);
    expect(alerts.list()[0]?.webhook).toEqual({ state: 'sent', tries: 2 });
  });

  test('hears nothing of what was resolved before, nor in the quiet hours', async () => {
    const { url, bodies } = await startReceiver([200]);
    const { alerts, fail, pass, settings } = bench({ fetch: fetchTo(url) });
    settings.webhook = url;
    settings.quietHours = { from: '11:00', to: '13:00' };
    fail('AUTH', 2, 'openai');
    fail('SETTINGS_MALFORMED');
    alerts.resolve(alerts.list().find(({ subject }) => subject === 'openai')?.id ?? '');
    await pass(hour - minute);
    expect(bodies).toEqual([]);
    await pass(minute);
    expect(bodies).toMatchObject([{ rule: 'settings-broken' }]);
  });
});

describe('the routes of alerts', () => {
  test('let every reader look, and only who may write answer', async () => {
    const { client, connect } = await startTestPotter();
    expect(await client.call('alerts.list', {})).toEqual({ alerts: [] });
    await expect(client.call('alerts.acknowledge', { id: randomUUID() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const reader = connect({ kind: 'token', id: 'r', role: 'runner' });
    expect(await reader.call('alerts.list', {})).toEqual({ alerts: [] });
    await expect(reader.call('alerts.resolve', { id: randomUUID() })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const operator = connect({ kind: 'token', id: 'o', role: 'operator' });
    await expect(operator.call('alerts.resolve', { id: randomUUID() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('name the provider that refused its key twice, in the list and to whoever listens', async () => {
    const { vendor, environment } = await startVendor({ key: 'the-right-key' });
    const { client, potter } = await startTestPotter({ environment });
    const counts: number[] = [];
    potter.events.subscribe('alerts.changed', ({ open }) => counts.push(open));
    await client.call('keys.set', { provider: 'vendor', key: 'not-the-key' });
    const run = { action: 'polish', source: { type: 'text', text: 'the words of a person' } } as const;
    for (let time = 0; time < 2; time += 1) {
      await expect(client.call('text.process', run)).rejects.toMatchObject({ code: 'AUTH' });
    }
    expect(vendor.requests.length).toBeGreaterThan(0);
    const { alerts } = await client.call('alerts.list', {});
    expect(alerts).toMatchObject([{ rule: 'key-refused', subject: 'vendor', count: 2, state: 'open' }]);
    expect(JSON.stringify(alerts)).not.toContain('the words');
    const id = alerts[0]?.id ?? '';
    expect(await client.call('alerts.acknowledge', { id })).toMatchObject({ state: 'acknowledged' });
    expect(await client.call('alerts.resolve', { id })).toMatchObject({ state: 'resolved' });
    expect(await client.call('alerts.list', {})).toEqual({ alerts: [] });
    expect(counts).toEqual([1, 0, 0]);
    await client.call('system.erase', { confirm: 'delete everything' });
    expect(await client.call('alerts.list', { all: true })).toEqual({ alerts: [] });
  });
});

/** Answers with these statuses, the last of them from then on. */
async function startReceiver(statuses: readonly number[]): Promise<{ url: string; bodies: unknown[] }> {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(statuses[Math.min(bodies.length, statuses.length) - 1] ?? 500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies };
}

/** The real way out; the address is named, as only a test's is, so that it may be on this machine. */
function fetchTo(url: string): AlertsOptions['fetch'] {
  const outbound = createOutbound();
  onTestFinished(() => outbound.close());
  return outbound.fetchFor({ name: 'Alert webhook', named: url });
}
