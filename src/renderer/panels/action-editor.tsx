import './action-editor.css';
import {
  Button,
  ActionIcon as IconButton,
  Loader,
  Modal,
  NativeSelect,
  NumberInput,
  Popover,
  SegmentedControl,
  Textarea,
  TextInput,
  VisuallyHidden,
} from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import {
  type ActionDefinition,
  type ActionInfo,
  guardProfiles,
  outputModes,
  type ReviewRule,
  tiers,
} from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import { shownKeys } from '../parts/accelerators.ts';
import { RemoveDialog, RestoreDialog } from '../parts/action-dialogs.tsx';
import { ActionIcon, actionIconNames } from '../parts/action-icon.tsx';
import { ActionTrial } from '../parts/action-trial.tsx';
import { HotkeyField } from '../parts/hotkey-field.tsx';
import {
  IconAlert,
  IconArrowDown,
  IconArrowUp,
  IconBack,
  IconChain,
  IconDuplicate,
  IconPlus,
  IconRestore,
  IconTrash,
  IconX,
} from '../parts/icons.ts';
import { Keys, modifier } from '../parts/keys.tsx';
import { Picker } from '../parts/picker.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { useHotkeys } from '../parts/use-hotkeys.ts';
import { VisibleText } from '../parts/visible-text.tsx';
import { goTo, hrefOf } from '../routes.ts';
import { type EditorState, isDirty, newAction } from '../store/action-editor.ts';
import { offered } from '../store/actions.ts';
import { usePotter } from '../store/potter.tsx';
import { useDuplicate } from './use-duplicate.ts';

/** Beside each other where there is room, else one at a time. */
const sides = ['edit', 'try'] as const;

/** One action with all there is to say about it, beside a place to try it. */
export function ActionEditorPanel({ id }: { readonly id: string }): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const state = useStore(editor.state);
  const [side, setSide] = useState<(typeof sides)[number]>('edit');
  useEditing(id);
  const isHere = state.id === id;
  useUnloadQuestion(isHere && isDirty(state));

  if (!isHere || state.status === 'loading') {
    return (
      <div className="editor-loading" role="status">
        <Loader size="sm" color="gray" />
        <span className="quiet">{t('actions.loading')}</span>
      </div>
    );
  }
  if (state.status === 'failed') {
    return (
      <Placeholder
        icon={<IconAlert size={24} />}
        title={t('editor.gone')}
        text={state.loadError?.message ?? t('editor.goneText')}
        alert
      >
        <Button component="a" variant="default" href={hrefOf({ panel: 'actions' })}>
          {t('editor.back')}
        </Button>
      </Placeholder>
    );
  }
  return (
    <div className="editor">
      <Head state={state} />
      <SegmentedControl
        className="editor-sides"
        aria-label={t('editor.tabs')}
        fullWidth
        value={side}
        onChange={setSide}
        data={sides.map((value) => ({ value, label: t(`editor.${value}`) }))}
      />
      <div className="editor-panes" data-side={side}>
        <section className="pane editor-form" aria-label={t('editor.edit')}>
          <div className="editor-fields">
            <Banner state={state} />
            {state.definition ? <Fields state={state} definition={state.definition} /> : <Fixed state={state} />}
          </div>
          {state.definition && <Foot state={state} />}
        </section>
        <ActionTrial />
      </div>
      <LeaveDialog state={state} />
    </div>
  );
}

/* ---- leaving ---- */

/** Opens the action, and says that what was not saved is kept when the editor goes away unasked. */
function useEditing(id: string): void {
  const { t } = useTranslation();
  const { editor } = usePotter();
  useEffect(() => {
    void editor.open(id);
    return () => {
      const left = editor.close();
      if (!left) return;
      const notice = notifications.show({
        title: t('editor.keptTitle'),
        message: (
          <span className="notice">
            {left.definition.name.trim() === ''
              ? t('editor.keptNewText')
              : t('editor.keptText', { name: left.definition.name.trim() })}
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => {
                notifications.hide(notice);
                goTo({ panel: 'actions', actionId: left.id });
              }}
            >
              {t('editor.keptBack')}
            </Button>
          </span>
        ),
      });
    };
  }, [editor, id, t]);
}

