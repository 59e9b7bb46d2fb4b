import './palette.css';
import { Button, Textarea, TextInput, VisuallyHidden } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ActionInfo } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import { shownKeys } from '../parts/accelerators.ts';
import { ActionIcon } from '../parts/action-icon.tsx';
import { Facts } from '../parts/facts.tsx';
import { FailedRun, Failure } from '../parts/failure.tsx';
import {
  IconAlert,
  IconBack,
  IconBookmark,
  IconCheck,
  IconChecks,
  IconCopy,
  IconEnter,
  IconHistory,
  IconInfo,
  IconKeyboard,
  IconMessage,
  IconPlus,
  IconProcess,
  IconPrompt,
  IconRefresh,
  IconSearch,
  IconServer,
  IconSettings,
} from '../parts/icons.ts';
import { Keys, paletteKeys } from '../parts/keys.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { Review } from '../parts/review.tsx';
import { Announcer, Running } from '../parts/running.tsx';
import { VisibleText } from '../parts/visible-text.tsx';
import { goTo, type Route } from '../routes.ts';
import { newAction } from '../store/action-editor.ts';
import { askAction, type PaletteState, paletteRows, type Row } from '../store/palette.ts';
import { usePotter } from '../store/potter.tsx';
import type { Run } from '../store/runner.ts';

/** One field over everything Potter can do, for a text that was selected before it opened. */
export function PalettePanel({ captureId }: { readonly captureId: string | undefined }): ReactNode {
  const { t } = useTranslation();
  const { palette, keystrokes } = usePotter();
  const state = useStore(palette.state);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    palette.open(captureId, keystrokes.take());
    field.current?.focus();
  }, [palette, captureId, keystrokes]);
  useReopening(captureId, field);
  usePaintMeasure(captureId);

  return (
    <main id="content" className="palette" aria-label={t('palette.title')}>
      <h1 className="palette-title">
        <VisuallyHidden>{t('palette.title')}</VisuallyHidden>
      </h1>
      {state.run.phase === 'idle' ? <Chooser state={state} field={field} /> : <Outcome run={state.run} />}
      <Announcer run={state.run} />
    </main>
  );
}

/** A palette that was hidden and comes back begins anew, with the cursor in its field. */
function useReopening(captureId: string | undefined, field: RefObject<HTMLInputElement | null>): void {
  const { palette } = usePotter();
  useEffect(() => {
    const reopen = (): void => {
      if (document.visibilityState !== 'visible') return;
      palette.open(captureId);
      field.current?.focus();
    };
    document.addEventListener('visibilitychange', reopen);
    return () => document.removeEventListener('visibilitychange', reopen);
  }, [palette, captureId, field]);
}

/** From the start of drawing to the end of the frame that shows it, as the measure `palette`. */
function usePaintMeasure(captureId: string | undefined): void {
  const start = useRef({ captureId, at: performance.now() });
  if (start.current.captureId !== captureId) start.current = { captureId, at: performance.now() };
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is measured each time it opens
  useEffect(() => {
    let port: MessagePort | undefined;
    const frame = requestAnimationFrame(() => {
      // The message arrives once the frame has been painted.
      const { port1, port2 } = new MessageChannel();
      port = port1;
      port1.onmessage = () => {
        performance.measure('palette', { start: start.current.at, end: performance.now() });
        port1.close();
      };
      port2.postMessage(undefined);
    });
    return () => {
      cancelAnimationFrame(frame);
      port?.close();
    };
  }, [captureId]);
}

/* ---- choosing ---- */

const places = [
  { panel: 'process', icon: IconProcess },
  { panel: 'newAction', icon: IconPlus },
  { panel: 'actions', icon: IconPrompt },
  { panel: 'providers', icon: IconServer },
  { panel: 'hotkeys', icon: IconKeyboard },
  { panel: 'history', icon: IconHistory },
  { panel: 'settings', icon: IconSettings },
  { panel: 'about', icon: IconInfo },
] as const;
type PlaceName = (typeof places)[number]['panel'];

