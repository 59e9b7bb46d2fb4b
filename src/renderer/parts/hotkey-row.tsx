import './hotkey-row.css';
import { Button } from '@mantine/core';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Hotkey, HotkeyTarget } from '../store/hotkeys.ts';
import { usePotter } from '../store/potter.tsx';
import { readable, shownKeys, spoken } from './accelerators.ts';
import { ActionIcon } from './action-icon.tsx';
import { HotkeyField } from './hotkey-field.tsx';
import { IconList, IconLock, IconProcess, IconQuestion, IconUndo } from './icons.ts';
import { Keys } from './keys.tsx';
import type { HotkeysInUse } from './use-hotkeys.ts';

export interface HotkeyContext {
  readonly inUse: HotkeysInUse;
  /** Says something to a screen reader. */
  readonly tell: (news: string) => void;
}

interface HotkeyRowProps extends HotkeyContext {
  readonly hotkey: Hotkey;
}

/** A command, its combination, what became of it, and the way to another. */
export function HotkeyRow({ hotkey, inUse, tell }: HotkeyRowProps): ReactNode {
  const { t } = useTranslation();
  const row = useRef<HTMLLIElement>(null);
  const name = inUse.nameOf(hotkey);
  const { accelerator: current, message } = hotkey;
  const problem = current !== null && message !== undefined ? readable(message, current) : undefined;
  const set = async (accelerator: string | null): Promise<void> => {
    if (!(await inUse.set(hotkey, accelerator))) return;
    tell(
      accelerator === null ? t('hotkeys.removed', { name }) : t('hotkeys.changed', { name, keys: spoken(accelerator) }),
    );
  };
  // The button that was pressed is gone afterwards.
  const choose = (accelerator: string): void => {
    row.current?.querySelector<HTMLElement>('.hotkey-button')?.focus();
    void set(accelerator);
  };
  return (
    <li className="hotkey-row" ref={row} data-state={hotkey.state} data-hotkey={hotkey.id}>
      <span className="hotkey-icon" aria-hidden>
        <TargetIcon target={hotkey.target} />
      </span>
      <div className="hotkey-text">
        <p className="hotkey-name">{name}</p>
        <Hint target={hotkey.target} />
      </div>
      <div className="hotkey-control">
        <StateTag state={hotkey.state} />
        {hotkey.fixedBy === undefined ? (
          <HotkeyField
            compact
            label={t('hotkeys.of', { name })}
            value={hotkey.accelerator}
            conflictOf={(accelerator) => inUse.conflictOf(hotkey, accelerator)}
            problem={problem}
            onChange={(accelerator) => void set(accelerator)}
          />
        ) : (
          <Fixed hotkey={hotkey} variable={hotkey.fixedBy} />
        )}
        {hotkey.fixedBy === undefined && <Choices hotkey={hotkey} inUse={inUse} onChoose={choose} />}
      </div>
    </li>
  );
}

function TargetIcon({ target }: { readonly target: HotkeyTarget }): ReactNode {
  if (target.kind === 'action') {
    return target.action ? <ActionIcon icon={target.action.icon} size={17} /> : <IconQuestion size={17} />;
  }
  const Icon = { run: IconProcess, palette: IconList, restore: IconUndo }[target.command];
  return <Icon size={17} />;
}

function Hint({ target }: { readonly target: HotkeyTarget }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const { actions, current } = useStore(process.state);
  if (target.kind === 'action') {
    return <p className="hotkey-hint">{target.action?.description ?? t('hotkeys.lost')}</p>;
  }
  const action = actions.find(({ id }) => id === current)?.name ?? '';
  return <p className="hotkey-hint">{t(`hotkeys.hints.${target.command}`, { action })}</p>;
}

const tones = { registered: 'good', failed: 'bad', unheld: 'neutral', pending: 'neutral' } as const;

function StateTag({ state }: { readonly state: Hotkey['state'] }): ReactNode {
  const { t } = useTranslation();
  if (state === 'none') return undefined;
  return (
    <span className="result-tag" data-tone={tones[state]}>
      {t(`hotkeys.states.${state}`)}
    </span>
  );
}

function Fixed({ hotkey, variable }: { readonly hotkey: Hotkey; readonly variable: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <p className="hotkey-fixed">
      <IconLock size={15} aria-hidden />
      {hotkey.accelerator === null ? t('hotkeyField.none') : <Keys keys={shownKeys(hotkey.accelerator)} />}
      <span className="hotkey-fixed-by">
        {t('hotkeys.fixed')} <code>{variable}</code>
      </span>
    </p>
  );
}

interface ChoicesProps {
  readonly hotkey: Hotkey;
  readonly inUse: HotkeysInUse;
  readonly onChoose: (accelerator: string) => void;
}

/** Combinations at hand: free ones instead of one that failed, and the one Potter comes with. */
function Choices({ hotkey, inUse, onChoose }: ChoicesProps): ReactNode {
  const { t } = useTranslation();
  const { accelerator, alternatives, byDefault } = hotkey;
  const isDefault = byDefault === null || accelerator === byDefault;
  const canReset = !isDefault && inUse.conflictOf(hotkey, byDefault) === undefined;
  if (alternatives.length === 0 && !canReset) return undefined;
  return (
    <div className="hotkey-choices">
      {alternatives.length > 0 && <span>{t('hotkeys.instead')}</span>}
      {alternatives.map((alternative) => (
        <Button key={alternative} size="compact-sm" variant="default" onClick={() => onChoose(alternative)}>
          {spoken(alternative)}
        </Button>
      ))}
      {canReset && (
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onChoose(byDefault)}>
          {t('hotkeys.reset', { keys: spoken(byDefault) })}
        </Button>
      )}
    </div>
  );
}
