import './review.css';
import { ActionIcon, Button, SegmentedControl } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Correction } from '../../shared/contract.ts';
import { allOf, applyChanges, type Change, changesOf, compareTexts, type Piece, toggle } from './changes.ts';
import { CopyButton, useCopy } from './copy.tsx';
import { IconArrowRight, IconCheck, IconChevronLeft, IconChevronRight, IconInsert, IconX } from './icons.ts';
import { KeyHelp } from './keys.tsx';
import { VisibleText } from './visible-text.tsx';

const views = ['inline', 'split', 'plain'] as const;
type View = (typeof views)[number];

export interface ReviewProps {
  readonly input: string;
  readonly output: string;
  readonly corrections?: readonly Correction[] | undefined;
  /** Is the output another version of the input? Otherwise it is an answer, shown without a comparison. */
  readonly comparable: boolean;
  /** Show the changes first, rather than the result. */
  readonly changesFirst: boolean;
  /** Take the keyboard's focus when it appears. */
  readonly takesFocus?: boolean;
  readonly onAgain?: () => void;
  readonly onLeave?: () => void;
  /** Where the reviewed text can go besides the clipboard: the main button, also by Enter. */
  readonly insert?: { readonly label: string; readonly run: (text: string) => void } | undefined;
  /** In place of the word "Result". */
  readonly title?: ReactNode;
  /** Above the text: a notice. */
  readonly head?: ReactNode;
  /** Beside the copy button. */
  readonly actions?: ReactNode;
  readonly facts: ReactNode;
}

/** A result with its changes, to be accepted one by one by mouse or keyboard, and copied. */
export function Review(props: ReviewProps): ReactNode {
  const {
    input,
    output,
    corrections,
    comparable,
    changesFirst,
    takesFocus = false,
    title,
    head,
    actions,
    facts,
    insert,
  } = props;
  const { t } = useTranslation();
  const pieces = useMemo(
    () => (comparable ? compareTexts(input, output, corrections) : []),
    [comparable, input, output, corrections],
  );
  const changes = useMemo(() => changesOf(pieces), [pieces]);
  const [accepted, setAccepted] = useState<ReadonlySet<number>>(() => allOf(pieces));
  const [current, setCurrent] = useState(0);
  const [view, setView] = useState<View>(changesFirst && changes.length > 0 ? 'inline' : 'plain');
  const copying = useCopy();
  const area = useRef<HTMLDivElement>(null);
  const text = changes.length > 0 ? applyChanges(pieces, accepted) : output;

  const focusChange = (id: number): void =>
    area.current?.querySelector<HTMLElement>(`[data-change="${id}"]`)?.focus({ preventScroll: false });
  useEffect(() => {
    if (takesFocus) (area.current?.querySelector<HTMLElement>('[data-change="0"]') ?? area.current)?.focus();
  }, [takesFocus]);

  const move = (step: number): void => {
    const next = Math.min(Math.max(current + step, 0), changes.length - 1);
    setCurrent(next);
    focusChange(next);
  };
  const commands: Readonly<Record<string, () => void>> = {
    j: () => move(1),
    ArrowRight: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowLeft: () => move(-1),
    ArrowUp: () => move(-1),
    ' ': () => setAccepted(toggle(accepted, current)),
    a: () => setAccepted(allOf(pieces)),
    r: () => setAccepted(new Set()),
    v: () => {
      // The change that has the focus goes away with the view.
      area.current?.focus();
      setView(views[(views.indexOf(view) + 1) % views.length] ?? 'inline');
    },
    c: () => void copying.copy(text),
    t: () => props.onAgain?.(),
    Escape: () => props.onLeave?.(),
    ...(insert && { Enter: () => insert.run(text) }),
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !takesKeys(event)) return;
    if (!Object.hasOwn(commands, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    commands[event.key]?.();
  };

  const toggled = (id: number): void => {
    setCurrent(id);
    setAccepted(toggle(accepted, id));
  };
  const marks = { accepted, current, onToggle: toggled, onFocus: setCurrent };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the changes inside it
    <div className="review" ref={area} tabIndex={-1} onKeyDown={onKeyDown}>
      <header className="pane-head">
        {title ?? <h2 className="label">{t('process.result')}</h2>}
        {changes.length > 0 && (
          <>
            <span className="review-count">
              {t('review.accepted', { accepted: accepted.size, total: changes.length })}
            </span>
            <SegmentedControl
              aria-label={t('review.view')}
              value={view}
              onChange={setView}
              data={views.map((value) => ({ value, label: t(`review.${value}`) }))}
            />
          </>
        )}
        <KeyHelp />
      </header>
      {head}
      <div className="review-text">
        {view === 'plain' && (
          <div className="reading" dir="auto">
            <VisibleText text={text} />
          </div>
        )}
        {view === 'inline' && (
          <fieldset className="reading" dir="auto" aria-label={t('review.label')}>
            <Pieces
              pieces={pieces}
              draw={(change) => <Mark key={change.id} change={change} side="both" {...marks} />}
            />
          </fieldset>
        )}
        {view === 'split' && <Split pieces={pieces} marks={marks} />}
      </div>
      {view !== 'plain' && changes[current] && (
        <CurrentChange
          change={changes[current]}
          total={changes.length}
          accepted={accepted.has(current)}
          onMove={move}
          onToggle={() => toggled(current)}
        />
      )}
      <footer className="review-foot">
        {insert && (
          <Button leftSection={<IconInsert size={16} />} onClick={() => insert.run(text)}>
            {insert.label}
          </Button>
        )}
        <CopyButton label={t('run.copy')} text={text} copying={copying} variant={insert ? 'default' : 'filled'} />
        {actions}
        {changes.length > 1 && (
          <span className="review-all">
            <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setAccepted(allOf(pieces))}>
              {t('review.acceptAll')}
            </Button>
            <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setAccepted(new Set())}>
              {t('review.rejectAll')}
            </Button>
          </span>
        )}
        <span className="review-facts">{facts}</span>
      </footer>
    </div>
  );
}