/** The browser asks before the page itself goes. */
function useUnloadQuestion(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return undefined;
    const stay = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', stay);
    return () => removeEventListener('beforeunload', stay);
  }, [dirty]);
}

/** Asks before a link leads away from unsaved changes. */
function LeaveDialog({ state }: { readonly state: EditorState }): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const [wanted, setWanted] = useState<string>();
  const dirty = isDirty(state);
  useEffect(() => {
    if (!dirty) return undefined;
    const ask = (event: MouseEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || !(event.target instanceof Element)) return;
      const href = event.target.closest('a[href^="#/"]')?.getAttribute('href');
      if (!href || href === location.hash) return;
      event.preventDefault();
      setWanted(href);
    };
    addEventListener('click', ask);
    return () => removeEventListener('click', ask);
  }, [dirty]);
  const leave = (): void => {
    editor.leave();
    location.hash = wanted ?? '';
  };
  const save = async (): Promise<void> => {
    setWanted(undefined);
    if ((await editor.save()) !== undefined) leave();
  };
  const name = state.definition?.name.trim() ?? '';
  return (
    <Modal
      opened={wanted !== undefined}
      onClose={() => setWanted(undefined)}
      title={t('editor.leaveTitle')}
      closeButtonProps={{ 'aria-label': t('editor.stay') }}
    >
      <p className="dialog-text">{name === '' ? t('editor.leaveNewText') : t('editor.leaveText', { name })}</p>
      <div className="dialog-actions leave-actions">
        <Button
          variant="subtle"
          color="gray"
          onClick={() => {
            editor.discard();
            leave();
          }}
        >
          {t('editor.leaveDiscard')}
        </Button>
        <Button variant="default" onClick={leave}>
          {t('editor.leaveKeep')}
        </Button>
        <Button onClick={() => void save()} data-autofocus>
          {t('editor.leaveSave')}
        </Button>
      </div>
    </Modal>
  );
}

/* ---- frame ---- */

function Head({ state }: { readonly state: EditorState }): ReactNode {
  const { t } = useTranslation();
  const { detail, definition, id } = state;
  const duplicate = useDuplicate();
  const [asked, setAsked] = useState<'remove' | 'restore'>();
  const heading = useRef<HTMLHeadingElement>(null);
  const isNew = id === newAction;
  useEffect(() => {
    if (!isNew) heading.current?.focus();
  }, [isNew]);
  const action = detail?.action;
  const name = definition?.name.trim() || action?.name || t('editor.newTitle');
  return (
    <header className="editor-head">
      <IconButton component="a" href={hrefOf({ panel: 'actions' })} aria-label={t('editor.back')}>
        <IconBack size={18} />
      </IconButton>
      <span className="action-icon" data-origin={action?.origin ?? 'custom'} aria-hidden>
        <ActionIcon icon={definition?.icon ?? action?.icon ?? 'sparkles'} />
      </span>
      <div className="editor-title">
        <h1 ref={heading} tabIndex={-1}>
          {name}
        </h1>
        {action && (
          <p className="quiet">
            {t(`editor.origin.${action.origin}`)} · <code>{action.id}</code>
          </p>
        )}
      </div>
      {action && (
        <span className="editor-tools">
          {action.origin === 'edited' && (
            <Button
              variant="subtle"
              color="gray"
              leftSection={<IconRestore size={16} />}
              onClick={() => setAsked('restore')}
            >
              {t('actions.restoreNow')}
            </Button>
          )}
          {definition && (
            <Button
              variant="subtle"
              color="gray"
              leftSection={<IconDuplicate size={16} />}
              onClick={() => void duplicate(action).catch(tell(t('actions.changeFailed')))}
            >
              {t('actions.duplicate')}
            </Button>
          )}
          {action.origin === 'custom' && (
            <IconButton aria-label={t('actions.remove')} onClick={() => setAsked('remove')}>
              <IconTrash size={18} />
            </IconButton>
          )}
        </span>
      )}
      {action && asked === 'restore' && <RestoreDialog action={action} onClose={() => setAsked(undefined)} />}
      {action && asked === 'remove' && (
        <RemoveDialog
          action={action}
          onClose={() => setAsked(undefined)}
          onRemoved={() => goTo({ panel: 'actions' })}
        />
      )}
    </header>
  );
}

