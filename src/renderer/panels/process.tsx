import './process.css';
import { Autocomplete, Button, VisuallyHidden } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, type RefObject, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ActionInfo, RunResult } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import { ActionIcon } from '../parts/action-icon.tsx';
import { CopyButton, useCopy } from '../parts/copy.tsx';
import { Facts } from '../parts/facts.tsx';
import { FailedRun, Failure } from '../parts/failure.tsx';
import {
  IconCheck,
  IconChecks,
  IconChevronRight,
  IconInfo,
  IconMachine,
  IconMessage,
  IconProcess,
  IconPrompt,
  IconRefresh,
  IconUndo,
  IconX,
} from '../parts/icons.ts';
import { KeyHelp, Keys, modifier } from '../parts/keys.tsx';
import { Picker } from '../parts/picker.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { Review } from '../parts/review.tsx';
import { Announcer, isUnchanged, Running, Unchanged } from '../parts/running.tsx';
import { VisibleText } from '../parts/visible-text.tsx';
import { hrefOf } from '../routes.ts';
import { offered } from '../store/actions.ts';
import { usePotter } from '../store/potter.tsx';
import { chosenAction, modelInForce, type ProcessState } from '../store/process.ts';
import type { Run } from '../store/runner.ts';

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
      <div className="process-head">
        <Toolbar state={state} />
        <Instruction state={state} />
        <Steps state={state} />
      </div>
      <div className="process-panes">
        <TextPane text={state.text} capture={state.capture} field={field} />
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

function Toolbar({ state }: { readonly state: ProcessState }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const running = state.run.phase === 'running';
  const choices = offered(state.actions, state.actionId).map((action) => ({
    value: action.id,
    label: action.name,
    detail: action.description,
    tag: t(`output.${action.output}`),
    icon: <ActionIcon icon={action.icon} size={17} />,
  }));
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

/** What to do with the text, where the action asks for it; Enter runs. */
function Instruction({ state }: { readonly state: ProcessState }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  if (!chosenAction(state)?.takesInstruction) return null;
  return (
    <Autocomplete
      className="instruction"
      aria-label={t('task.instruction')}
      placeholder={t('task.instructionPlaceholder')}
      leftSection={<IconMessage size={16} aria-hidden />}
      maxLength={4000}
      data={[...new Set(state.recents)]}
      limit={8}
      value={state.instruction}
      onChange={(text) => process.setInstruction(text)}
      onKeyDown={(event) => {
        const inList = event.currentTarget.getAttribute('aria-activedescendant');
        if (event.key === 'Enter' && !inList && !event.ctrlKey && !event.metaKey) void process.run();
      }}
    />
  );
}

/** The actions a chain goes through, with the one it has come to. */
function Steps({ state }: { readonly state: ProcessState }): ReactNode {
  const { t } = useTranslation();
  const { steps, actions, run } = state;
  if (steps.length === 0) return null;
  const now = run.phase === 'running' ? (run.step?.number ?? 0) - 1 : -1;
  return (
    <ol className="steps" aria-label={t('task.steps')}>
      {steps.map((id, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an action may stand in a chain twice
        <li key={`${index} ${id}`} {...(index === now && { 'aria-current': 'step' as const })}>
          {index > 0 && <IconChevronRight size={14} aria-hidden />}
          <span>{actions.find((action) => action.id === id)?.name ?? id}</span>
        </li>
      ))}
    </ol>
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
  /** Where it was selected. */
  readonly capture: ProcessState['capture'];
  readonly field: RefObject<HTMLTextAreaElement | null>;
}

function TextPane({ text, capture, field }: TextPaneProps): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const id = useId();
  return (
    <section className="pane" aria-labelledby={`${id}-label`}>
      <header className="pane-head">
        <h2 className="label" id={`${id}-label`}>
          <label htmlFor={id}>{t('process.text')}</label>
        </h2>
        {capture && (
          <span className="pane-source">
            {capture.application
              ? t('task.selection', { application: capture.application })
              : t('task.selectionUnknown')}
          </span>
        )}
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
      return <Running run={run} onCancel={() => process.cancel()} />;
    case 'cancelled':
      return (
        <Placeholder icon={<IconX size={24} />} title={t('run.cancelled')} text={t('run.cancelledText')}>
          {again}
        </Placeholder>
      );
    case 'failed':
      return <FailedRun run={run}>{again}</FailedRun>;
    case 'done':
      return <Done state={state} run={run} field={field} again={again} />;
  }
}

interface DoneProps extends ResultAreaProps {
  readonly run: Extract<Run, { phase: 'done' }>;
  readonly again: ReactNode;
}

function Done({ state, run, field, again }: DoneProps): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const { result, written } = run;
  const action = state.actions.find(({ id }) => id === result.action.id);
  const facts = <Facts {...result} />;
  if (isUnchanged(result)) return <Unchanged result={result}>{again}</Unchanged>;
  if (written) return <Written runId={result.runId} written={written} output={result.output} again={again} />;
  const insert = (text: string): void => void process.insert(result.runId, text).catch(tell(t('task.failed')));
  return (
    <Review
      key={result.runId}
      input={result.input}
      output={result.output}
      corrections={result.corrections}
      comparable={(action?.output ?? result.action.output) === 'replace'}
      changesFirst={action?.kind !== 'plugin'}
      takesFocus={mayTakeFocus(state, result)}
      onAgain={() => void process.run({ fresh: true })}
      onLeave={() => field.current?.focus()}
      insert={result.canInsert ? { label: t('task.insert'), run: insert } : undefined}
      head={result.notice && <Note text={result.notice} />}
      actions={
        <>
          {again}
          {result.outcome === 'replaced' && <PutBack runId={result.runId} />}
        </>
      }
      facts={facts}
    />
  );
}

