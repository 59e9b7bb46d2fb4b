/** What may come in from outside a running Potter: `potter://` links and what a second start hands over. */
import * as z from 'zod';

/** Everything a link can ask for. It holds no key, no address, no setting and no text. */
export type Link =
  /** Opens a window. */
  | { readonly kind: 'open'; readonly place: LinkPlace }
  /** Runs an action on the selection, after the person has agreed. */
  | { readonly kind: 'run'; readonly action: string };

/** Compared as whole texts, so nothing can be smuggled into one. */
const places = {
  'potter://open': 'main',
  'potter://open/': 'main',
  'potter://open/process': 'main',
  'potter://open/history': 'history',
  'potter://open/actions': 'actions',
  'potter://open/providers': 'providers',
  'potter://open/hotkeys': 'hotkeys',
  'potter://open/settings': 'settings',
  'potter://open/about': 'about',
} as const;
export type LinkPlace = (typeof places)[keyof typeof places];

/** The form ids of actions have; `$` alone would let a line break pass at the end. */
const runLink = /^potter:\/\/run\/([a-z0-9]+(?:-[a-z0-9]+)*)(?![\s\S])/;
const longestLink = 120;

/** Undefined for anything that is not, to the letter, one of the links Potter knows. */
export function parseLink(link: unknown): Link | undefined {
  if (typeof link !== 'string' || link.length > longestLink) return undefined;
  if (Object.hasOwn(places, link)) return { kind: 'open', place: places[link as keyof typeof places] };
  const [, action] = runLink.exec(link) ?? [];
  return action === undefined ? undefined : { kind: 'run', action };
}

const handover = z.strictObject({ link: z.string().max(longestLink).optional() });

/** What a start says to the Potter that is running already. */
export type Handover = z.output<typeof handover>;

/** The first argument that is a link, known or not. Of one that is too long to be known only that there was one. */
export function handoverOf(argv: readonly string[]): Handover {
  const link = argv.find((argument) => /^potter:/i.test(argument));
  if (link === undefined) return {};
  return { link: link.length > longestLink ? 'potter:' : link };
}

/** Undefined when the data is not a handover, or its link none that is known. */
export function parseHandover(data: unknown): Link | undefined {
  const parsed = handover.safeParse(data);
  if (!parsed.success) return undefined;
  return parsed.data.link === undefined ? { kind: 'open', place: 'main' } : parseLink(parsed.data.link);
}
