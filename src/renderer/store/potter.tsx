/** The stores, made once in `main.tsx` and handed down; no panel reaches the core past them. */
import { createContext, useContext } from 'react';
import type { ActionEditor } from './action-editor.ts';
import type { Actions } from './actions.ts';
import type { Alerts } from './alerts.ts';
import type { Connection } from './connection.ts';
import type { History } from './history.ts';
import type { Hotkeys } from './hotkeys.ts';
import type { Keystrokes } from './keystrokes.ts';
import type { Palette } from './palette.ts';
import type { Practice } from './practice.ts';
import type { Process } from './process.ts';
import type { Providers } from './providers.ts';
import type { Settings } from './settings.ts';
import type { System } from './system.ts';

export interface Potter {
  readonly connection: Connection;
  readonly process: Process;
  readonly actions: Actions;
  readonly editor: ActionEditor;
  readonly palette: Palette;
  /** What was typed before the panels were there. */
  readonly keystrokes: Keystrokes;
  readonly history: History;
  readonly system: System;
  readonly settings: Settings;
  readonly hotkeys: Hotkeys;
  readonly providers: Providers;
  readonly practice: Practice;
  readonly alerts: Alerts;
}

const PotterContext = createContext<Potter | undefined>(undefined);

export const PotterProvider = PotterContext.Provider;

export function usePotter(): Potter {
  const potter = useContext(PotterContext);
  if (!potter) throw new Error('usePotter stands outside PotterProvider.');
  return potter;
}
