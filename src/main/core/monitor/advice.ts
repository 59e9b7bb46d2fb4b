/** What the figures suggest: concrete, each with the figures it follows from, and silent where there are too few. */
import type { Advice } from '../../../shared/contract.ts';

/** One action with one model. Times are medians. */
export interface ActionFigures {
  readonly action: string;
  /** `provider/model`. */
  readonly model: string;
  readonly runs: number;
  readonly errors: number;
  readonly firstTokenMs: number;
  /** Runs whose first token was timed. */
  readonly timed: number;
  readonly costMicros: number;
  /** Runs whose cost is known. */
  readonly priced: number;
}

export interface ProviderFigures {
  readonly provider: string;
  readonly calls: number;
  readonly errors: number;
  readonly errorCodes: Readonly<Record<string, number>>;
}

/** Minutes in which the event loop stood still, and which plugins ran in how many of them. */
export interface StallFigures {
  readonly minutes: number;
  readonly longestMs: number;
  readonly plugins: readonly { readonly plugin: string; readonly minutes: number; readonly stalledMinutes: number }[];
}

export interface AdviceFigures {
  readonly actions: readonly ActionFigures[];
  readonly providers: readonly ProviderFigures[];
  readonly cache: { readonly hits: number; readonly misses: number; readonly repeats: number };
  readonly stalls: StallFigures;
  /** Mean of each hour of this process, oldest first, in MiB. */
  readonly memory: readonly number[];
  /** Writes of the figures themselves to the database, in milliseconds. */
  readonly disk: { readonly writes: number; readonly p95Ms: number };
}

/** Each looks at one thing. What it compares has at least `fewestRuns` runs. */
const rules: readonly ((figures: AdviceFigures) => readonly Advice[])[] = [
  slowFirstToken,
  dearModel,
  failingProvider,
  localServerDown,
  unusedCache,
  stalls,
  growingMemory,
  slowDisk,
];

export function advise(figures: AdviceFigures): Advice[] {
  return rules.flatMap((rule) => rule(figures));
}

const fewestRuns = 10;

function slowFirstToken({ actions }: AdviceFigures): Advice[] {
  const timed = actions.filter((each) => each.timed >= fewestRuns);
  return timed.flatMap((slow) => {
    const others = timed.filter((each) => each.action === slow.action && each !== slow && isAsReliable(each, slow));
    const fast = leastBy(others, ({ firstTokenMs }) => firstTokenMs);
    if (!fast || slow.firstTokenMs < 1000 || slow.firstTokenMs < 2 * fast.firstTokenMs) return [];
    return {
      id: `slow-first-token ${slow.action} ${slow.model}`,
      message:
        `"${slow.action}" spends ${seconds(slow.firstTokenMs)} before the first token on ${slow.model}; ` +
        `${fast.model} answered in ${seconds(fast.firstTokenMs)} in ${fast.timed} runs.`,
      evidence: {
        firstTokenMs: slow.firstTokenMs,
        runs: slow.timed,
        fasterFirstTokenMs: fast.firstTokenMs,
        fasterRuns: fast.timed,
      },
    };
  });
}

function dearModel({ actions }: AdviceFigures): Advice[] {
  const priced = actions.filter((each) => each.priced >= fewestRuns);
  return priced.flatMap((dear) => {
    const others = priced.filter((each) => each.action === dear.action && each !== dear && isAsReliable(each, dear));
    const cheap = leastBy(others, microsPerRun);
    if (!cheap || microsPerRun(dear) < fewestMicros || microsPerRun(dear) < 3 * microsPerRun(cheap)) return [];
    return {
      id: `dear-model ${dear.action} ${dear.model}`,
      message:
        `A run of "${dear.action}" costs ${dollars(microsPerRun(dear))} on ${dear.model}; ` +
        `${cheap.model} did it for ${dollars(microsPerRun(cheap))} in ${cheap.priced} runs and failed about as often.`,
      evidence: {
        microsPerRun: microsPerRun(dear),
        runs: dear.priced,
        cheaperMicrosPerRun: microsPerRun(cheap),
        cheaperRuns: cheap.priced,
        errorShare: errorShare(dear),
        cheaperErrorShare: errorShare(cheap),
      },
    };
  });
}

/** A tenth of a cent: what costs less is not worth a word. */
const fewestMicros = 1000;

function failingProvider({ providers }: AdviceFigures): Advice[] {
  return providers.flatMap((each) => {
    const { provider, calls, errors, errorCodes } = each;
    const [code = '', times = 0] = mostFrequent(errorCodes) ?? [];
    // A program on this machine that is not started has a rule of its own.
    if (calls < fewestRuns || errors < 0.2 * calls || code === 'LOCAL_DOWN') return [];
    return {
      id: `failing-provider ${provider}`,
      message: `${errors} of ${calls} calls of ${provider} failed, most often with ${code} (${times} times); look at its account and state, or choose another provider.`,
      evidence: { calls, errors, mostFrequent: times },
    };
  });
}

