/** The actions Potter ships. A new text of one raises its version; an id, once shipped, is never used for another. */
import type { ActionInfo } from '../../../shared/contract.ts';
import type { PromptDefinition } from './actions.ts';

export interface ShippedPrompt {
  readonly id: string;
  /** Grows with every change of the definition. */
  readonly version: number;
  readonly pack?: 'optional';
  /** The action that takes its place while there is no provider. */
  readonly fallback?: string;
  readonly definition: PromptDefinition;
}

export const proofreadOffline: ActionInfo = {
  id: 'proofread-offline',
  name: 'Proofread (offline)',
  description: 'Spelling and grammar of English text, on this machine, without a model.',
  icon: 'machine',
  kind: 'proofread',
  output: 'replace',
  review: 'off',
  origin: 'built-in',
  version: 1,
  isOutdated: false,
  pinned: false,
  hidden: false,
  takesInstruction: false,
};

export const shippedPrompts: readonly ShippedPrompt[] = [
  {
    id: 'polish',
    version: 1,
    definition: {
      kind: 'prompt',
      name: 'Polish',
      description: 'Clearer and smoother in the same voice, nothing added.',
      icon: 'sparkles',
      output: 'replace',
      review: 'off',
      profile: 'rewrite',
      tier: 'standard',
      temperature: 0.3,
      growth: 1,
      instruction: `Polish the text: make it clearer and smoother to read.
Correct every mistake of spelling, grammar and punctuation. Untangle clumsy sentences and replace the wrong or weak word with the right one.
Keep the author's voice, tone and degree of formality. Keep every statement, its order and its strength; add nothing and leave nothing out.
Where a sentence is already good, leave it exactly as it is. If nothing needs to change, return the text unchanged.`,
    },
  },
  {
    id: 'proofread',
    version: 1,
    fallback: proofreadOffline.id,
    definition: {
      kind: 'prompt',
      name: 'Proofread',
      description: 'Spelling, grammar and punctuation only, with the smallest edits.',
      icon: 'check',
      output: 'replace',
      review: 'always',
      profile: 'proofread',
      tier: 'fast',
      temperature: 0,
      growth: 1,
      instruction: `Proofread the text: correct mistakes of spelling, grammar and punctuation, and nothing else.
Make the smallest edit that corrects each mistake. Do not rephrase, reorder, shorten, lengthen or change the style, even where you would have written it otherwise.
Keep the spelling convention the author uses (British or American, old or new). Do not touch names, slang that is meant, or dialect in quotations.
If there is no mistake, return the text unchanged.`,
    },
  },
  {
    id: 'concise',
    version: 1,
    definition: {
      kind: 'prompt',
      name: 'Concise',
      description: 'The same meaning in fewer words.',
      icon: 'scissors',
      output: 'replace',
      review: 'off',
      profile: 'shorten',
      tier: 'fast',
      temperature: 0.2,
      growth: 1,
      instruction: `Make the text concise: say the same in fewer words.
Cut repetition, filler, throat-clearing and empty qualifiers; prefer the short word and the active verb. Keep every fact, condition, number, name and commitment, and the author's tone.
Do not turn prose into bullet points. If the text is already as short as it can be, return it unchanged.`,
    },
  },
  {
    id: 'summarize',
    version: 1,
    definition: {
      kind: 'prompt',
      name: 'Summarize',
      description: 'The main points in a few sentences, nothing invented.',
      icon: 'summary',
      output: 'show',
      review: 'off',
      profile: 'digest',
      tier: 'standard',
      temperature: 0.2,
      growth: 1,
      instruction: `Summarize the text in the language it is written in.
Give what a busy reader must know: the point first, then what follows from it, in at most five sentences, or fewer when the text is short.
State only what the text states. Keep names, numbers and dates exact. No opinion, no advice, no introduction.`,
    },
  },
];
