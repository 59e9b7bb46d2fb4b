import './dialog.css';
import { Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

export interface DialogProps {
  readonly title: string;
  readonly size?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Asks something before anything happens. It is there as long as it is rendered; Escape closes it. */
export function Dialog({ title, size = 'md', onClose, children }: DialogProps): ReactNode {
  const { t } = useTranslation();
  const [opener] = useState(() => document.activeElement);
  // The library gives the focus back when a dialog closes, and not when it is taken off the page.
  useEffect(
    () => () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    },
    [opener],
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size}
      returnFocus={false}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      {children}
    </Modal>
  );
}