function Banner({ state }: { readonly state: EditorState }): ReactNode {
  const { t } = useTranslation();
  const [isComparing, setComparing] = useState(false);
  const { error, detail } = state;
  if (error) {
    return (
      <div className="dialog-error" role="alert">
        <IconAlert size={18} aria-hidden />
        <div>
          <strong>{t('editor.notSaved')}</strong>
          <p>
            <VisibleText text={`${error.message} ${error.kind.next}`} />
          </p>
        </div>
      </div>
    );
  }
  if (!detail?.action.isOutdated) return null;
  return (
    <div className="editor-note">
      <span>{t('editor.outdated')}</span>
      <Button size="compact-sm" variant="default" onClick={() => setComparing(true)}>
        {t('editor.compare')}
      </Button>
      {isComparing && <RestoreDialog action={detail.action} onClose={() => setComparing(false)} />}
    </div>
  );
}

function Foot({ state }: { readonly state: EditorState }): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const dirty = isDirty(state);
  const save = async (): Promise<void> => {
    const { id, definition } = editor.state.getState();
    const saved = await editor.save();
    if (saved === undefined) {
      document.querySelector<HTMLElement>('.editor-form [aria-invalid="true"]')?.focus();
      return;
    }
    notifications.show({
      message: t('editor.saved', { name: definition?.name.trim() ?? '' }),
      color: 'gray',
      autoClose: 3000,
    });
    if (id === newAction) goTo({ panel: 'actions', actionId: saved });
  };
  const saveNow = useRef(save);
  saveNow.current = save;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      void saveNow.current();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <footer className="review-foot editor-foot">
      <Button
        onClick={() => void save()}
        aria-disabled={!dirty || state.isSaving}
        data-idle={!dirty || undefined}
        aria-keyshortcuts="Control+S Meta+S"
        rightSection={<span className="run-key" aria-hidden>{`${modifier()} S`}</span>}
      >
        {state.isSaving ? t('editor.saving') : t('editor.save')}
      </Button>
      {dirty && (
        <Button variant="subtle" color="gray" onClick={() => editor.discard()}>
          {t('editor.discard')}
        </Button>
      )}
      <span className="editor-state" role="status">
        {dirty && t('editor.unsaved')}
      </span>
    </footer>
  );
}

/* ---- the form ---- */

interface FieldsProps {
  readonly state: EditorState;
  readonly definition: ActionDefinition;
}

function Fields({ state, definition }: FieldsProps): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const isNew = state.id === newAction;
  return (
    <>
      <fieldset className="field-group">
        <VisuallyHidden component="legend">{t('editor.basics')}</VisuallyHidden>
        <div className="name-line">
          <IconField icon={definition.icon} />
          <TextInput
            className="name-field"
            label={t('editor.name')}
            required
            withAsterisk={false}
            maxLength={50}
            autoFocus={isNew}
            value={definition.name}
            error={state.fieldErrors.name}
            onChange={({ currentTarget }) => editor.change({ name: currentTarget.value })}
          />
        </div>
        <TextInput
          label={t('editor.description')}
          description={t('editor.descriptionHint')}
          maxLength={200}
          value={definition.description}
          error={state.fieldErrors.description}
          onChange={({ currentTarget }) => editor.change({ description: currentTarget.value })}
        />
        {isNew && (
          <>
            <TextInput
              className="id-field"
              label={t('editor.id')}
              description={t('editor.idHint')}
              value={state.newId}
              error={state.fieldErrors.id}
              onChange={({ currentTarget }) => editor.setNewId(currentTarget.value)}
            />
            <div className="kind-field">
              <span className="field-label" id="kind-label">
                {t('editor.kind')}
              </span>
              <SegmentedControl
                aria-labelledby="kind-label"
                value={definition.kind}
                onChange={(kind) => editor.setKind(kind)}
                data={(['prompt', 'chain'] as const).map((value) => ({ value, label: t(`editor.kinds.${value}`) }))}
              />
            </div>
          </>
        )}
      </fieldset>
      {definition.kind === 'prompt' ? (
        <Instruction definition={definition} error={state.fieldErrors.instruction} />
      ) : (
        <Steps definition={definition} error={state.fieldErrors.steps} ownId={state.id} />
      )}
      <fieldset className="field-group">
        <legend>{t('editor.result')}</legend>
        <NativeSelect
          label={t('editor.output')}
          value={definition.output}
          error={state.fieldErrors.output}
          data={outputModes.map((value) => ({ value, label: t(`output.${value}`) }))}
          onChange={({ currentTarget }) =>
            editor.change({ output: outputModes.find((mode) => mode === currentTarget.value) ?? 'replace' })
          }
        />
        <Review review={definition.review} />
      </fieldset>
      {definition.kind === 'prompt' && <ModelFields definition={definition} errors={state.fieldErrors} />}
      <Fine definition={definition} errors={state.fieldErrors} />
      {!isNew && state.detail && <HotkeyOf action={state.detail.action} />}
    </>
  );
}

