import './hotkey-field.css';
import { ActionIcon, Button, VisuallyHidden } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { acceleratorOf, neededModifiers, refusalOf, shownKeys, spoken } from './accelerators.ts';
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
  /** One of many in a list: a sign removes it instead of a word. */
  readonly compact?: boolean;
  readonly onChange: (accelerator: string | null) => void;
}

/** Takes a combination by being pressed, not spelled. */
export function HotkeyField(props: HotkeyFieldProps): ReactNode {
  const { label, value, conflictOf, problem, compact = false, onChange } = props;
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
    const wrong = refusalOf(accelerator);
    if (wrong === undefined) take(accelerator);
    else
      setRefusal(t(`hotkeyField.refused.${wrong}`, { accelerator: spoken(accelerator), modifiers: neededModifiers() }));
  };

  const said = refusal ?? (isListening ? undefined : problem);
  return (
    <div className="hotkey-field">
      <div className="hotkey-field-line">
        <button
          ref={button}
          type="button"
          className="hotkey-button"
          aria-describedby={said ? `${id}-said` : undefined}
          data-listening={isListening || undefined}
          data-empty={(value === null && !isListening) || undefined}
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
          {isListening ? <span>{t('hotkeyField.press')}</span> : <Combination label={label} value={value} />}
        </button>
        {value !== null && !isListening && (
          <RemoveButton
            label={`${t('hotkeyField.remove')}: ${label}`}
            compact={compact}
            onClick={() => {
              onChange(null);
              button.current?.focus();
            }}
          />
        )}
        {isListening && <span className="quiet hotkey-cancel">{t('hotkeyField.cancel')}</span>}
      </div>
      {said && (
        <p className="hotkey-said" id={`${id}-said`} role="alert">
          {said}
        </p>
      )}
    </div>
  );
}

/** Read out as one name, with a plus between the keys. */
function Combination({ label, value }: Pick<HotkeyFieldProps, 'label' | 'value'>): ReactNode {
  const { t } = useTranslation();
  const none = t('hotkeyField.none');
  return (
    <>
      <VisuallyHidden>{`${label}: ${value === null ? none : spoken(value)}`}</VisuallyHidden>
      <span aria-hidden>{value === null ? none : <Keys keys={shownKeys(value)} />}</span>
    </>
  );
}

interface RemoveButtonProps {
  readonly label: string;
  readonly compact: boolean;
  readonly onClick: () => void;
}

function RemoveButton({ label, compact, onClick }: RemoveButtonProps): ReactNode {
  const { t } = useTranslation();
  if (compact) {
    return (
      <ActionIcon aria-label={label} title={t('hotkeyField.remove')} onClick={onClick}>
        <IconX size={15} />
      </ActionIcon>
    );
  }
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="gray"
      leftSection={<IconX size={14} />}
      aria-label={label}
      onClick={onClick}
    >
      {t('hotkeyField.remove')}
    </Button>
  );
}
