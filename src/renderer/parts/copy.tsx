import { Button, type ButtonVariant } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconCheck, IconCopy } from './icons.ts';

export interface Copying {
  readonly copied: boolean;
  copy(text: string): Promise<void>;
}

/** Copies to the clipboard; `copied` stays true for two seconds as the confirmation. */
export function useCopy(): Copying {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (text: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      notifications.show({ color: 'red', message: t('run.copyFailed') });
    }
  };
  return { copied, copy };
}

interface CopyButtonProps {
  readonly label: string;
  readonly text: string;
  readonly copying: Copying;
  readonly variant?: ButtonVariant;
}

export function CopyButton({ label, text, copying, variant = 'filled' }: CopyButtonProps): ReactNode {
  const { t } = useTranslation();
  const { copied, copy } = copying;
  return (
    <Button
      variant={variant}
      leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      onClick={() => void copy(text)}
    >
      <span aria-live="polite">{copied ? t('run.copied') : label}</span>
    </Button>
  );
}
