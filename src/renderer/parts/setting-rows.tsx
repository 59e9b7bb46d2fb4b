import './setting-rows.css';
import { ActionIcon, Button, NumberInput, Select, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { budgetKinds, logAreas, type SettingValue } from '../../shared/settings.ts';
import { usePotter } from '../store/potter.tsx';
import { IconPlus, IconTrash } from './icons.ts';
import { Row, TagsRow, useSetting } from './setting.tsx';

export interface Named {
  readonly name: string;
  readonly hint: string;
}

/** Models to turn to, first first. */
export function FailoverRow(named: Named): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { providers } = useStore(store.state);
  const models = providers.flatMap(({ id, models }) => models.map((model) => `${id}/${model.id}`));
  return <TagsRow of="text.failover" {...named} placeholder={t('settings.failoverExample')} offered={models} />;
}

type Limit = SettingValue<'budget.limits'>[number];

/** What a month may cost for one provider, action, plugin or program. */
export function BudgetLimitsRow({ name, hint }: Named): ReactNode {
  const { t } = useTranslation();
  const setting = useSetting('budget.limits');
  const [kind, setKind] = useState<Limit['of']>('key');
  const [id, setId] = useState('');
  const [dollars, setDollars] = useState<number | string>('');
  const limits = setting?.value ?? [];
  const isFixed = !setting || setting.isFixed;
  const isComplete = id.trim() !== '' && typeof dollars === 'number' && dollars > 0;
  const add = async (): Promise<void> => {
    if (!setting || !isComplete) return;
    const others = limits.filter((limit) => limit.of !== kind || limit.id !== id.trim());
    if (!(await setting.set([...others, { of: kind, id: id.trim(), dollars }]))) return;
    setId('');
    setDollars('');
  };
  const told = ({ of, id, dollars }: Limit): string =>
    t('settings.limit', { kind: t(`settings.budgetKinds.${of}`), id, dollars: dollars.toFixed(2) });
  return (
    <Row name={name} hint={hint} {...(setting && { info: setting.info })} wide>
      {(ids) => (
        <div className="limits">
          {limits.length > 0 && (
            <ul>
              {limits.map((limit) => (
                <li key={`${limit.of} ${limit.id}`}>
                  <span>{told(limit)}</span>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    disabled={isFixed}
                    aria-label={t('settings.removeLimit', { limit: told(limit) })}
                    onClick={() => void setting?.set(limits.filter((other) => other !== limit))}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </li>
              ))}
            </ul>
          )}
          <form
            className="limits-new"
            aria-labelledby={ids.name}
            onSubmit={(event) => {
              event.preventDefault();
              void add();
            }}
          >
            <Select
              aria-label={t('settings.limitKind')}
              allowDeselect={false}
              disabled={isFixed}
              value={kind}
              data={budgetKinds.map((value) => ({ value, label: t(`settings.budgetKinds.${value}`) }))}
              onChange={(value) => value && setKind(value)}
            />
            <TextInput
              id={ids.control}
              aria-label={t('settings.limitId')}
              placeholder={t(`settings.limitExamples.${kind}`)}
              disabled={isFixed}
              spellCheck={false}
              value={id}
              onChange={({ currentTarget }) => setId(currentTarget.value)}
            />
            <NumberInput
              aria-label={t('settings.limitDollars')}
              placeholder="$5"
              prefix="$"
              min={0}
              max={1_000_000}
              decimalScale={2}
              allowNegative={false}
              disabled={isFixed}
              value={dollars}
              onChange={setDollars}
            />
            <Button
              type="submit"
              variant="default"
              leftSection={<IconPlus size={16} />}
              disabled={isFixed || !isComplete}
            >
              {t('settings.addLimit')}
            </Button>
          </form>
        </div>
      )}
    </Row>
  );
}

/** From one time of day to another; both or none. */
export function QuietHoursRow({ name, hint }: Named): ReactNode {
  const { t } = useTranslation();
  const setting = useSetting('alerts.quietHours');
  const [draft, setDraft] = useState<{ readonly from: string; readonly to: string }>();
  const shown = draft ?? setting?.value ?? { from: '', to: '' };
  const change = (part: Partial<typeof shown>): void => {
    const wanted = { ...shown, ...part };
    const isWhole = wanted.from !== '' && wanted.to !== '';
    // A half of it is no time yet.
    setDraft(isWhole ? undefined : wanted);
    if (isWhole) void setting?.set(wanted);
  };
  const isFixed = !setting || setting.isFixed;
  return (
    <Row name={name} hint={hint} {...(setting && { info: setting.info })}>
      {(ids) => (
        <>
          <TextInput
            id={ids.control}
            type="time"
            aria-label={t('settings.quietFrom')}
            disabled={isFixed}
            value={shown.from}
            onChange={({ currentTarget }) => change({ from: currentTarget.value })}
          />
          <span aria-hidden="true">–</span>
          <TextInput
            type="time"
            aria-label={t('settings.quietTo')}
            disabled={isFixed}
            value={shown.to}
            onChange={({ currentTarget }) => change({ to: currentTarget.value })}
          />
          <Button
            variant="subtle"
            size="compact-sm"
            disabled={isFixed || (setting.value === null && draft === undefined)}
            onClick={() => {
              setDraft(undefined);
              void setting?.set(null);
            }}
          >
            {t('settings.never')}
          </Button>
        </>
      )}
    </Row>
  );
}

export const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const asAbove = '';

/** A level for each part of Potter that shall not follow the one of all. */
export function AreaLevelsRow({ name, hint }: Named): ReactNode {
  const { t } = useTranslation();
  const { settings } = usePotter();
  const setting = useSetting('log.areas');
  return (
    <Row name={name} hint={hint} {...(setting && { info: setting.info })} wide>
      {() => (
        <div className="areas">
          {logAreas.map((area) => (
            <Select
              key={area}
              label={t(`settings.areas.${area}`)}
              allowDeselect={false}
              disabled={!setting || setting.isFixed}
              value={setting?.value[area] ?? asAbove}
              data={[
                { value: asAbove, label: t('settings.asAbove') },
                ...levels.map((value) => ({ value, label: t(`settings.levels.${value}`) })),
              ]}
              // An object given is merged with the one in force; null takes a key out of it.
              onChange={(level) => void settings.set('log.areas', { [area]: level === asAbove ? null : level })}
            />
          ))}
        </div>
      )}
    </Row>
  );
}
