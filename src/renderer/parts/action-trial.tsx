import './action-trial.css';
import { Button, ActionIcon as IconButton, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { PreviewStep } from '../../shared/contract.ts';
import { type EditorState, takesInstruction } from '../store/action-editor.ts';
import { usePotter } from '../store/potter.tsx';
import { CopyButton, useCopy } from './copy.tsx';
import { Facts } from './facts.tsx';
import { FailedRun, Failure } from './failure.tsx';
import { IconKey, IconMachine, IconMessage, IconPrompt, IconRefresh, IconSend, IconX } from './icons.ts';
import { modifier } from './keys.tsx';
import { Placeholder } from './placeholder.tsx';
import { Review } from './review.tsx';
import { Announcer, isUnchanged, Running, Unchanged } from './running.tsx';
import { VisibleText } from './visible-text.tsx';

type View = 'result' | 'sent';
const views = ['result', 'sent'] as const satisfies readonly View[];

/** The action as it stands in the editor, on a sample: run for real, or only looked at before it is sent. */
export function ActionTrial(): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const state = useStore(editor.state);
  const [view, setView] = useState<View>('result');
  const { id = '', samples, definition, detail, run, instruction } = state;
  const sample = samples[id] ?? t('editor.sampleText');
  const asks = definition ? takesInstruction(definition) : detail?.action.takesInstruction === true;
  const isRunning = run.phase === 'running';
  const start = (): void => {
    setView('result');
    void editor.try(sample);
  };
  useKeys(start, isRunning);
  useLookAhead(view === 'sent', state, sample);

  return (
    <section className="pane trial" aria-label={t('editor.trial')} aria-busy={isRunning}>
      <header className="pane-head">
        <h2 className="label">{t('editor.trial')}</h2>
        <SegmentedControl
          aria-label={t('editor.tabs')}
          value={view}
          onChange={setView}
          data={views.map((value) => ({ value, label: t(`editor.views.${value}`) }))}
        />
      </header>
      <Sample sample={sample} isFirst={samples[id] === undefined} />
      {asks && (
        <TextInput
          className="trial-ask"
          aria-label={t('editor.ask')}
          placeholder={t('editor.askPlaceholder')}
          leftSection={<IconMessage size={16} aria-hidden />}
          maxLength={4000}
          value={instruction}
          onChange={({ currentTarget }) => editor.setInstruction(currentTarget.value)}
        />
      )}
      <div className="trial-start">
        <Button
          variant={isRunning ? 'default' : 'filled'}
          onClick={isRunning ? () => editor.cancel() : start}
          leftSection={isRunning ? <IconX size={16} /> : <IconPrompt size={16} />}
          rightSection={
            <span className="run-key" aria-hidden>
              {isRunning ? 'Esc' : `${modifier()} ↵`}
            </span>
          }
        >
          {isRunning ? t('process.cancel') : t('editor.run')}
        </Button>
        <span className="quiet">{t('editor.trialNote')}</span>
      </div>
      <div className="trial-outcome">
        {view === 'sent' ? <Sent state={state} /> : <Outcome state={state} onAgain={start} />}
      </div>
      <Announcer run={run} />
    </section>
  );
}

function useKeys(start: () => void, isRunning: boolean): void {
  const { editor } = usePotter();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const inLayer =
        event.target instanceof Element && event.target.closest('[role="dialog"], .mantine-Combobox-dropdown');
      if (inLayer) return;
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        event.stopPropagation();
        if (!isRunning) start();
      } else if (event.key === 'Escape' && isRunning) {
        event.preventDefault();
        editor.cancel();
      }
    };
    addEventListener('keydown', onKeyDown, { capture: true });
    return () => removeEventListener('keydown', onKeyDown, { capture: true });
  });
}

const lookDelay = 250;

/** What would be sent follows what is typed, a moment later. */
function useLookAhead(isShown: boolean, { definition, instruction, detail }: EditorState, sample: string): void {
  const { editor } = usePotter();
  const look = useDebouncedCallback((text: string) => void editor.lookAhead(text), lookDelay);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is asked again when any of these has changed
  useEffect(() => {
    if (isShown) look(sample);
  }, [isShown, definition, detail, instruction, sample, look]);
}

function Sample({ sample, isFirst }: { readonly sample: string; readonly isFirst: boolean }): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const id = useId();
  return (
    <div className="trial-sample">
      <label htmlFor={id}>{t('editor.sample')}</label>
      {!isFirst && (
        <IconButton
          size="sm"
          aria-label={t('editor.sampleReset')}
          title={t('editor.sampleReset')}
          onClick={() => editor.setSample(t('editor.sampleText'))}
        >
          <IconRefresh size={14} />
        </IconButton>
      )}
      <textarea
        id={id}
        dir="auto"
        value={sample}
        onChange={({ currentTarget }) => editor.setSample(currentTarget.value)}
      />
    </div>
  );
}

