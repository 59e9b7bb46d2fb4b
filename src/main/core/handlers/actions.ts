import { type Actions, actionInfo } from '../actions.ts';
import type { AreaHandlers } from './index.ts';

export interface ActionsDependencies {
  readonly actions: Pick<Actions, 'list' | 'current'>;
}

export const actionsHandlers = ({ actions }: ActionsDependencies): AreaHandlers<'actions'> => ({
  'actions.list': async (_input, { signal }) => {
    const current = await actions.current(signal);
    return { actions: actions.list().map(actionInfo), current: current.id };
  },
});
