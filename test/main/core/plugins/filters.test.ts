import { describe, expect, it } from 'vitest';
import { startApiServer } from '../../../../src/main/net/http.ts';
import { addPlugin, manifestOf } from '../../../helpers/plugin-directory.ts';
import { startTestPotter, startVendor } from '../../../helpers/potter.ts';

const filter = (id: string, on: 'request' | 'response', onFailure: 'block' | 'pass') => ({
  ...{ id, on, onFailure, title: id, description: 'A filter of the tests.' },
});

/** Hides a name on the way out and puts it back on the way in. */
const masking = `export const plugin = {
  commands: {},
  filters: {
    hide: (text) => text.replaceAll('Ada', 'PERSON1'),
    show: (text) => text.replaceAll('PERSON1', 'Ada'),
  },
};`;
const failing = `export const plugin = { commands: {}, filters: { fail: () => { throw new Error('No.'); } } };`;
const spinning = `export const plugin = { commands: {}, filters: { spin: () => { for (;;); } } };`;

const permissions = [
  { name: 'filter.request', reason: 'To hide names.' },
  { name: 'filter.response', reason: 'To show them again.' },
];

async function start() {
  const { vendor, environment } = await startVendor();
  const potter = await startTestPotter({
    environment,
    addPlugins: (folder) => {
      const add = (id: string, source: string, filters: object[]): void =>
        addPlugin(folder, id, source, { ...manifestOf(id), commands: [], filters, permissions });
      add('mask', masking, [filter('hide', 'request', 'block'), filter('show', 'response', 'block')]);
      add('out-only', masking, [filter('hide', 'request', 'block')]);
      add('strict', failing, [filter('fail', 'request', 'block')]);
      add('lenient', failing, [filter('fail', 'request', 'pass')]);
      add('slow', spinning, [filter('spin', 'request', 'block')]);
    },
  });
  const enable = (...ids: string[]) => potter.client.call('config.set', { key: 'plugins.filters', value: ids });
  const sent = (): string =>
    JSON.stringify(vendor.requests.filter(({ method }) => method === 'POST').map(({ body }) => body));
  return { ...potter, vendor, enable, sent };
}

const source = { type: 'text' as const, text: 'Ada has wrote a example for the committee on Tuesday.' };

describe('a filter of a plugin', () => {
  it('does nothing until the person names its plugin', async () => {
    const { client, sent } = await start();
    await client.call('text.process', { action: 'polish', source });
    expect(sent()).toContain('Ada');
  });

  it('stands between the text and the model both ways, and in the preview', async () => {
    const { client, enable, sent } = await start();
    await enable('mask');
    const chunks: string[] = [];
    const { output } = await client.call(
      'text.process',
      { action: 'polish', source },
      { onChunk: (chunk) => void (chunk.type === 'text' && chunks.push(chunk.text)) },
    );
    expect(output).toContain('Ada');
    expect(output).not.toContain('PERSON1');
    expect(sent()).toContain('PERSON1');
    expect(sent()).not.toContain('Ada');
    // Nothing is shown that it has not seen.
    expect(chunks).toEqual([]);
    const { steps } = await client.call('text.preview', { action: 'polish', text: source.text });
    expect(steps[0]?.user).toContain('PERSON1');
  });

  it.each(['strict', 'slow'])('that protects and fails lets nothing pass: %s', async (id) => {
    const { client, enable, desktop, sent } = await start();
    await enable(id);
    desktop.selection = source.text;
    await expect(
      client.call('text.process', { action: 'polish', source: { type: 'selection' } }),
    ).rejects.toMatchObject({ code: 'FILTER_FAILED' });
    expect([sent(), desktop.selection]).toEqual(['[]', source.text]);
  });

  it('that may be passed over is', async () => {
    const { client, enable, sent } = await start();
    await enable('lenient');
    await client.call('text.process', { action: 'polish', source });
    expect(sent()).toContain('Ada');
  });

  it('holds for chat completions too, which are refused where it would have to read the answer', async () => {
    const { client, potter, enable, sent } = await start();
    const server = await startApiServer({
      gateway: potter.gateway,
      authenticate: (secret) => potter.tokens.authenticate(secret),
      port: 0,
    });
    try {
      const { secret } = await client.call('tokens.create', { name: 'x', role: 'runner' });
      const ask = async (): Promise<number> => {
        const messages = [{ role: 'user', content: 'Ada is here.' }];
        const reply = await fetch(`${server.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
          body: JSON.stringify({ model: 'vendor/potter-demo-sample', messages }),
        });
        return reply.status;
      };
      await enable('out-only');
      expect(await ask()).toBe(200);
      expect(sent()).toContain('PERSON1 is here.');
      await enable('mask');
      expect(await ask()).toBe(422);
      expect(sent()).not.toContain('Ada');
    } finally {
      await server.close();
    }
  });
});
