/**
 * The 20 rules of Electron's own security checklist, each asked of the real entry as it runs, not of its text.
 * https://www.electronjs.org/docs/latest/tutorial/security
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Fuses, packAroundStandIn } from '../../../scripts/package.ts';
import { createElectronHost } from '../../../src/main/electron/host.ts';
import { windowKinds } from '../../../src/main/electron/windows.ts';
import { createClient } from '../../../src/shared/client.ts';
import type { Transport } from '../../../src/shared/transport.ts';
import { hasChromium, type Listening, launchChromium, listen, servePagesOfShell } from '../../helpers/chromium.ts';
import {
  app,
  dialog,
  FakeBrowserWindow,
  FakeFrame,
  FakeTray,
  FakeWebContents,
  ipcMain,
  preventable,
  protocol,
  runPreload,
  sendFromPage,
  session,
  shell as systemShell,
} from '../../helpers/fake-electron.ts';
import { palette, shellOfEachTest } from '../../helpers/shell.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const shell = shellOfEachTest();

beforeEach(async () => {
  // The panels as they are built.
  app.paths.app = root;
  await shell.startFirst();
});

/** Every window the shell can open, opened as a person would. */
async function openEverything(): Promise<readonly FakeBrowserWindow[]> {
  const [tray] = FakeTray.all;
  for (const entry of ['Choose an action…', 'Open Potter', 'History', 'Settings…']) tray?.choose(entry);
  const client = await shell.connect(palette());
  const failed = client.call('text.process', { source: { type: 'selection' } });
  await failed.catch(() => undefined);
  for (const link of ['potter://open/about', 'potter://open/history', 'potter://open']) {
    app.emit('open-url', preventable(), link);
  }
  const windows = FakeBrowserWindow.getAllWindows();
  // The result window alone opens by a run that shows something, which takes a desktop.
  expect(windows.length).toBeGreaterThanOrEqual(Object.keys(windowKinds).length - 1);
  return windows;
}

const preferencesOf = (windows: readonly FakeBrowserWindow[]): Electron.WebPreferences[] =>
  windows.map(({ options }) => options.webPreferences ?? {});

/** The value of one preference in every window. */
async function everywhere(name: keyof Electron.WebPreferences): Promise<unknown[]> {
  return [...new Set(preferencesOf(await openEverything()).map((preferences) => preferences[name]))];
}

const elsewhere = [
  'http://example.com/',
  'https://example.com/',
  'http://127.0.0.1:8080/',
  'ws://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'chrome://gpu/',
  'about:blank',
  'blob:app://potter/6f4b2c53',
  'data:text/html,<p>x',
  'javascript:alert(1)',
  'app://evil/',
  'app://potter.evil/',
  'potter://open',
];

