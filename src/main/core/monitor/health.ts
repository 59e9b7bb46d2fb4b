/** Is every part of Potter in order, and since when is it not? */
import { statfs } from 'node:fs/promises';
import type { HealthCheck, HealthState, VaultState } from '../../../shared/contract.ts';
import { errorKinds } from '../../../shared/errors.ts';
import type { Stop } from '../../../shared/transport.ts';
import type { Clock } from '../host.ts';
import type { Log } from '../log/log.ts';
import { redactText } from '../log/redact.ts';
import type { Database } from '../storage/database.ts';
import type { LoopDelay } from './metrics.ts';

/** What a check found. Never a path, a key or a text of the person. */
export interface Finding {
  readonly state: HealthState;
  /** What is wrong, and what to do about it; both absent where all is well. */
  readonly message?: string;
  readonly next?: string;
}

/** May throw, and may never settle: both mean that the part has failed. */
export type Check = () => Finding | Promise<Finding>;

export interface HealthOptions {
  readonly checks: Readonly<Record<string, Check>>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  /** The longest a check may take; 2 seconds by default. */
  readonly deadlineMs?: number;
  /** Runs a task later, without keeping the process alive. */
  readonly later?: (ms: number, task: () => void) => Stop;
}

/** Remembers since when each part is in its state. Looked at when somebody asks, not before. */
export class Health {
  readonly #options: Required<HealthOptions>;
  readonly #last = new Map<string, HealthCheck>();
  /** A check that does not settle is not started once more. */
  readonly #underWay = new Map<string, Promise<Finding>>();

  constructor(options: HealthOptions) {
    this.#options = { deadlineMs: 2000, later: unreferencedTimer, ...options };
  }

  /** All checks at once, in the order of the table. Never rejects. */
  check(): Promise<readonly HealthCheck[]> {
    return Promise.all(Object.entries(this.#options.checks).map(([name, check]) => this.#one(name, check)));
  }

  async #one(name: string, check: Check): Promise<HealthCheck> {
    const { state, message, next } = await this.#within(name, check);
    const before = this.#last.get(name);
    const since = before?.state === state ? before.since : this.#options.clock.now();
    const result = { name, state, since, ...(message && { message }), ...(next && { next }) };
    this.#last.set(name, result);
    return result;
  }

  #within(name: string, check: Check): Promise<Finding> {
    const { deadlineMs, later } = this.#options;
    const running = this.#underWay.get(name) ?? this.#start(name, check);
    return new Promise((resolve) => {
      const stop = later(deadlineMs, () => resolve(tooSlow(deadlineMs)));
      void running.then((finding) => {
        stop();
        resolve(finding);
      });
    });
  }

  /** Settles with a finding, whatever the check does. */
  #start(name: string, check: Check): Promise<Finding> {
    const running = Promise.resolve()
      .then(check)
      .catch((error: unknown): Finding => {
        this.#options.log.warn('a health check failed', { check: name, error });
        return {
          state: 'failed',
          message: 'The check itself failed; the log says why.',
          next: errorKinds.INTERNAL.next,
        };
      })
      .finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, running);
    return running;
  }
}

/** The worst of them. */
export function worstOf(checks: readonly HealthCheck[]): HealthState {
  const states = checks.map(({ state }) => state);
  return (['failed', 'degraded'] as const).find((state) => states.includes(state)) ?? 'ok';
}

/** Without one of these nothing can be done; without the others something can. */
const essential: readonly string[] = ['storage', 'event loop'];

export function isReady(checks: readonly HealthCheck[]): boolean {
  return !checks.some(({ name, state }) => state === 'failed' && essential.includes(name));
}

/** A provider whose calls may be held back at the moment. */
export interface Breaker {
  readonly provider: string;
  readonly state: 'closed' | 'open' | 'half-open';
  readonly since: number;
  readonly reason?: string;
}