interface OutcomeProps {
  readonly state: EditorState;
  readonly onAgain: () => void;
}

function Outcome({ state, onAgain }: OutcomeProps): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const { run, definition, detail } = state;
  switch (run.phase) {
    case 'idle':
      return <Placeholder icon={<IconPrompt size={24} />} title={t('editor.idle')} text={t('editor.idleText')} />;
    case 'running':
      return <Running run={run} onCancel={() => editor.cancel()} />;
    case 'cancelled':
      return <Placeholder icon={<IconX size={24} />} title={t('run.cancelled')} text={t('run.cancelledText')} />;
    case 'failed':
      return <FailedRun run={run} />;
    case 'done': {
      const { result } = run;
      if (isUnchanged(result)) return <Unchanged result={result} />;
      return (
        <Review
          key={result.runId}
          input={result.input}
          output={result.output}
          corrections={result.corrections}
          comparable={(definition?.output ?? result.action.output) === 'replace'}
          changesFirst={detail?.action.kind !== 'plugin'}
          onAgain={onAgain}
          head={result.notice && <p className="review-note">{result.notice}</p>}
          facts={<Facts {...result} />}
        />
      );
    }
  }
}

/** The dry run: each request as it would leave this machine. */
function Sent({ state }: { readonly state: EditorState }): ReactNode {
  const { t } = useTranslation();
  const { preview } = state;
  if (preview.status === 'failed') {
    const { code, message, kind, callId } = preview.error;
    return <Failure key={message} code={code} message={message} callId={callId} next={kind.next} />;
  }
  if (preview.status !== 'ready') {
    return (
      <p className="quiet trial-looking" role="status">
        {t('editor.looking')}
      </p>
    );
  }
  return (
    <div className="sent">
      {preview.steps.map((step, index) => (
        <SentStep
          // biome-ignore lint/suspicious/noArrayIndexKey: an action may stand in a chain twice
          key={`${index} ${step.action}`}
          step={step}
          number={preview.steps.length > 1 ? index + 1 : undefined}
        />
      ))}
      <p className="sent-note">{t('editor.sentNote')}</p>
    </div>
  );
}

interface SentStepProps {
  readonly step: PreviewStep;
  /** Where there are several. */
  readonly number: number | undefined;
}

function SentStep({ step, number }: SentStepProps): ReactNode {
  const { t } = useTranslation();
  const { request, system, user, name } = step;
  return (
    <article className="sent-step">
      {number !== undefined && <h3>{t('task.step', { number, name })}</h3>}
      {!request && (
        <p className="sent-local">
          <IconMachine size={18} aria-hidden />
          <span>
            <strong>{t('editor.nothingSent')}</strong> {t('editor.nothingSentText', { name })}
          </span>
        </p>
      )}
      {request && (
        <dl className="sent-facts">
          <div>
            <dt>
              <IconSend size={15} aria-hidden />
              {t('editor.sentTo')}
            </dt>
            <dd>
              {request.providerName} <code>{request.url}</code>
            </dd>
          </div>
          <div>
            <dt>
              <IconPrompt size={15} aria-hidden />
              {t('editor.sentModel')}
            </dt>
            <dd>{request.model}</dd>
          </div>
          <div>
            <dt>
              <IconKey size={15} aria-hidden />
            </dt>
            <dd>
              {request.withKey ? t('editor.withKey', { provider: request.providerName }) : t('editor.withoutKey')}
            </dd>
          </div>
        </dl>
      )}
      {system !== undefined && <Said label={t('editor.system')} text={system} isNested={number !== undefined} />}
      {user !== undefined && <Said label={t('editor.user')} text={user} isNested={number !== undefined} />}
      {request && <Raw body={request.body} />}
    </article>
  );
}

interface SaidProps {
  readonly label: string;
  readonly text: string;
  /** It stands under the heading of its step. */
  readonly isNested: boolean;
}

function Said({ label, text, isNested }: SaidProps): ReactNode {
  const Heading = isNested ? 'h4' : 'h3';
  return (
    <section className="sent-part" aria-label={label}>
      <Heading>{label}</Heading>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by the keyboard */}
      <div className="sent-text" dir="auto" tabIndex={0}>
        <VisibleText text={text} />
      </div>
    </section>
  );
}

function Raw({ body }: { readonly body: unknown }): ReactNode {
  const { t } = useTranslation();
  const copying = useCopy();
  const text = JSON.stringify(body, null, 2);
  return (
    <details className="raw">
      <summary>{t('editor.raw')}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by the keyboard */}
      <pre tabIndex={0}>{text}</pre>
      <CopyButton label={t('editor.copyJson')} text={text} copying={copying} variant="default" />
    </details>
  );
}
