/** Which desktop is around Potter, told from the environment alone. */
import { type ErrorCode, PotterError } from '../../shared/errors.ts';
import type { Desktop } from '../core/host.ts';

export type DetectedDesktop =
  | { readonly kind: 'x11'; readonly display: string }
  | { readonly kind: 'wayland' | 'none'; readonly message: string };

/** A Wayland session counts as Wayland although XWayland sets `DISPLAY`: there Potter would see X11 programs only. */
export function detectDesktop(environment: Readonly<Record<string, string | undefined>>): DetectedDesktop {
  const { DISPLAY: display, WAYLAND_DISPLAY: wayland, XDG_SESSION_TYPE: session } = environment;
  if (wayland || session === 'wayland') return { kind: 'wayland', message: waylandMessage };
  if (display) return { kind: 'x11', display };
  return { kind: 'none', message: 'There is no desktop here: neither DISPLAY nor WAYLAND_DISPLAY is set.' };
}

export const waylandMessage =
  'Wayland lets no program set global hotkeys or paste into another by itself. Bind the command ' +
  '`potter run --selection` to a key in the keyboard settings of your desktop: it copies the result.';

/** The desktop where nothing can be read or written; every member fails with the reason. */
export function createAbsentDesktop({ kind, message }: Exclude<DetectedDesktop, { kind: 'x11' }>): Desktop {
  const code: ErrorCode = kind === 'wayland' ? 'WAYLAND' : 'NO_DESKTOP';
  const refuse = (): Promise<never> => Promise.reject(new PotterError(code, message));
  return { kind, message, front: refuse, capture: refuse, write: refuse, takeBack: refuse, copy: refuse };
}
