/** How a command of the terminal gets past locked keys: it asks once, or reads the file a script names. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import process from 'node:process';
import type { Client } from '../../shared/client.ts';
import { PotterError, toPotterError } from '../../shared/errors.ts';
import { readSecret, type Terminal } from './terminal.ts';

/** Names a file that holds the passphrase: a variable or an argument is seen by every program of the machine. */
const variable = 'POTTER_PASSPHRASE_FILE';

export interface PassphraseContext {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** The passphrase of the file the environment names. Fails with `INVALID_INPUT` when others may read it. */
export function passphraseFromFile(environment: PassphraseContext['environment']): string | undefined {
  const path = environment[variable];
  if (path === undefined || path === '') return undefined;
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    throw new PotterError('INVALID_INPUT', `${path}, which ${variable} names, cannot be read.`, { cause });
  }
  try {
    const mode = process.platform === 'win32' ? 0 : fstatSync(descriptor).mode & 0o077;
    if (mode !== 0) {
      const message = `${path}, which ${variable} names, may be read by others; set its mode to 600.`;
      throw new PotterError('INVALID_INPUT', message);
    }
    return readFileSync(descriptor, 'utf8').replace(/\r?\n$/, '');
  } finally {
    closeSync(descriptor);
  }
}

/** Opens locked keys with the file of the environment, if it names one. */
export async function unlockFromFile(client: Client, environment: PassphraseContext['environment']): Promise<void> {
  const passphrase = passphraseFromFile(environment);
  if (passphrase === undefined) return;
  const { vault, protection } = await client.call('keys.list', {});
  if (vault === 'locked' && protection !== 'system') await client.call('keys.unlock', { passphrase });
}

/**
 * The client of a command. What fails because the keys are locked by a passphrase is tried once more after the person
 * at the terminal has typed it.
 */
export function askingClient(client: Client, { terminal, environment, signal }: PassphraseContext): Client {
  let asked = false;
  const unlock = async (): Promise<boolean> => {
    const canAsk = terminal.stdin.isTTY === true && !terminal.stdin.readableEnded;
    if (asked || !canAsk || passphraseFromFile(environment) !== undefined) return false;
    asked = true;
    const { vault, protection } = await client.call('keys.list', {});
    if (vault !== 'locked' || protection === 'system') return false;
    const passphrase = await readSecret(terminal, 'The keys are locked. Passphrase: ', signal);
    await client.call('keys.unlock', { passphrase });
    return true;
  };
  const call: Client['call'] = async (route, input, options) => {
    try {
      const reply = await client.call(route, input, options);
      const isLocked = route === 'history.list' && (reply as { locked?: boolean }).locked === true;
      return isLocked && (await unlock()) ? await client.call(route, input, options) : reply;
    } catch (thrown) {
      const isLocked = toPotterError(thrown).code === 'KEYS_LOCKED' && !route.startsWith('keys.protect');
      if (isLocked && (await unlock())) return client.call(route, input, options);
      throw thrown;
    }
  };
  return { ...client, call };
}
