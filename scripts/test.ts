/** `npm test`: the whole of it, on a machine that has only Node and npm. `--long` raises the slow counts. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from './build.ts';

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'potter-test-'));
const long = process.argv.includes('--long');
const environment = { ...process.env, ...(long && { POTTER_LONG: '1' }) };

/** What the browser and desktop tests run on: the program looked for, and the Debian package it comes in. */
const needed: Readonly<Record<string, string>> = {
  chromium: 'chromium',
  Xvfb: 'xvfb',
  openbox: 'openbox',
  xdotool: 'xdotool',
  xclip: 'xclip',
  mousepad: 'mousepad',
  'dbus-run-session': 'dbus-x11',
  xprop: 'x11-utils',
};
const fonts = 'fonts-noto-cjk';

const notRun: Count = { passed: 0, failed: 0, skipped: 1 };

try {
  const complete = installNeeded();
  await buildIfStale();
  const tiers: Record<string, Count> = {
    check: await counted(['scripts/check.ts']),
    unit: await vitest(),
    browser: complete ? await playwright() : notRun,
    desktop: complete ? await x11() : notRun,
  };
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const [name, { passed, failed, skipped }] of Object.entries(tiers)) {
    console.log(`${name.padEnd(8)} ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  const tail = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`${total.passed} passed, ${total.failed} failed${tail}`);
  process.exitCode = total.failed === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** True when the browser and desktop tests can run. */
function installNeeded(): boolean {
  const missing = Object.keys(needed).filter((program) => !onPath(program));
  if (missing.length === 0) return true;
  const packages = [...new Set(missing.map((program) => needed[program] ?? program)), fonts];
  const isRoot = process.getuid?.() === 0 && onPath('apt-get');
  if (isRoot) {
    console.log(`Installing ${packages.join(', ')} …`);
    const apt = (...args: string[]) =>
      spawnSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...packages);
    if (Object.keys(needed).every(onPath)) return true;
  }
  console.log(`The browser and desktop tests need: apt-get install ${packages.join(' ')}`);
  return false;
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** Runs Node on a script of ours; its output is shown, and handed back. */
function run(args: readonly string[], env = environment): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      process.stdout.write(text);
    });
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

async function counted(args: readonly string[]): Promise<Count> {
  const { ok } = await run(args);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
}

async function vitest(): Promise<Count> {
  const report = join(scratch, 'vitest.json');
  const bin = join('node_modules', 'vitest', 'vitest.mjs');
  const { ok } = await run([bin, 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`]);
  const figures = readReport(report);
  const passed = Number(figures?.numPassedTests ?? 0);
  const failed = Number(figures?.numFailedTests ?? 0);
  return { passed, failed: ok ? failed : Math.max(1, failed), skipped: Number(figures?.numPendingTests ?? 0) };
}

async function playwright(): Promise<Count> {
  const report = join(scratch, 'playwright.json');
  const bin = join('node_modules', '@playwright', 'test', 'cli.js');
  const env = { ...environment, PLAYWRIGHT_JSON_OUTPUT_NAME: report };
  const { ok } = await run([bin, 'test', '--reporter=dot,json'], env);
  const stats = (readReport(report)?.stats ?? {}) as Record<string, number>;
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = stats;
  const failed = unexpected + flaky;
  return { passed: expected, failed: ok ? failed : Math.max(1, failed), skipped };
}

async function x11(): Promise<Count> {
  const { ok, output } = await run(['scripts/test-x11.ts']);
  const [, passed = '0', failed = '0'] = /^(\d+) passed, (\d+) failed/m.exec(output) ?? [];
  return { passed: Number(passed), failed: ok ? Number(failed) : Math.max(1, Number(failed)), skipped: 0 };
}

function readReport(path: string): Record<string, unknown> | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : undefined;
}
