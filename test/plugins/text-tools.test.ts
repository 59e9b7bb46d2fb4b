import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/main/core/log/log.ts';
import { PluginManager } from '../../src/main/core/plugins/manager.ts';
import { type PluginDirectory, pluginDirectory } from '../helpers/plugin-directory.ts';

let directory: PluginDirectory;
let plugins: PluginManager;

beforeAll(async () => {
  directory = pluginDirectory();
  plugins = await PluginManager.open({ directory: directory.path, log: silentLog });
});
afterAll(async () => {
  await plugins.stop();
  directory.remove();
});

const run = (command: string, text: string): Promise<string> =>
  plugins.run('text-tools', command, text, new AbortController().signal);

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
};

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
