/** How long a text is, in the units people ask for. */

/** A character as a reader sees it: with its marks, and a joined emoji as one. The engine has no segmenter of its own. */
const seen =
  /\r\n|\p{RI}\p{RI}|[\p{Emoji}--[\p{N}#*]](?:\p{EMod}|\ufe0f)?(?:\u200d\p{Emoji}(?:\p{EMod}|\ufe0f)?)*|\P{M}\p{M}*|\p{M}+/gv;
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const spaced = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’.-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*/gu;

export function count(text: string): string {
  const characters = matches(text, seen);
  const spaces = matches(text, /\s/gu);
  const ideographs = matches(text, unspaced);
  const words = matches(text.replace(unspaced, ' '), spaced) + ideographs;
  const lines = text === '' ? 0 : text.replace(/\r?\n$/, '').split(/\r?\n/).length;
  const paragraphs = text.split(/(?:\r?\n[ \t]*){2,}/).filter((part) => part.trim() !== '').length;
  return [
    `Characters: ${grouped(characters)} (${grouped(Math.max(0, characters - spaces))} without spaces)`,
    `Words: ${grouped(words)}${ideographs > 0 ? ' (each Chinese or Japanese character counted as one)' : ''}`,
    `Lines: ${grouped(lines)}`,
    `Paragraphs: ${grouped(paragraphs)}`,
    `Tokens of a language model: about ${grouped(tokens(text))}`,
  ].join('\n');
}

const matches = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
const grouped = (value: number): string => String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');

/** Averages over the common tokenizers: a quarter of a token for a character of English, more for other scripts. */
function tokens(text: string): number {
  let total = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    total += code < 0x80 ? 0.25 : code < 0x250 ? 0.5 : code < 0x2e80 ? 0.7 : code < 0x1_0000 ? 1 : 2;
  }
  return Math.ceil(total);
}
