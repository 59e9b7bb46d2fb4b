import { Button, Loader, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { KeyInfo, ProviderInfo } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import { usePotter } from '../store/potter.tsx';
import { hostOf, type KeyTest } from '../store/providers.ts';
import { Dialog } from './dialog.tsx';
import { IconAlert, IconCheck, IconKey, IconLock } from './icons.ts';

interface KeyProps {
  readonly provider: ProviderInfo;
}

/** The key of a provider: it goes in, and never comes out. */
export function KeySection({ provider }: KeyProps): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { vault, tests } = useStore(store.state);
  const [entering, setEntering] = useState<KeyPlace>();
  const [stored, ...spares] = vault?.keys.filter(({ provider: id }) => id === provider.id) ?? [];
  const test = tests[provider.id];
  const place = entering ?? (stored === undefined && provider.needsKey ? 'first' : undefined);
  const isEntering = entering !== undefined;
  return (
    <section className="provider-key" aria-label={`${provider.name}: ${t('providers.key')}`}>
      <h3>{t('providers.key')}</h3>
      {stored && <StoredKey provider={provider} stored={stored} isTesting={test?.status === 'testing'} />}
      {!stored && !provider.needsKey && <p className="quiet">{t('providers.keyNone')}</p>}
      {spares.length > 0 && <SpareKeys provider={provider} spares={spares} />}
      {place && (
        <KeyForm provider={provider} place={place} onDone={() => setEntering(undefined)} canCancel={isEntering} />
      )}
      {!place && stored && (
        <div className="provider-buttons">
          <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setEntering('first')}>
            {stored.state === 'detached' ? t('providers.enterOther') : t('providers.replaceKey')}
          </Button>
          <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setEntering('spare')}>
            {t('providers.addSpare')}
          </Button>
          <RemoveKey provider={provider} isOne={spares.length === 0} />
        </div>
      )}
      <Tested provider={provider} test={test} />
    </section>
  );
}

/** Where an entered key goes: in the place of the one there is, or behind it. */
type KeyPlace = 'first' | 'spare';

interface SpareKeysProps extends KeyProps {
  readonly spares: readonly KeyInfo[];
}

/** What is used when the key before is refused. */
function SpareKeys({ provider, spares }: SpareKeysProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { providers: store } = usePotter();
  const remove = (slot: number): void => {
    store.removeKey(provider.id, slot).catch((thrown: unknown) => {
      notifications.show({ title: t('providers.changeFailed'), message: toPotterError(thrown).message, color: 'red' });
    });
  };
  const dateOf = (setAt: number): string =>
    new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium' }).format(setAt);
  return (
    <ul className="key-spares" aria-label={t('providers.spares')}>
      {spares.map(({ slot, setAt }, index) => (
        <li key={slot} className="key-stored">
          <IconKey size={16} aria-hidden />
          <p>
            {t('providers.spareKey', { number: index + 1 })}{' '}
            <span className="quiet">{t('providers.keySince', { date: dateOf(setAt) })}</span>
          </p>
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            aria-label={t('providers.removeSpare', { number: index + 1 })}
            onClick={() => remove(slot)}
          >
            {t('providers.removeOne')}
          </Button>
        </li>
      ))}
    </ul>
  );
}

interface StoredKeyProps extends KeyProps {
  readonly stored: KeyInfo;
  readonly isTesting: boolean;
}

function StoredKey({ provider, stored, isTesting }: StoredKeyProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { providers: store } = usePotter();
  const { id, baseUrl } = provider;
  const { host, state, setAt } = stored;
  if (state === 'detached') return <DetachedKey provider={provider} from={host} to={hostOf(baseUrl)} />;
  if (state === 'locked') {
    return (
      <p className="said">
        <IconLock size={16} aria-hidden />
        {t('providers.lockedHere')}
      </p>
    );
  }
  const date = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium' }).format(setAt);
  return (
    <div className="key-stored">
      <IconKey size={16} aria-hidden />
      <p>
        {t('providers.keyStored', { host })} <span className="quiet">{t('providers.keySince', { date })}</span>
      </p>
      <Button
        variant="default"
        size="compact-sm"
        aria-disabled={isTesting}
        onClick={() => !isTesting && void store.test(id)}
      >
        {t('providers.testKey')}
      </Button>
    </div>
  );
}

interface DetachedKeyProps extends KeyProps {
  readonly from: string;
  readonly to: string;
}

