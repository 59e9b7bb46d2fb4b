import { notifications } from '@mantine/notifications';
import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { toPotterError } from '../../shared/errors.ts';
import { type Hotkey, hotkeySettings, hotkeysOf, rivalOf } from '../store/hotkeys.ts';
import { usePotter } from '../store/potter.tsx';
import { isMac, spoken } from './accelerators.ts';

export interface HotkeysInUse {
  /** Undefined until the settings are known. */
  readonly all: readonly Hotkey[] | undefined;
  nameOf(hotkey: Hotkey): string;
  /** The sentence that refuses a combination another command has. */
  conflictOf(hotkey: Hotkey, accelerator: string): string | undefined;
  /** A refusal is told to the reader. True when it was taken. */
  set(hotkey: Hotkey, accelerator: string | null): Promise<boolean>;
}

/** The hotkeys with their names, and how to change them. */
export function useHotkeys(): HotkeysInUse {
  const { t } = useTranslation();
  const { hotkeys: store, process, settings, system } = usePotter();
  const { infos } = useStore(settings.state);
  const actions = useStore(process.state, (state) => state.actions);
  const reported = useStore(system.state, (state) => state.hotkeys);
  useEffect(() => void settings.watch(hotkeySettings), [settings]);
  const all = useMemo(() => hotkeysOf(infos, actions, reported), [infos, actions, reported]);
  const nameOf = ({ target }: Hotkey): string =>
    target.kind === 'own' ? t(`hotkeys.commands.${target.command}`) : (target.action?.name ?? target.command);
  return {
    all,
    nameOf,
    conflictOf(hotkey, accelerator) {
      const rival = rivalOf(hotkey, accelerator, all ?? [], isMac());
      return rival && t('hotkeyField.taken', { accelerator: spoken(accelerator), name: nameOf(rival) });
    },
    async set(hotkey, accelerator) {
      try {
        await store.set(hotkey, accelerator);
        return true;
      } catch (thrown) {
        const { message, kind } = toPotterError(thrown);
        notifications.show({ title: t('hotkeys.changeFailed'), message: `${message} ${kind.next}`, color: 'red' });
        return false;
      }
    },
  };
}