function localServerDown({ providers }: AdviceFigures): Advice[] {
  return providers.flatMap(({ provider, calls, errorCodes }) => {
    const down = errorCodes.LOCAL_DOWN ?? 0;
    if (calls < fewestRuns || down < 3 || down < 0.2 * calls) return [];
    return {
      id: `local-server-down ${provider}`,
      message: `${provider} was not running in ${down} of ${calls} calls; let it start together with the computer, or choose another model as the default.`,
      evidence: { calls, down },
    };
  });
}

function unusedCache({ cache: { hits, misses, repeats } }: AdviceFigures): Advice[] {
  const runs = hits + misses;
  if (runs < fewestRuns || repeats < fewestRuns || hits > 0.2 * repeats) return [];
  return [
    {
      id: 'unused-cache',
      message: `${repeats} requests were equal to an earlier one, but only ${hits} were answered from the cache; set \`cache.enabled\`, and leave out \`fresh\` where the same answer will do.`,
      evidence: { hits, misses, repeats },
    },
  ];
}

function stalls({ stalls: { minutes, longestMs, plugins } }: AdviceFigures): Advice[] {
  if (minutes < 5) return [];
  // It ran in most of the stalls, and stalls are in most of the minutes it ran in.
  const suspects = plugins.filter(
    ({ minutes: ran, stalledMinutes }) => stalledMinutes >= 0.6 * minutes && stalledMinutes >= 0.6 * ran,
  );
  const likely = leastBy(suspects, ({ stalledMinutes }) => -stalledMinutes);
  const cause = likely
    ? `the plugin command ${likely.plugin} ran in ${likely.stalledMinutes} of them: give it shorter texts, or remove it`
    : 'no plugin ran in most of them: look for what else keeps this machine busy';
  return [
    {
      id: likely ? `stalls ${likely.plugin}` : 'stalls',
      message: `Potter stood still for up to ${seconds(longestMs)} in ${minutes} minutes of the last day; ${cause}.`,
      evidence: { minutes, longestMs, ...(likely && { pluginMinutes: likely.stalledMinutes }) },
    },
  ];
}

/** Growth in nearly every hour, by half in the end: neither a peak nor the warming up of the first hour. */
function growingMemory({ memory }: AdviceFigures): Advice[] {
  const [first = 0, ...later] = memory.slice(1);
  const last = later.at(-1) ?? 0;
  const rises = later.filter((mebibytes, index) => mebibytes > (index === 0 ? first : (later[index - 1] ?? 0)));
  if (later.length < 5 || rises.length < 0.8 * later.length || last < 1.5 * first || last - first < 50) return [];
  return [
    {
      id: 'growing-memory',
      message: `Potter's memory grew from ${Math.round(first)} to ${Math.round(last)} MiB in ${later.length} hours; restart it, and report this if it comes back.`,
      evidence: { firstMiB: first, lastMiB: last, hours: later.length },
    },
  ];
}

function slowDisk({ disk: { writes, p95Ms } }: AdviceFigures): Advice[] {
  if (writes < fewestRuns || p95Ms < 250) return [];
  return [
    {
      id: 'slow-disk',
      message: `Writing to the database takes ${seconds(p95Ms)} (p95 of ${writes} writes), and every run waits for it; move the data directory to a faster disk.`,
      evidence: { writes, p95Ms },
    },
  ];
}

/** What fails in more than five of a hundred runs besides is no advice, however fast and cheap. */
function isAsReliable(other: ActionFigures, than: ActionFigures): boolean {
  return errorShare(other) <= errorShare(than) + 0.05;
}

const errorShare = ({ errors, runs }: ActionFigures): number => (runs === 0 ? 0 : errors / runs);
const microsPerRun = ({ costMicros, priced }: ActionFigures): number => Math.round(costMicros / priced);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const dollars = (micros: number): string => `$${(micros / 1e6).toFixed(4)}`;

function mostFrequent(codes: Readonly<Record<string, number>>): [string, number] | undefined {
  return leastBy(
    Object.entries(codes).filter(([code]) => code !== 'CANCELLED'),
    ([, count]) => -count,
  );
}

function leastBy<T>(values: readonly T[], measure: (value: T) => number): T | undefined {
  return values.reduce<T | undefined>(
    (least, value) => (least === undefined || measure(value) < measure(least) ? value : least),
    undefined,
  );
}
