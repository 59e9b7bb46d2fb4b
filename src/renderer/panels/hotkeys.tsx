import './hotkeys.css';
import { Button, SegmentedControl, TextInput, VisuallyHidden } from '@mantine/core';
import { type ReactNode, type RefObject, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Output } from '../../shared/contract.ts';
import { readable, shownKeys, spoken } from '../parts/accelerators.ts';
import { ActionIcon } from '../parts/action-icon.tsx';
import { CopyButton, useCopy } from '../parts/copy.tsx';
import { HotkeyField } from '../parts/hotkey-field.tsx';
import {
  IconAlert,
  IconInfo,
  IconKeyboard,
  IconList,
  IconLock,
  IconProcess,
  IconQuestion,
  IconSearch,
  IconUndo,
} from '../parts/icons.ts';
import { type KeyRow, Keys, paletteKeys, reviewKeys } from '../parts/keys.tsx';
import { Page, Section, Sheet } from '../parts/page.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { fuzzySearch } from '../store/fuzzy.ts';
import { type Hotkey, type HotkeysState, type HotkeyTarget, hotkeyFilters } from '../store/hotkeys.ts';
import { usePotter } from '../store/potter.tsx';
import { type HotkeysInUse, useHotkeys } from './use-hotkeys.ts';

/** Every global hotkey with what became of it, and the keys inside Potter. */
export function HotkeysPanel(): ReactNode {
  const { t } = useTranslation();
  const { hotkeys: store } = usePotter();
  const { query, filter, changed } = useStore(store.state);
  const inUse = useHotkeys();
  const [news, setNews] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const isReady = useIsReady(inUse.all);
  const found = isReady ? find(inUse.all ?? [], { query, filter, changed }, inUse.nameOf) : [];
  const list = { inUse, tell: setNews };

  return (
    <Page title={t('hotkeys.title')} text={t('hotkeys.text')}>
      {isReady ? (
        <>
          <DesktopNote hotkeys={inUse.all ?? []} />
          <Finder field={field} total={(inUse.all ?? []).filter(({ accelerator }) => accelerator !== null).length} />
          {found.length === 0 && <NothingFound query={query.trim()} onShowAll={() => field.current?.focus()} />}
          {sections.map((section) => (
            <List
              key={section}
              title={t(`hotkeys.sections.${section}`)}
              text={section === 'own' ? undefined : t(`hotkeys.sections.${section}Text`)}
              hotkeys={found.filter(({ target }) => sectionOf(target) === section)}
              {...list}
            />
          ))}
        </>
      ) : (
        <NotReady />
      )}
      <KeysInside />
      <VisuallyHidden>
        <p role="status">{query.trim() === '' ? news : t('hotkeys.found', { count: found.length })}</p>
      </VisuallyHidden>
    </Page>
  );
}

const sections = ['own', 'actions', 'plugins'] as const;

function sectionOf(target: HotkeyTarget): (typeof sections)[number] {
  if (target.kind === 'own') return 'own';
  return target.action?.origin === 'plugin' ? 'plugins' : 'actions';
}

/** The list is shown when both its halves are here. */
function useIsReady(all: readonly Hotkey[] | undefined): boolean {
  const { process } = usePotter();
  const count = useStore(process.state, ({ actions }) => actions.length);
  return all !== undefined && count > 0;
}

/** Those the search and the filter leave, in their usual order. */
function find(
  all: readonly Hotkey[],
  { query, filter, changed }: HotkeysState,
  nameOf: HotkeysInUse['nameOf'],
): readonly Hotkey[] {
  const kept = filter === 'all' ? all : all.filter(({ id, accelerator }) => accelerator !== null || changed.has(id));
  if (query.trim() === '') return kept;
  const textsOf = (hotkey: Hotkey): string[] => [
    nameOf(hotkey),
    hotkey.target.command,
    hotkey.accelerator === null ? '' : spoken(hotkey.accelerator),
  ];
  const matching = new Set(fuzzySearch(query, kept, textsOf).map(({ entry }) => entry));
  return kept.filter((hotkey) => matching.has(hotkey));
}

function NotReady(): ReactNode {
  const { t } = useTranslation();
  const { process, settings } = usePotter();
  const settingsError = useStore(settings.state, ({ error }) => error);
  const actionsError = useStore(process.state, ({ loadError }) => loadError);
  const error = settingsError ?? actionsError;
  if (error) {
    return (
      <Placeholder icon={<IconAlert size={24} />} title={t('hotkeys.loadFailed')} text={error.message} alert>
        <Button
          variant="default"
          onClick={() => {
            void settings.readAgain();
            void process.readActions();
          }}
        >
          {t('app.retry')}
        </Button>
      </Placeholder>
    );
  }
  return (
    <div className="hotkeys-loading" role="status">
      <VisuallyHidden>{t('hotkeys.loading')}</VisuallyHidden>
      {[1, 2, 3].map((line) => (
        <span key={line} className="hotkeys-ghost" />
      ))}
    </div>
  );
}

