import './history.css';
import { ActionIcon, Button, Loader, TextInput, VisuallyHidden } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { HistoryEntry, HistoryListEntry } from '../../shared/contract.ts';
import { type ErrorCode, errorKinds, toPotterError } from '../../shared/errors.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Facts } from '../parts/facts.tsx';
import { Failure } from '../parts/failure.tsx';
import { moment } from '../parts/format.ts';
import {
  IconAlert,
  IconBack,
  IconEyeOff,
  IconHistory,
  IconLock,
  IconProcess,
  IconSearch,
  IconSettings,
  IconTrash,
  IconX,
} from '../parts/icons.ts';
import { isNamed } from '../parts/name-list.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { isFailure, ResultTag } from '../parts/results.tsx';
import { exclude, RetentionDialog } from '../parts/retention.tsx';
import { Review } from '../parts/review.tsx';
import { useSetting } from '../parts/setting.tsx';
import { VisibleText } from '../parts/visible-text.tsx';
import { goTo, hrefOf } from '../routes.ts';
import type { HistoryState, OpenEntry } from '../store/history.ts';
import { usePotter } from '../store/potter.tsx';

/** Every run kept on this machine: the list, and one entry beside it. */
export function HistoryPanel({ runId }: { readonly runId: string | undefined }): ReactNode {
  const { history } = usePotter();
  const state = useStore(history.state);
  const [doomed, setDoomed] = useState<string>();
  useEffect(() => void history.open(runId), [history, runId]);
  const { t } = useTranslation();
  const [isRetentionOpen, setRetentionOpen] = useState(false);
  const openRetention = (): void => setRetentionOpen(true);
  const isOff = useSetting('history.enabled')?.value === false;
  const isEmpty = state.status === 'ready' && state.query === '' && state.entries.length === 0;
  /** There is nothing to choose from. */
  const isBlank = runId === undefined && (isEmpty || state.locked);

  return (
    <div className="history" data-detail={runId !== undefined || undefined} data-blank={isBlank || undefined}>
      <div className="history-side">
        <HistoryHead state={state} onRemoveAll={() => setDoomed('all')} onRetention={openRetention} />
        {isOff && !isEmpty && <p className="history-off">{`${t('history.off')}. ${t('history.offText')}`}</p>}
        <HistoryList state={state} chosen={runId} isOff={isOff} onRetention={openRetention} />
      </div>
      {!isBlank && <Detail open={state.open} onRemove={setDoomed} />}
      <RetentionDialog opened={isRetentionOpen} onClose={() => setRetentionOpen(false)} />
      {doomed !== undefined && <RemoveDialog id={doomed} total={state.total} onClose={() => setDoomed(undefined)} />}
    </div>
  );
}

interface HistoryHeadProps {
  readonly state: HistoryState;
  readonly onRemoveAll: () => void;
  readonly onRetention: () => void;
}

const searchDelay = 150;

function HistoryHead({ state, onRemoveAll, onRetention }: HistoryHeadProps): ReactNode {
  const { t } = useTranslation();
  const { history } = usePotter();
  const [query, setQuery] = useState(state.query);
  const search = useDebouncedCallback((text: string) => void history.search(text), searchDelay);
  const onSearch = (text: string): void => {
    setQuery(text);
    search(text);
  };
  return (
    <header className="history-head">
      <div className="history-title">
        <h1>{t('history.title')}</h1>
        {state.total > 0 && <span className="quiet">{t('history.entries', { count: state.total })}</span>}
        {state.total > 0 && (
          <Button variant="subtle" color="gray" size="compact-sm" onClick={onRemoveAll}>
            {t('history.removeAll')}
          </Button>
        )}
        <ActionIcon aria-label={t('history.retention')} title={t('history.retention')} onClick={onRetention}>
          <IconSettings size={17} />
        </ActionIcon>
      </div>
      <TextInput
        type="search"
        className="history-search"
        aria-label={t('history.search')}
        placeholder={t('history.search')}
        leftSection={<IconSearch size={16} />}
        disabled={state.locked}
        value={query}
        onChange={({ currentTarget }) => onSearch(currentTarget.value)}
      />
    </header>
  );
}

interface HistoryListProps {
  readonly state: HistoryState;
  readonly chosen: string | undefined;
  /** Nothing new is kept. */
  readonly isOff: boolean;
  readonly onRetention: () => void;
}

