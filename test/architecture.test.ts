/** The import table of docs/architecture.md, as data, held against every file. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { contract } from '../src/shared/contract.ts';
import { topics } from '../src/shared/events.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Layer {
  readonly folder: string;
  /** Folders or files of this repository it may import values from, besides its own. */
  readonly from: readonly string[];
  /** Folders it may import types from, besides those above. */
  readonly types?: readonly string[];
  /** Packages it may import; `node:` stands for every built-in module. */
  readonly packages: readonly string[];
}

const shell = [
  'src/main/core/start.ts',
  'src/main/core/host.ts',
  'src/main/core/lifetime.ts',
  'src/main/core/gateway/serve.ts',
  'src/main/core/log/log.ts',
  'src/main/core/config/sources.ts',
];
const core = [
  'node:',
  'zod',
  'undici',
  '@anthropic-ai/sdk',
  '@google/genai',
  'openai',
  'pino',
  'lru-cache',
  'jsonc-parser',
  'diff',
  'harper.js',
  'quickjs-emscripten-core',
  '@jitl/quickjs-wasmfile-release-sync',
];

const layers: readonly Layer[] = [
  { folder: 'src/shared', from: [], packages: ['zod'] },
  { folder: 'src/main/core', from: ['src/shared'], packages: core },
  {
    folder: 'src/main/net',
    from: ['src/shared', 'src/main/core/gateway', 'src/main/core/log/log.ts'],
    types: ['src/main/core'],
    packages: ['node:', 'ws', 'zod'],
  },
  { folder: 'src/main/desktop', from: ['src/shared'], types: ['src/main/core'], packages: ['node:', 'x11'] },
  {
    folder: 'src/main/electron',
    from: ['src/shared', ...shell, 'src/main/net', 'src/main/desktop'],
    types: ['src/main/core'],
    packages: ['node:', 'electron', 'electron-store', 'zod'],
  },
  {
    folder: 'src/main/headless',
    // The sample vendor of `potter serve --demo` is the tests' own, so that there is one.
    from: ['src/shared', ...shell, 'src/main/net', 'src/main/desktop', 'test/helpers/fake-openai.ts'],
    types: ['src/main/core'],
    packages: ['node:', 'zod'],
  },
  { folder: 'src/preload', from: [], types: ['src/shared'], packages: ['electron'] },
  {
    folder: 'src/renderer',
    from: ['src/shared'],
    packages: ['react', 'react-dom', 'zustand', '@mantine', '@tabler', 'i18next', 'react-i18next', 'diff'],
  },
  {
    folder: 'plugins',
    from: ['plugins'],
    types: ['src/shared/plugin-api.ts'],
    // Bundled into the plugin that imports them.
    packages: ['@noble/hashes', 'entities', 'marked', 'papaparse', 'yaml'],
  },
];

/** Inside core, downwards only: a file may import from its own rank and from those below it in this list. */
const ranks: readonly (readonly string[])[] = [
  ['start.ts'],
  ['potter.ts'],
  ['handlers'],
  ['gateway'],
  ['text', 'plugins', 'providers', 'integrations'],
  ['actions', 'history.ts', 'welcome.ts', 'config', 'security', 'monitor', 'errors', 'outbound.ts', 'outbound'],
  ['log', 'events.ts', 'storage', 'schedule.ts', 'lifetime.ts', 'host.ts'],
];
/** Types of a higher rank, each with the reason it is not a knot. */
const typesUpwards: Readonly<Record<string, readonly string[]>> = {
  // What a stage records is declared by the stage.
  'monitor/metrics.ts': ['gateway/middleware.ts'],
};

