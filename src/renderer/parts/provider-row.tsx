import { Button, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ProviderInfo } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import { usePotter } from '../store/potter.tsx';
import { groupOf, hostOf } from '../store/providers.ts';
import { Dialog } from './dialog.tsx';
import { IconChevronRight, IconMachine, IconProcess, IconServer, IconTrash } from './icons.ts';
import { KeySection } from './key-section.tsx';
import { ProviderForm } from './provider-form.tsx';

interface ProviderProps {
  readonly provider: ProviderInfo;
}

/** One provider as a line that opens to all there is to say of it. */
export function ProviderRow({ provider }: ProviderProps): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const { name, baseUrl, models, modelSource, needsKey, message, state } = provider;
  return (
    <div className="provider" data-provider={provider.id}>
      <button
        type="button"
        className="provider-line"
        aria-expanded={isOpen}
        aria-controls={`${id}-more`}
        onClick={() => setOpen(!isOpen)}
      >
        <IconChevronRight className="provider-chevron" size={15} aria-hidden />
        <span className="provider-icon" aria-hidden>
          {needsKey ? <IconServer size={18} /> : <IconMachine size={18} />}
        </span>
        <span className="provider-text">
          <span className="provider-name">{name}</span>
          <span className="provider-host">{hostOf(baseUrl)}</span>
        </span>
        {modelSource === 'listed' && (
          <span className="provider-count">{t('providers.modelCount', { count: models.length })}</span>
        )}
        <StateTag provider={provider} />
      </button>
      {message !== undefined && groupOf(provider) === 'inUse' && !isOpen && (
        <p className="provider-message" data-tone={state === 'failed' ? 'bad' : undefined}>
          {message}
        </p>
      )}
      {isOpen && (
        <div className="provider-more" id={`${id}-more`}>
          <Details provider={provider} />
        </div>
      )}
    </div>
  );
}

const tones = {
  ready: 'good',
  'no-key': undefined,
  'key-detached': 'warning',
  'keys-locked': 'warning',
  down: 'bad',
  failed: 'bad',
} as const;

function StateTag({ provider }: ProviderProps): ReactNode {
  const { t } = useTranslation();
  const { state } = provider;
  const isMerelyOff = groupOf(provider) === 'local';
  return (
    <span className="tag" data-tone={isMerelyOff ? undefined : tones[state]}>
      {t(`providers.state.${isMerelyOff ? 'notRunning' : state}`)}
    </span>
  );
}

function Details({ provider }: ProviderProps): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { tests } = useStore(store.state);
  const { id, baseUrl, wireFormat, message, state } = provider;
  // What a test has just said is said beside the key.
  const isSaid = state === 'no-key' || tests[id] !== undefined;
  return (
    <>
      {message !== undefined && !isSaid && <p className="quiet">{message}</p>}
      <dl className="provider-facts">
        <div>
          <dt>{t('providers.address')}</dt>
          <dd>
            <code>{baseUrl}</code>
          </dd>
        </div>
        <div>
          <dt>{t('providers.wireFormat')}</dt>
          <dd>{t(`providers.wireFormats.${wireFormat}`)}</dd>
        </div>
      </dl>
      <KeySection provider={provider} />
      <Models provider={provider} />
      <Changes provider={provider} />
    </>
  );
}

/** From this many on a search is worth its place. */
const searchFrom = 13;

function Models({ provider }: ProviderProps): ReactNode {
  const { t } = useTranslation();
  const [query, setQuery] = useState('');
  const { models, modelSource, state } = provider;
  const wanted = query.trim().toLocaleLowerCase();
  const found = models.filter(({ id, name = '' }) => `${id} ${name}`.toLocaleLowerCase().includes(wanted));
  if (models.length === 0 && state !== 'ready') return null;
  return (
    <section className="provider-models" aria-label={`${provider.name}: ${t('providers.models')}`}>
      <h3>{t('providers.models')}</h3>
      <p className="quiet">{models.length === 0 ? t('providers.noModels') : t(`providers.${modelSource}`)}</p>
      {models.length >= searchFrom && (
        <TextInput
          type="search"
          size="xs"
          aria-label={t('providers.findModels')}
          placeholder={t('providers.findModels')}
          value={query}
          onChange={({ currentTarget }) => setQuery(currentTarget.value)}
        />
      )}
      {models.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long list is scrolled by the keyboard
        <ul tabIndex={0} aria-label={`${provider.name}: ${t('providers.models')}`}>
          {found.map(({ id, name, tier }) => (
            <li key={id}>
              <code>{id}</code>
              {name !== undefined && name !== id && <span className="quiet">{name}</span>}
              <span className="tag">{t(`actions.tiers.${tier}`)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Changes({ provider }: ProviderProps): ReactNode {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<'edit' | 'remove'>();
  const close = (): void => setAsked(undefined);
  return (
    <div className="provider-changes">
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        leftSection={<IconProcess size={15} />}
        onClick={() => setAsked('edit')}
      >
        {t('providers.edit')}
      </Button>
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        leftSection={<IconTrash size={15} />}
        onClick={() => setAsked('remove')}
      >
        {t('providers.remove')}
      </Button>
      {asked === 'edit' && <ProviderForm provider={provider} onClose={close} />}
      {asked === 'remove' && <RemoveDialog provider={provider} onClose={close} />}
    </div>
  );
}

function RemoveDialog({ provider, onClose }: ProviderProps & { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { id, name } = provider;
  const remove = async (): Promise<void> => {
    onClose();
    try {
      await store.save(id, null);
      notifications.show({ message: t('providers.removed', { name }), color: 'gray' });
    } catch (thrown) {
      notifications.show({ title: t('providers.changeFailed'), message: toPotterError(thrown).message, color: 'red' });
    }
  };
  return (
    <Dialog title={t('providers.removeTitle', { name })} onClose={onClose}>
      <p className="dialog-text">{t('providers.removeText')}</p>
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('app.cancel')}
        </Button>
        <Button className="dialog-danger" onClick={() => void remove()}>
          {t('providers.remove')}
        </Button>
      </div>
    </Dialog>
  );
}
