/** `npm run test:electron`: the desktop shell against the typed fake of Electron, and what of it is built and packed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const folder = mkdtempSync(join(tmpdir(), 'potter-test-electron-'));
const results = join(folder, 'results.json');
/** Those of Electron's own security checklist. */
const ruleCount = 20;

try {
  const { status } = spawnSync(
    process.execPath,
    [
      ...[vitest, 'run', 'test/main/electron', 'test/preload', 'test/contract'],
      ...['--reporter=dot', '--reporter=json', `--outputFile.json=${results}`],
    ],
    { cwd: root, stdio: 'inherit' },
  );
  const { numPassedTests, numFailedTests, numFailedTestSuites, testResults }: Results = JSON.parse(
    readFileSync(results, 'utf8'),
  );
  const rules = rulesOf(testResults.flatMap(({ assertionResults }) => assertionResults));
  const held = [...rules.values()].filter(Boolean).length;
  for (let rule = 1; rule <= ruleCount; rule += 1) {
    const name = `rule ${String(rule).padStart(2, '0')}`;
    if (!rules.get(name)) console.log(`${name} ${rules.has(name) ? 'failed or was skipped' : 'has no test'}`);
  }
  console.log(`${held} of ${ruleCount} rules`);
  console.log('skipped: the tier with the real Electron binary, which cannot be downloaded here');
  // A file that does not load has no tests to fail.
  const failed = numFailedTests > 0 ? numFailedTests : numFailedTestSuites;
  console.log(`${numPassedTests} passed, ${failed} failed`);
  process.exitCode = status === 0 && held === ruleCount ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Assertion {
  readonly fullName: string;
  readonly status: string;
}

interface Results {
  readonly testResults: readonly { readonly assertionResults: readonly Assertion[] }[];
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
}

/** Each rule by name, and whether every test that names it has passed. */
function rulesOf(assertions: readonly Assertion[]): Map<string, boolean> {
  const rules = new Map<string, boolean>();
  for (const { fullName, status } of assertions) {
    const [name] = /\brule \d{2}\b/.exec(fullName) ?? [];
    if (name !== undefined) rules.set(name, (rules.get(name) ?? true) && status === 'passed');
  }
  return rules;
}
