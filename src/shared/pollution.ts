/** Plain data from outside that no schema of ours would mind and the program still must not take. */

/** Names that would reach into every object of the program. */
export const pollutingNames: readonly string[] = ['__proto__', 'constructor', 'prototype'];

const maxDepth = 64;

/** What is wrong with the value, as the end of a sentence: a polluting name or endless nesting anywhere in it. */
export function pollutionIn(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
  for (const name of pollutingNames) {
    if (Object.hasOwn(value, name)) return `has the key "${name}", which is not allowed`;
  }
  for (const member of Object.values(value)) {
    const found = pollutionIn(member, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
