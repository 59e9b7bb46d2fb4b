/** What plain Node lends to the core. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Desktop, type Host, type Notice, systemClock } from '../core/host.ts';
import { packageVersion } from './version.ts';

export interface HeadlessHostOptions {
  readonly dataDirectory: string;
  readonly desktop: Desktop;
  readonly environment: Host['environment'];
  /** Where notices go besides the panels. */
  readonly notify: (notice: Notice) => void;
}

export function createHeadlessHost({ dataDirectory, desktop, environment, notify }: HeadlessHostOptions): Host {
  return {
    version: packageVersion,
    dataDirectory,
    pluginDirectory: fileURLToPath(new URL('../plugins', import.meta.url)),
    desktop,
    clock: systemClock,
    environment,
    notify,
    openUrl: openInBrowser,
  };
}

const openers: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Resolves when the opener was started; whether a browser appeared is not known. Fails when there is none. */
export function openInBrowser(url: string): Promise<void> {
  const [program, ...before] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...before, url], { stdio: 'ignore', detached: true });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
