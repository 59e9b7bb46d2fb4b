/** Runs in every window before its page, and hands the page one Transport to the core: nothing else of Electron. */
import { contextBridge, ipcRenderer } from 'electron';
import type { Transport } from '../shared/transport.ts';

// The port stays on this side: functions cross to the page, a port and its events would carry more than data.
const { port1: port, port2: farEnd } = new MessageChannel();
const closed = new AbortController();
port.addEventListener('close', () => closed.abort());

const transport: Transport = {
  send: (message) => port.postMessage(message),
  onMessage(listener) {
    const receive = ({ data }: MessageEvent): void => listener(data);
    port.addEventListener('message', receive);
    port.start();
    return () => port.removeEventListener('message', receive);
  },
  onClose(listener) {
    const tell = (): void => listener();
    if (closed.signal.aborted) queueMicrotask(tell);
    else closed.signal.addEventListener('abort', tell, { once: true });
    return () => closed.signal.removeEventListener('abort', tell);
  },
  close() {
    port.close();
    closed.abort();
  },
};

ipcRenderer.postMessage('potter', null, [farEnd]);
contextBridge.exposeInMainWorld('potter', transport);
