import { describe, expect, test } from 'vitest';
import { handoverOf, parseHandover, parseLink } from '../../../src/main/electron/links.ts';

describe('a link', () => {
  test.each([
    ['potter://open', { kind: 'open', place: 'main' }],
    ['potter://open/', { kind: 'open', place: 'main' }],
    ['potter://open/process', { kind: 'open', place: 'main' }],
    ['potter://open/history', { kind: 'open', place: 'history' }],
    ['potter://open/providers', { kind: 'open', place: 'providers' }],
    ['potter://run/polish', { kind: 'run', action: 'polish' }],
    ['potter://run/weekly-report-2', { kind: 'run', action: 'weekly-report-2' }],
  ])('%s asks for %j', (link, meaning) => {
    expect(parseLink(link)).toEqual(meaning);
  });
});

describe('what a second start hands over', () => {
  test('is the first link among its arguments, known or not', () => {
    expect([
      handoverOf(['potter', '--flag', 'potter://open', 'potter://later']),
      handoverOf(['potter', 'potter://evil']),
      handoverOf(['potter', '--flag', 'file.txt']),
    ]).toEqual([{ link: 'potter://open' }, { link: 'potter://evil' }, {}]);
  });

  test('is of a link that is too long only that there was one', () => {
    expect(handoverOf(['potter', `potter://run/${'a'.repeat(10_000)}`])).toEqual({ link: 'potter:' });
  });

  test('opens the main window without a link, and what a known one says', () => {
    expect([parseHandover({}), parseHandover({ link: 'potter://open/about' })]).toEqual([
      { kind: 'open', place: 'main' },
      { kind: 'open', place: 'about' },
    ]);
  });
});
