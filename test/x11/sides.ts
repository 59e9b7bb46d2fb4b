/** Who rewrites: the desktop layer alone in this process, or the real program. */

import { silentLog } from '../../src/main/core/log/log.ts';
import { openX11, type X11Desktop } from '../../src/main/desktop/x11.ts';
import { toPotterError } from '../../src/shared/errors.ts';
import type { Session } from './session.ts';

export interface Side {
  readonly name: string;
  /** How each run so far ended: an outcome or an error code. */
  readonly results: string[];
  stop(): Promise<void>;
}

export interface DirectSide extends Side {
  readonly desktop: X11Desktop;
  /** What the next runs wait for between reading and writing. */
  pause: Promise<void>;
  rewrite: (text: string) => string;
  /** Captured texts. */
  readonly captured: string[];
}

/** Capture, rewrite, write: what the core does, without the core. One run at a time. */
export async function startDirect(session: Session, hotkey: string): Promise<DirectSide> {
  const desktop = await openX11({ display: session.display, log: silentLog });
  const side: DirectSide = {
    name: 'desktop layer',
    desktop,
    results: [],
    captured: [],
    pause: Promise.resolve(),
    rewrite: (text) => text.toUpperCase(),
    stop: () => desktop.close(),
  };
  let isRunning = false;
  const run = async (): Promise<string> => {
    const { signal } = new AbortController();
    const target = await desktop.front(signal);
    const text = await desktop.capture(target, signal);
    side.captured.push(text);
    await side.pause;
    return await desktop.write(target, side.rewrite(text), signal);
  };
  await desktop.register(hotkey, () => {
    if (isRunning) {
      side.results.push('ALREADY_RUNNING');
      return;
    }
    isRunning = true;
    run()
      .catch((thrown: unknown) => toPotterError(thrown).code)
      .then((result) => {
        isRunning = false;
        side.results.push(result);
      });
  });
  return side;
}
