/** Every pushed event and its payload. Events are outbound news; a result is obtained by a call. */
import type { HotkeyInfo, VaultState } from './contract.ts';
import type { ErrorCode } from './errors.ts';
import type { SettingKey } from './settings.ts';

export interface Events {
  'text.started': { runId: string; action: string };
  /** `result` is an outcome or an error code. */
  'text.finished': { runId: string; action: string; result: string; message?: string };
  'history.changed': { id: string | 'all' };
  /** An action was made, changed, deleted or put elsewhere. */
  'actions.changed': Record<string, never>;
  'config.changed': { keys: readonly SettingKey[] };
  'keys.changed': { provider: string; vault: VaultState };
  'hotkeys.changed': { hotkeys: readonly HotkeyInfo[] };
  /** `open`: how many nobody has acknowledged. */
  'alerts.changed': { open: number };
  /** For the person in front of the screen: a failed background run, a settings file that broke. */
  'notice.posted': { severity: 'info' | 'warning' | 'error'; message: string; code?: ErrorCode; runId?: string };
}

export type Topic = keyof Events;

/** The topics as a value, for the doors that check what a client subscribes to. */
export const topics = [
  'text.started',
  'text.finished',
  'history.changed',
  'actions.changed',
  'config.changed',
  'keys.changed',
  'hotkeys.changed',
  'alerts.changed',
  'notice.posted',
] as const satisfies readonly Topic[];