function HistoryList({ state, chosen, isOff, onRetention }: HistoryListProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { history } = usePotter();
  const { entries, total, query, status, locked, error } = state;
  if (locked) {
    return (
      <Placeholder icon={<IconLock size={24} />} title={t('history.locked')} text={t('history.lockedText')} alert>
        <p className="history-locked">{t('history.lockedNext')}</p>
        <Button component="a" variant="default" href={hrefOf({ panel: 'providers' })}>
          {t('app.mend.providers')}
        </Button>
      </Placeholder>
    );
  }
  if (status === 'failed' && error) {
    return (
      <Placeholder icon={<IconAlert size={24} />} title={t('history.failed')} text={error.message} alert>
        <Button variant="default" onClick={() => void history.readAgain()}>
          {t('history.retry')}
        </Button>
      </Placeholder>
    );
  }
  if (entries.length === 0 && status === 'ready' && query === '' && isOff) {
    return (
      <Placeholder icon={<IconHistory size={24} />} title={t('history.off')} text={t('history.offText')}>
        <Button variant="default" onClick={onRetention}>
          {t('history.retention')}
        </Button>
      </Placeholder>
    );
  }
  if (entries.length === 0) return <EmptyList loading={status === 'loading'} query={query} />;
  const now = Date.now();
  return (
    <nav className="history-list" aria-label={t('history.title')}>
      <ul>
        {entries.map((entry) => (
          <li key={entry.id}>
            <a
              href={hrefOf({ panel: 'history', runId: entry.id })}
              className="history-entry"
              {...(entry.id === chosen && { 'aria-current': true })}
            >
              <span className="history-entry-line">
                <strong>{entry.actionName}</strong>
                <time dateTime={new Date(entry.at).toISOString()}>{moment(entry.at, now, i18n.language)}</time>
              </span>
              <span className="history-entry-text" dir="auto">
                <VisibleText text={snippet(entry)} />
              </span>
              <ResultTag result={entry.result} />
            </a>
          </li>
        ))}
      </ul>
      {entries.length < total && (
        <Button variant="subtle" color="gray" fullWidth onClick={() => void history.more().catch(tell)}>
          {t('history.more')}
        </Button>
      )}
    </nav>
  );
}

function EmptyList({ loading, query }: { readonly loading: boolean; readonly query: string }): ReactNode {
  const { t } = useTranslation();
  if (loading) {
    return (
      <div className="history-loading" role="status">
        <Loader size="sm" color="gray" />
        <span className="quiet">{t('history.loading')}</span>
      </div>
    );
  }
  if (query !== '') {
    return (
      <div role="status" className="history-nothing">
        <Placeholder
          icon={<IconSearch size={24} />}
          title={t('history.noMatch')}
          text={t('history.noMatchText', { query })}
        />
      </div>
    );
  }
  return (
    <Placeholder icon={<IconHistory size={24} />} title={t('history.empty')} text={t('history.emptyText')}>
      <Button onClick={() => goTo({ panel: 'process' })}>{t('history.start')}</Button>
    </Placeholder>
  );
}

const snippetLength = 160;

function snippet({ output, input }: HistoryListEntry): string {
  return (output.trim() || input.trim()).replace(/\s+/g, ' ').slice(0, snippetLength);
}

interface DetailProps {
  readonly open: OpenEntry | undefined;
  readonly onRemove: (id: string) => void;
}

function Detail({ open, onRemove }: DetailProps): ReactNode {
  const { t } = useTranslation();
  if (!open) {
    return (
      <section className="pane history-detail" aria-label={t('history.choose')}>
        <Placeholder title={t('history.choose')} text={t('history.chooseText')} />
      </section>
    );
  }
  return (
    <section className="pane history-detail" aria-label={t('process.result')} aria-busy={open.status === 'loading'}>
      {open.status === 'ready' && <Entry key={open.id} entry={open.entry} onRemove={() => onRemove(open.id)} />}
      {open.status === 'loading' && (
        <div className="history-loading">
          <Loader size="sm" color="gray" />
        </div>
      )}
      {open.status === 'failed' && (
        <Placeholder icon={<IconAlert size={24} />} title={t('history.gone')} text={t('history.goneText')} alert>
          <Button variant="default" onClick={() => goTo({ panel: 'history' })}>
            {t('history.back')}
          </Button>
        </Placeholder>
      )}
    </section>
  );
}

interface EntryProps {
  readonly entry: HistoryEntry;
  readonly onRemove: () => void;
}

function Entry({ entry, onRemove }: EntryProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { application } = entry;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <header className="entry-head">
        <ActionIcon
          className="entry-back"
          component="a"
          href={hrefOf({ panel: 'history' })}
          aria-label={t('history.back')}
        >
          <IconBack size={18} />
        </ActionIcon>
        <div className="entry-title">
          <h2 ref={heading} tabIndex={-1}>
            {entry.actionName}
          </h2>
          <p className="quiet">
            <ResultTag result={entry.result} />
            <span>{moment(entry.at, Date.now(), i18n.language)}</span>
            {application && <span>{t('history.from', { application })}</span>}
          </p>
          {entry.instruction !== undefined && (
            <p className="entry-instruction" dir="auto">
              <VisuallyHidden>{t('history.instruction')}: </VisuallyHidden>
              <VisibleText text={entry.instruction} />
            </p>
          )}
        </div>
        {application && <ExcludeButton application={application} />}
        <ActionIcon aria-label={t('history.remove')} title={t('history.remove')} onClick={onRemove}>
          <IconTrash size={18} />
        </ActionIcon>
      </header>
      <EntryBody entry={entry} />
    </>
  );
}

