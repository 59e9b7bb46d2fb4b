/**
 * The main job, step by step: capture → prepare → run → guard → write → history. Everything that can be done with a
 * text goes this way, whatever triggered it, and a text is written once, complete and checked, or not at all.
 */
import type { Chunk, Correction, HistoryEntry, ParsedInput, RunResult } from '../../../shared/contract.ts';
import { PotterError, toPotterError } from '../../../shared/errors.ts';
import { pluginLimits } from '../../../shared/manifest.ts';
import type { SingleAction as Action, Actions, Action as AnyAction, PromptAction } from '../actions/actions.ts';
import type { EventBus } from '../events.ts';
import type { Clock, Desktop, Notice, Target } from '../host.ts';
import type { Log } from '../log/log.ts';
import type { Finish, Provider, Usage } from '../providers/provider.ts';
import { checkResult } from './guard.ts';
import { buildPrompt, outputTokensFor, splitOuterWhitespace, stripDelimiters } from './prompt.ts';

export interface TextRunsOptions {
  readonly actions: Pick<Actions, 'find' | 'current'>;
  /** The provider and model of `provider/model`, or of the default. Fails with `NO_PROVIDER`, `NO_KEY`, … */
  readonly resolveModel: (
    reference: string | undefined,
    signal: AbortSignal,
    log: Log,
  ) => Promise<{ readonly provider: Provider; readonly model: string }>;
  readonly runPlugin: (plugin: string, command: string, text: string, signal: AbortSignal) => Promise<string>;
  readonly proofread: (text: string, signal: AbortSignal) => Promise<{ output: string; corrections: Correction[] }>;
  readonly history: {
    /** Committed before it returns, so that a killed run is seen at the next start. */
    begin(entry: HistoryEntry): void;
    finish(id: string, patch: Partial<HistoryEntry>): void;
  };
  readonly desktop: Desktop;
  readonly events: Pick<EventBus, 'publish'>;
  /** Tells the person outside any window. */
  readonly tell: (notice: Notice) => void;
  readonly maxCharacters: () => number;
  readonly clock: Clock;
  readonly newId: () => string;
}

type ProcessInput = ParsedInput<'text.process'>;

interface ProcessContext {
  readonly signal: AbortSignal;
  readonly emit: (chunk: Chunk<'text.process'>) => Promise<void>;
  readonly log: Log;
}

/** One run from its trigger to its entry in the history. */
interface Run {
  readonly id: string;
  readonly action: Action;
  readonly target: Target | undefined;
  readonly signal: AbortSignal;
  readonly startedAt: number;
  readonly model: string | undefined;
  readonly emit: ProcessContext['emit'];
  readonly log: Log;
}

/** What an action made of the text, checked. */
interface Produced {
  readonly output: string;
  readonly notice?: string;
  readonly corrections?: Correction[];
  readonly provider?: string;
  readonly model?: string;
  readonly usage?: Usage;
}

export class TextRuns {
  readonly #options: TextRunsOptions;
  readonly #underWay = new Map<string, { readonly controller: AbortController; readonly target: string | undefined }>();

  constructor(options: TextRunsOptions) {
    this.#options = options;
  }

  async process(input: ProcessInput, { signal: callSignal, emit, log }: ProcessContext): Promise<RunResult> {
    const { actions, clock, newId } = this.#options;
    const id = newId();
    const startedAt = clock.monotonic();
    const controller = new AbortController();
    const signal = AbortSignal.any([callSignal, controller.signal]);
    try {
      const named = input.action === undefined ? undefined : single(actions.find(input.action));
      // The window at the key press is the one meant, so it comes before anything that takes time.
      const target = input.source.type === 'selection' ? await this.#options.desktop.front(signal) : undefined;
      this.#claim(id, controller, target);
      const text = await this.#capture(input.source, target, signal);
      if (text.trim() === '') throw new PotterError('EMPTY_TEXT', 'There is no text to work on.');
      const action = named ?? single(await actions.current(signal));
      this.#refuseTooLong(text, action.kind);
      return await this.#runOn({ id, action, target, signal, startedAt, model: input.model, emit, log }, text);
    } catch (thrown) {
      const error = toPotterError(thrown);
      if (input.source.type === 'selection') this.#tellFailure(id, error);
      throw error;
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** True if there was such a run; its request is aborted and its text left as it is. */
  cancel(runId: string): boolean {
    const run = this.#underWay.get(runId);
    run?.controller.abort();
    return run !== undefined;
  }

  /** One run a target: a second press while the first is under way must not start a race. */
  #claim(id: string, controller: AbortController, target: Target | undefined): void {
    for (const [runId, other] of this.#underWay) {
      if (target && other.target === target.key) {
        throw new PotterError('ALREADY_RUNNING', 'A run on this window is already under way.', { detail: { runId } });
      }
    }
    this.#underWay.set(id, { controller, target: target?.key });
  }

  async #capture(source: ProcessInput['source'], target: Target | undefined, signal: AbortSignal): Promise<string> {
    if (source.type === 'text') return source.text;
    if (target) return this.#options.desktop.capture(target, signal);
    throw new PotterError('NO_DESKTOP', 'There is no window to read a selection from.');
  }

