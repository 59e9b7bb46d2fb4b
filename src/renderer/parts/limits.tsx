import './limits.css';
import { Autocomplete, Button, NumberInput, Select } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { type BudgetKind, budgetKinds } from '../../shared/settings.ts';
import { usePotter } from '../store/potter.tsx';
import { Entries, Entry, RemoveButton } from './entries.tsx';
import { type Named, Row, type SettingInUse, useNumberFormat, useSetting } from './setting.tsx';

type Limits = SettingInUse<'budget.limits'>;
type Limit = Limits['value'][number];

/** What single providers, actions, plugins and tokens may cost. */
export function LimitsRow({ name, hint }: Named): ReactNode {
  const setting = useSetting('budget.limits');
  return (
    <Row wide name={name} hint={hint} info={setting?.info}>
      {(ids) => setting && <LimitList setting={setting} labelId={ids.name} />}
    </Row>
  );
}

interface LimitListProps {
  readonly setting: Limits;
  readonly labelId: string;
}

function LimitList({ setting, labelId }: LimitListProps): ReactNode {
  const { t, i18n } = useTranslation();
  const money = new Intl.NumberFormat(i18n.language, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
  });
  const { value, isFixed } = setting;
  return (
    <div className="entries-block">
      <Entries labelId={labelId} none={t('settings.limits.none')}>
        {value.map((limit) => {
          const whose = t(`settings.limits.of.${limit.of}`, { id: limit.id });
          return (
            <Entry
              key={`${limit.of} ${limit.id}`}
              buttons={
                !isFixed && (
                  <RemoveButton
                    label={t('settings.limits.remove', { whose })}
                    onRemove={() => setting.set(value.filter((other) => !isSame(other, limit)))}
                  />
                )
              }
            >
              <span>{whose}</span>
              <span className="limit-amount">{money.format(limit.dollars)}</span>
            </Entry>
          );
        })}
      </Entries>
      {!isFixed && <LimitForm setting={setting} />}
    </div>
  );
}

const isSame = (one: Limit, other: Limit): boolean => one.of === other.of && one.id === other.id;

interface LimitDraft {
  readonly of: BudgetKind;
  readonly id: string;
  readonly dollars: number | string;
}

const blank: LimitDraft = { of: 'key', id: '', dollars: '' };

/** Adds a limit; one for the same is replaced. */
function LimitForm({ setting }: { readonly setting: Limits }): ReactNode {
  const { t } = useTranslation();
  const known = useKnownIds();
  const dollarFormat = useNumberFormat('dollars');
  const [draft, setDraft] = useState(blank);
  const [isTried, setTried] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const id = draft.id.trim();
  const dollars = draft.dollars === '' ? Number.NaN : Number(draft.dollars);
  const isAmount = dollars > 0;
  const change = (part: Partial<LimitDraft>): void => {
    setDraft({ ...draft, ...part });
    setRefusal(undefined);
  };
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (id === '' || !isAmount) return;
    const limit = { of: draft.of, id, dollars };
    const isThere = setting.value.some((other) => isSame(other, limit));
    const next = isThere
      ? setting.value.map((other) => (isSame(other, limit) ? limit : other))
      : [...setting.value, limit];
    const refused = await setting.offer(next);
    setRefusal(refused);
    if (refused !== undefined) return;
    setDraft({ ...blank, of: draft.of });
    setTried(false);
  };
  return (
    <form className="entries-add limit-fields" noValidate onSubmit={(event) => void add(event)}>
      <Select
        w="8.5rem"
        aria-label={t('settings.limits.kind')}
        allowDeselect={false}
        data={budgetKinds.map((value) => ({ value, label: t(`settings.limits.kinds.${value}`) }))}
        value={draft.of}
        onChange={(of) => of && change({ of, id: '' })}
      />
      <Autocomplete
        aria-label={t(`settings.limits.ids.${draft.of}`)}
        placeholder={t(`settings.limits.ids.${draft.of}`)}
        data={known[draft.of]}
        limit={8}
        maxLength={100}
        spellCheck={false}
        value={draft.id}
        errorProps={{ role: 'alert' }}
        error={isTried && id === '' && t('settings.limits.idMissing')}
        onChange={(typed) => change({ id: typed })}
      />
      <NumberInput
        w="10rem"
        aria-label={t('settings.limits.dollars')}
        placeholder={t('settings.limits.dollars')}
        {...dollarFormat}
        value={draft.dollars}
        errorProps={{ role: 'alert' }}
        error={(isTried && !isAmount && t('settings.limits.dollarsMissing')) || refusal}
        onChange={(typed) => change({ dollars: typed })}
      />
      <Button type="submit" variant="default">
        {t('settings.limits.add')}
      </Button>
    </form>
  );
}

/** What can be offered of each kind; the ids of plugins and tokens are typed. */
function useKnownIds(): Readonly<Record<BudgetKind, string[]>> {
  const { process } = usePotter();
  const { providers, actions } = useStore(process.state);
  return { key: providers.map(({ id }) => id), action: actions.map(({ id }) => id), plugin: [], token: [] };
}
