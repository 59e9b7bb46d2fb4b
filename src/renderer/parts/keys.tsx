import './keys.css';
import { ActionIcon, Popover } from '@mantine/core';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { IconKeyboard } from './icons.ts';

/** The modifier that goes with Enter, as this machine's keyboard prints it. */
export const modifier = (): string => (/mac/i.test(navigator.platform) ? '⌘' : 'Ctrl');

export function Keys({ keys }: { readonly keys: readonly string[] }): ReactNode {
  return (
    <span className="keys">
      {keys.map((key) => (
        <kbd key={key} className="kbd">
          {key}
        </kbd>
      ))}
    </span>
  );
}

/** Keys and what they do. */
export interface KeyRow {
  readonly keys: readonly string[];
  readonly text: string;
}

/** Every key of the process panel. */
export const reviewKeys = (t: TFunction): readonly KeyRow[] => [
  { keys: [modifier(), '↵'], text: t('review.keys.run') },
  { keys: ['Esc'], text: t('review.keys.cancel') },
  { keys: ['J', 'K', '←', '→'], text: t('review.keys.move') },
  { keys: ['Space'], text: t('review.keys.toggle') },
  { keys: ['A'], text: t('review.keys.all') },
  { keys: ['R'], text: t('review.keys.none') },
  { keys: ['C'], text: t('review.keys.copy') },
  { keys: ['V'], text: t('review.keys.view') },
  { keys: ['T'], text: t('review.keys.again') },
];

/** Every key of the palette. While something is typed, digits belong to it and are picked with Alt. */
export const paletteKeys = (t: TFunction, isTyping = false): readonly KeyRow[] => [
  { keys: ['↵'], text: t('palette.keys.run') },
  { keys: ['Shift', '↵'], text: t('palette.keys.show') },
  { keys: isTyping ? ['Alt', '1–9'] : ['1–9'], text: t('palette.keys.pick') },
  { keys: ['Esc'], text: t('palette.keys.close') },
];

/** The keys of the process panel, behind one small button. */
export function KeyHelp(): ReactNode {
  const { t } = useTranslation();
  return (
    <Popover position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon aria-label={t('review.help')}>
          <IconKeyboard size={18} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown className="key-help" aria-label={t('review.help')}>
        <dl tabIndex={-1} data-autofocus>
          {reviewKeys(t).map(({ keys, text }) => (
            <div key={text}>
              <dt>{text}</dt>
              <dd>
                <Keys keys={keys} />
              </dd>
            </div>
          ))}
        </dl>
      </Popover.Dropdown>
    </Popover>
  );
}
