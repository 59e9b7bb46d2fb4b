import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PluginManager } from '../../src/main/core/plugins/manager.ts';
import { type PluginDirectory, pluginDirectory } from '../helpers/plugin-directory.ts';

let directory: PluginDirectory;
let plugins: PluginManager;

beforeAll(async () => {
  directory = pluginDirectory();
  plugins = await PluginManager.open({ directory: directory.path });
});
afterAll(async () => {
  await plugins.stop();
  directory.remove();
});

/** Runs the command of whichever plugin has it. */
const run = (command: string, text: string): Promise<string> => {
  const plugin = plugins.list().find(({ commands }) => commands.some(({ id }) => id === command));
  return plugins.run(plugin?.id ?? '', command, text, new AbortController().signal);
};

function hashesByNode(text: string): string {
  const lines = { md5: 'MD5    ', sha1: 'SHA-1  ', sha256: 'SHA-256', sha512: 'SHA-512' };
  return Object.entries(lines)
    .map(([name, title]) => `${title}  ${createHash(name).update(text).digest('hex')}`)
    .join('\n');
}

/** Each title says what the command does with the text. */
const cases: Record<string, readonly (readonly [title: string, text: string, result: string])[]> = {
  'sort-lines': [
    ['sorts and keeps the final newline', 'b\na\n', 'a\nb\n'],
    ['adds no final newline', 'b\na', 'a\nb'],
    ['keeps CRLF', 'b\r\na\r\n', 'a\r\nb\r\n'],
    ['leaves each line ending in its place', 'c\r\nb\na', 'a\r\nb\nc'],
    ['puts a line first that the others begin with', 'a\tb\na b\na\n', 'a\na\tb\na b\n'],
    ['keeps empty lines, first', 'b\n\na\n', '\na\nb\n'],
    ['keeps repeated lines', 'b\na\nb\n', 'a\nb\nb\n'],
    ['ignores case, capitals first between equals', 'banana\nApple\napple\nCherry\n', 'Apple\napple\nbanana\nCherry\n'],
    ['sorts accented Latin letters with their base', 'z\nétude\neta\nf\n', 'eta\nétude\nf\nz\n'],
    ['sorts decomposed accents like composed ones', 'z\ne\u0301a\nf\n', 'e\u0301a\nf\nz\n'],
    ['keeps й behind и', 'йод\nиск\n', 'иск\nйод\n'],
    ['sorts Chinese by code point', '中\n一\n文\n', '一\n中\n文\n'],
    ['sorts right-to-left text', 'שלום\nאבא\n', 'אבא\nשלום\n'],
    ['keeps emoji whole', '👩‍👩‍👧\n😀\nz\n', 'z\n👩‍👩‍👧\n😀\n'],
    ['returns an empty text', '', ''],
    ['returns a single newline', '\n', '\n'],
    ['keeps half a surrogate pair and NUL', 'b\ud800\na\0\n', 'a\0\nb\ud800\n'],
  ],
  'upper-case': [
    ['raises letters and leaves the rest', 'straße, ﬁn 1!\n', 'STRASSE, FIN 1!\n'],
    ['raises accented and combining letters', 'é e\u0301 ñ', 'É E\u0301 Ñ'],
    ['raises Greek and Cyrillic', 'σς я', 'ΣΣ Я'],
    ['raises letters beyond the first plane', '𐐨', '𐐀'],
    ['leaves Chinese, Hebrew and emoji', '中文 שלום 👩‍👩‍👧', '中文 שלום 👩‍👩‍👧'],
    ['keeps CRLF and outer spaces', ' a\r\n', ' A\r\n'],
  ],
  trim: [
    ['trims lines and collapses runs', '  a   b\t\tc  \n', 'a b c\n'],
    ['turns a tab into a space', 'a\tb', 'a b'],
    ['keeps the absence of a final newline', ' a ', 'a'],
    ['keeps CRLF', ' a  b \r\n  c\r\n', 'a b\r\nc\r\n'],
    ['removes empty lines around the text only', '\n \na\n\n\nb\n\n', 'a\n\n\nb\n'],
    ['keeps a single no-break or ideographic space', '10\u00a0€ 中\u3000文', '10\u00a0€ 中\u3000文'],
    ['collapses a run of ideographic spaces', '中\u3000\u3000文', '中 文'],
    ['keeps joiners inside words and emoji', ' می\u200cخواهم  👩‍👩‍👧 ', 'می\u200cخواهم 👩‍👩‍👧'],
    ['makes blanks empty', ' \n\t\n', ''],
  ],
  'json-format': [
    ['indents by two spaces', '{"a":[1,{"b":null}]}', '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}'],
    ['keeps empty containers short', '[{ },[ ]]\n', '[\n  {},\n  []\n]\n'],
    [
      'keeps the order of keys, even numeric and repeated ones',
      '{"2":1,"1":2,"1":3}',
      '{\n  "2": 1,\n  "1": 2,\n  "1": 3\n}',
    ],
    [
      'keeps every digit',
      '[12345678901234567890, 1.10, -0, 1E400]',
      '[\n  12345678901234567890,\n  1.10,\n  -0,\n  1E400\n]',
    ],
    ['keeps escapes as written', '["\\u00e9\\n\\/\\"é"]', '[\n  "\\u00e9\\n\\/\\"é"\n]'],
    ['leaves formatted text as it is', '{\n  "a": true\n}\n', '{\n  "a": true\n}\n'],
    ['uses CRLF where the text does', '[1,\r\n2]\r\n', '[\r\n  1,\r\n  2\r\n]\r\n'],
    ['takes a scalar alone', ' "x" ', '"x"'],
    ['drops a byte order mark', '\ufeff[1]', '[\n  1\n]'],
    ['keeps text in any script', '{"名":"שלום 😀"}', '{\n  "名": "שלום 😀"\n}'],
  ],
  'lower-case': [['lowers letters and leaves the rest', 'ÄÖ FIN 1!\n', 'äö fin 1!\n']],
  'title-case': [
    ['capitalises words, small ones within excepted', 'the lord of the rings', 'The Lord of the Rings'],
    ['capitalises first and last word and after a colon', 'on and on: a tale to', 'On and on: A Tale To'],
    ['keeps inner capitals', 'iPhone and NASA in use\nsecond line', 'iPhone and NASA in Use\nSecond Line'],
    ['calms a shouted line', "DON'T PANIC", "Don't Panic"],
    ['takes accented and other letters', 'élan vital\nпривет мир', 'Élan Vital\nПривет Мир'],
  ],
  'sentence-case': [
    ['calms a shouted text', "HELLO WORLD. IS THIS A TEST? I'M HERE!", "Hello world. Is this a test? I'm here!"],
    ['begins sentences in quotes and lines', 'one. "Two Three." four\nFive', 'One. "Two three." Four\nFive'],
    ['keeps I and inner capitals', 'Then I Use An iPhone At NASA', 'Then I use an iPhone at NASA'],
    ['leaves Chinese', '中文。测试', '中文。测试'],
  ],
  'camel-case': [
    ['joins words', 'user name\nHTTPServer error-code\n', 'userName\nhttpServerErrorCode\n'],
    ['keeps the indent and what has no letters', '  first item\n---', '  firstItem\n---'],
  ],
  'snake-case': [['divides at inner capitals', "userName2Id don't", 'user_name2_id_dont']],
  'kebab-case': [['divides at anything else', 'Über uns & mehr', 'über-uns-mehr']],
  'fix-line-breaks': [
    ['joins the lines of a paragraph', 'one\ntwo \nthree\n\nfour\nfive\n', 'one two three\n\nfour five\n'],
    ['makes divided words whole', 'an exam-\nple and a per\u00ad\nson', 'an example and a person'],
    ['keeps a hyphen before a capital', 'Anglo-\nSaxon', 'Anglo- Saxon'],
    ['keeps items of lists', 'To do:\n- one\nmore\n- two\n1. three', 'To do:\n- one more\n- two\n1. three'],
    ['puts no space between Chinese characters', '我们\n今天\n', '我们今天\n'],
    ['keeps CRLF', 'a\r\nb\r\n\r\nc', 'a b\r\n\r\nc'],
  ],
  'join-lines': [
    ['makes one line', ' a\n\nb \nc\n', 'a b c\n'],
    ['puts no space between Japanese characters', 'これは\n本です', 'これは本です'],
  ],
  'split-lines': [
    ['splits at commas', 'a, b,c\n', 'a\nb\nc\n'],
    ['prefers tabs to semicolons, and these to commas', 'a;b\tc, d\r\n', 'a;b\r\nc, d\r\n'],
    ['splits at Chinese commas', '甲、乙', '甲\n乙'],
  ],
  'unique-lines': [
    ['keeps the first of equal lines', 'b\na\nb\nA\n', 'b\na\nA\n'],
    ['keeps empty lines', 'a\n\na\n\nb', 'a\n\n\nb'],
    ['adds no final newline', 'a\r\na\nb\na', 'a\r\nb'],
  ],
  'reverse-lines': [
    ['puts the last first', 'a\nb\nc\n', 'c\nb\na\n'],
    ['adds no final newline', 'a\nb', 'b\na'],
  ],
  'smart-quotes': [
    ['turns quotes and apostrophes', `"It's 'fine'," she said.`, '“It’s ‘fine’,” she said.'],
    ['knows what is left out', "'tis the '90s, rock 'n' roll", '’tis the ’90s, rock ’n’ roll'],
    [
      'leaves code, mark-up and addresses',
      '`"a"` <a b="c">"d"</a> http://x/?q="',
      '`"a"` <a b="c">“d”</a> http://x/?q="',
    ],
    ['quotes after brackets and dashes', `("a")—"b"`, '(“a”)—“b”'],
  ],
  'straight-quotes': [['turns them back', '“It’s ‘fine’,” „so“ she said.', `"It's 'fine'," "so" she said.`]],
  count: [
    [
      'counts as a reader does',
      "Hello world! 👩‍👩‍👧 it's e\u0301.\n\nNew: 3.5 %\n",
      'Characters: 35 (26 without spaces)\nWords: 6\nLines: 3\nParagraphs: 2\nTokens of a language model: about 17',
    ],
    [
      'counts Chinese characters as words',
      '中文 text',
      'Characters: 7 (6 without spaces)\nWords: 3 (each Chinese or Japanese character counted as one)\nLines: 1\nParagraphs: 1\nTokens of a language model: about 4',
    ],
    [
      'groups thousands',
      'x'.repeat(12_345),
      'Characters: 12,345 (12,345 without spaces)\nWords: 1\nLines: 1\nParagraphs: 1\nTokens of a language model: about 3,087',
    ],
  ],
  'find-secrets': [
    [
      'says when there is none',
      'nothing\n',
      'No secret was found. Only the known shapes of keys, tokens and passwords are looked for.',
    ],
    [
      'names line, column and kind, and shows only the beginning',
      `x\na sk-ant-api03-${'a'.repeat(40)} b https://user:hunter22@host/\npassword: none\n`,
      '2 secrets were found:\nLine 2: an Anthropic key, at column 3, beginning with “sk-ant…”\nLine 2: a password in an address, at column 59, beginning with “https:…”',
    ],
    [
      'finds keys of every vendor',
      [
        `AIza${'b'.repeat(35)}`,
        `ghp_${'c'.repeat(36)}`,
        `AKIA${'D'.repeat(16)}`,
        '-----BEGIN RSA PRIVATE KEY-----',
      ].join('\n'),
      '4 secrets were found:\nLine 1: a Google key, at column 1, beginning with “AIzabb…”\nLine 2: a GitHub token, at column 1, beginning with “ghp_cc…”\nLine 3: an AWS access key, at column 1, beginning with “AKIADD…”\nLine 4: a private key, at column 1, beginning with “-----B…”',
    ],
  ],
  'json-minify': [
    [
      'removes white space only',
      '{ "b" : [ 1.50 , "a b" ],\n "b" : 12345678901234567890 }',
      '{"b":[1.50,"a b"],"b":12345678901234567890}',
    ],
  ],
  'json-validate': [
    ['says that it is', '{ "a": 1 }', 'Valid JSON, 7 characters when minified.'],
    ['says where it is not', '{ "a": }', 'Not valid JSON. Line 1, column 8: expected a value, found }.'],
  ],
  'json-to-yaml': [
    ['writes blocks', '{"a":[1,{"b":null}],"c":{},"d":[]}', 'a:\n  - 1\n  - b: null\nc: {}\nd: []\n'],
    ['keeps every digit', '[12345678901234567890,1.10,1E400,-0]', '- 12345678901234567890\n- 1.10\n- 1E400\n- -0\n'],
    [
      'quotes what would not be a text',
      '["yes","1","null","a: b","","- x"]',
      '- "yes"\n- "1"\n- "null"\n- "a: b"\n- ""\n- "- x"\n',
    ],
  ],
  'yaml-to-json': [
    [
      'writes JSON',
      'a:\n  - 1.10\n  - ~\nb: {c: yes}\n',
      '{\n  "a": [\n    1.10,\n    null\n  ],\n  "b": {\n    "c": "yes"\n  }\n}\n',
    ],
    ['keeps every digit', 'n: 12345678901234567890', '{\n  "n": 12345678901234567890\n}'],
    ['reads comments and block texts', '# x\nt: |\n  one\n  two\n', '{\n  "t": "one\\ntwo\\n"\n}\n'],
  ],
  'csv-to-markdown': [
    ['makes a table', 'name,age\nAnn,3\n', '| name | age |\n| ---- | --- |\n| Ann  | 3   |\n'],
    [
      'reads quotes, semicolons and line breaks',
      'a;b\n"x;\ny";"say ""hi"" "',
      '| a       | b        |\n| ------- | -------- |\n| x;<br>y | say "hi" |',
    ],
    ['escapes bars and fills short rows', 'a,b\nx|y\n', '| a    | b   |\n| ---- | --- |\n| x\\|y |     |\n'],
    ['aligns Chinese', '名字,x\n王,y', '| 名字 | x   |\n| ---- | --- |\n| 王   | y   |'],
  ],
  'timestamp-to-date': [
    [
      'reads seconds, milliseconds and microseconds',
      '0\n1700000000\n1700000000123\n1700000000123456',
      '1970-01-01T00:00:00Z\n2023-11-14T22:13:20Z\n2023-11-14T22:13:20.123Z\n2023-11-14T22:13:20.123Z',
    ],
    ['reads what lies before 1970', '-86400', '1969-12-31T00:00:00Z'],
  ],
  'date-to-timestamp': [
    [
      'reads dates and times',
      '2023-11-14T22:13:20Z\n2026-01-31\n2026-01-31 12:00\n',
      '1700000000\n1769817600\n1769860800\n',
    ],
    ['reads a time zone', '2026-01-31T12:00:00+01:00', '1769857200'],
  ],
  'url-encode': [['encodes in UTF-8', 'a b&ü/中?', 'a%20b%26%C3%BC%2F%E4%B8%AD%3F']],
  'url-decode': [['decodes', 'a%20b+%E4%B8%AD', 'a b+中']],
  'base64-encode': [['encodes in UTF-8', 'Hällo 😀', 'SMOkbGxvIPCfmIA=']],
  'base64-decode': [
    ['decodes', 'SMOkbGxv\nIPCfmIA=', 'Hällo 😀'],
    ['decodes the alphabet of addresses', 'Pz8_fn5-', '???~~~'],
  ],
  'html-encode': [
    [
      'encodes what HTML takes for its own',
      `<a b="c">ü & 'd'</a>`,
      '&lt;a b=&quot;c&quot;&gt;ü &amp; &#39;d&#39;&lt;/a&gt;',
    ],
  ],
  'html-decode': [['decodes names and numbers', '&lt;&eacute;&#x1F600;&#65;&unknown;&amp;lt;', '<é😀A&unknown;&lt;']],
  hashes: [['hashes the bytes of UTF-8', 'ü', hashesByNode('ü')]],
  'markdown-to-plain': [
    [
      'keeps what a reader sees',
      '# Title\n\nSome *text* with **bold**, `code` &amp; <b>more</b>.\n',
      'Title\n\nSome text with bold, code & more.\n',
    ],
    ['tells the address of a link once', '[here](https://x.y/z) <https://a.b>', 'here (https://x.y/z) https://a.b'],
    [
      'keeps lists and tables',
      '- one\n  - two\n- [x] three\n\n3. a\n4. b\n\n|a|b|\n|-|-|\n|1|2|',
      '• one\n  • two\n• [x] three\n\n3. a\n4. b\n\na\tb\n1\t2',
    ],
    ['keeps code as it is', '```js\nlet *x* = 1;\n```', 'let *x* = 1;'],
    ['leaves plain text', 'Just a line\nand another.\n', 'Just a line\nand another.\n'],
  ],
  'plain-to-markdown': [
    ['escapes what would be marks', '# 1 *a* _b_ [c] <d>\n', '\\# 1 \\*a\\* \\_b\\_ \\[c\\] \\<d\\>\n'],
    ['keeps line breaks and makes lists', 'a\nb\n\n• c\n2) d', 'a\\\nb\n\n- c\n2. d'],
    ['leaves addresses whole', 'see https://x.y/a_b_c', 'see https://x.y/a_b_c'],
  ],
};