  #refuseTooLong(text: string, kind: Action['kind']): void {
    const most = kind === 'prompt' ? this.#options.maxCharacters() : localLimits[kind];
    if (text.length <= most) return;
    const who = { prompt: 'a language model', plugin: 'a plugin', proofread: 'the offline proofreader' }[kind];
    const message = `The text has ${text.length} characters; ${who} is given at most ${most}.`;
    throw new PotterError('TEXT_TOO_LONG', message, { detail: { characters: text.length, most } });
  }

  async #runOn(run: Run, text: string): Promise<RunResult> {
    const { history, events, clock } = this.#options;
    const { id, action } = run;
    const elapsed = (): number => clock.monotonic() - run.startedAt;
    history.begin(this.#entry(run, text));
    events.publish('text.started', { runId: id, action: action.info.id });
    const finish = (result: string, patch: Partial<HistoryEntry>): void => {
      history.finish(id, { result, ms: elapsed(), ...patch });
      run.log.info('a run ended', { runId: id, action: action.info.id, result });
      const { message } = patch;
      events.publish('text.finished', { runId: id, action: action.info.id, result, ...(message && { message }) });
    };
    try {
      const produced = await this.#produce(run, text);
      run.signal.throwIfAborted();
      const output = compose(action.info.output, text, produced.output);
      const outcome = await this.#write(run, text, output).catch((thrown: unknown) => {
        throw withOutput(toPotterError(thrown), id, output);
      });
      const { provider, model, usage, notice } = produced;
      const source = { ...(provider && { provider }), ...(model && { model }), ...(usage && { usage }) };
      finish(outcome, { output, ...source, ...(notice && { message: notice }) });
      const { corrections } = produced;
      return {
        runId: id,
        canInsert: false,
        action: { id: action.info.id, name: action.info.name, output: action.info.output },
        input: text,
        output,
        outcome,
        ms: elapsed(),
        ...source,
        ...(notice && { notice }),
        ...(corrections && { corrections }),
      };
    } catch (thrown) {
      const error = toPotterError(thrown);
      finish(error.code, { message: error.message, ...partialOutput(error) });
      throw error;
    }
  }

  async #produce(run: Run, text: string): Promise<Produced> {
    const { action } = run;
    const started = (source: { provider?: string; model?: string } = {}): Promise<void> =>
      run.emit({ type: 'started', runId: run.id, action: action.info.id, input: text, ...source });
    switch (action.kind) {
      case 'plugin':
        await started();
        return { output: await this.#options.runPlugin(action.plugin, action.command, text, run.signal) };
      case 'proofread':
        await started();
        return this.#options.proofread(text, run.signal);
      case 'prompt':
        return this.#prompt(run, action, text, started);
    }
  }

  async #prompt(
    run: Run,
    action: PromptAction,
    text: string,
    started: (source?: { provider?: string; model?: string }) => Promise<void>,
  ): Promise<Produced> {
    const chosen = await this.#modelOrFallback(run, action);
    if (!chosen) {
      this.#refuseTooLong(text, 'proofread');
      const notice = 'No language model is set up, so Proofread (offline) corrected the text.';
      await started();
      return { ...(await this.#options.proofread(text, run.signal)), notice };
    }
    const { provider, model } = chosen;
    await started({ provider: provider.id, model });
    return this.#ask(run, action, text, provider, model);
  }

  /** Undefined where the action has an offline stand-in and there is no provider to ask. */
  async #modelOrFallback(run: Run, action: PromptAction) {
    try {
      return await this.#options.resolveModel(run.model, run.signal, run.log);
    } catch (thrown) {
      const stands = action.fallback !== undefined && run.model === undefined;
      if (stands && toPotterError(thrown).code === 'NO_PROVIDER') return undefined;
      throw thrown;
    }
  }

  async #ask(run: Run, action: PromptAction, text: string, provider: Provider, model: string): Promise<Produced> {
    const { before, core, after } = splitOuterWhitespace(text);
    const chance = this.#options.newId().replaceAll('-', '').slice(0, 16);
    const { system, user, nonce } = buildPrompt({
      instruction: action.definition.instruction,
      text: core,
      nonce: chance,
    });
    const { temperature, profile } = action.definition;
    const request = { model, system, user, temperature, maxOutputTokens: outputTokensFor(core) };
    const { answer, end } = await collect(run, provider, request);
    const output = stripDelimiters(answer, nonce).trim();
    const finding = checkResult({
      profile: profile === 'free' ? 'none' : profile,
      input: core,
      output,
      finish: end.finish,
    });
    if (finding) throw new PotterError(finding.code, finding.message, { detail: { runId: run.id, output } });
    const { usage } = end;
    return { output: before + output + after, provider: provider.id, model, ...(usage && { usage }) };
  }

  async #write(run: Run, input: string, output: string): Promise<RunResult['outcome']> {
    const { desktop, tell } = this.#options;
    const { action, target, signal, id } = run;
    if (!target) return output === input ? 'unchanged' : 'returned';
    if (action.info.output === 'show' || (action.info.review === 'always' && output !== input)) {
      tell({ severity: 'info', title: action.info.name, message: 'The result is ready to read in Potter.', runId: id });
      return 'shown';
    }
    if (output === input) {
      tell({ severity: 'info', title: action.info.name, message: 'No changes needed.', runId: id });
      return 'unchanged';
    }
    if (action.info.output === 'copy') {
      await desktop.copy(output);
      return 'copied';
    }
    const written = await desktop.write(target, output, signal);
    if (written === 'pasted') return 'replaced';
    tell({ severity: 'warning', title: action.info.name, message: copiedBecause[desktop.kind], runId: id });
    return 'copied';
  }

  #tellFailure(runId: string, error: PotterError): void {
    if (error.code === 'CANCELLED' || error.code === 'ALREADY_RUNNING') return;
    const message = `${error.message} ${error.kind.next}`;
    this.#options.tell({ severity: 'error', title: 'Your text was not changed', message, runId });
  }

  #entry({ id, action, target }: Run, input: string): HistoryEntry {
    return {
      id,
      at: this.#options.clock.now(),
      actionId: action.info.id,
      actionName: action.info.name,
      input,
      output: '',
      result: 'running',
      ms: 0,
      ...(target?.application && { application: target.application }),
    };
  }
}

