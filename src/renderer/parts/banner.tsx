import './banner.css';
import { ActionIcon } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconX } from './icons.ts';

export interface BannerProps {
  readonly icon: ReactNode;
  readonly tone: 'info' | 'warning';
  readonly children: ReactNode;
  readonly onDismiss?: () => void;
}

/** One line above the panels that holds until it is dismissed or mended. */
export function Banner({ icon, tone, children, onDismiss }: BannerProps): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="banner" data-tone={tone} role="status">
      <span className="banner-icon" aria-hidden>
        {icon}
      </span>
      <div className="banner-text">{children}</div>
      {onDismiss && (
        <ActionIcon size="sm" aria-label={t('app.dismiss')} onClick={onDismiss}>
          <IconX size={14} />
        </ActionIcon>
      )}
    </div>
  );
}
