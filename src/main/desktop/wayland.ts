/**
 * The desktop of a Wayland session, for `potter run --selection` bound to a key of the desktop: the primary selection is
 * read, the result is copied. Wayland lets no program paste into another, or learn which window is in front.
 */
import { spawn } from 'node:child_process';
import { text as readText } from 'node:stream/consumers';
import { PotterError } from '../../shared/errors.ts';
import type { Desktop } from '../core/host.ts';

export interface WaylandOptions {
  /** What the two programs are started with; `PATH` finds them, the Wayland variables tell them where to go. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Shown by `system.info`. */
  readonly message: string;
}

/** Works through `wl-paste` and `wl-copy` of the package wl-clipboard; fails with `WAYLAND` where they are missing. */
export function createWaylandDesktop({ environment, message }: WaylandOptions): Desktop {
  const copy = async (text: string): Promise<void> => {
    // It stays behind as the owner of the clipboard, so it must not hold our streams.
    const child = spawn('wl-copy', ['--type', 'text/plain;charset=utf-8'], {
      env: { ...environment },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(text);
    const code = await ended(child);
    if (code !== 0) throw new PotterError('WAYLAND', `The result could not be copied: wl-copy ended with ${code}.`);
  };
  return {
    kind: 'wayland',
    message,
    // Every window is the same one: at most one run at a time.
    front: async () => ({ key: 'wayland', application: '', title: '' }),
    capture: async (_target, signal) => {
      const child = spawn('wl-paste', ['--primary', '--no-newline', '--type', 'text'], {
        env: { ...environment },
        stdio: ['ignore', 'pipe', 'ignore'],
        signal,
        timeout: budgetMs,
      });
      const [text, code] = await Promise.all([readText(child.stdout), ended(child)]);
      if (code === 0 && text !== '') return text;
      if (code === null) throw new PotterError('TIMEOUT', 'The program that holds the selection did not answer.');
      throw new PotterError('NOTHING_SELECTED', 'No text is selected.');
    },
    write: async (_target, text) => {
      await copy(text);
      return 'copied';
    },
    takeBack: async (_target, { original }) => {
      await copy(original);
      return 'copied';
    },
    copy,
  };
}

const budgetMs = 2000;

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') return reject(error);
      const message = `The program ${child.spawnfile} was not found. Install the package wl-clipboard.`;
      reject(new PotterError('WAYLAND', message, { cause: error }));
    });
    child.once('exit', resolve);
  });
}
