/** Opens the core for one command: the owner's through its socket, or one of our own. */
import type { Client } from '../../shared/client.ts';
import type { Desktop, Host, Notice } from '../core/host.ts';
import { noDesktop } from '../core/host.ts';
import type { PotterOptions } from '../core/potter.ts';
import { type Opened, openPotter } from '../net/open.ts';

export interface HeadlessOptions extends PotterOptions {
  readonly dataDirectory: string;
  readonly environment: Host['environment'];
  readonly signal: AbortSignal;
  /** The desktop to work on, opened only when this process becomes the owner. */
  readonly openDesktop?: () => Promise<Desktop>;
  readonly notify?: (notice: Notice) => void;
}

export async function openHeadless(options: HeadlessOptions): Promise<Opened> {
  const {
    dataDirectory,
    environment,
    signal,
    openDesktop = detectDesktop(environment),
    notify = () => undefined,
  } = options;
  return openPotter({
    dataDirectory,
    signal,
    start: async () => {
      // Loaded only here: a forwarding command has no use for the core.
      const [{ startPotter }, { createHeadlessHost }] = await Promise.all([
        import('../core/potter.ts'),
        import('./host.ts'),
      ]);
      const desktop = await openDesktop();
      return startPotter(createHeadlessHost({ dataDirectory, desktop, environment, notify }), options);
    },
  });
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

const detectDesktop = (_environment: Host['environment']) => async (): Promise<Desktop> =>
  noDesktop('none', 'This command was started without a desktop.');
