import { PotterError } from '../../../shared/errors.ts';
import type { EventBus } from '../events.ts';
import type { History } from '../history.ts';
import type { AreaHandlers } from './index.ts';

export interface HistoryDependencies {
  readonly history: Pick<History, 'list' | 'get' | 'remove'>;
  readonly events: Pick<EventBus, 'publish'>;
}

export const historyHandlers = ({ history, events }: HistoryDependencies): AreaHandlers<'history'> => ({
  'history.instructions': () => notYet(),
  'history.list': (query) => history.list(query),
  'history.get': ({ id }) => history.get(id),
  'history.remove': ({ id }) => {
    const removed = history.remove(id);
    if (removed > 0) events.publish('history.changed', { id });
    return { removed };
  },
});

function notYet(): never {
  throw new PotterError('UNAVAILABLE', 'This is not there yet.');
}
