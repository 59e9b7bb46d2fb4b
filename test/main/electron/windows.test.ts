import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Preferences } from '../../../src/main/core/host.ts';
import { silentLog } from '../../../src/main/core/log/log.ts';
import { usableBounds, Windows, windowKinds } from '../../../src/main/electron/windows.ts';
import { parseRoute } from '../../../src/renderer/routes.ts';
import { FakeBrowserWindow, resetElectron } from '../../helpers/fake-electron.ts';

const runId = '6f4b2c53-5bd0-4a4e-9d0e-0a3f5a1c7e11';

let remembered: Map<string, unknown>;
let windows: Windows;

beforeEach(() => {
  resetElectron();
  remembered = new Map();
  windows = new Windows({
    preload: '/preload.cjs',
    icon: '/icon.png',
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

test.each(Object.entries(windowKinds))('the window %s shows a panel that exists', (_name, { route }) => {
  const panel = { '/process': 'process', '/run': 'history', '/history': 'history' }[route];
  expect(parseRoute(`#${route}/${runId}`).panel).toBe(panel);
});

describe('the palette', () => {
  test('is made hidden, and shown without being made again', async () => {
    windows.prepare('palette');
    const window = only();
    expect([window.isVisible(), window.webContents.getURL()]).toEqual([false, 'app://potter/#/process']);
    windows.show('palette');
    expect([only() === window, window.isVisible(), window.focused]).toEqual([true, true, 1]);
  });

  test('hides instead of closing, until Potter quits', () => {
    windows.prepare('palette');
    windows.show('palette');
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
});

describe('the result window', () => {
  test('shows the run, and is used again for the next one', async () => {
    windows.show('result', runId);
    const window = only();
    expect(window.webContents.getURL()).toBe(`app://potter/#/run/${runId}`);
    windows.show('result', 'another one/../x');
    expect([only() === window, window.webContents.getURL()]).toEqual([
      true,
      'app://potter/#/run/another%20one%2F..%2Fx',
    ]);
  });

  test('is shown when its page is ready, and not before', async () => {
    windows.show('result', runId);
    const window = only();
    expect(window.isVisible()).toBe(false);
    window.emit('ready-to-show');
    expect(window.isVisible()).toBe(true);
  });

  test('that was minimised comes back', () => {
    windows.show('result', runId);
    only().isMinimisedNow = true;
    windows.show('result', runId);
    expect(only().isMinimized()).toBe(false);
  });

  test('that was closed is opened anew', () => {
    windows.show('result', runId);
    only().close();
    expect(FakeBrowserWindow.getAllWindows()).toEqual([]);
    windows.show('result', runId);
    expect(only().isDestroyed()).toBe(false);
  });
});

test('the registry knows the contents of its windows and no others', () => {
  windows.show('monitor');
  const window = only();
  const stranger = new FakeBrowserWindow();
  expect(windows.nameOf(window.webContents as never)).toBe('monitor');
  expect(windows.nameOf(stranger.webContents as never)).toBeUndefined();
  window.close();
  expect(windows.nameOf(window.webContents as never)).toBeUndefined();
});

test('a window comes back where it was', () => {
  const bounds = { x: 100, y: 200, width: 640, height: 480 };
  windows.show('monitor');
  only().setBounds(bounds);
  only().close();
  windows.show('monitor');
  expect(only().options).toMatchObject(bounds);
});

test('bounds that make no sense are left aside', () => {
  remembered.set('windows.monitor', { x: 'left', y: 0, width: -1, height: Number.NaN });
  windows.show('monitor');
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