function routeOf(panel: PlaceName): Route {
  return panel === 'newAction' ? { panel: 'actions', actionId: newAction } : { panel };
}

function useRows(query: string): Row[] {
  const { t } = useTranslation();
  const { process } = usePotter();
  const actions = useStore(process.state, (state) => state.actions);
  const recents = useStore(process.state, (state) => state.recents);
  return useMemo(() => {
    const named = places.map(({ panel }) => ({ panel, label: t(`palette.places.${panel}`) }));
    return paletteRows(query, { actions, recents, places: named });
  }, [query, actions, recents, t]);
}

interface ChooserProps {
  readonly state: PaletteState;
  readonly field: RefObject<HTMLInputElement | null>;
}

function Chooser({ state, field }: ChooserProps): ReactNode {
  const { t } = useTranslation();
  const { palette, process } = usePotter();
  const { query, chosen } = state;
  const { loadError, actions } = useStore(process.state);
  const rows = useRows(query);
  const [saving, setSaving] = useState<string>();
  const [wish, setWish] = useState<ActionInfo>();
  const take = useTaking(state, setSaving, setWish);
  const id = useId();
  const at = Math.min(chosen, rows.length - 1);

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    const digit = digitOf(event.nativeEvent);
    const row = digit === undefined ? undefined : rows[digit - 1];
    if (row && (event.altKey || query === '') && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      take(row, false);
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      palette.choose((at + step + rows.length) % Math.max(rows.length, 1));
    } else if (event.key === 'Home' || event.key === 'End') {
      if (query !== '') return;
      event.preventDefault();
      palette.choose(event.key === 'Home' ? 0 : rows.length - 1);
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      const picked = rows[at];
      if (wish && query.trim() !== '') take({ kind: 'ask', instruction: query.trim() }, event.shiftKey);
      else if (picked) take(picked, event.shiftKey);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      if (wish) setWish(undefined);
      else if (query !== '') palette.type('');
      else leave();
    }
  };
  useTypingAnywhere(field);

  if (saving !== undefined) {
    return <SaveForm instruction={saving} onEnd={() => setSaving(undefined)} />;
  }
  return (
    <>
      <div className="palette-field">
        {wish ? <ActionIcon icon={wish.icon} size={20} /> : <IconSearch size={20} aria-hidden />}
        <input
          ref={field}
          type="text"
          role="combobox"
          aria-label={wish ? wish.name : t('palette.field')}
          aria-expanded
          aria-controls={`${id}-rows`}
          aria-activedescendant={rows[at] ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          placeholder={wish ? t('palette.needsInstruction') : t('palette.placeholder')}
          // biome-ignore lint/a11y/noAutofocus: the palette is one field
          autoFocus
          autoComplete="off"
          spellCheck={false}
          maxLength={4000}
          value={query}
          onChange={({ currentTarget }) => palette.type(currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <Subject state={state} />
      {loadError && actions.length === 0 && (
        <Failure code={loadError.code} message={loadError.message} next={loadError.kind.next} />
      )}
      <Rows id={id} rows={rows} at={at} isCounted={query === ''} onTake={take} />
      <Foot count={rows.length} query={query} />
    </>
  );
}

/** The digit on the key, wherever Alt or the layout would take it. */
function digitOf({ key, code }: globalThis.KeyboardEvent): number | undefined {
  const digit = /^[1-9]$/.test(key) ? key : /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1];
  return digit === undefined ? undefined : Number(digit);
}

/** Whatever is typed beside the field is meant for it. */
function useTypingAnywhere(field: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      const { target, key, ctrlKey, metaKey } = event;
      if (target instanceof Element && target.closest('input, textarea, select, button, a, [role="dialog"]')) return;
      if (!ctrlKey && !metaKey && ([...key].length === 1 || key.startsWith('Arrow'))) field.current?.focus();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [field]);
}