/** One step from a text that should not have been kept to keeping none of that program. */
function ExcludeButton({ application }: { readonly application: string }): ReactNode {
  const { t } = useTranslation();
  const excluded = useSetting('history.excludedApplications');
  if (!excluded || excluded.isFixed) return undefined;
  const label = t('history.excludeThis', { application });
  const isDone = isNamed(excluded, application);
  const press = async (): Promise<void> => {
    if (!isDone && (await exclude(excluded, application))) {
      notifications.show({ message: t('history.excludedNow', { application }), color: 'gray' });
    }
  };
  return (
    <ActionIcon aria-label={label} title={label} aria-pressed={isDone} onClick={() => void press()}>
      <IconEyeOff size={18} />
    </ActionIcon>
  );
}

function EntryBody({ entry }: { readonly entry: HistoryEntry }): ReactNode {
  const { t } = useTranslation();
  const { history, process } = usePotter();
  const reuse = (
    <Button
      variant="default"
      leftSection={<IconProcess size={16} />}
      onClick={() => {
        process.reuse(entry);
        goTo({ panel: 'process' });
      }}
    >
      {t('history.reuse')}
    </Button>
  );
  if (entry.result === 'running') {
    return (
      <Placeholder icon={<Loader size="sm" />} title={t('history.running')}>
        <Button
          variant="default"
          leftSection={<IconX size={16} />}
          onClick={() => void history.cancel(entry.id).catch(tell)}
        >
          {t('process.cancel')}
        </Button>
      </Placeholder>
    );
  }
  if (isFailure(entry.result)) return <FailedEntry entry={entry}>{reuse}</FailedEntry>;
  if (entry.output === '' || entry.output === entry.input) return <InputOnly entry={entry}>{reuse}</InputOnly>;
  return (
    <Review
      key={entry.output}
      input={entry.input}
      output={entry.output}
      comparable={isVersion(entry)}
      changesFirst
      head={entry.message && <p className="entry-message">{entry.message}</p>}
      actions={reuse}
      facts={<Facts {...entry} />}
    />
  );
}

/** An answer that was only shown has nothing to compare. */
function isVersion({ result }: HistoryEntry): boolean {
  return result !== 'shown';
}

interface EntryPartProps {
  readonly entry: HistoryEntry;
  readonly children: ReactNode;
}

function FailedEntry({ entry, children }: EntryPartProps): ReactNode {
  const { result, message = result, output, input } = entry;
  const next = isErrorCode(result) ? errorKinds[result].next : undefined;
  return (
    <div className="entry-scroll">
      <Failure code={result} message={message} {...(next && { next })} {...(output !== '' && { answer: output })}>
        {children}
      </Failure>
      <EntryInput text={input} />
    </div>
  );
}

function InputOnly({ entry, children }: EntryPartProps): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <div className="entry-scroll">
        {entry.message && <p className="entry-message">{entry.message}</p>}
        <EntryInput text={entry.input} />
        {entry.output === '' && <p className="quiet entry-message">{t('history.noOutput')}</p>}
      </div>
      <footer className="review-foot entry-foot">
        {children}
        <span className="review-facts">
          <Facts {...entry} />
        </span>
      </footer>
    </>
  );
}

function EntryInput({ text }: { readonly text: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="entry-input">
      <p className="label">{t('history.input')}</p>
      <div className="reading" dir="auto">
        <VisibleText text={text} />
      </div>
    </div>
  );
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorKinds, code);
}

interface RemoveDialogProps {
  /** The entry to delete, or `all`. */
  readonly id: string;
  readonly total: number;
  readonly onClose: () => void;
}

function RemoveDialog({ id, total, onClose }: RemoveDialogProps): ReactNode {
  const { t } = useTranslation();
  const { history } = usePotter();
  const all = id === 'all';
  const remove = async (): Promise<void> => {
    onClose();
    try {
      await history.remove(id);
      goTo({ panel: 'history' });
      notifications.show({ message: t('history.removed'), color: 'gray' });
    } catch (thrown) {
      notifications.show({ title: t('history.removeFailed'), message: toPotterError(thrown).message, color: 'red' });
    }
  };
  return (
    <Dialog title={all ? t('history.removeAllTitle') : t('history.removeTitle')} onClose={onClose}>
      <p className="dialog-text">{all ? t('history.removeAllText', { count: total }) : t('history.removeText')}</p>
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('history.keep')}
        </Button>
        <Button className="dialog-danger" onClick={() => void remove()}>
          {all ? t('history.removeAll') : t('history.remove')}
        </Button>
      </div>
    </Dialog>
  );
}

function tell(thrown: unknown): void {
  const { message, kind } = toPotterError(thrown);
  notifications.show({ title: message, message: kind.next, color: 'red' });
}
