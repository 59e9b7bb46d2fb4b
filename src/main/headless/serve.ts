/** `potter serve`: the panels in a browser, and the hotkeys of an X11 session. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PotterError } from '../../shared/errors.ts';
import { Lifetime } from '../core/lifetime.ts';
import { bindHotkeys } from '../desktop/hotkeys.ts';
import { followApi } from '../net/api.ts';
import type { Opened } from '../net/open.ts';
import { startPanelServer } from '../net/panels.ts';
import { createSessions } from '../net/sessions.ts';
import type { AloneContext } from './commands.ts';
import { type HeadlessDesktop, headlessDesktop, notifyDesktop } from './desktop.ts';
import { openInBrowser } from './host.ts';
import { openHeadless } from './open.ts';
import { unlockFromFile } from './passphrase.ts';
import { print } from './terminal.ts';

/** Serves until the signal aborts; an interruption is how it is meant to end. */
export async function serve(context: AloneContext): Promise<void> {
  const { signal, terminal } = context;
  const lifetime = new Lifetime();
  try {
    await start(context, lifetime);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await lifetime.stop((part, thrown) => terminal.stderr.write(`potter: ${part} did not stop: ${String(thrown)}\n`));
  }
}

async function start(context: AloneContext, lifetime: Lifetime): Promise<void> {
  const { values, terminal, environment, signal } = context;
  const port = portOf(values.port);
  const demo = values.demo ? await startDemo(lifetime) : undefined;
  const dataDirectory = demo && values.data === undefined ? demo.dataDirectory : context.dataDirectory;
  const desktop = headlessDesktop(environment);
  // A command bound to a key of the desktop has this process do its work, and nobody looks at what it prints.
  const notify = desktop.desktop.kind === 'none' ? {} : { notify: notifyDesktop };
  const opened = lifetime.add(
    'core',
    await openHeadless({
      ...{ dataDirectory, environment, signal, desktop, demo: demo !== undefined },
      ...notify,
      ...(context.cipher && { cipher: context.cipher }),
    }),
    (it) => it.close(),
  );
  if (demo) await pointAtDemo(opened, demo.baseUrl);
  if (opened.potter) lifetime.add('api', await followApi(opened.potter), (it) => it.close());
  await unlock(opened, environment);
  const sessions = createSessions();
  const server = lifetime.add(
    'panels',
    await startPanelServer({
      root: fileURLToPath(new URL('../renderer', import.meta.url)),
      ...(port !== undefined && { port }),
      sessions,
      onTransport: (transport, session) => {
        opened.join(transport, { kind: 'panel', session }).catch(() => transport.close());
      },
      ...(opened.potter && { log: opened.potter.log.child({ area: 'net' }) }),
    }),
    (it) => it.close(),
  );
  // The token stands in the fragment, which no browser sends, and works once.
  const address = (route?: string): string => {
    const place = route === undefined ? {} : { route };
    return `${server.url}#${new URLSearchParams({ token: sessions.oneTimeToken(), ...place })}`;
  };
  await print(terminal.stdout, `Potter is at ${address()}\n`);
  if (demo) await print(terminal.stdout, 'Demo: answers come from a sample, not from a language model.\n');
  await print(terminal.stderr, 'The address signs one browser in. Ctrl-C stops.\n');
  const show = (route?: string): Promise<void> => openInBrowser(address(route)).catch(() => undefined);
  const onPalette = (captureId?: string): void => {
    void show(captureId === undefined ? '/palette' : `/palette/${captureId}`);
  };
  if (values.hotkeys) await startHotkeys({ opened, desktop, lifetime, terminal, onPalette });
  if (values.open) await show();
}

/** Without a file that names the passphrase, locked keys are unlocked in a panel or with `potter keys unlock`. */
async function unlock(opened: Opened, environment: AloneContext['environment']): Promise<void> {
  const client = await opened.connect({ kind: 'cli' });
  try {
    await unlockFromFile(client, environment);
  } finally {
    client.close();
  }
}

function portOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new PotterError('INVALID_INPUT', `"${String(value)}" is not a port; use a number from 1 to 65535.`);
}

/** A sample vendor on this machine and a data directory that is gone afterwards, so that a demo leaves nothing behind. */
async function startDemo(lifetime: Lifetime): Promise<{ baseUrl: string; dataDirectory: string }> {
  const dataDirectory = lifetime.add('demo data', await mkdtemp(join(tmpdir(), 'potter-demo-')), (folder) =>
    rm(folder, { recursive: true, force: true }),
  );
  const { startFakeOpenAi } = await import('../../../test/helpers/fake-openai.ts');
  const vendor = lifetime.add('demo vendor', await startFakeOpenAi({ tokenDelayMs: 25 }), (it) => it.close());
  return { baseUrl: vendor.baseUrl, dataDirectory };
}

async function pointAtDemo(opened: Opened, baseUrl: string): Promise<void> {
  if (!opened.potter) {
    // Its settings would be those of the demo, and its hotkeys would paste samples.
    throw new PotterError('CONFLICT', 'Another Potter is running on this data directory; a demo needs one of its own.');
  }
  const client = await opened.connect({ kind: 'cli' });
  const demo = { name: 'Demo (sample answers)', baseUrl, needsKey: false };
  await client.call('config.set', { key: 'providers', value: { demo }, layer: 'runtime' });
  await client.call('config.set', { key: 'text.defaultModel', value: 'demo/potter-demo-sample', layer: 'runtime' });
  client.close();
}

interface HotkeyStart {
  readonly opened: Opened;
  readonly desktop: HeadlessDesktop;
  readonly lifetime: Lifetime;
  readonly terminal: AloneContext['terminal'];
  /** There are no windows of our own: the panels in the browser stand in for the palette. */
  readonly onPalette: (captureId?: string) => void;
}

/** Only the owner of the data may hold the hotkeys: it is the one that works on the desktop. */
async function startHotkeys({ opened, desktop, lifetime, terminal, onPalette }: HotkeyStart): Promise<void> {
  const { potter } = opened;
  if (!potter) {
    throw new PotterError('CONFLICT', 'Another Potter is running on this data directory and has the hotkeys.');
  }
  const log = potter.log.child({ area: 'desktop' });
  const registrar = await desktop.x11();
  registrar.onLost(() => terminal.stderr.write('potter: The X session has ended, and the hotkeys with it.\n'));
  const client = lifetime.add('hotkey client', await opened.connect({ kind: 'shell' }), (it) => it.close());
  lifetime.add('hotkeys', await bindHotkeys({ client, registrar, onPalette, log }), (stop) => stop());
}
