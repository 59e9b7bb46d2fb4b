/** The windows' way to the core: one message port a page, taken from our own pages only. */
import { type IpcMainEvent, ipcMain, type MessagePortMain, type WebContents, type WebFrameMain } from 'electron';
import { Pipe, type Stop, type Transport } from '../../shared/transport.ts';
import type { Log } from '../core/log/log.ts';
import { origin } from './protocol.ts';

export interface BridgeOptions<Name extends string> {
  /** The name of the window these contents belong to; undefined for any that are not in the registry. */
  readonly windowOf: (contents: WebContents) => Name | undefined;
  readonly onTransport: (transport: Transport, window: Name) => void;
  readonly log: Log;
}

/** Takes the port each page's preload sends. Stopping hangs up on every page. */
export function openBridge<Name extends string>({ windowOf, onTransport, log }: BridgeOptions<Name>): Stop {
  const pipes = new Map<WebContents, PortPipe>();

  const accept = ({ sender, senderFrame, ports }: IpcMainEvent): void => {
    const window = windowOf(sender);
    const [port] = ports;
    if (window === undefined || !isOurPage(sender, senderFrame) || port === undefined || ports.length > 1) {
      log.warn('a page was refused the bridge', { window, origin: senderFrame?.origin });
      for (const refused of ports) refused.close();
      return;
    }
    // A page that was loaded again: its predecessor's calls end now, also when its port has not said so yet.
    pipes.get(sender)?.close();
    const pipe = new PortPipe(port, () => isOurPage(sender, senderFrame));
    pipes.set(sender, pipe);
    const end = (): void => pipe.close();
    sender.once('destroyed', end);
    sender.once('render-process-gone', end);
    pipe.onClose(() => {
      sender.off('destroyed', end);
      sender.off('render-process-gone', end);
      if (pipes.get(sender) === pipe) pipes.delete(sender);
    });
    onTransport(pipe, window);
  };

  ipcMain.on('potter', accept);
  return () => {
    ipcMain.off('potter', accept);
    for (const pipe of [...pipes.values()]) pipe.close();
  };
}

/** The top frame of living contents, showing exactly our origin. Asked again at every message. */
function isOurPage(contents: WebContents, frame: WebFrameMain | null): boolean {
  if (frame === null || contents.isDestroyed() || frame.isDestroyed() || frame.detached) return false;
  return frame === contents.mainFrame && frame.parent === null && frame.origin === origin;
}

class PortPipe extends Pipe {
  readonly #port: MessagePortMain;

  constructor(port: MessagePortMain, isStillOurs: () => boolean) {
    super();
    this.#port = port;
    port.on('message', ({ data }) => (isStillOurs() ? this.receive(data) : this.close()));
    port.on('close', () => this.close());
    port.start();
  }

  protected override write(message: unknown): void {
    this.#port.postMessage(message);
  }

  protected override hangUp(): void {
    this.#port.close();
  }
}
