import { describe, expect, test } from 'vitest';
import { handoverOf, windowOfHandover, windowOfLink } from '../../../src/main/electron/links.ts';

const hostile: unknown[] = [
  'potter://',
  'potter://settings',
  'potter://open?run=rm',
  'potter://open#x',
  'potter://open/../settings',
  'potter://open//',
  'potter://open\n',
  ' potter://open',
  'POTTER://OPEN',
  'potter:open',
  'potter://__proto__',
  '__proto__',
  'constructor',
  'https://example.com/',
  'file:///etc/passwd',
  `potter://${'open'.repeat(100_000)}`,
  '',
  null,
  undefined,
  7,
  ['potter://open'],
  { toString: () => 'potter://open' },
];

describe('a link', () => {
  test.each(['potter://open', 'potter://open/'])('%s opens the panel', (link) => {
    expect(windowOfLink(link)).toBe('palette');
  });

  test.each(hostile)('that is %j opens nothing', (link) => {
    expect(windowOfLink(link)).toBeUndefined();
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

  test('opens the panel without a link or with a known one', () => {
    expect([windowOfHandover({}), windowOfHandover({ link: 'potter://open' })]).toEqual(['palette', 'palette']);
  });

  test.each(hostile.map((link) => ({ link })))('opens nothing when it is %j', (data) => {
    expect(windowOfHandover(data)).toBeUndefined();
  });

  test.each([
    null,
    undefined,
    'potter://open',
    3,
    [],
    ['potter://open'],
    { window: 'palette' },
    { link: 'potter://open', window: 'monitor' },
    JSON.parse('{"__proto__":{"link":"potter://open"}}'),
    () => undefined,
  ])('opens nothing when it has another form: %j', (data) => {
    expect(windowOfHandover(data)).toBeUndefined();
  });
});
