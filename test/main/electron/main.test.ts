/** The real entry, driven as Electron would drive it, with a real core in a temporary data directory. */
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startPotter } from '../../../src/main/core/start.ts';
import { acquireOwnership } from '../../../src/main/core/storage/owner.ts';
import { createAbsentDesktop } from '../../../src/main/desktop/detect.ts';
import { createElectronHost } from '../../../src/main/electron/host.ts';
import { openPotter } from '../../../src/main/net/open.ts';
import { connectSocket } from '../../../src/main/net/socket.ts';
import { createClient } from '../../../src/shared/client.ts';
import type { Transport } from '../../../src/shared/transport.ts';
import {
  app,
  dialog,
  FakeBrowserWindow,
  FakeNotification,
  FakeTray,
  globalShortcut,
  ipcMain,
  preventable,
  protocol,
  resetElectron,
  runPreload,
  safeStorage,
  session,
} from '../../helpers/fake-electron.ts';
import { palette, shellOfEachTest, shownWindows, windowAt } from '../../helpers/shell.ts';

const shell = shellOfEachTest();
const { start, startFirst, quit } = shell;
const main = (): FakeBrowserWindow => windowAt('app://potter/#/process');
const introduction = (): FakeBrowserWindow => windowAt('app://potter/#/welcome');

