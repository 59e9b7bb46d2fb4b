/** The parts of a text an answer has to bring back: links, addresses, numbers, code, placeholders, paths. */

export const tokenClasses = ['code', 'url', 'email', 'placeholder', 'path', 'number'] as const;
export type TokenClass = (typeof tokenClasses)[number];

export interface Token {
  readonly class: TokenClass;
  readonly text: string;
  /** UTF-16 offsets, end exclusive. */
  readonly start: number;
  readonly end: number;
}

export interface ProtectRule {
  readonly classes: readonly TokenClass[];
  /**
   * `same`: as often as in the input, no more and no less (a proofreader has no reason to touch one).
   * `some`: at least once (a rewrite may say a thing once that was said twice), and small whole numbers may become words.
   */
  readonly count: 'same' | 'some';
}

/** A token whose number of occurrences breaks the rule. */
export interface MissingToken {
  readonly class: TokenClass;
  /** As it stands in the input; in the output when it was added. */
  readonly text: string;
  readonly before: number;
  readonly after: number;
}

/** Every protected token in order of appearance. Tokens never overlap: a number inside a link belongs to the link. */
export function findTokens(text: string): readonly Token[] {
  const found: Token[] = [];
  const taken = new Uint8Array(text.length);
  for (const { class: name, find } of finders) {
    for (const [start, end] of find(text)) {
      if (start >= end || taken.subarray(start, end).includes(1)) continue;
      taken.fill(1, start, end);
      found.push({ class: name, text: text.slice(start, end), start, end });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** The tokens of the input that the output lost (or, with `same`, multiplied). */
export function missingTokens(input: string, output: string, rule: ProtectRule): readonly MissingToken[] {
  const before = tally(findTokens(input), rule.classes);
  const after = tally(findTokens(output), rule.classes);
  const missing: MissingToken[] = [];
  for (const [key, { token, count }] of before) {
    const now = after.get(key)?.count ?? 0;
    const kept = rule.count === 'same' ? now === count : now > 0 || isSpelledOut(token, output);
    if (!kept) missing.push({ class: token.class, text: token.text, before: count, after: now });
  }
  if (rule.count === 'same') {
    for (const [key, { token, count }] of after) {
      if (!before.has(key)) missing.push({ class: token.class, text: token.text, before: 0, after: count });
    }
  }
  return missing;
}

type Finder = (text: string) => Iterable<readonly [start: number, end: number]>;

/** In order of precedence: what an earlier one found is not looked at again. */
const finders: readonly { readonly class: TokenClass; readonly find: Finder }[] = [
  { class: 'code', find: fencedCode },
  { class: 'code', find: matches(/(?<!`)(`{1,3})(?!`)[^`\n]{1,2000}\1(?!`)/g) },
  // Full-width and CJK punctuation ends a link, as it is written directly after one.
  { class: 'url', find: links },
  { class: 'email', find: matches(/[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu) },
  { class: 'placeholder', find: matches(/\{\{[^{}\n]{1,200}\}\}|\$?\{[A-Za-z_][\w.:-]{0,100}\}|\{\d{0,3}\}/g) },
  {
    class: 'placeholder',
    find: matches(/%\([A-Za-z_]\w{0,60}\)[sdif]|(?<![\d%])%(?:\d+\$)?[-+0]?\d*(?:\.\d+)?[sdifgxXu@](?![A-Za-z])/g),
  },
  { class: 'placeholder', find: matches(/\$[A-Z_][A-Z0-9_]{1,60}\b|%[A-Z_][A-Z0-9_]{1,60}%/g) },
  { class: 'placeholder', find: matches(/<\/?[A-Za-z][\w:-]{0,60}(?:\s[^<>\n]{0,500})?\/?>/g) },
  { class: 'path', find: matches(/(?<![\w/:.~])(?:~|\.{1,2})?(?:\/[\w.@+-]{1,100}){2,40}\/?(?<!\.)/g) },
  { class: 'path', find: matches(/(?<![\w/])(?:[\w@+-][\w.@+-]{0,100}\/){1,40}[\w@+-]{1,100}\.[A-Za-z]\w{0,5}\b/g) },
  { class: 'path', find: matches(/\b[A-Za-z]:\\[^\s<>|"*?]{1,260}(?<![.,;:!])/g) },
  { class: 'number', find: numbers },
];

function matches(pattern: RegExp): Finder {
  return function* (text) {
    for (const match of text.matchAll(pattern)) yield [match.index, match.index + match[0].length];
  };
}

function* fencedCode(text: string): Iterable<[number, number]> {
  let fence: { mark: string; start: number } | undefined;
  for (const line of text.matchAll(/^[ \t]{0,8}(`{3,}|~{3,})([^\n]*)$/gm)) {
    const [whole, mark = '', rest = ''] = line;
    if (!fence) {
      if (!rest.includes('`')) fence = { mark, start: line.index };
    } else if (mark.startsWith(fence.mark) && rest.trim() === '') {
      yield [fence.start, line.index + whole.length];
      fence = undefined;
    }
  }
}

const linkPattern =
  /(?:(?:https?|ftp|file|wss?):\/\/|www\.|mailto:|tel:)[^\s<>"'`\u2018-\u201f\u3000-\u303f\uff00-\uffef]{2,2000}/gi;

function* links(text: string): Iterable<[number, number]> {
  for (const match of text.matchAll(linkPattern)) yield [match.index, match.index + trimLink(match[0]).length];
}

/** Punctuation after a link belongs to the sentence, a closing bracket only when the link did not open it. */
function trimLink(link: string): string {
  let end = link.length;
  // Bounded, as every step counts the brackets of the whole link.
  for (; end > Math.max(0, link.length - 20); end--) {
    const last = link[end - 1] ?? '';
    const opener = brackets[last];
    const unbalanced = opener !== undefined && count(link.slice(0, end), last) > count(link.slice(0, end), opener);
    if (!unbalanced && !'.,;:!?*_…'.includes(last)) break;
  }
  return link.slice(0, end);
}

const brackets: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
const count = (text: string, part: string): number => text.split(part).length - 1;

/**
 * A date of three parts, or digits with inner separators: decimals, thousands, times, versions. Ranges and fractions are
 * taken as their parts, so that `5-10` may become `5–10` or `5 to 10`. Digits inside a word (`MP3`, `H2O`) are a name,
 * which Chinese `3月15日` or Hebrew, written without spaces, are not.
 */
const numberPattern =
  /(?<![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Nd}_])(?:[$€£¥₹₽₩₪₺]\s?|v(?=\d+\.))?(?:\p{Nd}{1,4}([-/.])\p{Nd}{1,2}\1\p{Nd}{1,4}(?!\p{Nd})|\p{Nd}{1,3}(?:[ '’\u00a0\u2009\u202f]\p{Nd}{3})+(?!\p{Nd})|\p{Nd}+(?:[.,:]\p{Nd}+)*)(?:\s?[%€£¥₹₽₩₪₺٪])?/gu;

function* numbers(text: string): Iterable<[number, number]> {
  for (const match of text.matchAll(numberPattern)) {
    const [start, end] = [match.index, match.index + match[0].length];
    if (!isListMarker(text, start, end)) yield [start, end];
  }
}

/** Bounded, as a text may be one line of a million numbers and each of them is looked at. */
const deepestIndent = 80;

/** The `1.` of a list is structure, which a rewrite may turn into a dash. */
function isListMarker(text: string, start: number, end: number): boolean {
  if (!/^[.)]\s/.test(text.slice(end, end + 2)) || !/^\p{Nd}{1,3}$/u.test(text.slice(start, end))) return false;
  const before = text.slice(Math.max(0, start - deepestIndent - 1), start);
  const indent = before.slice(before.lastIndexOf('\n') + 1);
  const isLineBegin = indent.length < before.length || before.length === start;
  return isLineBegin && indent.trim() === '';
}

function tally(tokens: readonly Token[], classes: readonly TokenClass[]): Map<string, { token: Token; count: number }> {
  const totals = new Map<string, { token: Token; count: number }>();
  for (const token of tokens) {
    if (!classes.includes(token.class)) continue;
    const key = `${token.class} ${keys[token.class](token.text)}`;
    totals.set(key, { token, count: (totals.get(key)?.count ?? 0) + 1 });
  }
  return totals;
}

/** What two tokens must share to count as the same: the table of harmless differences. */
const keys: Readonly<Record<TokenClass, (text: string) => string>> = {
  code: (text) => text.replace(/[ \t]+$/gm, '').trim(),
  url: (text) => text.replace(/\/$/, ''),
  email: (text) => text.toLowerCase().replace(/\.$/, ''),
  placeholder: (text) => text,
  path: (text) => text.replace(/\/$/, ''),
  number: numberKey,
};

/**
 * Digits of any script as ASCII and separators of thousands removed, so that `12 500`, `12,500` and `12.500` are one
 * number; a decimal comma equals a decimal point. `12.5` and `125` stay different.
 */
function numberKey(text: string): string {
  const compact = asciiDigits(text.normalize('NFKC'))
    .replace(/^v/, '')
    .replace(/[\s'’]/g, '');
  const sign = compact.replace(/[\d.,:/-]/g, '');
  const digits = compact.replace(/[^\d.,:/-]/g, '');
  const grouped = /^(\d{1,3}(?:([.,])\d{3})(?:\2\d{3})*)(?:[.,](\d+))?$/.exec(digits);
  if (!grouped) return sign + digits.replace(/^(\d+),(\d+)$/, '$1.$2');
  const [, whole = '', , fraction] = grouped;
  return sign + whole.replace(/[.,]/g, '') + (fraction === undefined ? '' : `.${fraction}`);
}

/** Code points of the digit zero in scripts whose numbers are met in practice. */
const zeros = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50];

function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    const zero = zeros.find((candidate) => code >= candidate && code < candidate + 10);
    return zero === undefined ? digit : String(code - zero);
  });
}

function isSpelledOut(token: Token, output: string): boolean {
  if (token.class !== 'number') return false;
  const words = /^\d{1,2}$/.test(token.text) ? numberWords[Number(token.text)] : undefined;
  return words?.test(output) ?? false;
}

/** Small numbers as words of the larger languages; a rewrite may prefer them. */
const numberWords: readonly RegExp[] = [
  'zero|no|none|null|kein\\w*|zéro|cero|nula|零|〇|ゼロ|ноль',
  'one|an?|first|once|single|eine?[nmrs]?|une?|uno?|uma?|een|一|один|одна|одно|واحد|אחד|אחת',
  'two|second|twice|both|zwei|deux|dos|dois|duas|due|twee|二|两|兩|два|две|اثنان|שני|שתי|שניים',
  'three|third|drei|trois|tres|três|tre|drie|三|три|ثلاثة|ثلاث|שלוש|שלושה',
  'four|fourth|vier|quatre|cuatro|quatro|quattro|四|четыре|أربعة|أربع|ארבע|ארבעה',
  'five|fifth|fünf|cinq|cinco|cinque|vijf|五|пять|خمسة|خمس|חמש|חמישה',
  'six|sixth|sechs|seis|sei|zes|六|шесть|ستة|ست|שש|שישה',
  'seven|seventh|sieben|sept|siete|sete|sette|zeven|七|семь|سبعة|سبع|שבע|שבעה',
  'eight|eighth|acht|huit|ocho|oito|otto|八|восемь|ثمانية|שמונה',
  'nine|ninth|neun|neuf|nueve|nove|negen|九|девять|تسعة|תשע|תשעה',
  'ten|tenth|zehn|dix|diez|dez|dieci|tien|十|десять|عشرة|עשר|עשרה',
  'eleven|elf|onze|once|undici|十一|одиннадцать',
  'twelve|dozen|zwölf|douze|doce|doze|dodici|twaalf|十二|двенадцать',
].map(
  (words) =>
    new RegExp(
      `(?<![\\p{Script=Latin}\\p{Script=Cyrillic}])(?:${words})(?![\\p{Script=Latin}\\p{Script=Cyrillic}])`,
      'iu',
    ),
);
