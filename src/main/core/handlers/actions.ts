import { type Actions, actionInfo } from '../actions.ts';
import type { AreaHandlers } from './index.ts';

export interface ActionsDependencies {
  readonly actions: Pick<Actions, 'list' | 'current'>;
}

export const actionsHandlers = ({ actions }: ActionsDependencies): AreaHandlers<'actions'> => ({
  'actions.list': () => ({ actions: actions.list().map(actionInfo), current: actions.current().id }),
});
