/** D: what a page that is no longer ours might try on the main process, with the real entry and a real core. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createElectronHost } from '../../src/main/electron/host.ts';
import type { Client } from '../../src/shared/client.ts';
import type { RouteName, RunChunk } from '../../src/shared/contract.ts';
import type { Transport } from '../../src/shared/transport.ts';
import {
  app,
  dialog,
  FakeBrowserWindow,
  FakeFrame,
  FakeNotification,
  FakeTray,
  FakeWebContents,
  ipcMain,
  preventable,
  protocol,
  runPreload,
  sendFromPage,
  session,
  shell as systemShell,
} from '../helpers/fake-electron.ts';
import { type FakeOpenAi, startFakeOpenAi } from '../helpers/fake-openai.ts';
import { vendorEnvironment } from '../helpers/potter.ts';
import { palette, shellOfEachTest, windowAt } from '../helpers/shell.ts';

const shell = shellOfEachTest();
let vendor: FakeOpenAi;

beforeEach(async () => {
  vendor = await startFakeOpenAi();
  for (const [name, value] of Object.entries(vendorEnvironment(vendor.baseUrl))) vi.stubEnv(name, value);
});

afterEach(async () => {
  await shell.quit();
  await vendor.close();
});

async function openMain(): Promise<FakeBrowserWindow> {
  FakeTray.all[0]?.choose('Open Potter');
  return windowAt('app://potter/#/process');
}

async function transportOf(window: FakeBrowserWindow): Promise<Transport> {
  return (await runPreload(window.webContents)).potter as Transport;
}

const addresses = [
  'https://example.com/',
  'http://127.0.0.1:8080/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'blob:app://potter/6f4b2c53',
  'about:blank',
  'app://potter.evil/',
  'app://potter@evil/',
  'chrome://gpu/',
  'potter://run/polish',
];

describe('navigation', () => {
  test('D03 a link that is clicked leaves the window where it is', async () => {
    await shell.start();
    const { webContents } = palette();
    expect(webContents.tryToNavigate('app://potter/#/history')).toBe(true);
    webContents.moveInPage('app://potter/#/palette');
    for (const url of addresses) expect([url, webContents.tryToNavigate(url)]).toEqual([url, false]);
    expect([webContents.getURL(), systemShell.opened]).toEqual(['app://potter/#/palette', []]);
  });

  test('D04 a refresh, a redirect, a dragged link, a middle click and a window by name lead nowhere', async () => {
    await shell.start();
    const window = palette();
    const { webContents } = window;
    const frame = new FakeFrame('about:blank', webContents.mainFrame);
    for (const url of [...addresses, 'app://potter/']) {
      expect([webContents.tryToRedirect(url), webContents.tryToNavigate(url, frame)]).toEqual([false, false]);
      // With a name or without, in the foreground or the background: all of it comes here.
      expect(webContents.tryToOpen(url)).toBe(false);
    }
    expect(window.options.webPreferences?.navigateOnDragDrop).toBe(false);
    expect([webContents.getURL(), systemShell.opened]).toEqual(['app://potter/#/palette', []]);
  });

  test('D08 no second way of opening a window is left, and none leads to another program', async () => {
    await shell.start();
    const before = FakeBrowserWindow.getAllWindows().length;
    // Contents that appear later, whoever makes them, are under the same guard.
    for (const contents of [palette().webContents, (await openMain()).webContents, new FakeWebContents()]) {
      for (const url of [...addresses, 'app://potter/', 'mailto:ada@example.com']) {
        expect(contents.tryToOpen(url)).toBe(false);
      }
      const event = preventable();
      contents.emit('will-attach-webview', event, {}, {});
      expect(event.defaultPrevented).toBe(true);
    }
    expect(FakeBrowserWindow.getAllWindows()).toHaveLength(before + 1);
    expect([systemShell.opened, dialog.asked]).toEqual([[], []]);
  });

  test('D18 a page of a blob or a data address is not gone to, and service workers are not there for our scheme', async () => {
    await shell.start();
    expect(palette().webContents.tryToNavigate('blob:app://potter/6f4b2c53')).toBe(false);
    expect(palette().webContents.tryToNavigate('data:text/html,x')).toBe(false);
    expect(
      ['blob:app://potter/6f4b2c53', 'data:text/html,x'].filter((url) => session.defaultSession.isFetched(url)),
    ).toEqual([]);
    expect(protocol.schemes.map(({ privileges }) => privileges?.allowServiceWorkers)).toEqual([undefined]);
  });
});

describe('other programs', () => {
  const openUrl = (url: string): Promise<void> =>
    createElectronHost({
      ...{ dataDirectory: shell.data, environment: {}, platform: 'linux', notify: () => undefined },
      desktop: {} as never,
    }).openUrl(url);

  const schemes = [
    'file:///etc/passwd',
    'file://server/share/x.exe',
    'smb://server/share',
    '\\\\server\\share',
    '//server/share',
    'ms-msdt:/id PCWDiagnostic',
    'ms-officecmd:%7B%7D',
    'search-ms:query=x&crumb=location:\\\\server',
    'vbscript:msgbox(1)',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>1</script>',
    'shell:startup',
    'calculator:',
    'ldap://server',
    'ssh://-oProxyCommand=calc/',
    'tel:0',
    'intent://x',
    'app://potter/',
    'potter://open',
    'blob:https://example.com/x',
    'view-source:https://example.com/',
    'http://example.com/',
    'https://user:password@example.com/',
    'https://example.com@evil.example/',
    'https://',
    'https:',
    '',
  ];

  test.each(schemes)('D05 %j is opened in no program', async (url) => {
    await expect(openUrl(url)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect([systemShell.opened, dialog.asked]).toEqual([[], []]);
  });

  test('D05 control: https and mailto are opened, after the person has seen the whole address', async () => {
    await openUrl('https://example.com/\u202Egpj.exe');
    await openUrl('mailto:ada@example.com');
    const seen = ['https://example.com/%E2%80%AEgpj.exe', 'mailto:ada@example.com'];
    expect([dialog.asked.map(({ detail }) => detail), systemShell.opened]).toEqual([seen, seen]);
  });

  test.each(['file:///etc/passwd\0.txt', 'https://example.com\0.evil/', '/etc/passwd\0', '\0https://example.com/x\0'])(
    'D09 the path %j, with a NUL in it, is opened in no program as it stands',
    async (path) => {
      await openUrl(path).catch(() => undefined);
      expect(
        systemShell.opened.filter((opened) => opened.includes('\0') || !opened.startsWith('https://example.com/')),
      ).toEqual([]);
    },
  );

  test('D09 a path with a NUL or an escape leads to no file of ours', async () => {
    await writeFile(join(shell.folder, 'app', 'dist', 'secret.js'), 'secret');
    await shell.start();
    const handler = protocol.handlers.get('app');
    const paths = [
      'index.html\0',
      'index.html%00',
      '\0/../secret.js',
      '%00../secret.js',
      '../secret.js',
      '..%2fsecret.js',
      '..\\secret.js',
      '%2e%2e/secret.js',
      '....//secret.js',
      'assets/%2e%2e/%2e%2e/secret.js',
      '/etc/passwd',
      '//etc/passwd',
      'C:/Windows/win.ini',
      'index.html::$DATA',
      'index.html.',
      'CON',
    ];
    const statuses = await Promise.all(
      paths.map(async (path) => (await handler?.({ url: `app://potter/${path}`, method: 'GET' } as Request))?.status),
    );
    expect(statuses).toEqual(paths.map(() => 404));
    expect((await handler?.({ url: 'app://potter/index.html', method: 'GET' } as Request))?.status).toBe(200);
  });

  test('D07 an address that a server gives is neither opened nor followed nor made a link of', async () => {
    await shell.start();
    const client = await shell.connect(palette());
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'https://evil.example/authorize']) {
      const headers = {
        ...{ Location: url, Link: `<${url}>; rel="authorization_endpoint"`, Refresh: `0; url=${url}` },
        'WWW-Authenticate': `Bearer authorization_uri="${url}"`,
      };
      const body = { error: { message: `Sign in at <a href="${url}">${url}</a>`, authorization_endpoint: url } };
      for (const status of [401, 302]) {
        vendor.next({ reply: { status, headers, body } });
        const source = { type: 'text', text: 'A text for the server.' } as const;
        await expect(client.call('text.process', { action: 'polish', source, fresh: true })).rejects.toThrow();
      }
    }
    expect([systemShell.opened, dialog.asked]).toEqual([[], []]);
    expect(FakeNotification.shown.filter(({ body }) => /<a|<img/.test(body))).toEqual([]);
  });
});

describe('messages', () => {
  const closed = (port: MessagePort): Promise<void> =>
    new Promise((resolve) => port.addEventListener('close', () => resolve()));

  const forgeries: [string, (window: FakeBrowserWindow, port: MessagePort) => void][] = [
    [
      'an iframe of our own origin',
      ({ webContents }, port) =>
        sendFromPage(webContents, 'potter', [port], new FakeFrame('app://potter/', webContents.mainFrame)),
    ],
    [
      'a frame in a frame',
      ({ webContents }, port) => {
        const outer = new FakeFrame('app://potter/', webContents.mainFrame);
        sendFromPage(webContents, 'potter', [port], new FakeFrame('app://potter/', outer));
      },
    ],
    ['a frame that is gone', ({ webContents }, port) => sendFromPage(webContents, 'potter', [port], null)],
    [
      'a destroyed frame',
      ({ webContents }, port) => {
        webContents.mainFrame.destroyed = true;
        sendFromPage(webContents, 'potter', [port]);
      },
    ],
    [
      'a detached frame',
      ({ webContents }, port) => {
        webContents.mainFrame.detached = true;
        sendFromPage(webContents, 'potter', [port]);
      },
    ],
    [
      'developer tools',
      (_window, port) => {
        const tools = new FakeWebContents();
        tools.mainFrame.url = 'devtools://devtools/bundled/devtools_app.html';
        sendFromPage(tools, 'potter', [port]);
      },
    ],
    [
      'an extension',
      (_window, port) => {
        const extension = new FakeWebContents();
        extension.mainFrame.url = 'chrome-extension://abcdefghijklmnop/background.html';
        sendFromPage(extension, 'potter', [port]);
      },
    ],
    [
      'a frame of another window',
      ({ webContents }, port) => {
        const other = new FakeWebContents();
        other.mainFrame.url = 'app://potter/';
        sendFromPage(webContents, 'potter', [port], other.mainFrame);
      },
    ],
    [
      'our window after it went elsewhere',
      ({ webContents }, port) => {
        webContents.mainFrame.url = 'https://evil.example/';
        sendFromPage(webContents, 'potter', [port]);
      },
    ],
  ];

  test.each(forgeries)('D11 from %s are refused', async (_from, forge) => {
    await shell.start();
    const { port1, port2 } = new MessageChannel();
    forge(palette(), port2);
    await closed(port1);
  });

  test('D11 control: from the top frame of our window they are answered', async () => {
    await shell.start();
    await expect((await shell.connect(palette())).call('system.info', {})).resolves.toMatchObject({ version: '9.9.9' });
  });

  test('D12 a run of one window is neither seen nor ended by another', async () => {
    await shell.start();
    const one = await shell.connect(palette());
    const other = await transportOf(await openMain());
    const overheard: unknown[] = [];
    other.onMessage((message) => overheard.push(message));
    vendor.next({ after: 400, ending: 'stall' });
    const started = Promise.withResolvers<void>();
    const chunks: RunChunk[] = [];
    const aborting = new AbortController();
    const source = { type: 'text', text: 'I recieve a letter from teh king.' } as const;
    const running = one.call(
      'text.process',
      { action: 'polish', source },
      {
        signal: aborting.signal,
        onChunk: (chunk) => {
          chunks.push(chunk);
          started.resolve();
        },
      },
    );
    await started.promise;
    // Whatever ids the other's calls might have.
    for (let id = 0; id < 50; id += 1) {
      for (const type of ['cancel', 'reply', 'chunk', 'ack']) other.send({ type, id: String(id) });
    }
    other.send({ type: 'call', id: 'x', route: 'system.info', input: {}, stream: false });
    await vi.waitFor(() => expect(JSON.stringify(overheard)).toContain('9.9.9'));
    let isOver = false;
    const over = running
      .catch(() => undefined)
      .finally(() => {
        isOver = true;
      });
    await new Promise((resolve) => setImmediate(resolve));
    expect([isOver, overheard.filter((message) => (message as { type: string }).type === 'chunk')]).toEqual([
      false,
      [],
    ]);
    aborting.abort();
    await over;
  });

  const paths = [
    '../../etc/passwd',
    '/etc/passwd',
    'C:\\Windows',
    "'; DROP TABLE history; --",
    '%2e%2e%2f',
    '{{7*7}}',
    '#{7*7}',
  ];

  test('D13 a page gets no route, channel, path, SQL or template but those of the contract', async () => {
    await shell.start();
    const client = await shell.connect(palette());
    const routes = [
      'fs.read',
      'shell.exec',
      'ELECTRON_BROWSER_REQUIRE',
      '__proto__',
      'constructor',
      'toString',
      ...paths,
    ];
    for (const route of routes) {
      await expect(client.call(route as RouteName, {} as never)).rejects.toMatchObject({ code: 'UNKNOWN_ROUTE' });
    }
    for (const path of paths) {
      await expect(client.call('history.get', { id: path })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await expect(client.call('history.remove', { id: path })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await expect(client.call('config.inspect', { key: path })).rejects.toMatchObject({ code: 'SETTING_UNKNOWN' });
      await expect(client.call('history.list', { query: path })).resolves.toMatchObject({ entries: [] });
    }
    for (const key of ['__proto__', 'constructor', 'prototype', 'text.__proto__']) {
      await expect(client.call('config.set', { key, value: 1 })).rejects.toMatchObject({ code: 'SETTING_UNKNOWN' });
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    // The one channel there is takes a port and nothing else, and no other is listened to.
    expect(ipcMain.eventNames()).toEqual(['potter']);
  });

  const deep = (depth: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < depth; level += 1) value = [value];
    return value;
  };

  function cyclic(): Record<string, unknown> {
    const value: Record<string, unknown> = { key: 'log.level' };
    value.value = value;
    return value;
  }

  const payloads: [string, () => unknown][] = [
    ['a cycle', cyclic],
    ['a cycle in a list', () => ({ key: 'log.level', value: [cyclic()] })],
    ['three thousand levels', () => ({ key: 'log.level', value: deep(3000) })],
    ['64 MB of text', () => ({ key: 'log.level', value: 'x'.repeat(64 * 2 ** 20) })],
    [
      '200,000 fields',
      () => ({ key: 'log.level', value: Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [at, at])) }),
    ],
    [
      'a date, a map and bytes',
      () => ({ key: 'log.level', value: [new Date(), new Map([[1, 2]]), new Uint8Array(9)] }),
    ],
    ['a number that is none', () => ({ key: 'log.level', value: Number.NaN })],
    ['nothing', () => undefined],
    ['a text', () => 'config.set'],
  ];

  test.each(payloads)('D14 %s is refused, and the next call answered', async (_name, payload) => {
    await shell.start();
    const replies: unknown[] = [];
    const port = takeOver(palette());
    port.addEventListener('message', ({ data }) => replies.push(data));
    port.start();
    port.postMessage({ type: 'call', id: 'huge', route: 'config.set', input: payload(), stream: false });
    await vi.waitFor(() => expect(replies).toMatchObject([{ id: 'huge', reply: { status: 'error' } }]), {
      timeout: 20_000,
    });
    const { reply } = replies[0] as { reply: { error: { code: string } } };
    expect(['INVALID_INPUT', 'SETTING_INVALID']).toContain(reply.error.code);
    port.postMessage({ type: 'call', id: 'next', route: 'system.info', input: {}, stream: false });
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies[1]).toMatchObject({ id: 'next', reply: { status: 'ok' } });
  });

  test.each([
    undefined,
    null,
    7,
    'call',
    [],
    {},
    { type: 'call' },
    { type: 'call', id: 7, route: 'system.info' },
    { type: '__proto__' },
    { type: 'reply', id: '1' },
    { type: 'subscribe', topics: ['__proto__'] },
    { type: 'call', id: 'x'.repeat(100_000), route: 'system.info', input: {}, stream: false },
  ])('D14 a message that is %j does no harm to the next page', async (message) => {
    await shell.start();
    (await transportOf(palette())).send(message);
    const client: Client = await shell.connect(await openMain());
    await expect(client.call('system.info', {})).resolves.toMatchObject({ version: '9.9.9' });
  });

  test('D15 the preload leaks no event, sender, port or part of Electron', async () => {
    await shell.start();
    const world = await runPreload(palette().webContents);
    expect(Object.keys(world)).toEqual(['potter']);
    const potter = world.potter as Transport;
    const given: unknown[][] = [];
    potter.onMessage((...all: unknown[]) => given.push(all));
    const told: unknown[][] = [];
    potter.onClose((...all: unknown[]) => void told.push(all));
    potter.send({ type: 'call', id: '1', route: 'system.info', input: {}, stream: false });
    await vi.waitFor(() => expect(given).toHaveLength(1));
    expect(given[0]).toEqual([{ type: 'reply', id: '1', reply: expect.objectContaining({ status: 'ok' }) }]);
    palette().webContents.endDocument();
    await vi.waitFor(() => expect(told).toEqual([[]]));
  });

  /** A port as a page has it whose process obeys somebody else: not even the preload stands between. */
  function takeOver({ webContents }: FakeBrowserWindow): MessagePort {
    const { port1, port2 } = new MessageChannel();
    sendFromPage(webContents, 'potter', [port2]);
    return port1;
  }
});

