/**
 * The main job, step by step: capture → run each step → guard → write → history. Everything that can be done with a text
 * goes this way, whatever triggered it, and a text is written once, complete and checked, or not at all.
 */
import type { Chunk, HistoryEntry, Output, ParsedInput, RunResult } from '../../../shared/contract.ts';
import { PotterError, toPotterError, withDetail } from '../../../shared/errors.ts';
import type { Action, Actions, SingleAction } from '../actions/actions.ts';
import type { EventBus } from '../events.ts';
import type { Clock, Desktop, Notice, Target } from '../host.ts';
import type { Log } from '../log/log.ts';
import { changedShare } from './changed-share.ts';
import { type Produced, Producer, type ProducerOptions } from './produce.ts';
import { hasWritten, type SelectionRun, SourceWindows } from './windows.ts';

export interface TextRunsOptions extends ProducerOptions {
  readonly actions: Pick<Actions, 'find' | 'current' | 'draft' | 'steps'>;
  readonly history: {
    /** Committed before it returns, so that a killed run is seen at the next start. */
    begin(entry: HistoryEntry): void;
    finish(id: string, patch: Partial<HistoryEntry>): void;
    /** Something became of a run after its end. */
    amend(id: string, patch: Partial<HistoryEntry>): void;
  };
  readonly desktop: Desktop;
  readonly events: Pick<EventBus, 'publish'>;
  /** Tells the person outside any window. */
  readonly tell: (notice: Notice) => void;
  readonly clock: Clock;
}

type ProcessInput = ParsedInput<'text.process'>;
type Choice = Pick<ProcessInput, 'action' | 'draft' | 'instruction' | 'model'>;

interface CallContext {
  /** As the log and the audit name the call. */
  readonly callId: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

interface ProcessContext extends CallContext {
  readonly emit: (chunk: Chunk<'text.process'>) => Promise<void> | undefined;
}

/** One run from its trigger to its entry in the history. */
interface Run extends Omit<ProcessContext, 'callId'> {
  /** Also of its call. */
  readonly id: string;
  readonly action: Action;
  readonly steps: readonly SingleAction[];
  readonly input: ProcessInput;
  readonly target: Target | undefined;
  /** What becomes of the result: as the action says, unless this run was told otherwise. */
  readonly mode: RunResult['action']['output'];
  readonly startedAt: number;
}

export class TextRuns {
  readonly #options: TextRunsOptions;
  readonly #producer: Producer;
  readonly #windows = new SourceWindows();
  /** How often everything was. */
  #forgotten = 0;
  readonly #underWay = new Map<string, { readonly controller: AbortController; readonly target: string | undefined }>();

  constructor(options: TextRunsOptions) {
    this.#options = options;
    this.#producer = new Producer(options);
  }