describe('the start', () => {
  test('locks everything down before the app is ready', async () => {
    await start();
    const before = app.done.slice(0, app.done.indexOf('whenReady'));
    expect(before).toEqual([
      'enableSandbox',
      'registerSchemesAsPrivileged',
      'setPath userData',
      'requestSingleInstanceLock',
    ]);
    expect(app.switches).toEqual([['enable-features', 'GlobalShortcutsPortal']]);
    expect([...protocol.handlers.keys()]).toEqual(['app']);
    expect(Object.keys(session.defaultSession.handlers)).toHaveLength(3);
    expect(ipcMain.eventNames()).toEqual(['potter']);
  });

  test('keeps everything in the data directory, which is the person’s alone', async () => {
    await startFirst();
    expect(app.getPath('userData')).toBe(join(shell.data, 'shell'));
    expect(((await stat(shell.data)).mode & 0o777).toString(8)).toBe('700');
  });

  test('begins with the introduction, until it was gone through or left', async () => {
    await startFirst();
    await vi.waitFor(() => expect(introduction().isVisible()).toBe(true));
    const client = await shell.connect(introduction());
    await client.call('system.welcome', { step: 'practice' });
    await expect(client.call('system.info', {})).resolves.toMatchObject({ welcome: 'practice' });
    await expect(client.call('system.welcome', { step: 'x' as 'done' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await client.call('system.welcome', { step: 'done' });
    await shell.quit();
    resetElectron();
    app.paths.app = join(shell.folder, 'app');
    await start();
    expect([FakeTray.all.length, FakeBrowserWindow.getAllWindows().length, palette().isVisible()]).toEqual([
      1,
      1,
      false,
    ]);
  });

  test('by a link goes to the place of the link, not to the introduction', async () => {
    await startFirst('potter://open/about');
    await vi.waitFor(() => expect(windowAt('app://potter/#/about').isVisible()).toBe(true));
    expect(FakeBrowserWindow.getAllWindows()).toHaveLength(2);
  });

  test('that finds another one running hands over its link and ends', async () => {
    app.hasLock = false;
    await startFirst('potter://open');
    expect(app.handover).toEqual({ link: 'potter://open' });
    expect([app.done.at(-1), protocol.handlers.size, FakeTray.all]).toEqual(['quit', 0, []]);
    await expect(stat(join(shell.data, 'potter.db'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('with a link opens the panel', async () => {
    await start('potter://open');
    await vi.waitFor(() => expect(main().isVisible()).toBe(true));
  });

  test('without built panels says so and ends', async () => {
    await rm(join(shell.folder, 'app', 'dist', 'renderer'), { recursive: true });
    await start();
    await vi.waitFor(() => expect(app.done.at(-1)).toBe('quit'));
    expect(dialog.errors).toEqual([expect.stringContaining('The panels are not built')]);
  });
});

describe('a page', () => {
  test('reaches the real core through its window, under the rights of a window', async () => {
    await start();
    const { potter } = await runPreload(palette().webContents);
    const client = createClient(potter as Transport);
    await expect(client.call('system.info', {})).resolves.toMatchObject({
      version: '9.9.9',
      dataDirectory: shell.data,
      desktop: { kind: 'none' },
    });
    await expect(client.call('hotkeys.report', { hotkeys: [] })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('is told which Electron it runs on', async () => {
    const plain = process.versions;
    const versions = { ...plain, electron: '45.4.1', chrome: '146.0.1' };
    Object.defineProperty(process, 'versions', { value: versions });
    onTestFinished(() => void Object.defineProperty(process, 'versions', { value: plain }));
    await start();
    const { potter } = await runPreload(palette().webContents);
    await expect(createClient(potter as Transport).call('system.info', {})).resolves.toMatchObject({
      runtime: { node: plain.node, electron: '45.4.1', chrome: '146.0.1' },
    });
  });

  test('in a foreign window reaches nothing', async () => {
    await start();
    const stranger = new FakeBrowserWindow();
    await stranger.loadURL('app://potter/#/process');
    const { potter } = await runPreload(stranger.webContents);
    const client = createClient(potter as Transport);
    await expect(client.call('system.info', {})).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    stranger.destroy();
  });

  test('cannot leave, open windows or have devices', async () => {
    await start();
    const { webContents } = palette();
    expect([
      webContents.tryToNavigate('https://example.com/'),
      webContents.tryToOpen('https://example.com/'),
      session.defaultSession.handlers.setDevicePermissionHandler?.({} as never),
    ]).toEqual([false, false, false]);
  });
});

describe('hotkeys', () => {
  test('are registered, reported, and the palette’s opens it', async () => {
    await start();
    expect([...globalShortcut.registered.keys()].sort()).toEqual(['CmdOrCtrl+Shift+9', 'CmdOrCtrl+Shift+Space']);
    globalShortcut.registered.get('CmdOrCtrl+Shift+Space')?.();
    await vi.waitFor(() => expect(palette().isVisible()).toBe(true));
    globalShortcut.registered.get('CmdOrCtrl+Shift+Space')?.();
    expect(palette().isVisible()).toBe(false);
    const { potter } = await runPreload(palette().webContents);
    const { hotkeys } = await createClient(potter as Transport).call('hotkeys.list', {});
    expect(hotkeys.map(({ state }) => state)).toEqual(['registered', 'registered']);
  });

  test('that are taken are reported with free ones instead', async () => {
    globalShortcut.taken.add('CmdOrCtrl+Shift+9');
    await start();
    const { potter } = await runPreload(palette().webContents);
    const { hotkeys } = await createClient(potter as Transport).call('hotkeys.list', {});
    expect(hotkeys.find(({ command }) => command === 'run')).toMatchObject({
      state: 'failed',
      alternatives: expect.arrayContaining([expect.any(String)]),
    });
  });
});

describe('from outside', () => {
  const secondStart = (handover: unknown): boolean => app.emit('second-instance', {}, [], '/', handover);

  test('a second start opens the panel', async () => {
    await start();
    secondStart({});
    await vi.waitFor(() => expect(main().isVisible()).toBe(true));
  });

  test.each([
    null,
    'potter://open',
    { link: 'potter://delete-everything' },
    { link: ['potter://open'] },
    { link: 'potter://open', more: 1 },
  ])('a second start that says %j is ignored with a notice', async (handover) => {
    await start();
    secondStart(handover);
    expect([shownWindows(), FakeNotification.shown.map(({ title }) => title)]).toEqual([[], ['Link ignored']]);
  });

  test('a link of the system opens the panel, an unknown one only a notice that does not repeat it', async () => {
    await start();
    app.emit('open-url', { preventDefault: () => undefined }, 'potter://evil?text=click-here');
    expect(shownWindows()).toEqual([]);
    expect(FakeNotification.shown.map(({ body }) => body.includes('click-here'))).toEqual([false]);
    app.emit('open-url', { preventDefault: () => undefined }, 'potter://open/settings');
    await vi.waitFor(() => expect(shownWindows()).toEqual(['app://potter/#/settings']));
  });

  test('links are claimed by the packaged program only', async () => {
    app.isPackaged = true;
    await start();
    expect(app.done).toContain('setAsDefaultProtocolClient potter');
    expect(palette().options.webPreferences?.devTools).toBe(false);
  });
});

test('the tray opens the palette, the panel, the history and the settings, and quits', async () => {
  await start();
  const [tray] = FakeTray.all;
  for (const entry of ['Choose an action…', 'Open Potter', 'History', 'Settings…']) tray?.choose(entry);
  await vi.waitFor(() =>
    expect(shownWindows()).toEqual([
      ...['app://potter/#/actions', 'app://potter/#/history', 'app://potter/#/palette', 'app://potter/#/process'],
    ]),
  );
  const ended = new Promise((resolve) => app.once('quit', resolve));
  tray?.choose('Quit Potter');
  await ended;
});

test('a key store that hides nothing is said once, and written to the log each time', async () => {
  safeStorage.backend = 'basic_text';
  await start();
  expect(FakeNotification.shown.map(({ title }) => title)).toEqual(['Keys are stored almost openly']);
  await quit();
  resetElectron();
  safeStorage.backend = 'basic_text';
  app.paths.app = join(shell.folder, 'app');
  await start();
  expect(FakeNotification.shown).toEqual([]);
  await quit();
  const log = await readFile(join(shell.data, 'logs', 'potter.log'), 'utf8');
  expect(log.split('this system has no key store')).toHaveLength(3);
});

describe('the end', () => {
  test('waits for the core, and leaves nothing registered', async () => {
    await start();
    const closed = vi.fn();
    const { potter } = await runPreload(palette().webContents);
    (potter as Transport).onMessage(() => undefined);
    (potter as Transport).onClose(closed);
    const request = preventable();
    app.emit('before-quit', request);
    // The first request only begins it.
    expect([request.defaultPrevented, app.done.includes('quit')]).toEqual([true, false]);
    await new Promise((resolve) => app.once('quit', resolve));
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect([...globalShortcut.registered.keys()]).toEqual([]);
    expect([FakeTray.all[0]?.isDestroyed(), ipcMain.listenerCount('potter')]).toEqual([true, 0]);
    const ownership = acquireOwnership(shell.data);
    expect(ownership).toBeDefined();
    ownership?.release();
  });

  test('is not brought about by closing windows', async () => {
    await start();
    palette().show();
    palette().close();
    expect([app.done.includes('quit'), palette().isVisible()]).toEqual([false, false]);
  });

  test('asked for twice happens once', async () => {
    await start();
    const ends = vi.fn();
    app.on('quit', ends);
    const ended = new Promise((resolve) => app.once('quit', resolve));
    app.quit();
    app.quit();
    await ended;
    expect(ends).toHaveBeenCalledOnce();
  });
});

test('a run that failed is told, and a click on the notice shows it', async () => {
  await start();
  globalShortcut.registered.get('CmdOrCtrl+Shift+9')?.();
  await vi.waitFor(() => expect(FakeNotification.shown).toHaveLength(1));
  expect(FakeNotification.shown[0]?.title).toBe('Your text was not changed');
  FakeNotification.shown[0]?.emit('click', {});
  const urls = FakeBrowserWindow.getAllWindows().map(({ webContents }) => webContents.getURL());
  expect(urls).toContainEqual(expect.stringMatching(/^app:\/\/potter\/#\/run\/[0-9a-f-]{36}$/));
});

describe('on one data directory', () => {
  test('the command line reaches the shell through the local socket', async () => {
    await start();
    const transport = await connectSocket(join(shell.data, 'potter.sock'));
    if (!transport) throw new Error('nobody listens');
    const client = createClient(transport);
    await expect(client.call('system.info', {})).resolves.toMatchObject({ version: '9.9.9' });
    client.close();
  });

  test('the shell forwards to another owner, leaves the hotkeys to it, and takes its place when it ends', async () => {
    const desktop = createAbsentDesktop({ kind: 'none', message: 'none' });
    const environment = {};
    const host = createElectronHost({
      ...{ dataDirectory: shell.data, desktop, environment },
      platform: 'linux',
      notify: () => undefined,
    });
    const owner = await openPotter({
      dataDirectory: shell.data,
      start: () => startPotter({ ...host, version: 'the owner' }),
    });
    await start();
    const { potter } = await runPreload(palette().webContents);
    const client = createClient(potter as Transport);
    await expect(client.call('system.info', {})).resolves.toMatchObject({ version: 'the owner' });
    expect([...globalShortcut.registered.keys()]).toEqual([]);
    const ended = new Promise((resolve) => app.once('quit', resolve));
    await owner.close();
    await ended;
    expect(app.done.slice(-2)).toEqual(['relaunch', 'quit']);
  });
});
