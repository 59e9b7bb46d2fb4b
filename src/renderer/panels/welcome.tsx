import './welcome.css';
import { Button, Loader } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { type Output, type WelcomeStep, welcomeSteps } from '../../shared/contract.ts';
import { shownKeys } from '../parts/accelerators.ts';
import { DesktopNote } from '../parts/desktop-note.tsx';
import { HotkeyRow } from '../parts/hotkey-row.tsx';
import {
  IconAlert,
  IconArrowRight,
  IconCheck,
  IconChecks,
  IconHistory,
  IconKey,
  IconKeyboard,
  IconMachine,
  IconPlus,
  IconSend,
  IconShield,
} from '../parts/icons.ts';
import { Keys } from '../parts/keys.tsx';
import { Sheet } from '../parts/page.tsx';
import { PracticeBox } from '../parts/practice-box.tsx';
import { ProviderForm } from '../parts/provider-form.tsx';
import { ProviderLists } from '../parts/provider-lists.tsx';
import { ChoiceRow, SwitchRow } from '../parts/setting.tsx';
import { useHotkeys } from '../parts/use-hotkeys.ts';
import { goTo, hrefOf } from '../routes.ts';
import type { Hotkey } from '../store/hotkeys.ts';
import { usePotter } from '../store/potter.tsx';

type Step = Exclude<WelcomeStep, 'done'>;
type SystemInfo = Output<'system.info'>;

const isStep = (step: WelcomeStep): step is Step => step !== 'done';
const steps = welcomeSteps.filter(isStep);

/** The introduction: what Potter does and needs, set up and tried in two minutes. Nothing in it has to be done. */
export function WelcomePanel({ step: asked }: { readonly step: WelcomeStep | undefined }): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { info } = useStore(system.state);
  const kept = asked ?? info?.welcome;
  if (!info || kept === undefined) {
    return (
      <main id="content" className="welcome-reading" role="status">
        <Loader size="sm" color="gray" />
        <span className="quiet">{t('app.reading')}</span>
      </main>
    );
  }
  return <Steps info={info} step={isStep(kept) ? kept : 'promise'} />;
}

interface StepsProps {
  readonly info: SystemInfo;
  readonly step: Step;
}

function Steps({ info, step }: StepsProps): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const heading = useRef<HTMLHeadingElement>(null);
  const number = steps.indexOf(step);
  const next = steps[number + 1];
  const before = steps[number - 1];
  // The new step is heard, and the keyboard goes on from its beginning.
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each step
  useEffect(() => heading.current?.focus(), [step]);
  useEffect(() => {
    if (info.welcome !== 'done' && info.welcome !== step) void system.welcome(step);
  }, [system, info.welcome, step]);
  const leave = (): void => {
    void system.welcome('done');
    goTo({ panel: 'process' });
  };
  return (
    <div className="welcome">
      <header className="welcome-head">
        <span className="welcome-brand">
          <img src="/favicon.svg" alt="" width={26} height={26} />
          {t('app.name')}
        </span>
        <StepList current={number} />
        <Button variant="subtle" color="gray" size="compact-sm" onClick={leave}>
          {t(info.welcome === 'done' ? 'welcome.close' : 'welcome.skip')}
        </Button>
      </header>
      <main id="content" className="welcome-main">
        <div className="welcome-step">
          <h1 ref={heading} tabIndex={-1}>
            {t(`welcome.${step}.title`)}
          </h1>
          <p className="welcome-text">{t(`welcome.${step}.text`)}</p>
          <StepBody info={info} step={step} />
        </div>
      </main>
      <footer className="welcome-foot">
        {before && (
          <Button component="a" variant="default" href={hrefOf({ panel: 'welcome', step: before })}>
            {t('welcome.back')}
          </Button>
        )}
        <span className="quiet">{t('welcome.number', { number: number + 1, total: steps.length })}</span>
        {next ? (
          <Button
            component="a"
            href={hrefOf({ panel: 'welcome', step: next })}
            rightSection={<IconArrowRight size={16} aria-hidden />}
          >
            {t('welcome.next')}
          </Button>
        ) : (
          <Button onClick={leave} leftSection={<IconCheck size={16} aria-hidden />}>
            {t('welcome.finish')}
          </Button>
        )}
      </footer>
    </div>
  );
}