function DetachedKey({ provider, from, to }: DetachedKeyProps): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const attach = (): void => {
    store.attachKey(provider.id, to).catch((thrown: unknown) => {
      notifications.show({ title: t('providers.changeFailed'), message: toPotterError(thrown).message, color: 'red' });
    });
  };
  return (
    <div className="key-detached">
      <IconAlert size={18} aria-hidden />
      <div>
        <p className="key-detached-title">{t('providers.detachedTitle')}</p>
        <p>{t('providers.detachedText', { from, to })}</p>
        <Button variant="default" onClick={attach}>
          {t('providers.attach', { to })}
        </Button>
      </div>
    </div>
  );
}

interface KeyFormProps extends KeyProps {
  readonly place: KeyPlace;
  readonly canCancel: boolean;
  readonly onDone: () => void;
}

/** What is typed stays in the field itself until it is sent, and nowhere afterwards. */
function KeyForm({ provider, place, canCancel, onDone }: KeyFormProps): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const field = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string>();
  const [isSaving, setSaving] = useState(false);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const key = field.current?.value ?? '';
    if (key.trim() === '' || isSaving) return field.current?.focus();
    setError(undefined);
    setSaving(true);
    try {
      await store.setKey(provider.id, { key, spare: place === 'spare' }, () => {
        if (field.current) field.current.value = '';
      });
      onDone();
    } catch (thrown) {
      const { message, kind } = toPotterError(thrown);
      setError(`${t('providers.keyNotSaved')} ${message} ${kind.next}`);
      field.current?.focus();
    } finally {
      setSaving(false);
    }
  };
  return (
    <form className="key-form" onSubmit={(event) => void save(event)}>
      <TextInput
        ref={field}
        type="password"
        label={t(place === 'spare' ? 'providers.newSpare' : 'providers.newKey')}
        description={t('providers.keyHint', { host: hostOf(provider.baseUrl) })}
        error={error}
        autoComplete="off"
        spellCheck={false}
        maxLength={4096}
      />
      <div className="provider-buttons">
        <Button
          type="submit"
          aria-disabled={isSaving}
          leftSection={isSaving && <Loader size={14} color="currentColor" />}
        >
          {t('providers.saveKey')}
        </Button>
        {canCancel && (
          <Button variant="subtle" color="gray" onClick={onDone}>
            {t('app.cancel')}
          </Button>
        )}
      </div>
    </form>
  );
}

function RemoveKey({ provider, isOne }: KeyProps & { readonly isOne: boolean }): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const [isAsked, setAsked] = useState(false);
  const { id, name } = provider;
  const remove = async (): Promise<void> => {
    setAsked(false);
    try {
      await store.removeKey(id);
      notifications.show({ message: t('providers.keyRemoved', { name }), color: 'gray' });
    } catch (thrown) {
      notifications.show({ title: t('providers.changeFailed'), message: toPotterError(thrown).message, color: 'red' });
    }
  };
  return (
    <>
      <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setAsked(true)}>
        {t(isOne ? 'providers.removeKey' : 'providers.removeKeys')}
      </Button>
      {isAsked && (
        <Dialog title={t('providers.removeKeyTitle', { name })} onClose={() => setAsked(false)}>
          <p className="dialog-text">{t('providers.removeKeyText', { name })}</p>
          <div className="dialog-actions">
            <Button variant="default" onClick={() => setAsked(false)} data-autofocus>
              {t('app.cancel')}
            </Button>
            <Button className="dialog-danger" onClick={() => void remove()}>
              {t('providers.removeKey')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Tested({ provider, test }: KeyProps & { readonly test: KeyTest | undefined }): ReactNode {
  const { t } = useTranslation();
  const host = hostOf(provider.baseUrl);
  return (
    <div role="status">
      {test?.status === 'testing' && (
        <p className="said">
          <Loader size={14} color="gray" />
          {t('providers.testing', { host })}
        </p>
      )}
      {test?.status === 'passed' && (
        <p className="said" data-tone="good">
          <IconCheck size={16} aria-hidden />
          {t(provider.needsKey ? 'providers.testPassed' : 'providers.answers', { count: test.models })}
        </p>
      )}
      {test?.status === 'failed' && (
        <p className="said" data-tone="bad">
          <IconAlert size={16} aria-hidden />
          <span>{test.error.message}</span>
        </p>
      )}
    </div>
  );
}