function leave(): void {
  // Closes a window of the desktop shell, or one that a page opened. A tab stays, and goes on to the panel.
  window.close();
  setTimeout(() => {
    if (!document.hidden && location.hash.startsWith('#/palette') && !window.closed) goTo({ panel: 'process' });
  }, 150);
}

/** What Enter, a digit or a click does with a row. */
function useTaking(
  state: PaletteState,
  save: (instruction: string) => void,
  wish: (action: ActionInfo) => void,
): (row: Row, show: boolean) => void {
  const { palette, process } = usePotter();
  const end = useEnd();
  const run = (action: ActionInfo, show: boolean, instruction?: string): void => {
    if (state.captureId === undefined) {
      palette.handOver(action, instruction);
      goTo({ panel: 'process' });
    } else {
      const options = { show, ...(instruction !== undefined && { instruction }) };
      void palette.start(action, options).then(end);
    }
  };
  return (row, show) => {
    const ask = askAction(process.state.getState().actions);
    switch (row.kind) {
      case 'action':
        // It has to be told first what to do.
        if (row.action.takesInstruction && state.captureId !== undefined) {
          palette.type('');
          wish(row.action);
        } else run(row.action, show);
        break;
      case 'recent':
      case 'ask':
        if (ask) run(ask, show, row.instruction);
        break;
      case 'save':
        save(row.instruction);
        break;
      case 'place': {
        const place = places.find(({ panel }) => panel === row.place.panel);
        if (place) goTo(routeOf(place.panel));
        break;
      }
    }
  };
}

/** A text that was written needs no window any more; one to be read gets the panel for it. */
function useEnd(): (run: Run) => Promise<void> {
  const { palette } = usePotter();
  return async (run) => {
    if (run.phase !== 'done') return;
    const { outcome, runId } = run.result;
    if (outcome === 'replaced' || outcome === 'copied') window.close();
    if ((outcome === 'shown' || outcome === 'returned') && (await palette.isKept(runId))) {
      goTo({ panel: 'history', runId });
    }
  };
}

/* ---- what it works on ---- */

const longestBeginning = 280;

function Subject({ state }: { readonly state: PaletteState }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const text = useStore(process.state, (each) => each.text);
  const { captureId, capture, captureError } = state;
  if (captureId === undefined) {
    return (
      <Textarea
        className="palette-own"
        aria-label={t('palette.ownText')}
        placeholder={t('palette.ownTextPlaceholder')}
        dir="auto"
        rows={2}
        value={text}
        onChange={({ currentTarget }) => process.setText(currentTarget.value)}
      />
    );
  }
  if (captureError) {
    return (
      <p className="palette-subject" data-tone="danger" role="alert">
        <IconAlert size={16} aria-hidden />
        <span>
          {t('palette.captureFailed')} <VisibleText text={`${captureError.message} ${captureError.kind.next}`} />
        </span>
      </p>
    );
  }
  if (!capture) return <p className="palette-subject">{t('palette.capturing')}</p>;
  const count = Array.from(capture.text).length;
  return (
    <section className="palette-subject" aria-label={t('palette.ownText')}>
      <p className="palette-text" dir="auto">
        <VisibleText text={capture.text.slice(0, longestBeginning).replace(/\s+/g, ' ')} />
        {capture.text.length > longestBeginning && '…'}
      </p>
      <p className="palette-origin">
        {capture.application && <span>{t('palette.from', { application: capture.application })}</span>}
        <span>{t('palette.characters', { count })}</span>
      </p>
    </section>
  );
}

/* ---- the list ---- */

interface RowsProps {
  readonly id: string;
  readonly rows: readonly Row[];
  readonly at: number;
  /** Do plain digits pick? */
  readonly isCounted: boolean;
  readonly onTake: (row: Row, show: boolean) => void;
}

