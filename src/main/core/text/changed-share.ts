import { diffArrays } from 'diff';

/** Made at first use: it takes some 10 ms, which is a lot of the start of a command. */
let words: Intl.Segmenter | undefined;

/** Where comparing takes longer than this, so much differs that the exact share no longer matters. */
const timeoutMs = 100;

/** How much of a text is other words now: 0 for the same words in the same order, 1 for none of them. */
export function changedShare(before: string, after: string): number {
  const [old, now] = [wordsOf(before), wordsOf(after)];
  const longest = Math.max(old.length, now.length);
  if (longest === 0) return before === after ? 0 : 1;
  const pieces = diffArrays(old, now, { timeout: timeoutMs });
  if (!pieces) return 1;
  const kept = pieces.reduce((sum, { added, removed, count }) => (added || removed ? sum : sum + count), 0);
  return 1 - kept / longest;
}

function wordsOf(text: string): string[] {
  words ??= new Intl.Segmenter(undefined, { granularity: 'word' });
  return [...words.segment(text)].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment);
}
