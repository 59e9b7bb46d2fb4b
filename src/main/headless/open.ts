/** Opens the core for one command: the owner's through its socket, or one of our own. */
import type { Client } from '../../shared/client.ts';
import type { Host } from '../core/host.ts';
import type { PotterOptions } from '../core/potter.ts';
import { type Opened, openPotter } from '../net/open.ts';
import { type HeadlessDesktop, headlessDesktop } from './desktop.ts';

export interface HeadlessOptions extends PotterOptions {
  readonly dataDirectory: string;
  readonly environment: Host['environment'];
  readonly signal: AbortSignal;
  readonly notify?: Host['notify'];
  /** The desktop of the environment if left out. */
  readonly desktop?: HeadlessDesktop;
}

export async function openHeadless(options: HeadlessOptions): Promise<Opened> {
  const { dataDirectory, environment, signal, notify = () => undefined } = options;
  const { desktop, close } = options.desktop ?? headlessDesktop(environment);
  const opened = await openPotter({
    dataDirectory,
    signal,
    start: async () => {
      // Loaded only here: a forwarding command has no use for the core.
      const core = Promise.all([import('../core/potter.ts'), import('./host.ts')]);
      const [{ startPotter }, { createHeadlessHost }] = await core;
      return startPotter(createHeadlessHost({ dataDirectory, desktop, environment, notify }), options);
    },
  });
  return {
    ...opened,
    close: async () => {
      await opened.close();
      await close();
    },
  };
}

/** The client of a command, and how to let go of the core when it is done. */
export async function connectHeadless(options: HeadlessOptions): Promise<{ client: Client; close(): Promise<void> }> {
  const opened = await openHeadless(options);
  try {
    return { client: await opened.connect({ kind: 'cli' }), close: () => opened.close() };
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}