type Permission = Parameters<
  NonNullable<NonNullable<(typeof session)['defaultSession']['handlers']['setPermissionRequestHandler']>>
>[1];

/** Every name electron.d.ts has; one that is added there makes this not compile. */
const permissions: Readonly<Record<Permission, boolean>> = {
  'clipboard-sanitized-write': true,
  ar: false,
  'automatic-fullscreen': false,
  'background-fetch': false,
  'background-sync': false,
  'captured-surface-control': false,
  'clipboard-read': false,
  'deprecated-sync-clipboard-read': false,
  'display-capture': false,
  fileSystem: false,
  fullscreen: false,
  geolocation: false,
  'geolocation-approximate': false,
  'hand-tracking': false,
  hid: false,
  'idle-detection': false,
  keyboardLock: false,
  'local-fonts': false,
  'local-network': false,
  'local-network-access': false,
  'loopback-network': false,
  media: false,
  mediaKeySystem: false,
  midi: false,
  midiSysex: false,
  nfc: false,
  notifications: false,
  openExternal: false,
  'payment-handler': false,
  'periodic-background-sync': false,
  'persistent-storage': false,
  pointerLock: false,
  'screen-wake-lock': false,
  sensors: false,
  serial: false,
  'smart-card': false,
  'speaker-selection': false,
  'storage-access': false,
  'system-wake-lock': false,
  'top-level-storage-access': false,
  usb: false,
  vr: false,
  'web-app-installation': false,
  'web-printing': false,
  'window-management': false,
  unknown: false,
};

test.each(Object.entries(permissions))(
  'D17 a page that asks for %s is told %s, without a prompt',
  async (name, isGranted) => {
    await shell.start();
    const { handlers } = session.defaultSession;
    const permission = name as Permission;
    const answers: boolean[] = [];
    const decide = (granted: boolean): void => void answers.push(granted);
    const contents = palette().webContents as never;
    const ask = (requestingUrl: string, isMainFrame: boolean): void =>
      handlers.setPermissionRequestHandler?.(contents, permission, decide, { isMainFrame, requestingUrl });
    ask('app://potter/', true);
    ask('app://potter/', false);
    ask('https://evil.example/', true);
    const check = (origin: string): boolean | undefined =>
      handlers.setPermissionCheckHandler?.(null, permission, origin, { isMainFrame: true } as never);
    expect([answers, check('app://potter/'), check('https://evil.example')]).toEqual([
      [isGranted, false, false],
      isGranted,
      false,
    ]);
    expect([handlers.setDevicePermissionHandler?.({} as never), dialog.asked, app.done.includes('quit')]).toEqual([
      false,
      [],
      false,
    ]);
  },
);
