import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createElectronHost, createNotifier, openDesktop } from '../../../src/main/electron/host.ts';
import { openPreferences } from '../../../src/main/electron/preferences.ts';
import { mendedIn } from '../../../src/shared/errors.ts';
import { dialog, FakeNotification, ipcMain, resetElectron, safeStorage, shell } from '../../helpers/fake-electron.ts';

let directory: string;

beforeEach(async () => {
  resetElectron();
  directory = await mkdtemp(join(tmpdir(), 'potter-host-'));
});

afterEach(() => rm(directory, { recursive: true }));

async function hostOn(platform: NodeJS.Platform): Promise<ReturnType<typeof createElectronHost>> {
  const desktop = await openDesktop(platform, {});
  return createElectronHost({
    dataDirectory: directory,
    desktop,
    environment: {},
    platform,
    notify: () => undefined,
  });
}

describe('the cipher', () => {
  test('gives back every byte it wrapped, and shows none of them', async () => {
    const { cipher } = await hostOn('linux');
    const key = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const wrapped = await cipher.wrap(key);
    expect(Buffer.from(wrapped).includes(Buffer.from(key.subarray(0, 16)))).toBe(false);
    expect(Uint8Array.from(await cipher.unwrap(wrapped))).toEqual(key);
  });

  test('fails on what another user or machine wrapped', async () => {
    const { cipher } = await hostOn('linux');
    await expect(cipher.unwrap(Buffer.from('something else'))).rejects.toMatchObject({
      code: 'KEYS_LOCKED',
      message: 'The key store of this system (gnome_libsecret) does not open the keys.',
    });
  });

  test('fails with a code where the key store is not available', async () => {
    const { cipher } = await hostOn('linux');
    safeStorage.available = false;
    await expect(cipher.wrap(new Uint8Array(32))).rejects.toMatchObject({ code: 'KEYS_LOCKED' });
    await expect(cipher.unwrap(Buffer.from('sealed:x'))).rejects.toMatchObject({ code: 'KEYS_LOCKED' });
  });

  test('fails with a code where the key store says it is there and does not work', async () => {
    const { cipher } = await hostOn('linux');
    safeStorage.broken = true;
    await expect(cipher.wrap(new Uint8Array(32))).rejects.toMatchObject({ code: 'KEYS_LOCKED' });
  });

  test('names what does the wrapping', async () => {
    safeStorage.backend = 'basic_text';
    const hosts = [await hostOn('linux'), await hostOn('darwin'), await hostOn('win32')];
    expect(hosts.map(({ cipher }) => cipher.backend)).toEqual(['basic_text', 'keychain', 'dpapi']);
  });
});

describe('preferences', () => {
  test('outlive the program', () => {
    openPreferences(directory).set('windows.palette', { x: 1 });
    expect(openPreferences(directory).get('windows.palette')).toEqual({ x: 1 });
  });

  test('that nobody can read are begun anew', async () => {
    await writeFile(join(directory, 'preferences.json'), '{"windows": {');
    const preferences = openPreferences(directory);
    expect(preferences.get('windows')).toBeUndefined();
    preferences.set('said.openKeys', true);
    expect(JSON.parse(await readFile(join(directory, 'preferences.json'), 'utf8'))).toEqual({
      said: { openKeys: true },
    });
  });

  test('are not offered to pages', () => {
    openPreferences(directory);
    expect(ipcMain.eventNames()).toEqual([]);
  });
});

