/** The desktop shell's entry. Started with `--cli` the packaged program is the `potter` command instead. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { app, dialog, Menu, session } from 'electron';
import type { Client } from '../../shared/client.ts';
import { toPotterError } from '../../shared/errors.ts';
import { readEnvironment } from '../core/config/sources.ts';

import { type Cipher, defaultDataDirectory, type Host } from '../core/host.ts';
import { Lifetime } from '../core/lifetime.ts';
import { type Log, silentLog } from '../core/log/log.ts';
import { startPotter } from '../core/start.ts';
import { bindHotkeys, type HotkeyRegistrar } from '../desktop/hotkeys.ts';
import { followApi } from '../net/api.ts';
import { type Opened, openPotter } from '../net/open.ts';
import { openBridge } from './bridge.ts';
import { guardContents, guardSession } from './guard.ts';
import { createElectronHost, createNotifier, createSystemCipher, openDesktop, openlyStored } from './host.ts';
import { askPortalForHotkeys, globalShortcuts } from './hotkey.ts';
import { LinkRuns } from './link-runs.ts';
import { handoverOf, type Link, type LinkPlace, parseHandover, parseLink } from './links.ts';
import { openPreferences, type Preferences } from './preferences.ts';
import { registerScheme, servePages } from './protocol.ts';
import { followStartAtLogin } from './start-at-login.ts';
import { followStatus } from './status.ts';
import { createTray } from './tray.ts';
import { Windows } from './windows.ts';

const cliFlag = process.argv.indexOf('--cli');

/** Settles when the shell runs, or when the command has ended. */
export const started: Promise<void> = cliFlag === -1 ? runShell() : runCommand(process.argv.slice(cliFlag + 1));

async function runShell(): Promise<void> {
  const environment = readEnvironment();
  const dataDirectory = defaultDataDirectory(process.platform, environment, app.getPath('home'));
  // Everything up to the lock must happen before the app is ready, so nothing may be awaited.
  app.enableSandbox();
  registerScheme();
  askPortalForHotkeys();
  keepProfileIn(dataDirectory);
  const handover = handoverOf(process.argv);
  if (!app.requestSingleInstanceLock(handover)) return app.quit();

  const lifetime = new Lifetime();
  const quitting = stopBeforeQuit(lifetime);
  // The app lives on in the tray.
  app.on('window-all-closed', () => undefined);
  try {
    await app.whenReady();
    await openShell({ dataDirectory, environment, lifetime, quitting, handover });
  } catch (thrown) {
    if (quitting.aborted) return;
    const { message, kind } = toPotterError(thrown);
    dialog.showErrorBox('Potter could not start', `${message}\n${kind.next}`);
    app.quit();
  }
}

interface ShellOptions {
  readonly dataDirectory: string;
  readonly environment: Host['environment'];
  readonly lifetime: Lifetime;
  /** Aborted when the person quits. */
  readonly quitting: AbortSignal;
  readonly handover: ReturnType<typeof handoverOf>;
}