test('rule 01: only secure content is loaded, every bit of it from the program itself', async () => {
  const urls = (await openEverything()).map(({ webContents }) => webContents.getURL());
  expect(urls.filter((url) => !url.startsWith('app://potter/#/'))).toEqual([]);
  // What a page asks for from anywhere else is cancelled, also where a policy were to let it through.
  const { defaultSession } = session;
  expect(elsewhere.filter((url) => defaultSession.isFetched(url))).toEqual([]);
  expect(['app://potter/', 'app://potter/assets/x.js'].filter((url) => !defaultSession.isFetched(url))).toEqual([]);
  const page = await (await protocol.handlers.get('app')?.(new Request('app://potter/')))?.text();
  const addresses = [...(page ?? '').matchAll(/\b(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
  expect(addresses.length).toBeGreaterThan(0);
  expect(addresses.filter((address) => !address.startsWith('/') || address.startsWith('//'))).toEqual([]);
});

test('rule 02: no page, frame or worker has Node', async () => {
  expect([
    await everywhere('nodeIntegration'),
    await everywhere('nodeIntegrationInSubFrames'),
    await everywhere('nodeIntegrationInWorker'),
  ]).toEqual([[false], [false], [false]]);
});

test('rule 03: the preload has a world of its own in every window', async () => {
  expect(await everywhere('contextIsolation')).toEqual([true]);
});

test('rule 04: every process of a page is sandboxed, from before the first could start', async () => {
  expect(app.done.indexOf('enableSandbox')).toBe(0);
  expect(app.done.indexOf('enableSandbox')).toBeLessThan(app.done.indexOf('whenReady'));
  expect(await everywhere('sandbox')).toEqual([true]);
  expect(app.switches.filter(([name]) => /sandbox/.test(name))).toEqual([]);
});

test('rule 05: requests for permissions are denied, all but copying text from our own page', () => {
  const { handlers } = session.defaultSession;
  const ask = (permission: string, requestingUrl: string, isMainFrame: boolean): boolean | undefined => {
    let granted: boolean | undefined;
    handlers.setPermissionRequestHandler?.(
      palette().webContents as never,
      permission as never,
      (answer) => {
        granted = answer;
      },
      { isMainFrame, requestingUrl } as never,
    );
    return granted;
  };
  const check = (permission: string, origin: string, isMainFrame: boolean): boolean | undefined =>
    handlers.setPermissionCheckHandler?.(null, permission as never, origin, { isMainFrame } as never);
  const granted = (permission: string, url: string, isMainFrame = true): unknown => [
    ask(permission, url, isMainFrame),
    check(permission, url, isMainFrame),
  ];
  const [yes, no] = [
    [true, true],
    [false, false],
  ];
  expect(granted('clipboard-sanitized-write', 'app://potter/')).toEqual(yes);
  expect(granted('clipboard-sanitized-write', 'app://potter/', false)).toEqual(no);
  expect(granted('clipboard-sanitized-write', 'https://example.com/')).toEqual(no);
  for (const name of ['media', 'clipboard-read', 'notifications', 'openExternal', 'unknown']) {
    expect(granted(name, 'app://potter/')).toEqual(no);
  }
  expect(handlers.setDevicePermissionHandler?.({} as never)).toBe(false);
});

test('rule 06: the web’s own security is on', async () => {
  expect(await everywhere('webSecurity')).toEqual([true]);
  expect(app.switches.filter(([name]) => /web-security|site-isolation/.test(name))).toEqual([]);
  expect(protocol.schemes.map(({ privileges }) => [privileges?.bypassCSP, privileges?.corsEnabled])).toEqual([
    [undefined, undefined],
  ]);
});

describe('rule 07', () => {
  test('rule 07: every answer carries a policy, that of a page without any source but our own', async () => {
    const answer = await protocol.handlers.get('app')?.(new Request('app://potter/'));
    const policy = new Map(
      (answer?.headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
        const [name = '', ...sources] = directive.split(' ');
        return [name, sources.join(' ').replace(/'nonce-[^']+'/, "'nonce'")];
      }),
    );
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self' 'nonce'",
      'img-src': "'self' data:",
      'font-src': "'self'",
      'connect-src': "'none'",
      'worker-src': "'none'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    });
    const missing = await protocol.handlers.get('app')?.(new Request('app://potter/nothing'));
    expect([missing?.status, await missing?.text()]).toEqual([404, '']);
  });

  describe.skipIf(!hasChromium)('in Chromium', () => {
    let browser: Browser;
    let pages: Listening;
    let stranger: Listening;
    let page: Page;
    let told: string[];

    beforeAll(async () => {
      browser = await launchChromium();
      stranger = await listen(createServer((request, response) => response.end(told.push(request.url ?? '') && 'x')));
    });
    beforeEach(async () => {
      told = [];
      pages = await servePagesOfShell();
      page = await browser.newPage();
    });
    afterEach(async () => {
      await page.close();
      await pages.close();
    });
    afterAll(async () => {
      await browser.close();
      await stranger.close();
    });

    /** What a page lets an injected script, style and address do. */
    const attack = (address: string): Promise<unknown> =>
      page.evaluate(async (url) => {
        const script = document.createElement('script');
        script.textContent = 'globalThis.injected = true';
        document.body.append(script);
        const style = document.createElement('style');
        style.textContent = 'body { color: rgb(1, 2, 3) }';
        document.body.append(style);
        const fetched = await fetch(url, { mode: 'no-cors' }).then(
          () => true,
          () => false,
        );
        return ['injected' in globalThis, getComputedStyle(document.body).color === 'rgb(1, 2, 3)', fetched];
      }, address);

    test('rule 07: the policy is enforced on the real page', async () => {
      await page.goto(pages.url);
      expect([await attack(stranger.url), told]).toEqual([[false, false, false], []]);
    });

    test('rule 07: control: without a policy all of it works', async () => {
      await page.goto(stranger.url);
      expect([await attack(`${stranger.url}more`), told.includes('/more')]).toEqual([[true, true, true], true]);
    });
  });
});

test('rule 08: insecure content is not allowed in', async () => {
  expect(await everywhere('allowRunningInsecureContent')).toEqual([false]);
  expect(app.switches.filter(([name]) => name === 'allow-running-insecure-content')).toEqual([]);
});

test('rule 09: no experimental feature of Chromium is on', async () => {
  expect((await everywhere('experimentalFeatures')).filter(Boolean)).toEqual([]);
  expect(app.switches).toEqual([['enable-features', 'GlobalShortcutsPortal']]);
});

test('rule 10: no feature of Blink is enabled by name', async () => {
  expect((await everywhere('enableBlinkFeatures')).filter(Boolean)).toEqual([]);
  expect(app.switches.filter(([name]) => /blink/.test(name))).toEqual([]);
});

test('rule 11: there are no embedded contents that could open windows', async () => {
  expect(await everywhere('webviewTag')).toEqual([false]);
  const embedded = new FakeWebContents();
  expect(embedded.tryToOpen('app://potter/')).toBe(false);
});

test('rule 12: embedded contents are refused whatever their options are', async () => {
  for (const { webContents } of await openEverything()) {
    for (const options of [{}, { nodeIntegration: true }, { preload: '/tmp/evil.js' }]) {
      const event = preventable();
      webContents.emit('will-attach-webview', event, options, { src: 'app://potter/' });
      expect(event.defaultPrevented).toBe(true);
    }
  }
});

test('rule 13: no page leaves the program, itself, by a redirect or in a frame', async () => {
  for (const { webContents } of await openEverything()) {
    const frame = new FakeFrame('about:blank', webContents.mainFrame);
    for (const url of elsewhere) {
      expect([
        webContents.tryToNavigate(url),
        webContents.tryToRedirect(url),
        webContents.tryToNavigate(url, frame),
      ]).toEqual([false, false, false]);
    }
    expect(webContents.tryToNavigate('app://potter/#/history')).toBe(true);
  }
  expect(await everywhere('navigateOnDragDrop')).toEqual([false]);
});

test('rule 14: no page opens a window, at whatever address', async () => {
  const windows = await openEverything();
  for (const { webContents } of windows) {
    expect([...elsewhere, 'app://potter/'].filter((url) => webContents.tryToOpen(url))).toEqual([]);
  }
  expect(FakeBrowserWindow.getAllWindows()).toHaveLength(windows.length);
});

test('rule 15: an address goes to another program only after it was shown whole, and only https and mailto do', async () => {
  const { openUrl } = createElectronHost({
    ...{ dataDirectory: shell.data, environment: {}, platform: 'linux', notify: () => undefined },
    desktop: {} as never,
  });
  for (const url of elsewhere.filter((one) => !one.startsWith('https:'))) {
    await expect(openUrl(url)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  }
  dialog.response = 1;
  await openUrl('https://example.com/?a=b');
  expect([systemShell.opened, dialog.asked.map(({ detail }) => detail)]).toEqual([[], ['https://example.com/?a=b']]);
  dialog.response = 0;
  await openUrl('https://example.com/?a=b');
  expect(systemShell.opened).toEqual(['https://example.com/?a=b']);
  // No page gets there by itself.
  palette().webContents.tryToOpen('https://evil.example/');
  palette().webContents.tryToNavigate('https://evil.example/');
  expect(systemShell.opened).toHaveLength(1);
});

test('rule 16: Electron is a stable release, pinned, installed as pinned, and of a line that is supported', async () => {
  const read = async (path: string): Promise<{ version: string; devDependencies: Record<string, string> }> =>
    JSON.parse(await readFile(join(root, path), 'utf8'));
  const { devDependencies } = await read('package.json');
  const installed = await read('node_modules/electron/package.json');
  expect(devDependencies.electron).toMatch(/^\d+\.\d+\.\d+$/);
  expect(installed.version).toBe(devDependencies.electron);
  const [major = 0] = installed.version.split('.').map(Number);
  expect(major).toBeGreaterThanOrEqual(oldestSupported);
});

/** Electron supports its three newest lines. Raised with every update; 45 was the newest in November 2026. */
const oldestSupported = 43;

test('rule 17: a message counts only from the top frame of one of our windows, on our origin', async () => {
  const closed = (port: MessagePort): Promise<void> =>
    new Promise((resolve) => port.addEventListener('close', () => resolve()));
  const { webContents } = palette();
  const frames = {
    subframe: new FakeFrame('app://potter/', webContents.mainFrame),
    stranger: new FakeFrame('https://evil.example/'),
    gone: null,
  };
  for (const frame of Object.values(frames)) {
    const { port1, port2 } = new MessageChannel();
    sendFromPage(webContents, 'potter', [port2], frame);
    await closed(port1);
  }
  const foreign = new FakeBrowserWindow();
  await foreign.loadURL('app://potter/#/process');
  const { potter: refused } = await runPreload(foreign.webContents);
  await expect(createClient(refused as Transport).call('system.info', {})).rejects.toMatchObject({
    code: 'TRANSPORT_CLOSED',
  });
  foreign.destroy();
  // The same from our own page is answered.
  await expect((await shell.connect(palette())).call('system.info', {})).resolves.toMatchObject({ version: '9.9.9' });
});

test('rule 18: pages come by a protocol of our own, never by file:', async () => {
  expect([...protocol.handlers.keys()]).toEqual(['app']);
  const urls = (await openEverything()).map(({ webContents }) => new URL(webContents.getURL()).protocol);
  expect([...new Set(urls)]).toEqual(['app:']);
  expect(palette().webContents.tryToNavigate('file:///etc/passwd')).toBe(false);
  expect(session.defaultSession.isFetched('file:///etc/passwd')).toBe(false);
  const handler = protocol.handlers.get('app');
  const escapes = [
    'app://potter/../../etc/passwd',
    'app://potter/%2e%2e/package.json',
    'app://potter/..%5Cpackage.json',
  ];
  for (const url of escapes) expect((await handler?.({ url, method: 'GET' } as Request))?.status).toBe(404);
});

describe('rule 19', () => {
  let fuses: Fuses;
  beforeAll(() => {
    fuses = packAroundStandIn().fuses;
  }, 120_000);

  test('rule 19: the fuses of the packed program are set', () => {
    expect(fuses).toEqual({
      runAsNode: false,
      cookieEncryption: true,
      nodeOptions: false,
      nodeCliInspect: false,
      embeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      browserSnapshot: false,
      grantFileProtocolExtraPrivileges: false,
    });
  });
});

test('rule 20: a page is given one transport of four functions, and no part of Electron', async () => {
  const world = await runPreload(palette().webContents);
  expect(Object.keys(world)).toEqual(['potter']);
  const potter = world.potter as Record<string, unknown>;
  expect(Object.entries(potter).map(([name, value]) => `${name}: ${typeof value}`)).toEqual([
    ...['send: function', 'onMessage: function', 'onClose: function', 'close: function'],
  ]);
  // What a listener is given is the message, not the event with its sender and its ports.
  const given: unknown[][] = [];
  (potter.onMessage as (listener: (...all: unknown[]) => void) => void)((...all) => given.push(all));
  (potter.send as (message: unknown) => void)({
    type: 'call',
    id: '1',
    route: 'system.info',
    input: {},
    stream: false,
  });
  await vi.waitFor(() => expect(given).toHaveLength(1));
  expect(given[0]).toHaveLength(1);
  expect(JSON.parse(JSON.stringify(given[0]))).toEqual(given[0]);
  // And the main process listens to that one channel alone.
  expect(ipcMain.eventNames()).toEqual(['potter']);
});
