/** The panel server seen from a real browser: our own page works under its policy, a foreign page gets nowhere. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PanelServer, startPanelServer } from '../../../src/main/net/panels.ts';
import { createSessions } from '../../../src/main/net/sessions.ts';

const executablePath = '/usr/bin/chromium';

describe.skipIf(!existsSync(executablePath))('in Chromium', () => {
  const sessions = createSessions();
  let signedIn = 0;
  let root: string;
  let panels: PanelServer;
  let foreign: Server;
  let foreignUrl: string;
  let browser: Browser;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'potter-browser-'));
    await mkdir(join(root, 'assets'));
    await writeFile(join(root, 'index.html'), ownPage);
    await writeFile(join(root, 'assets', 'index-AbCd1234.js'), ownScript);
    await writeFile(join(root, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>');
    panels = await startPanelServer({
      root,
      sessions,
      onTransport: () => {
        signedIn += 1;
      },
    });
    foreign = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>foreign</title>');
    });
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    foreignUrl = `http://localhost:${(foreign.address() as AddressInfo).port}/`;
    browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--host-resolver-rules=MAP rebound.example 127.0.0.1',
      ],
    });
  });

  afterAll(async () => {
    await browser.close();
    await panels.close();
    foreign.closeAllConnections();
    await new Promise((resolve) => foreign.close(resolve));
    await rm(root, { recursive: true });
  });

  async function open(url: string): Promise<{ page: Page; status: number; complaints: string[] }> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    const response = await page.goto(url);
    return { page, status: response?.status() ?? 0, complaints };
  }

  test('our own page loads under its policy and signs in with the token of its address', async () => {
    const before = signedIn;
    const { page, status, complaints } = await open(`${panels.url}#token=${sessions.oneTimeToken()}`);
    await page.waitForFunction(() => document.title !== 'loading');
    const color = await page.evaluate(() => getComputedStyle(document.body).color);
    expect([status, await page.title(), color, complaints]).toEqual([200, 'welcome', 'rgb(1, 2, 3)', []]);
    expect(signedIn).toBe(before + 1);
    await page.close();
  });

  test('an injected inline script does not run on our page', async () => {
    const { page, complaints } = await open(panels.url);
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      return 'injected' in window;
    });
    expect(ran).toBe(false);
    expect(complaints.join()).toContain('Content Security Policy');
    await page.close();
  });

  test('E04 a name rebound to this machine is refused', async () => {
    const page = await browser.newPage();
    const control = new URL(foreignUrl);
    expect((await page.goto(`http://rebound.example:${control.port}/`))?.status()).toBe(200);
    const statuses: number[] = [];
    page.on('response', (response) => statuses.push(response.status()));
    // Chromium shows a page of its own for a refusal without a body, and calls that a failure.
    await page.goto(`http://rebound.example:${panels.port}/`).catch(() => undefined);
    expect(statuses[0]).toBe(421);
    await page.close();
  });

  test('E06 a foreign page can neither read, embed, post to nor connect to the panels', async () => {
    const before = signedIn;
    const token = sessions.oneTimeToken();
    const { page } = await open(foreignUrl);
    const own = await page.evaluate(attempts, { url: foreignUrl, token });
    expect(own).toMatchObject({ fetch: 'reached', image: 'failed' });
    const tried = await page.evaluate(attempts, { url: panels.url, token });
    expect(tried).toEqual({
      fetch: 'failed',
      post: 'failed',
      script: 'failed',
      image: 'failed',
      socket: 'failed',
      events: 'failed',
    });
    expect(signedIn).toBe(before);
    expect(sessions.exchange(token)).toBeDefined();
    await page.close();
  });
});

const ownPage = `<!doctype html><title>loading</title><link rel="icon" href="/favicon.svg">
<style nonce="__CSP_NONCE__">body { color: rgb(1, 2, 3) }</style>
<body><script type="module" src="/assets/index-AbCd1234.js"></script>`;

const ownScript = `
const socket = new WebSocket(new URL('/bridge', location.href.replace('http', 'ws').split('#')[0]));
socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', token: location.hash.slice(7) }));
socket.onmessage = ({ data }) => { document.title = JSON.parse(data).type; };
socket.onclose = ({ code }) => { document.title = 'closed ' + code; };
`;

/** Runs inside the page: every way a page has to reach another address, and what became of it. */
async function attempts({ url, token }: { url: string; token: string }): Promise<Record<string, string>> {
  const told = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'reached',
      () => 'failed',
    );
  const load = (element: HTMLScriptElement | HTMLImageElement): Promise<unknown> =>
    new Promise((resolve, reject) => {
      element.onload = resolve;
      element.onerror = reject;
      document.body.append(element);
    });
  return {
    fetch: await told(fetch(url).then((response) => response.text())),
    post: await told(fetch(url, { method: 'POST', body: '{}' })),
    script: await told(
      load(Object.assign(document.createElement('script'), { src: `${url}assets/index-AbCd1234.js` })),
    ),
    image: await told(load(Object.assign(document.createElement('img'), { src: `${url}favicon.svg` }))),
    socket: await told(
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}bridge`);
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', token }));
        socket.onmessage = resolve;
        socket.onclose = reject;
      }),
    ),
    events: await told(
      new Promise((resolve, reject) => {
        const events = new EventSource(url);
        events.onopen = resolve;
        events.onerror = () => {
          events.close();
          reject(new Error('closed'));
        };
      }),
    ),
  };
}
