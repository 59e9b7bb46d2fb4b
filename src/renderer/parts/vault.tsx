import { Button, PasswordInput, Radio } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Output, type Protection, protections } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import { usePotter } from '../store/potter.tsx';
import { Dialog } from './dialog.tsx';
import { IconAlert, IconLock, IconShield, IconUnlock } from './icons.ts';
import { Section, Sheet } from './page.tsx';
import { Row, RowText } from './setting.tsx';

interface VaultProps {
  readonly vault: Output<'keys.list'>;
}

/** What opens the keys, and how to change that. */
export function Vault({ vault }: VaultProps): ReactNode {
  const { t } = useTranslation();
  const [isChanging, setChanging] = useState(false);
  const { vault: state, backend, protection, message } = vault;
  const isLocked = state === 'locked';
  return (
    <Section title={t('providers.vault.title')} text={t('providers.vault.text')}>
      <Sheet>
        <Row name={t('providers.vault.state')} {...(message !== undefined && !isLocked && { hint: message })}>
          {() => (
            <span className="tag" data-tone={isLocked ? 'warning' : state === 'unlocked' ? 'good' : undefined}>
              {t(`providers.vault.states.${state}`)}
            </span>
          )}
        </Row>
        <Row name={t('providers.vault.backend')}>
          {() => (
            <RowText>{isNamed(backend) ? t(`providers.vault.backends.${backend}`) : <code>{backend}</code>}</RowText>
          )}
        </Row>
        <Row name={t('providers.vault.protection')} hint={t(`providers.vault.protections.${protection}`)}>
          {() => (
            <Button
              variant="default"
              disabled={isLocked}
              leftSection={<IconShield size={16} />}
              onClick={() => setChanging(true)}
            >
              {t(protection === 'system' ? 'providers.vault.setPassphrase' : 'providers.vault.changeProtection')}
            </Button>
          )}
        </Row>
      </Sheet>
      {isChanging && <ProtectDialog protection={protection} onClose={() => setChanging(false)} />}
    </Section>
  );
}

function isNamed(backend: string): backend is 'key-file' | 'basic_text' {
  return backend === 'key-file' || backend === 'basic_text';
}

/** Says that nothing is lost, and what opens the keys. */
export function LockedKeys({ vault }: VaultProps): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const [isTrying, setTrying] = useState(false);
  const { protection, message } = vault;
  const retry = async (): Promise<void> => {
    setTrying(true);
    try {
      const isOpen = await store.retry();
      const said = t(isOpen ? 'providers.vault.opened' : 'providers.vault.stillLocked');
      notifications.show({ message: said, color: isOpen ? 'gray' : 'red' });
    } catch (thrown) {
      notifications.show({ message: toPotterError(thrown).message, color: 'red' });
    } finally {
      setTrying(false);
    }
  };
  return (
    <section className="locked" aria-labelledby="locked-title">
      <span className="locked-icon" aria-hidden>
        <IconLock size={22} />
      </span>
      <div className="locked-text">
        <h2 id="locked-title">{t('providers.vault.lockedTitle')}</h2>
        <p>{t('providers.vault.lockedText')}</p>
        {/* Where only the passphrase opens them there is no more to say than the field below does. */}
        {message !== undefined && protection !== 'passphrase' && <p className="quiet">{message}</p>}
        {protection !== 'system' && <UnlockForm />}
        {protection !== 'passphrase' && (
          <div className="provider-buttons">
            <Button variant="default" aria-disabled={isTrying} onClick={() => !isTrying && void retry()}>
              {t('providers.vault.retry')}
            </Button>
          </div>
        )}
        {protection !== 'passphrase' && <p className="quiet">{t('providers.vault.orEnter')}</p>}
      </div>
    </section>
  );
}

