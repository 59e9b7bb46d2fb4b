/** The addresses of the panels, kept in the URL's fragment so that reload and links keep the place. */
import { useSyncExternalStore } from 'react';
import { type WelcomeStep, welcomeSteps } from '../shared/contract.ts';

export type Route =
  | { readonly panel: 'process' | 'providers' | 'hotkeys' | 'settings' | 'about' }
  /** `captureId`: the selection that was read before it opened. */
  | { readonly panel: 'palette'; readonly captureId?: string }
  /** `step`: the one to show; where the introduction was left if it is left out. */
  | { readonly panel: 'welcome'; readonly step?: WelcomeStep }
  /** `actionId`: the action in the editor; `new` for one that is being made. */
  | { readonly panel: 'actions'; readonly actionId?: string }
  /** `runId`: the entry shown beside the list. */
  | { readonly panel: 'history'; readonly runId?: string };

/** Panels whose address is their name and nothing else. */
const plain = ['providers', 'hotkeys', 'settings', 'about'] as const;

export function parseRoute(hash: string): Route {
  const [, area = '', id = ''] = hash.split('/').map(decoded);
  if (area === 'run' && id) return { panel: 'history', runId: id };
  if (area === 'history') return { panel: 'history' };
  if (area === 'actions') return id ? { panel: 'actions', actionId: id } : { panel: 'actions' };
  if (area === 'palette') return id ? { panel: 'palette', captureId: id } : { panel: 'palette' };
  if (area === 'welcome') {
    const step = welcomeSteps.find((each) => each === id);
    return step ? { panel: 'welcome', step } : { panel: 'welcome' };
  }
  return { panel: plain.find((panel) => panel === area) ?? 'process' };
}

export function hrefOf(route: Route): string {
  if (route.panel === 'history' && route.runId) return `#/run/${encodeURIComponent(route.runId)}`;
  if (route.panel === 'actions' && route.actionId) return `#/actions/${encodeURIComponent(route.actionId)}`;
  if (route.panel === 'palette' && route.captureId) return `#/palette/${encodeURIComponent(route.captureId)}`;
  if (route.panel === 'welcome' && route.step) return `#/welcome/${route.step}`;
  return `#/${route.panel}`;
}

/** An address typed by hand may hold anything. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
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