export interface CheckOptions {
  readonly database: Pick<Database, 'get' | 'hasFailedToWrite'>;
  readonly vault: () => VaultState;
  /** How many things are wrong in the settings. */
  readonly configProblems: () => number;
  /** How many plugins were left out. */
  readonly pluginProblems: () => number;
  readonly breakers: () => readonly Breaker[];
  readonly dataDirectory: string;
  /** Bytes a person may still write to the disk of that directory; asks the system if left out. */
  readonly freeBytes?: (directory: string) => Promise<number>;
  readonly loopDelay: () => LoopDelay;
}

/** The checks of a running core. */
export function coreChecks(options: CheckOptions): Readonly<Record<string, Check>> {
  const { database, vault, configProblems, pluginProblems, breakers, dataDirectory, loopDelay } = options;
  const { freeBytes = freeBytesOf } = options;
  return {
    storage: () => checkStorage(database),
    vault: () => checkVault(vault()),
    config: () => checkConfig(configProblems()),
    plugins: () => checkPlugins(pluginProblems()),
    providers: () => checkProviders(breakers()),
    disk: async () => checkDisk(await freeBytes(dataDirectory)),
    'event loop': () => checkLoop(loopDelay()),
  };
}

const ok: Finding = { state: 'ok' };

function checkStorage(database: CheckOptions['database']): Finding {
  database.get('SELECT id FROM metric_names LIMIT 1');
  if (!database.hasFailedToWrite) return ok;
  return { state: 'failed', message: 'The last write to the database failed.', next: errorKinds.STORAGE.next };
}

function checkVault(state: VaultState): Finding {
  if (state === 'unlocked') return ok;
  const message = state === 'locked' ? 'The keys are locked.' : 'There is no data key yet, so no key can be stored.';
  return { state: 'degraded', message, next: errorKinds.KEYS_LOCKED.next };
}

function checkConfig(problems: number): Finding {
  if (problems === 0) return ok;
  const message = `${counted(problems, 'setting or settings file', 'settings or settings files')} could not be used.`;
  return { state: 'degraded', message, next: errorKinds.SETTINGS_MALFORMED.next };
}

function checkPlugins(problems: number): Finding {
  if (problems === 0) return ok;
  const message = `${counted(problems, 'plugin was', 'plugins were')} left out because of a fault.`;
  return { state: 'degraded', message, next: errorKinds.PLUGIN_INVALID.next };
}

function checkProviders(breakers: readonly Breaker[]): Finding {
  const open = breakers.filter(({ state }) => state === 'open');
  if (open.length === 0) return ok;
  const named = open.map(({ provider, reason }) => (reason ? `${provider} (${redactText(reason)})` : provider));
  const state = open.length === breakers.length ? 'failed' : 'degraded';
  return { state, message: `Calls are held back from ${named.join(', ')}.`, next: errorKinds.OVERLOADED.next };
}

const megabyte = 1_000_000;

function checkDisk(free: number): Finding {
  if (free >= 500 * megabyte) return ok;
  const message = `Only ${Math.floor(free / megabyte)} MB are free on the disk of the data directory.`;
  const next = 'Free some space, or move the data directory with --data or POTTER_DATA.';
  return { state: free < 50 * megabyte ? 'failed' : 'degraded', message, next };
}

/** Watched for less than this, a stall at the start would be its p99. */
const shortestWatchMs = 30_000;

function checkLoop({ p99Ms, observedMs }: LoopDelay): Finding {
  if (observedMs < shortestWatchMs || p99Ms < 100) return ok;
  const message = `Potter answers up to ${Math.round(p99Ms)} ms late (p99 of the last minute).`;
  const next = 'See `potter advice`; end what keeps the machine busy.';
  return { state: p99Ms < 1000 ? 'degraded' : 'failed', message, next };
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

const tooSlow = (deadlineMs: number): Finding => ({
  state: 'failed',
  message: `It did not answer within ${deadlineMs / 1000} s.`,
  next: 'Try again; if it stays so, restart Potter.',
});

function unreferencedTimer(ms: number, task: () => void): Stop {
  const timer = setTimeout(task, ms).unref();
  return () => clearTimeout(timer);
}