/** A command of a plugin or the offline proofreader: nothing to write, but a key to give. */
function Fixed({ state }: { readonly state: EditorState }): ReactNode {
  const { t } = useTranslation();
  if (!state.detail) return null;
  const { action } = state.detail;
  return (
    <>
      <p className="fixed-description">{action.description}</p>
      <p className="quiet">{t('editor.fixed')}</p>
      <dl className="fixed-facts">
        <div>
          <dt>{t('editor.output')}</dt>
          <dd>{t(`output.${action.output}`)}</dd>
        </div>
        <div>
          <dt>{t('editor.model')}</dt>
          <dd>{t('actions.noModel')}</dd>
        </div>
      </dl>
      <HotkeyOf action={action} />
    </>
  );
}

function IconField({ icon }: { readonly icon: ActionInfo['icon'] }): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-start"
      trapFocus
      returnFocus
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <button
          type="button"
          className="icon-field"
          aria-label={`${t('editor.icon')}: ${icon}`}
          onClick={() => setOpen(!isOpen)}
        >
          <ActionIcon icon={icon} size={20} />
        </button>
      </Popover.Target>
      <Popover.Dropdown className="icon-choices" aria-label={t('editor.icon')}>
        {actionIconNames.map((name) => (
          <IconButton
            key={name}
            size="lg"
            aria-label={name}
            aria-pressed={name === icon}
            data-on={name === icon || undefined}
            onClick={() => {
              editor.change({ icon: name });
              setOpen(false);
            }}
          >
            <ActionIcon icon={name} size={19} />
          </IconButton>
        ))}
      </Popover.Dropdown>
    </Popover>
  );
}

type Prompt = Extract<ActionDefinition, { kind: 'prompt' }>;
type Chain = Extract<ActionDefinition, { kind: 'chain' }>;
type FieldErrors = EditorState['fieldErrors'];

const longestInstruction = 20_000;

function Instruction({ definition, error }: { definition: Prompt; error: string | undefined }): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const field = useRef<HTMLTextAreaElement>(null);
  const insert = (placeholder: string): void => {
    const area = field.current;
    if (!area) return;
    area.focus();
    area.setRangeText(placeholder, area.selectionStart, area.selectionEnd, 'end');
    editor.change({ instruction: area.value });
  };
  return (
    <fieldset className="field-group">
      <VisuallyHidden component="legend">{t('editor.instruction')}</VisuallyHidden>
      <Textarea
        ref={field}
        label={t('editor.instruction')}
        description={t('editor.instructionHint')}
        placeholder={t('editor.instructionPlaceholder')}
        className="instruction-field"
        required
        withAsterisk={false}
        maxLength={longestInstruction}
        value={definition.instruction}
        error={error}
        onChange={({ currentTarget }) => editor.change({ instruction: currentTarget.value })}
      />
      <div className="instruction-foot">
        <span className="quiet">{t('editor.insertHint')}</span>
        <Button size="compact-xs" variant="default" onClick={() => insert('{{instruction}}')} title="{{instruction}}">
          {t('editor.insertInstruction')}
        </Button>
        <Button size="compact-xs" variant="default" onClick={() => insert('{{language}}')} title="{{language}}">
          {t('editor.insertLanguage')}
        </Button>
        <span className="pane-count">
          {t('editor.counter', { count: definition.instruction.length, limit: longestInstruction })}
        </span>
      </div>
    </fieldset>
  );
}

