/** Builds `dist/`, or leaves it when it is no older than what it is made from. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'dist', '.built');
const sources = ['src', 'plugins', 'assets', 'vite.config.ts', 'package.json', 'test/helpers/fake-openai.ts'];

export async function buildIfStale({ force = false }: { force?: boolean } = {}): Promise<void> {
  if (!force && !isStale()) return;
  const release = waitForTurn();
  try {
    // Whoever had the turn before may have built it meanwhile.
    if (force || isStale()) build();
  } finally {
    release();
  }
}

function build(): void {
  const startedAt = new Date();
  // What bin/potter.js keeps of the build before has other names and would never be read again.
  rmSync(join(root, 'node_modules', '.cache', 'compiled'), { recursive: true, force: true });
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [vite, 'build', '--app', '--logLevel', 'warn'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (status !== 0) throw new Error(`The build failed.\n${stdout}\n${stderr}`);
  writeFileSync(stamp, '');
  // What was saved while it ran is newer than this.
  utimesSync(stamp, startedAt, startedAt);
}

function isStale(): boolean {
  if (!existsSync(stamp)) return true;
  const builtAt = statSync(stamp).mtimeMs;
  return sources.some((source) => newest(join(root, source)) > builtAt);
}

/** Modification time of the newest file below, in milliseconds. */
function newest(path: string): number {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status) return 0;
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** One build at a time. The lock is a transaction, so the system lets go of it when its holder dies. */
function waitForTurn(): () => void {
  const folder = join(root, 'node_modules', '.cache');
  mkdirSync(folder, { recursive: true });
  const turn = new DatabaseSync(join(folder, 'potter-build.lock'));
  turn.exec('PRAGMA busy_timeout = 300000; BEGIN EXCLUSIVE');
  return () => turn.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildIfStale({ force: true });