describe('an address is opened', () => {
  test.each(['https://example.com/a?b=c', 'mailto:ada@example.com'])(
    'when it is %s and the person agrees',
    async (url) => {
      await (await hostOn('linux')).openUrl(url);
      expect([shell.opened, dialog.asked.map(({ detail }) => detail)]).toEqual([[url], [url]]);
    },
  );

  test('only after its whole text was shown, in the form in which it is opened', async () => {
    await (await hostOn('linux')).openUrl('https://EXAMPLE.com/\u202Egpj.exe');
    expect(dialog.asked[0]?.detail).toBe('https://example.com/%E2%80%AEgpj.exe');
    expect(shell.opened).toEqual(['https://example.com/%E2%80%AEgpj.exe']);
  });

  test('not when the person declines, which is also what Enter and Esc mean', async () => {
    dialog.response = 1;
    await (await hostOn('linux')).openUrl('https://example.com/');
    expect([shell.opened, dialog.asked[0]?.defaultId, dialog.asked[0]?.cancelId]).toEqual([[], 1, 1]);
  });

  test.each([
    'http://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'smb://server/share',
    'ms-msdt:/id',
    'search-ms:query=x',
    'potter://open',
    'app://potter/',
    'vbscript:x',
    '\\\\server\\share',
    'https://bank.example@evil.example/',
    'https://user:secret@example.com/',
    'https://',
    'example.com',
    '',
  ])('not when it is %j', async (url) => {
    await expect((await hostOn('linux')).openUrl(url)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect([shell.opened, dialog.asked]).toEqual([[], []]);
  });
});

describe('a notice', () => {
  const locked = { severity: 'warning', title: 'Keys are locked', message: 'Why', code: 'KEYS_LOCKED' } as const;
  let opened: string[];

  beforeEach(() => {
    opened = [];
  });

  function notifierOn(platform: NodeJS.Platform): ReturnType<typeof createNotifier> {
    return createNotifier({
      platform,
      onOpenRun: (runId) => opened.push(runId),
      onOpenPanel: (panel) => opened.push(`panel ${panel}`),
    });
  }

  function shown(): FakeNotification {
    const [notification] = FakeNotification.shown;
    if (!notification) throw new Error('nothing was shown');
    return notification;
  }

  test.each(['linux', 'darwin', 'win32'] as const)('on %s is shown, and a click on it opens its run', (platform) => {
    notifierOn(platform)({ severity: 'error', title: 'Not changed', message: 'Why', runId: 'r1' });
    const { title, body, urgency, actions } = shown();
    expect({ title, body, urgency, actions }).toEqual({
      ...{ title: 'Not changed', body: 'Why', urgency: 'critical', actions: [] },
    });
    shown().emit('click', {});
    expect(opened).toEqual(['r1']);
  });

  test('of no run opens nothing', () => {
    notifierOn('linux')({ severity: 'info', title: 'Hello', message: '' });
    shown().emit('click', {});
    expect(opened).toEqual([]);
  });

  test.each(['darwin', 'win32'] as const)(
    'on %s has the button that opens the panel where it is mended',
    (platform) => {
      notifierOn(platform)(locked);
      expect(shown().actions).toEqual([{ type: 'button', text: 'Open Providers and Keys…' }]);
      shown().press('Open Providers and Keys…');
      expect(opened).toEqual(['panel providers']);
    },
  );

  test.each(['darwin', 'win32'] as const)('on %s has the button beside the click that opens its run', (platform) => {
    notifierOn(platform)({ ...locked, runId: 'r1' });
    shown().emit('click', {});
    shown().press('Open Providers and Keys…');
    expect(opened).toEqual(['r1', 'panel providers']);
  });

  test('on Linux, where there are no buttons, is mended by the click', () => {
    notifierOn('linux')({ ...locked, runId: 'r1' });
    expect(shown().actions).toEqual([]);
    shown().emit('click', {});
    expect(opened).toEqual(['panel providers']);
  });

  test('about what is mended nowhere has no button', () => {
    notifierOn('darwin')({ severity: 'error', title: 'Failed', message: 'Why', code: 'RATE_LIMIT' });
    expect(shown().actions).toEqual([]);
    shown().emit('click', {});
    expect(opened).toEqual([]);
  });

  test('has a button for every panel something is mended in', () => {
    for (const code of Object.keys(mendedIn) as (keyof typeof mendedIn)[]) {
      notifierOn('darwin')({ severity: 'error', title: 'Failed', message: 'Why', code });
    }
    expect(FakeNotification.shown.map(({ actions }) => actions[0]?.text)).not.toContain(undefined);
  });
});

describe('the desktop', () => {
  test.each(['darwin', 'win32'] as const)('of %s says that it cannot be read yet', async (platform) => {
    const desktop = await openDesktop(platform, { DISPLAY: ':0' });
    expect([desktop.kind, desktop.message]).toEqual(['none', expect.stringContaining('cannot read the selection')]);
    await expect(desktop.copy('text')).rejects.toMatchObject({ code: 'NO_DESKTOP' });
  });

  test('of Wayland names the command to bind', async () => {
    const desktop = await openDesktop('linux', { WAYLAND_DISPLAY: 'wayland-0', DISPLAY: ':0' });
    expect([desktop.kind, desktop.message]).toEqual(['wayland', expect.stringContaining('potter run --selection')]);
  });

  test('that does not answer leaves Potter running, with the reason', async () => {
    const desktop = await openDesktop('linux', { DISPLAY: ':4242' });
    expect(desktop.kind).toBe('none');
    expect(desktop.message).not.toBe('');
  });
});
