import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allOf, applyChanges, changesOf, compareTexts, toggle } from '../../src/renderer/parts/changes.ts';

/** Texts that share words, so that there is something to compare. */
const words = fc.constantFrom(
  'a',
  'an',
  'example',
  ' ',
  '  ',
  '\n',
  '.',
  ', ',
  '的',
  '我们',
  '东京',
  'مرحبا',
  '👩‍👩‍👧',
  'é',
  '\r\n',
);
const text = fc.oneof(
  fc.array(words, { maxLength: 40 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

const pair = (input: string, output: string): (readonly [string, string])[] =>
  changesOf(compareTexts(input, output)).map(({ before, after }) => [before, after] as const);

describe('comparing two texts', () => {
  it('gives the output back when every change is accepted, and the input when none is', () => {
    fc.assert(
      fc.property(text, text, (input, output) => {
        const pieces = compareTexts(input, output);
        expect(applyChanges(pieces, allOf(pieces))).toBe(output);
        expect(applyChanges(pieces, new Set())).toBe(input);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes each change on its own: any subset differs from the input in just those places', () => {
    fc.assert(
      fc.property(text, text, fc.infiniteStream(fc.boolean()), (input, output, coin) => {
        const pieces = compareTexts(input, output);
        const accepted = new Set([...allOf(pieces)].filter(() => coin.next().value));
        const expected = pieces
          .map((piece) => (piece.kind === 'same' ? piece.text : accepted.has(piece.id) ? piece.after : piece.before))
          .join('');
        expect(applyChanges(pieces, accepted)).toBe(expected);
      }),
    );
  });

  it('numbers the changes from 0 in reading order, and none is empty', () => {
    fc.assert(
      fc.property(text, text, (input, output) => {
        const changes = changesOf(compareTexts(input, output));
        expect(changes.map(({ id }) => id)).toEqual(changes.map((_change, index) => index));
        for (const { before, after } of changes) expect(before).not.toBe(after);
      }),
    );
  });

  it('finds no change in equal texts', () => {
    expect(compareTexts('same', 'same')).toEqual([{ kind: 'same', text: 'same' }]);
    expect(compareTexts('', '')).toEqual([]);
  });

  it('compares word by word', () => {
    expect(pair('This is a example of an sentence.', 'This is an example of a sentence.')).toEqual([
      ['a', 'an'],
      ['an', 'a'],
    ]);
  });

  it('shows neighbouring words that were replaced as one change', () => {
    expect(pair('I am very glad today.', 'I feel truly happy today.')).toEqual([['am very glad', 'feel truly happy']]);
  });

  it('keeps neighbouring words apart when each is only mended', () => {
    expect(pair('I definately recieve teh box.', 'I definitely receive the box.')).toEqual([
      ['definately', 'definitely'],
      ['recieve', 'receive'],
      ['teh', 'the'],
    ]);
  });

  it('keeps changes of different lines apart', () => {
    expect(pair('one\ntwo\n', 'eins\nzwei\n')).toEqual([
      ['one', 'eins'],
      ['two', 'zwei'],
    ]);
  });

  it('knows where words end in Chinese and Japanese', () => {
    expect(pair('我们明天去北京。', '我们明天去上海。')).toEqual([['北京', '上海']]);
    expect(pair('明日は東京に行きます。', '明日は大阪に行きます。')).toEqual([['東京', '大阪']]);
  });

  it('never cuts an emoji or a letter with its accent in two', () => {
    expect(pair('ok 👩‍👩‍👧', 'ok 👩‍👩‍👦')).toEqual([['👩‍👩‍👧', '👩‍👩‍👦']]);
    expect(pair('cafe\u0301', 'cafe')).toEqual([['cafe\u0301', 'cafe']]);
  });

  it('compares a long rewritten text as a whole rather than for minutes', () => {
    const numbers = (from: number): string => Array.from({ length: 4000 }, (_unused, index) => from + index).join(' ');
    const [input, output] = [numbers(0), numbers(1_000_000)];
    const pieces = compareTexts(input, output);
    expect(applyChanges(pieces, allOf(pieces))).toBe(output);
    expect(changesOf(pieces)).toHaveLength(1);
  });

  it('compares by sentence first where a word-by-word comparison of the whole would take too long', () => {
    const paragraph = (word: string): string => Array.from({ length: 1200 }, (_unused, at) => `${word}${at}`).join(' ');
    const pieces = compareTexts(`Teh start. Same. ${paragraph('A')}`, `The start. Same. ${paragraph('B')}`);
    expect(changesOf(pieces).map(({ before }) => before.slice(0, 5))).toEqual(['Teh', 'A0 A1']);
  });
});

describe('the corrections of a proofreader', () => {
  const input = 'This is a example.';
  const correction = { start: 8, end: 9, replacement: 'an', explanation: 'Use “an” before a vowel.' };

  it('are one change each, with the explanation', () => {
    expect(compareTexts(input, 'This is an example.', [correction])).toEqual([
      { kind: 'same', text: 'This is ' },
      { kind: 'change', id: 0, before: 'a', after: 'an', explanation: 'Use “an” before a vowel.' },
      { kind: 'same', text: ' example.' },
    ]);
  });

  it.each([
    ['do not yield the output', 'That is an example.', [correction]],
    ['overlap', 'This is an example.', [correction, { ...correction, start: 5 }]],
    ['lie outside the text', 'This is an example.', [{ ...correction, start: 17, end: 90 }]],
  ])('are left aside when they %s', (_why, output, corrections) => {
    const pieces = compareTexts(input, output, corrections);
    expect(applyChanges(pieces, allOf(pieces))).toBe(output);
    expect(changesOf(pieces).every(({ explanation }) => explanation === undefined)).toBe(true);
  });
});

describe('toggling a change', () => {
  it('takes it out and in again, and leaves the set it was given alone', () => {
    const accepted = new Set([0, 1]);
    expect([...toggle(accepted, 1)]).toEqual([0]);
    expect([...toggle(toggle(accepted, 1), 1)]).toEqual([0, 1]);
    expect([...accepted]).toEqual([0, 1]);
  });
});
