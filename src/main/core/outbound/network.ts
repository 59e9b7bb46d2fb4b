/** The network as the settings describe it: through which proxy a request goes, whom to trust, and the open connections. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import { PotterError } from '../../../shared/errors.ts';
import {
  type Classifier,
  checkedLookup,
  createClassifier,
  isLocalName,
  isLoopbackHost,
  type Lookup,
  literalOf,
  type Reach,
  refusalOf,
} from './addresses.ts';

export interface NetworkSettings {
  /** Address of an HTTP proxy, or null for none. Variables such as `HTTPS_PROXY` are never read. */
  readonly proxy: string | null;
  /** Hosts, with everything below them, that are reached without it. */
  readonly noProxy: readonly string[];
  /** PEM file of authorities to trust besides Node's own and the system's, or null for Node's own alone. */
  readonly caFile: string | null;
}

export const plainNetwork: NetworkSettings = { proxy: null, noProxy: [], caFile: null };

/** The way to a server, for those who may all reach the same. */
export interface Way {
  readonly dispatcher: Dispatcher;
  /** Host and port of the proxy it leads through. */
  readonly proxy: string | undefined;
}

export interface NetworkOptions {
  readonly settings: () => NetworkSettings;
  readonly lookup: Lookup;
  readonly lookupMs: number;
  readonly connectMs: number;
  readonly headersMs: number;
}

export const loadClient = () => import('undici');

/** One network after another: whenever a setting has changed, the next request opens its own connections. */
export class Networks {
  readonly #options: NetworkOptions;
  readonly #classify = createClassifier();
  /**
   * All there ever were: what is under way in an old one goes on, and its idle connections end by themselves. An agent
   * that was closed for that could no longer be destroyed when Potter stops.
   */
  readonly #all: Network[] = [];
  #current: Network | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  current(): Network {
    const settings = this.#options.settings();
    if (this.#current && isSame(this.#current.settings, settings)) return this.#current;
    this.#current = new Network({ ...this.#options, classify: this.#classify }, settings);
    this.#all.push(this.#current);
    return this.#current;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#all.map((network) => network.destroy()));
  }
}

function isSame(one: NetworkSettings, other: NetworkSettings): boolean {
  if (one.proxy !== other.proxy || one.caFile !== other.caFile) return false;
  return one.noProxy === other.noProxy || one.noProxy.join() === other.noProxy.join();
}

export class Network {
  readonly settings: NetworkSettings;
  readonly #options: NetworkOptions & { readonly classify: Classifier };
  readonly #proxy: URL | undefined;
  readonly #direct: readonly string[];
  readonly #ways = new Map<string, Promise<Way>>();
  #trust: Promise<SecureContext | undefined> | undefined;

  constructor(options: NetworkOptions & { readonly classify: Classifier }, settings: NetworkSettings) {
    this.#options = options;
    this.settings = settings;
    this.#proxy = settings.proxy === null ? undefined : new URL(settings.proxy);
    this.#direct = settings.noProxy.map((suffix) => suffix.toLowerCase().replace(/^\*?\.|\.$|[[\]]/g, ''));
  }

  /** Fails where the address may not be reached, or the settings cannot be followed; nothing has left then. */
  async open(url: URL, reach: Reach): Promise<Way> {
    const { classify } = this.#options;
    const proxy = this.#goesDirect(url, reach) ? undefined : this.#proxy;
    const refusal = refusalOf(url, reach, { classify, isProxied: proxy !== undefined });
    if (refusal) throw refusal;
    // A connection is only ever reused by calls that were allowed to open it.
    const key = JSON.stringify([reach, proxy !== undefined]);
    const known = this.#ways.get(key);
    if (known) return await known;
    const way = this.#lay(reach, proxy);
    this.#ways.set(key, way);
    // What fails here may be mended before the next request.
    way.catch(() => this.#ways.delete(key));
    return await way;
  }

  /** This machine, and servers inside the network that the person named, are none of the proxy's business. */
  #goesDirect(url: URL, reach: Reach): boolean {
    if (!this.#proxy || isLoopbackHost(url.hostname)) return true;
    const literal = literalOf(url);
    const isInside = literal === undefined ? isLocalName(url.hostname) : this.#options.classify(literal) !== 'public';
    if (isInside && reach.named) return true;
    const host = literal ?? url.hostname.replace(/\.$/, '');
    return this.#direct.some((suffix) => host === suffix || (literal === undefined && host.endsWith(`.${suffix}`)));
  }

  async #lay(reach: Reach, proxy: URL | undefined): Promise<Way> {
    this.#trust ??= trustOf(this.settings.caFile);
    const [{ Agent, Pool, ProxyAgent }, secureContext] = await Promise.all([
      loadClient(),
      this.#trust.catch((thrown: unknown) => {
        this.#trust = undefined;
        throw thrown;
      }),
    ]);
    const { connectMs, headersMs, lookup, lookupMs, classify } = this.#options;
    const connect = {
      timeout: connectMs,
      // Or NODE_TLS_REJECT_UNAUTHORIZED of the environment would decide.
      rejectUnauthorized: true,
      ...(secureContext && { secureContext }),
    };
    const lookupFor = (allowed: Reach) => checkedLookup({ lookup, limitMs: lookupMs, classify }, allowed);
    // One request, one socket: cancelling closes it. With HTTP/2 it would live on, and could serve another host.
    const common = { allowH2: false, autoSelectFamily: true } as const;
    if (!proxy) {
      return {
        dispatcher: new Agent({ ...common, connect: { ...connect, lookup: lookupFor(reach) } }),
        proxy: undefined,
      };
    }
    const toProxy = { host: proxy.host, named: true, localOnly: false, exposesKey: false, name: 'The proxy' };
    const refusal = refusalOf(proxy, toProxy, { classify, isProxied: false });
    if (refusal) throw refusal;
    const dispatcher = new ProxyAgent({
      ...common,
      uri: proxy.href,
      proxyTls: { ...connect, lookup: lookupFor(toProxy) },
      requestTls: { ...connect, allowH2: false },
      clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: headersMs }),
    });
    return { dispatcher, proxy: proxy.host };
  }

  async destroy(): Promise<void> {
    const ways = await Promise.allSettled(this.#ways.values());
    await Promise.all(ways.map((way) => way.status === 'fulfilled' && way.value.dispatcher.destroy()));
  }
}

/** Undefined for Node's own authorities. Reading the system's takes a tenth of a second, which only this setting is worth. */
async function trustOf(caFile: string | null): Promise<SecureContext | undefined> {
  if (caFile === null) return undefined;
  try {
    // Few have such a file, and loading this takes 10 ms of a start.
    const [text, { createSecureContext, getCACertificates }] = await Promise.all([
      readFile(caFile, 'utf8'),
      import('node:tls'),
    ]);
    const added = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    if (added.length === 0) throw unusable(caFile, 'there is no certificate in it');
    // A context takes anything for a certificate and says nothing.
    for (const certificate of added) new X509Certificate(certificate);
    const ca = new Set([...getCACertificates('bundled'), ...getCACertificates('system'), ...added]);
    return createSecureContext({ ca: [...ca] });
  } catch (cause) {
    if (cause instanceof PotterError) throw cause;
    throw unusable(caFile, cause instanceof Error ? cause.message : 'unknown', cause);
  }
}

function unusable(caFile: string, reason: string, cause?: unknown): PotterError {
  const message = `The file ${caFile} of \`network.caFile\` cannot be used: ${reason}. Nothing was sent.`;
  return new PotterError('SETTING_INVALID', message, { cause });
}