function UnlockForm(): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const [passphrase, setPassphrase] = useState('');
  const [error, setError] = useState<string>();
  const [isTrying, setTrying] = useState(false);
  const unlock = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (passphrase === '' || isTrying) return;
    setTrying(true);
    setError(undefined);
    try {
      await store.unlock(passphrase);
      notifications.show({ message: t('providers.vault.opened'), color: 'gray' });
    } catch (thrown) {
      const { message, kind } = toPotterError(thrown);
      setError(`${message} ${kind.next}`);
    } finally {
      setPassphrase('');
      setTrying(false);
    }
  };
  return (
    <form className="unlock" onSubmit={(event) => void unlock(event)}>
      <PasswordInput
        label={t('providers.vault.passphrase')}
        autoComplete="off"
        value={passphrase}
        error={error}
        onChange={({ currentTarget }) => setPassphrase(currentTarget.value)}
      />
      <Button type="submit" loading={isTrying} leftSection={<IconUnlock size={16} />}>
        {t('providers.vault.unlock')}
      </Button>
    </form>
  );
}

interface ProtectDialogProps {
  readonly protection: Protection;
  readonly onClose: () => void;
}

const shortest = 8;

function ProtectDialog({ protection, onClose }: ProtectDialogProps): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const [wanted, setWanted] = useState<Protection>(protection === 'system' ? 'system-or-passphrase' : protection);
  const [secrets, setSecrets] = useState({ current: '', passphrase: '', again: '' });
  const [errors, setErrors] = useState<Partial<Record<'current' | 'passphrase' | 'again' | 'form', string>>>({});
  const [isSaving, setSaving] = useState(false);
  const hasOne = protection !== 'system';
  const getsOne = wanted !== 'system';
  const field = (name: keyof typeof secrets) => ({
    autoComplete: 'off',
    value: secrets[name],
    error: errors[name],
    onChange: ({ currentTarget }: { readonly currentTarget: HTMLInputElement }) =>
      setSecrets({ ...secrets, [name]: currentTarget.value }),
  });

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const { current, passphrase, again } = secrets;
    const wrong = {
      ...(hasOne && current === '' && { current: t('providers.vault.missing') }),
      ...(getsOne && passphrase.length < shortest && { passphrase: t('providers.vault.short') }),
      ...(getsOne && passphrase !== again && { again: t('providers.vault.different') }),
    };
    setErrors(wrong);
    if (Object.keys(wrong).length > 0 || isSaving) return;
    setSaving(true);
    try {
      await store.protect(wanted, { ...(hasOne && { current }), ...(getsOne && { passphrase }) });
      notifications.show({ message: t('providers.vault.saved'), color: 'gray' });
      onClose();
    } catch (thrown) {
      const { code, message, kind } = toPotterError(thrown);
      setErrors({ [code === 'PASSPHRASE_WRONG' ? 'current' : 'form']: `${message} ${kind.next}` });
    } finally {
      setSaving(false);
    }
  };

  return (
    <Dialog title={t('providers.vault.dialogTitle')} onClose={onClose}>
      <form className="form" noValidate onSubmit={(event) => void save(event)}>
        <Radio.Group label={t('providers.vault.how')} value={wanted} onChange={setWanted}>
          <div className="protect-choices">
            {protections.map((each) => (
              <Radio key={each} value={each} label={t(`providers.vault.protections.${each}`)} />
            ))}
          </div>
        </Radio.Group>
        {hasOne && <PasswordInput label={t('providers.vault.current')} {...field('current')} />}
        {getsOne && (
          <>
            <PasswordInput
              label={t('providers.vault.new')}
              description={t('providers.vault.newHint')}
              {...field('passphrase')}
            />
            <PasswordInput label={t('providers.vault.again')} {...field('again')} />
          </>
        )}
        {wanted === 'passphrase' && (
          <p className="said" data-tone="warning">
            <IconAlert size={16} aria-hidden />
            {t('providers.vault.aloneWarning')}
          </p>
        )}
        {errors.form !== undefined && (
          <p className="said" data-tone="bad" role="alert">
            <IconAlert size={16} aria-hidden />
            {errors.form}
          </p>
        )}
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" loading={isSaving}>
            {t('providers.vault.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
