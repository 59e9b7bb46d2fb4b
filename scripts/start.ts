/** `npm start`: the desktop app, or the panels in a browser where the Electron binary cannot be had. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from './build.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const electron = join(root, 'node_modules', 'electron');
const rest = process.argv.slice(2);

await buildIfStale();
const binary = electronBinary();
if (binary) {
  follow(spawn(binary, [root, ...rest], { stdio: 'inherit' }));
} else {
  console.log('The Electron binary cannot be downloaded here, so Potter serves its panels to your browser instead.');
  const potter = join(root, 'bin', 'potter.js');
  follow(spawn(process.execPath, [potter, 'serve', '--open', ...rest], { stdio: 'inherit' }));
}

/** Since Electron 42 the binary is not part of the package: it is downloaded at the first start. */
function electronBinary(): string | undefined {
  const found = (): string | undefined => {
    const pathFile = join(electron, 'path.txt');
    if (!existsSync(pathFile)) return undefined;
    const binary = join(electron, 'dist', readFileSync(pathFile, 'utf8').trim());
    return existsSync(binary) ? binary : undefined;
  };
  if (found()) return found();
  console.log('Downloading Electron …');
  spawnSync(process.execPath, [join(electron, 'install.js')], { stdio: 'ignore', timeout: 300_000 });
  return found();
}

/** Ends as the child ends, and hands signals on to it. */
function follow(child: ReturnType<typeof spawn>): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