function Rows({ id, rows, at, isCounted, onTake }: RowsProps): ReactNode {
  const { t } = useTranslation();
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen row is brought into view when it changes
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at, rows]);
  if (rows.length === 0) {
    return (
      <div className="palette-rows" id={`${id}-rows`} role="listbox" aria-label={t('palette.rows')}>
        <p className="palette-nothing">{t('palette.nothing')}</p>
      </div>
    );
  }
  return (
    <div className="palette-rows" id={`${id}-rows`} role="listbox" aria-label={t('palette.rows')} ref={list}>
      {rows.map((row, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the chosen row
        <div
          key={keyOf(row)}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          className="palette-row"
          onMouseDown={(event) => event.preventDefault()}
          onClick={(event) => onTake(row, event.shiftKey)}
        >
          <RowLine row={row} />
          <span className="palette-digit" aria-hidden>
            {index < 9 && (isCounted ? index + 1 : `Alt ${index + 1}`)}
          </span>
        </div>
      ))}
    </div>
  );
}

function keyOf(row: Row): string {
  switch (row.kind) {
    case 'action':
      return `action ${row.action.id}`;
    case 'recent':
      return `recent ${row.instruction}`;
    case 'place':
      return `place ${row.place.panel}`;
    case 'ask':
    case 'save':
      return row.kind;
  }
}

function RowLine({ row }: { readonly row: Row }): ReactNode {
  const { t } = useTranslation();
  switch (row.kind) {
    case 'action':
      return <ActionLine action={row.action} at={row.at} />;
    case 'recent':
      return (
        <Line
          icon={<IconMessage size={18} />}
          label={<Marked text={row.instruction} at={row.at} />}
          facts={[t('palette.recent')]}
        />
      );
    case 'place': {
      const Icon = places.find(({ panel }) => panel === row.place.panel)?.icon ?? IconProcess;
      return (
        <Line
          icon={<Icon size={18} />}
          label={<Marked text={row.place.label} at={row.at} />}
          facts={[t('palette.place')]}
        />
      );
    }
    case 'ask':
      return (
        <Line
          icon={<IconMessage size={18} />}
          label={t('palette.ask', { instruction: row.instruction })}
          detail={t('palette.askHint')}
        />
      );
    case 'save':
      return <Line icon={<IconBookmark size={18} />} label={t('palette.save')} detail={t('palette.saveHint')} />;
  }
}

function ActionLine({ action, at }: { readonly action: ActionInfo; readonly at: readonly number[] }): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const hotkeys = useStore(system.state, (state) => state.hotkeys);
  const hotkey = hotkeys.find(({ command, state }) => command === action.id && state === 'registered');
  const { output, model, tier } = action;
  return (
    <Line
      icon={<ActionIcon icon={action.icon} />}
      label={<Marked text={action.name} at={at} />}
      detail={action.description}
      facts={[
        t(`actions.output.${output}`),
        model?.slice(model.indexOf('/') + 1) ?? t(tier ? `actions.tiers.${tier}` : 'actions.noModel'),
      ]}
      keys={hotkey && shownKeys(hotkey.accelerator)}
    />
  );
}

interface LineProps {
  readonly icon: ReactNode;
  readonly label: ReactNode;
  readonly detail?: string;
  readonly facts?: readonly string[];
  readonly keys?: readonly string[] | undefined;
}

function Line({ icon, label, detail, facts = [], keys }: LineProps): ReactNode {
  return (
    <>
      <span className="palette-icon" aria-hidden>
        {icon}
      </span>
      <span className="palette-main">
        <span className="palette-label">{label}</span>
        {detail && <span className="palette-detail">{detail}</span>}
      </span>
      <span className="palette-facts">
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </span>
      {keys && <Keys keys={keys} />}
    </>
  );
}