function StepList({ current }: { readonly current: number }): ReactNode {
  const { t } = useTranslation();
  return (
    <nav aria-label={t('welcome.steps')} className="welcome-steps">
      <ol>
        {steps.map((step, index) => (
          <li key={step} data-past={index < current || undefined}>
            <a
              href={hrefOf({ panel: 'welcome', step })}
              {...(index === current && { 'aria-current': 'step' as const })}
              title={t(`welcome.${step}.name`)}
            >
              <span className="welcome-dot" aria-hidden>
                {index < current ? <IconCheck size={12} /> : index + 1}
              </span>
              <span className="welcome-name">{t(`welcome.${step}.name`)}</span>
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function StepBody({ info, step }: StepsProps): ReactNode {
  switch (step) {
    case 'promise':
      return <Promises />;
    case 'access':
      return <Access info={info} />;
    case 'provider':
      return <Provider />;
    case 'hotkeys':
      return <HotkeysStep />;
    case 'practice':
      return <PracticeBox />;
    case 'habits':
      return <Habits info={info} />;
  }
}

const promiseIcons = { texts: IconSend, keys: IconKey, local: IconMachine, telemetry: IconShield } as const;
const promises = ['texts', 'keys', 'local', 'telemetry'] as const;

function Promises(): ReactNode {
  const { t } = useTranslation();
  return (
    <Sheet>
      <ul className="welcome-promises">
        {promises.map((point) => {
          const Icon = promiseIcons[point];
          return (
            <li key={point}>
              <Icon size={18} aria-hidden />
              <span>{t(`about.privacyPoints.${point}`)}</span>
            </li>
          );
        })}
      </ul>
    </Sheet>
  );
}

function Access({ info }: { readonly info: SystemInfo }): ReactNode {
  const { t } = useTranslation();
  const { kind, message } = info.desktop;
  const isGood = kind === 'x11';
  return (
    <section className="welcome-card" data-tone={isGood ? 'good' : 'warning'} aria-label={t('about.desktop')}>
      <span className="welcome-card-icon" aria-hidden>
        {isGood ? <IconChecks size={20} /> : <IconAlert size={20} />}
      </span>
      <div>
        <h2>{t(`welcome.desktops.${kind}.title`)}</h2>
        <p>{t(`welcome.desktops.${kind}.text`)}</p>
        {message !== undefined && <p className="quiet">{message}</p>}
      </div>
    </section>
  );
}

function Provider(): ReactNode {
  const { t } = useTranslation();
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <ProviderLists />
      <div>
        <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)}>
          {t('welcome.provider.other')}
        </Button>
      </div>
      {isAdding && <ProviderForm onClose={() => setAdding(false)} />}
    </>
  );
}

/** The two that are there from the beginning. */
const firstHotkeys: readonly string[] = ['own:run', 'own:palette'];

function HotkeysStep(): ReactNode {
  const { t } = useTranslation();
  const inUse = useHotkeys();
  const [news, setNews] = useState('');
  const shown = (inUse.all ?? []).filter(({ id }) => firstHotkeys.includes(id));
  const run = shown.find(({ id, state }) => id === 'own:run' && state === 'registered');
  return (
    <>
      {inUse.all && <DesktopNote hotkeys={inUse.all} />}
      <Sheet>
        <ul className="hotkey-rows" aria-label={t('hotkeys.title')}>
          {shown.map((hotkey) => (
            <HotkeyRow key={hotkey.id} hotkey={hotkey} inUse={inUse} tell={setNews} />
          ))}
        </ul>
      </Sheet>
      {run && <PressNow hotkey={run} />}
      <p className="quiet" role="status">
        {news}
      </p>
    </>
  );
}

/** The proof that the system hands the hotkey on. */
function PressNow({ hotkey }: { readonly hotkey: Hotkey }): ReactNode {
  const { t } = useTranslation();
  const { connection } = usePotter();
  const [isHeard, setHeard] = useState(false);
  useEffect(() => {
    const hear = (): void => setHeard(true);
    const stops = [
      connection.on('text.started', hear),
      // It may well be that nothing is selected.
      connection.on('notice.posted', ({ code }) => code !== undefined && hear()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [connection]);
  return (
    <section className="welcome-card" data-tone={isHeard ? 'good' : undefined} role="status">
      <span className="welcome-card-icon" aria-hidden>
        {isHeard ? <IconChecks size={20} /> : <IconKeyboard size={20} />}
      </span>
      <div>
        <h2>{t(isHeard ? 'welcome.hotkeys.heard' : 'welcome.hotkeys.press')}</h2>
        <p>{isHeard ? t('welcome.hotkeys.heardText') : <Keys keys={shownKeys(hotkey.accelerator ?? '')} />}</p>
      </div>
    </section>
  );
}

function Habits({ info }: { readonly info: SystemInfo }): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <Sheet>
        {Object.hasOwn(info.runtime, 'electron') && (
          <SwitchRow
            of="desktop.startAtLogin"
            name={t('settings.names.desktop.startAtLogin')}
            hint={t('settings.hints.desktop.startAtLogin')}
          />
        )}
        <SwitchRow of="history.enabled" name={t('history.keepHistory')} hint={t('history.keepHistoryHint')} />
        <ChoiceRow
          of="appearance.language"
          name={t('settings.names.appearance.language')}
          hint={t('settings.hints.appearance.language')}
        />
        <ChoiceRow
          of="appearance.theme"
          name={t('settings.names.appearance.theme')}
          hint={t('settings.hints.appearance.theme')}
        />
      </Sheet>
      <p className="welcome-later">
        <IconHistory size={16} aria-hidden />
        {t('welcome.habits.later')}
      </p>
    </>
  );
}
