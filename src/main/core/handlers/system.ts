import process from 'node:process';
import type { Alerts } from '../errors/alerts.ts';
import type { EventBus } from '../events.ts';
import type { AnswerCache } from '../gateway/cache.ts';
import type { History } from '../history.ts';
import type { Host } from '../host.ts';
import type { FileLog } from '../log/log.ts';
import type { PerformanceMonitor } from '../monitor/metrics.ts';
import type { Vault } from '../security/vault.ts';
import type { PassingRuns } from '../text/passing-runs.ts';
import type { TextRuns } from '../text/run.ts';
import type { Welcome } from '../welcome.ts';
import type { AreaHandlers } from './index.ts';

export interface SystemDependencies {
  readonly host: Pick<Host, 'version' | 'dataDirectory' | 'desktop'>;
  readonly welcome: Pick<Welcome, 'step'>;
  readonly demo: boolean;
  readonly problems: () => readonly string[];
  readonly vault: Pick<Vault, 'state' | 'erase'>;
  readonly history: Pick<History, 'remove'>;
  readonly passing: Pick<PassingRuns, 'remove'>;
  readonly metrics: Pick<PerformanceMonitor, 'erase'>;
  readonly alerts: Pick<Alerts, 'erase'>;
  readonly cache: Pick<AnswerCache, 'clear'>;
  readonly runs: Pick<TextRuns, 'forget'>;
  readonly logFile: Pick<FileLog, 'erase'>;
  readonly events: Pick<EventBus, 'publish'>;
}

export const systemHandlers = (dependencies: SystemDependencies): AreaHandlers<'system'> => {
  const { welcome } = dependencies;
  return {
    'system.erase': async () => {
      const { vault, history, passing, metrics, alerts, cache, runs, logFile, events } = dependencies;
      let historyEntries = 0;
      let cachedAnswers = 0;
      const keys = await vault.erase(() => {
        historyEntries = history.remove('all') + passing.remove('all');
        cachedAnswers = cache.clear();
        metrics.erase();
        alerts.erase();
      });
      // A run under way finds its entry gone and the place for its answer too, so it keeps nothing when it ends.
      runs.forget();
      const logFiles = logFile.erase();
      events.publish('history.changed', { id: 'all' });
      events.publish('keys.changed', { provider: 'all', vault: vault.state });
      return { removed: { historyEntries, keys, cachedAnswers, logFiles } };
    },
    'system.info': () => {
      const { host, demo, problems } = dependencies;
      const { kind, message } = host.desktop;
      const { version, dataDirectory } = host;
      const desktop = message === undefined ? { kind } : { kind, message };
      const platform = `${process.platform} ${process.arch}`;
      return {
        version,
        pid: process.pid,
        platform,
        runtime: runtime(),
        dataDirectory,
        desktop,
        demo,
        // A demo begins anew each time, and has nothing to set up.
        welcome: demo ? 'done' : welcome.step,
        problems: [...problems()],
      };
    },
    'system.welcome': ({ step }) => {
      welcome.step = step;
      return {};
    },
  };
};

/** Electron names itself, and its Chromium, where Node names itself. */
function runtime(): Record<string, string> {
  const { node, electron, chrome } = process.versions;
  return { node, ...(electron !== undefined && { electron }), ...(chrome !== undefined && { chrome }) };
}
