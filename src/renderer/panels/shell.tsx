import './shell.css';
import { Button, Loader, SegmentedControl, Tooltip, useMantineColorScheme } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { HotkeyInfo } from '../../shared/contract.ts';
import { mendedIn, toPotterError } from '../../shared/errors.ts';
import { speak } from '../i18n.ts';
import { readable, spoken } from '../parts/accelerators.ts';
import { AlertsButton } from '../parts/alerts.tsx';
import { Banner } from '../parts/banner.tsx';
import {
  IconAlert,
  IconFlask,
  IconHistory,
  IconInfo,
  IconKeyboard,
  IconMoon,
  IconProcess,
  IconPrompt,
  IconServer,
  IconSettings,
  IconSignedOut,
  IconSun,
  IconSystem,
} from '../parts/icons.ts';
import { Placeholder } from '../parts/placeholder.tsx';
import { goTo, hrefOf, type Route, useRoute } from '../routes.ts';
import type { ConnectionState } from '../store/connection.ts';
import { usePotter } from '../store/potter.tsx';
import type { Theme } from '../store/system.ts';
import { AboutPanel } from './about.tsx';
import { ActionsPanel } from './actions.tsx';
import { HistoryPanel } from './history.tsx';
import { HotkeysPanel } from './hotkeys.tsx';
import { PalettePanel } from './palette.tsx';
import { ProcessPanel } from './process.tsx';
import { ProvidersPanel } from './providers.tsx';
import { SettingsPanel } from './settings.tsx';
import { WelcomePanel } from './welcome.tsx';

/** The frame around the panels: where you are, what state Potter is in, and what needs attention. */
export function Shell(): ReactNode {
  const { t } = useTranslation();
  const { connection } = usePotter();
  const state = useStore(connection.state);
  const route = useRoute();
  useTheme();
  useLanguage();
  useNotices();
  useTitle(route);
  useFirstStart();
  if (state.status === 'signed-out') return <SignedOut />;
  if (route.panel === 'palette') return <PalettePanel captureId={route.captureId} />;
  if (route.panel === 'welcome') {
    return (
      <div className="welcome-frame">
        <Banners state={state} panel={route.panel} />
        <WelcomePanel step={route.step} />
      </div>
    );
  }
  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => document.getElementById('content')?.focus()}>
        {t('app.skip')}
      </button>
      <Sidebar route={route} state={state} />
      <div className="shell-main">
        <Banners state={state} panel={route.panel} />
        <Content route={route} />
      </div>
    </div>
  );
}

/** A new panel takes the focus, so that a screen reader hears where it is. */
function Content({ route }: { readonly route: Route }): ReactNode {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(route.panel);
  useEffect(() => {
    if (shown.current !== route.panel && !main.current?.contains(document.activeElement)) main.current?.focus();
    shown.current = route.panel;
  }, [route.panel]);
  return (
    <main id="content" className="content" ref={main} tabIndex={-1}>
      {panelOf(route)}
    </main>
  );
}

function panelOf(route: Route): ReactNode {
  switch (route.panel) {
    case 'actions':
      return <ActionsPanel actionId={route.actionId} />;
    case 'history':
      return <HistoryPanel runId={route.runId} />;
    case 'providers':
      return <ProvidersPanel />;
    case 'hotkeys':
      return <HotkeysPanel />;
    case 'settings':
      return <SettingsPanel />;
    case 'about':
      return <AboutPanel />;
    default:
      return <ProcessPanel />;
  }
}

const panelGroups = [
  {
    group: 'work',
    panels: [
      { panel: 'process', icon: IconProcess },
      { panel: 'actions', icon: IconPrompt },
      { panel: 'history', icon: IconHistory },
    ],
  },
  {
    group: 'setUp',
    panels: [
      { panel: 'providers', icon: IconServer },
      { panel: 'hotkeys', icon: IconKeyboard },
      { panel: 'settings', icon: IconSettings },
      { panel: 'about', icon: IconInfo },
    ],
  },
] as const;