  async process(input: ProcessInput, { callId, signal: callSignal, emit, log }: ProcessContext): Promise<RunResult> {
    const { clock } = this.#options;
    // One run a call: a call that is tried once more, as what kept it from its end was mended, is still the same run.
    const id = callId;
    const startedAt = clock.monotonic();
    const controller = new AbortController();
    const signal = AbortSignal.any([callSignal, controller.signal]);
    try {
      const named = this.#named(input);
      // The window at the key press is the one meant, so it comes before anything that takes time.
      const target = await this.#targetOf(input.source, signal);
      this.#claim(id, controller, target);
      const text = await this.#textOf(input.source, target, signal);
      if (text.trim() === '') throw new PotterError('EMPTY_TEXT', 'There is no text to work on.');
      const action = named ?? (await this.#options.actions.current(signal));
      const steps = this.#stepsOf(action, input);
      const mode = input.output ?? action.info.output;
      return await this.#runOn({ id, action, steps, input, target, mode, signal, startedAt, emit, log }, text);
    } catch (thrown) {
      const error = toPotterError(thrown);
      if (input.source.type === 'selection') this.#tellFailure(id, 'Your text was not changed', error);
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

  /** What a run would send and where; nothing is sent. Of a chain, what comes before a step stands for its text. */
  async preview(
    input: ParsedInput<'text.preview'>,
    { signal, log }: Pick<CallContext, 'signal' | 'log'>,
  ): Promise<Output<'text.preview'>> {
    const action = this.#named(input) ?? (await this.#options.actions.current(signal));
    const { instruction, model } = input;
    const steps: Output<'text.preview'>['steps'] = [];
    for (const step of this.#stepsOf(action, input)) {
      const text = steps.length === 0 ? input.text : `[result of ${steps.at(-1)?.name}]`;
      steps.push(await this.#producer.describe({ action: step, text, instruction, model, signal, log }));
    }
    return { steps };
  }

  /** Reads the selection of the window in front and keeps it for `process`. */
  async capture({ signal }: Pick<CallContext, 'signal'>): Promise<Output<'text.capture'>> {
    const { desktop, newId } = this.#options;
    const forgotten = this.#forgotten;
    const target = await desktop.front(signal);
    const text = await desktop.capture(target, signal);
    const captureId = newId();
    if (forgotten === this.#forgotten) this.#windows.keepCapture({ captureId, target, text });
    return { captureId, text, application: target.application };
  }

  captured(captureId: string): Output<'text.captured'> {
    const { text, target } = this.#windows.captured(captureId);
    return { captureId, text, application: target.application };
  }

  /** Writes `text` in the place of what the run took, or of what it wrote there before. */
  async insert(runId: string, text: string, { signal }: Pick<CallContext, 'signal'>): Promise<Output<'text.insert'>> {
    const { desktop, history } = this.#options;
    const run = this.#windows.run(runId);
    const { target, original, written } = run;
    const keep = this.#keeper();
    return this.#alone(target, async () => {
      const became =
        written === undefined
          ? await desktop.write(target, text, signal, { selected: original })
          : await desktop.takeBack(target, { written, original: text }, signal);
      if (became === 'copied') return { outcome: 'copied' };
      keep({ ...run, written: text });
      history.amend(runId, { output: text, result: 'replaced' });
      return { outcome: 'replaced' };
    });
  }

  /** Puts the original back, of the last run that wrote something if none is named. */
  async restore(runId: string | undefined, { signal }: Pick<CallContext, 'signal'>): Promise<Output<'text.restore'>> {
    try {
      return await this.#putBack(runId === undefined ? this.#windows.lastWritten() : this.#windows.run(runId), signal);
    } catch (thrown) {
      // Who names no run has pressed a hotkey, and looks at another program.
      if (runId === undefined) this.#tellFailure(undefined, 'The original was not put back', toPotterError(thrown));
      throw thrown;
    }
  }

  async #putBack(run: SelectionRun, signal: AbortSignal): Promise<Output<'text.restore'>> {
    const { desktop, history, tell } = this.#options;
    if (!hasWritten(run))
      throw new PotterError('NOT_FOUND', 'That run has replaced no text, so there is none to restore.');
    const { target, original, written, runId: id } = run;
    const keep = this.#keeper();
    return this.#alone(target, async () => {
      const outcome = await desktop.takeBack(target, { written, original }, signal);
      if (outcome === 'restored') {
        keep({ runId: id, target, original });
        history.amend(id, { message: 'The original was put back.' });
      } else {
        const message =
          'The window no longer holds the result, so nothing was changed: the original is on the clipboard.';
        tell({ severity: 'info', title: 'Original copied', message, runId: id });
      }
      return { outcome };
    });
  }

  /** Forgets every text that is kept in memory. */
  forget(): void {
    this.#forgotten += 1;
    this.#windows.clear();
  }

  /** To be asked for before some work and called after it: keeps the run, unless all was forgotten meanwhile. */
  #keeper(): (run: SelectionRun) => void {
    const forgotten = this.#forgotten;
    return (run) => {
      if (forgotten === this.#forgotten) this.#windows.keepRun(run);
    };
  }

  /** Undefined where the current action is meant. */
  #named({ action, draft }: Choice): Action | undefined {
    const { actions } = this.#options;
    if (draft && action !== undefined) {
      throw new PotterError('INVALID_INPUT', 'Name an action or give a draft, not both.', {
        detail: { field: 'draft' },
      });
    }
    if (draft) return actions.draft(draft);
    return action === undefined ? undefined : actions.find(action);
  }

