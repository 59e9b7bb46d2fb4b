import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton, useCopy } from './copy.tsx';
import { type Named, Row, RowText, SwitchRow, useSetting } from './setting.tsx';

/** The switch of the loopback API and, once it is on, where it answers. */
export function ApiRows({ name, hint }: Named): ReactNode {
  const isOn = useSetting('api.enabled')?.value === true;
  const port = useSetting('api.port')?.value;
  return (
    <>
      <SwitchRow of="api.enabled" name={name} hint={hint} />
      {isOn && typeof port === 'number' && <AddressRow address={`http://127.0.0.1:${port}`} />}
    </>
  );
}

function AddressRow({ address }: { readonly address: string }): ReactNode {
  const { t } = useTranslation();
  const copying = useCopy();
  const hint = (
    <>
      {t('settings.api.token')} <code>potter api token create &lt;name&gt;</code>
    </>
  );
  return (
    <Row name={t('settings.api.address')} hint={hint}>
      {() => (
        <>
          <RowText>
            <code>{address}</code>
          </RowText>
          <CopyButton variant="default" label={t('settings.api.copy')} text={address} copying={copying} />
        </>
      )}
    </Row>
  );
}
