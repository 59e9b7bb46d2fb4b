/** Proofread (offline): Harper in a worker thread, loaded at first use and released when idle. */
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import type { Correction } from '../../../shared/contract.ts';
import { PotterError, toPotterError } from '../../../shared/errors.ts';
import type { Stop } from '../../../shared/transport.ts';
import { type Log, silentLog } from '../log/log.ts';
import { detectLanguage, dominantScript, isEnglishFunctionWord } from './language.ts';
import { findTokens } from './protect.ts';

export interface Proofread {
  readonly output: string;
  readonly corrections: Correction[];
}

export interface Proofreader {
  /**
   * The corrected text with its corrections in order. Fails with `NOT_ENGLISH`, `CANCELLED`, `TIMEOUT`, or `INTERNAL`
   * when the worker crashed; the next call starts a new one.
   */
  proofread(text: string, signal: AbortSignal): Promise<Proofread>;
  /** Cancels what is under way and ends the worker. */
  stop(): Promise<void>;
}

export interface ProofreaderOptions {
  /** How long an unused worker with its 300 MB is kept; 5 minutes by default. */
  readonly idleMs?: number;
  /** The longest one text may take, loading included; 60 seconds by default. */
  readonly deadlineMs?: number;
  readonly log?: Log;
  /** Runs a task later, without keeping the process alive. */
  readonly later?: (ms: number, task: () => void) => Stop;
  readonly workerUrl?: URL;
}

export interface ProofreadRequest {
  readonly id: number;
  readonly text: string;
}

const rawLint = z.object({
  rule: z.string(),
  kind: z.string(),
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
  problem: z.string(),
  message: z.string(),
  /** In place of the problem, the likeliest first. */
  replacements: z.array(z.string()),
});
/** What Harper found at one place; offsets are UTF-16. */
export type RawLint = z.output<typeof rawLint>;

const proofreadReply = z.discriminatedUnion('status', [
  z.object({ id: z.int(), status: z.literal('ok'), lints: z.array(rawLint), likelyEnglish: z.boolean() }),
  z.object({ id: z.int(), status: z.literal('failed'), message: z.string() }),
]);
export type ProofreadReply = z.output<typeof proofreadReply>;

export function createProofreader(options: ProofreaderOptions = {}): Proofreader {
  return new HarperProofreader(options);
}

/** The corrections worth making without being asked, in order and without overlaps. Pure. */
export function chooseCorrections(text: string, lints: readonly RawLint[]): Correction[] {
  const proposals = propose(text, lints);
  // Beside a name or a foreign word stands likely another one, whatever the dictionary makes of it.
  const doubtful = unknownWords(text, lints, proposals).map((word) => withNeighbours(text, word));
  const wanted = proposals
    .filter((proposal) => proposal.rule !== 'SpellCheck' || !overlaps(proposal, doubtful))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const corrections: Correction[] = [];
  for (const { start, end, replacement, message } of wanted) {
    const last = corrections.at(-1);
    if (!last || start >= last.end) corrections.push({ start, end, replacement, explanation: message });
  }
  return corrections;
}

/** Offsets are those of the text before any correction. */
export function applyCorrections(text: string, corrections: readonly Correction[]): string {
  let output = text;
  for (const { start, end, replacement } of corrections.toSorted((a, b) => b.start - a.start)) {
    output = output.slice(0, start) + replacement + output.slice(end);
  }
  return output;
}

interface Job {
  readonly id: number;
  readonly text: string;
  readonly settle: (act: { resolve: Proofread } | { reject: PotterError }) => void;
}

const systemLater = (ms: number, task: () => void): Stop => {
  const timer = setTimeout(task, ms).unref();
  return () => clearTimeout(timer);
};

const nothing: Stop = () => undefined;

class HarperProofreader implements Proofreader {
  readonly #idleMs: number;
  readonly #deadlineMs: number;
  readonly #log: Log;
  readonly #later: NonNullable<ProofreaderOptions['later']>;
  readonly #workerUrl: URL;
  readonly #queue: Job[] = [];
  #current: Job | undefined;
  #worker: Worker | undefined;
  #stopTimer: Stop = nothing;
  #lastId = 0;
  #stopped = false;

  constructor(options: ProofreaderOptions) {
    this.#idleMs = options.idleMs ?? 5 * 60_000;
    this.#deadlineMs = options.deadlineMs ?? 60_000;
    this.#log = (options.log ?? silentLog).child({ area: 'proofread' });
    this.#later = options.later ?? systemLater;
    this.#workerUrl = options.workerUrl ?? ownWorker();
  }

