import { ipcMain } from 'electron';
import Store from 'electron-store';

/** What the desktop shell itself remembers: where its windows stood, what it has said. Settings belong to the core. */
export interface Preferences {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** A file nobody can read any more is begun anew; it holds nothing of the person's. */
export function openPreferences(directory: string): Preferences {
  const store = new Store({ cwd: directory, name: 'preferences', clearInvalidConfig: true });
  // electron-store answers pages on a synchronous channel of its own, which ours have no use for.
  ipcMain.removeAllListeners('electron-store-get-data');
  return { get: (key) => store.get(key), set: (key, value) => store.set(key, value) };
}
