/** What is done to a text line by line. */

/**
 * The line endings stay where they are, so a final newline, or its absence, and CRLF survive. The engine's own order of
 * strings is by far the fastest, so each line is sorted as key, NUL, newline, line: no line holds a newline. In place,
 * because a million characters may be half a million lines.
 */
export function sortLines(text: string): string {
  const { lines, isTerminated } = splitLines(text);
  const keys = sortKey(text.includes('\r') ? text.replaceAll('\r\n', '\n') : text);
  let start = 0;
  for (const [index, line] of lines.entries()) {
    const next = keys.indexOf('\n', start);
    const end = next === -1 ? keys.length : next;
    lines[index] = `${keys.slice(start, end)}\0\n${line}`;
    start = end + 1;
  }
  lines.sort();
  for (const [index, keyed] of lines.entries()) lines[index] = keyed.slice(keyed.indexOf('\n') + 1);
  return joinLines(lines, text, isTerminated);
}

/** The later ones of equal lines go; empty lines stay, as they divide. */
export function uniqueLines(text: string): string {
  const { lines, isTerminated } = splitLines(text);
  const seen = new Set<string>();
  const kept = lines.filter((line) => {
    if (line === '') return true;
    if (seen.has(line)) return false;
    seen.add(line);
    return true;
  });
  const joined = joinLines(kept, text, isTerminated);
  return isTerminated ? joined : joined.replace(/\r?\n$/, '');
}

export function reverseLines(text: string): string {
  const { lines, isTerminated } = splitLines(text);
  return joinLines(lines.reverse(), text, isTerminated);
}

/** One line; a space between what was apart, and none between Chinese or Japanese characters. */
export function joinToOneLine(text: string): string {
  const { lines, isTerminated } = splitLines(text);
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  return joinWords(lines) + (isTerminated ? ending : '');
}

/** One line for each item between tabs, or else semicolons, or else commas. */
export function splitAtSeparators(text: string): string {
  const separator = ['\t', ';', ',', '，', '、'].find((one) => text.includes(one));
  if (separator === undefined) throw new Error('There is no tab, semicolon or comma to split the text at.');
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const { lines, isTerminated } = splitLines(text);
  const items = lines.flatMap((line) => (line === '' ? [''] : line.split(separator).map((item) => item.trim())));
  return items.join(ending) + (isTerminated ? ending : '');
}

const listItem = /^\s*(?:[-*+•◦‣▪–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s/;

/**
 * Joins the lines of each paragraph, as they come out of a PDF: a word divided at the end of a line becomes whole again,
 * items of lists and empty lines keep their places.
 */
export function fixLineBreaks(text: string): string {
  const { lines, isTerminated } = splitLines(text);
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const paragraphs: string[][] = [];
  for (const line of lines.map((raw) => raw.trim())) {
    const [before] = paragraphs.at(-1) ?? [];
    if (before === undefined || before === '' || line === '' || listItem.test(line)) paragraphs.push([line]);
    else paragraphs.at(-1)?.push(line);
  }
  return paragraphs.map(joinWords).join(ending).replaceAll('\u00ad', '') + (isTerminated ? ending : '');
}

/** Scripts that write no space between words. */
const unspaced =
  '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\u3000-\\u303f\\uff00-\\uffef]';
const endsUnspaced = new RegExp(`${unspaced}$`, 'u');
const beginsUnspaced = new RegExp(`^${unspaced}`, 'u');

/** The lines as one. Looks at the last piece alone, so that a text of many lines costs no more for each of them. */
function joinWords(lines: readonly string[]): string {
  const pieces: string[] = [];
  for (const line of lines.map((raw) => raw.trim()).filter((trimmed) => trimmed !== '')) {
    const before = pieces.at(-1) ?? '';
    // A hyphen before a small letter divides a word; before a capital or a digit it belongs to one.
    if (/\p{L}[\u00ad\u2010-]$/u.test(before) && /^\p{Ll}/u.test(line))
      pieces.push(`${pieces.pop()?.slice(0, -1)}`, line);
    else if (before === '' || (endsUnspaced.test(before) && beginsUnspaced.test(line))) pieces.push(line);
    else pieces.push(' ', line);
  }
  return pieces.join('');
}

interface Lines {
  readonly lines: string[];
  /** Does the last line end with a newline? */
  readonly isTerminated: boolean;
}

function splitLines(text: string): Lines {
  const lines = text.split(/\r?\n/);
  const isTerminated = lines.length > 1 && lines.at(-1) === '';
  if (isTerminated) lines.pop();
  return { lines, isTerminated };
}

/** Joins the lines with the endings of the text. */
function joinLines(lines: readonly string[], text: string, isTerminated: boolean): string {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const isMixed = ending === '\r\n' && text.replaceAll('\r\n', '').includes('\n');
  if (!isMixed) return lines.join(ending) + (isTerminated ? ending : '');
  const endings = text.match(/\r?\n/g) ?? [];
  return lines.map((line, index) => line + (endings[index] ?? '')).join('');
}

/** Case and the accents of Latin letters decide only between otherwise equal lines; й or ё stay letters of their own. */
function sortKey(text: string): string {
  const lower = text.toLowerCase();
  if (!/[^\0-\x7f]/.test(lower)) return lower;
  return lower
    .normalize('NFD')
    .replace(/([a-z])[\u0300-\u036f]+/g, '$1')
    .normalize('NFC');
}

export function trimAndCollapse(text: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/).map((line) => line.replace(/[^\S\r\n]+/g, oneSpace).trim());
  const first = lines.findIndex((line) => line !== '');
  if (first === -1) return '';
  const last = lines.findLastIndex((line) => line !== '');
  const isTerminated = last < lines.length - 1;
  return lines.slice(first, last + 1).join(newline) + (isTerminated ? newline : '');
}

/** A single no-break or ideographic space was chosen by the writer and stays. */
const oneSpace = (run: string): string => (run.length > 1 || run === '\t' ? ' ' : run);
