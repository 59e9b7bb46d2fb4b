/** `npm run check`: everything that can be said without running Potter. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);
const projects = readdirSync(root).filter((name) => /^tsconfig\.(?!base)[a-z]+\.json$/.test(name));

const steps: readonly (readonly [string, ...string[]])[] = [
  [bin('biome'), 'ci', '--colors=off', '--error-on-warnings', '.'],
  ...projects.map((project) => [bin('tsc'), '-p', project] as const),
  [process.execPath, join(root, 'scripts', 'generate-docs.ts'), '--check'],
  [bin('vitest'), 'run', 'test/architecture.test.ts', '--reporter=dot'],
];

let failed = 0;
for (const [program, ...args] of steps) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (status === 0) continue;
  failed += 1;
  console.error(`✗ ${args.join(' ')}\n${stdout}${stderr}`);
}
console.log(failed === 0 ? `check: ${steps.length} steps, clean` : `check: ${failed} of ${steps.length} steps failed`);
process.exitCode = failed === 0 ? 0 : 1;
