import './process.css';
import { Button, VisuallyHidden } from '@mantine/core';
import { type ReactNode, type RefObject, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ActionInfo, RunResult } from '../../shared/contract.ts';
import { changesOf, compareTexts } from '../parts/changes.ts';
import { Facts } from '../parts/facts.tsx';
import { Failure } from '../parts/failure.tsx';
import { duration } from '../parts/format.ts';
import {
  IconCheck,
  IconChecks,
  IconInfo,
  IconMachine,
  IconPlugin,
  IconProcess,
  IconPrompt,
  IconProofread,
  IconRefresh,
  IconX,
} from '../parts/icons.ts';
import { KeyHelp, Keys, modifier } from '../parts/keys.tsx';
import { Picker } from '../parts/picker.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { Review } from '../parts/review.tsx';
import { useClock } from '../parts/use-clock.ts';
import { VisibleText } from '../parts/visible-text.tsx';
import { usePotter } from '../store/potter.tsx';
import { chosenAction, modelInForce, type ProcessState, type Run } from '../store/process.ts';

/** A text in, an action, its result with every change open to a decision. */
export function ProcessPanel(): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const state = useStore(process.state);
  const field = useRef<HTMLTextAreaElement>(null);
  useKeys(state.run.phase === 'running');

  return (
    <div className="process">
      <h1 className="process-title">
        <VisuallyHidden>{t('process.title')}</VisuallyHidden>
      </h1>
      <Toolbar state={state} />
      <div className="process-panes">
        <TextPane text={state.text} field={field} />
        <section className="pane" aria-label={t('process.result')} aria-busy={state.run.phase === 'running'}>
          {!isReviewed(state.run) && (
            <header className="pane-head">
              <h2 className="label">{t('process.result')}</h2>
              <KeyHelp />
            </header>
          )}
          <ResultArea state={state} field={field} />
        </section>
      </div>
      <Announcer run={state.run} />
    </div>
  );
}

/** The review has a head of its own. */
function isReviewed(run: Run): boolean {
  return run.phase === 'done' && !isUnchanged(run.result);
}

/** Run and cancel from anywhere in the panel. An open list or dialog has Escape to itself. */
function useKeys(running: boolean): void {
  const { process } = usePotter();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const inLayer =
        event.target instanceof Element && event.target.closest('[role="dialog"], .mantine-Combobox-dropdown');
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        // Before the focused button takes Enter for itself.
        event.preventDefault();
        event.stopPropagation();
        void process.run();
      } else if (event.key === 'Escape' && running && !inLayer) {
        event.preventDefault();
        process.cancel();
      }
    };
    addEventListener('keydown', onKeyDown, { capture: true });
    return () => removeEventListener('keydown', onKeyDown, { capture: true });
  }, [process, running]);
}

const kindIcons = { prompt: IconPrompt, plugin: IconPlugin, proofread: IconProofread } as const;

function Toolbar({ state }: { readonly state: ProcessState }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const running = state.run.phase === 'running';
  const choices = state.actions.map((action) => {
    const Icon = kindIcons[action.kind];
    return {
      value: action.id,
      label: action.name,
      detail: action.description,
      tag: t(`output.${action.output}`),
      icon: <Icon size={17} />,
    };
  });
  return (
    <div className="toolbar">
      <Picker
        label={t('process.action')}
        find={t('process.findAction')}
        nothing={t('process.noAction')}
        value={state.actionId}
        choices={choices}
        onChoose={(id) => process.setAction(id)}
      />
      <ModelChoice state={state} />
      <Button
        className="toolbar-run"
        size="sm"
        onClick={() => void process.run()}
        disabled={state.actionId === undefined}
        aria-disabled={running}
        aria-keyshortcuts="Control+Enter Meta+Enter"
        rightSection={<span className="run-key" aria-hidden>{`${modifier()} ↵`}</span>}
      >
        {running ? t('process.running') : t('process.run')}
      </Button>
    </div>
  );
}

const useDefault = '';

