import './log-levels.css';
import { Select } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { logAreas } from '../../shared/settings.ts';
import { type Named, Row, useSetting } from './setting.tsx';

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const asAbove = 'as-above';

/** The least severity that is written down. */
export function LevelRow({ name, hint }: Named): ReactNode {
  const setting = useSetting('log.level');
  const data = useLevels();
  return (
    <Row name={name} hint={hint} info={setting?.info}>
      {(ids) => (
        <Select
          id={ids.control}
          w="13rem"
          allowDeselect={false}
          disabled={!setting || setting.isFixed}
          value={setting?.value ?? 'info'}
          data={data}
          onChange={(level) => level && void setting?.set(level)}
        />
      )}
    </Row>
  );
}

/** The same for single parts of Potter. */
export function AreaLevelsRow({ name, hint }: Named): ReactNode {
  const { t } = useTranslation();
  const setting = useSetting('log.areas');
  const data = useLevels();
  return (
    <Row wide name={name} hint={hint} info={setting?.info}>
      {(ids) => (
        // biome-ignore lint/a11y/useSemanticElements: the row's name stands elsewhere than a legend has to
        <div className="log-areas" role="group" aria-labelledby={ids.name} aria-describedby={ids.hint}>
          {logAreas.map((area) => (
            <Select
              key={area}
              label={t(`settings.logAreas.${area}`)}
              allowDeselect={false}
              disabled={!setting || setting.isFixed}
              value={setting?.value[area] ?? asAbove}
              data={[{ value: asAbove, label: t('settings.logAreas.asAbove') }, ...data]}
              onChange={(level) => level && void setting?.set({ [area]: level === asAbove ? null : level })}
            />
          ))}
        </div>
      )}
    </Row>
  );
}

function useLevels(): { value: (typeof levels)[number]; label: string }[] {
  const { t } = useTranslation();
  return levels.map((value) => ({ value, label: t(`settings.levels.${value}`) }));
}
