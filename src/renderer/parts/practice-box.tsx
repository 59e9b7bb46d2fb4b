import './practice-box.css';
import { Button } from '@mantine/core';
import { type ReactNode, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { usePotter } from '../store/potter.tsx';
import type { PracticeState } from '../store/practice.ts';
import { spoken } from './accelerators.ts';
import { Facts } from './facts.tsx';
import { FailedRun } from './failure.tsx';
import { IconChecks, IconPrompt, IconUndo } from './icons.ts';
import { modifier } from './keys.tsx';
import { Review } from './review.tsx';
import { Announcer, isUnchanged, Running, Unchanged } from './running.tsx';

/** A text to run the current action on, as it would be run anywhere else. */
export function PracticeBox(): ReactNode {
  const { t } = useTranslation();
  const { practice, process } = usePotter();
  const state = useStore(practice.state);
  const { actions, current } = useStore(process.state);
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const name = actions.find((action) => action.id === current)?.name;
  const text = state.text ?? t('welcome.practice.sample');
  const isRunning = state.run.phase === 'running';
  const start = (): void => void practice.process(text);
  return (
    <section className="pane practice" aria-label={t('welcome.practice.name')} aria-busy={isRunning}>
      <div className="practice-box">
        <label htmlFor={id}>{t('welcome.practice.label')}</label>
        <textarea
          id={id}
          ref={field}
          dir="auto"
          rows={3}
          value={text}
          readOnly={isRunning}
          onFocus={({ currentTarget }) => currentTarget.select()}
          onChange={({ currentTarget }) => practice.setText(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || isRunning) return;
            event.preventDefault();
            start();
          }}
        />
      </div>
      <div className="practice-start">
        <Button
          leftSection={<IconPrompt size={16} />}
          rightSection={<span className="run-key" aria-hidden>{`${modifier()} ↵`}</span>}
          disabled={name === undefined}
          aria-disabled={isRunning}
          onClick={() => !isRunning && start()}
        >
          {name ?? t('app.reading')}
        </Button>
        {state.original !== undefined && (
          <Button variant="default" leftSection={<IconUndo size={16} />} onClick={() => practice.restore()}>
            {t('welcome.practice.restore')}
          </Button>
        )}
        <HotkeyHint />
      </div>
      <PracticeOutcome state={state} onAgain={start} onAccepted={() => field.current?.focus()} />
      <Announcer run={state.run} />
    </section>
  );
}

function HotkeyHint(): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { hotkeys } = useStore(system.state);
  const hotkey = hotkeys.find(({ command, state }) => command === 'run' && state === 'registered');
  if (!hotkey) return undefined;
  return <span className="quiet">{t('welcome.practice.hotkey', { keys: spoken(hotkey.accelerator) })}</span>;
}

interface PracticeOutcomeProps {
  readonly state: PracticeState;
  readonly onAgain: () => void;
  readonly onAccepted: () => void;
}

function PracticeOutcome({ state, onAgain, onAccepted }: PracticeOutcomeProps): ReactNode {
  const { t } = useTranslation();
  const { practice } = usePotter();
  const { run, original } = state;
  switch (run.phase) {
    case 'idle':
    case 'cancelled':
      return (
        original !== undefined && (
          <p className="said practice-said" data-tone="good" role="status">
            <IconChecks size={16} aria-hidden />
            {t('welcome.practice.accepted')}
          </p>
        )
      );
    case 'running':
      return <Running run={run} onCancel={() => practice.cancel()} />;
    case 'failed':
      return <FailedRun run={run} />;
    case 'done': {
      const { result } = run;
      if (isUnchanged(result)) return <Unchanged result={result} />;
      const accept = (text: string): void => {
        practice.accept(text);
        onAccepted();
      };
      return (
        <Review
          key={result.runId}
          input={result.input}
          output={result.output}
          corrections={result.corrections}
          comparable={result.action.output === 'replace'}
          changesFirst
          takesFocus
          onAgain={onAgain}
          onLeave={() => practice.reject()}
          insert={{ label: t('welcome.practice.accept'), run: accept }}
          facts={<Facts {...result} />}
        />
      );
    }
  }
}
