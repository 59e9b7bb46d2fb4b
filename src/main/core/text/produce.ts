/** What one action makes of a text: its requirements, its prompt, its answer and the guard. Nothing is written here. */
import type { Correction, ModelAttempt, PreviewStep, RunCost } from '../../../shared/contract.ts';
import { PotterError, toPotterError } from '../../../shared/errors.ts';
import { pluginLimits } from '../../../shared/manifest.ts';
import type { PluginAction, PromptAction, SingleAction } from '../actions/actions.ts';
import { checkRequirements } from '../actions/requirements.ts';
import type { Log } from '../log/log.ts';
import type { Filters } from '../plugins/filters.ts';
import type { ModelCalls, Wait } from '../providers/calls.ts';
import { pricesOf } from '../providers/prices.ts';
import type { CompletionRequest, Finish, Usage } from '../providers/provider.ts';
import type { Resolved, Wanted } from '../providers/registry.ts';
import { checkResult } from './guard.ts';
import { buildPrompt, outputTokensFor, splitOuterWhitespace, stripDelimiters } from './prompt.ts';
import { type Languages, nameOf, targetLanguage } from './translation.ts';

export interface ProducerOptions {
  /** For a preview. Fails with `NO_PROVIDER`, `NO_KEY`, … */
  readonly resolveModel: (wanted: Wanted, signal: AbortSignal, log: Log) => Promise<Resolved>;
  readonly models: Pick<ModelCalls, 'complete'>;
  readonly filters: Pick<Filters, 'has' | 'apply'>;
  readonly runPlugin: (plugin: string, command: string, text: string, signal: AbortSignal) => Promise<string>;
  readonly proofread: (text: string, signal: AbortSignal) => Promise<{ output: string; corrections: Correction[] }>;
  readonly maxCharacters: () => number;
  readonly languages: () => Languages;
  readonly newId: () => string;
}

/** One action on one text. */
export interface Work {
  readonly action: SingleAction;
  readonly text: string;
  /** The free instruction, where the action takes one. */
  readonly instruction: string | undefined;
  /** `provider/model` for this run only. */
  readonly model: string | undefined;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface Source {
  readonly provider?: string;
  readonly model?: string;
}

export interface Listener {
  /** Before the first word, once it is known who works on it; again with `instead` when a model takes over from another. */
  readonly started: (source: Source & { readonly instead?: boolean }) => Promise<void>;
  readonly text: (text: string) => Promise<void>;
  /** Nobody works on it for a while. */
  readonly waiting: (wait: Wait) => Promise<void>;
}

/** What an action made of the text, checked. */
export interface Produced extends Source {
  readonly output: string;
  readonly notice?: string;
  readonly corrections?: Correction[];
  readonly usage?: Usage;
  readonly cost?: RunCost;
  readonly attempts?: ModelAttempt[];
}

/** A prompt as it is about to be sent, and the white space its answer is put back between. */
interface Prepared {
  readonly request: Omit<CompletionRequest, 'model'>;
  readonly nonce: string;
  readonly before: string;
  readonly core: string;
  readonly after: string;
}

export class Producer {
  readonly #options: ProducerOptions;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  async produce(work: Work, listener: Listener): Promise<Produced> {
    const { action, text, signal } = work;
    this.#refuseUnfit(action, text);
    switch (action.kind) {
      case 'plugin':
        await listener.started({});
        return { output: await this.#plugin(action, work) };
      case 'proofread':
        await listener.started({});
        return this.#options.proofread(text, signal);
      case 'prompt':
        return this.#prompt(action, work, listener);
    }
  }

  /** What `produce` would send, and where; the text goes nowhere. Fails as `produce` would before it sends anything. */
  async describe(work: Work): Promise<PreviewStep> {
    const { action, text } = work;
    this.#refuseUnfit(action, text);
    const named = { action: action.info.id, name: action.info.name };
    const chosen = action.kind === 'prompt' ? await this.#modelOrFallback(action, work) : undefined;
    if (action.kind !== 'prompt' || !chosen) return named;
    const { request } = this.#prepare(action, await this.#filtered(work));
    const { id, providerName, model, servers, withKey } = chosen;
    const { url, body } = servers[0].provider.describe({ ...request, model });
    return {
      ...named,
      // It is what is serialised to be sent, so it is JSON.
      request: { provider: id, providerName, model, url, withKey, body: JSON.parse(JSON.stringify(body)) },
      system: request.system,
      user: request.user,
    };
  }

  #refuseUnfit(action: SingleAction, text: string): void {
    if (text.trim() === '') throw new PotterError('EMPTY_TEXT', 'There is no text to work on.');
    this.#refuseTooLong(text, action.kind);
    checkRequirements(action, text);
  }

