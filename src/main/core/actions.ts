/** What can be done with a text: prompts for a model, commands of plugins, and the embedded proofreader. */
import { closest } from '../../shared/closest.ts';
import type { ActionInfo } from '../../shared/contract.ts';
import { PotterError } from '../../shared/errors.ts';
import type { PluginCommand } from '../../shared/manifest.ts';
import type { GuardProfile } from './text/guard.ts';

interface PromptAction extends ActionInfo {
  readonly kind: 'prompt';
  /** What the model is asked to do; the shared guard goes before it. */
  readonly instruction: string;
  /** Which row of the guard's table its results must pass. */
  readonly profile: GuardProfile;
  readonly temperature: number;
  /** Grows with every change of the instruction, so that cached answers of an older one are not used. */
  readonly version: number;
  /** The action that takes its place while there is no provider. */
  readonly fallback?: string;
}

interface PluginAction extends ActionInfo {
  readonly kind: 'plugin';
  readonly plugin: string;
  readonly command: string;
}

interface ProofreadAction extends ActionInfo {
  readonly kind: 'proofread';
}

export type Action = PromptAction | PluginAction | ProofreadAction;

const proofreadOffline: ProofreadAction = {
  id: 'proofread-offline',
  name: 'Proofread (offline)',
  description: 'Spelling and grammar of English text, on this machine, without a model.',
  kind: 'proofread',
  output: 'replace',
  review: 'off',
};

const prompts: readonly PromptAction[] = [
  {
    id: 'polish',
    name: 'Polish',
    description: 'Clearer and smoother in the same voice, nothing added.',
    kind: 'prompt',
    output: 'replace',
    tier: 'standard',
    review: 'off',
    profile: 'rewrite',
    temperature: 0.3,
    version: 1,
    instruction: `Polish the text: make it clearer and smoother to read.
Correct every mistake of spelling, grammar and punctuation. Untangle clumsy sentences and replace the wrong or weak word with the right one.
Keep the author's voice, tone and degree of formality. Keep every statement, its order and its strength; add nothing and leave nothing out.
Where a sentence is already good, leave it exactly as it is. If nothing needs to change, return the text unchanged.`,
  },
  {
    id: 'proofread',
    name: 'Proofread',
    description: 'Spelling, grammar and punctuation only, with the smallest edits.',
    kind: 'prompt',
    output: 'replace',
    tier: 'fast',
    review: 'always',
    profile: 'proofread',
    temperature: 0,
    version: 1,
    fallback: 'proofread-offline',
    instruction: `Proofread the text: correct mistakes of spelling, grammar and punctuation, and nothing else.
Make the smallest edit that corrects each mistake. Do not rephrase, reorder, shorten, lengthen or change the style, even where you would have written it otherwise.
Keep the spelling convention the author uses (British or American, old or new). Do not touch names, slang that is meant, or dialect in quotations.
If there is no mistake, return the text unchanged.`,
  },
  {
    id: 'concise',
    name: 'Concise',
    description: 'The same meaning in fewer words.',
    kind: 'prompt',
    output: 'replace',
    tier: 'fast',
    review: 'off',
    profile: 'shorten',
    temperature: 0.2,
    version: 1,
    instruction: `Make the text concise: say the same in fewer words.
Cut repetition, filler, throat-clearing and empty qualifiers; prefer the short word and the active verb. Keep every fact, condition, number, name and commitment, and the author's tone.
Do not turn prose into bullet points. If the text is already as short as it can be, return it unchanged.`,
  },
  {
    id: 'summarize',
    name: 'Summarize',
    description: 'The main points in a few sentences, nothing invented.',
    kind: 'prompt',
    output: 'show',
    tier: 'standard',
    review: 'off',
    profile: 'digest',
    temperature: 0.2,
    version: 1,
    instruction: `Summarize the text in the language it is written in.
Give what a busy reader must know: the point first, then what follows from it, in at most five sentences, or fewer when the text is short.
State only what the text states. Keep names, numbers and dates exact. No opinion, no advice, no introduction.`,
  },
];

/** A command of an installed plugin. Its id is the id of the action it becomes. */
export interface OfferedCommand extends PluginCommand {
  readonly plugin: string;
}

export interface ActionsOptions {
  readonly pluginCommands: () => readonly OfferedCommand[];
  readonly chosen: () => string | null;
  /** May ask the servers of this machine. */
  readonly hasProvider: (signal: AbortSignal) => Promise<boolean>;
}

export class Actions {
  readonly #options: ActionsOptions;

  constructor(options: ActionsOptions) {
    this.#options = options;
  }

  list(): readonly Action[] {
    return [...prompts, proofreadOffline, ...this.#options.pluginCommands().map(pluginAction)];
  }

  /** Fails with `UNKNOWN_ACTION`, naming the nearest id. */
  find(id: string): Action {
    const actions = this.list();
    const found = actions.find((action) => action.id === id);
    if (found) return found;
    const near = closest(
      id,
      actions.map((action) => action.id),
    );
    throw new PotterError('UNKNOWN_ACTION', `There is no action "${id}"${near ? `; did you mean "${near}"?` : '.'}`);
  }

  /** The action of the hotkey: the chosen one, else Polish once a provider exists, else Proofread (offline). */
  async current(signal: AbortSignal): Promise<Action> {
    const chosen = this.#options.chosen();
    if (chosen !== null) return this.find(chosen);
    return this.find((await this.#options.hasProvider(signal)) ? 'polish' : proofreadOffline.id);
  }
}

/** What the lists show of an action. */
export function actionInfo({ id, name, description, kind, output, tier, review }: Action): ActionInfo {
  return { id, name, description, kind, output, review, ...(tier && { tier }) };
}

function pluginAction({ plugin, id, title, description, output }: OfferedCommand): PluginAction {
  return { id, name: title, description, kind: 'plugin', output, review: 'off', plugin, command: id };
}
