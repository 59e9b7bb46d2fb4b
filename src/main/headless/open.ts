/** Opens the core for one command: the owner's through its socket, or one of our own. */
import type { Client } from '../../shared/client.ts';
import type { Input } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Cipher, Host } from '../core/host.ts';
import type { StartOptions } from '../core/start.ts';
import { type Opened, openPotter } from '../net/open.ts';
import { type HeadlessDesktop, headlessDesktop } from './desktop.ts';

export interface HeadlessOptions extends StartOptions {
  readonly dataDirectory: string;
  readonly environment: Host['environment'];
  readonly signal: AbortSignal;
  readonly notify?: Host['notify'];
  /** The key store of the system; a key file if left out. */
  readonly cipher?: () => Promise<Cipher>;
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
      const core = Promise.all([import('../core/start.ts'), import('./host.ts')]);
      const [{ startPotter }, { createHeadlessHost }] = await core;
      const cipher = await options.cipher?.();
      const host = createHeadlessHost({ dataDirectory, desktop, environment, notify });
      return startPotter(cipher ? { ...host, cipher } : host, options);
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

export interface Connected {
  readonly client: Client;
  /** Does the core run in this process? */
  isOwner(): boolean;
  close(): Promise<void>;
}

/** The client of one command, and how to let go of the core when it is done. */
export async function connectHeadless(options: HeadlessOptions): Promise<Connected> {
  let opened = await openHeadless(options);
  let client = await connect(opened);
  const call: Client['call'] = async (route, input, callOptions = {}) => {
    let hasBegun = false;
    const { onChunk } = callOptions;
    const noticed: typeof callOptions = onChunk
      ? {
          ...callOptions,
          onChunk: (chunk) => {
            hasBegun = true;
            return onChunk(chunk);
          },
        }
      : callOptions;
    for (let reopened = 0; ; reopened += 1) {
      try {
        return await client.call(route, input, noticed);
      } catch (thrown) {
        // The owner stopped, or was killed, before it answered: the next owner, perhaps this process, does it instead.
        const isLast = reopened === maxReopened || opened.potter !== undefined || hasBegun;
        if (isLast || !maySendAgain(thrown, input)) throw thrown;
        await opened.close();
        opened = await openHeadless(options);
        client = await connect(opened);
      }
    }
  };
  return { client: { ...client, call }, isOwner: () => opened.potter !== undefined, close: () => opened.close() };
}

const maxReopened = 5;

/** All but a run on the selection, which may have been written before the connection was lost. */
function maySendAgain(thrown: unknown, input: unknown): boolean {
  if (!(thrown instanceof PotterError) || thrown.code !== 'TRANSPORT_CLOSED') return false;
  return !(input as Partial<Input<'text.process'>>).source || (input as Input<'text.process'>).source.type === 'text';
}

async function connect(opened: Opened): Promise<Client> {
  try {
    return await opened.connect({ kind: 'cli' });
  } catch (thrown) {
    await opened.close();
    throw thrown;
  }
}
