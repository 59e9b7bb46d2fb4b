/** The way from the panels to the core. The only file that asks whether this is Electron. */
import { type Client, createClient } from '../shared/client.ts';
import { PotterError } from '../shared/errors.ts';
import type { Stop, Transport } from '../shared/transport.ts';

declare global {
  interface Window {
    /** Exposed by the preload of the desktop shell. */
    readonly potter?: Transport;
  }
}

export interface Bridge {
  /** One connection to the core. Fails with `UNAUTHENTICATED` when signed out, `TRANSPORT_CLOSED` without an answer. */
  connect(): Promise<Client>;
}

/** `onToken` is told when a new address is opened in this tab, which changes the fragment without a reload. */
export function createBridge(onToken: () => void): Bridge {
  const { potter } = window;
  if (potter) return { connect: () => Promise.resolve(createClient(potter)) };
  let token = takeToken();
  addEventListener('hashchange', () => {
    const taken = takeToken();
    if (taken === null) return;
    token = taken;
    onToken();
  });
  return {
    async connect() {
      const secrets = [token, sessionStorage.getItem(sessionKey)].filter((secret) => secret !== null);
      token = null;
      return createClient(await signIn(secrets));
    },
  };
}

const sessionKey = 'potter.session';
const signedOutCode = 4401;

/** The first secret that is accepted: a new one-time token, then the session of an earlier one. */
async function signIn(secrets: readonly string[]): Promise<Transport> {
  for (const secret of secrets) {
    const transport = await openSocket(secret);
    if (transport) return transport;
  }
  sessionStorage.removeItem(sessionKey);
  throw new PotterError('UNAUTHENTICATED', 'This page is not signed in to Potter.');
}

/** Reads the token and takes it out of the address bar and the history at once; `route`, the panel to open, stays. */
function takeToken(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [token, route] = [fragment.get('token'), fragment.get('route')];
  const place = location.pathname + location.search + (route === null ? '' : `#${route}`);
  if (token !== null) history.replaceState(null, '', place);
  return token;
}

/** Undefined when the server refuses the secret. */
function openSocket(secret: string): Promise<Transport | undefined> {
  const url = new URL('/bridge', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'hello', token: secret })));
    socket.addEventListener('close', ({ code }) =>
      code === signedOutCode ? resolve(undefined) : reject(unreachable()),
    );
    socket.addEventListener(
      'message',
      ({ data }) => {
        const welcome: unknown = JSON.parse(String(data));
        if (!isWelcome(welcome)) return socket.close();
        sessionStorage.setItem(sessionKey, welcome.session);
        resolve(new SocketTransport(socket));
      },
      { once: true },
    );
  });
}

class SocketTransport implements Transport {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  send(message: unknown): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  onMessage(listener: (message: unknown) => void): Stop {
    const receive = ({ data }: MessageEvent): void => listener(JSON.parse(String(data)));
    this.#socket.addEventListener('message', receive);
    return () => this.#socket.removeEventListener('message', receive);
  }

  onClose(listener: () => void): Stop {
    if (this.#socket.readyState === WebSocket.CLOSED) queueMicrotask(listener);
    else this.#socket.addEventListener('close', listener, { once: true });
    return () => this.#socket.removeEventListener('close', listener);
  }

  close(): void {
    this.#socket.close();
  }
}

function isWelcome(message: unknown): message is { readonly session: string } {
  if (typeof message !== 'object' || message === null) return false;
  return 'type' in message && message.type === 'welcome' && 'session' in message && typeof message.session === 'string';
}

const unreachable = (): PotterError => new PotterError('TRANSPORT_CLOSED', 'Potter does not answer.');