interface WrittenProps {
  readonly runId: string;
  readonly written: 'replaced' | 'copied' | 'restored';
  readonly output: string;
  readonly again: ReactNode;
}

/** The reviewed text stands in its window; the way back stays open. */
function Written({ runId, written, output, again }: WrittenProps): ReactNode {
  const { t } = useTranslation();
  const words = {
    replaced: [t('task.inserted'), t('task.insertedText')],
    copied: [t('task.copied'), t('task.copiedText')],
    restored: [t('task.restored'), t('task.restoredText')],
  } as const;
  const [title, text] = words[written];
  const copying = useCopy();
  return (
    <div role="status" className="written">
      <Placeholder
        icon={written === 'restored' ? <IconUndo size={24} /> : <IconChecks size={26} />}
        title={title}
        text={text}
      >
        {written === 'replaced' && <PutBack runId={runId} />}
        <CopyButton label={t('run.copy')} text={output} copying={copying} variant="default" />
        {again}
      </Placeholder>
    </div>
  );
}

function PutBack({ runId }: { readonly runId: string }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const putBack = async (): Promise<void> => {
    const outcome = await process.restore(runId);
    if (outcome === 'restored') return;
    notifications.show({ title: t('task.restoredCopied'), message: t('task.restoredCopiedText'), color: 'yellow' });
  };
  return (
    <Button
      variant="default"
      leftSection={<IconUndo size={16} />}
      onClick={() => void putBack().catch(tell(t('task.failed')))}
    >
      {t('task.restore')}
    </Button>
  );
}

/** Says why something was not done, and what to do about it. */
function tell(title: string): (thrown: unknown) => void {
  return (thrown) => {
    const { message, kind } = toPotterError(thrown);
    notifications.show({ title, message: `${message} ${kind.next}`, color: 'red' });
  };
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
        <Button component="a" variant="default" href={hrefOf({ panel: 'providers' })}>
          {t('app.mend.providers')}
        </Button>
      </div>
    </Placeholder>
  );
}
