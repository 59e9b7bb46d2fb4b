/** The list of hotkeys: each command with its combination, where that comes from and what became of it. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { formatAccelerator, parseAccelerator } from '../../shared/accelerator.ts';
import type { ActionInfo, HotkeyInfo, SettingInfo } from '../../shared/contract.ts';
import type { SettingKey } from '../../shared/settings.ts';
import { fixedBy, type Settings, type SettingsState } from './settings.ts';

export const ownCommands = ['run', 'palette', 'restore'] as const;
export type OwnCommand = (typeof ownCommands)[number];

/** What a hotkey does. An action may be called `palette` too, so its name alone does not say. */
export type HotkeyTarget =
  | { readonly kind: 'own'; readonly command: OwnCommand }
  /** `action` is absent where the settings name one that is not there. */
  | { readonly kind: 'action'; readonly command: string; readonly action: ActionInfo | undefined };

export interface Hotkey {
  /** Unlike its command the only one of this name. */
  readonly id: string;
  readonly target: HotkeyTarget;
  /** As the settings have it; null for none. */
  readonly accelerator: string | null;
  readonly byDefault: string | null;
  /** What sets it where it cannot be changed here. */
  readonly fixedBy: string | undefined;
  /** `unheld`: no shell listens for hotkeys; `pending`: one does, and has not told yet what became of this one. */
  readonly state: HotkeyInfo['state'] | 'unheld' | 'pending' | 'none';
  /** Why it failed. */
  readonly message: string | undefined;
  /** Free combinations to offer instead. */
  readonly alternatives: readonly string[];
}

export const hotkeySettings = [
  ...ownCommands.map((command) => `hotkeys.${command}` as const),
  'hotkeys.actions',
] as const satisfies readonly SettingKey[];

export const hotkeyFilters = ['all', 'set'] as const;
export type HotkeyFilter = (typeof hotkeyFilters)[number];

export interface HotkeysState {
  readonly query: string;
  readonly filter: HotkeyFilter;
  /** Those changed since the filter was chosen: they stay in the list. */
  readonly changed: ReadonlySet<string>;
}

export class Hotkeys {
  readonly state: StoreApi<HotkeysState> = createStore<HotkeysState>(() => ({
    query: '',
    filter: 'all',
    changed: new Set(),
  }));
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  search(query: string): void {
    this.state.setState({ query });
  }

  choose(filter: HotkeyFilter): void {
    this.state.setState({ filter, changed: new Set() });
  }

  /** Gives a command a combination, or takes it away. Fails with what the core said. */
  async set({ id, target }: Pick<Hotkey, 'id' | 'target'>, accelerator: string | null): Promise<void> {
    this.state.setState(({ changed }) => ({ changed: new Set(changed).add(id) }));
    if (target.kind === 'own') await this.#settings.set(`hotkeys.${target.command}`, accelerator);
    // One entry is merged into the others; null takes it out.
    else await this.#settings.set('hotkeys.actions', { [target.command]: accelerator });
  }
}

/** Every hotkey there is or could be; undefined until the settings are known. */
export function hotkeysOf(
  infos: SettingsState['infos'],
  actions: readonly ActionInfo[],
  reported: readonly HotkeyInfo[],
): readonly Hotkey[] | undefined {
  const known = hotkeySettings.every((key) => infos[key] !== undefined);
  const ofActions = infos['hotkeys.actions'];
  if (!known || !ofActions) return undefined;
  const own = ownCommands.map((command) => ownHotkey(command, infos[`hotkeys.${command}`], reported));
  const combinations = textsIn(ofActions.value);
  const ids = new Set(actions.map(({ id }) => id));
  const lost = Object.keys(combinations).filter((id) => !ids.has(id));
  const single = [...actions.map(({ id }) => id), ...lost].map((command) => {
    const action = actions.find(({ id }) => id === command);
    const accelerator = Object.hasOwn(combinations, command) ? (combinations[command] ?? null) : null;
    return {
      id: `action:${command}`,
      target: { kind: 'action', command, action } as const,
      accelerator,
      byDefault: null,
      fixedBy: fixedEntry(ofActions, command),
      ...becameOf(command, accelerator, reported),
    };
  });
  return [...own, ...single];
}

/** The other command that has these keys already. */
export function rivalOf(
  { id }: Pick<Hotkey, 'id'>,
  accelerator: string,
  hotkeys: readonly Hotkey[],
  isMac: boolean,
): Hotkey | undefined {
  const wanted = pressOf(accelerator, isMac);
  return hotkeys.find((other) => {
    return other.id !== id && other.accelerator !== null && pressOf(other.accelerator, isMac) === wanted;
  });
}

/** The same text for what is pressed alike on this system; one that is no combination stays itself. */
export function pressOf(accelerator: string, isMac: boolean): string {
  try {
    const { modifiers, key } = parseAccelerator(accelerator);
    const held = modifiers.map((name) => (name === 'CmdOrCtrl' ? (isMac ? 'Cmd' : 'Ctrl') : name));
    return formatAccelerator({ modifiers: held, key });
  } catch {
    return accelerator;
  }
}

function ownHotkey(command: OwnCommand, info: SettingInfo | undefined, reported: readonly HotkeyInfo[]): Hotkey {
  const accelerator = textOf(info?.value);
  return {
    id: `own:${command}`,
    target: { kind: 'own', command },
    accelerator,
    byDefault: textOf(info?.default),
    fixedBy: info && fixedBy(info),
    ...becameOf(command, accelerator, reported),
  };
}

function becameOf(
  command: string,
  accelerator: string | null,
  reported: readonly HotkeyInfo[],
): Pick<Hotkey, 'state' | 'message' | 'alternatives'> {
  const nothing = { message: undefined, alternatives: [] };
  if (accelerator === null) return { state: 'none', ...nothing };
  const wanted = pressOf(accelerator, false);
  const report = reported.find((one) => one.command === command && pressOf(one.accelerator, false) === wanted);
  if (report) return { state: report.state, message: report.message, alternatives: report.alternatives };
  return { state: reported.length > 0 ? 'pending' : 'unheld', ...nothing };
}

/** The variable that names this very action; the others of the setting are free. */
function fixedEntry(info: SettingInfo, id: string): string | undefined {
  const layer = info.layers.find((one) => one.layer === 'environment');
  return layer && isRecord(layer.value) && Object.hasOwn(layer.value, id) ? layer.where : undefined;
}

function textsIn(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])),
  );
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
