/** `npm run dev`: serves the panels, and builds and starts again whenever a source changes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from './build.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const settleMs = 150;
let server: ChildProcess | undefined;
let turn: Promise<void> = Promise.resolve();
let timer: NodeJS.Timeout | undefined;

for (const folder of ['src', 'plugins']) {
  watch(join(root, folder), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(again, settleMs);
  });
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    server?.kill('SIGTERM');
    process.exit();
  });
}
again();

function again(): void {
  turn = turn
    .then(restart)
    .catch((thrown: unknown) => console.error(thrown instanceof Error ? thrown.message : thrown));
}

async function restart(): Promise<void> {
  await buildIfStale();
  if (server && server.exitCode === null) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
  // A kept port, so that the address stays the same; the token is new each time.
  const args = [join(root, 'bin', 'potter.js'), 'serve', '--demo', '--port', '5199'];
  server = spawn(process.execPath, args, { stdio: 'inherit' });
}
