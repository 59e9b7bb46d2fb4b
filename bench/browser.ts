/** What a person sees in the panels: the real program, in real Chromium. */
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { Program } from '../test/e2e/program.ts';
import { type Measure, percentile, writes } from './measures.ts';

async function withPage<T>(measure: (page: Page, program: Program) => Promise<T>): Promise<T> {
  const program = await Program.start();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.addInitScript(keepConnection);
    await page.goto(program.address);
    await page.locator('main').waitFor();
    return await measure(page, program);
  } finally {
    await browser.close();
    await program.remove();
  }
}

declare global {
  interface Window {
    connection: WebSocket;
    /** When each theme was put on the page, in milliseconds since the epoch. */
    themes: { theme: string; at: number }[];
  }
}

/** Runs in the page before its own scripts: keeps hold of the connection they open. */
function keepConnection(): void {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (this: WebSocket, data) {
    window.connection = this;
    send.call(this, data);
  };
}

/** A call on the connection of the panels, one after the other. */
function roundTrip(): Promise<number> {
  return withPage(async (page) => {
    const times = await page.evaluate(async () => {
      const { connection } = window;
      const ask = (id: string): Promise<void> =>
        new Promise((resolve) => {
          const hear = ({ data }: MessageEvent<string>): void => {
            const message = JSON.parse(data) as { readonly type: string; readonly id: string };
            if (message.type !== 'reply' || message.id !== id) return;
            connection.removeEventListener('message', hear);
            resolve();
          };
          connection.addEventListener('message', hear);
          connection.send(JSON.stringify({ type: 'call', id, route: 'system.info', input: {}, stream: false }));
        });
      const times: number[] = [];
      for (let index = 0; index < 300; index += 1) {
        const startedAt = performance.now();
        await ask(`bench-${index}`);
        times.push(performance.now() - startedAt);
      }
      return times.slice(50);
    });
    return percentile(times, 0.5);
  });
}

/** From a changed settings file until the page has the colours it asks for. */
function repaint(): Promise<number> {
  return withPage(async (page, program) => {
    await page.evaluate(() => {
      window.themes = [];
      const attribute = 'data-mantine-color-scheme';
      new MutationObserver(() => {
        const theme = document.documentElement.getAttribute(attribute) ?? '';
        // Painted with the next frame.
        requestAnimationFrame(() => window.themes.push({ theme, at: performance.timeOrigin + performance.now() }));
      }).observe(document.documentElement, { attributeFilter: [attribute] });
    });
    const file = join(program.dataDirectory, 'settings.json');
    const written = await writes(
      { file, key: 'appearance.theme', values: ['dark', 'light'], gapMs: 251 },
      (write) => write,
    );
    const themes = await page.evaluate(() => window.themes);
    const times = written.map(({ value, at }) => {
      const seen = themes.find((each) => each.theme === value && each.at >= at);
      if (!seen) throw new Error('A change of the theme was missed.');
      return seen.at - at;
    });
    return percentile(times, 0.99);
  });
}

/** From the moment the palette is asked for until it is painted and takes the keys. */
function palette(): Promise<number> {
  return withPage(async (page) => {
    const times: number[] = [];
    for (let index = 0; index < 25; index += 1) {
      await page.evaluate(() => {
        location.hash = '#/process';
      });
      await page.locator('main').waitFor();
      await page.waitForTimeout(100);
      const ms = await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const startedAt = performance.now();
            const look = (): void => {
              if (document.activeElement?.getAttribute('role') !== 'combobox') requestAnimationFrame(look);
              else requestAnimationFrame(() => resolve(performance.now() - startedAt));
            };
            location.hash = '#/palette';
            requestAnimationFrame(look);
          }),
      );
      // The first ones load the panel.
      if (index >= 5) times.push(ms);
    }
    return percentile(times, 0.95);
  });
}

/** Only with `--full`: they need Chromium. */
export const browserMeasures: Readonly<Record<string, Measure>> = {
  'ipc.roundtrip': { unit: 'ms', target: '≤ 2', rounds: 3, sample: roundTrip },
  'config.repaint_p99': { unit: 'ms', target: '≤ 100', rounds: 1, sample: repaint },
  'text.palette_p95': { unit: 'ms', target: '≤ 100', rounds: 1, sample: palette },
};
