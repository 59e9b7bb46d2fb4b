/**
 * Runs the tests of one kind of hostile case: `test:faults` those of a provider (F…), `test:attacks` all others, or one
 * family of them (`npm run test:attacks -- E`). A test belongs to a family when its title names the case, such as `E09`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attackCases, faultCases } from '../test/attacks/cases.ts';

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
  const { cases, skipped } = run(`\\b[${letters}]\\d{2}\\b`);
  const ids = new Map<string, boolean>();
  for (const { fullName, status } of cases) {
    for (const [id] of fullName.matchAll(new RegExp(`\\b[${letters}]\\d{2}\\b`, 'g'))) {
      ids.set(id, (ids.get(id) ?? true) && status === 'passed');
    }
  }
  const listed = kind === 'attacks' ? [...letters].flatMap((letter) => attackCases[letter] ?? []) : faultCases;
  const wanted = new Set([...listed, ...ids.keys()]);
  const held = [...ids.values()].filter(Boolean).length;
  for (const id of [...wanted].sort()) {
    if (!ids.has(id)) console.log(`${id} has no test`);
    else if (!ids.get(id)) console.log(`${id} failed`);
  }
  if (wanted.size === 0) console.log(`No case of ${letters} has a test yet.`);
  if (skipped.length > 0) console.log(`skipped: ${skipped.length} tests (is Chromium installed?)`);
  console.log(kind === 'attacks' ? `blocked ${held} of ${wanted.size}` : `${kind} ${held} of ${wanted.size}`);
  console.log(`${cases.filter(passed).length} passed, ${cases.filter((test) => !passed(test)).length} failed`);
  process.exitCode = held === wanted.size && skipped.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

type Case = Report['testResults'][number]['assertionResults'][number];

function passed({ status }: Case): boolean {
  return status === 'passed';
}

/** Those that ran, and those that belong to the family and were left out, as they are where there is no browser. */
function run(pattern: string): { cases: Case[]; skipped: Case[] } {
  const report = join(scratch, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '-t', pattern, '--reporter=json', `--outputFile=${report}`, '--passWithNoTests'];
  const { stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (!existsSync(report)) throw new Error(`The tests did not run.\n${stderr}`);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const named = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ fullName }) => new RegExp(pattern).test(fullName));
  const isLeftOut = ({ status }: Case): boolean => status === 'skipped' || status === 'pending';
  return { cases: named.filter((test) => !isLeftOut(test)), skipped: named.filter(isLeftOut) };
}
