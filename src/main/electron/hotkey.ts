/** Global hotkeys through Electron: macOS, Windows and the portal of a Wayland desktop. X11 has `main/desktop`. */
import { app, globalShortcut } from 'electron';
import { PotterError } from '../../shared/errors.ts';
import type { HotkeyRegistrar } from '../desktop/hotkeys.ts';

/** The systems themselves see to it that a held key presses once. */
export const globalShortcuts: HotkeyRegistrar = {
  register: async (accelerator, onPress) => {
    if (!tryToRegister(accelerator, onPress)) {
      throw new PotterError('HOTKEY_TAKEN', `"${accelerator}" is taken by another program or by the system.`, {
        detail: { accelerator },
      });
    }
    return () => globalShortcut.unregister(accelerator);
  },
};

/** Before the app is ready: without it a Wayland desktop offers no global hotkeys. No effect elsewhere. */
export function askPortalForHotkeys(): void {
  app.commandLine.appendSwitch('enable-features', 'GlobalShortcutsPortal');
}

function tryToRegister(accelerator: string, onPress: () => void): boolean {
  try {
    return globalShortcut.register(accelerator, onPress);
  } catch (cause) {
    throw new PotterError('HOTKEY_INVALID', `This system knows no combination "${accelerator}".`, {
      cause,
      detail: { accelerator },
    });
  }
}