interface StepsProps {
  readonly definition: Chain;
  readonly error: string | undefined;
  readonly ownId: string | undefined;
}

const mostSteps = 8;

function Steps({ definition, error, ownId }: StepsProps): ReactNode {
  const { t } = useTranslation();
  const { editor, process } = usePotter();
  const { actions } = useStore(process.state);
  const [news, setNews] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const focusStep = useRef<number>(undefined);
  const { steps } = definition;
  const choices = offered(actions)
    .filter(({ id, kind, takesInstruction }) => id !== ownId && kind !== 'chain' && !takesInstruction)
    .map((action) => ({
      value: action.id,
      label: action.name,
      detail: action.description,
      icon: <ActionIcon icon={action.icon} size={17} />,
    }));
  const nameOf = (id: string): string => actions.find((action) => action.id === id)?.name ?? id;
  const set = (next: readonly string[]): void => editor.change({ steps: [...next] });
  const move = (from: number, step: 1 | -1): void => {
    const to = from + step;
    const moved = steps[from];
    if (moved === undefined || to < 0 || to >= steps.length) return;
    const next = steps.toSpliced(from, 1).toSpliced(to, 0, moved);
    set(next);
    setNews(t('editor.stepMoved', { name: nameOf(moved), number: to + 1 }));
    focusStep.current = to;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the step that was moved has the focus once it is drawn anew
  useEffect(() => {
    if (focusStep.current === undefined) return;
    list.current?.children[focusStep.current]?.querySelector<HTMLElement>('button')?.focus();
    focusStep.current = undefined;
  }, [steps]);
  return (
    <fieldset className="field-group">
      <legend>{t('editor.steps')}</legend>
      <p className="field-hint">{t('editor.stepsHint')}</p>
      <ol className="step-list" ref={list}>
        {steps.map((id, index) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: an action may stand in a chain twice
            key={`${index} ${id}`}
            className="step"
            onKeyDown={(event) => {
              if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
              event.preventDefault();
              move(index, event.key === 'ArrowUp' ? -1 : 1);
            }}
          >
            <span className="step-number" aria-hidden>
              {index + 1}
            </span>
            <Picker
              label={t('editor.stepNumbered', { number: index + 1 })}
              find={t('process.findAction')}
              nothing={t('process.noAction')}
              placeholder={t('editor.stepGone', { id })}
              value={id}
              choices={choices}
              onChoose={(next) => set(steps.with(index, next))}
            />
            <IconButton
              aria-label={t('editor.moveStepUp', { number: index + 1 })}
              disabled={index === 0}
              onClick={() => move(index, -1)}
            >
              <IconArrowUp size={16} />
            </IconButton>
            <IconButton
              aria-label={t('editor.moveStepDown', { number: index + 1 })}
              disabled={index === steps.length - 1}
              onClick={() => move(index, 1)}
            >
              <IconArrowDown size={16} />
            </IconButton>
            <IconButton
              aria-label={t('editor.removeStep', { number: index + 1 })}
              onClick={() => set(steps.toSpliced(index, 1))}
            >
              <IconX size={16} />
            </IconButton>
          </li>
        ))}
      </ol>
      {steps.length < mostSteps && (
        <div className="step-add">
          <IconPlus size={16} aria-hidden />
          <Picker
            quiet
            label={t('editor.addStep')}
            find={t('process.findAction')}
            nothing={t('process.noAction')}
            placeholder={t('editor.addStep')}
            value={undefined}
            choices={choices}
            onChoose={(id) => set([...steps, id])}
          />
        </div>
      )}
      {(error !== undefined || steps.length < 2) && (
        <p
          className={error === undefined ? 'field-hint' : 'field-error'}
          role={error === undefined ? undefined : 'alert'}
        >
          <IconChain size={14} aria-hidden /> {error ?? t('editor.stepsFew')}
        </p>
      )}
      <VisuallyHidden>
        <p role="status">{news}</p>
      </VisuallyHidden>
    </fieldset>
  );
}

