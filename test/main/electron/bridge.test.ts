import type { WebContents } from 'electron';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../../src/main/core/log/log.ts';
import { openBridge } from '../../../src/main/electron/bridge.ts';
import type { Stop, Transport } from '../../../src/shared/transport.ts';
import { FakeBrowserWindow, FakeFrame, resetElectron, runPreload, sendFromPage } from '../../helpers/fake-electron.ts';

const page = 'app://potter/index.html#/process';

let accepted: { window: string; transport: Transport }[];
let registered: Set<unknown>;
let stop: Stop;

beforeEach(() => {
  resetElectron();
  accepted = [];
  registered = new Set();
  stop = openBridge({
    windowOf: (contents: WebContents) => (registered.has(contents) ? 'palette' : undefined),
    onTransport: (transport, window) => accepted.push({ window, transport }),
    log: silentLog,
  });
});

afterEach(() => {
  stop();
  resetElectron();
});

async function openWindow(url = page): Promise<FakeBrowserWindow> {
  const window = new FakeBrowserWindow();
  registered.add(window.webContents);
  await window.loadURL(url);
  return window;
}

/** One end for the page, and a promise that the other was closed. */
function channel(): { far: MessagePort; near: MessagePort; closed: Promise<void> } {
  const { port1: near, port2: far } = new MessageChannel();
  return { near, far, closed: new Promise((resolve) => near.addEventListener('close', () => resolve())) };
}

const closing = (transport: Transport): Promise<void> => new Promise((resolve) => transport.onClose(resolve));

describe('a port is taken', () => {
  test('from the top frame of a registered window on our origin, under the name of the window', async () => {
    const window = await openWindow();
    await runPreload(window.webContents);
    expect(accepted.map(({ window: name }) => name)).toEqual(['palette']);
  });

  test.each(['text', 'event'])('and what it carries arrives as plain data: %s', async (word) => {
    const window = await openWindow();
    const { potter } = await runPreload(window.webContents);
    const received: unknown[] = [];
    accepted[0]?.transport.onMessage((message) => received.push(message));
    (potter as Transport).send({ word });
    await vi.waitFor(() => expect(received).toEqual([{ word }]));
  });
});

describe('a port is closed and nobody hears of it', () => {
  const cases: [string, (window: FakeBrowserWindow, port: MessagePort) => void][] = [
    [
      'from a subframe',
      ({ webContents }, port) =>
        sendFromPage(webContents, 'potter', [port], new FakeFrame(page, webContents.mainFrame)),
    ],
    [
      'from another frame that says it is a top frame',
      ({ webContents }, port) => sendFromPage(webContents, 'potter', [port], new FakeFrame(page)),
    ],
    ['from a frame that is gone', ({ webContents }, port) => sendFromPage(webContents, 'potter', [port], null)],
    [
      'from a destroyed frame',
      ({ webContents }, port) => {
        webContents.mainFrame.destroyed = true;
        sendFromPage(webContents, 'potter', [port]);
      },
    ],
    [
      'from a detached frame',
      ({ webContents }, port) => {
        webContents.mainFrame.detached = true;
        sendFromPage(webContents, 'potter', [port]);
      },
    ],
    [
      'from contents that are in no window of ours',
      ({ webContents }, port) => {
        registered.delete(webContents);
        sendFromPage(webContents, 'potter', [port]);
      },
    ],
    [
      'from destroyed contents',
      ({ webContents }, port) => {
        webContents.destroyed = true;
        sendFromPage(webContents, 'potter', [port]);
      },
    ],
  ];
  test.each(cases)('%s', async (_name, forge) => {
    const window = await openWindow();
    const { far, closed } = channel();
    forge(window, far);
    await closed;
    expect(accepted).toEqual([]);
  });

  const foreign = [
    'app://potter.evil/',
    'app://evil/',
    'app://potter:80/',
    'http://potter/',
    'https://potter/app://potter/',
    'file:///app/potter/index.html',
    'data:text/html,app://potter/',
    'about:blank',
    'potter://app/',
    '',
  ];
  test.each(foreign)('on the origin of "%s"', async (url) => {
    const window = await openWindow(url);
    const { far, closed } = channel();
    sendFromPage(window.webContents, 'potter', [far]);
    await closed;
    expect(accepted).toEqual([]);
  });

  test('among several at once', async () => {
    const window = await openWindow();
    const [one, two] = [channel(), channel()];
    sendFromPage(window.webContents, 'potter', [one.far, two.far]);
    await Promise.all([one.closed, two.closed]);
    expect(accepted).toEqual([]);
  });

  test('which is not there at all', async () => {
    const window = await openWindow();
    sendFromPage(window.webContents, 'potter', []);
    expect(accepted).toEqual([]);
  });
});

describe('the transport ends', () => {
  const endings: [string, (window: FakeBrowserWindow) => void][] = [
    ['the document goes', ({ webContents }) => webContents.endDocument()],
    ['the window is destroyed', (window) => window.destroy()],
    [
      'the process of the page dies',
      ({ webContents }) => void webContents.emit('render-process-gone', {}, { reason: 'crashed' }),
    ],
    ['the bridge stops', () => stop()],
  ];
  test.each(endings)('when %s', async (_name, end) => {
    const window = await openWindow();
    await runPreload(window.webContents);
    const [first] = accepted;
    if (!first) throw new Error('the page was refused');
    const closed = closing(first.transport);
    end(window);
    await closed;
  });

  test('when the page is loaded again, whose own transport works', async () => {
    const window = await openWindow();
    await runPreload(window.webContents);
    await runPreload(window.webContents);
    const [first, second] = accepted;
    if (!first || !second) throw new Error('a page was refused');
    await closing(first.transport);
    const received: unknown[] = [];
    second.transport.onMessage((message) => received.push(message));
    const { potter } = await runPreload(window.webContents);
    accepted[2]?.transport.onMessage((message) => received.push(message));
    (potter as Transport).send('third');
    await vi.waitFor(() => expect(received).toEqual(['third']));
  });

  test('at a message that comes after the frame has gone to another origin', async () => {
    const window = await openWindow();
    const { potter } = await runPreload(window.webContents);
    const [first] = accepted;
    if (!first) throw new Error('the page was refused');
    const received: unknown[] = [];
    first.transport.onMessage((message) => received.push(message));
    const closed = closing(first.transport);
    window.webContents.mainFrame.url = 'https://evil.example/';
    (potter as Transport).send('from elsewhere');
    await closed;
    expect(received).toEqual([]);
  });
});

test('a stopped bridge takes no port', async () => {
  const window = await openWindow();
  stop();
  await runPreload(window.webContents);
  expect(accepted).toEqual([]);
});
