/** What the icon beside the clock tells, put together from the news of the core. */
import type { Client } from '../../shared/client.ts';
import type { HotkeyInfo } from '../../shared/contract.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Log } from '../core/log/log.ts';
import type { SettingsPanel } from './windows.ts';

export interface Problem {
  readonly message: string;
  /** Where it is mended. */
  readonly panel: SettingsPanel;
}

export interface Status {
  /** How many runs are under way. */
  readonly running: number;
  readonly problems: readonly Problem[];
  /** Name of the action that runs next; undefined until it is known. */
  readonly current: string | undefined;
}

export interface StatusOptions {
  readonly client: Client;
  readonly onStatus: (status: Status) => void;
  /** The keys cannot be opened, told once for each time they are found locked. */
  readonly onLocked: (message: string) => void;
  readonly log: Log;
}

/** Reports the status now and whenever it changes. */
export function followStatus(options: StatusOptions): Stop {
  const follower = new Follower(options);
  const { client } = options;
  const stops = [
    client.on('text.started', ({ runId }) => follower.started(runId)),
    client.on('text.finished', ({ runId }) => follower.finished(runId)),
    client.on('hotkeys.changed', ({ hotkeys }) => follower.hotkeys(hotkeys)),
    client.on('keys.changed', () => follower.look('keys', 'current')),
    client.on('actions.changed', () => follower.look('current')),
    client.on('config.changed', () => follower.look('settings', 'current')),
    // A settings file that broke, among others.
    client.on('notice.posted', () => follower.look('settings')),
  ];
  follower.look('keys', 'settings', 'current');
  return () => {
    follower.stop();
    for (const stop of stops) stop();
  };
}

type Part = 'keys' | 'settings' | 'current';

class Follower {
  readonly #options: StatusOptions;
  readonly #running = new Set<string>();
  readonly #problems: Record<'keys' | 'settings' | 'hotkeys', Problem | undefined> = {
    keys: undefined,
    settings: undefined,
    hotkeys: undefined,
  };
  #current: string | undefined;
  /** The newest question about each part: an answer to an older one is out of date. */
  readonly #asked = new Map<Part, object>();
  #isStopped = false;

  constructor(options: StatusOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#isStopped = true;
  }

  started(runId: string): void {
    this.#running.add(runId);
    this.#tell();
  }

  finished(runId: string): void {
    if (this.#running.delete(runId)) this.#tell();
  }

  hotkeys(hotkeys: readonly HotkeyInfo[]): void {
    const failed = hotkeys.filter(({ state }) => state === 'failed').map(({ accelerator }) => accelerator);
    this.#problems.hotkeys =
      failed.length === 0 ? undefined : { message: `Hotkey not working: ${failed.join(', ')}`, panel: 'hotkeys' };
    this.#tell();
  }

  /** Asks how these parts are now. */
  look(...parts: readonly Part[]): void {
    for (const part of parts) {
      const question = {};
      this.#asked.set(part, question);
      this.#ask(part)
        .then((apply) => {
          if (this.#asked.get(part) !== question || this.#isStopped) return;
          apply();
          this.#tell();
        })
        .catch((error: unknown) => {
          if (!this.#isStopped) this.#options.log.warn('the icon could not be brought up to date', { part, error });
        });
    }
  }

  async #ask(part: Part): Promise<() => void> {
    const { client, onLocked } = this.#options;
    switch (part) {
      case 'keys': {
        const { vault, message } = await client.call('keys.list', {});
        return () => {
          const wasLocked = this.#problems.keys !== undefined;
          const why = message ?? 'The stored keys cannot be opened.';
          this.#problems.keys =
            vault === 'unlocked' ? undefined : { message: `Keys are locked. ${why}`, panel: 'providers' };
          if (this.#problems.keys !== undefined && !wasLocked) onLocked(why);
        };
      }
      case 'settings': {
        const [first] = (await client.call('system.info', {})).problems;
        return () => {
          this.#problems.settings = first === undefined ? undefined : { message: first, panel: 'settings' };
        };
      }
      case 'current': {
        const { actions, current } = await client.call('actions.list', {});
        return () => {
          this.#current = actions.find(({ id }) => id === current)?.name;
        };
      }
    }
  }

  #tell(): void {
    if (this.#isStopped) return;
    const { keys, settings, hotkeys } = this.#problems;
    const problems = [keys, settings, hotkeys].filter((problem) => problem !== undefined);
    this.#options.onStatus({ running: this.#running.size, problems, current: this.#current });
  }
}
