import './providers.css';
import { Button, Loader, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ProviderInfo } from '../../shared/contract.ts';
import { usePotter } from '../store/potter.tsx';
import { type ProviderGroup, providerGroups } from '../store/providers.ts';
import { IconAlert, IconSearch, IconServer } from './icons.ts';
import { Section, Sheet } from './page.tsx';
import { Placeholder } from './placeholder.tsx';
import { ProviderRow } from './provider-row.tsx';

/** From this many on a search is worth its place. */
const searchFrom = 6;

/** Who may be asked, as lines that open. Servers are asked for their models as long as it is shown. */
export function ProviderLists(): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { status, error } = useStore(store.state);
  useEffect(() => {
    void store.open();
    return () => store.close();
  }, [store]);
  if (status === 'loading') {
    return (
      <div className="loading" role="status">
        <Loader size="sm" color="gray" />
        <span className="quiet">{t('providers.loading')}</span>
      </div>
    );
  }
  if (status === 'failed' && error) {
    return (
      <Placeholder icon={<IconAlert size={24} />} title={t('providers.failed')} text={error.message} alert>
        <Button variant="default" onClick={() => void store.readAgain()}>
          {t('app.retry')}
        </Button>
      </Placeholder>
    );
  }
  return <Lists />;
}

function Lists(): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { groups, providers, vault } = useStore(store.state);
  // Whether a provider has a key cannot be told then.
  const isLocked = vault?.vault === 'locked';
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
