import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconAlert } from './icons.ts';
import { Placeholder } from './placeholder.tsx';

/** Keeps a fault in drawing from leaving an empty window. */
export class Boundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override readonly state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Stopped /> : this.props.children;
  }
}

function Stopped(): ReactNode {
  const { t } = useTranslation();
  return (
    <Placeholder icon={<IconAlert size={26} />} title={t('unexpected.title')} text={t('unexpected.text')} alert>
      <Button onClick={() => location.reload()}>{t('unexpected.reload')}</Button>
    </Placeholder>
  );
}
