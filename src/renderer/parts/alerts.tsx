import './alerts.css';
import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Alert } from '../../shared/contract.ts';
import { usePotter } from '../store/potter.tsx';
import { Dialog } from './dialog.tsx';
import { moment } from './format.ts';
import { IconAlert } from './icons.ts';
import { VisibleText } from './visible-text.tsx';

/** How many alerts are open, and the way to them. Nothing while there are none. */
export function AlertsButton(): ReactNode {
  const { t } = useTranslation();
  const { alerts } = usePotter();
  const { alerts: unresolved } = useStore(alerts.state);
  const [isOpen, setOpen] = useState(false);
  const open = unresolved.filter(({ state }) => state === 'open').length;
  return (
    <>
      {unresolved.length > 0 && (
        <Button
          className="alerts-button"
          size="compact-xs"
          variant="default"
          leftSection={<IconAlert size={15} aria-hidden />}
          onClick={() => setOpen(true)}
        >
          {open > 0 ? t('alerts.open', { count: open }) : t('alerts.acknowledged')}
        </Button>
      )}
      {isOpen && <AlertsDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function AlertsDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { alerts } = usePotter();
  const { alerts: unresolved, failure } = useStore(alerts.state);
  return (
    <Dialog title={t('alerts.title')} size="lg" onClose={onClose}>
      {failure && <p role="alert">{failure.message}</p>}
      {unresolved.length === 0 && <p role="status">{t('alerts.none')}</p>}
      <ul className="alerts">
        {unresolved.map((alert) => (
          <AlertItem key={alert.id} alert={alert} />
        ))}
      </ul>
    </Dialog>
  );
}

function AlertItem({ alert }: { readonly alert: Alert }): ReactNode {
  const { t, i18n } = useTranslation();
  const { alerts } = usePotter();
  const { id, state, count, firstAt, lastAt, message, next, webhook } = alert;
  const time = (at: number): string => moment(at, Date.now(), i18n.language);
  return (
    <li aria-label={message}>
      <p>
        <strong>
          <VisibleText text={message} />
        </strong>
      </p>
      <p>{next}</p>
      <p className="alert-facts">
        {t('alerts.times', { count, first: time(firstAt), last: time(lastAt) })}
        {webhook?.problem && (
          <>
            {' '}
            <VisibleText text={webhook.problem} />
          </>
        )}
      </p>
      <div className="dialog-actions">
        {state === 'open' && (
          <Button variant="default" onClick={() => void alerts.acknowledge(id)}>
            {t('alerts.acknowledge')}
          </Button>
        )}
        <Button variant="default" onClick={() => void alerts.resolve(id)}>
          {t('alerts.resolve')}
        </Button>
      </div>
    </li>
  );
}
