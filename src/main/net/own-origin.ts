/** Whether a request was made to this server by name, and by a page of this server. */
import type { IncomingMessage } from 'node:http';

/** True when the one Host header names this very listener. A page that rebinds its own name to 127.0.0.1 fails here. */
export function hasOwnHost(request: IncomingMessage): boolean {
  const hosts = valuesOf(request, 'host');
  const port = request.socket.localPort;
  return hosts.length === 1 && (hosts[0] === `127.0.0.1:${port}` || hosts[0] === `localhost:${port}`);
}

/** Where the page that makes the request comes from. `foreign` includes `null` and any doubled header. */
export function originOf(request: IncomingMessage): 'own' | 'absent' | 'foreign' {
  const origins = valuesOf(request, 'origin');
  if (origins.length === 0) return 'absent';
  return origins.length === 1 && origins[0] === `http://${request.headers.host}` ? 'own' : 'foreign';
}

/** Node folds doubled headers into the first; the raw list still has them all. */
function valuesOf(request: IncomingMessage, name: string): string[] {
  return request.rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === name);
}