async function openShell({ dataDirectory, environment, lifetime, quitting, handover }: ShellOptions): Promise<void> {
  const { platform } = process;
  const root = app.getAppPath();
  const assets = join(root, 'assets');
  Menu.setApplicationMenu(platform === 'darwin' ? Menu.buildFromTemplate(macMenu) : null);
  guardContents();
  guardSession(session.defaultSession);
  await servePages(join(root, 'dist', 'renderer'));

  const preferences = openPreferences(app.getPath('userData'));
  const notify = createNotifier({
    platform,
    onOpenRun: (runId) => windows.showRun(runId),
    onOpenPanel: (panel) => windows.showSettings(panel),
  });
  const desktop = await openDesktop(platform, environment);
  if (desktop.kind === 'x11' && 'close' in desktop) lifetime.add('desktop', desktop, (it) => it.close());
  const host = createElectronHost({ dataDirectory, desktop, environment, platform, notify });
  const opened = lifetime.add(
    'core',
    await openPotter({ dataDirectory, start: () => startPotter(host), signal: quitting }),
    (it) => it.close(),
  );
  quitting.throwIfAborted();
  const log = opened.potter?.log ?? silentLog;
  if (opened.potter) lifetime.add('api', await followApi(opened.potter), (it) => it.close());

  const windows = lifetime.add(
    'windows',
    new Windows({
      preload: join(root, 'dist', 'preload', 'preload.cjs'),
      icon: join(assets, 'icon.png'),
      platform,
      hasDevTools: !app.isPackaged,
      preferences,
      log,
    }),
    (it) => it.close(),
  );
  lifetime.add('bridge', bridgeTo(opened, windows, log), (stop) => stop());
  const client = lifetime.add('client', await opened.connect({ kind: 'shell' }), (it) => it.close());
  const tray = lifetime.add('tray', createTray({ assets, platform, ...trayCommands(client, windows, log) }), (it) =>
    it.remove(),
  );
  const status = followStatus({
    client,
    onStatus: (it) => tray.show(it),
    onLocked: (message) => notify({ severity: 'warning', title: 'Keys are locked', message, code: 'KEYS_LOCKED' }),
    log,
  });
  lifetime.add('status', status, (stop) => stop());
  const registrar = 'register' in desktop ? desktop : globalShortcuts;
  await joinCore({ client, isOwner: opened.potter !== undefined, windows, registrar, lifetime, log });
  const atLogin = await followStartAtLogin({ client, platform, environment, log });
  lifetime.add('start at login', atLogin, (stop) => stop());
  warnOfOpenKeys({ ...host, preferences, log });
  windows.prepare('palette');
  const follow = followLinks({ client, windows, notify, clock: host.clock, log });
  answerFromOutside(windows, follow);
  if (handover.link !== undefined) follow(parseLink(handover.link));
  else if ((await client.call('system.info', {})).welcome !== 'done') windows.showOnboarding();
}

function bridgeTo(opened: Opened, windows: Windows, log: Log): () => void {
  return openBridge({
    windowOf: (contents) => windows.nameOf(contents),
    onTransport: (transport, window) => {
      opened.join(transport, { kind: 'window', window }).catch((error: unknown) => {
        log.warn('a page could not be joined to the core', { window, error });
        transport.close();
      });
    },
    log,
  });
}

function trayCommands(
  client: Client,
  windows: Windows,
  log: Log,
): Omit<Parameters<typeof createTray>[0], 'assets' | 'platform'> {
  return {
    onRun: () => {
      client.call('text.process', { source: { type: 'selection' } }).catch((thrown: unknown) => {
        const { code, message } = toPotterError(thrown);
        log.info('a run started from the tray ended without a result', { code, message });
      });
    },
    onOpen: () => windows.showMain(),
    onPalette: () => windows.showPalette(),
    onHistory: () => windows.showHistory(),
    onSettings: (panel) => windows.showSettings(panel),
    onQuit: () => app.quit(),
  };
}

interface Joining {
  readonly client: Client;
  readonly isOwner: boolean;
  readonly windows: Windows;
  readonly registrar: HotkeyRegistrar;
  readonly lifetime: Lifetime;
  readonly log: Log;
}

/** The shell is a client like any other: hotkeys become calls, and news of a run opens its window. */
async function joinCore({ client, isOwner, windows, registrar, lifetime, log }: Joining): Promise<void> {
  client.on('text.finished', ({ runId, result }) => {
    if (result === 'shown') windows.showRun(runId);
  });
  if (isOwner) {
    const palette = {
      onPalette: (captureId?: string) => windows.showPalette(captureId),
      closePalette: () => windows.hidePalette(),
    };
    lifetime.add('hotkeys', await bindHotkeys({ client, registrar, ...palette, log }), (release) => release());
    return;
  }
  // Another process owns the data, and with it the hotkeys. When it ends, a new start takes its place.
  const stopWatching = client.onClose(() => {
    app.relaunch();
    app.quit();
  });
  lifetime.add('owner', stopWatching, (stop) => stop());
}

interface Warning extends Pick<ReturnType<typeof createElectronHost>, 'cipher' | 'notify'> {
  readonly preferences: Preferences;
  readonly log: Log;
}

/** Said once; afterwards the panel and the log still tell. */
function warnOfOpenKeys({ cipher, notify, preferences, log }: Warning): void {
  if (cipher.backend !== openlyStored) return;
  log.warn('this system has no key store, so keys are stored almost openly', { backend: cipher.backend });
  if (preferences.get('said.openKeys') === true) return;
  preferences.set('said.openKeys', true);
  notify({
    severity: 'warning',
    title: 'Keys are stored almost openly',
    message: 'This desktop has no key store (GNOME Keyring, KWallet), so any program of yours can read your keys.',
  });
}

