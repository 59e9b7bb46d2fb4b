import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../../src/main/core/log/log.ts';
import {
  type Breaker,
  type CheckOptions,
  coreChecks,
  type Finding,
  Health,
  isReady,
  worstOf,
} from '../../../../src/main/core/monitor/health.ts';
import type { VaultState } from '../../../../src/shared/contract.ts';
import { ManualClock } from '../../../helpers/monitor.ts';

const never = new Promise<Finding>(() => undefined);

describe('health', () => {
  test('remembers since when a part is in its state, over any number of looks', async () => {
    const clock = new ManualClock(1000);
    let state: Finding['state'] = 'ok';
    const health = new Health({ clock, log: silentLog, checks: { part: () => ({ state }) } });
    const look = async (next: Finding['state']): Promise<number | undefined> => {
      state = next;
      clock.advance(10);
      return (await health.check())[0]?.since;
    };
    const since: (number | undefined)[] = [];
    for (const next of ['ok', 'ok', 'degraded', 'degraded', 'failed', 'ok', 'ok'] as const)
      since.push(await look(next));
    expect(since).toEqual([1010, 1010, 1030, 1030, 1050, 1060, 1060]);
  });

  test('calls a part failed that throws or does not answer in time, and tells of the others', async () => {
    const late: (() => void)[] = [];
    let stopped = 0;
    const later = (ms: number, task: () => void) => {
      expect(ms).toBe(2000);
      late.push(task);
      return () => {
        stopped += 1;
      };
    };
    const warnings: string[] = [];
    let started = 0;
    const health = new Health({
      clock: new ManualClock(0),
      log: { warn: (message) => warnings.push(message) },
      later,
      checks: {
        throwing: () => {
          throw new Error('/home/person/secret');
        },
        hanging: () => {
          started += 1;
          return never;
        },
        well: () => ({ state: 'ok' }),
      },
    });
    for (let look = 0; look < 2; look += 1) {
      const checked = health.check();
      late.splice(0)[1]?.();
      const checks = await checked;
      expect(checks.map(({ name, state }) => [name, state])).toEqual([
        ['throwing', 'failed'],
        ['hanging', 'failed'],
        ['well', 'ok'],
      ]);
      expect(checks[1]?.message).toBe('It did not answer within 2 s.');
      expect(JSON.stringify(checks)).not.toContain('secret');
    }
    expect({ started, stopped, warnings }).toEqual({
      started: 1,
      stopped: 4,
      warnings: ['a health check failed', 'a health check failed'],
    });
  });
});

interface State {
  hasFailedToWrite: boolean;
  vault: VaultState;
  configProblems: number;
  pluginProblems: number;
  breakers: readonly Breaker[];
  freeBytes: number;
  p99Ms: number;
  observedMs: number;
}

const well: State = {
  hasFailedToWrite: false,
  vault: 'unlocked',
  configProblems: 0,
  pluginProblems: 0,
  breakers: [],
  freeBytes: 1e12,
  p99Ms: 1,
  observedMs: 60_000,
};

async function checksIn(changed: Partial<State>) {
  const state = { ...well, ...changed };
  const options: CheckOptions = {
    database: { get: () => undefined, hasFailedToWrite: state.hasFailedToWrite },
    vault: () => state.vault,
    configProblems: () => state.configProblems,
    pluginProblems: () => state.pluginProblems,
    breakers: () => state.breakers,
    dataDirectory: '/data',
    freeBytes: async () => state.freeBytes,
    loopDelay: () => state,
  };
  return new Health({ clock: new ManualClock(0), log: silentLog, checks: coreChecks(options) }).check();
}

const breaker = (provider: string, state: Breaker['state'], reason?: string): Breaker => ({
  ...{ provider, state, since: 0 },
  ...(reason !== undefined && { reason }),
});

describe('the checks', () => {
  test('are all well in a core that is', async () => {
    const checks = await checksIn({});
    expect(checks.map(({ name }) => name)).toEqual([
      ...['storage', 'vault', 'config', 'plugins', 'providers', 'disk', 'event loop'],
    ]);
    expect([worstOf(checks), isReady(checks), checks.filter(({ state }) => state !== 'ok')]).toEqual(['ok', true, []]);
  });

  test.each<[string, Partial<State>, Finding['state'], string, boolean]>([
    ['storage', { hasFailedToWrite: true }, 'failed', 'last write', false],
    ['vault', { vault: 'locked' }, 'degraded', 'locked', true],
    ['vault', { vault: 'empty' }, 'degraded', 'no data key', true],
    ['config', { configProblems: 2 }, 'degraded', '2 settings', true],
    ['plugins', { pluginProblems: 1 }, 'degraded', '1 plugin was', true],
    [
      'providers',
      { breakers: [breaker('openai', 'open', 'RATE_LIMIT'), breaker('x', 'closed')] },
      'degraded',
      'openai (RATE_LIMIT)',
      true,
    ],
    ['providers', { breakers: [breaker('openai', 'open')] }, 'failed', 'from openai.', true],
    ['disk', { freeBytes: 499e6 }, 'degraded', '499 MB', true],
    ['disk', { freeBytes: 49e6 }, 'failed', '49 MB', true],
    ['event loop', { p99Ms: 150 }, 'degraded', '150 ms late', true],
    ['event loop', { p99Ms: 1500 }, 'failed', '1500 ms', false],
  ])('%s: %j is %s', async (name, changed, state, said, ready) => {
    const checks = await checksIn(changed);
    const unwell = checks.filter((check) => check.state !== 'ok');
    expect(unwell).toMatchObject([
      { name, state, message: expect.stringContaining(said), next: expect.stringMatching(/\w/) },
    ]);
    expect([worstOf(checks), isReady(checks)]).toEqual([state, ready]);
  });

  test.each<[Partial<State>]>([
    [{ freeBytes: 500e6 }],
    [{ breakers: [breaker('openai', 'closed'), breaker('x', 'half-open')] }],
    [{ p99Ms: 5000, observedMs: 29_000 }],
  ])('%j is no reason to worry', async (changed) => {
    expect(worstOf(await checksIn(changed))).toBe('ok');
  });

  test('show no key that is in the reason of a breaker', async () => {
    const key = 'sk-proj-0123456789abcdefABCDEF';
    expect(JSON.stringify(await checksIn({ breakers: [breaker('openai', 'open', `bad key ${key}`)] }))).not.toContain(
      key,
    );
  });
});
