#!/usr/bin/env node
// Starts the command line: on Node 24, and on a build no older than the sources (where there are sources).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major] = process.versions.node.split('.').map(Number);

if (major < 24) {
  // `node:sqlite` and type stripping need 24, which comes with `npm ci`.
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(node)) {
    process.stderr.write(`potter: Node 24 is needed, this is ${process.versions.node}. Run \`npm ci\` first.\n`);
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
} else {
  await run();
}

async function run() {
  // A fifth of the time of a short command. Where the folder cannot be written, nothing is kept.
  nodeModule.enableCompileCache(join(root, 'node_modules', '.cache', 'compiled'));
  if (existsSync(join(root, 'src'))) {
    const { buildIfStale } = await import(pathToFileURL(join(root, 'scripts', 'build.ts')).href);
    await buildIfStale();
  }
  const { main } = await import(pathToFileURL(join(root, 'dist', 'main', 'cli.js')).href);
  process.exitCode = await main(process.argv.slice(2));
}
