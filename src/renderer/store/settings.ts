/** The settings the panels show: each with its value, its default and where the value in force comes from. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Input, SettingInfo } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import type { SettingKey } from '../../shared/settings.ts';
import type { Connection } from './connection.ts';

export interface SettingsState {
  readonly infos: Readonly<Partial<Record<SettingKey, SettingInfo>>>;
  /** Why some of them could not be read. */
  readonly error: PotterError | undefined;
}

type Value = Input<'config.set'>['value'];

export class Settings {
  readonly state: StoreApi<SettingsState> = createStore<SettingsState>(() => ({ infos: {}, error: undefined }));
  readonly #connection: Connection;
  readonly #watched = new Set<SettingKey>();

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onConnected(() => this.#read([...this.#watched]));
    connection.on('config.changed', ({ keys }) => this.#read(keys.filter((key) => this.#watched.has(key))));
  }

  /** Reads these settings, and again whenever they change. */
  async watch(keys: readonly SettingKey[]): Promise<void> {
    const added = keys.filter((key) => !this.#watched.has(key));
    for (const key of added) this.#watched.add(key);
    await this.#read(added);
  }

  async readAgain(): Promise<void> {
    await this.#read([...this.#watched]);
  }

  /** Shown at once, kept by the core; a refusal brings the old value back and fails. */
  async set(key: SettingKey, value: Value): Promise<void> {
    const before = this.state.getState().infos[key];
    // Only plain values are shown before the core has them: it merges objects.
    if (before && !isObject(value)) this.#show({ ...before, value });
    try {
      this.#show(await this.#connection.call('config.set', { key, value }));
    } catch (thrown) {
      if (before) this.#show(before);
      throw thrown;
    }
  }

  /** Takes the value out of the layer it comes from; a refusal fails. */
  async reset(key: SettingKey): Promise<void> {
    const info = this.state.getState().infos[key];
    if (!info) return;
    // An object would be merged into what is there; null takes all of it out.
    const value = isObject(info.default) && !Array.isArray(info.default) ? null : info.default;
    const layer = info.source === 'runtime' ? 'runtime' : 'file';
    this.#show(await this.#connection.call('config.set', { key, value, layer }));
  }

  async #read(keys: readonly SettingKey[]): Promise<void> {
    try {
      const infos = await Promise.all(keys.map((key) => this.#connection.call('config.inspect', { key })));
      for (const info of infos) this.#show(info);
      this.state.setState({ error: undefined });
    } catch (thrown) {
      const error = toPotterError(thrown);
      if (error.code !== 'TRANSPORT_CLOSED') this.state.setState({ error });
    }
  }

  #show(info: SettingInfo): void {
    this.state.setState(({ infos }) => ({ infos: { ...infos, [info.key]: info } }));
  }
}

/** The layer that cannot be changed here and hides whatever is, if there is one. */
export function fixedBy({ layers }: SettingInfo): string | undefined {
  return layers.find(({ layer }) => layer === 'environment')?.where;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
