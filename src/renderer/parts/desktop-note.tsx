import './desktop-note.css';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Output } from '../../shared/contract.ts';
import type { Hotkey } from '../store/hotkeys.ts';
import { usePotter } from '../store/potter.tsx';
import { CopyButton, useCopy } from './copy.tsx';
import { IconInfo } from './icons.ts';

type Note = 'wayland' | 'none' | 'unheld';

/** What keeps hotkeys from working here, with what does work. */
export function DesktopNote({ hotkeys }: { readonly hotkeys: readonly Hotkey[] }): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { info } = useStore(system.state);
  const copying = useCopy();
  const note = info && noteOf(info, hotkeys);
  if (!note) return undefined;
  const command = t(`hotkeys.desktop.${note}.command`);
  return (
    <section className="desktop-note" aria-label={t(`hotkeys.desktop.${note}.title`)}>
      <IconInfo size={18} aria-hidden />
      <div>
        <p className="desktop-note-title">{t(`hotkeys.desktop.${note}.title`)}</p>
        <p>{t(`hotkeys.desktop.${note}.text`)}</p>
        <p className="desktop-note-command">
          <code>{command}</code>
          <CopyButton label={t('hotkeys.desktop.copy')} text={command} copying={copying} variant="default" />
        </p>
        <p className="desktop-note-more">{t(`hotkeys.desktop.${note}.more`)}</p>
      </div>
    </section>
  );
}

function noteOf({ desktop, runtime }: Output<'system.info'>, hotkeys: readonly Hotkey[]): Note | undefined {
  // Some Wayland desktops register hotkeys through their portal.
  if (hotkeys.some(({ state }) => state === 'registered')) return undefined;
  if (desktop.kind === 'wayland' || desktop.kind === 'none') return desktop.kind;
  const isUnheld = hotkeys.some(({ state }) => state === 'unheld');
  return isUnheld && !Object.hasOwn(runtime, 'electron') ? 'unheld' : undefined;
}