/** Keys typed into a field, and Space or Enter on a button, mean what they always mean. */
function takesKeys({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('input, textarea, select')) return key === 'Escape';
  return (key !== ' ' && key !== 'Enter') || target.matches('[data-change], .review');
}

interface Marks {
  readonly accepted: ReadonlySet<number>;
  readonly current: number;
  readonly onToggle: (id: number) => void;
  readonly onFocus: (id: number) => void;
}

interface PiecesProps {
  readonly pieces: readonly Piece[];
  readonly draw: (change: Change) => ReactNode;
}

function Pieces({ pieces, draw }: PiecesProps): ReactNode {
  let at = 0;
  return pieces.map((piece) => {
    if (piece.kind === 'change') return draw(piece);
    at += 1;
    return <VisibleText key={`same ${at}`} text={piece.text} />;
  });
}

function Split({ pieces, marks }: { readonly pieces: readonly Piece[]; readonly marks: Marks }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="review-split">
      <div>
        <p className="label">{t('review.before')}</p>
        <div className="reading" dir="auto">
          <Pieces
            pieces={pieces}
            draw={(change) => (
              <del key={change.id} data-current={change.id === marks.current || undefined}>
                <ChangedText text={change.before} />
              </del>
            )}
          />
        </div>
      </div>
      <div>
        <p className="label">{t('review.after')}</p>
        <fieldset className="reading" dir="auto" aria-label={t('review.label')}>
          <Pieces pieces={pieces} draw={(change) => <Mark key={change.id} change={change} side="after" {...marks} />} />
        </fieldset>
      </div>
    </div>
  );
}

interface MarkProps extends Marks {
  readonly change: Change;
  readonly side: 'both' | 'after';
}

