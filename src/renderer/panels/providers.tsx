import { Button, Loader } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { IconPlus, IconRefresh } from '../parts/icons.ts';
import { ModelChoices } from '../parts/model-choices.tsx';
import { Page } from '../parts/page.tsx';
import { ProviderForm } from '../parts/provider-form.tsx';
import { ProviderLists } from '../parts/provider-lists.tsx';
import { LockedKeys, Vault } from '../parts/vault.tsx';
import { usePotter } from '../store/potter.tsx';

/** Who may be asked, with which key, which of their models, and what protects the keys. */
export function ProvidersPanel(): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { status, vault } = useStore(store.state);
  const [isAdding, setAdding] = useState(false);

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
      <ProviderLists />
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
