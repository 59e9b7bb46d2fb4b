/** Many calls of all kinds, with faults among them, and what is left of them afterwards: nothing. `POTTER_LONG` raises the counts. */
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startApiServer } from '../../../src/main/net/http.ts';
import { toPotterError } from '../../../src/shared/errors.ts';
import type { FakeVendor, VendorScenario } from '../../helpers/fake-vendor.ts';
import { startTestPotter, startVendor } from '../../helpers/potter.ts';

const isLong = process.env.POTTER_LONG !== undefined;
const calls = isLong ? 20_000 : 1_000;
const cancels = isLong ? 1_000 : 100;

/** Open files and sockets of this process; undefined where the system does not say. */
function descriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    // Only Linux has it.
    return undefined;
  }
}

/** Bytes that are still referred to. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

const faults: readonly VendorScenario[] = [
  { reply: { status: 500 } },
  { reply: { status: 429, headers: { 'retry-after': '1' } } },
  { resetAtOnce: true },
  { text: 'Half of an answer that is long enough.', after: 900, ending: 'reset' },
  { reply: { status: 200, body: '<html></html>' } },
];

/** Ends when nobody is connected to the vendor but connections kept for the next request. */
async function settled(vendor: FakeVendor<VendorScenario>, open: number): Promise<void> {
  await expect.poll(() => vendor.openSockets, { timeout: 10_000 }).toBeLessThanOrEqual(open);
}

describe('a long time of use', () => {
  it(`leaves nothing behind after ${calls} mixed calls with faults in five of a hundred`, {
    timeout: 900_000,
  }, async () => {
    const unhandled: unknown[] = [];
    const note = (thrown: unknown): void => void unhandled.push(thrown);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { vendor, environment } = await startVendor();
    // What is kept on purpose, up to its cap, is not what is looked for.
    const { connect, client, potter } = await startTestPotter({
      environment: { ...environment, POTTER__CACHE__ENABLED: 'false' },
    });
    const server = await startApiServer({
      gateway: potter.gateway,
      authenticate: (secret) => potter.tokens.authenticate(secret),
      port: 0,
    });
    onTestFinished(() => server.close());
    const { secret } = await client.call('tokens.create', { name: 'soak', role: 'runner' });
    const codes = new Map<string, number>();
    const run = async (index: number): Promise<void> => {
      if (index % 20 === 0) vendor.next(faults[(index / 20) % faults.length] ?? {});
      // A caller may run twenty texts a second; each of these is another one.
      const door = connect({ kind: 'window', window: `w${index}` });
      try {
        const kind = index % 5;
        const source = { type: 'text' as const, text: `This is a example number ${index}.` };
        if (kind < 2) await door.call('text.process', { action: 'polish', source });
        else if (kind === 2) await door.call('text.process', { action: 'sort-lines', source });
        else if (kind === 3) await door.call('history.list', { limit: 5 });
        else {
          const reply = await fetch(`${server.url}/v1/chat/completions`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
            body: JSON.stringify({
              model: 'vendor/potter-demo-sample',
              messages: [{ role: 'user', content: source.text }],
            }),
          });
          await reply.arrayBuffer();
        }
      } catch (thrown) {
        const { code } = toPotterError(thrown);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      } finally {
        door.close();
      }
    };
    const batch = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index += 10) {
        await Promise.all(Array.from({ length: Math.min(10, to - index) }, (_, of) => run(index + of)));
        vendor.forget();
      }
    };
    // What is loaded and opened once is not what is looked for.
    const warm = Math.min(2000, calls / 2);
    await batch(0, warm);
    const before = { descriptors: descriptors(), memory: heapInUse() };
    await batch(warm, calls);
    await settled(vendor, 40);
    expect(unhandled).toEqual([]);
    expect(codes.get('INTERNAL')).toBeUndefined();
    const after = { descriptors: descriptors(), memory: heapInUse() };
    if (before.descriptors !== undefined && after.descriptors !== undefined) {
      // Connections are kept for the next request, a few more or less.
      expect(after.descriptors - before.descriptors).toBeLessThanOrEqual(20);
    }
    const slope = after.memory / before.memory;
    console.log(`${calls} calls, heap ${slope.toFixed(2)} ×, failures ${JSON.stringify(Object.fromEntries(codes))}`);
    if (isLong) expect(slope).toBeLessThan(1.1);
  });

  it(`F55 leaves no socket after ${cancels} cancels at any moment`, { timeout: 300_000 }, async () => {
    const { vendor, environment } = await startVendor();
    const { connect } = await startTestPotter({ environment });
    const moments: readonly VendorScenario[] = [
      { silent: true },
      { after: 0, ending: 'stall' },
      { after: 900, ending: 'stall' },
      { after: 900, ending: 'drip' },
      { after: 900, ending: 'flood' },
    ];
    const times: number[] = [];
    for (let index = 0; index < cancels; index += 1) {
      vendor.next(moments[index % moments.length] ?? {});
      const seen = vendor.requests.length;
      const cancel = new AbortController();
      const door = connect({ kind: 'window', window: `w${index}` });
      const source = { type: 'text' as const, text: `A text of some words, number ${index}.` };
      const run = door.call(
        'text.process',
        { action: 'polish', source },
        { signal: cancel.signal, onChunk: () => undefined },
      );
      const ended = run.then(
        () => 'done',
        (thrown: unknown) => toPotterError(thrown).code,
      );
      await vendor.received(seen + 1);
      const at = performance.now();
      cancel.abort();
      expect(await ended).toBe('CANCELLED');
      await vendor.disconnected();
      times.push(performance.now() - at);
      door.close();
    }
    times.sort((one, other) => one - other);
    const p99 = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
    console.log(`${cancels} cancels, 0 sockets left, p99 ${p99.toFixed(1)} ms until the socket was closed`);
  });
});