  /** Fails with `NO_INSTRUCTION` where one is asked for, and with `INVALID_INPUT` where nobody would read it. */
  #stepsOf(action: Action, { instruction }: Choice): readonly SingleAction[] {
    const { name, takesInstruction } = action.info;
    if (takesInstruction && instruction === undefined) {
      throw new PotterError('NO_INSTRUCTION', `"${name}" needs to be told what to do with the text.`);
    }
    if (!takesInstruction && instruction !== undefined) {
      const message = `"${name}" takes no instruction. Use "ask" to say what to do with the text.`;
      throw new PotterError('INVALID_INPUT', message, { detail: { field: 'instruction' } });
    }
    return this.#options.actions.steps(action);
  }

  async #targetOf(source: ProcessInput['source'], signal: AbortSignal): Promise<Target | undefined> {
    switch (source.type) {
      case 'selection':
        return this.#options.desktop.front(signal);
      case 'capture':
        return this.#windows.captured(source.captureId).target;
      case 'text':
        return undefined;
    }
  }

  async #textOf(source: ProcessInput['source'], target: Target | undefined, signal: AbortSignal): Promise<string> {
    if (source.type === 'text') return source.text;
    if (source.type === 'capture') return this.#windows.captured(source.captureId).text;
    if (target) return this.#options.desktop.capture(target, signal);
    throw new PotterError('NO_DESKTOP', 'There is no window to read a selection from.');
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

  /** The same for what is written to a window after a run. */
  async #alone<T>(target: Target, work: () => Promise<T>): Promise<T> {
    const id = this.#options.newId();
    this.#claim(id, new AbortController(), target);
    try {
      return await work();
    } finally {
      this.#underWay.delete(id);
    }
  }

  async #runOn(run: Run, text: string): Promise<RunResult> {
    const { history, events, clock } = this.#options;
    const { id, action, target, mode, input } = run;
    const elapsed = (): number => clock.monotonic() - run.startedAt;
    // A trial in the editor leaves no trace.
    const isKept = input.draft === undefined;
    const keep = this.#keeper();
    if (isKept) history.begin(this.#entry(run, text));
    events.publish('text.started', { runId: id, action: action.info.id });
    const finish = (result: string, patch: Partial<HistoryEntry>): void => {
      if (isKept) history.finish(id, { result, ms: elapsed(), ...patch });
      run.log.info('a run ended', { runId: id, action: action.info.id, result });
      const { message } = patch;
      events.publish('text.finished', { runId: id, action: action.info.id, result, ...(message && { message }) });
    };
    try {
      const produced = await this.#produce(run, text);
      run.signal.throwIfAborted();
      const output = compose(mode, text, produced.output);
      const outcome = await this.#write(run, text, output).catch((thrown: unknown) => {
        throw withDetail(toPotterError(thrown), { output });
      });
      if (target) {
        const written = outcome === 'replaced' ? { written: output } : {};
        keep({ runId: id, target, original: text, ...written });
      }
      const { provider, model, usage, cost, attempts, notice, corrections } = produced;
      const source = {
        ...(provider && { provider }),
        ...(model && { model }),
        ...(usage && { usage }),
        ...(cost && { cost }),
      };
      finish(outcome, { output, ...source, ...(notice && { message: notice }) });
      return {
        runId: id,
        action: { id: action.info.id, name: action.info.name, output: mode },
        ...(input.instruction !== undefined && { instruction: input.instruction }),
        canInsert: target !== undefined && canPaste(this.#options.desktop) && outcome !== 'replaced',
        input: text,
        output,
        outcome,
        ms: elapsed(),
        ...source,
        ...(attempts && { attempts }),
        ...(notice && { notice }),
        ...(corrections && { corrections }),
      };
    } catch (thrown) {
      const error = withDetail(toPotterError(thrown), { runId: id });
      finish(error.code, { message: error.message, ...partialOutput(error) });
      throw error;
    }
  }

  /** One step after the other, the result of one being the text of the next. */
  async #produce(run: Run, text: string): Promise<Produced> {
    const { id, steps, emit, signal, log, input } = run;
    let produced: Produced = { output: text };
    for (const [at, action] of steps.entries()) {
      signal.throwIfAborted();
      const given = produced.output;
      const instruction = action.info.takesInstruction ? input.instruction : undefined;
      const made = await this.#producer.produce(
        { action, text: given, instruction, model: input.model, signal, log },
        {
          started: async (source) =>
            emit({ type: 'started', runId: id, action: action.info.id, input: given, ...source }),
          text: async (piece) => emit({ type: 'text', text: piece }),
          waiting: async ({ providerName, code, ms }) => emit({ type: 'waiting', provider: providerName, code, ms }),
        },
      );
      // What the last one makes is composed by the mode of the whole run.
      const output = at === steps.length - 1 ? made.output : compose(action.info.output, given, made.output);
      produced = { ...joined(produced, made), output };
    }
    // They hold for the text that was proofread, which a later step no longer has.
    const { corrections, ...rest } = produced;
    return corrections && steps.length === 1 ? { ...rest, corrections } : rest;
  }

  async #write(run: Run, input: string, output: string): Promise<RunResult['outcome']> {
    const { desktop } = this.#options;
    const { target, signal, mode, action } = run;
    const isCaptured = run.input.source.type === 'capture';
    if (!target) return output === input ? 'unchanged' : 'returned';
    if (mode === 'show' || (output !== input && isForReview(action.info.review, input, output))) {
      this.#tell(run, 'info', 'The result is ready to read in Potter.');
      return 'shown';
    }
    if (mode === 'copy') {
      await desktop.copy(output);
      return 'copied';
    }
    if (output === input) {
      this.#tell(run, 'info', 'No changes needed.');
      return 'unchanged';
    }
    // A window of Potter's was in front meanwhile, where anything may have happened to the selection.
    const options = isCaptured ? { selected: input } : {};
    const written = await desktop.write(target, output, signal, options);
    if (written === 'pasted') return 'replaced';
    // Also to who chose in a window of Potter's, which may be gone: the clipboard is another one now.
    const { id: runId } = run;
    this.#options.tell({ severity: 'warning', title: action.info.name, message: copiedBecause[desktop.kind], runId });
    return 'copied';
  }

  /** Who chose in a window of Potter's sees it there. */
  #tell({ id, action, input }: Run, severity: Notice['severity'], message: string): void {
    if (input.source.type !== 'selection') return;
    this.#options.tell({ severity, title: action.info.name, message, runId: id });
  }

  #tellFailure(runId: string | undefined, title: string, { code, message, kind }: PotterError): void {
    if (code === 'CANCELLED' || code === 'ALREADY_RUNNING') return;
    const run = runId === undefined ? {} : { runId };
    this.#options.tell({ severity: 'error', title, message: `${message} ${kind.next}`, code, ...run });
  }

  #entry({ id, action, target, input: { instruction } }: Run, input: string): HistoryEntry {
    return {
      id,
      callId: id,
      at: this.#options.clock.now(),
      actionId: action.info.id,
      actionName: action.info.name,
      ...(instruction !== undefined && { instruction }),
      input,
      output: '',
      result: 'running',
      ms: 0,
      ...(target?.application && { application: target.application }),
    };
  }
}

