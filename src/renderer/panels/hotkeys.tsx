import './hotkeys.css';
import { Button, SegmentedControl, TextInput, VisuallyHidden } from '@mantine/core';
import { type ReactNode, type RefObject, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { spoken } from '../parts/accelerators.ts';
import { DesktopNote } from '../parts/desktop-note.tsx';
import { type HotkeyContext, HotkeyRow } from '../parts/hotkey-row.tsx';
import { IconAlert, IconKeyboard, IconSearch } from '../parts/icons.ts';
import { type KeyRow, Keys, paletteKeys, reviewKeys } from '../parts/keys.tsx';
import { Page, Section, Sheet } from '../parts/page.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { type HotkeysInUse, useHotkeys } from '../parts/use-hotkeys.ts';
import { fuzzySearch } from '../store/fuzzy.ts';
import { type Hotkey, type HotkeysState, type HotkeyTarget, hotkeyFilters } from '../store/hotkeys.ts';
import { usePotter } from '../store/potter.tsx';

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

interface ListProps extends HotkeyContext {
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
            <HotkeyRow key={hotkey.id} hotkey={hotkey} {...context} />
          ))}
        </ul>
      </Sheet>
    </Section>
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
