import { useTranslation } from 'react-i18next';
import type { ActionInfo } from '../../shared/contract.ts';
import { goTo } from '../routes.ts';
import { usePotter } from '../store/potter.tsx';

/** Letters of the name that a copy keeps: with what says that it is one, a name must not grow too long. */
const keptLetters = 38;

/** Makes a copy and opens it. */
export function useDuplicate(): (action: ActionInfo) => Promise<void> {
  const { t } = useTranslation();
  const { actions } = usePotter();
  return async ({ id, name }) => {
    const short = [...name].slice(0, keptLetters).join('');
    const nameOf = (number: number): string =>
      number === 1 ? t('actions.copyName', { name: short }) : t('actions.copyNameNumbered', { name: short, number });
    const copy = await actions.duplicate(id, nameOf);
    if (copy !== undefined) goTo({ panel: 'actions', actionId: copy });
  };
}
