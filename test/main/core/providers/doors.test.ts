/** The main job against each wire format, from a client to a vendor and back. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { wireFormats } from '../../../../src/shared/settings.ts';
import { startTestPotter } from '../../../helpers/potter.ts';
import { startVendorOf } from '../../../helpers/vendors.ts';

const text = 'Der Bär 🐻 says: this is a example of an sentence with bad grammer. 你好，世界。';
const polished = 'Der Bär 🐻 says: this is an example of a sentence with bad grammar. 你好，世界。';
const source = { type: 'text' as const, text };
const keyOf = (wireFormat: string): string => `sk-canary-of-${wireFormat}-1`;

async function startAll() {
  const entries = await Promise.all(
    wireFormats.map(async (wireFormat) => {
      const started = await startVendorOf(wireFormat, keyOf(wireFormat));
      onTestFinished(() => started.vendor.close());
      return [wireFormat, started] as const;
    }),
  );
  const providers = Object.fromEntries(entries.map(([id, { setting }]) => [id, setting]));
  const potter = await startTestPotter({ environment: { POTTER__PROVIDERS: JSON.stringify(providers) } });
  for (const [provider] of entries) await potter.client.call('keys.set', { provider, key: keyOf(provider) });
  return { ...potter, vendors: entries };
}

describe('polishing a text', () => {
  it('gives the same text whatever the wire format, and each key only to its own vendor in its own header', async () => {
    const { client, vendors } = await startAll();
    const headers = {
      openai: 'authorization',
      compatible: 'authorization',
      anthropic: 'x-api-key',
      google: 'x-goog-api-key',
    };
    for (const [id, { vendor, model }] of vendors) {
      const { output, provider } = await client.call('text.process', {
        action: 'polish',
        source,
        model: `${id}/${model}`,
      });
      expect({ id, output, provider }).toEqual({ id, output: polished, provider: id });
      expect(vendor.requests.length).toBeGreaterThan(0);
    }
    for (const [id, { vendor }] of vendors) {
      for (const { headers: sent, path } of vendor.requests) {
        const carrying = Object.entries(sent).filter(([, value]) => String(value).includes('canary'));
        const value = headers[id] === 'authorization' ? `Bearer ${keyOf(id)}` : keyOf(id);
        expect(carrying).toEqual([[headers[id], value]]);
        expect(path).not.toContain('canary');
      }
      expect(JSON.stringify(vendor.requests.map(({ body }) => body ?? null))).not.toContain('canary');
    }
  });

  it('never changes a setting, whichever model it is given', async () => {
    const { client, vendors } = await startAll();
    const before = await client.call('config.get', {});
    for (const [id, { model }] of vendors) {
      await client.call('text.process', { action: 'polish', source, model: `${id}/${model}` });
    }
    await client.call('text.process', { action: 'polish', source });
    expect(await client.call('config.get', {})).toEqual(before);
  });

  it('shows the models of every vendor with their tiers', async () => {
    const { client } = await startAll();
    const listed = await client.call('providers.list', {});
    const providers = wireFormats.flatMap((format) => listed.providers.filter(({ id }) => id === format));
    expect(providers.length).toBe(wireFormats.length);
    for (const { id, state, wireFormat, modelSource, models } of providers) {
      expect({ id, state, wireFormat, modelSource }).toEqual({
        id,
        state: 'ready',
        wireFormat: id,
        modelSource: 'listed',
      });
      expect(models.length).toBeGreaterThan(0);
    }
    const google = providers.find(({ id }) => id === 'google');
    expect(google?.models).toContainEqual({
      id: 'gemini-3.5-flash-lite',
      name: 'Gemini 3.5 Flash-Lite',
      tier: 'fast',
    });
  });

  it('is refused by every cloud while only this machine may be asked, and nothing is sent', async () => {
    const { client } = await startTestPotter({ environment: { POTTER__PRIVACY__LOCAL_ONLY: 'true' } });
    for (const provider of ['openai', 'anthropic', 'google']) {
      await client.call('keys.set', { provider, key: keyOf(provider) });
      const asked = client.call('text.process', { action: 'polish', source, model: `${provider}/any` });
      await expect(asked).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS' });
    }
  });
});