function Mark({ change, side, accepted, current, onToggle, onFocus }: MarkProps): ReactNode {
  const describe = useDescription();
  const { t } = useTranslation();
  const { id, before, after, explanation } = change;
  const isAccepted = accepted.has(id);
  const state = isAccepted ? t('review.isAccepted') : t('review.isRejected');
  return (
    // biome-ignore lint/a11y/useSemanticElements: an input cannot hold text that breaks across lines
    // biome-ignore lint/a11y/useKeyWithClickEvents: the section around all changes has the keys
    <span
      role="checkbox"
      aria-checked={isAccepted}
      aria-label={[describe(change), state, explanation].filter(Boolean).join('. ')}
      title={explanation}
      className="change"
      data-change={id}
      data-rejected={!isAccepted || undefined}
      data-current={id === current || undefined}
      tabIndex={id === current ? 0 : -1}
      onClick={() => onToggle(id)}
      onFocus={() => onFocus(id)}
    >
      {(side === 'both' || !isAccepted) && before !== '' && (
        <del>
          <ChangedText text={before} />
        </del>
      )}
      {(side === 'both' || isAccepted) && after !== '' && (
        <ins>
          <ChangedText text={after} />
        </ins>
      )}
      {side === 'after' && (isAccepted ? after : before) === '' && <span className="change-gap" aria-hidden />}
    </span>
  );
}

/** A changed line end is shown, since it would otherwise be invisible. */
function ChangedText({ text }: { readonly text: string }): ReactNode {
  let line = 0;
  return text.split('\n').map((part) => {
    line += 1;
    return (
      <span key={line}>
        {line > 1 && (
          <>
            <span className="line-end" aria-hidden>
              ↵
            </span>
            {'\n'}
          </>
        )}
        <VisibleText text={part} />
      </span>
    );
  });
}

interface CurrentChangeProps {
  readonly change: Change;
  readonly total: number;
  readonly accepted: boolean;
  readonly onMove: (step: number) => void;
  readonly onToggle: () => void;
}

function CurrentChange({ change, total, accepted, onMove, onToggle }: CurrentChangeProps): ReactNode {
  const { t } = useTranslation();
  const { id, before, after, explanation } = change;
  return (
    <div className="current-change">
      <div className="current-change-steps">
        <ActionIcon aria-label={t('review.previous')} disabled={id === 0} onClick={() => onMove(-1)}>
          <IconChevronLeft size={17} />
        </ActionIcon>
        <span>{t('review.position', { position: id + 1, total })}</span>
        <ActionIcon aria-label={t('review.next')} disabled={id === total - 1} onClick={() => onMove(1)}>
          <IconChevronRight size={17} />
        </ActionIcon>
      </div>
      <div className="current-change-text">
        <p className="current-change-words">
          <Side text={before} tag="del" />
          <IconArrowRight size={14} aria-hidden />
          <Side text={after} tag="ins" />
        </p>
        {explanation && (
          <p className="current-change-why">
            <VisibleText text={explanation} />
          </p>
        )}
      </div>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={accepted ? <IconX size={14} /> : <IconCheck size={14} />}
        onClick={onToggle}
      >
        {accepted ? t('review.reject') : t('review.accept')}
      </Button>
    </div>
  );
}

function Side({ text, tag: Tag }: { readonly text: string; readonly tag: 'del' | 'ins' }): ReactNode {
  const name = useNaming();
  return (
    <Tag dir="auto" data-named={text.trim() === '' || undefined}>
      <VisibleText text={name(text)} />
    </Tag>
  );
}

const longestQuote = 120;

/** A changed text as it can be read out: blanks by name, a long one shortened. */
function useNaming(): (text: string) => string {
  const { t } = useTranslation();
  return (text) => {
    if (text === '') return t('review.nothing');
    if (text.trim() === '') return text.includes('\n') ? t('review.lineBreak') : t('review.space');
    return text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text;
  };
}

function useDescription(): (change: Change) => string {
  const { t } = useTranslation();
  const name = useNaming();
  return ({ before, after }) => {
    if (before === '') return t('review.inserted', { after: name(after) });
    if (after === '') return t('review.removed', { before: name(before) });
    return t('review.replaced', { before: name(before), after: name(after) });
  };
}
