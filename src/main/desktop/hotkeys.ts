/** The global hotkeys of the settings: registered, reported to the core, and turned into calls. */
import { alternativesTo, formatAccelerator, parseAccelerator } from '../../shared/accelerator.ts';
import type { Client } from '../../shared/client.ts';
import type { HotkeyInfo } from '../../shared/contract.ts';
import { PotterError, toPotterError } from '../../shared/errors.ts';
import type { SettingKey, SettingValue } from '../../shared/settings.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Log } from '../core/log/log.ts';

/** What a system offers: X11 through `openX11`, Electron through its globalShortcut. */
export interface HotkeyRegistrar {
  /** Fails with `HOTKEY_TAKEN` or `HOTKEY_INVALID`. A held key presses once. */
  register(accelerator: string, onPress: () => void): Promise<Stop>;
}

export interface HotkeyOptions {
  readonly client: Client;
  readonly registrar: HotkeyRegistrar;
  readonly onPalette: () => void;
  readonly log: Log;
}

/** Registers the hotkeys of the settings, and again whenever those change. Stopping releases them. */
export async function bindHotkeys(options: HotkeyOptions): Promise<Stop> {
  const bindings = new Bindings(options);
  const stop = options.client.on('config.changed', ({ keys }) => {
    if (keys.some((key) => hotkeySettings.includes(key))) void bindings.rebind();
  });
  await bindings.rebind();
  return () => {
    stop();
    bindings.stop();
  };
}

const hotkeySettings: readonly SettingKey[] = ['hotkeys.run', 'hotkeys.palette', 'hotkeys.actions'];
/** How many free combinations are offered instead of one that failed. */
const offered = 3;

/** A combination and what it does: `run`, `palette` or the id of an action. */
type Wish = Pick<HotkeyInfo, 'accelerator' | 'command'>;

class Bindings {
  readonly #options: HotkeyOptions;
  #registered: Stop[] = [];
  /** Changes of the settings are worked off one after another. */
  #last: Promise<void> = Promise.resolve();
  #isStopped = false;
  /** The press whose selection is still being read; a second one meanwhile would read it in the middle of the first. */
  #capturing: object | undefined;

  constructor(options: HotkeyOptions) {
    this.#options = options;
  }

  rebind(): Promise<void> {
    this.#last = this.#last
      .then(() => this.#bindAll())
      .catch((thrown: unknown) => {
        if (!this.#isStopped) this.#options.log.error('the hotkeys could not be set up', { error: thrown });
      });
    return this.#last;
  }

  stop(): void {
    this.#isStopped = true;
    this.#releaseAll();
  }

  async #bindAll(): Promise<void> {
    const { client } = this.#options;
    const wishes = wishesOf((await client.call('config.get', {})).values);
    this.#releaseAll();
    const hotkeys: HotkeyInfo[] = [];
    for (const wish of wishes) hotkeys.push(await this.#bind(wish, hotkeys));
    // Only when all are registered is it known which combinations are free.
    for (const hotkey of hotkeys) hotkey.alternatives.push(...(await this.#freeInsteadOf(hotkey, wishes)));
    await client.call('hotkeys.report', { hotkeys });
  }

  async #bind({ accelerator, command }: Wish, earlier: readonly HotkeyInfo[]): Promise<HotkeyInfo> {
    try {
      const canonical = formatAccelerator(parseAccelerator(accelerator));
      const rival = earlier.find((hotkey) => hotkey.accelerator === canonical);
      if (rival) throw new PotterError('HOTKEY_TAKEN', `"${canonical}" is already the hotkey of "${rival.command}".`);
      await this.#register(canonical, () => this.#onPress(command));
      return { accelerator: canonical, command, state: 'registered', alternatives: [] };
    } catch (thrown) {
      const { code, message } = toPotterError(thrown);
      this.#options.log.warn('a hotkey could not be registered', { accelerator, command, code, message });
      return { accelerator, command, state: 'failed', message, alternatives: [] };
    }
  }

  async #register(accelerator: string, onPress: () => void): Promise<void> {
    const release = await this.#options.registrar.register(accelerator, onPress);
    if (this.#isStopped) release();
    else this.#registered.push(release);
  }

  /** Each combination offered was registered a moment ago, for a moment. */
  async #freeInsteadOf({ state, accelerator }: HotkeyInfo, wishes: readonly Wish[]): Promise<string[]> {
    const free: string[] = [];
    if (state === 'registered') return free;
    const taken = wishes.map((wish) => wish.accelerator);
    for (const candidate of alternativesTo(accelerator, taken)) {
      if (free.length === offered || this.#isStopped) break;
      const release = await this.#options.registrar.register(candidate, () => undefined).catch(() => undefined);
      if (release === undefined) continue;
      release();
      free.push(candidate);
    }
    return free;
  }

  #releaseAll(): void {
    for (const release of this.#registered.splice(0)) release();
  }

  #onPress(command: string): void {
    if (command === 'palette') this.#options.onPalette();
    else this.#run(command === 'run' ? undefined : command);
  }

  /** The core tells the person how it went; here it is only logged. */
  #run(action: string | undefined): void {
    const { client, log } = this.#options;
    if (this.#capturing) {
      log.debug('a hotkey was pressed while the selection is being read');
      return;
    }
    const press = {};
    this.#capturing = press;
    const captured = (): void => {
      if (this.#capturing === press) this.#capturing = undefined;
    };
    const source = { type: 'selection' } as const;
    client
      .call('text.process', action === undefined ? { source } : { source, action }, { onChunk: captured })
      .catch((thrown: unknown) => {
        const { code, message } = toPotterError(thrown);
        log.info('a run started by hotkey ended without a result', { code, message });
      })
      .finally(captured);
  }
}

/** The settings are checked where they are kept, so their values have the types of their schemas. */
function wishesOf(values: Readonly<Record<string, unknown>>): Wish[] {
  const read = <K extends SettingKey>(key: K): SettingValue<K> => values[key] as SettingValue<K>;
  const run = read('hotkeys.run');
  const palette = read('hotkeys.palette');
  return [
    ...(run === null ? [] : [{ accelerator: run, command: 'run' }]),
    ...(palette === null ? [] : [{ accelerator: palette, command: 'palette' }]),
    ...Object.entries(read('hotkeys.actions')).map(([command, accelerator]) => ({ accelerator, command })),
  ];
}