const reviewKinds = ['off', 'above', 'always'] as const;
const usualShare = 20;

function Review({ review }: { readonly review: ReviewRule }): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const kind = typeof review === 'string' ? review : 'above';
  return (
    <div className="review-rule">
      <NativeSelect
        label={t('editor.review')}
        description={t('editor.reviewHint')}
        value={kind}
        data={reviewKinds.map((value) => ({ value, label: t(`editor.reviews.${value}`) }))}
        onChange={({ currentTarget }) => {
          const chosen = reviewKinds.find((value) => value === currentTarget.value) ?? 'off';
          editor.change({ review: chosen === 'above' ? { above: usualShare } : chosen });
        }}
      />
      {typeof review !== 'string' && (
        <NumberInput
          label={t('editor.reviewAbove')}
          className="short-field"
          min={1}
          max={99}
          suffix=" %"
          value={review.above}
          onChange={(value) => {
            if (typeof value === 'number') editor.change({ review: { above: Math.round(value) } });
          }}
        />
      )}
    </div>
  );
}

const byTier = '';

function ModelFields({ definition, errors }: { definition: Prompt; errors: FieldErrors }): ReactNode {
  const { t } = useTranslation();
  const { editor, process } = usePotter();
  const { providers, defaultModel } = useStore(process.state);
  const { tier, model } = definition;
  const models = providers.flatMap(({ id, name, models: listed }) =>
    listed.map((each) => ({
      value: `${id}/${each.id}`,
      label: each.name ?? each.id,
      ...(each.name && each.name !== each.id && { detail: each.id }),
      tag: t(`actions.tiers.${each.tier}`),
      group: name,
    })),
  );
  const gone =
    model !== undefined && !models.some(({ value }) => value === model)
      ? [{ value: model, label: model, detail: t('editor.modelGone') }]
      : [];
  return (
    <fieldset className="field-group">
      <legend>{t('editor.model')}</legend>
      <div className="model-line">
        <div>
          <span className="field-label" id="tier-label">
            {t('editor.tier')}
          </span>
          <SegmentedControl
            aria-labelledby="tier-label"
            value={tier}
            disabled={model !== undefined}
            onChange={(next) => editor.change({ tier: next })}
            data={tiers.map((value) => ({ value, label: t(`actions.tiers.${value}`) }))}
          />
        </div>
        <div className="model-choice">
          <span className="field-label" aria-hidden>
            {t('editor.modelExact')}
          </span>
          <Picker
            label={t('editor.modelExact')}
            find={t('editor.findModel')}
            nothing={t('editor.noModelFound')}
            value={model ?? byTier}
            choices={[
              {
                value: byTier,
                label: t('editor.modelByTier'),
                ...(defaultModel && { detail: t('editor.modelByTierNow', { model: defaultModel }) }),
              },
              ...gone,
              ...models,
            ]}
            onChoose={(chosen) => (chosen === byTier ? editor.drop('model') : editor.change({ model: chosen }))}
          />
        </div>
      </div>
      {model === undefined && <p className="field-hint">{t(`editor.tierHints.${tier}`)}</p>}
      {errors.model && (
        <p className="field-error" role="alert">
          {errors.model}
        </p>
      )}
    </fieldset>
  );
}

function Fine({ definition, errors }: { definition: ActionDefinition; errors: FieldErrors }): ReactNode {
  const { t } = useTranslation();
  const isWrong = ['temperature', 'growth', 'profile', 'requires'].some((field) => Object.hasOwn(errors, field));
  return (
    <details className="fine" open={isWrong || undefined}>
      <summary>{t('editor.fine')}</summary>
      <div className="field-group">
        {definition.kind === 'prompt' && <PromptFine definition={definition} errors={errors} />}
        <Requirements requires={definition.requires} error={errors.requires} />
      </div>
    </details>
  );
}

