/** Every route and who answers it. A route without a handler does not compile. */
import type { Handlers } from '../gateway/gateway.ts';
import { type ActionsDependencies, actionsHandlers } from './actions.ts';
import { type AlertsDependencies, alertsHandlers } from './alerts.ts';
import { type AuditDependencies, auditHandlers } from './audit.ts';
import { type ChatDependencies, chatHandlers } from './chat.ts';
import { type ConfigDependencies, configHandlers } from './config.ts';
import { type HistoryDependencies, historyHandlers } from './history.ts';
import { type HotkeysDependencies, hotkeysHandlers } from './hotkeys.ts';
import { type KeysDependencies, keysHandlers } from './keys.ts';
import { type MonitorDependencies, monitorHandlers } from './monitor.ts';
import { type ProvidersDependencies, providersHandlers } from './providers.ts';
import { type SystemDependencies, systemHandlers } from './system.ts';
import { type TextDependencies, textHandlers } from './text.ts';
import { type TokensDependencies, tokensHandlers } from './tokens.ts';

export type HandlerDependencies = TextDependencies &
  ChatDependencies &
  ActionsDependencies &
  ProvidersDependencies &
  KeysDependencies &
  ConfigDependencies &
  HistoryDependencies &
  HotkeysDependencies &
  TokensDependencies &
  AuditDependencies &
  MonitorDependencies &
  AlertsDependencies &
  SystemDependencies;

export function createHandlers(dependencies: HandlerDependencies): Handlers {
  return {
    ...textHandlers(dependencies),
    ...chatHandlers(dependencies),
    ...actionsHandlers(dependencies),
    ...providersHandlers(dependencies),
    ...keysHandlers(dependencies),
    ...configHandlers(dependencies),
    ...historyHandlers(dependencies),
    ...hotkeysHandlers(dependencies),
    ...tokensHandlers(dependencies),
    ...auditHandlers(dependencies),
    ...monitorHandlers(dependencies),
    ...alertsHandlers(dependencies),
    ...systemHandlers(dependencies),
  };
}

/** The handlers of one area of the contract. */
export type AreaHandlers<Area extends string> = Pick<Handlers, Extract<keyof Handlers, `${Area}.${string}`>>;
