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
  /** Opens the list of actions: for what was captured, or for no text when nothing was selected. */
  readonly onPalette: (captureId?: string) => void;
  /** Closes the list when it is open, and says whether it was: a second press closes it again. */
  readonly closePalette?: () => boolean;
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

const hotkeySettings: readonly SettingKey[] = ['hotkeys.run', 'hotkeys.palette', 'hotkeys.restore', 'hotkeys.actions'];
/** How many free combinations are offered instead of one that failed. */
const offered = 3;

/** A combination and what it does. An action may be called `palette` too, so the name alone does not say. */
interface Wish extends Pick<HotkeyInfo, 'accelerator' | 'command'> {
  readonly press: (bindings: Bindings) => void;
}

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

  async #bind({ accelerator, command, press }: Wish, earlier: readonly HotkeyInfo[]): Promise<HotkeyInfo> {
    try {
      const canonical = formatAccelerator(parseAccelerator(accelerator));
      const rival = earlier.find((hotkey) => hotkey.accelerator === canonical);
      if (rival) throw new PotterError('HOTKEY_TAKEN', `"${canonical}" is already the hotkey of "${rival.command}".`);
      await this.#register(canonical, () => press(this));
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

  /** The selection is read while its window is still in front, and the list opens afterwards. */
  openPalette(): void {
    const { client, log, onPalette, closePalette } = this.#options;
    if (closePalette?.()) return;
    this.#capture(async () => {
      try {
        const { captureId } = await client.call('text.capture', {});
        onPalette(captureId);
      } catch (thrown) {
        const { code, message } = toPotterError(thrown);
        log.debug('the list of actions opens without a text', { code, message });
        if (!this.#isStopped) onPalette();
      }
    });
  }

  /** The core tells the person how it went; here it is only logged. */
  run(action: string | undefined): void {
    const { client, log } = this.#options;
    const source = { type: 'selection' } as const;
    this.#capture(async (captured) => {
      const input = action === undefined ? { source } : { source, action };
      await client.call('text.process', input, { onChunk: captured }).catch((thrown: unknown) => {
        const { code, message } = toPotterError(thrown);
        log.info('a run started by hotkey ended without a result', { code, message });
      });
    });
  }

  restore(): void {
    const { client, log } = this.#options;
    this.#capture(async () => {
      await client.call('text.restore', {}).catch((thrown: unknown) => {
        const { code, message } = toPotterError(thrown);
        log.info('the original was not put back', { code, message });
      });
    });
  }

  /** Only one press at a time works on the window in front, until it is done or says that it has `captured`. */
  #capture(work: (captured: () => void) => Promise<void>): void {
    if (this.#capturing) {
      this.#options.log.debug('a hotkey was pressed while the selection is being read');
      return;
    }
    const press = {};
    this.#capturing = press;
    const captured = (): void => {
      if (this.#capturing === press) this.#capturing = undefined;
    };
    void work(captured).finally(captured);
  }
}

/** The settings are checked where they are kept, so their values have the types of their schemas. */
function wishesOf(values: Readonly<Record<string, unknown>>): Wish[] {
  const read = <K extends SettingKey>(key: K): SettingValue<K> => values[key] as SettingValue<K>;
  const own: readonly (Omit<Wish, 'accelerator'> & { readonly accelerator: string | null })[] = [
    { accelerator: read('hotkeys.run'), command: 'run', press: (bindings) => bindings.run(undefined) },
    { accelerator: read('hotkeys.palette'), command: 'palette', press: (bindings) => bindings.openPalette() },
    { accelerator: read('hotkeys.restore'), command: 'restore', press: (bindings) => bindings.restore() },
    ...Object.entries(read('hotkeys.actions')).map(([command, accelerator]) => ({
      ...{ accelerator, command },
      press: (bindings: Bindings) => bindings.run(command),
    })),
  ];
  return own.flatMap(({ accelerator, ...wish }) => (accelerator === null ? [] : [{ accelerator, ...wish }]));
}
