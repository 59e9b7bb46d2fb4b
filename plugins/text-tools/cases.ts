/** Upper and lower case, of sentences and of names in programs. */

const word = /\p{L}[\p{L}\p{M}\p{N}]*(?:['’][\p{L}\p{M}]+)*/gu;

/** Words that stay small within a title, as most style books of English have it. */
const minor = new Set(
  'a an and as at but by for from if in into nor of off on onto or over per so than the to up via vs with yet'.split(
    ' ',
  ),
);

/** Each line as a title. */
export function titleCase(text: string): string {
  return text.replace(/[^\r\n]+/g, titleOf);
}

function titleOf(line: string): string {
  const isShouted = shouts(line);
  const words = [...line.matchAll(word)];
  const last = words.length - 1;
  let index = -1;
  return line.replace(word, (found, offset: number) => {
    index += 1;
    if (!isShouted && hasInnerCapital(found)) return found;
    const lower = found.toLowerCase();
    const isFree = index === 0 || index === last || /[:.!?—–]\s*$/.test(line.slice(0, offset));
    return !isFree && minor.has(lower) ? lower : capitalised(lower);
  });
}

/** Small letters, but for the first of each sentence, the word I, and words such as NASA or iPhone. */
export function sentenceCase(text: string): string {
  const isShouted = shouts(text);
  return text.replace(word, (found, offset: number) => {
    if (/^I(?:['’]|$)/.test(found)) return isShouted ? `I${found.slice(1).toLowerCase()}` : found;
    if (!isShouted && hasInnerCapital(found)) return found;
    const lower = found.toLowerCase();
    return beginsSentence(text, offset) ? capitalised(lower) : lower;
  });
}

/** Looks back over at most a few signs, so that a long text costs no more for each of its words. */
function beginsSentence(text: string, offset: number): boolean {
  const before = text.slice(Math.max(0, offset - 20), offset);
  return (
    (offset <= 20 && /^[^\p{L}\p{N}]*$/u.test(before)) || /(?:[.!?…]["'”’)\]]*\s+|[\r\n]\s*)["'“‘([¿¡]*$/.test(before)
  );
}

const shouts = (text: string): boolean => /\p{Lu}/u.test(text) && !/\p{Ll}/u.test(text);
const hasInnerCapital = (found: string): boolean => /^.\S*\p{Lu}/u.test(found);

function capitalised(lower: string): string {
  const [first = ''] = lower;
  return first.toUpperCase() + lower.slice(first.length);
}

type NameForm = (parts: readonly string[]) => string;

const nameForms = {
  camel: (parts) => parts.map((part, index) => (index === 0 ? part : capitalised(part))).join(''),
  snake: (parts) => parts.join('_'),
  kebab: (parts) => parts.join('-'),
} as const satisfies Record<string, NameForm>;

/** Each line as one name of a program; what is before its first letter or digit stays. */
export function nameCase(form: keyof typeof nameForms): (text: string) => string {
  return (text) =>
    text.replace(/[^\r\n]+/g, (line) => {
      const [indent = ''] = /^\s*/.exec(line) ?? [];
      const parts = partsOf(line);
      return parts.length === 0 ? line : indent + nameForms[form](parts);
    });
}

/** `HTTPServer error-code` has the parts http, server, error, code. */
function partsOf(line: string): string[] {
  return line
    .replace(/['’]/g, '')
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((part) => part !== '')
    .map((part) => part.toLowerCase());
}
