import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PluginDirectory {
  readonly path: string;
  remove(): void;
}

const bundled = fileURLToPath(new URL('../../plugins', import.meta.url));

/** A folder with the bundled plugins as the build makes them, and further ones from source: `{name: main.js}`. */
export function pluginDirectory(extra: Readonly<Record<string, string>> = {}): PluginDirectory {
  const path = mkdtempSync(join(tmpdir(), 'potter-plugins-'));
  for (const name of readdirSync(bundled)) {
    mkdirSync(join(path, name));
    cpSync(join(bundled, name, 'manifest.json'), join(path, name, 'manifest.json'));
    const source = readFileSync(join(bundled, name, 'main.ts'), 'utf8');
    writeFileSync(join(path, name, 'main.js'), stripTypeScriptTypes(source));
  }
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
