/** D: a hostile model's answer in every place it is shown, in real Chromium, on the pages of both shells. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { marked } from 'marked';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectSocket } from '../../src/main/net/socket.ts';
import { type Client, createClient } from '../../src/shared/client.ts';
import { Program } from '../e2e/program.ts';
import {
  hasChromium,
  type Listening,
  launchChromium,
  listen,
  servePagesOfShell,
  showInChromium,
} from '../helpers/chromium.ts';
import { app, FakeNotification } from '../helpers/fake-electron.ts';
import { type FakeOpenAi, startFakeOpenAi } from '../helpers/fake-openai.ts';
import { vendorEnvironment } from '../helpers/potter.ts';
import { palette, shellOfEachTest } from '../helpers/shell.ts';
import { leakPayloads, scriptPayloads } from './payloads.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe.skipIf(!hasChromium)('in Chromium', () => {
  let browser: Browser;
  let stranger: Listening;
  /** Paths a stranger's server was asked for. */
  let told: string[] = [];
  let vendor: FakeOpenAi;
  let answers: string[] = [];
  let program: Program;

  beforeAll(async () => {
    browser = await launchChromium();
    stranger = await listen(
      createServer((request, response) => {
        told.push(request.url ?? '');
        response.writeHead(200, { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'text/html' }).end('<p>stranger');
      }),
    );
    vendor = await startFakeOpenAi({ answer: (text) => answers[Number(/number (\d+)/.exec(text)?.[1])] ?? text });
    program = await Program.start({ vendor: vendor.baseUrl });
  });

  beforeEach(() => {
    told = [];
  });

  afterAll(async () => {
    await browser.close();
    await stranger.close();
    await program.remove();
    await vendor.close();
  });

  async function openPage(): Promise<Page> {
    const page = await browser.newPage();
    await page.addInitScript(() => {
      const here = globalThis as unknown as { hits: number; ran: () => void };
      here.hits = 0;
      here.ran = () => {
        here.hits += 1;
      };
    });
    page.on('dialog', (dialog) => dialog.dismiss());
    return page;
  }

  const hits = async (page: Page): Promise<number> =>
    page.evaluate(() => (globalThis as unknown as { hits: number }).hits);

  /**
   * Does to everything on the page what an unlucky person might; false when that led away from it. Potter's own buttons
   * and links are left out: they are no part of an answer, and some of them delete what is looked at.
   */
  function touchEverything(page: Page): Promise<boolean> {
    const touch = (): boolean => {
      for (const element of document.querySelectorAll<HTMLElement>('p, a, button, input, [onmouseover]')) {
        element.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
      }
      const own = ':not([class*="mantine-"], [href^="#/"])';
      for (const link of document.querySelectorAll(`a${own}, button${own}`)) {
        link.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
      }
      return true;
    };
    return page.evaluate(touch).catch(() => false);
  }

  /** A page that takes what the model says for HTML, with no policy, until `isDone`. */
  async function showNaively(page: Page, payload: string, isDone: () => Promise<boolean>): Promise<boolean> {
    const body = /^!?\[/.test(payload) ? marked.parse(payload, { async: false }) : payload;
    const html = `<!doctype html><title>naive</title><body>${body}`;
    const naive = await listen(
      createServer((request, response) => {
        if (request.url !== '/') response.writeHead(404).end();
        else response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
      }),
    );
    try {
      await page.goto(naive.url, { waitUntil: 'commit' });
      await page.waitForLoadState('load').catch(() => undefined);
      await touchEverything(page);
      await vi.waitFor(async () => expect(await isDone()).toBe(true), { timeout: 3000, interval: 10 });
      return true;
    } catch {
      return false;
    } finally {
      await naive.close();
    }
  }

  test('D01 control: on a naive page each of the payloads runs', async () => {
    const page = await openPage();
    const harmless: string[] = [];
    for (const payload of scriptPayloads) {
      const hasRun = await showNaively(page, payload, async () => (await hits(page).catch(() => 0)) > 0);
      if (!hasRun) harmless.push(payload);
    }
    expect({ harmless, tried: scriptPayloads.length >= 30 }).toEqual({ harmless: [], tried: true });
    await page.close();
  });

  test('D02 control: on a naive page each of the payloads reaches the stranger', async () => {
    const silent: string[] = [];
    for (const payload of leakPayloads(stranger.url)) {
      // A page of its own, because some of them lead away.
      const page = await openPage();
      told = [];
      if (!(await showNaively(page, payload, async () => told.length > 0))) silent.push(payload);
      await page.close();
    }
    expect(silent).toEqual([]);
  });

  /** Every payload, each in an answer that ends with a mark. */
  const everything = (): readonly string[] =>
    [...scriptPayloads, ...leakPayloads(stranger.url)].map((payload, at) => `${payload} END ${at}.`);

  /** What must be as it was whatever was shown. */
  async function expectNothingHappened(page: Page, address: string): Promise<void> {
    await touchEverything(page);
    const foreign = await page.evaluate(() =>
      [
        ...document.querySelectorAll(
          'a[href], form[action], iframe, base, object, embed, script:not([src^="/assets/"])',
        ),
      ]
        .map((element) => element.outerHTML)
        .filter((html) => !/^<a [^>]*href="#\//.test(html)),
    );
    expect({ foreign, hits: await hits(page), told, frames: page.frames().length }).toEqual({
      ...{ foreign: [], hits: 0, told: [], frames: 1 },
    });
    expect(page.url().split('#')[0]).toBe(address);
  }

  /** Waits until the text of the page, which is how a reader sees it, holds the whole of `text`. */
  async function waitForText(page: Page, text: string): Promise<void> {
    await page.waitForFunction((wanted) => (document.body.textContent ?? '').includes(wanted), text);
  }

  async function seed(client: Client): Promise<string[]> {
    answers = [...everything()];
    const ids: string[] = [];
    for (const [at] of answers.entries()) {
      const source = { type: 'text', text: `This is the text number ${at}.` } as const;
      // What the guard keeps back is in the history, and shown, all the same.
      await client.call('text.process', { action: 'polish', source }).catch(() => undefined);
    }
    for (let before: string | undefined; ; before = ids.at(-1)) {
      const { entries } = await client.call('history.list', { limit: 100, ...(before && { before }) });
      ids.push(...entries.map(({ id }) => id));
      if (entries.length < 100) break;
    }
    expect(ids).toHaveLength(answers.length);
    return ids;
  }

  async function expectHarmless(page: Page, address: string, ids: readonly string[]): Promise<void> {
    await page.goto(`${address}#/history`);
    await waitForText(page, `END ${answers.length - 1}.`);
    await expectNothingHappened(page, address);
    for (const [at, id] of [...ids].reverse().entries()) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `#/run/${id}`);
      await waitForText(page, `END ${at}.`);
      await expectNothingHappened(page, address);
    }
  }

  async function expectHarmlessWhileStreaming(page: Page, address: string): Promise<void> {
    await page.goto(`${address}#/process`);
    const field = page.getByRole('textbox', { name: 'Text' });
    for (const [at] of answers.entries()) {
      await field.fill(`Here is the text number ${at}.`);
      await page.keyboard.press('Control+Enter');
      await waitForText(page, `END ${at}.`);
      // The last words are shown before the run is over, and until then no other begins.
      await page.locator('.running').waitFor({ state: 'detached' });
    }
    await expectNothingHappened(page, address);
  }

  test('D01 D02 nothing a model answers with acts in the history, a run or the panel of potter serve', async () => {
    const client = await clientOf(program.dataDirectory);
    const page = await openPage();
    const address = new URL('/', program.address).href;
    await page.goto(program.address);
    await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    await expectHarmless(page, address, await seed(client));
    await expectHarmlessWhileStreaming(page, address);
    client.close();
    await page.close();
  }, 180_000);

  describe('on the pages of the desktop shell', () => {
    const shell = shellOfEachTest();

    async function open(): Promise<{ page: Page; address: string; client: Client; close(): Promise<void> }> {
      app.paths.app = root;
      for (const [name, value] of Object.entries(vendorEnvironment(vendor.baseUrl))) vi.stubEnv(name, value);
      await shell.start();
      const pages = await servePagesOfShell();
      const page = await openPage();
      const client = await clientOf(shell.data);
      const window = new Promise<void>((resolve) => page.once('load', () => resolve()));
      await showInChromium(page, palette(), pages);
      await window;
      const close = async (): Promise<void> => {
        client.close();
        await page.close();
        await pages.close();
      };
      return { page, address: pages.url, client, close };
    }

    test('D01 D02 nothing a model answers with acts in the history, a run or the panel', async () => {
      const { page, address, client, close } = await open();
      await expectHarmless(page, address, await seed(client));
      await expectHarmlessWhileStreaming(page, address);
      await close();
    }, 180_000);

    test('D01 nothing that is called or asked after a payload acts in the palette or the list of actions', async () => {
      const { page, address, client, close } = await open();
      // Two names that differ in their case alone are one.
      const short = [...new Map(scriptPayloads.map((payload) => [payload.toLowerCase(), payload])).values()].filter(
        (payload) => payload.length <= 50,
      );
      for (const [at, name] of short.entries()) {
        await client.call('actions.create', { id: `payload-${at}`, definition: { ...definition, name } });
        const instruction = `${scriptPayloads[at]} END ${at}.`;
        const source = { type: 'text', text: `Text number ${at}.` } as const;
        await client.call('text.process', { action: 'ask', instruction, source }).catch(() => undefined);
      }
      for (const route of ['#/palette', '#/actions', '#/process']) {
        await page.goto(`${address}${route}`);
        await page.reload();
        if (route !== '#/process') await waitForText(page, short[0] ?? '');
        await expectNothingHappened(page, address);
      }
      await close();
    }, 120_000);

    test('D01 nothing that is put into the page by a script of its own runs either: the policy forbids it', async () => {
      const { page, close } = await open();
      const refused = await page.evaluate((payloads) => {
        for (const payload of payloads) {
          const place = document.createElement('div');
          place.innerHTML = payload;
          document.body.append(place);
        }
        const script = document.createElement('script');
        script.textContent = 'ran()';
        document.body.append(script);
        // Later, because what a debugger says itself may evaluate.
        return new Promise<string>((resolve) => {
          setTimeout(() => {
            try {
              // biome-ignore lint/security/noGlobalEval: that it is refused is what is tested
              globalThis.eval('ran()');
              resolve('evaluated');
            } catch (thrown) {
              resolve(String(thrown));
            }
          });
        });
      }, scriptPayloads);
      await touchEverything(page);
      expect([refused.startsWith('EvalError'), await hits(page)]).toEqual([true, 0]);
      await close();
    });

    test('D02 no way out of a page is open, also to a script that runs in it', async () => {
      const { page, close } = await open();
      told = [];
      await page.evaluate(async (address) => {
        const image = new Image();
        image.src = `${address}image`;
        const quiet = (work: () => unknown): unknown => {
          try {
            return work();
          } catch (thrown) {
            return thrown;
          }
        };
        const style = document.createElement('style');
        style.textContent = `body { background: url("${address}style") }`;
        document.body.append(style);
        document.body.style.backgroundImage = `url("${address}inline")`;
        for (const [tag, attribute] of [
          ...[
            ['iframe', 'src'],
            ['embed', 'src'],
            ['object', 'data'],
            ['video', 'src'],
            ['script', 'src'],
          ],
        ] as const) {
          const element = document.createElement(tag ?? '');
          element.setAttribute(attribute ?? '', `${address}${tag}`);
          document.body.append(element);
        }
        const link = document.createElement('link');
        Object.assign(link, { rel: 'stylesheet', href: `${address}link` });
        document.head.append(link);
        const form = document.createElement('form');
        Object.assign(form, { action: `${address}form`, method: 'post', target: 'elsewhere' });
        document.body.append(form);
        quiet(() => form.submit());
        quiet(() => navigator.sendBeacon(`${address}beacon`, 'x'));
        quiet(() => new WebSocket(address.replace('http', 'ws')));
        quiet(() => new EventSource(`${address}events`));
        await fetch(`${address}fetch`, { mode: 'no-cors' }).catch(() => undefined);
        await new Promise((resolve) => {
          const request = new XMLHttpRequest();
          request.onloadend = resolve;
          request.open('GET', `${address}xhr`);
          request.send();
        });
      }, stranger.url);
      expect(told).toEqual([]);
      // The same from a page without a policy arrives, so the stranger does listen.
      const control = await browser.newPage();
      await control.goto(stranger.url);
      await control.evaluate((address) => fetch(`${address}control`), stranger.url);
      expect(told).toContain('/control');
      await control.close();
      await close();
    });

    test('D10 D18 a page gets no worker, no service worker, and no page from a blob or data address', async () => {
      const { page, address, close } = await open();
      const outcome = await page.evaluate(async () => {
        const blob = URL.createObjectURL(new Blob(['postMessage("runs")'], { type: 'text/javascript' }));
        const own = [...document.scripts].find((script) => script.src !== '')?.src ?? '';
        const worker = (source: string): Promise<string> =>
          new Promise((resolve) => {
            try {
              const made = new Worker(source, { type: 'module' });
              made.onmessage = () => resolve('runs');
              made.onerror = () => resolve('refused');
            } catch {
              resolve('refused');
            }
          });
        const frame = (source: string): Promise<string> =>
          new Promise((resolve) => {
            const element = document.createElement('iframe');
            element.src = source;
            addEventListener('message', () => resolve('runs'), { once: true });
            element.onload = () => setTimeout(resolve, 100, 'refused');
            document.body.append(element);
          });
        const registered = await navigator.serviceWorker?.register(own).then(
          () => 'registered',
          () => 'refused',
        );
        const html = '<script>parent.postMessage("runs", "*")</script>';
        return {
          blob: await worker(blob),
          data: await worker('data:text/javascript,postMessage("runs")'),
          own: await worker(own),
          registered,
          blobFrame: await frame(URL.createObjectURL(new Blob([html], { type: 'text/html' }))),
          dataFrame: await frame(`data:text/html,${html}`),
          node: ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in globalThis),
        };
      });
      const refused = 'refused';
      expect(outcome).toEqual({
        ...{ blob: refused, data: refused, own: refused, registered: refused },
        ...{ blobFrame: refused, dataFrame: refused, node: [] },
      });
      expect(page.url()).toContain(address);
      await close();
    });

    test('D10 D18 control: a page without a policy gets all of them', async () => {
      const naive = await listen(
        createServer((request, response) => {
          const isScript = request.url === '/service.js';
          response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
          response.end(isScript ? '' : '<title>naive');
        }),
      );
      const page = await openPage();
      await page.goto(naive.url);
      const outcome = await page.evaluate(async () => {
        const said = (target: { onmessage: unknown }): Promise<string> =>
          new Promise((resolve) => {
            target.onmessage = () => resolve('runs');
          });
        const blob = URL.createObjectURL(new Blob(['postMessage("runs")'], { type: 'text/javascript' }));
        const worker = await said(new Worker(blob));
        const service = await navigator.serviceWorker.register('/service.js').then(() => 'registered');
        const frame = document.createElement('iframe');
        frame.src = 'data:text/html,<script>parent.postMessage("runs", "*")</script>';
        const heard = said(globalThis as unknown as { onmessage: unknown });
        document.body.append(frame);
        return { worker, service, frame: await heard };
      });
      expect(outcome).toEqual({ worker: 'runs', service: 'registered', frame: 'runs' });
      await page.close();
      await naive.close();
    });

    test('D01 a notice shows what a server says as text, without a tag, a link or a picture', async () => {
      const { client, close } = await open();
      vendor.next({
        reply: { status: 401, body: { error: { message: `<a href="${stranger.url}">x</a><img src=y>` } } },
      });
      const { runId } = await failedRun(client);
      expect(runId).toBeTypeOf('string');
      const bodies = FakeNotification.shown.map(({ title, body }) => title + body).join('\n');
      expect(bodies).not.toMatch(/<\w/);
      await close();
    });
  });
});

async function clientOf(dataDirectory: string): Promise<Client> {
  const transport = await connectSocket(join(dataDirectory, 'potter.sock'));
  if (!transport) throw new Error('the program does not listen');
  return createClient(transport);
}

const definition = {
  kind: 'prompt',
  description: '<img src=x onerror=ran()>',
  icon: 'sparkles',
  output: 'show',
  review: 'off',
  instruction: 'Say <script>ran()</script>.',
  profile: 'free',
  tier: 'fast',
  temperature: 0,
  growth: 2,
} as const;

async function failedRun(client: Client): Promise<{ runId: string | undefined }> {
  let runId: string | undefined;
  const source = { type: 'text', text: 'A text for the server.' } as const;
  const failed = client.call(
    'text.process',
    { action: 'polish', source },
    {
      onChunk: (chunk) => {
        if (chunk.type === 'started') runId = chunk.runId;
      },
    },
  );
  await expect(failed).rejects.toMatchObject({ code: 'AUTH' });
  return { runId };
}
