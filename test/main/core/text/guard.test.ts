import { describe, expect, test } from 'vitest';
import { checkResult, guardCodes, guardRules } from '../../../../src/main/core/text/guard.ts';
import type { GuardProfile } from '../../../../src/shared/contract.ts';
import { type GuardPair, guardPairs } from '../../../fixtures/guard-pairs.ts';

const verdictOf = (pair: GuardPair): string => checkResult(pair)?.code ?? 'ok';
const named = (pairs: readonly GuardPair[]): string[] =>
  pairs.map((pair) => `${pair.id}: expected ${pair.verdict}, found ${verdictOf(pair)}`);

describe('the result guard', () => {
  test('judges every labelled pair as a person did', () => {
    const wrong = guardPairs.filter((pair) => verdictOf(pair) !== pair.verdict);
    const falseAlarms = wrong.filter(({ verdict }) => verdict === 'ok');
    const misses = wrong.filter(({ verdict }) => verdict !== 'ok');
    const right = guardPairs.length - wrong.length;
    console.log(
      `guard pairs: ${right} right of ${guardPairs.length}, misses: ${misses.length}, false alarms: ${falseAlarms.length}`,
    );
    expect({ misses: named(misses), falseAlarms: named(falseAlarms) }).toEqual({ misses: [], falseAlarms: [] });
  });

  test('has at least three pairs for every verdict, and no id twice', () => {
    for (const verdict of ['ok', ...guardCodes]) {
      expect(guardPairs.filter((pair) => pair.verdict === verdict).length, verdict).toBeGreaterThan(2);
    }
    expect(new Set(guardPairs.map(({ id }) => id)).size).toBe(guardPairs.length);
  });

  test('lets every text pass as its own result', () => {
    const profiles = Object.keys(guardRules) as GuardProfile[];
    const stopped = guardPairs.flatMap(({ id, input }) =>
      profiles
        .map((profile) => ({ id, profile, found: checkResult({ profile, input, output: input, finish: 'stop' }) }))
        .filter(({ found }) => found !== undefined),
    );
    expect(stopped).toEqual([]);
  });

  test.each<[string, GuardProfile, string, string, string]>([
    [
      'the refusal',
      'rewrite',
      'Rob the bank.',
      "I can't help with that.",
      "The model declined: “I can't help with that.”",
    ],
    [
      'the introduction',
      'rewrite',
      'ok then',
      'Translation: OK.',
      'The answer begins with an introduction: “Translation:”',
    ],
    [
      'both languages',
      'rewrite',
      'Das ist nicht gut und wir werden es ändern.',
      'This is not good and we will change it.',
      'The language changed from German to English.',
    ],
    ['both scripts', 'rewrite', '我们明天开会', 'We meet tomorrow', 'The script changed from Chinese to Latin.'],
    [
      'both lengths',
      'proofread',
      'A cat.',
      'A cat that sat on a mat all day long.',
      'The answer is much longer than the text: 37 characters for 6.',
    ],
    [
      'the first three lost parts',
      'rewrite',
      '21 22 23 24 items',
      'items',
      'Parts to be kept were changed or lost: “21”, “22”, “23” and 1 more.',
    ],
  ])('names %s', (_name, profile, input, output, message) => {
    expect(checkResult({ profile, input, output, finish: 'stop' })?.message).toBe(message);
  });

  test('reports the cut before anything that follows from it', () => {
    expect(checkResult({ profile: 'rewrite', input: 'See 21.', output: '', finish: 'length' })?.code).toBe('TRUNCATED');
  });
});
