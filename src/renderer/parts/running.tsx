import './running.css';
import { Button, VisuallyHidden } from '@mantine/core';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { RunResult } from '../../shared/contract.ts';
import { usePotter } from '../store/potter.tsx';
import type { Run } from '../store/runner.ts';
import { changesOf, compareTexts } from './changes.ts';
import { Facts } from './facts.tsx';
import { duration } from './format.ts';
import { IconChecks, IconX } from './icons.ts';
import { Keys } from './keys.tsx';
import { Placeholder } from './placeholder.tsx';
import { useClock } from './use-clock.ts';
import { VisibleText } from './visible-text.tsx';

type RunUnderWay = Extract<Run, { phase: 'running' }>;

export interface RunningProps {
  readonly run: RunUnderWay;
  readonly onCancel: () => void;
}

/** A run under way: what has arrived, who answers, how long it takes, and how to stop it. */
export function Running({ run, onCancel }: RunningProps): ReactNode {
  const { t, i18n } = useTranslation();
  const now = useClock(100);
  const elapsed = Math.max(0, now - run.startedAt);
  const time = duration(elapsed < 1000 ? 0 : elapsed, i18n.language);
  const step = useStep(run);
  const { waiting } = run;
  const seconds = waiting && Math.ceil((waiting.until - now) / 1000);
  const waitingText =
    waiting &&
    seconds !== undefined &&
    seconds > 0 &&
    t('run.askedAgain', { provider: waiting.provider, count: seconds });
  return (
    <div className="running">
      <div className="running-line" aria-hidden />
      <div className="running-text">
        {run.text === '' ? (
          <p className="quiet">{waitingText || (run.model ? t('run.waiting') : t('run.working'))}</p>
        ) : (
          <div className="reading" dir="auto">
            <VisibleText text={run.text} />
            <span className="caret" aria-hidden />
          </div>
        )}
      </div>
      <footer className="review-foot">
        <Button variant="default" leftSection={<IconX size={16} />} onClick={onCancel}>
          {t('process.cancel')}
        </Button>
        <Keys keys={['Esc']} />
        <span className="review-facts facts">
          <span>{run.action}</span>
          {step && <span>{step}</span>}
          {run.model && <span>{run.model}</span>}
          {run.text !== '' && <span>{t('process.characters', { count: Array.from(run.text).length })}</span>}
          {elapsed >= 1000 && <span>{t(time.key, { value: time.value })}</span>}
        </span>
      </footer>
    </div>
  );
}

/** The step a chain has come to, in words. */
function useStep({ step }: RunUnderWay): string | undefined {
  const { t } = useTranslation();
  const { process } = usePotter();
  const { actions } = useStore(process.state);
  if (!step) return undefined;
  const name = actions.find(({ id }) => id === step.id)?.name ?? step.id;
  return t('task.step', { number: step.number, name });
}

/** Does the result leave the text as it is? */
export function isUnchanged({ outcome, input, output }: RunResult): boolean {
  return outcome === 'unchanged' || input === output;
}

interface UnchangedProps {
  readonly result: RunResult;
  /** What can be done nevertheless. */
  readonly children?: ReactNode;
}

export function Unchanged({ result, children }: UnchangedProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Placeholder
      icon={<IconChecks size={26} />}
      title={t('run.unchanged')}
      text={result.notice ?? t('run.unchangedText', { action: result.action.name })}
    >
      {children}
      <div className="done-facts">
        <Facts {...result} />
      </div>
    </Placeholder>
  );
}

/** Tells a screen reader what happens, now and then rather than word by word. */
export function Announcer({ run }: { readonly run: Run }): ReactNode {
  return (
    <VisuallyHidden>
      <p role="status">{run.phase === 'running' ? <RunningNews run={run} /> : <EndedNews run={run} />}</p>
    </VisuallyHidden>
  );
}

const newsInterval = 5000;

function RunningNews({ run }: { readonly run: RunUnderWay }): ReactNode {
  const { t } = useTranslation();
  const now = useClock(newsInterval);
  const told = useRef({ at: now, characters: 0 });
  if (told.current.at !== now) told.current = { at: now, characters: run.text.length };
  if (now - run.startedAt < newsInterval) return t('run.started', { action: run.action });
  const received = t('process.characters', { count: told.current.characters });
  return t('run.progress', { action: run.action, received });
}

function EndedNews({ run }: { readonly run: Exclude<Run, RunUnderWay> }): ReactNode {
  const { t } = useTranslation();
  if (run.phase === 'cancelled') return t('run.cancelled');
  if (run.phase !== 'done') return null;
  const { result } = run;
  const action = result.action.name;
  if (isUnchanged(result)) return t('run.unchanged');
  if (result.action.output !== 'replace') return t('run.finished', { action });
  const count = changesOf(compareTexts(result.input, result.output, result.corrections)).length;
  return t('run.finishedChanges', { action, count });
}
