/**
 * Runs the tests of one kind of hostile case: `test:faults` those of a provider (F…), `test:attacks` all others, or one
 * family of them (`npm run test:attacks -- E`). A test belongs to a family when its title names the case, such as `E09`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [kind = 'attacks', family] = process.argv.slice(2);
const letters = kind === 'faults' ? 'F' : (family ?? 'ABCDEGHIJL').toUpperCase();
if (!/^[A-Z]+$/.test(letters)) throw new Error(`"${family}" is not a family; use one letter, such as E.`);

const scratch = mkdtempSync(join(tmpdir(), 'potter-family-'));
try {
  const cases = run(`\\b[${letters}]\\d{2}\\b`);
  const ids = new Map<string, boolean>();
  for (const { fullName, status } of cases) {
    for (const [id] of fullName.matchAll(new RegExp(`\\b[${letters}]\\d{2}\\b`, 'g'))) {
      ids.set(id, (ids.get(id) ?? true) && status === 'passed');
    }
  }
  const held = [...ids.values()].filter(Boolean).length;
  for (const [id, ok] of [...ids].sort()) if (!ok) console.log(`${id} failed`);
  if (ids.size === 0) console.log(`No case of ${letters} has a test yet.`);
  console.log(`${kind} ${held} of ${ids.size} cases`);
  console.log(`${cases.filter(passed).length} passed, ${cases.filter((test) => !passed(test)).length} failed`);
  process.exitCode = held === ids.size ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

type Case = Report['testResults'][number]['assertionResults'][number];

function passed({ status }: Case): boolean {
  return status === 'passed';
}

function run(pattern: string): Case[] {
  const report = join(scratch, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '-t', pattern, '--reporter=json', `--outputFile=${report}`, '--passWithNoTests'];
  const { stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (!existsSync(report)) throw new Error(`The tests did not run.\n${stderr}`);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const ran = testResults.flatMap(({ assertionResults }) => assertionResults);
  return ran.filter(
    ({ status, fullName }) => status !== 'skipped' && status !== 'pending' && new RegExp(pattern).test(fullName),
  );
}
