import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findTokens, missingTokens, tokenClasses } from '../../../../src/main/core/text/protect.ts';

const found = (text: string): string[] => findTokens(text).map((token) => `${token.class} ${token.text}`);
const same = { classes: tokenClasses, count: 'same' } as const;
const some = { classes: tokenClasses, count: 'some' } as const;

describe('protected tokens', () => {
  test.each<[string, string[]]>([
    ['See https://example.com/a_(b)?x=1&y=2#z.', ['url https://example.com/a_(b)?x=1&y=2#z']],
    ['(see https://example.com/path), or www.example.org!', ['url https://example.com/path', 'url www.example.org']],
    ['请看https://example.com/页。谢谢', ['url https://example.com/页']],
    ['Write to jon.smith+tag@mail.example.co.uk.', ['email jon.smith+tag@mail.example.co.uk']],
    ['Run `npm ci` and ``a`b``.', ['code `npm ci`']],
    ['```js\nlet a = 1;\n```\nThen 2.', ['code ```js\nlet a = 1;\n```', 'number 2']],
    ['~~~\n`x` 1\n~~~', ['code ~~~\n`x` 1\n~~~']],
    [
      `Hi {{ first_name }}, {0} of {total} and \${user.id}`,
      ['placeholder {{ first_name }}', 'placeholder {0}', 'placeholder {total}', `placeholder \${user.id}`],
    ],
    [
      '%s took %1$d ms, %(name)s, 100% sure',
      ['placeholder %s', 'placeholder %1$d', 'placeholder %(name)s', 'number 100%'],
    ],
    ['Set $HOME and %PATH%', ['placeholder $HOME', 'placeholder %PATH%']],
    ['<b>bold</b> a < b > c', ['placeholder <b>', 'placeholder </b>']],
    [
      'In /etc/nginx/site.conf, ~/.ssh/config, src/main/index.ts and C:\\Users\\Ann\\a.txt.',
      ['path /etc/nginx/site.conf', 'path ~/.ssh/config', 'path src/main/index.ts', 'path C:\\Users\\Ann\\a.txt'],
    ],
    ['he/she and/or 24/7', ['number 24', 'number 7']],
    [
      '$1,250.50, 12 %, 1 234 567, v2.14.1, 14:30, 2024-03-31, 31.12.2024',
      [
        'number $1,250.50',
        'number 12 %',
        'number 1 234 567',
        'number v2.14.1',
        'number 14:30',
        'number 2024-03-31',
        'number 31.12.2024',
      ],
    ],
    ['MP3, H2O and utf8 are names', []],
    ['会议在3月15日，٤٥ شخصا', ['number 3', 'number 15', 'number ٤٥']],
    ['1. one\n2) two\n  3. three', []],
  ])('are found in %j', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  test('leave out the marker of a list at the beginning of a line, however long the text before it', () => {
    const numbersOf = (text: string): string[] => findTokens(text).map((token) => token.text);
    expect(numbersOf('1. a\n  2) b\n3.5 c 4. d')).toEqual(['3.5', '4']);
    expect(numbersOf(`${'a'.repeat(200)}\n${' '.repeat(40)}7. b`)).toEqual([]);
    expect(numbersOf(`a${' '.repeat(200)}7. b`)).toEqual(['7']);
  });

  test('are found in a megabyte on one line before anybody gives up waiting', () => {
    // Minutes, were each number compared with the whole line before it.
    expect(findTokens('1. '.repeat(333_333))).toHaveLength(333_332);
  });

  test('never overlap and always stand where they say, in any text', () => {
    const pieces = fc.constantFrom(
      '`',
      '```\n',
      '{{',
      '}}',
      'https://',
      'a@b.c',
      '%s',
      '<a>',
      '/a/b',
      '12.5',
      ' ',
      '\n',
      '👍',
      '$',
      ')',
    );
    const texts = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 30 });
    fc.assert(
      fc.property(
        texts.map((all) => all.join('')),
        (text) => {
          let end = 0;
          for (const token of findTokens(text)) {
            expect(token.start).toBeGreaterThanOrEqual(end);
            expect(text.slice(token.start, token.end)).toBe(token.text);
            end = token.end;
          }
          expect(missingTokens(text, text, same)).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['a period directly after a link', 'See https://a.example/x', 'See https://a.example/x.', 'same'],
    ['a slash at the end of a link', 'See https://a.example/', 'See https://a.example', 'same'],
    ['separators of thousands', '12500 or 12,500', '12.500 or 12 500', 'same'],
    ['a decimal comma', '3.5 km', '3,5 km', 'same'],
    ['another dash in a range', 'pages 5-10', 'pages 5–10', 'same'],
    ['a list that lost its numbers', '1. a\n2. b', '- a\n- b', 'same'],
    ['digits of another script', '١٢ مايو', '12 May', 'same'],
    ['a repetition left out in a rewrite', '20 € and again 20 €', '20 €', 'some'],
    ['a small number as a word in a rewrite', '3 options', 'three options', 'some'],
  ] as const)('may differ by %s', (_name, input, output, count) => {
    expect(missingTokens(input, output, { classes: tokenClasses, count })).toEqual([]);
  });

  test.each([
    ['a swapped digit', '1250', '1520', 'some'],
    ['a lost decimal point', '12.5 mg', '125 mg', 'some'],
    ['another currency', '$45', '€45', 'some'],
    ['another day', '2024-03-31', '2024-03-30', 'some'],
    ['a shortened version', 'v2.14.1', 'v2.14', 'some'],
    ['a word for a large number', '42 ways', 'many ways', 'some'],
    ['a renamed placeholder', '{{name}}', '{{Name}}', 'some'],
    ['a number as a word when proofreading', '3 options', 'three options', 'same'],
    ['a link given twice when proofreading', 'https://a.example', 'https://a.example https://a.example', 'same'],
  ] as const)('may not differ by %s', (_name, input, output, count) => {
    expect(missingTokens(input, output, { classes: tokenClasses, count }).map(({ text }) => text)).toContain(
      input.split(' ')[0],
    );
  });

  test('are required only of the classes a rule names', () => {
    expect(missingTokens('5 {{x}}', '', { classes: ['placeholder'], count: 'some' })).toEqual([
      { class: 'placeholder', text: '{{x}}', before: 1, after: 0 },
    ]);
  });

  test('that were added are told when proofreading and let pass in a rewrite', () => {
    expect(missingTokens('On Monday.', 'On Monday at 9:15.', same)).toEqual([
      { class: 'number', text: '9:15', before: 0, after: 1 },
    ]);
    expect(missingTokens('On Monday.', 'On Monday at 9:15.', some)).toEqual([]);
  });
});
