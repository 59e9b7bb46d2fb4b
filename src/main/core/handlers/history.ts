import type { EventBus } from '../events.ts';
import type { History } from '../history.ts';
import type { PassingRuns } from '../text/passing-runs.ts';
import type { AreaHandlers } from './index.ts';

export interface HistoryDependencies {
  readonly history: Pick<History, 'list' | 'get' | 'remove' | 'instructions'>;
  readonly passing: Pick<PassingRuns, 'get' | 'remove'>;
  readonly events: Pick<EventBus, 'publish'>;
}

export const historyHandlers = ({ history, passing, events }: HistoryDependencies): AreaHandlers<'history'> => ({
  'history.instructions': () => ({ instructions: history.instructions() }),
  'history.list': (query) => history.list(query),
  'history.get': ({ id }) => passing.get(id) ?? history.get(id),
  'history.remove': ({ id }) => {
    const removed = history.remove(id) + passing.remove(id);
    if (removed > 0) events.publish('history.changed', { id });
    return { removed };
  },
});