interface SidebarProps {
  readonly route: Route;
  readonly state: ConnectionState;
}

function Sidebar({ route, state }: SidebarProps): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { info } = useStore(system.state);
  return (
    <aside className="sidebar">
      <a className="brand" href={hrefOf({ panel: 'process' })}>
        <img src="/favicon.svg" alt="" width={26} height={26} />
        <span>{t('app.name')}</span>
      </a>
      <nav aria-label={t('app.navigation')}>
        {panelGroups.map(({ group, panels }) => (
          <ul key={group} aria-label={t(`app.groups.${group}`)}>
            {panels.map(({ panel, icon: Icon }) => (
              <li key={panel}>
                <a href={hrefOf({ panel })} {...(route.panel === panel && { 'aria-current': 'page' as const })}>
                  <Icon size={18} aria-hidden />
                  <span>{t(`app.panels.${panel}`)}</span>
                </a>
              </li>
            ))}
          </ul>
        ))}
      </nav>
      <div className="sidebar-foot">
        <AlertsButton />
        <ThemeChoice />
        <p className="connection" role="status" data-status={state.status}>
          <span>{t(`connection.${state.status === 'signed-out' ? 'signedOut' : state.status}`)}</span>
        </p>
        {info && <p className="version">{t('app.version', { version: info.version })}</p>}
      </div>
    </aside>
  );
}

const themeIcons = { system: IconSystem, light: IconSun, dark: IconMoon } as const;
const themes = ['system', 'light', 'dark'] as const satisfies readonly Theme[];

function ThemeChoice(): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { theme = 'system' } = useStore(system.state);
  const choose = (next: Theme): void => {
    system.setTheme(next).catch((thrown: unknown) => {
      notifications.show({ title: t('app.themeFailed'), message: toPotterError(thrown).message, color: 'red' });
    });
  };
  return (
    <SegmentedControl
      aria-label={t('app.theme')}
      className="theme-choice"
      value={theme}
      onChange={choose}
      data={themes.map((value) => {
        const Icon = themeIcons[value];
        return {
          value,
          label: (
            <Tooltip label={t(`app.themes.${value}`)}>
              <span className="theme-icon">
                <Icon size={15} aria-hidden />
                <span className="theme-name">{t(`app.themes.${value}`)}</span>
              </span>
            </Tooltip>
          ),
        };
      })}
    />
  );
}

/** Whoever opens Potter for the first time, and no panel in particular, is introduced. */
function useFirstStart(): void {
  const { system } = usePotter();
  const { info } = useStore(system.state);
  const isAsked = useRef(false);
  useEffect(() => {
    if (!info || isAsked.current) return;
    isAsked.current = true;
    if (info.welcome !== 'done' && location.hash.length < 2) goTo({ panel: 'welcome' });
  }, [info]);
}

/** Mantine remembers the last scheme, so the next start shows it before the setting is read. */
function useTheme(): void {
  const { system } = usePotter();
  const { theme } = useStore(system.state);
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  useEffect(() => {
    if (theme) setColorScheme(theme === 'system' ? 'auto' : theme);
  }, [theme, setColorScheme]);
}

/** Those who listen rather than look hear it in the right voice: the page says which language it is in. */
function useLanguage(): void {
  const { system } = usePotter();
  const { i18n } = useTranslation();
  const { language } = useStore(system.state);
  useEffect(() => {
    if (language) void speak(i18n, language);
  }, [language, i18n]);
}

function useTitle({ panel }: Route): void {
  const { t } = useTranslation();
  const name = panel === 'palette' ? t('palette.title') : t(`app.panels.${panel}`);
  const title = t('app.title', { panel: name });
  useEffect(() => {
    document.title = title;
  }, [title]);
}

const noticeColors = { info: 'gray', warning: 'yellow', error: 'red' } as const;

