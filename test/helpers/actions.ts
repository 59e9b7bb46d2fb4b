/** Actions as a person would make them. */
import type { ActionDefinition } from '../../src/shared/contract.ts';

export type Prompt = Extract<ActionDefinition, { kind: 'prompt' }>;

export const prompt = (name: string, more: Partial<Prompt> = {}): Prompt => ({
  kind: 'prompt',
  name,
  description: '',
  icon: 'pencil',
  output: 'replace',
  review: 'off',
  instruction: 'Make it rhyme.',
  profile: 'rewrite',
  tier: 'fast',
  temperature: 0,
  growth: 1,
  ...more,
});

export const chain = (name: string, ...steps: string[]): ActionDefinition => ({
  kind: 'chain',
  name,
  description: '',
  icon: 'chain',
  output: 'replace',
  review: 'off',
  steps,
});
