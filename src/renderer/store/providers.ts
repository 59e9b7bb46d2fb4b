/** The providers with their state and models, and the keys kept for them. A key passes through and is not held. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Output, Protection, ProviderInfo } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import type { ProviderSetting } from '../../shared/settings.ts';
import type { Connection } from './connection.ts';

/** What became of the last test of a provider's key. */
export type KeyTest =
  | { readonly status: 'testing' }
  | { readonly status: 'passed'; readonly models: number }
  | { readonly status: 'failed'; readonly error: PotterError };

export interface ProvidersState {
  readonly status: 'loading' | 'ready' | 'failed';
  readonly error: PotterError | undefined;
  readonly providers: readonly ProviderInfo[];
  /** Where each stands in the list. It stays there while somebody looks, so that nothing moves away under their hands. */
  readonly groups: Readonly<Record<string, ProviderGroup>>;
  /** `provider/model` used where an action names none. */
  readonly default: string | undefined;
  /** Undefined until it is known. */
  readonly vault: Output<'keys.list'> | undefined;
  readonly tests: Readonly<Record<string, KeyTest>>;
}

export class Providers {
  readonly state: StoreApi<ProvidersState> = createStore<ProvidersState>(() => ({
    status: 'loading',
    error: undefined,
    providers: [],
    groups: {},
    default: undefined,
    vault: undefined,
    tests: {},
  }));
  readonly #connection: Connection;
  #isOpen = false;
  #lastRead = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onConnected(() => this.#refresh());
    connection.on('keys.changed', () => this.#refresh());
    connection.on('config.changed', ({ keys }) => {
      if (keys.some((key) => key === 'providers' || key.startsWith('text.') || key === 'privacy.localOnly')) {
        this.#refresh();
      }
    });
  }

  /** Servers are asked when somebody looks, and not before. */
  async open(): Promise<void> {
    this.#isOpen = true;
    await this.readAgain();
  }

  close(): void {
    this.#isOpen = false;
    this.state.setState({ tests: {}, groups: {} });
  }

  async readAgain(): Promise<void> {
    await Promise.all([this.#readVault(), this.#readProviders()]);
  }

  /** Keeps the key, says so, then asks the vendor with it; the outcome is in `tests`. Fails when it was not kept. */
  async setKey(provider: string, given: { key: string; spare: boolean }, kept: () => void): Promise<void> {
    await this.#connection.call('keys.set', { provider, ...given });
    kept();
    await this.test(provider);
  }

  async test(provider: string): Promise<void> {
    this.#tell(provider, { status: 'testing' });
    try {
      const { models } = await this.#connection.call('keys.test', { provider });
      this.#tell(provider, { status: 'passed', models });
    } catch (thrown) {
      this.#tell(provider, { status: 'failed', error: toPotterError(thrown) });
    }
    await this.readAgain();
  }

  /** All of them, or one. */
  async removeKey(provider: string, slot?: number): Promise<void> {
    await this.#connection.call('keys.remove', { provider, ...(slot !== undefined && { slot }) });
    this.#tell(provider, undefined);
    await this.readAgain();
  }

  /** `host`: the one the reader was shown. */
  async attachKey(provider: string, host: string): Promise<void> {
    await this.#connection.call('keys.attach', { provider, host });
    await this.test(provider);
  }

  /** True when the keys are open now. */
  async retry(): Promise<boolean> {
    const { vault } = await this.#connection.call('keys.retry', {});
    await this.readAgain();
    return vault !== 'locked';
  }

  async unlock(passphrase: string): Promise<void> {
    await this.#connection.call('keys.unlock', { passphrase });
    await this.readAgain();
  }

  async protect(
    protection: Protection,
    secrets: { readonly passphrase?: string; readonly current?: string },
  ): Promise<void> {
    await this.#connection.call('keys.protect', { protection, ...secrets });
    await this.#readVault();
  }

  /** Adds a provider or changes one; null takes it off the list. */
  async save(id: string, setting: ProviderSetting | null): Promise<void> {
    await this.#connection.call('config.set', { key: 'providers', value: { [id]: setting } });
    await this.readAgain();
  }

  #refresh(): void {
    if (this.#isOpen) void this.readAgain();
  }

  async #readVault(): Promise<void> {
    try {
      this.state.setState({ vault: await this.#connection.call('keys.list', {}) });
    } catch {
      // The list of providers says what is wrong.
    }
  }

  async #readProviders(): Promise<void> {
    const read = ++this.#lastRead;
    try {
      const { providers, default: chosen } = await this.#connection.call('providers.list', {});
      if (read !== this.#lastRead) return;
      const groups = Object.fromEntries(providers.map((each) => [each.id, groupOf(each)]));
      this.state.setState((before) => ({
        ...{ providers, default: chosen, status: 'ready', error: undefined },
        groups: { ...groups, ...before.groups },
      }));
    } catch (thrown) {
      const error = toPotterError(thrown);
      if (read !== this.#lastRead || error.code === 'TRANSPORT_CLOSED') return;
      this.state.setState({ status: 'failed', error });
    }
  }

  #tell(provider: string, test: KeyTest | undefined): void {
    const { [provider]: _old, ...others } = this.state.getState().tests;
    this.state.setState({ tests: test ? { ...others, [provider]: test } : others });
  }
}

/** Where a provider stands in the list: what works or wants attention first, what is merely not set up behind. */
export const providerGroups = ['inUse', 'local', 'vendors'] as const;
export type ProviderGroup = (typeof providerGroups)[number];

export function groupOf({ state, needsKey }: ProviderInfo): ProviderGroup {
  if (state === 'no-key') return 'vendors';
  // A program on this machine that does not run is no fault.
  return state === 'down' && !needsKey ? 'local' : 'inUse';
}

/** The host with its port, as a key is bound to it. */
export function hostOf(baseUrl: string): string {
  return URL.parse(baseUrl)?.host ?? baseUrl;
}
