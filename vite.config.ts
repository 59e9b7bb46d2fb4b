import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type EnvironmentOptions, type Plugin } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const { version } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as { version: string };
const node = [...builtinModules, /^node:/, 'electron'];
/** Packages that read files of their own at run time, so they stay packages. */
const onDisk = ['harper.js', 'x11', '@jitl/quickjs-wasmfile-release-sync', /^harper\.js\//, /^@jitl\//];

/** Each plugin is one file and a manifest, so each is built by itself: what two of them import is in both. */
const plugins = readdirSync(path('plugins'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const environmentOf = (plugin: string): string => `plugin_${plugin.replaceAll('-', '_')}`;

const pluginBuild = (name: string): EnvironmentOptions => ({
  consumer: 'server',
  // The sandbox loads one file and knows nothing of Node.
  resolve: {
    noExternal: true,
    conditions: ['browser', 'module', 'import', 'default'],
    mainFields: ['browser', 'module'],
  },
  build: {
    outDir: path(`dist/plugins/${name}`),
    emptyOutDir: true,
    target: 'es2023',
    minify: false,
    copyPublicDir: false,
    rolldownOptions: {
      input: { main: path(`plugins/${name}/main.ts`) },
      output: { format: 'es', entryFileNames: '[name].js' },
      preserveEntrySignatures: 'strict',
    },
  },
});

/** Puts each plugin's manifest beside its bundle. */
const pluginManifests: Plugin = {
  name: 'plugin-manifests',
  generateBundle() {
    const name = plugins.find((plugin) => environmentOf(plugin) === this.environment.name);
    if (name === undefined) return;
    const source = readFileSync(path(`plugins/${name}/manifest.json`));
    this.emitFile({ type: 'asset', fileName: 'manifest.json', source });
  },
};

/** One config: the panels, the Node side (both shells and their workers), the preload, and each plugin. */
export default defineConfig({
  root: path('src/renderer'),
  define: { __POTTER_VERSION__: JSON.stringify(version) },
  plugins: [react(), pluginManifests],
  environments: {
    client: {
      build: { outDir: path('dist/renderer'), emptyOutDir: true, target: 'chrome140', assetsInlineLimit: 0 },
    },
    main: {
      consumer: 'server',
      resolve: { noExternal: true, external: ['electron'] },
      build: {
        outDir: path('dist/main'),
        copyPublicDir: false,
        emptyOutDir: true,
        target: 'node24',
        minify: false,
        sourcemap: true,
        rolldownOptions: {
          input: {
            cli: path('src/main/headless/cli.ts'),
            electron: path('src/main/electron/main.ts'),
            'proofread-worker': path('src/main/core/text/proofread-worker.ts'),
            'sandbox-worker': path('src/main/core/plugins/sandbox-worker.ts'),
          },
          external: [...node, ...onDisk],
          // Flat, so that `import.meta.url` of every chunk stands beside the workers.
          output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    },
    preload: {
      consumer: 'server',
      build: {
        outDir: path('dist/preload'),
        copyPublicDir: false,
        emptyOutDir: true,
        target: 'chrome140',
        minify: false,
        rolldownOptions: {
          input: { preload: path('src/preload/index.ts') },
          external: ['electron'],
          output: { format: 'cjs', entryFileNames: '[name].cjs' },
        },
      },
    },
    ...Object.fromEntries(plugins.map((name) => [environmentOf(name), pluginBuild(name)])),
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['client', 'main', 'preload', ...plugins.map(environmentOf)]) {
        const environment = builder.environments[name];
        if (environment) await builder.build(environment);
      }
    },
  },
});