/** Which model the chosen action goes to, and another one for the next runs. */
function ModelChoice({ state }: { readonly state: ProcessState }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const action = chosenAction(state);
  if (!action) return null;
  if (action.kind !== 'prompt') {
    return (
      <span className="toolbar-fact">
        <IconMachine size={16} aria-hidden />
        {t('process.onThisMachine')}
      </span>
    );
  }
  const models = state.providers.flatMap(({ id, name, models: offered }) =>
    offered.map((model) => ({ value: `${id}/${model.id}`, label: model.id, detail: name })),
  );
  if (models.length === 0 && !modelInForce(state)) {
    return <span className="toolbar-fact">{state.knowsProviders && t('process.noModelYet')}</span>;
  }
  const standard = {
    value: useDefault,
    label: state.defaultModel ?? t('process.defaultModel'),
    detail: t('process.defaultModel'),
  };
  return (
    <Picker
      quiet
      label={t('process.model')}
      find={t('process.findModel')}
      nothing={t('process.noModel')}
      value={state.model ?? useDefault}
      choices={[standard, ...models]}
      onChoose={(model) => process.setModel(model === useDefault ? null : model)}
    />
  );
}

interface TextPaneProps {
  readonly text: string;
  readonly field: RefObject<HTMLTextAreaElement | null>;
}

function TextPane({ text, field }: TextPaneProps): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const id = useId();
  return (
    <section className="pane" aria-labelledby={`${id}-label`}>
      <header className="pane-head">
        <h2 className="label" id={`${id}-label`}>
          <label htmlFor={id}>{t('process.text')}</label>
        </h2>
        <span className="pane-count">{text !== '' && t('process.characters', { count: Array.from(text).length })}</span>
        {text !== '' && (
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            onClick={() => {
              process.setText('');
              field.current?.focus();
            }}
          >
            {t('process.clear')}
          </Button>
        )}
      </header>
      <textarea
        id={id}
        ref={field}
        className="text-field"
        dir="auto"
        // biome-ignore lint/a11y/noAutofocus: the panel's one purpose starts with a text
        autoFocus
        placeholder={t('process.placeholder')}
        value={text}
        onChange={({ currentTarget }) => process.setText(currentTarget.value)}
      />
    </section>
  );
}

interface ResultAreaProps {
  readonly state: ProcessState;
  readonly field: RefObject<HTMLTextAreaElement | null>;
}

function ResultArea({ state, field }: ResultAreaProps): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const { run, loadError } = state;
  const again = (
    <Button variant="default" leftSection={<IconRefresh size={16} />} onClick={() => void process.run({ fresh: true })}>
      {t('run.again')}
    </Button>
  );
  switch (run.phase) {
    case 'idle':
      if (loadError) return <Failure code={loadError.code} message={loadError.message} next={loadError.kind.next} />;
      return needsProvider(state) ? <NoProvider state={state} /> : <Idle />;
    case 'running':
      return <Running run={run} />;
    case 'cancelled':
      return (
        <Placeholder icon={<IconX size={24} />} title={t('run.cancelled')} text={t('run.cancelledText')}>
          {again}
        </Placeholder>
      );
    case 'failed': {
      const { code, message, kind, callId } = run.error;
      return (
        <Failure key={message} code={code} message={message} callId={callId} next={kind.next} {...pick(run.answer)}>
          {again}
        </Failure>
      );
    }
    case 'done':
      return <Done state={state} result={run.result} field={field} again={again} />;
  }
}

const pick = (answer: string | undefined): { answer?: string } => (answer === undefined ? {} : { answer });

interface DoneProps extends ResultAreaProps {
  readonly result: RunResult;
  readonly again: ReactNode;
}

function Done({ state, result, field, again }: DoneProps): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const action = state.actions.find(({ id }) => id === result.action.id);
  const facts = <Facts {...result} />;
  if (isUnchanged(result)) {
    return (
      <Placeholder
        icon={<IconChecks size={26} />}
        title={t('run.unchanged')}
        text={result.notice ?? t('run.unchangedText', { action: result.action.name })}
      >
        {again}
        <div className="done-facts">{facts}</div>
      </Placeholder>
    );
  }
  return (
    <Review
      key={result.runId}
      input={result.input}
      output={result.output}
      corrections={result.corrections}
      comparable={result.action.output === 'replace'}
      changesFirst={action?.kind !== 'plugin'}
      takesFocus={mayTakeFocus(state, result)}
      onAgain={() => void process.run({ fresh: true })}
      onLeave={() => field.current?.focus()}
      head={result.notice && <Note text={result.notice} />}
      actions={again}
      facts={facts}
    />
  );
}

function isUnchanged({ outcome, input, output }: RunResult): boolean {
  return outcome === 'unchanged' || input === output;
}

