import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/main/core/log/log.ts';
import type { Preferences } from '../../../src/main/electron/preferences.ts';
import { centred, settingsPanels, usableBounds, Windows, windowKinds } from '../../../src/main/electron/windows.ts';
import { parseRoute } from '../../../src/renderer/routes.ts';
import { FakeBrowserWindow, resetElectron, screen } from '../../helpers/fake-electron.ts';

const runId = '6f4b2c53-5bd0-4a4e-9d0e-0a3f5a1c7e11';

let remembered: Map<string, unknown>;
let windows: Windows;

beforeEach(() => {
  resetElectron();
  remembered = new Map();
  windows = new Windows({
    preload: '/preload.cjs',
    icon: '/icon.png',
    platform: 'linux',
    hasDevTools: false,
    preferences,
    log: silentLog,
  });
});

afterEach(resetElectron);

const preferences: Preferences = {
  get: (key) => remembered.get(key),
  set: (key, value) => void remembered.set(key, value),
};

function only(): FakeBrowserWindow {
  const [window, ...others] = FakeBrowserWindow.getAllWindows();
  if (!window || others.length > 0) throw new Error(`${others.length + 1} windows`);
  return window;
}

test('a page has neither Node nor the preload’s world, and no developer tools in a packaged program', () => {
  windows.prepare('palette');
  expect(only().options.webPreferences).toEqual({
    preload: '/preload.cjs',
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    nodeIntegrationInWorker: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    devTools: false,
    spellcheck: false,
  });
});

test.each([
  [windowKinds.palette.route as string, 'palette' as string],
  [`${windowKinds.palette.route}/${runId}`, 'palette'],
  [windowKinds.main.route, 'process'],
  [`${windowKinds.result.route}/${runId}`, 'history'],
  [windowKinds.monitor.route, 'history'],
  ...settingsPanels.map((panel): [string, string] => [`${windowKinds.settings.route}/${panel}`, panel]),
])('the address %s is that of a panel that exists', (route, panel) => {
  expect(parseRoute(`#${route}`).panel).toBe(panel);
});

describe('the palette', () => {
  test('is made hidden, and shown without being made again', async () => {
    windows.prepare('palette');
    const window = only();
    expect([window.isVisible(), window.webContents.getURL()]).toEqual([false, 'app://potter/#/palette']);
    windows.showPalette();
    expect([only() === window, window.isVisible(), window.focused]).toEqual([true, true, 1]);
  });

  test('hides instead of closing, until Potter quits', () => {
    windows.prepare('palette');
    windows.showPalette();
    const window = only();
    window.close();
    expect([window.isDestroyed(), window.isVisible()]).toEqual([false, false]);
    windows.close();
    expect(window.isDestroyed()).toBe(true);
  });

  test('whose page died is made again', () => {
    windows.prepare('palette');
    const first = only();
    first.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    expect([first.isDestroyed(), windows.nameOf(first.webContents as never)]).toEqual([true, undefined]);
    windows.prepare('palette');
    expect(only()).not.toBe(first);
  });

  test('shows what was captured for it, and nothing of it the next time', () => {
    windows.prepare('palette');
    windows.showPalette(runId);
    expect(only().webContents.getURL()).toBe(`app://potter/#/palette/${runId}`);
    windows.showPalette();
    expect(only().webContents.getURL()).toBe('app://potter/#/palette');
  });

  test('comes up without a frame above everything, in the middle of the screen the cursor is on', () => {
    screen.workAreas = [
      { x: 0, y: 25, width: 1920, height: 1055 },
      { x: 1920, y: 0, width: 1280, height: 1024 },
    ];
    screen.cursor = { x: 2000, y: 10 };
    windows.prepare('palette');
    windows.showPalette();
    expect(only().options).toMatchObject({ frame: false, alwaysOnTop: true, skipTaskbar: true, resizable: false });
    expect(only().getBounds()).toEqual({ x: 2240, y: 282, width: 640, height: 460 });
  });

  test('goes when the person turns elsewhere, but not to its own developer tools', () => {
    windows.prepare('palette');
    windows.showPalette();
    only().webContents.devToolsOpened = true;
    only().blur();
    expect(only().isVisible()).toBe(true);
    only().webContents.devToolsOpened = false;
    only().blur();
    expect(only().isVisible()).toBe(false);
  });

  test('is hidden on demand, and says whether it was there to be hidden', () => {
    expect(windows.hidePalette()).toBe(false);
    windows.prepare('palette');
    expect(windows.hidePalette()).toBe(false);
    windows.showPalette();
    expect([windows.hidePalette(), only().isVisible()]).toEqual([true, false]);
  });

  test('remembers no place', () => {
    windows.prepare('palette');
    windows.showPalette();
    only().close();
    expect([...remembered.keys()]).toEqual([]);
  });

  test('is a panel on macOS, so that the program in front stays the active one', () => {
    windows = new Windows({
      ...{ preload: '/preload.cjs', icon: '/icon.png', hasDevTools: false, preferences, log: silentLog },
      platform: 'darwin',
    });
    windows.prepare('palette');
    expect(only().options.type).toBe('panel');
  });
});

