import './visible-text.css';
import { Fragment, memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { findHidden } from './hidden-characters.ts';

/** A text as text, never as markup, with the characters nobody would see named in place. */
export const VisibleText = memo(function VisibleText({ text }: { readonly text: string }): ReactNode {
  const { t } = useTranslation();
  let at = 0;
  return findHidden(text).map((fragment) => {
    const key = at;
    at += 'text' in fragment ? fragment.text.length : fragment.hidden.length;
    if ('text' in fragment) return <Fragment key={key}>{fragment.text}</Fragment>;
    return (
      <bdi key={key} className="hidden-character" title={t('hidden.character', { name: fragment.name })}>
        {fragment.name}
      </bdi>
    );
  });
});
