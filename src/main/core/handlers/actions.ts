import { PotterError } from '../../../shared/errors.ts';
import type { Actions } from '../actions/actions.ts';
import type { AreaHandlers } from './index.ts';

export interface ActionsDependencies {
  readonly actions: Pick<Actions, 'list' | 'current'>;
}

export const actionsHandlers = ({ actions }: ActionsDependencies): AreaHandlers<'actions'> => ({
  'actions.list': async (_input, { signal }) => {
    const current = await actions.current(signal);
    return { actions: actions.list().map(({ info }) => info), current: current.info.id };
  },
  'actions.get': () => notYet(),
  'actions.create': () => notYet(),
  'actions.update': () => notYet(),
  'actions.remove': () => notYet(),
  'actions.restore': () => notYet(),
  'actions.mark': () => notYet(),
  'actions.arrange': () => notYet(),
  'actions.export': () => notYet(),
  'actions.preview': () => notYet(),
  'actions.import': () => notYet(),
});

function notYet(): never {
  throw new PotterError('UNAVAILABLE', 'This is not there yet.');
}
