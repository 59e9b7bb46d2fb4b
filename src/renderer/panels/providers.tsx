import './providers.css';
import { Button, Loader, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ProviderInfo } from '../../shared/contract.ts';
import { IconAlert, IconPlus, IconRefresh, IconSearch, IconServer } from '../parts/icons.ts';
import { ModelChoices } from '../parts/model-choices.tsx';
import { Page, Section, Sheet } from '../parts/page.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { ProviderForm } from '../parts/provider-form.tsx';
import { ProviderRow } from '../parts/provider-row.tsx';
import { LockedKeys, Vault } from '../parts/vault.tsx';
import { usePotter } from '../store/potter.tsx';
import { type ProviderGroup, providerGroups } from '../store/providers.ts';

/** From this many on a search is worth its place. */
const searchFrom = 6;

/** Who may be asked, with which key, which of their models, and what protects the keys. */
export function ProvidersPanel(): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { status, error, providers, vault } = useStore(store.state);
  const [isAdding, setAdding] = useState(false);
  useEffect(() => {
    void store.open();
    return () => store.close();
  }, [store]);

  return (
    <Page
      title={t('providers.title')}
      text={t('providers.text')}
      actions={
        <>
          <RefreshButton />
          <Button leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>
            {t('providers.add')}
          </Button>
        </>
      }
    >
      {vault?.vault === 'locked' && <LockedKeys vault={vault} />}
      {status === 'loading' && (
        <div className="loading" role="status">
          <Loader size="sm" color="gray" />
          <span className="quiet">{t('providers.loading')}</span>
        </div>
      )}
      {status === 'failed' && error && (
        <Placeholder icon={<IconAlert size={24} />} title={t('providers.failed')} text={error.message} alert>
          <Button variant="default" onClick={() => void store.readAgain()}>
            {t('app.retry')}
          </Button>
        </Placeholder>
      )}
      {status === 'ready' && <Lists providers={providers} isLocked={vault?.vault === 'locked'} />}
      {status === 'ready' && <ModelChoices />}
      {vault && <Vault vault={vault} />}
      {isAdding && <ProviderForm onClose={() => setAdding(false)} />}
    </Page>
  );
}

function RefreshButton(): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const [isAsking, setAsking] = useState(false);
  const ask = async (): Promise<void> => {
    setAsking(true);
    await store.readAgain();
    setAsking(false);
  };
  return (
    <Button
      variant="subtle"
      color="gray"
      aria-disabled={isAsking}
      leftSection={isAsking ? <Loader size={14} color="gray" /> : <IconRefresh size={16} />}
      onClick={() => !isAsking && void ask()}
    >
      <span aria-live="polite">{isAsking ? t('providers.refreshing') : t('providers.refresh')}</span>
    </Button>
  );
}

interface ListsProps {
  readonly providers: readonly ProviderInfo[];
  /** Whether a provider has a key cannot be told. */
  readonly isLocked: boolean;
}

function Lists({ providers, isLocked }: ListsProps): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { groups } = useStore(store.state);
  const [query, setQuery] = useState('');
  const wanted = query.trim().toLocaleLowerCase();
  const found = providers.filter(({ id, name, baseUrl }) =>
    `${id} ${name} ${baseUrl}`.toLocaleLowerCase().includes(wanted),
  );
  const isNobodyReady = !isLocked && !providers.some(({ state }) => state === 'ready');
  return (
    <>
      {isNobodyReady && (
        <div className="provider-none" role="status">
          <IconServer size={20} aria-hidden />
          <div>
            <p className="provider-none-title">{t('providers.nobody')}</p>
            <p>{t('providers.nobodyText')}</p>
          </div>
        </div>
      )}
      {providers.length >= searchFrom && (
        <TextInput
          type="search"
          className="provider-search"
          aria-label={t('providers.search')}
          placeholder={t('providers.search')}
          leftSection={<IconSearch size={16} />}
          value={query}
          onChange={({ currentTarget }) => setQuery(currentTarget.value)}
        />
      )}
      {found.length === 0 && (
        <p className="quiet" role="status">
          {t('providers.noMatch')}
        </p>
      )}
      {providerGroups.map((group) => (
        <GroupSection key={group} group={group} providers={found.filter(({ id }) => groups[id] === group)} />
      ))}
    </>
  );
}

interface GroupSectionProps {
  readonly group: ProviderGroup;
  readonly providers: readonly ProviderInfo[];
}

function GroupSection({ group, providers }: GroupSectionProps): ReactNode {
  const { t } = useTranslation();
  if (providers.length === 0) return null;
  return (
    <Section title={t(`providers.groups.${group}`)} text={t(`providers.groupTexts.${group}`)}>
      <Sheet>
        {providers.map((provider) => (
          <ProviderRow key={provider.id} provider={provider} />
        ))}
      </Sheet>
    </Section>
  );
}