/** The letters that were found stand out. */
function Marked({ text, at }: { readonly text: string; readonly at: readonly number[] }): ReactNode {
  if (at.length === 0) return text;
  const marked = new Set(at);
  return [...text].map((letter, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: letters never move
    marked.has(index) ? <b key={index}>{letter}</b> : letter,
  );
}

function Foot({ count, query }: { readonly count: number; readonly query: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <footer className="palette-foot">
      {paletteKeys(t, query !== '').map(({ keys, text }) => (
        <span key={text}>
          <Keys keys={keys} /> {text}
        </span>
      ))}
      <VisuallyHidden>
        <span role="status">{query !== '' && t('palette.found', { count })}</span>
      </VisuallyHidden>
    </footer>
  );
}

/* ---- keeping an instruction ---- */

const longestName = 50;

function SaveForm({ instruction, onEnd }: { readonly instruction: string; readonly onEnd: () => void }): ReactNode {
  const { t } = useTranslation();
  const { palette } = usePotter();
  const [name, setName] = useState(() => nameFor(instruction));
  const [error, setError] = useState<string>();
  const save = async (): Promise<void> => {
    try {
      await palette.save(name, instruction);
      notifications.show({ message: t('palette.saved', { name: name.trim() }), color: 'gray' });
      palette.type('');
      onEnd();
    } catch (thrown) {
      setError(toPotterError(thrown).message);
    }
  };
  return (
    <form
      className="palette-save"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onEnd();
      }}
    >
      <p className="palette-quote">
        <IconMessage size={18} aria-hidden />
        <span>{instruction}</span>
      </p>
      <TextInput
        label={t('palette.saveName')}
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
        maxLength={longestName}
        value={name}
        error={error}
        onChange={({ currentTarget }) => {
          setName(currentTarget.value);
          setError(undefined);
        }}
      />
      <div className="dialog-actions">
        <Button variant="default" onClick={onEnd}>
          {t('palette.cancelSave')}
        </Button>
        <Button type="submit" leftSection={<IconCheck size={16} />} disabled={name.trim() === ''}>
          {t('palette.saveNow')}
        </Button>
      </div>
    </form>
  );
}

/** The first words of the instruction, as many as a name may hold. */
function nameFor(instruction: string): string {
  const words = instruction.replace(/\s+/g, ' ').trim();
  const name = words.length <= longestName ? words : words.slice(0, longestName).replace(/\s\S*$/, '');
  return name.charAt(0).toLocaleUpperCase() + name.slice(1);
}

/* ---- the run ---- */

function Outcome({ run }: { readonly run: Run }): ReactNode {
  const { t } = useTranslation();
  const { palette } = usePotter();
  const back = (
    <Button variant="default" leftSection={<IconBack size={16} />} onClick={() => palette.back()}>
      {t('palette.back')}
    </Button>
  );
  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      if (run.phase === 'running') palette.cancel();
      else if (run.phase === 'done') leave();
      else palette.back();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [palette, run.phase]);
  switch (run.phase) {
    case 'idle':
      return null;
    case 'running':
      return (
        <div className="palette-run">
          <Running run={run} onCancel={() => palette.cancel()} />
        </div>
      );
    case 'cancelled':
      return (
        <Placeholder icon={<IconRefresh size={24} />} title={t('run.cancelled')} text={t('run.cancelledText')}>
          {back}
        </Placeholder>
      );
    case 'failed':
      return (
        <div className="palette-run">
          <FailedRun run={run}>{back}</FailedRun>
        </div>
      );
    case 'done':
      return <Ended run={run} back={back} />;
  }
}

const doneIcons = { replaced: IconChecks, copied: IconCopy, unchanged: IconEnter } as const;

function Ended({ run, back }: { readonly run: Extract<Run, { phase: 'done' }>; readonly back: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const { result } = run;
  const { outcome, notice } = result;
  if (outcome === 'shown' || outcome === 'returned') {
    return (
      <div className="palette-run">
        <Review
          input={result.input}
          output={result.output}
          corrections={result.corrections}
          comparable={result.action.output === 'replace'}
          changesFirst={false}
          takesFocus
          actions={back}
          facts={<Facts {...result} />}
        />
      </div>
    );
  }
  const Icon = doneIcons[outcome];
  return (
    <div className="palette-run" role="status">
      <Placeholder
        icon={<Icon size={26} />}
        title={t(`palette.done.${outcome}`)}
        text={notice ?? t(`palette.done.${outcome}Text`)}
      >
        {back}
      </Placeholder>
    </div>
  );
}
