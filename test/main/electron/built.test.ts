/** What the build makes of the shell, and what of it goes into the package. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildIfStale } from '../../../scripts/build.ts';
import { type Packed, packAroundStandIn } from '../../../scripts/package.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let data: string;

beforeAll(async () => {
  await buildIfStale();
  data = await mkdtemp(join(tmpdir(), 'potter-built-'));
});

afterAll(() => rm(data, { recursive: true }));

test('the built preload is CommonJS that asks for Electron alone, as a sandbox demands', async () => {
  const asked: string[] = [];
  const exposed: string[] = [];
  const posted: unknown[] = [];
  const electron = {
    contextBridge: { exposeInMainWorld: (key: string) => exposed.push(key) },
    ipcRenderer: { postMessage: (channel: string) => posted.push(channel) },
  };
  const require = (name: string): unknown => {
    asked.push(name);
    return electron;
  };
  const code = await readFile(join(root, 'dist', 'preload', 'preload.cjs'), 'utf8');
  runInNewContext(code, { require, exports: {}, module: { exports: {} }, MessageChannel, AbortController });
  expect({ asked, exposed, posted }).toEqual({ asked: ['electron'], exposed: ['potter'], posted: ['potter'] });
});

/** Runs the built entry under plain Node with the fake in Electron's place. */
function runEntry(script: string, ...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  const hook = join(root, 'test', 'helpers', 'electron-hook.ts');
  const { POTTER_DATA: _, DISPLAY: __, WAYLAND_DISPLAY: ___, ...environment } = process.env;
  return spawnSync(process.execPath, ['--import', hook, '--input-type=module', '--eval', script, '--', ...argv], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...environment, POTTER_DATA: data },
  });
}

const entry = `import { app, FakeBrowserWindow, FakeTray, runPreload } from './test/helpers/fake-electron.ts';
  const { started } = await import('./dist/main/electron.js');`;

test('the built shell starts, answers its page, and ends', () => {
  const { status, stdout, stderr } = runEntry(`${entry}
    app.ready.resolve();
    await started;
    const [palette] = FakeBrowserWindow.getAllWindows();
    const { potter } = await runPreload(palette.webContents);
    const reply = new Promise((resolve) => potter.onMessage(resolve));
    potter.send({ type: 'call', id: '1', route: 'actions.list', input: {}, stream: false });
    const { reply: { status, data } } = await reply;
    console.log(JSON.stringify({ status, hasPlugin: data.actions.some(({ kind }) => kind === 'plugin'), tray: FakeTray.all.length }));
    app.on('quit', () => process.exit(0));
    app.quit();
  `);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ status: 'ok', hasPlugin: true, tray: 1 });
});

test('with --cli the built program is the command line', () => {
  const { stdout, stderr } = runEntry(
    `${entry}
    await started;
    console.log(JSON.stringify({ exitCode: app.exitCode, windows: FakeBrowserWindow.getAllWindows().length }));
  `,
    '--cli',
    'version',
  );
  expect(stderr).toBe('');
  const [version, end] = stdout.trim().split('\n');
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  expect(JSON.parse(end ?? '')).toEqual({ exitCode: 0, windows: 0 });
});

describe('the package', () => {
  let packed: Packed;

  beforeAll(() => {
    packed = packAroundStandIn();
  }, 120_000);

  test('has every file the program starts from', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining([
        'package.json',
        'assets/icon.png',
        'assets/tray.png',
        'assets/tray@2x.png',
        'assets/tray-template.png',
        'dist/main/electron.js',
        'dist/main/cli.js',
        'dist/main/proofread-worker.js',
        'dist/main/sandbox-worker.js',
        'dist/preload/preload.cjs',
        'dist/renderer/index.html',
        'dist/plugins/text-tools/main.js',
        'dist/plugins/text-tools/manifest.json',
        'node_modules/harper.js/dist/slimBinary.js',
        'node_modules/harper.js/dist/harper_wasm_slim_bg.wasm',
        'node_modules/@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm',
        'node_modules/x11/lib/index.js',
      ]),
    );
  });

  test('has nothing of the sources, the tests or the tools', () => {
    const stray = packed.files.filter(
      (path) =>
        !/^(dist\/(main|preload|renderer|plugins)|assets|node_modules\/(harper\.js|x11|@jitl))\/|^package\.json$/.test(
          path,
        ),
    );
    expect(stray).toEqual([]);
    expect(packed.files.filter((path) => /\.(map|ts|tsx|mts|md)$|\.env|\.npmrc/.test(path))).toEqual([]);
  });

  test('has every package its code asks for', async () => {
    const packages = new Set<string>();
    for (const file of packed.files.filter((path) => /^dist\/main\/.*\.js$/.test(path))) {
      const code = await readFile(join(root, file), 'utf8');
      for (const [, quoted] of code.matchAll(/(?:^import .*from |\bimport\()"([^".][^"]*)"/gm)) {
        const [scope = '', name = ''] = (quoted ?? '').split('/');
        if (!isBuiltin(scope)) packages.add(scope.startsWith('@') ? `${scope}/${name}` : scope);
      }
    }
    expect([...packages]).toEqual(expect.arrayContaining(['electron', 'harper.js', 'x11']));
    const isPacked = (name: string): boolean => packed.files.some((path) => path.startsWith(`node_modules/${name}/`));
    expect([...packages].filter((name) => name !== 'electron' && !isPacked(name))).toEqual([]);
  });

  test('is closed to everything but itself by its fuses', () => {
    expect(packed.fuses).toEqual({
      runAsNode: false,
      cookieEncryption: true,
      nodeOptions: false,
      nodeCliInspect: false,
      embeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      browserSnapshot: false,
      grantFileProtocolExtraPrivileges: false,
    });
  });
});