/** Someone who went on writing during the run keeps the cursor. */
function mayTakeFocus({ text }: ProcessState, { input }: RunResult): boolean {
  return text === input;
}

export function Note({ text }: { readonly text: string }): ReactNode {
  return (
    <p className="review-note">
      <IconInfo size={16} aria-hidden />
      <span>
        <VisibleText text={text} />
      </span>
    </p>
  );
}

function Running({ run }: { readonly run: Extract<Run, { phase: 'running' }> }): ReactNode {
  const { t, i18n } = useTranslation();
  const { process } = usePotter();
  const elapsed = Math.max(0, useClock(100) - run.startedAt);
  const time = duration(elapsed < 1000 ? 0 : elapsed, i18n.language);
  return (
    <div className="running">
      <div className="running-line" aria-hidden />
      <div className="running-text">
        {run.text === '' ? (
          <p className="quiet">{run.model ? t('run.waiting') : t('run.working')}</p>
        ) : (
          <div className="reading" dir="auto">
            <VisibleText text={run.text} />
            <span className="caret" aria-hidden />
          </div>
        )}
      </div>
      <footer className="review-foot">
        <Button variant="default" leftSection={<IconX size={16} />} onClick={() => process.cancel()}>
          {t('process.cancel')}
        </Button>
        <Keys keys={['Esc']} />
        <span className="review-facts facts">
          <span>{run.action}</span>
          {run.model && <span>{run.model}</span>}
          {run.text !== '' && <span>{t('process.characters', { count: Array.from(run.text).length })}</span>}
          {elapsed >= 1000 && <span>{t(time.key, { value: time.value })}</span>}
        </span>
      </footer>
    </div>
  );
}

function Idle(): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  return (
    <Placeholder icon={<IconProcess size={24} />} title={t('idle.title')} text={t('idle.text')}>
      <Button variant="default" onClick={() => process.setText(t('idle.sampleText'))}>
        {t('idle.sample')}
      </Button>
      <dl className="idle-keys">
        <div>
          <dt>{t('idle.runKey')}</dt>
          <dd>
            <Keys keys={[modifier(), '↵']} />
          </dd>
        </div>
        <div>
          <dt>{t('idle.reviewKey')}</dt>
          <dd>
            <Keys keys={['J', 'K', 'Space']} />
          </dd>
        </div>
        <div>
          <dt>{t('idle.cancelKey')}</dt>
          <dd>
            <Keys keys={['Esc']} />
          </dd>
        </div>
      </dl>
    </Placeholder>
  );
}

function needsProvider(state: ProcessState): boolean {
  return chosenAction(state)?.kind === 'prompt' && state.knowsProviders && !hasReadyProvider(state);
}

function hasReadyProvider({ providers, defaultModel }: ProcessState): boolean {
  return defaultModel !== undefined || providers.some(({ state }) => state === 'ready');
}

function NoProvider({ state }: { readonly state: ProcessState }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const offline: ActionInfo | undefined = state.actions.find(({ kind }) => kind === 'proofread');
  return (
    <Placeholder icon={<IconPrompt size={24} />} title={t('noProvider.title')} text={t('noProvider.offline')}>
      {offline && (
        <Button leftSection={<IconCheck size={16} />} onClick={() => process.setAction(offline.id)}>
          {t('noProvider.use')}
        </Button>
      )}
      <div className="no-provider">
        <p>{t('noProvider.add')}</p>
        <code>{t('noProvider.command')}</code>
      </div>
    </Placeholder>
  );
}

/** Tells a screen reader what happens, now and then rather than word by word. */
function Announcer({ run }: { readonly run: Run }): ReactNode {
  return (
    <VisuallyHidden>
      <p role="status">{run.phase === 'running' ? <RunningNews run={run} /> : <EndedNews run={run} />}</p>
    </VisuallyHidden>
  );
}

const newsInterval = 5000;

function RunningNews({ run }: { readonly run: Extract<Run, { phase: 'running' }> }): ReactNode {
  const { t } = useTranslation();
  const now = useClock(newsInterval);
  const told = useRef({ at: now, characters: 0 });
  if (told.current.at !== now) told.current = { at: now, characters: run.text.length };
  if (now - run.startedAt < newsInterval) return t('run.started', { action: run.action });
  const received = t('process.characters', { count: told.current.characters });
  return t('run.progress', { action: run.action, received });
}

function EndedNews({ run }: { readonly run: Exclude<Run, { phase: 'running' }> }): ReactNode {
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
