/** What a shell lends to the core: the outside world, as values. */
import { join } from 'node:path';
import type { ErrorCode } from '../../shared/errors.ts';

export interface Host {
  readonly version: string;
  /** Where Potter keeps its data: an absolute path, created with mode 0700 when missing. */
  readonly dataDirectory: string;
  /** Folder of the bundled plugins, one folder each. */
  readonly pluginDirectory: string;
  /** The key store of the system. Without one the core wraps with a key file of its own. */
  readonly cipher?: Cipher;
  readonly desktop: Desktop;
  readonly clock: Clock;
  /** The environment variables Potter was started with. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Shows the person a short message outside Potter's windows, where the system can. */
  notify(notice: Notice): void;
  /** Opens an https or mailto address in the person's own program. */
  openUrl(url: string): Promise<void>;
}

/** Wraps the vault's data key with something only this user of this machine has. */
export interface Cipher {
  /** What does the wrapping: `key-file`, or the system's store by name. Recorded with the wrapped key and shown. */
  readonly backend: string;
  wrap(plain: Uint8Array): Promise<Uint8Array>;
  /** Throws when this machine or user cannot unwrap it. */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
  /** Where it can: what it has wrapped so far can be unwrapped by nobody any more. */
  forget?(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only ever grow, for measuring. */
  monotonic(): number;
  /** Rejects when aborted. Default: the system's timer. */
  sleep?(ms: number, signal: AbortSignal): Promise<unknown>;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export interface Notice {
  readonly severity: 'info' | 'warning' | 'error';
  readonly title: string;
  readonly message: string;
  /** Opens the run in the panel when the notice is clicked. */
  readonly runId?: string;
  /** What went wrong: the shell offers the panel where that is mended (`panel` in the table of errors). */
  readonly code?: ErrorCode;
}

/** The window in front at the moment of the key press. */
export interface Target {
  /** The same window has the same key as long as it lives. */
  readonly key: string;
  /** Name of the program, such as `mousepad`; empty when the system does not tell. */
  readonly application: string;
  readonly title: string;
}

/** The programs around Potter: reading their selection and writing back. */
export interface Desktop {
  readonly kind: 'x11' | 'wayland' | 'native' | 'none';
  /** Why it cannot work here, or what to do instead; shown to the person. */
  readonly message?: string;
  front(signal: AbortSignal): Promise<Target>;
  /** The selected text of that window, with the clipboard as it was before. Fails with `NOTHING_SELECTED`. */
  capture(target: Target, signal: AbortSignal): Promise<string>;
  /**
   * Pastes over the selection, or copies when that window is no longer in front. `selected`: the person went on in a
   * window of Potter's meanwhile, so the target is brought to the front first, and written to only where this is what is
   * still selected there.
   */
  write(
    target: Target,
    text: string,
    signal: AbortSignal,
    options?: { readonly selected?: string },
  ): Promise<'pasted' | 'copied'>;
  /**
   * Puts `original` in the place of `written`, which a run pasted there, when the window still holds it right before the
   * cursor; otherwise it changes nothing and copies the original.
   */
  takeBack(
    target: Target,
    texts: { readonly written: string; readonly original: string },
    signal: AbortSignal,
  ): Promise<'restored' | 'copied'>;
  copy(text: string): Promise<void>;
}

/** Where Potter keeps its data unless told otherwise: the place each system has for it, the same for both shells. */
export function defaultDataDirectory(
  platform: string,
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  const chosen = environment.POTTER_DATA;
  if (chosen) return chosen;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Potter');
  if (platform === 'win32') return join(environment.APPDATA ?? join(home, 'AppData', 'Roaming'), 'Potter');
  return join(environment.XDG_DATA_HOME ?? join(home, '.local', 'share'), 'potter');
}
