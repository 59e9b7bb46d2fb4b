import type { Actions } from '../actions/actions.ts';
import type { AreaHandlers } from './index.ts';

export interface ActionsDependencies {
  readonly actions: Actions;
}

export const actionsHandlers = ({ actions }: ActionsDependencies): AreaHandlers<'actions'> => ({
  'actions.list': async (_input, { signal }) => ({
    current: await actions.currentId(signal),
    actions: actions.list().map(({ info }) => info),
  }),
  'actions.get': ({ id }) => actions.detail(id),
  'actions.create': ({ id, definition }) => actions.create(id, definition),
  'actions.update': ({ id, definition, version }) => actions.update(id, definition, version),
  'actions.remove': ({ id }) => {
    actions.remove(id);
    return { removed: true };
  },
  'actions.restore': ({ id }) => ({ restored: actions.restore(id) }),
  'actions.mark': ({ id, pinned, hidden }) => actions.mark(id, { pinned, hidden }),
  'actions.arrange': ({ ids }) => {
    actions.arrange(ids);
    return {};
  },
  'actions.export': ({ ids }) => actions.export(ids),
  'actions.preview': ({ text }) => ({ actions: actions.preview(text) }),
  'actions.import': ({ text, ids }) => ({ imported: actions.import(text, ids) }),
});