it('has a case for every command', () => {
  const commands = plugins.list().flatMap((plugin) => plugin.commands.map(({ id }) => id));
  expect(Object.keys(cases).sort()).toEqual(commands.sort());
});

for (const [command, list] of Object.entries(cases)) {
  describe(command, () => {
    it.each(list)('%s', async (_title, text, result) => {
      expect(await run(command, text)).toBe(result);
    });
  });
}

describe('json-format on malformed text', () => {
  it.each([
    ['', 'Line 1, column 1: expected a value, found the end of the text.'],
    ['{"a":1,}', 'Line 1, column 8: expected a key in double quotes, found }.'],
    ['[1,\n 2,, 3]', 'Line 2, column 4: expected a value, found ,.'],
    ['[1\r\n  2]', 'Line 2, column 3: expected "," or "]", found 2.'],
    ['{"a" 1}', 'Line 1, column 6: expected ":", found 1.'],
    ["{'a':1}", "Line 1, column 2: expected a key in double quotes, found '."],
    ['["😀é" x]', 'Line 1, column 7: expected "," or "]", found x.'],
    ['["a\nb"]', 'Line 1, column 4: expected the end of the string, found the end of the line.'],
    ['["a\\x"]', 'Line 1, column 4: expected the end of the string, found \\.'],
    ['["a', 'Line 1, column 4: expected the end of the string, found the end of the text.'],
    ['[01]', 'Line 1, column 2: expected a value, found 01.'],
    ['[nulll]', 'Line 1, column 2: expected a value, found nulll.'],
    ['[1.]', 'Line 1, column 2: expected a value, found 1..'],
    ['[1] 2', 'Line 1, column 5: expected the end of the text, found 2.'],
    ['[1}', 'Line 1, column 3: expected "," or "]", found }.'],
  ])('names the place in %j', async (text, message) => {
    await expect(run('json-format', text)).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message });
  });
});

