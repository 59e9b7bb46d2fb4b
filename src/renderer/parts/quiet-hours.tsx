import './quiet-hours.css';
import { Switch, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf, type Named, Row, useDraft, useSetting } from './setting.tsx';

/** Where the night begins and ends until somebody says otherwise. */
const night = { from: '22:00', to: '07:00' };

/** Two times of day, or none at all. */
export function QuietHoursRow({ name, hint }: Named): ReactNode {
  const { t } = useTranslation();
  const setting = useSetting('alerts.quietHours');
  const draft = useDraft(setting, (typed: typeof night) => (typed.from && typed.to ? typed : undefined));
  const isOff = !setting || setting.isFixed;
  const hours = setting?.value ? (draft.typed ?? setting.value) : undefined;
  const field = (end: 'from' | 'to', shown: typeof night): ReactNode => (
    <TextInput
      type="time"
      aria-label={t(`settings.quietHours.${end}`)}
      value={shown[end]}
      disabled={isOff}
      onChange={({ currentTarget }) => draft.change({ ...shown, [end]: currentTarget.value })}
      {...fieldOf(draft)}
    />
  );
  return (
    <Row name={name} hint={hint} info={setting?.info}>
      {(ids) => (
        <div className="quiet-hours">
          {hours && (
            <>
              {field('from', hours)}
              <span aria-hidden>–</span>
              {field('to', hours)}
            </>
          )}
          <Switch
            id={ids.control}
            aria-describedby={ids.hint}
            checked={hours !== undefined}
            disabled={isOff}
            onChange={({ currentTarget }) => {
              draft.giveUp();
              void setting?.set(currentTarget.checked ? night : null);
            }}
          />
        </div>
      )}
    </Row>
  );
}
