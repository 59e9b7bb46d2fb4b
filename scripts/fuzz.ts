/**
 * `npm run fuzz`: random and half-right input for every parser of outside input. Each must answer or fail with its own
 * code; anything else is a crash, shown with the seed that repeats it. `--runs N` for each parser, default 200,000.
 */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { environmentSettings, parseSettings } from '../src/main/core/config/sources.ts';
import { checkResult, guardRules } from '../src/main/core/text/guard.ts';
import { buildPrompt, splitOuterWhitespace, stripDelimiters } from '../src/main/core/text/prompt.ts';
import { printable } from '../src/main/headless/terminal.ts';
import { parseAccelerator } from '../src/shared/accelerator.ts';
import { closest } from '../src/shared/closest.ts';
import { contract } from '../src/shared/contract.ts';
import { PotterError } from '../src/shared/errors.ts';
import { manifest } from '../src/shared/manifest.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' } } });
const runs = Number(values.runs ?? 200_000);

const text = fc.string({ unit: 'binary', maxLength: 300 });
const jsonish = fc.oneof(
  fc.json(),
  text,
  fc.tuple(fc.json(), fc.nat(), text).map(([json, at, junk]) => json.slice(0, at % (json.length + 1)) + junk),
);
const profiles = Object.keys(guardRules) as (keyof typeof guardRules)[];

const parsers: Readonly<Record<string, () => void>> = {
  'settings file': () => assert(jsonish, (source) => parseSettings('settings.json', source)),
  'environment variables': () =>
    assert(
      fc.dictionary(
        text.map((name) => `POTTER__${name}`),
        jsonish,
      ),
      (variables) => environmentSettings(variables),
    ),
  'plugin manifest': () => assert(fc.jsonValue(), (value) => manifest.safeParse(value)),
  'route inputs': () =>
    assert(fc.tuple(fc.constantFrom(...Object.values(contract)), fc.jsonValue()), ([{ input }, value]) =>
      input.safeParse(value),
    ),
  accelerator: () => assert(text, parseAccelerator),
  'closest name': () =>
    assert(fc.tuple(text, fc.array(text, { maxLength: 5 })), ([name, names]) => closest(name, names)),
  'prompt delimiters': () =>
    assert(fc.tuple(text, fc.stringMatching(/^[0-9a-f]{8}$/)), ([source, nonce]) => {
      const { before, core, after } = splitOuterWhitespace(source);
      if (before + core + after !== source) throw new Error('The outer whitespace is not what it was.');
      stripDelimiters(buildPrompt({ instruction: 'x', text: core, nonce }).user, nonce);
    }),
  guard: () =>
    assert(fc.tuple(fc.constantFrom(...profiles), text, text), ([profile, input, output]) =>
      checkResult({ profile, input, output, finish: 'stop' }),
    ),
  'terminal output': () =>
    assert(text, (source) => {
      if (printable(source).includes('\u001b')) throw new Error('An escape code reached the terminal.');
    }),
};

let crashed = 0;
for (const [name, fuzz] of Object.entries(parsers)) {
  try {
    fuzz();
    console.log(`✓ ${name}: ${runs} inputs`);
  } catch (thrown) {
    crashed += 1;
    console.log(`✗ ${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}
const count = Object.keys(parsers).length;
console.log(`${count * runs} inputs, ${crashed} crashes`);
console.log(`${count - crashed} passed, ${crashed} failed`);
process.exitCode = crashed === 0 ? 0 : 1;

/** A PotterError is an answer; anything else thrown is a crash. */
function assert<T>(inputs: fc.Arbitrary<T>, parse: (input: T) => unknown): void {
  const property = fc.property(inputs, (input) => {
    try {
      parse(input);
    } catch (thrown) {
      if (!(thrown instanceof PotterError)) throw thrown;
    }
  });
  fc.assert(property, { numRuns: runs });
}