interface Import {
  readonly file: string;
  readonly specifier: string;
  /** Path from the root, for a file of ours. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*(?:\/\*[^*]*\*\/\s*)?['"]([^'"]+)['"]/g;

function importsOf(file: string, source: string): Import[] {
  return [...source.matchAll(importPattern)].map(([, type, fromClause, dynamic]) => {
    const specifier = fromClause ?? dynamic ?? '';
    const target = specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : undefined;
    return { file, specifier, target, typeOnly: type !== undefined };
  });
}

function violation(layer: Layer, { file, specifier, target, typeOnly }: Import): string | undefined {
  const within = (folders: readonly string[], path: string): boolean =>
    folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  if (target !== undefined) {
    const allowed = [layer.folder, ...layer.from, ...(typeOnly ? (layer.types ?? []) : [])];
    return within(allowed, target) ? undefined : `${file} may not import ${target}`;
  }
  const isBuiltIn = specifier.startsWith('node:') || builtinModules.includes(specifier);
  const allowed = isBuiltIn ? layer.packages.includes('node:') : within(layer.packages, specifier);
  return allowed ? undefined : `${file} may not import the package ${specifier}`;
}

function rankViolation({ file, target, typeOnly }: Import): string | undefined {
  if (!target?.startsWith('src/main/core/') || !file.startsWith('src/main/core/')) return undefined;
  const inCore = (path: string): string => path.slice('src/main/core/'.length);
  const rank = (path: string): number => ranks.findIndex((names) => names.includes(inCore(path).split('/')[0] ?? ''));
  if (rank(file) < 0) return `${file} has no rank: add it to the table`;
  if (rank(target) >= rank(file)) return undefined;
  if (typeOnly && typesUpwards[inCore(file)]?.includes(inCore(target))) return undefined;
  return `${file} may not import ${target}, which stands above it`;
}

function violations(file: string, source: string): string[] {
  const layer = layers.find(({ folder }) => file.startsWith(`${folder}/`));
  if (!layer) return [`${file} belongs to no layer`];
  return importsOf(file, source)
    .flatMap((imported) => [violation(layer, imported), rankViolation(imported)])
    .filter((problem) => problem !== undefined);
}

/** Files that may throw a plain `Error`, each with the reason its code is given elsewhere. */
const plainErrors: Readonly<Record<string, string>> = {
  'src/main/core/plugins/sandbox-worker.ts':
    'inside the thread, whose host knows only that it broke off (PLUGIN_FAILED)',
  'src/main/core/text/proofread-worker.ts': 'refuses to be run outside a worker thread, where no call waits for it',
};

/** Where every failure carries a code. */
const codedFolders = ['src/main/core/', 'src/main/net/', 'src/shared/'];

/** What hides a failure: an error without a code, or a `catch` that does nothing with it and does not say why. */
function hiddenFailures(file: string, source: string): string[] {
  if (!codedFolders.some((folder) => file.startsWith(folder))) return [];
  const at = (index: number): string => `${file}:${source.slice(0, index).split('\n').length}`;
  const plain = [...source.matchAll(/\bthrow new Error\(|\breject\(\s*new Error\(/g)]
    .filter(() => !Object.hasOwn(plainErrors, file))
    .map(({ index }) => `${at(index)} throws an error without a code`);
  const blocks = [...source.matchAll(/\bcatch\s*(?:\(\s*(\w+)[^)]*\)\s*)?\{/g)]
    .filter(({ 0: head, 1: name, index }) => isSwallowed(blockAfter(source, index + head.length), name))
    .map(({ index }) => `${at(index)} swallows a failure`);
  const handlers = [...source.matchAll(/\.catch\(\s*(?:async\s*)?\(\)\s*=>/g)]
    .filter(({ index }) => !isExplained(source, index))
    .map(({ index }) => `${at(index)} swallows a failure`);
  return [...plain, ...blocks, ...handlers];
}

/** Up to the brace that closes it. */
function blockAfter(source: string, start: number): string {
  let depth = 1;
  let end = start;
  for (; depth > 0 && end < source.length; end += 1) depth += { '{': 1, '}': -1 }[source[end] ?? ''] ?? 0;
  return source.slice(start, end - 1);
}

function isSwallowed(block: string, name: string | undefined): boolean {
  const usesError = name !== undefined && new RegExp(`\\b${name}\\b`).test(block);
  return !usesError && !/\b(?:throw|return)\b|\blog\.|\/\/|\/\*/.test(block);
}

/** Is there a comment in the line above the statement? */
function isExplained(source: string, index: number): boolean {
  const above = source.slice(0, index).split('\n').at(-2) ?? '';
  return /^\s*(?:\/\/|\*)/.test(above);
}

function sources(folder: string): { file: string; source: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => ({ file: join(folder, name), source: readFileSync(join(root, folder, name), 'utf8') }));
}

const all = [...sources('src'), ...sources('plugins')];

describe('the architecture', () => {
  test('every file imports only what the table allows', () => {
    expect(all.length).toBeGreaterThan(30);
    expect(all.flatMap(({ file, source }) => violations(file, source))).toEqual([]);
  });

  test.each([
    ['src/shared/planted.ts', "import { readFileSync } from 'node:fs';"],
    ['src/main/core/planted.ts', "import { app } from 'electron';"],
    ['src/main/core/log/planted.ts', "import { Actions } from '../actions/actions.ts';"],
    ['src/main/core/text/planted.ts', "import type { Potter } from '../potter.ts';"],
    ['src/main/net/planted.ts', "import { Vault } from '../core/security/vault.ts';"],
    ['src/renderer/planted.tsx', "import { createGateway } from '../main/core/gateway/gateway.ts';"],
    ['src/renderer/planted.tsx', "const fs = await import('node:fs');"],
    ['src/preload/planted.ts', "import { createClient } from '../shared/client.ts';"],
    ['plugins/planted/main.ts', "import { PotterError } from '../../src/shared/errors.ts';"],
  ])('a planted violation in %s is caught', (file, source) => {
    expect(violations(file, source)).not.toEqual([]);
  });

  test('no failure is without a code, and none is swallowed without a reason', () => {
    expect(all.flatMap(({ file, source }) => hiddenFailures(file, source))).toEqual([]);
  });

  test.each([
    ['src/main/core/planted.ts', "throw new Error('no code');"],
    ['src/main/net/planted.ts', "return Promise.reject(new Error('no code'));"],
    ['src/shared/planted.ts', 'try { work(); } catch {}'],
    ['src/main/core/planted.ts', 'try { work(); } catch (error) { if (isLate) { count += 1; } }'],
    ['src/main/core/planted.ts', 'await work().catch(() => undefined);'],
  ])('a failure hidden in %s is caught: %s', (file, source) => {
    expect(hiddenFailures(file, source)).toHaveLength(1);
  });

  test.each([
    "throw new PotterError('STORAGE', 'It cannot be written.');",
    'try { work(); } catch (error) { if (isLate) { log.warn("late", { error }); } }',
    'try { work(); } catch { return undefined; }',
    'try { work(); } catch {\n  // It was gone already.\n}',
    '// It was gone already.\nawait work().catch(() => undefined);',
    'await work().catch((thrown) => tell(thrown));',
  ])('what deals with a failure, or says why not, is let through: %s', (source) => {
    expect(hiddenFailures('src/main/core/planted.ts', source)).toEqual([]);
  });

  test('every file that may throw a plain error still does', () => {
    const throwing = all.filter(({ source }) => source.includes('throw new Error(')).map(({ file }) => file);
    expect(throwing).toEqual(expect.arrayContaining(Object.keys(plainErrors)));
  });

  test('only config/sources.ts reads the environment of the process', () => {
    const readers = all.filter(({ source }) => /\bprocess\.env\b/.test(source)).map(({ file }) => file);
    expect(readers).toEqual(['src/main/core/config/sources.ts']);
  });

  test('only outbound.ts connects to anything', () => {
    const client =
      /^import (?!type\b).*from '(?:undici|node:(?:dgram|dns|http|https|http2|net|tls)(?:\/.*)?)'|import\('undici'\)/m;
    const inCore = all.filter(({ file, source }) => file.startsWith('src/main/core/') && client.test(source));
    const folders = inCore.map(({ file }) => file.replace(/\/outbound(?:\.ts|\/.*)$/, '/outbound'));
    expect([...new Set(folders)]).toEqual(['src/main/core/outbound']);
  });

  test('only storage opens the database', () => {
    const openers = all.filter(({ source }) => /from 'node:sqlite'/.test(source)).map(({ file }) => dirname(file));
    expect([...new Set(openers)]).toEqual(['src/main/core/storage']);
  });

  test('only bridge.ts of the renderer asks whether it is in Electron', () => {
    const asking = all.filter(
      ({ file, source }) =>
        file.startsWith('src/renderer/') && /\bwindow\.potter\b|\{ potter \} = window\b/.test(source),
    );
    expect(asking.map(({ file }) => file)).toEqual(['src/renderer/bridge.ts']);
  });

  test('every route is called by some test', () => {
    const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(test|spec)\.ts$/.test(name) && name !== 'architecture.test.ts')
      .map((name) => readFileSync(join(root, 'test', name), 'utf8'))
      .join('\n');
    expect(Object.keys(contract).filter((route) => !tests.includes(`'${route}'`))).toEqual([]);
  });

  test('the topics stand in the table once each', () => {
    expect(new Set(topics).size).toBe(topics.length);
  });
});
