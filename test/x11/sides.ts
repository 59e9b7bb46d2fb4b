/** Who rewrites: the desktop layer alone in this process, or the real program. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/main/core/log/log.ts';
import { openX11, type X11Desktop } from '../../src/main/desktop/x11.ts';
import { toPotterError } from '../../src/shared/errors.ts';
import { type EveryVendor, startEveryVendor } from '../helpers/vendors.ts';
import { end, firstLine, type Session, until } from './session.ts';

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
    void run()
      .catch((thrown: unknown) => toPotterError(thrown).code)
      .then((result) => {
        isRunning = false;
        side.results.push(result);
      });
  });
  return side;
}

/** The combination of each action in the real program, as xdotool and as the settings name it. */
export const programHotkeys = {
  'upper-case': { accelerator: 'Ctrl+Alt+U', keys: 'ctrl+alt+u' },
  'proofread-offline': { accelerator: 'Ctrl+Alt+P', keys: 'ctrl+alt+p' },
  polish: { accelerator: 'Ctrl+Alt+L', keys: 'ctrl+alt+l' },
} as const;

export interface Program {
  /** How the runs so far ended, oldest first; waits for one that is under way. */
  results(): Promise<string[]>;
  /** Runs the command line and gives what it printed. */
  potter(...args: string[]): Promise<Buffer>;
  /** The same with a file on standard input. */
  potterOn(file: string, ...args: string[]): Promise<Buffer>;
  /** One of each wire format; the first is asked unless the settings say otherwise. */
  readonly vendors: EveryVendor;
  stop(): Promise<void>;
}

/** `potter serve --hotkeys` as a person starts it, with a data directory of its own and a vendor of each wire format. */
export async function startProgram(session: Session): Promise<Program> {
  const data = join(session.folder, 'potter');
  const accelerators = Object.entries(programHotkeys).map(([action, { accelerator }]) => [action, accelerator]);
  const potter = (...args: string[]): Promise<Buffer> => session.run(process.execPath, bin, ...args, '--data', data);
  const vendors = await startEveryVendor();
  const [model = ''] = vendors.models;
  await potter('config', 'set', 'providers', JSON.stringify(vendors.providers));
  await potter('config', 'set', 'text.defaultModel', model);
  await potter('config', 'set', 'hotkeys.actions', JSON.stringify(Object.fromEntries(accelerators)));
  const child = spawn(process.execPath, [bin, 'serve', '--hotkeys', '--data', data], {
    env: session.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const line = await firstLine(child.stdout);
  if (!line.startsWith('Potter is at ')) throw new Error(`potter serve said: ${line}`);
  const quote = (word: string): string => `'${word}'`;
  const potterOn = (file: string, ...args: string[]): Promise<Buffer> => {
    const command = [process.execPath, bin, ...args, '--data', data].map(quote).join(' ');
    return session.run('sh', '-c', `${command} < ${quote(file)}`);
  };
  return {
    potter,
    potterOn,
    vendors,
    results: () =>
      until('the runs to end', async () => {
        const { data: listed } = JSON.parse((await potter('history', '--limit', '500', '--json')).toString());
        const results: string[] = listed.entries.map(({ result }: { result: string }) => result);
        return results.includes('running') ? undefined : results.toReversed();
      }),
    stop: async () => {
      await end(child);
      await vendors.close();
    },
  };
}

const bin = fileURLToPath(new URL('../../bin/potter.js', import.meta.url));