type Note = 'wayland' | 'none' | 'unheld';

/** What keeps hotkeys from working here, with what does work. */
function DesktopNote({ hotkeys }: { readonly hotkeys: readonly Hotkey[] }): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { info } = useStore(system.state);
  const copying = useCopy();
  const note = info && noteOf(info, hotkeys);
  if (!note) return undefined;
  const command = t(`hotkeys.desktop.${note}.command`);
  return (
    <section className="desktop-note" aria-label={t(`hotkeys.desktop.${note}.title`)}>
      <IconInfo size={18} aria-hidden />
      <div>
        <p className="desktop-note-title">{t(`hotkeys.desktop.${note}.title`)}</p>
        <p>{t(`hotkeys.desktop.${note}.text`)}</p>
        <p className="desktop-note-command">
          <code>{command}</code>
          <CopyButton label={t('hotkeys.desktop.copy')} text={command} copying={copying} variant="default" />
        </p>
        <p className="desktop-note-more">{t(`hotkeys.desktop.${note}.more`)}</p>
      </div>
    </section>
  );
}

function noteOf({ desktop, runtime }: Output<'system.info'>, hotkeys: readonly Hotkey[]): Note | undefined {
  // Some Wayland desktops register hotkeys through their portal.
  if (hotkeys.some(({ state }) => state === 'registered')) return undefined;
  if (desktop.kind === 'wayland' || desktop.kind === 'none') return desktop.kind;
  const isUnheld = hotkeys.some(({ state }) => state === 'unheld');
  return isUnheld && !Object.hasOwn(runtime, 'electron') ? 'unheld' : undefined;
}

interface FinderProps {
  readonly field: RefObject<HTMLInputElement | null>;
  /** How many have a hotkey. */
  readonly total: number;
}

function Finder({ field, total }: FinderProps): ReactNode {
  const { t } = useTranslation();
  const { hotkeys: store } = usePotter();
  const { query, filter } = useStore(store.state);
  return (
    <div className="hotkeys-finder">
      <TextInput
        ref={field}
        type="search"
        className="hotkeys-search"
        aria-label={t('hotkeys.search')}
        placeholder={t('hotkeys.search')}
        leftSection={<IconSearch size={16} />}
        value={query}
        onChange={({ currentTarget }) => store.search(currentTarget.value)}
      />
      <SegmentedControl
        aria-label={t('hotkeys.filter')}
        value={filter}
        onChange={store.choose.bind(store)}
        data={hotkeyFilters.map((value) => ({ value, label: t(`hotkeys.filters.${value}`, { count: total }) }))}
      />
    </div>
  );
}

interface NothingFoundProps {
  readonly query: string;
  readonly onShowAll: () => void;
}

function NothingFound({ query, onShowAll }: NothingFoundProps): ReactNode {
  const { t } = useTranslation();
  const { hotkeys: store } = usePotter();
  const showAll = (
    <Button
      variant="default"
      onClick={() => {
        store.search('');
        store.choose('all');
        onShowAll();
      }}
    >
      {t('hotkeys.showAll')}
    </Button>
  );
  if (query === '') {
    return (
      <Placeholder icon={<IconKeyboard size={24} />} title={t('hotkeys.noneSet')} text={t('hotkeys.noneSetText')}>
        {showAll}
      </Placeholder>
    );
  }
  return (
    <Placeholder
      icon={<IconSearch size={24} />}
      title={t('hotkeys.noMatch')}
      text={t('hotkeys.noMatchText', { query })}
    >
      {showAll}
    </Placeholder>
  );
}

interface RowContext {
  readonly inUse: HotkeysInUse;
  /** Says something to a screen reader. */
  readonly tell: (news: string) => void;
}

interface ListProps extends RowContext {
  readonly title: string;
  readonly text: string | undefined;
  readonly hotkeys: readonly Hotkey[];
}

function List({ title, text, hotkeys, ...context }: ListProps): ReactNode {
  if (hotkeys.length === 0) return undefined;
  return (
    <Section title={title} {...(text !== undefined && { text })}>
      <Sheet>
        <ul className="hotkey-rows" aria-label={title}>
          {hotkeys.map((hotkey) => (
            <Row key={hotkey.id} hotkey={hotkey} {...context} />
          ))}
        </ul>
      </Sheet>
    </Section>
  );
}

interface RowProps extends RowContext {
  readonly hotkey: Hotkey;
}

