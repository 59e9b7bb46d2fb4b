import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Under plain Node `electron` throws at its import, and electron-store with it.
  resolve: { alias: { electron: fileURLToPath(new URL('test/helpers/fake-electron.ts', import.meta.url)) } },
  test: {
    server: { deps: { inline: ['electron-store'] } },
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/x11/**', 'node_modules/**'],
    globalSetup: ['test/helpers/build.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    unstubEnvs: true,
  },
});