  async proofread(text: string, signal: AbortSignal): Promise<Proofread> {
    if (signal.aborted) throw cancelled();
    if (this.#stopped) throw new PotterError('UNAVAILABLE', 'Potter is stopping; start it again.');
    if (!/\p{L}/u.test(text)) return { output: text, corrections: [] };
    refuseOtherLanguage(text);
    return this.#enqueue(text, signal);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const job of this.#queue.splice(0)) job.settle({ reject: cancelled() });
    this.#current?.settle({ reject: cancelled() });
    this.#current = undefined;
    await this.#discardWorker();
  }

  #enqueue(text: string, signal: AbortSignal): Promise<Proofread> {
    return new Promise((resolve, reject) => {
      const abort = (): void => this.#cancel(job);
      const job: Job = {
        id: ++this.#lastId,
        text,
        settle: (act) => {
          signal.removeEventListener('abort', abort);
          if ('resolve' in act) resolve(act.resolve);
          else reject(act.reject);
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#queue.push(job);
      this.#next();
    });
  }

  /** Harper cannot be interrupted, so the worker that is busy with a cancelled text is ended. */
  #cancel(job: Job): void {
    const waiting = this.#queue.indexOf(job);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    job.settle({ reject: cancelled() });
    if (this.#current !== job) return;
    this.#current = undefined;
    void this.#discardWorker();
    this.#next();
  }

  #next(): void {
    if (this.#current || this.#stopped) return;
    const job = this.#queue.shift();
    this.#stopTimer();
    this.#stopTimer = nothing;
    if (!job) {
      this.#rest();
      return;
    }
    this.#current = job;
    this.#worker ??= this.#startWorker();
    this.#worker.ref();
    this.#stopTimer = this.#later(this.#deadlineMs, () => {
      const seconds = this.#deadlineMs / 1000;
      this.#workerFailed(new PotterError('TIMEOUT', `The proofreader took longer than ${seconds} seconds.`));
    });
    this.#worker.postMessage({ id: job.id, text: job.text } satisfies ProofreadRequest);
  }

  #rest(): void {
    if (!this.#worker) return;
    this.#worker.unref();
    this.#stopTimer = this.#later(this.#idleMs, () => {
      this.#log.debug('the idle proofreader was released');
      void this.#discardWorker();
    });
  }

  #startWorker(): Worker {
    const worker = new Worker(this.#workerUrl, { name: 'proofread', execArgv: [] });
    worker.on('message', (message: unknown) => {
      if (worker === this.#worker) this.#receive(message);
    });
    const failed = (thrown: unknown): void => {
      if (worker === this.#worker) this.#workerFailed(crashed(thrown));
    };
    worker.on('error', failed);
    worker.on('exit', failed);
    this.#log.debug('the proofreader was started');
    return worker;
  }

  #receive(message: unknown): void {
    const parsed = proofreadReply.safeParse(message);
    if (!parsed.success) {
      this.#workerFailed(crashed(parsed.error));
      return;
    }
    const job = this.#current;
    if (job?.id !== parsed.data.id) return;
    this.#current = undefined;
    job.settle(settlement(job.text, parsed.data));
    this.#next();
  }

  #workerFailed(error: PotterError): void {
    const job = this.#current;
    this.#current = undefined;
    void this.#discardWorker();
    this.#log.warn('the proofreader was ended', { error, working: job !== undefined });
    job?.settle({ reject: error });
    this.#next();
  }

  async #discardWorker(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#stopTimer();
    this.#stopTimer = nothing;
    await worker?.terminate();
  }
}

const ownWorker = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './proofread-worker.ts' : './proofread-worker.js', import.meta.url);

const cancelled = (): PotterError => new PotterError('CANCELLED', 'The run was cancelled.');
const crashed = (cause: unknown): PotterError =>
  new PotterError('INTERNAL', 'The proofreader stopped unexpectedly; the text was left unchanged.', { cause });

function settlement(text: string, reply: ProofreadReply): { resolve: Proofread } | { reject: PotterError } {
  if (reply.status === 'failed') return { reject: crashed(reply.message) };
  try {
    refuseUnknownWords(text, reply);
    const corrections = chooseCorrections(text, reply.lints);
    return { resolve: { output: applyCorrections(text, corrections), corrections } };
  } catch (thrown) {
    return { reject: toPotterError(thrown) };
  }
}

/** By script and function words, before anything is loaded. */
function refuseOtherLanguage(text: string): void {
  const script = dominantScript(text);
  if (script !== undefined && script !== 'Latin') throw notEnglish();
  const language = detectLanguage(text);
  if (language !== undefined && language !== 'en') throw notEnglish(language);
}

/**
 * A short text shows few function words, and Harper's own judgement of it is unreliable (`grammer` alone, it says, is
 * not English). It is another language when unknown words make up a good part of it, names not counted.
 */
