import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PluginManager } from '../../../../src/main/core/plugins/manager.ts';
import type { SandboxLimits } from '../../../../src/main/core/plugins/sandbox.ts';
import { addPlugin, manifestOf, type PluginDirectory, pluginDirectory } from '../../../helpers/plugin-directory.ts';

const directories: PluginDirectory[] = [];
const managers: PluginManager[] = [];
afterEach(async () => {
  await Promise.all(managers.splice(0).map((manager) => manager.stop()));
  for (const directory of directories.splice(0)) directory.remove();
});

function directoryWith(extra: Readonly<Record<string, string>> = {}): string {
  const directory = pluginDirectory(extra);
  directories.push(directory);
  return directory.path;
}

async function open(directory: string, limits: Partial<SandboxLimits> = {}): Promise<PluginManager> {
  const manager = await PluginManager.open({ directory, limits });
  managers.push(manager);
  return manager;
}

const tools = ['data-tools', 'encoding-tools', 'markdown-tools'];
const never = new AbortController().signal;
const shout = 'export const plugin = { commands: { run: (text) => text.toUpperCase() } };';

describe('the plugin manager', () => {
  it('lists the bundled plugins with their commands', async () => {
    const manager = await open(directoryWith());
    expect(manager.problems).toEqual([]);
    expect(manager.list().map(({ id, commands }) => [id, commands.length])).toEqual([
      ['data-tools', 8],
      ['encoding-tools', 7],
      ['markdown-tools', 2],
      ['text-tools', 18],
    ]);
  });

  it('executes nothing while it discovers, and only the plugin asked for afterwards', async () => {
    const directory = directoryWith({ broken: 'this is no JavaScript', shout });
    const manager = await open(directory);
    expect(manager.list().map(({ id }) => id)).toEqual(['broken', ...tools, 'shout', 'text-tools']);
    expect(await manager.run('shout', 'run', 'a', never)).toBe('A');
    await expect(manager.run('broken', 'run', 'a', never)).rejects.toMatchObject({ code: 'PLUGIN_INVALID' });
  });

  it.each([
    ['bad id', { id: 'Bad Id' }, 'id'],
    ['an id that is not its folder', { id: 'other' }, 'id'],
    ['a newer interface', { apiVersion: 2 }, 'apiVersion'],
    ['no version', { version: '1.0' }, 'version'],
    ['a name that hides characters', { name: 'safe\u202eexe' }, 'name'],
    ['no commands', { commands: [] }, 'commands'],
    [
      'two commands of one id',
      { commands: [1, 2].map(() => ({ id: 'run', title: 'Run', description: 'Runs.', output: 'replace' })) },
      'commands',
    ],
    [
      'an unknown output',
      { commands: [{ id: 'run', title: 'Run', description: 'Runs.', output: 'execute' }] },
      'commands.0.output',
    ],
    [
      'a command named __proto__',
      { commands: [{ id: '__proto__', title: 'Run', description: 'Runs.', output: 'show' }] },
      'commands.0.id',
    ],
    ['a permission there is not', { permissions: [{ name: 'net.fetch', reason: 'To look.' }] }, 'permissions.0.name'],
    ['a permission without a reason', { permissions: [{ name: 'filter.request' }] }, 'permissions.0.reason'],
    ['neither command nor filter', { commands: [] }, 'commands'],
    [
      'a filter without its permission',
      { filters: [{ id: 'f', title: 'F', description: 'F.', on: 'request', onFailure: 'block' }] },
      'permissions',
    ],
    ['an unknown field', { main: '../../elsewhere.js' }, 'manifest'],
  ])('leaves out a plugin with %s, naming file and field', async (_title, change, field) => {
    const directory = directoryWith({ shout });
    addPlugin(directory, 'odd', shout, { ...manifestOf('odd'), ...change });
    const manager = await open(directory);
    expect(manager.list().map(({ id }) => id)).toEqual([...tools, 'shout', 'text-tools']);
    const [problem] = manager.problems;
    expect(problem).toMatchObject({ code: 'PLUGIN_INVALID', detail: { file: 'odd/manifest.json', field } });
    expect(problem?.message).toContain(`odd/manifest.json, field "${field}"`);
    await expect(manager.run('odd', 'run', 'a', never)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await manager.run('shout', 'run', 'a', never)).toBe('A');
  });

  it('leaves out a folder whose manifest is missing or no JSON', async () => {
    const directory = directoryWith();
    mkdirSync(join(directory, 'empty'));
    addPlugin(directory, 'garbled', shout);
    writeFileSync(join(directory, 'garbled', 'manifest.json'), '{"id": ');
    const manager = await open(directory);
    expect(manager.problems.map(({ code, detail }) => ({ code, detail }))).toEqual([
      { code: 'PLUGIN_INVALID', detail: { file: 'empty/manifest.json' } },
      { code: 'PLUGIN_INVALID', detail: { file: 'garbled/manifest.json' } },
    ]);
    expect(manager.list().map(({ id }) => id)).toEqual([...tools, 'text-tools']);
  });

  it('says which plugin or command there is not', async () => {
    const manager = await open(directoryWith());
    await expect(manager.run('constructor', 'run', 'a', never)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'There is no plugin "constructor".',
    });
    await expect(manager.run('text-tools', 'toString', 'a', never)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'Plugin "text-tools" has no command "toString".',
    });
  });

  it('says that main.js is missing, and works once it is there', async () => {
    const directory = directoryWith({ shout });
    rmSync(join(directory, 'shout', 'main.js'));
    const manager = await open(directory);
    await expect(manager.run('shout', 'run', 'a', never)).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      detail: { file: 'shout/main.js' },
    });
    writeFileSync(join(directory, 'shout', 'main.js'), shout);
    expect(await manager.run('shout', 'run', 'a', never)).toBe('A');
  });

  it('refuses a main.js beyond its limit', async () => {
    const manager = await open(directoryWith({ long: `${shout}//${'x'.repeat(1_000_000)}` }));
    await expect(manager.run('long', 'run', 'a', never)).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      detail: { file: 'long/main.js' },
    });
  });

  it('fails when its folder cannot be read', async () => {
    const directory = join(directoryWith(), 'missing');
    await expect(open(directory)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
