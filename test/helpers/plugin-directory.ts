import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PluginDirectory {
  readonly path: string;
  remove(): void;
}

/** As the build makes them; the set-up of the tests sees to it that they are up to date. */
const bundled = fileURLToPath(new URL('../../dist/plugins', import.meta.url));

/** A folder with the bundled plugins, and further ones from source: `{name: main.js}`. */
export function pluginDirectory(extra: Readonly<Record<string, string>> = {}): PluginDirectory {
  const path = mkdtempSync(join(tmpdir(), 'potter-plugins-'));
  cpSync(bundled, path, { recursive: true });
  for (const [name, source] of Object.entries(extra)) addPlugin(path, name, source);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Adds a plugin with the one command `run`, or with the manifest given. */
export function addPlugin(directory: string, name: string, source: string, manifest: object = manifestOf(name)): void {
  mkdirSync(join(directory, name), { recursive: true });
  writeFileSync(join(directory, name, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(directory, name, 'main.js'), source);
}

export const manifestOf = (id: string): Record<string, unknown> => ({
  id,
  name: id,
  version: '1.0.0',
  apiVersion: 1,
  description: 'A plugin of the tests.',
  publisher: 'Tests',
  commands: [{ id: 'run', title: 'Run', description: 'Runs.', output: 'replace' }],
  permissions: [],
});