function Row({ hotkey, inUse, tell }: RowProps): ReactNode {
  const { t } = useTranslation();
  const row = useRef<HTMLLIElement>(null);
  const name = inUse.nameOf(hotkey);
  const { accelerator: current, message } = hotkey;
  const problem = current !== null && message !== undefined ? readable(message, current) : undefined;
  const set = async (accelerator: string | null): Promise<void> => {
    if (!(await inUse.set(hotkey, accelerator))) return;
    tell(
      accelerator === null ? t('hotkeys.removed', { name }) : t('hotkeys.changed', { name, keys: spoken(accelerator) }),
    );
  };
  // The button that was pressed is gone afterwards.
  const choose = (accelerator: string): void => {
    row.current?.querySelector<HTMLElement>('.hotkey-button')?.focus();
    void set(accelerator);
  };
  return (
    <li className="hotkey-row" ref={row} data-state={hotkey.state} data-hotkey={hotkey.id}>
      <span className="hotkey-icon" aria-hidden>
        <TargetIcon target={hotkey.target} />
      </span>
      <div className="hotkey-text">
        <p className="hotkey-name">{name}</p>
        <Hint target={hotkey.target} />
      </div>
      <div className="hotkey-control">
        <StateTag state={hotkey.state} />
        {hotkey.fixedBy === undefined ? (
          <HotkeyField
            compact
            label={t('hotkeys.of', { name })}
            value={hotkey.accelerator}
            conflictOf={(accelerator) => inUse.conflictOf(hotkey, accelerator)}
            problem={problem}
            onChange={(accelerator) => void set(accelerator)}
          />
        ) : (
          <Fixed hotkey={hotkey} variable={hotkey.fixedBy} />
        )}
        {hotkey.fixedBy === undefined && <Choices hotkey={hotkey} inUse={inUse} onChoose={choose} />}
      </div>
    </li>
  );
}

function TargetIcon({ target }: { readonly target: HotkeyTarget }): ReactNode {
  if (target.kind === 'action') {
    return target.action ? <ActionIcon icon={target.action.icon} size={17} /> : <IconQuestion size={17} />;
  }
  const Icon = { run: IconProcess, palette: IconList, restore: IconUndo }[target.command];
  return <Icon size={17} />;
}

function Hint({ target }: { readonly target: HotkeyTarget }): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const { actions, current } = useStore(process.state);
  if (target.kind === 'action') {
    return <p className="hotkey-hint">{target.action?.description ?? t('hotkeys.lost')}</p>;
  }
  const action = actions.find(({ id }) => id === current)?.name ?? '';
  return <p className="hotkey-hint">{t(`hotkeys.hints.${target.command}`, { action })}</p>;
}

const tones = { registered: 'good', failed: 'bad', unheld: 'neutral', pending: 'neutral' } as const;

function StateTag({ state }: { readonly state: Hotkey['state'] }): ReactNode {
  const { t } = useTranslation();
  if (state === 'none') return undefined;
  return (
    <span className="result-tag" data-tone={tones[state]}>
      {t(`hotkeys.states.${state}`)}
    </span>
  );
}

function Fixed({ hotkey, variable }: { readonly hotkey: Hotkey; readonly variable: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <p className="hotkey-fixed">
      <IconLock size={15} aria-hidden />
      {hotkey.accelerator === null ? t('hotkeyField.none') : <Keys keys={shownKeys(hotkey.accelerator)} />}
      <span className="hotkey-fixed-by">
        {t('hotkeys.fixed')} <code>{variable}</code>
      </span>
    </p>
  );
}

interface ChoicesProps {
  readonly hotkey: Hotkey;
  readonly inUse: HotkeysInUse;
  readonly onChoose: (accelerator: string) => void;
}

/** Combinations at hand: free ones instead of one that failed, and the one Potter comes with. */
function Choices({ hotkey, inUse, onChoose }: ChoicesProps): ReactNode {
  const { t } = useTranslation();
  const { accelerator, alternatives, byDefault } = hotkey;
  const isDefault = byDefault === null || accelerator === byDefault;
  const canReset = !isDefault && inUse.conflictOf(hotkey, byDefault) === undefined;
  if (alternatives.length === 0 && !canReset) return undefined;
  return (
    <div className="hotkey-choices">
      {alternatives.length > 0 && <span>{t('hotkeys.instead')}</span>}
      {alternatives.map((alternative) => (
        <Button key={alternative} size="compact-sm" variant="default" onClick={() => onChoose(alternative)}>
          {spoken(alternative)}
        </Button>
      ))}
      {canReset && (
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onChoose(byDefault)}>
          {t('hotkeys.reset', { keys: spoken(byDefault) })}
        </Button>
      )}
    </div>
  );
}

/** The keys that work while one of Potter's own windows is in front. */
function KeysInside(): ReactNode {
  const { t } = useTranslation();
  return (
    <Section title={t('hotkeys.inside')} text={t('hotkeys.insideText')}>
      <div className="keys-inside">
        <KeyTable title={t('hotkeys.insidePalette')} rows={paletteKeys(t)} />
        <KeyTable title={t('hotkeys.insideReview')} rows={reviewKeys(t)} />
      </div>
    </Section>
  );
}

function KeyTable({ title, rows }: { readonly title: string; readonly rows: readonly KeyRow[] }): ReactNode {
  return (
    <Sheet>
      <h3 className="key-table-title">{title}</h3>
      <dl className="key-table">
        {rows.map(({ keys, text }) => (
          <div key={text}>
            <dt>{text}</dt>
            <dd>
              <Keys keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
