/** The headers of a request: none that could end it early, and none that says where it goes or how long it is. */
import { PotterError } from '../../../shared/errors.ts';

/** They describe the connection, which is not the caller's. */
const ownHeaders = new Set([
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade', 'expect'],
  ...['proxy-authorization', 'proxy-connection'],
]);

/** What may follow a redirect to another server: it tells nothing about who asks. */
const impersonalHeaders = new Set(['accept', 'accept-language', 'accept-encoding', 'content-type', 'user-agent']);

const namePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/;

export type Headings = Readonly<Record<string, string>>;

/** Fails with `INVALID_INPUT`. The message never holds a value, which may be a key. */
export function outgoingHeaders(given: RequestInit['headers'], name: string): Headings {
  const headers = new Map<string, string>();
  for (const [key, value] of pairsOf(given)) {
    const header = key.toLowerCase();
    if (!namePattern.test(header)) {
      throw new PotterError('INVALID_INPUT', `A request to ${name} has a header with a name that cannot be one.`);
    }
    if (ownHeaders.has(header)) {
      throw new PotterError('INVALID_INPUT', `The header ${header} of a request to ${name} is set by Potter alone.`);
    }
    if (!valuePattern.test(value)) {
      throw new PotterError(
        'INVALID_INPUT',
        `The header ${header} of a request to ${name} has a character that no header may have.`,
      );
    }
    const earlier = headers.get(header);
    headers.set(header, earlier === undefined ? value.trim() : `${earlier}, ${value.trim()}`);
  }
  // Compressed replies are not asked for: a small one can unpack to a gigabyte.
  headers.set('accept-encoding', 'identity');
  return Object.fromEntries(headers);
}

/** `Headers` would take a line break at the end of a value away, and quote the value where it does not. */
function pairsOf(given: RequestInit['headers']): Iterable<readonly [string, string]> {
  if (given === undefined) return [];
  if (given instanceof Headers) return given.entries();
  const pairs = Array.isArray(given) ? given : Object.entries(given);
  return pairs.map(([key = '', value = '']) => [key, String(value)] as const);
}

/** `isElsewhere`: they go to another server than they were meant for. `isBodiless`: what they say of a body is void. */
export function redirectedHeaders(
  headers: Headings,
  { isElsewhere, isBodiless }: { readonly isElsewhere: boolean; readonly isBodiless: boolean },
): Headings {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => (!isElsewhere || impersonalHeaders.has(name)) && !(isBodiless && name.startsWith('content-')),
    ),
  );
}
