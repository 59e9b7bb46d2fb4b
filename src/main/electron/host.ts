/** What Electron lends to the core. */
import { join } from 'node:path';
import { app, dialog, Notification, safeStorage, shell } from 'electron';
import { mendedIn, PotterError, toPotterError } from '../../shared/errors.ts';
import { type Cipher, type Desktop, type Host, type Notice, systemClock } from '../core/host.ts';
import { silentLog } from '../core/log/log.ts';
import { createAbsentDesktop, detectDesktop } from '../desktop/detect.ts';
import { visibleText, withoutMarkup } from '../desktop/plain-text.ts';
import { createWaylandDesktop } from '../desktop/wayland.ts';
import { openX11, type X11Desktop } from '../desktop/x11.ts';
import type { SettingsPanel } from './windows.ts';

export interface ElectronHostOptions {
  readonly dataDirectory: string;
  readonly desktop: Desktop;
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

/** After the app is ready. A store that is missing or fails means `KEYS_LOCKED`, whatever it says itself. */
export function createSystemCipher(platform: NodeJS.Platform): Cipher {
  const backend = backendOf(platform);
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      if (await safeStorage.isAsyncEncryptionAvailable()) return await work();
    } catch (cause) {
      throw new PotterError('KEYS_LOCKED', `The key store of this system (${backend}) does not open the keys.`, {
        cause,
      });
    }
    throw new PotterError('KEYS_LOCKED', `The key store of this system (${backend}) is not available.`);
  };
  return {
    backend,
    wrap: (plain) => ask(() => safeStorage.encryptStringAsync(Buffer.from(plain).toString('base64'))),
    unwrap: (wrapped) =>
      ask(async () => {
        const { result } = await safeStorage.decryptStringAsync(Buffer.from(wrapped));
        return Buffer.from(result, 'base64');
      }),
  };
}

function backendOf(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'keychain';
  return platform === 'win32' ? 'dpapi' : safeStorage.getSelectedStorageBackend();
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

export interface NotifierOptions {
  readonly platform: NodeJS.Platform;
  readonly onOpenRun: (runId: string) => void;
  readonly onOpenPanel: (panel: SettingsPanel) => void;
}

/** The notice carries the button that opens the panel where its problem is mended; a click on it opens its run. */
export function createNotifier({ platform, onOpenRun, onOpenPanel }: NotifierOptions): Host['notify'] {
  // One that nothing refers to is collected, and its click with it.
  const shown = new Set<Notification>();
  const hasButtons = platform === 'darwin' || platform === 'win32';
  return ({ title, message, severity, runId, code }: Notice) => {
    if (!Notification.isSupported()) return;
    const panel = code && mendedIn[code];
    const mend = panel && (() => onOpenPanel(panel));
    const openRun = runId === undefined ? undefined : () => onOpenRun(runId);
    const notification = new Notification({
      title: visibleText(title, 100),
      body: withoutMarkup(visibleText(message, 400), platform),
      urgency: severity === 'error' ? 'critical' : 'normal',
      ...(panel && hasButtons && { actions: [{ type: 'button', text: panelButtons[panel] }] }),
    });
    const forget = (): boolean => shown.delete(notification);
    notification.on('close', forget);
    notification.on('failed', forget);
    notification.on('action', () => {
      forget();
      mend?.();
    });
    // Without a button the click is the only way to what helps most.
    const onClick = hasButtons ? (openRun ?? mend) : (mend ?? openRun);
    notification.on('click', () => {
      forget();
      onClick?.();
    });
    shown.add(notification);
    notification.show();
  };
}

const panelButtons = {
  providers: 'Open Providers and Keys…',
  actions: 'Open Actions…',
  hotkeys: 'Open Hotkeys…',
  settings: 'Open Settings…',
} as const satisfies Partial<Record<SettingsPanel, string>>;

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
