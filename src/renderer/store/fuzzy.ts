/** Finding by a few letters, as a launcher does. Pure: no React, no DOM. */

export interface Match {
  /** Higher is better. */
  readonly score: number;
  /** Positions of the matched letters in the first text, for marking them. */
  readonly at: readonly number[];
}

/**
 * How well `query` fits: its letters in order in the first text, or every word of it somewhere in the others. Undefined
 * when it does not fit.
 */
export function fuzzyMatch(query: string, [first = '', ...others]: readonly string[]): Match | undefined {
  const wanted = fold(query.trim());
  if (wanted.length === 0) return { score: 0, at: [] };
  const letters = lettersInOrder(wanted, fold(first));
  if (letters) return letters;
  const rest = fold([first, ...others].join(' ')).join('');
  const words = wanted.join('').split(/\s+/);
  return words.every((word) => rest.includes(word)) ? { score: -100, at: [] } : undefined;
}

/** The entries that fit, best first; those that fit alike keep their order. */
export function fuzzySearch<T>(
  query: string,
  entries: readonly T[],
  textsOf: (entry: T) => readonly string[],
): { readonly entry: T; readonly match: Match }[] {
  return entries
    .flatMap((entry) => {
      const match = fuzzyMatch(query, textsOf(entry));
      return match ? [{ entry, match }] : [];
    })
    .sort((a, b) => b.match.score - a.match.score);
}

/** Letter for letter, so that positions stay those of the text. */
function fold(text: string): string[] {
  return [...text].map((letter) => letter.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase() || letter);
}

const atStart = 12;
const atWord = 8;
const inARow = 6;
const perSkipped = 0.3;

/** Tries each place the first letter stands at and keeps the best. */
function lettersInOrder(wanted: readonly string[], text: readonly string[]): Match | undefined {
  let best: Match | undefined;
  for (let start = 0; start < text.length; start++) {
    if (text[start] !== wanted[0]) continue;
    const match = lettersFrom(start, wanted, text);
    if (match && (!best || match.score > best.score)) best = match;
  }
  return best;
}

function lettersFrom(start: number, wanted: readonly string[], text: readonly string[]): Match | undefined {
  const at: number[] = [];
  let score = 0;
  let from = start;
  for (const letter of wanted) {
    if (letter.trim() === '') continue;
    const position = nextPosition(letter, from, at.at(-1), text);
    if (position < 0) return undefined;
    if (position === 0) score += atStart;
    else if (isWordStart(text, position)) score += atWord;
    const last = at.at(-1);
    if (last !== undefined && position === last + 1) score += inARow;
    // Letters strewn over a long text are no name somebody meant.
    if (last !== undefined && position > last + 1 && !isWordStart(text, position)) score -= 4;
    at.push(position);
    from = position + 1;
  }
  return score < 0 ? undefined : { score: score - perSkipped * (text.length - at.length), at };
}

/** The next letter in the row, else the start of a word, else wherever it stands. */
function nextPosition(letter: string, from: number, last: number | undefined, text: readonly string[]): number {
  if (last !== undefined && text[from] === letter) return from;
  for (let index = from; index < text.length; index++) {
    if (text[index] === letter && isWordStart(text, index)) return index;
  }
  return text.indexOf(letter, from);
}

function isWordStart(text: readonly string[], index: number): boolean {
  return index === 0 || !/[\p{L}\p{N}]/u.test(text[index - 1] ?? '');
}
