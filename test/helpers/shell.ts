/** The real entry of the desktop shell, driven as Electron would drive it, with a real core in a temporary directory. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { type Client, createClient } from '../../src/shared/client.ts';
import type { Transport } from '../../src/shared/transport.ts';
import { app, FakeBrowserWindow, resetElectron, runPreload } from './fake-electron.ts';
import { welcomed } from './welcomed.ts';

export interface Shell {
  /** A folder of this test; `data` and `app` stand in it. */
  readonly folder: string;
  /** The data directory. */
  readonly data: string;
  /** Loads the entry once more; returns when the shell runs. The introduction has been seen. */
  start(...argv: string[]): Promise<void>;
  /** The same on a machine that never had it. */
  startFirst(...argv: string[]): Promise<void>;
  /** Quits and waits until the program has ended; at once when it never ran. */
  quit(): Promise<void>;
  /** A client of the core as the page of that window has it. */
  connect(window: FakeBrowserWindow): Promise<Client>;
}

let starts = 0;

/** For the tests of the file that calls it: each begins with a fresh Electron and an empty data directory. */
export function shellOfEachTest(): Shell {
  let folder = '';
  const argv = [...process.argv];
  const shell: Shell = {
    get folder() {
      return folder;
    },
    get data() {
      return join(folder, 'data');
    },
    async start(...further) {
      process.argv = ['electron', '.', ...further];
      starts += 1;
      const entry = new URL('../../src/main/electron/main.ts', import.meta.url).pathname;
      const { started }: { started: Promise<void> } = await import(/* @vite-ignore */ `${entry}?start=${starts}`);
      app.ready.resolve();
      await started;
    },
    async startFirst(...further) {
      await rm(shell.data, { recursive: true });
      await shell.start(...further);
    },
    async quit() {
      if (app.done.includes('quit') || app.listenerCount('before-quit') === 0) return;
      const ended = new Promise((resolve) => app.once('quit', resolve));
      app.quit();
      await ended;
    },
    async connect(window) {
      const { potter } = await runPreload(window.webContents);
      return createClient(potter as Transport);
    },
  };

  beforeEach(async () => {
    resetElectron();
    folder = await mkdtemp(join(tmpdir(), 'potter-shell-'));
    await mkdir(join(folder, 'app', 'dist', 'renderer'), { recursive: true });
    await mkdir(join(folder, 'app', 'dist', 'plugins'));
    await writeFile(join(folder, 'app', 'dist', 'renderer', 'index.html'), '<!doctype html>');
    await mkdir(shell.data);
    welcomed(shell.data);
    app.paths.app = join(folder, 'app');
    app.paths.home = join(folder, 'home');
    vi.stubEnv('POTTER_DATA', shell.data);
    for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'XDG_SESSION_TYPE', 'XDG_CONFIG_HOME', 'APPIMAGE']) {
      vi.stubEnv(name, undefined);
    }
  });

  afterEach(async () => {
    process.argv = argv;
    await shell.quit();
    resetElectron();
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  return shell;
}

/** The window that shows this address. */
export function windowAt(url: string): FakeBrowserWindow {
  const window = FakeBrowserWindow.getAllWindows().find((one) => one.webContents.getURL() === url);
  if (!window) throw new Error(`no window shows ${url}`);
  return window;
}

/** Addresses of the windows that can be seen, sorted. */
export function shownWindows(): string[] {
  const visible = FakeBrowserWindow.getAllWindows().filter((window) => window.isVisible());
  return visible.map(({ webContents }) => webContents.getURL()).sort();
}

export const palette = (): FakeBrowserWindow => windowAt('app://potter/#/palette');
