/**
 * `npm run bench`: measures what the targets name, prints one table and writes `bench/results.json`. A target that is
 * missed is shown as missed; nothing here fails a build. `--full` adds what needs windows or minutes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from '../scripts/build.ts';
import { browserMeasures } from './browser.ts';
import { type Measure, measures, slowMeasures } from './measures.ts';
import { stopServers, wireMeasures } from './wire.ts';

interface Result {
  readonly value: number;
  readonly unit: string;
  readonly target: string;
  readonly ok: boolean;
  readonly detail: string;
}

const resultsFile = fileURLToPath(new URL('results.json', import.meta.url));
const performanceFile = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const full = process.argv.includes('--full');
const only = process.argv.slice(2).find((argument) => !argument.startsWith('-'));

// Also when a measure brings the whole bench down.
process.on('exit', stopServers);

await buildIfStale();
const results: Record<string, Result> = readResults();
const quick = { ...measures, ...wireMeasures };
const all = { ...quick, ...slowMeasures, ...browserMeasures };
const chosen: Readonly<Record<string, Measure>> = full ? all : quick;
for (const [id, measure] of Object.entries(chosen)) {
  if (only !== undefined && !id.startsWith(only)) continue;
  const result = await run(measure).catch((thrown: unknown) => {
    console.log(`✗ ${id} could not be measured: ${String(thrown)}`);
    return undefined;
  });
  if (!result) continue;
  results[id] = result;
  const { value, unit, target, ok, detail } = result;
  console.log(
    `${ok ? '✓' : '✗'} ${id.padEnd(22)} ${String(value).padStart(9)} ${unit.padEnd(5)} target ${target.padEnd(9)} ${detail}`,
  );
}
stopServers();
// In the order of the measures; what is measured no longer is left out.
const kept = Object.fromEntries(Object.keys(all).flatMap((id) => (results[id] ? [[id, results[id]]] : [])));
writeFileSync(resultsFile, `${JSON.stringify(kept, undefined, 2)}\n`);
writeTable(kept);

/** The median of the rounds; lower is better unless the target begins with ≥. */
async function run({ unit, target, rounds = 5, sample }: Measure): Promise<Result> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round += 1) values.push(await sample());
  values.sort((a, b) => a - b);
  const value = round3(values[Math.floor(values.length / 2)] ?? Number.NaN);
  const limit = Number(target.slice(2));
  const ok = target.startsWith('≥') ? value >= limit : value <= limit;
  return {
    value,
    unit,
    target,
    ok,
    detail: `${rounds} rounds, ${round3(values[0] ?? 0)}–${round3(values.at(-1) ?? 0)}`,
  };
}

/** Puts the table into docs/performance.md, between its marks. */
function writeTable(kept: Readonly<Record<string, Result>>): void {
  const text = readFileSync(performanceFile, 'utf8');
  const rows = Object.entries(kept).map(
    ([id, { value, unit, target, ok, detail }]) =>
      `| ${ok ? '✓' : '✗'} | \`${id}\` | ${value} ${unit} | ${target} | ${detail} |`,
  );
  const table = ['| | what | measured | target | spread |', '|---|---|---|---|---|', ...rows].join('\n');
  const marked = /(<!-- table -->\n)[\s\S]*(\n<!-- \/table -->)/;
  writeFileSync(
    performanceFile,
    text.replace(marked, (_all, open: string, close: string) => `${open}${table}${close}`),
  );
}

function round3(value: number): number {
  return Number(value.toPrecision(3));
}

function readResults(): Record<string, Result> {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8')) as Record<string, Result>;
  } catch {
    return {};
  }
}
