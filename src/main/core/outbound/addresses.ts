/** Which addresses there are, who may reach which of them, and what can be refused before anything is looked up. */
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { PotterError } from '../../../shared/errors.ts';
import type { FetchPolicy } from '../outbound.ts';

type Place = 'loopback' | 'private' | 'forbidden' | 'public';
export type Classifier = (address: string) => Place;

/** All addresses of a name. */
export type Lookup = (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

/** The first that holds an address counts. An IPv4 address that is in none is public, an IPv6 address forbidden. */
const places: readonly (readonly [Place, readonly string[]])[] = [
  // What clouds tell their machines' secrets at, outside the link-local range.
  ['forbidden', ['fd00:ec2::254/128', 'fd20:ce::254/128', '100.100.100.200/32', '168.63.129.16/32']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  // 198.18/15 is what tunnelling proxies answer for every name.
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', 'fc00::/7']],
  // Link-local holds the metadata services of clouds; the rest is unroutable or wraps another address.
  [
    'forbidden',
    [
      '0.0.0.0/8',
      '169.254.0.0/16',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '224.0.0.0/4',
      '240.0.0.0/4',
      '2001::/23',
      '2001:db8::/32',
      '2002::/16',
      '3fff::/20',
    ],
  ],
  ['public', ['2000::/3']],
];

export function createClassifier(): Classifier {
  const lists = places.map(([place, ranges]) => {
    const list = new BlockList();
    for (const range of ranges) {
      const [network = '', bits] = range.split('/');
      list.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4');
    }
    return { place, list };
  });
  const placeOf = (address: string, family: 'ipv4' | 'ipv6', otherwise: Place): Place =>
    lists.find(({ list }) => list.check(address, family))?.place ?? otherwise;
  return (address) => {
    const family = isIP(address);
    // A zone names a cable of this machine.
    if (family === 0 || address.includes('%')) return 'forbidden';
    if (family === 4) return placeOf(address, 'ipv4', 'public');
    const groups = groupsOf(address);
    const inner = groups.slice(6).flatMap((group) => [group >> 8, group & 255]);
    const place = placeOf(inner.join('.'), 'ipv4', 'public');
    const wrapping = wrappings.find(({ matches }) => matches(groups));
    return wrapping ? wrapping.judge(place) : placeOf(address, 'ipv6', 'forbidden');
  };
}

/** How an IPv6 address can end in an IPv4 address. 6to4 and Teredo hold theirs elsewhere and are refused as ranges. */
const wrappings: readonly {
  readonly matches: (groups: readonly number[]) => boolean;
  readonly judge: (inner: Place) => Place;
}[] = [
  // Mapped: the same address.
  { matches: (groups) => startsWith(groups, [0, 0, 0, 0, 0, 0xffff]), judge: (inner) => inner },
  // NAT64: another machine unwraps it, whose loopback and network are not ours.
  {
    matches: (groups) => startsWith(groups, [0x64, 0xff9b, 0, 0, 0, 0]),
    judge: (inner) => (inner === 'public' ? inner : 'forbidden'),
  },
  // ISATAP: under any prefix, and long gone from the public network.
  { matches: ([, , , , e = 0, f]) => (e & 0xfdff) === 0 && f === 0x5efe, judge: () => 'forbidden' },
];

function startsWith(groups: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((group, index) => groups[index] === group);
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  // The URL parser spells every form alike.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const numbers = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [numbers(head), numbers(tail)];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

/** Does this host, as a URL spells it, mean this machine whatever a name server says? */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '').toLowerCase();
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Is this a name that only means something inside a network? */
export function isLocalName(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '').toLowerCase();
  return isLoopbackHost(host) || !/[.:]/.test(host) || /\.(?:local|internal|intranet|lan|home\.arpa)$/.test(host);
}

/** The IP address a URL holds in place of a name. */
export function literalOf({ hostname }: URL): string | undefined {
  const literal = hostname.replace(/^\[|\]$/g, '');
  return isIP(literal) === 0 ? undefined : literal;
}

/** Where other protocols live, from the Fetch standard: some of their servers take a request for a command. */
const foreignPorts = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109],
  ...[110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530],
  ...[531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190],
  ...[5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/** What a connection may reach. */
export interface Reach {
  readonly host: string;
  /** May loopback and LAN addresses be reached? */
  readonly named: boolean;
  readonly localOnly: boolean;
  /** Would a public address see a key in clear text? */
  readonly exposesKey: boolean;
  readonly name: string;
}

export function reachOf(policy: FetchPolicy, url: URL): Reach {
  const named = policy.named === undefined ? null : URL.parse(policy.named);
  return {
    host: url.host,
    named: named !== null && named.hostname === url.hostname && portOf(named) === portOf(url),
    localOnly: policy.localOnly ?? false,
    exposesKey: (policy.carriesKey ?? false) && url.protocol === 'http:',
    name: policy.name,
  };
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80');
}

function permits({ named, localOnly, exposesKey }: Reach, place: Place): boolean {
  if (localOnly) return named && place === 'loopback';
  return place === 'public' ? !exposesKey : named && place !== 'forbidden';
}

function blocked({ host, name, localOnly, exposesKey, named }: Reach): PotterError {
  const reason = localOnly
    ? 'is not on this machine, and local-only is switched on'
    : exposesKey && named
      ? 'is reached over plain http, where anyone on the way could read the key; use https'
      : 'is an address inside this machine or network';
  return new PotterError('BLOCKED_ADDRESS', `${name} at ${host} ${reason}.`);
}

/**
 * What can be told from the address itself; a socket to an IP literal never asks the lookup. Behind a proxy this is all
 * there is: the name is looked up there, so only what needs no lookup can be refused here.
 */
export function refusalOf(
  url: URL,
  reach: Reach,
  { classify, isProxied }: { readonly classify: Classifier; readonly isProxied: boolean },
): PotterError | undefined {
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.password !== '') {
    return new PotterError('ENDPOINT', `The address of ${reach.name} must be http or https, without a user name.`);
  }
  if (!reach.named && foreignPorts.has(Number(portOf(url)))) {
    return new PotterError(
      'BLOCKED_ADDRESS',
      `${reach.name} at ${reach.host} is on a port that belongs to another protocol than the web's.`,
    );
  }
  const literal = literalOf(url);
  if (literal !== undefined) return permits(reach, classify(literal)) ? undefined : blocked(reach);
  // Not even the name leaves the machine.
  if (reach.localOnly && !isLoopbackHost(url.hostname)) return blocked(reach);
  return isProxied && (isLocalName(url.hostname) || reach.exposesKey) ? blocked(reach) : undefined;
}

/** Resolves a name and hands the socket only addresses it may connect to, so there is no second, unchecked lookup. */
export function checkedLookup(
  { lookup, limitMs, classify }: { readonly lookup: Lookup; readonly limitMs: number; readonly classify: Classifier },
  reach: Reach,
): LookupFunction {
  return (hostname, options, callback) => {
    within(limitMs, lookup(hostname))
      .then((found) => {
        const open = found.filter(({ address }) => permits(reach, classify(address)));
        const [first] = open;
        if (found.length > 0 && !first) callback(blocked(reach), '');
        else if (!first) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
        else if (options.all) callback(null, [...open]);
        else callback(null, first.address, first.family);
      })
      .catch((thrown: NodeJS.ErrnoException) => callback(thrown, ''));
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' })), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