/** A second start, a link, a click on the icon in the dock. */
function answerFromOutside(windows: Windows, follow: (link: Link | undefined) => void): void {
  if (app.isPackaged) app.setAsDefaultProtocolClient('potter');
  app.on('second-instance', (_event, _argv, _directory, data) => follow(parseHandover(data)));
  app.on('open-url', (event, link) => {
    event.preventDefault();
    follow(parseLink(link));
  });
  app.on('activate', () => windows.showMain());
}

interface Following {
  readonly client: Client;
  readonly windows: Windows;
  readonly notify: Host['notify'];
  readonly clock: Host['clock'];
  readonly log: Log;
}

/** Between two notices about links that were ignored. */
const ignoredQuietMs = 15_000;

function followLinks({ client, windows, notify, clock, log }: Following): (link: Link | undefined) => void {
  const runs = new LinkRuns({ client, notify, clock, log });
  let toldAt = Number.NEGATIVE_INFINITY;
  const ignore = (): void => {
    // What it said is not repeated: it is a stranger's text.
    log.warn('an unknown link or second start was ignored');
    if (clock.monotonic() - toldAt < ignoredQuietMs) return;
    toldAt = clock.monotonic();
    notify({
      severity: 'warning',
      title: 'Link ignored',
      message: 'Potter does not know this kind of potter:// link.',
    });
  };
  return (link) => {
    if (link === undefined) ignore();
    else if (link.kind === 'run') void runs.request(link.action);
    else openPlace(windows, link.place);
  };
}

function openPlace(windows: Windows, place: LinkPlace): void {
  if (place === 'main') windows.showMain();
  else if (place === 'history') windows.showHistory();
  else windows.showSettings(place);
}

/** Chromium's own files stand with the data, so the lock on one instance and the owner of the data are the same thing. */
function keepProfileIn(dataDirectory: string): void {
  const profile = join(dataDirectory, 'shell');
  mkdirSync(profile, { recursive: true, mode: 0o700 });
  app.setPath('userData', profile);
}

/** The first request to quit stops everything and asks again. The signal is aborted at once. */
function stopBeforeQuit(lifetime: Lifetime): AbortSignal {
  const quitting = new AbortController();
  let isStopped = false;
  app.on('before-quit', (event) => {
    if (isStopped) return;
    event.preventDefault();
    if (quitting.signal.aborted) return;
    quitting.abort();
    void lifetime
      .stop(() => undefined)
      .finally(() => {
        isStopped = true;
        app.quit();
      });
  });
  return quitting.signal;
}

const macMenu: Electron.MenuItemConstructorOptions[] = [
  { role: 'appMenu' },
  // Without it Cmd+C and Cmd+V do nothing in a window.
  { role: 'editMenu' },
  { role: 'windowMenu' },
];

/** The command line beside this file in the build; the two shells import nothing of each other. */
interface CommandLine {
  main(argv: readonly string[], options: { readonly cipher: () => Promise<Cipher> }): Promise<number>;
}

async function runCommand(argv: readonly string[]): Promise<void> {
  app.dock?.hide();
  // What opens the keys on Windows is a file of the shell's profile; elsewhere commands leave that alone.
  if (process.platform === 'win32') keepProfileIn(dataDirectoryOf(argv));
  const { main }: CommandLine = await import(/* @vite-ignore */ new URL('cli.js', import.meta.url).href);
  // Asked for only when no other process owns the data: most commands need not wait for Chromium.
  const cipher = async (): Promise<Cipher> => {
    await app.whenReady();
    return createSystemCipher(process.platform);
  };
  app.exit(await main(argv, { cipher }));
}

/** As the command itself will understand it; a mistake in the arguments is for it to tell. */
function dataDirectoryOf(argv: readonly string[]): string {
  const options = { data: { type: 'string' } } as const;
  const { data } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true }).values;
  if (typeof data === 'string' && data !== '') return data;
  return defaultDataDirectory(process.platform, readEnvironment(), app.getPath('home'));
}