test.each([
  [
    { width: 640, height: 460 },
    { x: 100, y: 0, width: 1000, height: 800 },
    { x: 280, y: 170, width: 640, height: 460 },
  ],
  [
    { width: 640, height: 460 },
    { x: 0, y: 0, width: 320, height: 240 },
    { x: 0, y: 0, width: 320, height: 240 },
  ],
])('%j in the middle of %j', (size, area, bounds) => {
  expect(centred(size, area)).toEqual(bounds);
});

describe('the settings window', () => {
  test('opens at the first panel, at the one that is asked for, and where it was left', () => {
    windows.showSettings();
    expect(only().webContents.getURL()).toBe('app://potter/#/actions');
    windows.showSettings('hotkeys');
    expect(only().webContents.getURL()).toBe('app://potter/#/hotkeys');
    only().webContents.moveInPage('app://potter/#/providers');
    windows.showSettings();
    expect(only().webContents.getURL()).toBe('app://potter/#/providers');
    only().close();
    expect(FakeBrowserWindow.getAllWindows()).toEqual([]);
    windows.showSettings();
    expect(only().webContents.getURL()).toBe('app://potter/#/providers');
  });

  test('keeps an action that is being edited in its place', () => {
    windows.showSettings();
    only().webContents.moveInPage('app://potter/#/actions/polish');
    windows.showSettings();
    expect(only().webContents.getURL()).toBe('app://potter/#/actions/polish');
  });

  test.each([7, 'nowhere', '__proto__', null])('takes %j for no panel', (panel) => {
    remembered.set('panels.settings', panel);
    windows.showSettings();
    expect(only().webContents.getURL()).toBe('app://potter/#/actions');
  });
});

describe('the result window', () => {
  test('shows the run, and is used again for the next one', async () => {
    windows.showRun(runId);
    const window = only();
    expect(window.webContents.getURL()).toBe(`app://potter/#/run/${runId}`);
    windows.showRun('another one/../x');
    expect([only() === window, window.webContents.getURL()]).toEqual([
      true,
      'app://potter/#/run/another%20one%2F..%2Fx',
    ]);
  });

  test('is shown when its page is ready, and not before', async () => {
    windows.showRun(runId);
    const window = only();
    expect(window.isVisible()).toBe(false);
    window.emit('ready-to-show');
    expect(window.isVisible()).toBe(true);
  });

  test('that was minimised comes back', () => {
    windows.showRun(runId);
    only().isMinimisedNow = true;
    windows.showRun(runId);
    expect(only().isMinimized()).toBe(false);
  });

  test('that was closed is opened anew', () => {
    windows.showRun(runId);
    only().close();
    expect(FakeBrowserWindow.getAllWindows()).toEqual([]);
    windows.showRun(runId);
    expect(only().isDestroyed()).toBe(false);
  });
});

test('the registry knows the contents of its windows and no others', () => {
  windows.showHistory();
  const window = only();
  const stranger = new FakeBrowserWindow();
  expect(windows.nameOf(window.webContents as never)).toBe('monitor');
  expect(windows.nameOf(stranger.webContents as never)).toBeUndefined();
  window.close();
  expect(windows.nameOf(window.webContents as never)).toBeUndefined();
});

test('a window comes back where it was', () => {
  const bounds = { x: 100, y: 200, width: 640, height: 480 };
  windows.showHistory();
  only().setBounds(bounds);
  only().close();
  windows.showHistory();
  expect(only().options).toMatchObject(bounds);
});

test('bounds that make no sense are left aside', () => {
  remembered.set('windows.monitor', { x: 'left', y: 0, width: -1, height: Number.NaN });
  windows.showHistory();
  expect(only().options).toMatchObject({ width: windowKinds.monitor.width, height: windowKinds.monitor.height });
  expect(only().options.x).toBeUndefined();
});

describe('remembered bounds', () => {
  const areas = [
    { x: 0, y: 25, width: 1920, height: 1055 },
    { x: 1920, y: 0, width: 1280, height: 1024 },
  ];
  const usable = [
    { x: 0, y: 25, width: 800, height: 600 },
    { x: -600, y: 100, width: 800, height: 600 },
    { x: 1800, y: 500, width: 800, height: 600 },
    { x: 3000, y: 900, width: 800, height: 600 },
  ];
  test.each(usable)('%j can be reached', (bounds) => {
    expect(usableBounds(bounds, areas)).toEqual(bounds);
  });

  const useless: unknown[] = [
    { x: 0, y: -300, width: 800, height: 600 },
    { x: -790, y: 100, width: 800, height: 600 },
    { x: 5000, y: 100, width: 800, height: 600 },
    { x: 0, y: 1075, width: 800, height: 600 },
    { x: 0, y: 25, width: 0, height: 600 },
    { x: 0, y: 25, width: 1e9, height: 600 },
    { x: 0.5, y: 25, width: 800, height: 600 },
    { x: Number.NaN, y: 25, width: 800, height: 600 },
    { y: 25, width: 800, height: 600 },
    [0, 25, 800, 600],
    'everywhere',
    null,
    undefined,
  ];
  test.each(useless)('%j are not used', (bounds) => {
    expect(usableBounds(bounds, areas)).toBeUndefined();
  });

  test('without further fields', () => {
    const bounds = { x: 0, y: 25, width: 800, height: 600 };
    expect(usableBounds({ ...bounds, fullscreen: true }, areas)).toEqual(bounds);
  });
});
