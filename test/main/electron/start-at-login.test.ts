import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../../src/main/core/log/log.ts';
import { desktopEntry, followStartAtLogin } from '../../../src/main/electron/start-at-login.ts';
import { createClient } from '../../../src/shared/client.ts';
import { type ClientMessage, createMemoryPair, type Stop } from '../../../src/shared/transport.ts';
import { app, resetElectron } from '../../helpers/fake-electron.ts';

let home: string;
let isOn: boolean;
let tellChange: (key: string) => void;
const stops: Stop[] = [];

beforeEach(async () => {
  resetElectron();
  home = await mkdtemp(join(tmpdir(), 'potter-login-'));
  isOn = false;
  app.isPackaged = true;
  app.paths.home = home;
  app.paths.exe = '/opt/Potter/potter';
});

afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await rm(home, { recursive: true });
});

/** Against a core that knows one setting. */
async function follow(platform: NodeJS.Platform, environment: Record<string, string> = {}): Promise<void> {
  const [near, far] = createMemoryPair();
  far.onMessage((received) => {
    const message = received as ClientMessage;
    if (message.type !== 'call') return;
    const data = { values: { 'desktop.startAtLogin': isOn } };
    const metadata = { callId: 'c', ms: 0, cached: false };
    far.send({ type: 'reply', id: message.id, reply: { status: 'ok', data, metadata } });
  });
  tellChange = (key) => far.send({ type: 'event', topic: 'config.changed', payload: { keys: [key] } });
  stops.push(await followStartAtLogin({ client: createClient(near), platform, environment, log: silentLog }));
}

const entryFile = (): string => join(home, '.config', 'autostart', 'io.github.potter.Potter.desktop');

describe('on Linux', () => {
  test('an entry is written when it is switched on, and taken away when it is switched off', async () => {
    isOn = true;
    await follow('linux');
    expect(await readFile(entryFile(), 'utf8')).toBe(desktopEntry('/opt/Potter/potter'));
    expect(((await stat(entryFile())).mode & 0o777).toString(8)).toBe('600');
    isOn = false;
    tellChange('desktop.startAtLogin');
    await vi.waitFor(async () => expect(await readdir(dirname(entryFile()))).toEqual([]));
    isOn = true;
    tellChange('log.level');
    tellChange('desktop.startAtLogin');
    await vi.waitFor(async () => expect(await readdir(dirname(entryFile()))).toHaveLength(1));
  });

  test('an entry of an older place gives way, whole, and a neighbour stays', async () => {
    await mkdir(dirname(entryFile()), { recursive: true });
    await writeFile(entryFile(), desktopEntry('/old/potter'));
    await writeFile(join(dirname(entryFile()), 'other.desktop'), 'theirs');
    isOn = true;
    await follow('linux', { APPIMAGE: '/home/ada/Potter 1.AppImage' });
    expect(await readFile(entryFile(), 'utf8')).toContain('\nExec="/home/ada/Potter 1.AppImage"\n');
    expect((await readdir(dirname(entryFile()))).sort()).toEqual(['io.github.potter.Potter.desktop', 'other.desktop']);
  });

  test('the folder of the environment is used when it is a whole path', async () => {
    isOn = true;
    await follow('linux', { XDG_CONFIG_HOME: join(home, 'elsewhere') });
    expect(await readdir(join(home, 'elsewhere', 'autostart'))).toHaveLength(1);
    await follow('linux', { XDG_CONFIG_HOME: 'relative' });
    expect(await readdir(dirname(entryFile()))).toHaveLength(1);
  });

  test('a folder that cannot be written leaves Potter running', async () => {
    isOn = true;
    await writeFile(join(home, '.config'), 'a file in the way');
    await expect(follow('linux')).resolves.toBeUndefined();
  });
});

test.each(['darwin', 'win32'] as const)('%s is asked itself', async (platform) => {
  isOn = true;
  await follow(platform);
  isOn = false;
  tellChange('desktop.startAtLogin');
  await vi.waitFor(() => expect(app.done).toEqual(['setLoginItemSettings true', 'setLoginItemSettings false']));
  expect(await readdir(home)).toEqual([]);
});

test.each(['linux', 'darwin', 'win32'] as const)(
  'on %s nothing is set up for a program that is not packaged',
  async (platform) => {
    app.isPackaged = false;
    isOn = true;
    await follow(platform);
    expect([app.done, await readdir(home)]).toEqual([[], []]);
  },
);

describe('the program in an entry', () => {
  test.each([
    ['/opt/Potter/potter', '"/opt/Potter/potter"'],
    ['/opt/My Programs/potter', '"/opt/My Programs/potter"'],
    ['/opt/100%/potter', '"/opt/100%%/potter"'],
    ['/opt/a"b/potter', String.raw`"/opt/a\\"b/potter"`],
    ['/opt/$HOME/`id`', String.raw`"/opt/\\$HOME/\\${'`'}id\\${'`'}"`],
    ['/opt/back\\slash', String.raw`"/opt/back\\\\slash"`],
  ])('%s is quoted as the specification says', (program, exec) => {
    expect(desktopEntry(program).split('\n')).toContain(`Exec=${exec}`);
  });

  test.each(['/opt/x\nExec=evil', '/opt/x\r', '/opt/\0'])('%j is refused', (program) => {
    expect(() => desktopEntry(program)).toThrow('cannot be written');
  });
});
