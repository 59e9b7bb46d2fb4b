/** Characters a reader cannot see but a program can: they are named on screen before anybody copies them. */

export type Fragment = { readonly text: string } | { readonly hidden: string; readonly name: string };

/** `text` cut at its hidden characters. Joiners between emoji or letters that need them stay in the text. */
export function findHidden(text: string): Fragment[] {
  const fragments: Fragment[] = [];
  let start = 0;
  for (const match of text.matchAll(hidden)) {
    const [character] = match;
    if (isJoinerInUse(text, match.index, character)) continue;
    if (match.index > start) fragments.push({ text: text.slice(start, match.index) });
    fragments.push({ hidden: character, name: nameOf(character) });
    start = match.index + character.length;
  }
  if (start < text.length) fragments.push({ text: text.slice(start) });
  return fragments;
}

/** Controls besides tab and line ends, soft hyphen, fillers, zero width, bidi controls, tags, variation supplements. */
const ranges = [
  '0-8 b-c e-1f 7f-9f ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 2028-202e 2060-206f 3164 feff ffa0 fff0-fffb',
  '1d173-1d17a e0000-e0fff',
]
  .join(' ')
  .split(' ')
  .map((range) => range.replace(/[0-9a-f]+/g, (code) => `\\u{${code}}`));
const hidden = new RegExp(`[${ranges.join('')}]`, 'gu');

const joiners = new Set(['\u200c', '\u200d']);
const emoji = '[\\p{Extended_Pictographic}\\u{fe0f}\\u{1f3fb}-\\u{1f3ff}]';
const scripts = 'Arab Deva Beng Taml Telu Knda Mlym Sinh Gujr Guru Orya Mong'.split(' ');
const letter = `[${scripts.map((script) => `\\p{Script=${script}}`).join('')}]\\p{M}*`;
const joined = new RegExp(`(${emoji}|${letter})$`, 'u');

function isJoinerInUse(text: string, index: number, character: string): boolean {
  return joiners.has(character) && joined.test(text.slice(Math.max(0, index - 8), index));
}

const names: Readonly<Record<string, string>> = {
  '\u00ad': 'SHY',
  '\u200b': 'ZWSP',
  '\u200c': 'ZWNJ',
  '\u200d': 'ZWJ',
  '\u200e': 'LRM',
  '\u200f': 'RLM',
  '\u202a': 'LRE',
  '\u202b': 'RLE',
  '\u202c': 'PDF',
  '\u202d': 'LRO',
  '\u202e': 'RLO',
  '\u2060': 'WJ',
  '\u2066': 'LRI',
  '\u2067': 'RLI',
  '\u2068': 'FSI',
  '\u2069': 'PDI',
  '\ufeff': 'BOM',
};

function nameOf(character: string): string {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return Object.hasOwn(names, character) ? `${names[character]} ${code}` : code;
}
