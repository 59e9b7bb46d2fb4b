/** What Electron lends to the core. */
import { join } from 'node:path';
import { app, dialog, ipcMain, Notification, safeStorage, shell } from 'electron';
import Store from 'electron-store';
import { PotterError, toPotterError } from '../../shared/errors.ts';
import { type Cipher, type Desktop, type Host, type Notice, type Preferences, systemClock } from '../core/host.ts';
import { silentLog } from '../core/log/log.ts';
import { createAbsentDesktop, detectDesktop } from '../desktop/detect.ts';
import { createWaylandDesktop } from '../desktop/wayland.ts';
import { openX11, type X11Desktop } from '../desktop/x11.ts';

export interface ElectronHostOptions {
  readonly dataDirectory: string;
  readonly desktop: Desktop;
  readonly preferences: Preferences;
  readonly environment: Host['environment'];
  readonly platform: NodeJS.Platform;
  readonly notify: Host['notify'];
}

/** After the app is ready, because only then the system's key store is known. */
export function createElectronHost({ platform, ...options }: ElectronHostOptions): Host & { readonly cipher: Cipher } {
  return {
    ...options,
    version: app.getVersion(),
    pluginDirectory: join(app.getAppPath(), 'dist', 'plugins'),
    cipher: createSystemCipher(platform),
    clock: systemClock,
    openUrl: openInBrowser,
  };
}

/** On Linux without a key store Chromium hides keys behind a password everybody knows, and names that so. */
export const openlyStored = 'basic_text';

function createSystemCipher(platform: NodeJS.Platform): Cipher {
  return {
    backend: backendOf(platform),
    wrap: async (plain) => {
      if (!(await safeStorage.isAsyncEncryptionAvailable())) {
        throw new PotterError('KEYS_LOCKED', 'The key store of this system is not available.');
      }
      return safeStorage.encryptStringAsync(Buffer.from(plain).toString('base64'));
    },
    unwrap: async (wrapped) => {
      const { result } = await safeStorage.decryptStringAsync(Buffer.from(wrapped));
      return Buffer.from(result, 'base64');
    },
  };
}

function backendOf(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'keychain';
  return platform === 'win32' ? 'dpapi' : safeStorage.getSelectedStorageBackend();
}

/** What the program itself remembers. A file nobody can read any more is begun anew; it holds nothing of the person's. */
export function openPreferences(directory: string): Preferences {
  const store = new Store({ cwd: directory, name: 'preferences', clearInvalidConfig: true });
  // electron-store answers pages on a synchronous channel of its own, which ours have no use for.
  ipcMain.removeAllListeners('electron-store-get-data');
  return { get: (key) => store.get(key), set: (key, value) => store.set(key, value) };
}

/** The programs around Potter, where this system lets them be reached; otherwise a desktop that says why not. */
export async function openDesktop(
  platform: NodeJS.Platform,
  environment: Host['environment'],
): Promise<Desktop | X11Desktop> {
  const message = notYet[platform];
  if (message !== undefined) return createAbsentDesktop({ kind: 'none', message });
  const detected = detectDesktop(environment);
  if (detected.kind !== 'x11') {
    const { kind, message: reason } = detected;
    return kind === 'wayland' ? createWaylandDesktop({ environment, message: reason }) : createAbsentDesktop(detected);
  }
  return openX11({ display: detected.display, log: silentLog }).catch((thrown: unknown) =>
    createAbsentDesktop({ kind: 'none', message: toPotterError(thrown).message }),
  );
}

const cannotCapture = (system: string): string =>
  `On ${system} Potter cannot read the selection of other programs yet: paste the text into Potter's own window.`;
const notYet: Partial<Record<NodeJS.Platform, string>> = {
  darwin: cannotCapture('macOS'),
  win32: cannotCapture('Windows'),
};

/** A click on the notice of a run opens that run. */
export function createNotifier(onOpenRun: (runId: string) => void): Host['notify'] {
  // One that nothing refers to is collected, and its click with it.
  const shown = new Set<Notification>();
  return ({ title, message, severity, runId }: Notice) => {
    if (!Notification.isSupported()) return;
    const notification = new Notification({
      title,
      body: message,
      urgency: severity === 'error' ? 'critical' : 'normal',
    });
    const forget = (): boolean => shown.delete(notification);
    notification.on('close', forget);
    notification.on('failed', forget);
    notification.on('click', () => {
      forget();
      if (runId !== undefined) onOpenRun(runId);
    });
    shown.add(notification);
    notification.show();
  };
}

const openable = new Set(['https:', 'mailto:']);

/** The only place that opens an address outside, and only one that was shown whole and confirmed. */
async function openInBrowser(address: string): Promise<void> {
  const url = URL.parse(address);
  if (!url || !openable.has(url.protocol) || url.username !== '' || url.password !== '') {
    throw new PotterError('INVALID_INPUT', `"${address}" is not an address Potter opens; it opens https and mailto.`);
  }
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: 'Open this address in your own program?',
    detail: url.href,
    buttons: ['Open', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  if (response === 0) await shell.openExternal(url.href);
}
