/** What a text must be like for an action to be run on it. */
import { createContext, runInContext } from 'node:vm';
import type { ActionDefinition } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import type { Action } from './actions.ts';

type Requirements = NonNullable<ActionDefinition['requires']>;

/** Fails with `REQUIREMENT`, saying what the text lacks. A pattern that takes too long is a requirement not met. */
export function checkRequirements(action: Action, text: string): void {
  const requires = 'definition' in action ? action.definition.requires : undefined;
  if (!requires) return;
  const { minCharacters = 0, maxCharacters = Number.POSITIVE_INFINITY, pattern } = requires;
  const { name } = action.info;
  const refuse = (reason: string): PotterError => new PotterError('REQUIREMENT', `"${name}" ${reason}.`);
  const { length } = text;
  if (length < minCharacters)
    throw refuse(`needs a text of at least ${minCharacters} characters; this one has ${length}`);
  if (length > maxCharacters)
    throw refuse(`takes a text of at most ${maxCharacters} characters; this one has ${length}`);
  if (pattern === undefined) return;
  const verdict = matches(pattern, text);
  if (verdict === 'late') throw refuse(`could not be checked: its pattern takes too long on this text: ${pattern}`);
  if (verdict === 'invalid') throw refuse(`cannot be run: its pattern is not valid: ${pattern}`);
  if (verdict === 'no') throw refuse(`needs a text that matches ${pattern}`);
}

/** Why these requirements can never be met, or undefined. */
export function requirementsProblem(
  requires: Requirements | undefined,
): { field: string; message: string } | undefined {
  const { minCharacters = 0, maxCharacters = Number.POSITIVE_INFINITY, pattern } = requires ?? {};
  if (minCharacters > maxCharacters) {
    const message = `The least number of characters, ${minCharacters}, is above the greatest, ${maxCharacters}.`;
    return { field: 'requires.minCharacters', message };
  }
  if (pattern === undefined) return undefined;
  try {
    new RegExp(pattern, 'u');
    return undefined;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { field: 'requires.pattern', message: `The pattern is not a regular expression: ${reason}.` };
  }
}

const deadlineMs = 200;

/**
 * `vm` lends its deadline and nothing else: it interrupts a pattern that would backtrack for hours. Both values are
 * strings, and no code but this one line is run.
 */
function matches(pattern: string, text: string): 'yes' | 'no' | 'late' | 'invalid' {
  const context = createContext(Object.assign(Object.create(null), { pattern, text }));
  try {
    return runInContext('new RegExp(pattern, "u").test(text)', context, { timeout: deadlineMs }) === true
      ? 'yes'
      : 'no';
  } catch (thrown) {
    // An error of the context's own realm is no instance of our Error.
    const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
    return code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? 'late' : 'invalid';
  }
}
