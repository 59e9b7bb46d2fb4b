import './hotkey-field.css';
import { Button } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { parseAccelerator } from '../../shared/accelerator.ts';
import { toPotterError } from '../../shared/errors.ts';
import { acceleratorOf, shownKeys } from './accelerators.ts';
import { IconKeyboard, IconX } from './icons.ts';
import { Keys } from './keys.tsx';

export interface HotkeyFieldProps {
  readonly label: string;
  /** In Electron's notation; null for none. */
  readonly value: string | null;
  /** What stands in the way of a combination, if anything. */
  readonly conflictOf?: (accelerator: string) => string | undefined;
  /** What the system said to the one there is, such as that another program holds it. */
  readonly problem?: string | undefined;
  readonly onChange: (accelerator: string | null) => void;
}

/** Takes a combination by being pressed, not spelled. */
export function HotkeyField({ label, value, conflictOf, problem, onChange }: HotkeyFieldProps): ReactNode {
  const { t } = useTranslation();
  const [isListening, setListening] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  const take = (accelerator: string): void => {
    const conflict = conflictOf?.(accelerator);
    setRefusal(conflict);
    if (conflict !== undefined) return;
    setListening(false);
    onChange(accelerator);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (!isListening) return;
    const isBare = !event.ctrlKey && !event.altKey && !event.metaKey;
    const isEnd = isBare && (event.key === 'Tab' || event.key === 'Escape');
    if (isEnd) setListening(false);
    // Tab goes on, as it does everywhere.
    if (isEnd && event.key === 'Tab') return;
    event.preventDefault();
    event.stopPropagation();
    if (isEnd) return;
    const accelerator = acceleratorOf(event.nativeEvent);
    if (accelerator === undefined) return;
    try {
      parseAccelerator(accelerator);
      take(accelerator);
    } catch (thrown) {
      setRefusal(`${toPotterError(thrown).message} ${toPotterError(thrown).kind.next}`);
    }
  };

  const said = refusal ?? (isListening ? undefined : problem);
  return (
    <div className="hotkey-field">
      <div className="hotkey-field-line">
        <button
          ref={button}
          type="button"
          className="hotkey-button"
          aria-label={isListening ? t('hotkeyField.press') : `${label}: ${value ?? t('hotkeyField.none')}`}
          aria-describedby={said ? `${id}-said` : undefined}
          data-listening={isListening || undefined}
          data-failed={(problem !== undefined && !isListening) || undefined}
          onClick={() => {
            setRefusal(undefined);
            setListening(true);
          }}
          onBlur={() => {
            setListening(false);
            setRefusal(undefined);
          }}
          onKeyDown={onKeyDown}
        >
          <IconKeyboard size={16} aria-hidden />
          {isListening && <span>{t('hotkeyField.press')}</span>}
          {!isListening && (value === null ? <span>{t('hotkeyField.none')}</span> : <Keys keys={shownKeys(value)} />)}
        </button>
        {value !== null && !isListening && (
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            leftSection={<IconX size={14} />}
            onClick={() => {
              onChange(null);
              button.current?.focus();
            }}
          >
            {t('hotkeyField.remove')}
          </Button>
        )}
        {isListening && <span className="quiet">{t('hotkeyField.cancel')}</span>}
      </div>
      {said && (
        <p className="hotkey-said" id={`${id}-said`} role="alert">
          {said}
        </p>
      )}
    </div>
  );
}