function single(action: AnyAction): Action {
  if (action.kind === 'chain') throw new PotterError('UNAVAILABLE', 'Chains are not run yet.');
  return action;
}

/** Characters. What works on this machine costs nothing, but Harper's time grows faster than the text. */
const localLimits = { plugin: pluginLimits.textCharacters, proofread: 100_000 } as const;

const notPasted =
  'That window did not take the result, or is no longer in front: it is on the clipboard, nothing was pasted.';
const copiedBecause: Readonly<Record<Desktop['kind'], string>> = {
  x11: notPasted,
  native: notPasted,
  none: notPasted,
  wayland: 'The result is on the clipboard: paste it over your selection.',
};

/** The whole answer. What had arrived before a failure goes with the error, to be shown and never inserted. */
async function collect(
  run: Run,
  provider: Provider,
  request: Parameters<Provider['complete']>[0],
): Promise<{ answer: string; end: { finish: Finish; usage?: Usage } }> {
  let answer = '';
  try {
    for await (const event of provider.complete(request, run.signal)) {
      if (event.type === 'end') return { answer, end: event };
      answer += event.text;
      await run.emit({ type: 'text', text: event.text });
    }
  } catch (thrown) {
    throw withOutput(toPotterError(thrown), run.id, answer);
  }
  throw new PotterError('INCOMPLETE', `${provider.id} stopped before the answer was complete.`, {
    detail: { runId: run.id, output: answer },
  });
}

function compose(mode: Action['info']['output'], input: string, result: string): string {
  switch (mode) {
    case 'append':
      return `${input.trimEnd()}\n\n${result.trim()}${/\s*$/.exec(input)?.[0] ?? ''}`;
    case 'prepend':
      return `${/^\s*/.exec(input)?.[0] ?? ''}${result.trim()}\n\n${input.trimStart()}`;
    case 'replace':
    case 'show':
    case 'copy':
      return result;
  }
}

/** The error with the text that is there, so that it can be shown and kept. */
function withOutput({ code, message, cause, detail }: PotterError, runId: string, output: string): PotterError {
  const given = typeof detail === 'object' ? detail : {};
  return new PotterError(code, message, { cause, detail: { ...given, runId, output } });
}

function partialOutput({ detail }: PotterError): { output?: string } {
  const hasOutput = typeof detail === 'object' && detail !== null && 'output' in detail;
  return hasOutput && typeof detail.output === 'string' ? { output: detail.output } : {};
}