  async #plugin({ plugin, command, info }: PluginAction, { text, signal }: Work): Promise<string> {
    const output = await this.#options.runPlugin(plugin, command, text, signal);
    // Written, it would delete what was selected.
    if (output.trim() === '') throw new PotterError('EMPTY_RESULT', `“${info.name}” left nothing of the text.`);
    return output;
  }

  #refuseTooLong(text: string, kind: SingleAction['kind']): void {
    const most = kind === 'prompt' ? this.#options.maxCharacters() : localLimits[kind];
    if (text.length <= most) return;
    const who = { prompt: 'a language model', plugin: 'a plugin', proofread: 'the offline proofreader' }[kind];
    const message = `The text has ${text.length} characters; ${who} is given at most ${most}.`;
    throw new PotterError('TEXT_TOO_LONG', message, { detail: { characters: text.length, most } });
  }

  async #prompt(action: PromptAction, work: Work, { started, text: heard, waiting }: Listener): Promise<Produced> {
    const { text, signal, log } = work;
    const { filters } = this.#options;
    const prepared = this.#prepare(action, await this.#filtered(work));
    // What a filter has yet to see is not shown.
    const shown = filters.has('response') ? async () => undefined : heard;
    try {
      const { value, target, cost, attempts, notice } = await this.#options.models.complete({
        wanted: wantedBy(action, work),
        spender: { action: action.info.id },
        ...{ request: prepared.request, signal, log },
        started: ({ id, model }, instead) => started({ provider: id, model, ...(instead && { instead }) }),
        ...{ text: shown, waiting },
      });
      return {
        ...{ provider: target.id, model: target.model },
        output: checked(
          action,
          { ...prepared, ...splitOuterWhitespace(text) },
          await filters.apply('response', value.text, signal),
          value.finish,
        ),
        ...(value.usage && { usage: value.usage }),
        ...(cost && { cost: { ...cost, pricesOf } }),
        attempts: [...attempts],
        ...(notice !== undefined && { notice }),
      };
    } catch (thrown) {
      if (!standsIn(action, work, thrown)) throw thrown;
      this.#refuseTooLong(text, 'proofread');
      const notice = 'No language model is set up, so Proofread (offline) corrected the text.';
      await started({});
      return { ...(await this.#options.proofread(text, signal)), notice };
    }
  }

  /** Undefined where the action has an offline stand-in and there is no provider to ask. */
  /** With the text as the filters let it go to a model. */
  async #filtered(work: Work): Promise<Work> {
    return { ...work, text: await this.#options.filters.apply('request', work.text, work.signal) };
  }

  async #modelOrFallback(action: PromptAction, work: Work): Promise<Resolved | undefined> {
    try {
      return await this.#options.resolveModel(wantedBy(action, work), work.signal, work.log);
    } catch (thrown) {
      if (standsIn(action, work, thrown)) return undefined;
      throw thrown;
    }
  }

  #prepare({ definition }: PromptAction, { text, instruction }: Work): Prepared {
    const { before, core, after } = splitOuterWhitespace(text);
    const chance = this.#options.newId().replaceAll('-', '').slice(0, 16);
    const { system, user, nonce } = buildPrompt({
      instruction: filled(definition, core, instruction, this.#options.languages()),
      text: core,
      nonce: chance,
    });
    const { temperature, growth } = definition;
    const request = { system, user, temperature, maxOutputTokens: outputTokensFor(core, growth) };
    return { request, nonce, before, core, after };
  }
}

function wantedBy({ definition }: PromptAction, { model }: Work): Wanted {
  return { reference: model ?? definition.model, tier: definition.tier };
}

/** Is the offline proofreader to do it, because there is nobody else? */
function standsIn(action: PromptAction, work: Work, thrown: unknown): boolean {
  const isOpen = action.fallback !== undefined && wantedBy(action, work).reference === undefined;
  return isOpen && toPotterError(thrown).code === 'NO_PROVIDER';
}

/** Characters. What works on this machine costs nothing, but Harper's time grows faster than the text. */
const localLimits = { plugin: pluginLimits.textCharacters, proofread: 100_000 } as const;

/** The instruction of an action for this text, its placeholders filled once: what fills one is not searched for more. */
function filled(
  { instruction, profile }: PromptAction['definition'],
  text: string,
  said: string | undefined,
  languages: Languages,
): string {
  // Only a translation has to be another language than the text is in.
  const { name, otherwise } =
    profile === 'translate' ? targetLanguage(text, languages) : { name: nameOf(languages.first) };
  const whole = instruction.replace(/\{\{(instruction|language)\}\}/g, (_match, placeholder: string) =>
    placeholder === 'language' ? name : (said ?? ''),
  );
  const choosesLanguage = otherwise !== undefined && instruction.includes('{{language}}');
  return choosesLanguage
    ? `${whole}\nIf the text is in ${name} already, everything said here of ${name} means ${otherwise} instead.`
    : whole;
}

/** The answer as it may take the place of the text. Fails with what the guard found, the answer in the detail. */
function checked(action: PromptAction, prepared: Prepared, answer: string, finish: Finish): string {
  const { nonce, before, core, after } = prepared;
  const output = stripDelimiters(withoutThinking(answer, core), nonce).trim();
  const finding = checkResult({ profile: action.definition.profile, input: core, output, finish });
  if (finding) throw new PotterError(finding.code, finding.message, { detail: { output } });
  return before + output + after;
}

/** Some servers send what the model thought before the answer, marked off. One that was not closed is for the guard. */
function withoutThinking(answer: string, text: string): string {
  return text.trimStart().startsWith('<think>') ? answer : answer.replace(/^\s*<think>[\s\S]*?<\/think>\s*/, '');
}
