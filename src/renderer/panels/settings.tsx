import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export function SettingsPanel(): ReactNode {
  const { t } = useTranslation();
  return <h1>{t('app.panels.settings')}</h1>;
}
