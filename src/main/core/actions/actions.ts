/** What can be done with a text: prompts for a model, chains, commands of plugins, and the embedded proofreader. */
import { closest } from '../../../shared/closest.ts';
import type { ActionDefinition, ActionInfo } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import type { PluginCommand } from '../../../shared/manifest.ts';
import { proofreadOffline, type ShippedPrompt, shippedPrompts } from './shipped.ts';

export type PromptDefinition = Extract<ActionDefinition, { kind: 'prompt' }>;
export type ChainDefinition = Extract<ActionDefinition, { kind: 'chain' }>;

interface Listed {
  /** What the list shows of it; `version` grows with every change. */
  readonly info: ActionInfo;
}

export interface PromptAction extends Listed {
  readonly kind: 'prompt';
  readonly definition: PromptDefinition;
  /** The action that takes its place while there is no provider. */
  readonly fallback?: string;
}

/** `Actions.steps` has what it runs. */
export interface ChainAction extends Listed {
  readonly kind: 'chain';
  readonly definition: ChainDefinition;
}

export interface PluginAction extends Listed {
  readonly kind: 'plugin';
  readonly plugin: string;
  readonly command: string;
}

/** The embedded proofreader. */
export interface ProofreadAction extends Listed {
  readonly kind: 'proofread';
}

/** What does its work in one go. */
export type SingleAction = PromptAction | PluginAction | ProofreadAction;
export type Action = SingleAction | ChainAction;

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
    const offline: ProofreadAction = { kind: 'proofread', info: proofreadOffline };
    return [...shippedPrompts.map(asShipped), offline, ...this.#options.pluginCommands().map(pluginAction)];
  }

  /** Fails with `UNKNOWN_ACTION`, naming the nearest id. */
  find(id: string): Action {
    const actions = this.list();
    const found = actions.find(({ info }) => info.id === id);
    if (found) return found;
    const near = closest(
      id,
      actions.map(({ info }) => info.id),
    );
    throw new PotterError('UNKNOWN_ACTION', `There is no action "${id}"${near ? `; did you mean "${near}"?` : '.'}`);
  }

  /** The action of the hotkey: the chosen one, else Polish once a provider exists, else Proofread (offline). */
  async current(signal: AbortSignal): Promise<Action> {
    const chosen = this.#options.chosen();
    if (chosen !== null) return this.find(chosen);
    return this.find((await this.#options.hasProvider(signal)) ? 'polish' : proofreadOffline.id);
  }

  /** An action that is not saved, under the id `draft`. Fails as saving it would. */
  draft(definition: ActionDefinition): Action {
    return defined(definition, { id: 'draft', origin: 'custom', version: 1 });
  }

  /** What an action really does, in order: itself, or the steps of the chain with those of chains within it. */
  steps(action: Action): readonly SingleAction[] {
    if (action.kind !== 'chain') return [action];
    return action.definition.steps.flatMap((id) => this.steps(this.find(id)));
  }
}

type Place = Pick<ActionInfo, 'id' | 'origin' | 'version'> & Partial<ActionInfo>;

function defined(definition: ActionDefinition, place: Place): PromptAction | ChainAction {
  const { name, description, icon, kind, output, review } = definition;
  const info: ActionInfo = {
    name,
    description,
    icon,
    kind,
    output,
    review,
    isOutdated: false,
    pinned: false,
    hidden: false,
    takesInstruction: false,
    ...place,
  };
  if (definition.kind === 'chain') return { kind: 'chain', info, definition };
  const { tier, model, instruction } = definition;
  const takesInstruction = instruction.includes('{{instruction}}');
  return { kind: 'prompt', info: { ...info, tier, ...(model && { model }), takesInstruction }, definition };
}

function asShipped({ id, version, fallback, definition }: ShippedPrompt): Action {
  const action = defined(definition, { id, origin: 'built-in', version });
  return action.kind === 'prompt' && fallback ? { ...action, fallback } : action;
}

function pluginAction({ plugin, id, title, description, output }: OfferedCommand): PluginAction {
  const info: ActionInfo = {
    id,
    name: title,
    description,
    icon: 'plugin',
    kind: 'plugin',
    output,
    review: 'off',
    origin: 'plugin',
    version: 1,
    isOutdated: false,
    pinned: false,
    hidden: false,
    takesInstruction: false,
  };
  return { kind: 'plugin', info, plugin, command: id };
}
