import type { Session } from 'electron';
import { beforeEach, describe, expect, test } from 'vitest';
import { guardContents, guardSession } from '../../../src/main/electron/guard.ts';
import { FakeBrowserWindow, FakeFrame, preventable, resetElectron, session } from '../../helpers/fake-electron.ts';

let window: FakeBrowserWindow;

beforeEach(async () => {
  resetElectron();
  guardContents();
  guardSession(session.defaultSession as unknown as Session);
  window = new FakeBrowserWindow();
  await window.loadURL('app://potter/#/process');
});

const elsewhere = [
  'https://example.com/',
  'http://127.0.0.1:8080/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'about:blank',
  'blob:app://potter/6f4b2c53',
  'app://potter.evil/',
  'app://potter@evil/',
  'app://potter:80/',
  'app://evil/',
  'app:potter/',
  'potter://open',
  'chrome://gpu/',
];

describe('navigation', () => {
  test('stays possible inside our origin', () => {
    expect(window.webContents.tryToNavigate('app://potter/#/history')).toBe(true);
  });

  test.each(elsewhere)('to %s is denied', (url) => {
    expect([window.webContents.tryToNavigate(url), window.webContents.getURL()]).toEqual([
      false,
      'app://potter/#/process',
    ]);
  });

  test.each(['app://potter/', ...elsewhere])('of a subframe to %s is denied', (url) => {
    const subframe = new FakeFrame('about:blank', window.webContents.mainFrame);
    expect(window.webContents.tryToNavigate(url, subframe)).toBe(false);
  });

  test.each(['app://potter/', ...elsewhere])('by a redirect to %s is denied', (url) => {
    expect(window.webContents.tryToRedirect(url)).toBe(false);
  });
});

test.each(['app://potter/', ...elsewhere])('no further window opens at %s', (url) => {
  expect(window.webContents.tryToOpen(url)).toBe(false);
});

test('no contents are embedded', () => {
  const event = preventable();
  window.webContents.emit('will-attach-webview', event, {}, {});
  expect(event.defaultPrevented).toBe(true);
});

describe('permissions', () => {
  const { handlers } = session.defaultSession;
  type Permission = Parameters<NonNullable<NonNullable<typeof handlers.setPermissionRequestHandler>>>[1];
  const some: Permission[] = [
    'clipboard-read',
    'media',
    'display-capture',
    'geolocation',
    'notifications',
    'midiSysex',
    'pointerLock',
    'fullscreen',
    'openExternal',
    'fileSystem',
    'hid',
    'serial',
    'usb',
    'idle-detection',
    'local-network-access',
    'window-management',
    'unknown',
  ];

  function request(permission: Permission, requestingUrl = 'app://potter/', isMainFrame = true): boolean {
    let granted: boolean | undefined;
    const contents = window.webContents as never;
    session.defaultSession.handlers.setPermissionRequestHandler?.(
      contents,
      permission,
      (answer) => {
        granted = answer;
      },
      { isMainFrame, requestingUrl },
    );
    if (granted === undefined) throw new Error('the request was not answered');
    return granted;
  }

  const check = (permission: Permission, origin = 'app://potter/', isMainFrame = true): boolean | undefined =>
    session.defaultSession.handlers.setPermissionCheckHandler?.(null, permission, origin, { isMainFrame } as never);

  test('to write text to the clipboard are granted to our own pages', () => {
    const permission = 'clipboard-sanitized-write';
    expect([request(permission), check(permission), check(permission, 'app://potter')]).toEqual([true, true, true]);
  });

  test.each(elsewhere)('to write to the clipboard are denied to %s', (url) => {
    const permission = 'clipboard-sanitized-write';
    expect([request(permission, url), check(permission, url)]).toEqual([false, false]);
  });

  test('to write to the clipboard are denied to a subframe', () => {
    const permission = 'clipboard-sanitized-write';
    expect([request(permission, undefined, false), check(permission, undefined, false)]).toEqual([false, false]);
  });

  test.each(some)('for %s are denied', (permission) => {
    expect([request(permission), check(permission)]).toEqual([false, false]);
  });

  test('for devices are denied', () => {
    expect(session.defaultSession.handlers.setDevicePermissionHandler?.({} as never)).toBe(false);
  });
});
