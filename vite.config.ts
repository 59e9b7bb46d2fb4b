import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const { version } = JSON.parse(readFileSync(path('package.json'), 'utf8')) as { version: string };
const node = [...builtinModules, /^node:/, 'electron'];
/** Packages that read files of their own at run time, so they stay packages. */
const onDisk = ['harper.js', 'x11', '@jitl/quickjs-wasmfile-release-sync', /^harper\.js\//, /^@jitl\//];

const plugins = Object.fromEntries(
  readdirSync(path('plugins'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => [`${name}/main`, path(`plugins/${name}/main.ts`)]),
);

/** Puts each plugin's manifest beside its bundle. */
const pluginManifests: Plugin = {
  name: 'plugin-manifests',
  applyToEnvironment: (environment) => environment.name === 'plugins',
  generateBundle() {
    for (const entry of Object.keys(plugins)) {
      const fileName = entry.replace(/main$/, 'manifest.json');
      this.emitFile({ type: 'asset', fileName, source: readFileSync(path(`plugins/${fileName}`)) });
    }
  },
};

/** One config, four outputs: the panels, the Node side (both shells and their workers), the preload, the plugins. */
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
    plugins: {
      consumer: 'server',
      build: {
        outDir: path('dist/plugins'),
        emptyOutDir: true,
        target: 'es2023',
        minify: false,
        copyPublicDir: false,
        rolldownOptions: {
          input: plugins,
          output: { format: 'es', entryFileNames: '[name].js' },
          preserveEntrySignatures: 'strict',
        },
      },
    },
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['client', 'main', 'preload', 'plugins'] as const) {
        const environment = builder.environments[name];
        if (environment) await builder.build(environment);
      }
    },
  },
});