/** Elsewhere a result can be copied, not pasted. */
function canPaste({ kind }: Desktop): boolean {
  return kind === 'x11' || kind === 'native';
}

const notPasted =
  'That window did not take the result, or is no longer in front: it is on the clipboard, nothing was pasted.';
const copiedBecause: Readonly<Record<Desktop['kind'], string>> = {
  x11: notPasted,
  native: notPasted,
  none: notPasted,
  wayland: 'The result is on the clipboard: paste it over your selection.',
};

function isForReview(rule: Action['info']['review'], input: string, output: string): boolean {
  if (typeof rule === 'string') return rule === 'always';
  return changedShare(input, output) * 100 > rule.above;
}

/** What two steps did together: the later one tells who answered; tokens, cost and attempts add up. */
function joined(before: Produced, after: Produced): Produced {
  const usage = [before.usage, after.usage].filter((each) => each !== undefined);
  const notice = [before.notice, after.notice].filter((each) => each !== undefined).join(' ');
  const attempts = [...(before.attempts ?? []), ...(after.attempts ?? [])];
  const cost = added(before.cost, after.cost);
  const total = usage.reduce(
    (sum, { inputTokens, outputTokens }) => ({
      inputTokens: sum.inputTokens + inputTokens,
      outputTokens: sum.outputTokens + outputTokens,
    }),
    { inputTokens: 0, outputTokens: 0 },
  );
  return {
    ...before,
    ...after,
    ...(usage.length > 0 && { usage: total }),
    ...(cost && { cost }),
    ...(attempts.length > 0 && { attempts }),
    ...(notice !== '' && { notice }),
  };
}

function added(one: Produced['cost'], other: Produced['cost']): Produced['cost'] {
  if (!one || !other) return one ?? other;
  return { ...other, micros: one.micros + other.micros, isEstimate: one.isEstimate || other.isEstimate };
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

function partialOutput({ detail }: PotterError): { output?: string } {
  const hasOutput = typeof detail === 'object' && detail !== null && 'output' in detail;
  return hasOutput && typeof detail.output === 'string' ? { output: detail.output } : {};
}
