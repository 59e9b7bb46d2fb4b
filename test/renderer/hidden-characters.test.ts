import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fragment, findHidden } from '../../src/renderer/parts/hidden-characters.ts';

const names = (text: string): string[] => findHidden(text).flatMap((part) => ('hidden' in part ? [part.name] : []));
const whole = (fragments: readonly Fragment[]): string =>
  fragments.map((part) => ('hidden' in part ? part.hidden : part.text)).join('');

describe('finding hidden characters', () => {
  it.each([
    ['a bidi override', 'abc\u202edef', ['RLO U+202E']],
    ['isolates', '\u2066x\u2069', ['LRI U+2066', 'PDI U+2069']],
    ['zero width space and byte order mark', 'a\u200bb\ufeff', ['ZWSP U+200B', 'BOM U+FEFF']],
    ['a soft hyphen', 'co\u00adop', ['SHY U+00AD']],
    ['terminal codes', '\u001b[2J\u0007', ['U+001B', 'U+0007']],
    ['tag characters that spell a hidden message', 'hi\u{e0041}\u{e0042}', ['U+E0041', 'U+E0042']],
    ['variation selectors that smuggle bytes', 'a\u{e0100}', ['U+E0100']],
    ['fillers that look like nothing', 'x\u3164y', ['U+3164']],
    ['a joiner where nothing is to be joined', 'pass\u200dword', ['ZWJ U+200D']],
  ])('names %s', (_what, text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  it.each([
    ['tabs and line ends', 'a\tb\r\nc\n'],
    ['the joiners of an emoji', '👩‍👩‍👧‍👦 🏳️‍🌈'],
    ['the joiners Persian and Hindi need', 'می‌خواهم क्‍ष'],
    ['Chinese, Arabic and accents', '我们 مرحبا é'],
  ])('leaves %s alone', (_what, text) => {
    expect(findHidden(text)).toEqual([{ text }]);
  });

  it('loses no character of any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => whole(findHidden(text)) === text));
  });
});
