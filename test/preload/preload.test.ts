import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Transport } from '../../src/shared/transport.ts';
import { FakeBrowserWindow, type FakePortMain, ipcMain, resetElectron, runPreload } from '../helpers/fake-electron.ts';

let window: FakeBrowserWindow;
let port: FakePortMain;
let world: Readonly<Record<string, unknown>>;
let potter: Transport;

beforeEach(async () => {
  resetElectron();
  window = new FakeBrowserWindow();
  await window.loadURL('app://potter/');
  ipcMain.on('potter', (event: { ports: FakePortMain[] }) => {
    const [first] = event.ports;
    if (first) port = first;
  });
  world = await runPreload(window.webContents);
  potter = world.potter as Transport;
});

afterEach(() => {
  port.close();
  resetElectron();
});

test('the page finds one transport and nothing else', () => {
  expect(Object.keys(world)).toEqual(['potter']);
  expect(Object.fromEntries(Object.entries(potter).map(([name, value]) => [name, typeof value]))).toEqual({
    send: 'function',
    onMessage: 'function',
    onClose: 'function',
    close: 'function',
  });
});

test('a listener is given the message alone, not the event that brought it', async () => {
  const given: unknown[][] = [];
  potter.onMessage((...all: unknown[]) => given.push(all));
  port.postMessage({ type: 'event', topic: 'x', payload: 1 });
  await vi.waitFor(() => expect(given).toEqual([[{ type: 'event', topic: 'x', payload: 1 }]]));
});

test('what arrives before the first listener waits for it', async () => {
  port.postMessage('early');
  port.postMessage('later');
  const received: unknown[] = [];
  potter.onMessage((message) => received.push(message));
  await vi.waitFor(() => expect(received).toEqual(['early', 'later']));
});

test('a listener that was stopped hears nothing more', async () => {
  const [stopped, kept]: unknown[][] = [[], []];
  const stop = potter.onMessage((message) => stopped?.push(message));
  potter.onMessage((message) => kept?.push(message));
  stop();
  port.postMessage('news');
  await vi.waitFor(() => expect(kept).toEqual(['news']));
  expect(stopped).toEqual([]);
});

test('the end of the other side is told once, without an event, also to one who asks later', async () => {
  const told: unknown[][] = [];
  potter.onMessage(() => undefined);
  potter.onClose((...all: unknown[]) => void told.push(all));
  port.close();
  await vi.waitFor(() => expect(told).toEqual([[]]));
  await new Promise<void>((resolve) => potter.onClose(resolve));
  expect(told).toEqual([[]]);
});

test('closing tells this side too, and what is sent afterwards goes nowhere', async () => {
  const received: unknown[] = [];
  port.on('message', ({ data }) => received.push(data));
  port.start();
  const closed = new Promise<void>((resolve) => port.on('close', () => resolve()));
  let own = 0;
  potter.onClose(() => {
    own += 1;
  });
  potter.send('before');
  potter.close();
  potter.close();
  potter.send('after');
  await closed;
  expect({ own, received }).toEqual({ own: 1, received: ['before'] });
});