function refuseUnknownWords(
  text: string,
  { lints, likelyEnglish }: { lints: readonly RawLint[]; likelyEnglish: boolean },
): void {
  if (likelyEnglish || detectLanguage(text) === 'en') return;
  const words = text.match(/[\p{L}\p{M}'’]+/gu) ?? [];
  const english = words.filter(isEnglishFunctionWord).length;
  const unknown = unknownWords(text, lints, propose(text, lints)).filter(
    ({ problem }) => !/^\p{Lu}/u.test(problem),
  ).length;
  if (words.length >= 3 && unknown >= words.length * 0.4 && english < words.length * 0.2) throw notEnglish();
}

function notEnglish(language?: string): PotterError {
  const name = language && new Intl.DisplayNames('en', { type: 'language' }).of(language);
  const found = name ? `This text is in ${name}` : 'This text is not in English';
  return new PotterError(
    'NOT_ENGLISH',
    `${found}, and the offline proofreader knows English only; nothing was changed.`,
  );
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Proposal extends Span {
  readonly rule: string;
  readonly message: string;
  readonly replacement: string;
}

const overlaps = (span: Span, others: readonly Span[]): boolean =>
  others.some((other) => span.start < other.end && other.start < span.end);

/** What each lint would change, where it may change anything at all. */
function propose(text: string, lints: readonly RawLint[]): Proposal[] {
  const untouchable = [...findTokens(text), ...foreignLines(text)];
  return lints.flatMap((lint) => {
    const { rule, message, problem, start, end } = lint;
    // A span that does not hold what it says would corrupt the text; advice is no mistake.
    if (text.slice(start, end) !== problem || overlaps(lint, untouchable) || isAdvice(message)) return [];
    const replacement = (ruleChoices[rule] ?? kindChoices[lint.kind])?.(lint, text);
    if (replacement === undefined || replacement === problem || /[\r\n]/.test(problem + replacement)) return [];
    return [{ rule, message, start, end, replacement }];
  });
}

const isAdvice = (message: string): boolean => /^(?:Consider|Perhaps|Maybe|You (?:may|might))\b/.test(message);

function foreignLines(text: string): Span[] {
  const lines = [...text.matchAll(/[^\n]+/g)].map((line) => ({ line: line[0], start: line.index }));
  return lines
    .filter(({ line }) => (detectLanguage(line) ?? 'en') !== 'en')
    .map(({ line, start }) => ({ start, end: start + line.length }));
}

/** Words the dictionary lacks and for which nothing can be proposed. */
function unknownWords(text: string, lints: readonly RawLint[], proposals: readonly Proposal[]): RawLint[] {
  return lints.filter(
    (lint) => lint.rule === 'SpellCheck' && respell(lint, text) === undefined && !overlaps(lint, proposals),
  );
}

function withNeighbours(text: string, { start, end }: Span): Span {
  const before = /[\p{L}'’]+[ \t-]$/u.exec(text.slice(Math.max(0, start - 60), start))?.[0].length ?? 0;
  const after = /^[ \t-][\p{L}'’]+/u.exec(text.slice(end, end + 60))?.[0].length ?? 0;
  return { start: start - before, end: end + after };
}

type Choice = (lint: RawLint, text: string) => string | undefined;

const first: Choice = ({ replacements }) => replacements[0];
/** Where Harper offers several readings, a person has to choose. */
const only: Choice = ({ replacements }) => (replacements.length === 1 ? replacements[0] : undefined);
const never: Choice = () => undefined;

/**
 * Kinds that name a mistake. Left out: Style, Readability, Enhancement, Redundancy, Regionalism, Repetition, WordChoice,
 * Usage and Nonstandard (matters of taste or dialect), Formatting (double spaces are structure in tables and code),
 * Capitalization, Punctuation and Miscellaneous (mixed). The sound rules among them are named below.
 */
const kindChoices: Readonly<Record<string, Choice>> = {
  Agreement: only,
  BoundaryError: only,
  Eggcorn: only,
  Grammar: only,
  Malapropism: only,
  Spelling: only,
  Typo: only,
  WordOrder: only,
};

/** Rules that are better or worse than their kind. */
const ruleChoices: Readonly<Record<string, Choice>> = {
  SpellCheck: respell,
  RepeatedWords: unrepeat,
  SentenceCapitalization: capitalize,
  AllIntentsAndPurposes: first,
  ItsContraction: first,
  TheirToThere: first,
  AdjectiveDoubleDegree: only,
  AnA: only,
  CapitalizePersonalPronouns: only,
  CommaFixes: only,
  Discuss: only,
  ModalOf: only,
  NounVerbConfusion: only,
  ThenThan: only,
  ToTwoToo: only,
  // Found to be wrong too often on sound text.
  CompoundNouns: never,
  MergeWords: never,
  OkToOkay: never,
  OrthographicConsistency: never,
  SplitWords: never,
};

/** "had had" and "very very" may be meant; these never are. */
const neverDoubled = new Set(
  'a an and are as at be but by for from i if in is it of on or our the their this to was we were with you your'.split(
    ' ',
  ),
);

function unrepeat(lint: RawLint, text: string): string | undefined {
  const [word = ''] = lint.problem.toLowerCase().split(/\s+/);
  return neverDoubled.has(word) ? only(lint, text) : undefined;
}

/**
 * Only a common English word, and at the start of a line only before a whole sentence: a selection may begin in the
 * middle of one, and `npm` or `iPhone` are written small.
 */
function capitalize(lint: RawLint, text: string): string | undefined {
  if (!isEnglishFunctionWord(lint.problem)) return undefined;
  const lineStart = text.lastIndexOf('\n', lint.start - 1) + 1;
  const lineEnd = text.indexOf('\n', lint.start);
  const line = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).trim();
  const opensLine = text.slice(lineStart, lint.start).trim() === '';
  return !opensLine || /[.!?]["”)]?$/.test(line) ? only(lint, text) : undefined;
}

/** The likeliest right spelling, only when the word looks like a slip of the pen and not like a name or a term. */
function respell(lint: RawLint, text: string): string | undefined {
  const { problem, start, end, replacements } = lint;
  if (!/^[A-Za-z]?[a-z'’]+$/.test(problem) || isPartOfIdentifier(text, start, end)) return undefined;
  const capital = /^[A-Z]/.test(problem);
  if (capital && !opensSentence(text, start)) return undefined;
  const budget = capital ? Math.min(0.5, spellingBudget(problem.length)) : spellingBudget(problem.length);
  const [best] = replacements
    .filter((candidate, rank) => /^[A-Za-z'’]+$/.test(candidate) && (rank === 0 || !differsInCase(candidate, problem)))
    .map((candidate) => ({ candidate, cost: slipCost(problem.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ cost }) => cost <= budget)
    .sort((a, b) => a.cost - b.cost);
  return best?.candidate;
}

/** `monday` is a slip; `redis`, for which Harper has a likelier word, is a choice. */
const differsInCase = (a: string, b: string): boolean => a !== b && a.toLowerCase() === b.toLowerCase();

const isPartOfIdentifier = (text: string, start: number, end: number): boolean =>
  /[\p{N}_@#/\\$=<>{}&+~-]$/u.test(text.slice(0, start).slice(-1)) ||
  /^(?:[\p{N}_@#/\\$=<>{}&+~(-]|[.:]\p{L})/u.test(text.slice(end, end + 2));

const opensSentence = (text: string, start: number): boolean =>
  /(?:^|[.!?:]["”)]?\s+|\n[\s>*#-]*)["“(*_]*$/.test(text.slice(Math.max(0, start - 20), start));

/** What may be wrong in a word of this length: nothing but an apostrophe, a swap, a vowel, a letter. */
const spellingBudget = (length: number): number =>
  length <= 3 ? 0 : length === 4 ? 0.4 : length === 5 ? 0.5 : length <= 7 ? 1 : 1.5;

const vowels = 'aeiouy';

/** Edit distance in which the usual slips are cheap: swapped neighbours, wrong vowels, doubled letters, apostrophes. */
function slipCost(wrong: string, right: string): number {
  if (wrong[0] !== right[0]) return Number.POSITIVE_INFINITY;
  const costs: number[][] = [];
  const at = (row: number, column: number): number => costs[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 0; row <= wrong.length; row++) {
    costs.push([]);
    for (let column = 0; column <= right.length; column++) {
      const [a = '', b = ''] = [wrong[row - 1], right[column - 1]];
      const options = [
        row === 0 && column === 0 ? 0 : Number.POSITIVE_INFINITY,
        row > 0 ? at(row - 1, column) + letterCost(a, wrong[row - 2]) : Number.POSITIVE_INFINITY,
        column > 0 ? at(row, column - 1) + letterCost(b, right[column - 2]) : Number.POSITIVE_INFINITY,
        row > 0 && column > 0 ? at(row - 1, column - 1) + replaceCost(a, b) : Number.POSITIVE_INFINITY,
        row > 1 && column > 1 && a === right[column - 2] && b === wrong[row - 2]
          ? at(row - 2, column - 2) + 0.4
          : Number.POSITIVE_INFINITY,
      ];
      costs[row]?.push(Math.min(...options));
    }
  }
  return at(wrong.length, right.length);
}

const letterCost = (letter: string, previous: string | undefined): number =>
  letter === "'" || letter === '’' ? 0 : letter === previous ? 0.5 : 1;

const replaceCost = (a: string, b: string): number =>
  a === b ? 0 : vowels.includes(a) && vowels.includes(b) ? 0.5 : 1.5;
