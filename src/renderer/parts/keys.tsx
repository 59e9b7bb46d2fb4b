import './keys.css';
import { ActionIcon, Popover } from '@mantine/core';
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

/** Every key of the process panel, behind one small button. */
export function KeyHelp(): ReactNode {
  const { t } = useTranslation();
  const rows = [
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
  return (
    <Popover position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon aria-label={t('review.help')}>
          <IconKeyboard size={18} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown className="key-help" aria-label={t('review.help')}>
        <dl tabIndex={-1} data-autofocus>
          {rows.map(({ keys, text }) => (
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
