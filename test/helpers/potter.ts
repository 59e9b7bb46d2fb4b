/** A whole core in a temporary data directory, with a fake desktop and a fake vendor, reached as users reach it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { serve } from '../../src/main/core/gateway/serve.ts';
import {
  type Cipher,
  type Desktop,
  type Host,
  type Notice,
  systemClock,
  type Target,
} from '../../src/main/core/host.ts';
import type { Caller, Potter } from '../../src/main/core/potter.ts';
import { startPotter } from '../../src/main/core/start.ts';
import type { Client } from '../../src/shared/client.ts';
import { createClient } from '../../src/shared/client.ts';
import { createMemoryPair } from '../../src/shared/transport.ts';
import { type FakeOpenAi, type FakeOpenAiOptions, startFakeOpenAi } from './fake-openai.ts';
import { pluginDirectory } from './plugin-directory.ts';

export interface TestPotter {
  readonly potter: Potter;
  readonly client: Client;
  readonly host: Host;
  readonly desktop: FakeDesktop;
  readonly notices: readonly Notice[];
  /** What Potter waited between attempts, in milliseconds; no time passes in it. */
  readonly waits: readonly number[];
  connect(caller: Caller): Client;
}

export interface TestPotterOptions {
  readonly dataDirectory?: string;
  readonly environment?: Host['environment'];
  readonly cipher?: Cipher;
  readonly caller?: Caller;
  /** Puts further plugins into the folder. */
  readonly addPlugins?: (folder: string) => void;
}

/** Stops with the test. */
export async function startTestPotter(options: TestPotterOptions = {}): Promise<TestPotter> {
  const dataDirectory = options.dataDirectory ?? temporaryFolder();
  const plugins = pluginDirectory();
  options.addPlugins?.(plugins.path);
  const desktop = new FakeDesktop();
  const notices: Notice[] = [];
  const waits: number[] = [];
  const host: Host = {
    version: '0.0.0-test',
    dataDirectory,
    pluginDirectory: plugins.path,
    ...(options.cipher && { cipher: options.cipher }),
    desktop,
    clock: { ...systemClock, sleep: noWait(waits) },
    environment: options.environment ?? {},
    notify: (notice) => notices.push(notice),
    openUrl: async () => undefined,
  };
  const potter = await startPotter(host);
  if (!potter) throw new Error('The data directory is owned by another core.');
  const connect = (caller: Caller): Client => {
    const [near, far] = createMemoryPair();
    serve(far, { gateway: potter.gateway, events: potter.events, caller, log: potter.log });
    return createClient(near);
  };
  onTestFinished(async () => {
    await potter.stop();
    plugins.remove();
  });
  return { potter, client: connect(options.caller ?? { kind: 'cli' }), host, desktop, notices, waits, connect };
}

/** Notes how long it would have waited. */
function noWait(waits: number[]): NonNullable<Host['clock']['sleep']> {
  return async (ms, signal) => {
    signal.throwIfAborted();
    waits.push(ms);
  };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'potter-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A vendor that stops with the test, and the environment that makes Potter use it. */
export async function startVendor(
  options?: FakeOpenAiOptions,
): Promise<{ vendor: FakeOpenAi; environment: Record<string, string> }> {
  const vendor = await startFakeOpenAi(options);
  onTestFinished(() => vendor.close());
  const needsKey = options?.key !== undefined;
  return { vendor, environment: vendorEnvironment(vendor.baseUrl, needsKey) };
}

export function vendorEnvironment(baseUrl: string, needsKey = false): Record<string, string> {
  return {
    POTTER__PROVIDERS: JSON.stringify({ vendor: { name: 'Vendor', baseUrl, needsKey } }),
    POTTER__TEXT__DEFAULT_MODEL: 'vendor/potter-demo-sample',
  };
}

/** One window with a selection; what is written to it replaces the selection. */
export class FakeDesktop implements Desktop {
  readonly kind = 'x11';
  selection = '';
  clipboard = '';
  window: Target = { key: 'window-1', application: 'editor', title: 'Untitled' };
  /** What a write fails with. */
  refusal: Error | undefined;
  /** Runs in the middle of a capture. */
  onCapture: () => void | Promise<void> = () => undefined;
  writes = 0;
  /** The windows a write was asked to bring to the front. */
  readonly broughtToFront: Target[] = [];

  async front(): Promise<Target> {
    return this.window;
  }

  async capture(): Promise<string> {
    const text = this.selection;
    await this.onCapture();
    return text;
  }

  async write(
    target: Target,
    text: string,
    _signal?: AbortSignal,
    { selected }: { readonly selected?: string } = {},
  ): Promise<'pasted' | 'copied'> {
    if (this.refusal) throw this.refusal;
    if (selected !== undefined) this.broughtToFront.push(target);
    const isThere = selected === undefined ? target.key === this.window.key : this.selection === selected;
    if (!isThere) {
      this.clipboard = text;
      return 'copied';
    }
    this.writes += 1;
    this.selection = text;
    return 'pasted';
  }

  async takeBack(
    target: Target,
    { written, original }: { readonly written: string; readonly original: string },
  ): Promise<'restored' | 'copied'> {
    if (target.key !== this.window.key || this.selection !== written) {
      this.clipboard = original;
      return 'copied';
    }
    this.selection = original;
    return 'restored';
  }

  async copy(text: string): Promise<void> {
    this.clipboard = text;
  }
}