it.each([
  ['split-lines', 'one two', 'There is no tab, semicolon or comma to split the text at.'],
  ['timestamp-to-date', '1\nsoon', 'Line 2: “soon” is not a timestamp: use seconds since 1970, or milliseconds.'],
  [
    'date-to-timestamp',
    '2026-02-31',
    '“2026-02-31” is not a date: write it as 2026-01-31 or 2026-01-31T12:00:00+01:00.',
  ],
  ['url-decode', 'a%zz', 'At character 2: “%” must be followed by two hexadecimal digits.'],
  ['url-decode', '%ff', 'The encoded bytes are not a text in UTF-8.'],
  ['base64-decode', 'a$b', '“$” is no character of Base64.'],
  ['base64-decode', 'abcde', 'It is not whole: a character is missing, or one is too many.'],
  ['base64-decode', '/////w==', 'The decoded bytes are not a text in UTF-8.'],
  ['base64-encode', 'a\ud800', 'The text holds half a character at position 2; UTF-8 cannot write it.'],
  ['yaml-to-json', 'a: 1\n---\nb: 2', 'There are 2 documents in this text; JSON holds one: select one of them.'],
  ['yaml-to-json', 'a: &x 1\nb: *x', 'JSON has no aliases such as *x: write the value in its place.'],
  ['yaml-to-json', 'a: .nan', 'JSON has no number .nan.'],
  ['yaml-to-json', '"a', 'Missing closing "quote (line 1, column 3).'],
  ['json-to-yaml', '{"a":}', 'Line 1, column 6: expected a value, found }.'],
])('%s says what is wrong with %j', async (command, text, message) => {
  await expect(run(command, text)).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message });
});

