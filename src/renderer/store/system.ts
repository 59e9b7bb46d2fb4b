/** What the frame around the panels shows: the program itself, its hotkeys and its theme. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { HotkeyInfo, Output, WelcomeStep } from '../../shared/contract.ts';
import type { SettingKey, SettingValue } from '../../shared/settings.ts';
import type { Connection } from './connection.ts';

export type Theme = SettingValue<'appearance.theme'>;
type LanguageChoice = SettingValue<'appearance.language'>;

export interface SystemState {
  readonly info: Output<'system.info'> | undefined;
  readonly hotkeys: readonly HotkeyInfo[];
  /** Undefined until the setting is known. */
  readonly theme: Theme | undefined;
  /** Undefined until the setting is known. */
  readonly language: LanguageChoice | undefined;
}

export class System {
  readonly state: StoreApi<SystemState> = createStore<SystemState>(() => ({
    info: undefined,
    hotkeys: [],
    theme: undefined,
    language: undefined,
  }));
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onConnected(() => this.#load());
    connection.on('config.changed', () => this.#load());
    connection.on('notice.posted', () => this.#load());
    connection.on('hotkeys.changed', ({ hotkeys }) => this.state.setState({ hotkeys }));
  }

  /** Shown at once, kept by the core; a refusal brings the old theme back and fails. */
  async setTheme(theme: Theme): Promise<void> {
    const before = this.state.getState().theme;
    this.state.setState({ theme });
    try {
      await this.#connection.call('config.set', { key: 'appearance.theme', value: theme });
    } catch (thrown) {
      this.state.setState({ theme: before });
      throw thrown;
    }
  }

  /** Keeps how far the introduction has come. That it could not be kept costs a look at it at the next start. */
  async welcome(step: WelcomeStep): Promise<void> {
    const { info } = this.state.getState();
    if (info) this.state.setState({ info: { ...info, welcome: step } });
    await this.#connection.call('system.welcome', { step }).catch(() => undefined);
  }

  /** Gives a command another hotkey. */
  async setHotkey({ command }: HotkeyInfo, accelerator: string): Promise<void> {
    if (command === 'run' || command === 'palette' || command === 'restore') {
      await this.#connection.call('config.set', { key: `hotkeys.${command}` satisfies SettingKey, value: accelerator });
      return;
    }
    const key = 'hotkeys.actions' satisfies SettingKey;
    // The core merges it into the others.
    await this.#connection.call('config.set', { key, value: { [command]: accelerator } });
  }

  async #load(): Promise<void> {
    const [info, hotkeys, theme, language] = await Promise.allSettled([
      this.#connection.call('system.info', {}),
      this.#connection.call('hotkeys.list', {}),
      this.#connection.call('config.get', { key: 'appearance.theme' satisfies SettingKey }),
      this.#connection.call('config.get', { key: 'appearance.language' satisfies SettingKey }),
    ]);
    if (info.status === 'fulfilled') this.state.setState({ info: info.value });
    if (hotkeys.status === 'fulfilled') this.state.setState({ hotkeys: hotkeys.value.hotkeys });
    if (theme.status === 'fulfilled') this.#adoptTheme(theme.value.values['appearance.theme']);
    if (language.status === 'fulfilled') this.#adoptLanguage(language.value.values['appearance.language']);
  }

  #adoptTheme(value: unknown): void {
    if (value === 'system' || value === 'light' || value === 'dark') this.state.setState({ theme: value });
  }

  #adoptLanguage(value: unknown): void {
    if (value === 'system' || value === 'en' || value === 'de') this.state.setState({ language: value });
  }
}
