/** The desktop of the command line: opened at first use, because most commands never touch it. */
import { spawn } from 'node:child_process';
import { PotterError } from '../../shared/errors.ts';
import type { Desktop, Host, Notice } from '../core/host.ts';
import { type Log, silentLog } from '../core/log/log.ts';
import { createAbsentDesktop, detectDesktop } from '../desktop/detect.ts';
import { visibleText, withoutMarkup } from '../desktop/plain-text.ts';
import { createWaylandDesktop } from '../desktop/wayland.ts';
import type { X11Desktop } from '../desktop/x11.ts';

export interface HeadlessDesktop {
  readonly desktop: Desktop;
  /** The X11 session itself, for the hotkeys. Fails with `WAYLAND` or `NO_DESKTOP`, saying what to do instead. */
  x11(): Promise<X11Desktop>;
  close(): Promise<void>;
}

export function headlessDesktop(environment: Host['environment'], log: Log = silentLog): HeadlessDesktop {
  const found = detectDesktop(environment);
  if (found.kind !== 'x11') {
    const { kind, message } = found;
    const desktop = kind === 'wayland' ? createWaylandDesktop({ environment, message }) : createAbsentDesktop(found);
    const x11 = (): Promise<never> => {
      return Promise.reject(new PotterError(kind === 'wayland' ? 'WAYLAND' : 'NO_DESKTOP', message));
    };
    return { desktop, x11, close: async () => undefined };
  }
  const { display } = found;
  let opening: Promise<X11Desktop> | undefined;
  // A server that was not there, or has gone, may be there at the next use.
  const forget = (): void => {
    opening = undefined;
  };
  const open = async (): Promise<X11Desktop> => {
    try {
      const { openX11 } = await import('../desktop/x11.ts');
      const session = await openX11({ display, log });
      session.onLost(forget);
      return session;
    } catch (thrown) {
      forget();
      throw thrown;
    }
  };
  const x11 = (): Promise<X11Desktop> => {
    opening ??= open();
    return opening;
  };
  const desktop: Desktop = {
    kind: 'x11',
    front: async (signal) => (await x11()).front(signal),
    capture: async (target, signal) => (await x11()).capture(target, signal),
    write: async (target, text, signal, options) => (await x11()).write(target, text, signal, options),
    takeBack: async (target, texts, signal) => (await x11()).takeBack(target, texts, signal),
    copy: async (text) => (await x11()).copy(text),
  };
  return { desktop, x11, close: async () => (await opening?.catch(() => undefined))?.close() };
}

/** Shows notices through the desktop's own notifications, where it has them. */
export function notifyDesktop({ severity, title, message }: Notice): void {
  const urgency = severity === 'error' ? 'critical' : 'normal';
  const texts = [visibleText(title, 100), withoutMarkup(visibleText(message, 500), process.platform)];
  const child = spawn('notify-send', ['--app-name=Potter', `--urgency=${urgency}`, '--', ...texts], {
    stdio: 'ignore',
  });
  // Without the program there are still the panels.
  child.on('error', () => undefined);
}