describe('whatever the text', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 });
  const seed = 20_261_124;

  it.each([
    ['url-encode', 'url-decode'],
    ['base64-encode', 'base64-decode'],
    ['html-encode', 'html-decode'],
  ])('%s and %s bring it back', async (encode, decode) => {
    const comesBack = async (original: string): Promise<void> => {
      expect(await run(decode, await run(encode, original))).toBe(original);
    };
    await fc.assert(fc.asyncProperty(text, comesBack), { numRuns: 60, seed });
  });

  it('Base64 is that of Node', async () => {
    const isEqual = async (original: string): Promise<void> => {
      expect(await run('base64-encode', original)).toBe(Buffer.from(original).toString('base64'));
    };
    await fc.assert(fc.asyncProperty(text, isEqual), { numRuns: 60, seed });
  });

  it('JSON comes back from YAML', async () => {
    const comesBack = async (value: unknown): Promise<void> => {
      const json = JSON.stringify(value);
      expect(JSON.parse(await run('yaml-to-json', await run('json-to-yaml', json)))).toEqual(JSON.parse(json));
    };
    await fc.assert(fc.asyncProperty(fc.jsonValue({ depthSize: 'small' }), comesBack), { numRuns: 100, seed });
  });
});

describe('a text of a million characters', () => {
  const line = 'The quick brown fox, 中文 and שלום.\n';
  const text = line.repeat(Math.floor(1_000_000 / line.length));

  it('is raised to capitals', async () => {
    expect((await run('upper-case', text)) === text.toUpperCase()).toBe(true);
  });

  it('is sorted', async () => {
    const numbers = Array.from({ length: 110_000 }, (_, index) => String((index * 7919) % 110_000).padStart(8, '0'));
    const result = await run('sort-lines', `${numbers.join('\n')}\n`);
    expect(result === `${numbers.sort().join('\n')}\n`).toBe(true);
  });

  it('is sorted when it is half a million lines', async () => {
    const lines = Array.from({ length: 500_000 }, (_, index) => 'zyxwvutsrq'.charAt(index % 10));
    const result = await run('sort-lines', `${lines.join('\n')}\n`);
    expect(result === `${lines.sort().join('\n')}\n`).toBe(true);
  });

  it('is trimmed, even when it is nearly all spaces', async () => {
    expect(await run('trim', `a${' '.repeat(999_998)}b`)).toBe('a b');
  });

  it.each([
    'title-case',
    'sentence-case',
    'camel-case',
    'fix-line-breaks',
    'join-lines',
    'unique-lines',
    'smart-quotes',
    'count',
    'find-secrets',
    'base64-encode',
    'html-encode',
    'hashes',
    'csv-to-markdown',
    'plain-to-markdown',
  ])('is taken by %s', async (command) => {
    expect((await run(command, text)).length).toBeGreaterThan(30);
  });

  it('is too long for markdown-to-plain, which takes a fifth of it', async () => {
    await expect(run('markdown-to-plain', text)).rejects.toMatchObject({
      message: `The text has ${text.length} characters; Markdown is read up to 200000: select a part of it.`,
    });
    expect(await run('markdown-to-plain', text.slice(0, 200_000))).toBe(text.slice(0, 200_000));
  });

  it('is formatted as JSON', async () => {
    const value = Array.from({ length: 60_000 }, (_, id) => ({ id }));
    const result = await run('json-format', JSON.stringify(value));
    expect(result === JSON.stringify(value, null, 2)).toBe(true);
  });

  it('is formatted when it is one string', async () => {
    const json = JSON.stringify('x"\n'.repeat(150_000));
    expect((await run('json-format', json)) === json).toBe(true);
  });

  it('is refused when it is nested beyond what memory holds, and the plugin works on', async () => {
    await expect(run('json-format', '['.repeat(20_000) + ']'.repeat(20_000))).rejects.toMatchObject({
      code: 'PLUGIN_MEMORY',
    });
    expect(await run('json-format', '[1]')).toBe('[\n  1\n]');
  });
});
