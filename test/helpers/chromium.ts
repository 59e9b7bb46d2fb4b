/** Real Chromium on the pages of the desktop shell: their real answers, and the bridge through the real preload. */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Transport } from '../../src/shared/transport.ts';
import { type FakeBrowserWindow, protocol, runPreload } from './fake-electron.ts';

const executablePath = '/usr/bin/chromium';
/** Without it the tests that need a browser are skipped, and say so. */
export const hasChromium = existsSync(executablePath);

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

export async function listen(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What the shell's own handler of `app:` answers, over HTTP: Chromium enforces its policy here as it does there. */
export function servePagesOfShell(): Promise<Listening> {
  return listen(
    createServer((request, response) => {
      void (async () => {
        const handler = protocol.handlers.get('app');
        const answer = await handler?.(new Request(`app://potter${request.url}`, { method: request.method ?? 'GET' }));
        if (!answer) throw new Error('app: is not handled');
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(Buffer.from(await answer.arrayBuffer()));
      })();
    }),
  );
}

/** Shows the page of `window` in Chromium, joined to the core through the preload and the bridge. */
export async function showInChromium(page: Page, window: FakeBrowserWindow, pages: Listening): Promise<void> {
  const { potter } = (await runPreload(window.webContents)) as { potter: Transport };
  await page.exposeFunction('sendToCore', (message: unknown) => potter.send(message));
  potter.onMessage((message) => {
    page.evaluate((it) => (globalThis as unknown as FromCore).receiveFromCore(it), message).catch(() => undefined);
  });
  await page.addInitScript(() => {
    const page = globalThis as unknown as FromCore & { potter: unknown; sendToCore(message: unknown): void };
    const listeners = new Set<(message: unknown) => void>();
    page.receiveFromCore = (message) => {
      for (const listener of [...listeners]) listener(message);
    };
    page.potter = {
      send: (message: unknown) => page.sendToCore(message),
      onMessage(listener: (message: unknown) => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      onClose: () => () => undefined,
      close: () => undefined,
    };
  });
  await page.goto(pages.url + window.webContents.getURL().slice('app://potter/'.length));
}

interface FromCore {
  receiveFromCore(message: unknown): void;
}
