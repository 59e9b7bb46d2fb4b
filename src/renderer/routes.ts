/** The addresses of the panels, kept in the URL's fragment so that reload and links keep the place. */
import { useSyncExternalStore } from 'react';

export type Route =
  | { readonly panel: 'process' }
  /** `runId`: the entry shown beside the list. */
  | { readonly panel: 'history'; readonly runId?: string };

export function parseRoute(hash: string): Route {
  const [, area, id] = hash.split('/');
  if (area === 'history') return { panel: 'history' };
  if (area === 'run' && id) return { panel: 'history', runId: decodeURIComponent(id) };
  return { panel: 'process' };
}

export function hrefOf(route: Route): string {
  if (route.panel === 'history' && route.runId) return `#/run/${encodeURIComponent(route.runId)}`;
  return `#/${route.panel}`;
}

export function goTo(route: Route): void {
  location.hash = hrefOf(route);
}

/** The route in the address bar; an address nobody knows shows the process panel. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