function PromptFine({ definition, errors }: { definition: Prompt; errors: FieldErrors }): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  return (
    <>
      <NativeSelect
        label={t('editor.profile')}
        description={t(`editor.profileHints.${definition.profile}`)}
        value={definition.profile}
        error={errors.profile}
        data={guardProfiles.map((value) => ({ value, label: t(`editor.profiles.${value}`) }))}
        onChange={({ currentTarget }) =>
          editor.change({ profile: guardProfiles.find((profile) => profile === currentTarget.value) ?? 'rewrite' })
        }
      />
      <div className="two-fields">
        <NumberInput
          label={t('editor.temperature')}
          description={t('editor.temperatureHint')}
          min={0}
          max={2}
          step={0.1}
          decimalScale={2}
          value={definition.temperature}
          error={errors.temperature}
          onChange={(value) => {
            if (typeof value === 'number') editor.change({ temperature: value });
          }}
        />
        <NumberInput
          label={t('editor.growth')}
          description={t('editor.growthHint')}
          min={1}
          max={50}
          step={0.5}
          suffix={t('editor.growthSuffix')}
          value={definition.growth}
          error={errors.growth}
          onChange={(value) => {
            if (typeof value === 'number') editor.change({ growth: value });
          }}
        />
      </div>
    </>
  );
}

type Requires = NonNullable<ActionDefinition['requires']>;

interface RequirementsProps {
  readonly requires: Requires | undefined;
  readonly error: string | undefined;
}

function Requirements({ requires = {}, error }: RequirementsProps): ReactNode {
  const { t } = useTranslation();
  const { editor } = usePotter();
  const set = (field: keyof Requires, value: string | number): void => {
    const { [field]: _old, ...others } = requires;
    const next = value === '' ? others : { ...others, [field]: value };
    if (Object.keys(next).length === 0) editor.drop('requires');
    else editor.change({ requires: next });
  };
  return (
    <fieldset className="field-group inner">
      <legend>{t('editor.requires')}</legend>
      <div className="two-fields">
        {(['minCharacters', 'maxCharacters'] as const).map((field) => (
          <NumberInput
            key={field}
            label={t(`editor.${field}`)}
            min={1}
            max={1_000_000}
            allowDecimal={false}
            thousandSeparator=" "
            value={requires[field] ?? ''}
            onChange={(value) => set(field, value)}
          />
        ))}
      </div>
      <TextInput
        className="mono-field"
        label={t('editor.pattern')}
        description={t('editor.patternHint')}
        maxLength={500}
        value={requires.pattern ?? ''}
        error={error}
        onChange={({ currentTarget }) => set('pattern', currentTarget.value)}
      />
    </fieldset>
  );
}

function HotkeyOf({ action }: { readonly action: ActionInfo }): ReactNode {
  const { t } = useTranslation();
  const { all, conflictOf, set } = useHotkeys();
  const own = all?.find(({ target }) => target.kind === 'action' && target.command === action.id);
  if (!own) return undefined;
  return (
    <div className="field-group hotkey-group">
      <span className="field-label" aria-hidden>
        {t('editor.hotkey')}
      </span>
      {own.fixedBy === undefined ? (
        <HotkeyField
          label={t('editor.hotkey')}
          value={own.accelerator}
          conflictOf={(accelerator) => conflictOf(own, accelerator)}
          problem={own.message}
          onChange={(accelerator) => void set(own, accelerator)}
        />
      ) : (
        <span className="quiet">
          {own.accelerator !== null && <Keys keys={shownKeys(own.accelerator)} />} {t('settings.fixed')}{' '}
          <code>{own.fixedBy}</code>
        </span>
      )}
    </div>
  );
}

function tell(title: string): (thrown: unknown) => void {
  return (thrown) => {
    const { message, kind } = toPotterError(thrown);
    notifications.show({ title, message: `${message} ${kind.next}`, color: 'red' });
  };
}
