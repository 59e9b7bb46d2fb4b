/** What may come in from outside a running Potter: `potter://` links and what a second start hands over. */
import type { WindowName } from './windows.ts';

/** A link opens a window and does nothing else. Compared as whole texts, so nothing can be smuggled into one. */
const links: Readonly<Record<string, WindowName>> = {
  'potter://open': 'palette',
  'potter://open/': 'palette',
};

/** The window a link asks for; undefined for anything that is not one of the links Potter knows. */
export function windowOfLink(link: unknown): WindowName | undefined {
  return typeof link === 'string' && Object.hasOwn(links, link) ? links[link] : undefined;
}

/** What a start says to the Potter that is running already. */
export interface Handover {
  readonly link?: string;
}

/** The first argument that is a link, known or not. */
export function handoverOf(argv: readonly string[]): Handover {
  const link = argv.find((argument) => argument.startsWith('potter:'));
  return link === undefined ? {} : { link };
}

/** The window to open; undefined when the data is not a handover or its link is unknown. */
export function windowOfHandover(data: unknown): WindowName | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const names = Object.keys(data);
  if (names.length === 0) return 'palette';
  return names.length === 1 && 'link' in data ? windowOfLink(data.link) : undefined;
}
