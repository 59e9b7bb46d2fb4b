/** How many tokens a text takes, from its size and script: rather too many, as limits and budgets are built on it. */

/** Upper estimates over the common tokenizers: first code point above the range, tokens for each character in it. */
const tokenDensity: readonly (readonly [below: number, tokens: number])[] = [
  [0x80, 0.4], // ASCII: prose needs about 0.25, code and numbers more
  [0x250, 0.7], // accented Latin
  [0x2e80, 1.2], // Greek, Cyrillic, Hebrew, Arabic, Indic, Thai
  [0x1_0000, 2], // Chinese, Japanese, Korean
  [Number.POSITIVE_INFINITY, 4], // emoji and rare characters, byte by byte
];

export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const character of text) tokens += tokensPerCharacter(character.codePointAt(0) ?? 0);
  return Math.ceil(tokens);
}

function tokensPerCharacter(codePoint: number): number {
  return tokenDensity.find(([below]) => codePoint < below)?.[1] ?? 4;
}
