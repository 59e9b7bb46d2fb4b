import { describe, expect, test } from 'vitest';
import { checkResult, type GuardProfile, guardCodes, guardRules } from '../../../../src/main/core/text/guard.ts';
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
});