/** News from the core as notifications; one about a run opens it, and one that can be mended the panel for that. */
function useNotices(): void {
  const { t } = useTranslation();
  const { connection } = usePotter();
  useEffect(
    () =>
      connection.on('notice.posted', ({ severity, message, code, runId }) => {
        const mended = code && mendedIn[code];
        const open = (route: Route): void => {
          goTo(route);
          notifications.hide(id);
        };
        const id = notifications.show({
          color: noticeColors[severity],
          autoClose: severity === 'error' ? false : 8000,
          message: (
            <span className="notice">
              {message}
              {runId && (
                <Button size="compact-xs" variant="default" onClick={() => open({ panel: 'history', runId })}>
                  {t('app.openRun')}
                </Button>
              )}
              {mended && (
                <Button size="compact-xs" variant="default" onClick={() => open({ panel: mended })}>
                  {t(`app.mend.${mended}`)}
                </Button>
              )}
            </span>
          ),
        });
      }),
    [connection, t],
  );
}

interface BannersProps {
  readonly state: ConnectionState;
  readonly panel: Route['panel'];
}

function Banners({ state, panel }: BannersProps): ReactNode {
  const { t } = useTranslation();
  const { connection, system } = usePotter();
  const { info, hotkeys } = useStore(system.state);
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set());
  // The panel of the hotkeys says the same beside each of them.
  const failed = panel === 'hotkeys' ? [] : hotkeys.filter(({ state: became }) => became === 'failed');
  const shown = failed.filter(({ accelerator }) => !dismissed.has(accelerator));
  return (
    <>
      {state.status === 'lost' && (
        <Banner tone="warning" icon={<Loader size={14} color="var(--potter-warning)" />}>
          {state.attempt > 2 ? t('connection.lostLong') : t('connection.lost')}
          <span className="banner-choices">
            <Button size="compact-xs" variant="default" onClick={() => void connection.open()}>
              {t('connection.retry')}
            </Button>
          </span>
        </Banner>
      )}
      {info?.demo && (
        <Banner tone="info" icon={<IconFlask size={15} />}>
          {t('app.demo')}
        </Banner>
      )}
      {info?.problems.map((problem) => (
        <Banner key={problem} tone="warning" icon={<IconAlert size={15} />}>
          {t('app.problems')} <code>{problem}</code>
        </Banner>
      ))}
      {shown.map((hotkey) => (
        <HotkeyBanner
          key={hotkey.accelerator}
          hotkey={hotkey}
          onDismiss={() => setDismissed(new Set(dismissed).add(hotkey.accelerator))}
        />
      ))}
    </>
  );
}

interface HotkeyBannerProps {
  readonly hotkey: HotkeyInfo;
  readonly onDismiss: () => void;
}

function HotkeyBanner({ hotkey, onDismiss }: HotkeyBannerProps): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { accelerator, message, alternatives } = hotkey;
  const use = (alternative: string): void => {
    system.setHotkey(hotkey, alternative).catch((thrown: unknown) => {
      notifications.show({ title: t('hotkeys.changeFailed'), message: toPotterError(thrown).message, color: 'red' });
    });
  };
  return (
    <Banner tone="warning" icon={<IconKeyboard size={15} />} onDismiss={onDismiss}>
      {message ? readable(message, accelerator) : t('hotkeys.failed', { hotkey: spoken(accelerator) })}
      {alternatives.length > 0 && (
        <span className="banner-choices">
          {t('hotkeys.instead')}
          {alternatives.map((alternative) => (
            <Button key={alternative} size="compact-xs" variant="default" onClick={() => use(alternative)}>
              {spoken(alternative)}
            </Button>
          ))}
        </span>
      )}
    </Banner>
  );
}

function SignedOut(): ReactNode {
  const { t } = useTranslation();
  return (
    <main className="signed-out">
      <Placeholder
        icon={<IconSignedOut size={26} />}
        title={t('connection.signedOut')}
        text={t('connection.signedOutText')}
        alert
      >
        <code>{t('connection.signedOutExample')}</code>
        <p className="signed-out-note">{t('connection.signedOutNote')}</p>
      </Placeholder>
    </main>
  );
}
