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

try {
  const { status } = spawnSync(
    process.execPath,
    [
      ...[vitest, 'run', 'test/main/electron', 'test/preload', 'test/contract'],
      ...['--reporter=dot', '--reporter=json', `--outputFile.json=${results}`],
    ],
    { cwd: root, stdio: 'inherit' },
  );
  const { numPassedTests, numFailedTests, numFailedTestSuites }: Results = JSON.parse(readFileSync(results, 'utf8'));
  console.log('skipped: the tier with the real Electron binary, which cannot be downloaded here');
  // A file that does not load has no tests to fail.
  const failed = numFailedTests > 0 ? numFailedTests : numFailedTestSuites;
  console.log(`${numPassedTests} passed, ${failed} failed`);
  process.exitCode = status === 0 && numPassedTests > 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
}
