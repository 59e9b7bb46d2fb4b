import './actions.css';
import { Button, ActionIcon as IconButton, Menu, TextInput, VisuallyHidden } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type DragEvent, type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ActionInfo, HotkeyInfo } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import { shownKeys } from '../parts/accelerators.ts';
import { ExportDialog, ImportDialog, type ImportFile, RemoveDialog, RestoreDialog } from '../parts/action-dialogs.tsx';
import { ActionIcon } from '../parts/action-icon.tsx';
import {
  IconAlert,
  IconArrowDown,
  IconArrowUp,
  IconChevronDown,
  IconDuplicate,
  IconExport,
  IconEye,
  IconEyeOff,
  IconGrip,
  IconImport,
  IconMore,
  IconPackage,
  IconPin,
  IconPinned,
  IconPlus,
  IconProcess,
  IconRestore,
  IconSearch,
  IconTrash,
} from '../parts/icons.ts';
import { Keys } from '../parts/keys.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { goTo, hrefOf } from '../routes.ts';
import { newAction } from '../store/action-editor.ts';
import { findActions, type Group, groupOf, groups, membersOf } from '../store/actions.ts';
import { usePotter } from '../store/potter.tsx';
import { ActionEditorPanel } from './action-editor.tsx';
import { useDuplicate } from './use-duplicate.ts';

/** Every action: the list with its groups, or one of them in the editor. */
export function ActionsPanel({ actionId }: { readonly actionId: string | undefined }): ReactNode {
  return actionId === undefined ? <ActionList /> : <ActionEditorPanel key={actionId} id={actionId} />;
}

type Asked =
  | { readonly what: 'remove' | 'restore'; readonly action: ActionInfo }
  | { readonly what: 'export' }
  | { readonly what: 'import'; readonly file: ImportFile };

function ActionList(): ReactNode {
  const { t } = useTranslation();
  const { actions: store, process } = usePotter();
  const { actions, loadError } = useStore(process.state);
  const { query, folded } = useStore(store.state);
  const [asked, setAsked] = useState<Asked>();
  const [news, setNews] = useState('');
  const close = (): void => setAsked(undefined);
  const ask = { remove: askFor('remove'), restore: askFor('restore') };
  function askFor(what: 'remove' | 'restore') {
    return (action: ActionInfo): void => setAsked({ what, action });
  }
  const list = { tell: setNews, ask };
  const isFinding = query.trim() !== '';
  const found = isFinding ? findActions(query, actions) : [];

  return (
    <div className="actions">
      <Head
        count={actions.length}
        onExport={() => setAsked({ what: 'export' })}
        onImport={(file) => setAsked({ what: 'import', file })}
      />
      <div className="actions-lists">
        {actions.length === 0 && <Nothing error={loadError?.message} />}
        {isFinding && actions.length > 0 && <Found found={found} query={query.trim()} {...list} />}
        {!isFinding &&
          groups.map((group) => (
            <GroupSection
              key={group}
              group={group}
              actions={membersOf(group, actions)}
              isFolded={folded.has(group)}
              isKnown={actions.length > 0}
              {...list}
            />
          ))}
      </div>
      <VisuallyHidden>
        <p role="status">{isFinding ? t('actions.found', { count: found.length }) : news}</p>
      </VisuallyHidden>
      {asked?.what === 'remove' && <RemoveDialog action={asked.action} onClose={close} />}
      {asked?.what === 'restore' && <RestoreDialog action={asked.action} onClose={close} />}
      {asked?.what === 'export' && <ExportDialog onClose={close} />}
      {asked?.what === 'import' && <ImportDialog file={asked.file} onClose={close} />}
    </div>
  );
}

interface HeadProps {
  readonly count: number;
  readonly onExport: () => void;
  readonly onImport: (file: ImportFile) => void;
}

/** An exported file is at most this many characters; a larger one is not even read. */
const largestFile = 8_000_000;

function Head({ count, onExport, onImport }: HeadProps): ReactNode {
  const { t } = useTranslation();
  const { actions: store } = usePotter();
  const { query } = useStore(store.state);
  const files = useRef<HTMLInputElement>(null);
  const read = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    if (file.size > largestFile) {
      notifications.show({ title: t('actions.importFailed'), message: t('actions.tooLarge'), color: 'red' });
      return;
    }
    onImport({ name: file.name, text: await file.text() });
  };
  return (
    <header className="actions-head">
      <div className="actions-title">
        <h1>{t('actions.title')}</h1>
        {count > 0 && <span className="quiet">{t('actions.count', { count })}</span>}
        <span className="actions-buttons">
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconImport size={16} />}
            onClick={() => files.current?.click()}
          >
            {t('actions.import')}
          </Button>
          <Button variant="subtle" color="gray" leftSection={<IconExport size={16} />} onClick={onExport}>
            {t('actions.export')}
          </Button>
          <Button
            component="a"
            href={hrefOf({ panel: 'actions', actionId: newAction })}
            leftSection={<IconPlus size={16} />}
          >
            {t('actions.make')}
          </Button>
        </span>
        <input
          ref={files}
          type="file"
          accept=".json,application/json"
          hidden
          aria-label={t('actions.import')}
          onChange={({ currentTarget }) => {
            void read(currentTarget.files?.[0]);
            // The same file may be chosen again.
            currentTarget.value = '';
          }}
        />
      </div>
      <TextInput
        type="search"
        className="actions-search"
        aria-label={t('actions.search')}
        placeholder={t('actions.search')}
        leftSection={<IconSearch size={16} />}
        value={query}
        onChange={({ currentTarget }) => store.search(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') focusRow(event, 1);
        }}
      />
    </header>
  );
}

function Nothing({ error }: { readonly error: string | undefined }): ReactNode {
  const { t } = useTranslation();
  const { actions: store } = usePotter();
  if (error !== undefined) {
    return (
      <Placeholder icon={<IconAlert size={24} />} title={t('actions.failed')} text={error} alert>
        <Button variant="default" onClick={() => void store.readAgain()}>
          {t('actions.retry')}
        </Button>
      </Placeholder>
    );
  }
  return (
    <div className="actions-loading" role="status">
      <VisuallyHidden>{t('actions.loading')}</VisuallyHidden>
      {[1, 2, 3, 4, 5, 6].map((line) => (
        <span key={line} className="actions-ghost" />
      ))}
    </div>
  );
}

interface ListProps {
  /** Says something to a screen reader. */
  readonly tell: (news: string) => void;
  readonly ask: Readonly<Record<'remove' | 'restore', (action: ActionInfo) => void>>;
}

interface FoundProps extends ListProps {
  readonly found: readonly ActionInfo[];
  readonly query: string;
}

function Found({ found, query, ...list }: FoundProps): ReactNode {
  const { t } = useTranslation();
  if (found.length === 0) {
    return (
      <Placeholder
        icon={<IconSearch size={24} />}
        title={t('actions.noMatch')}
        text={t('actions.noMatchText', { query })}
      >
        <Button component="a" variant="default" href={hrefOf({ panel: 'actions', actionId: newAction })}>
          {t('actions.makeFrom')}
        </Button>
      </Placeholder>
    );
  }
  return (
    <ul className="action-rows" aria-label={t('actions.title')}>
      {found.map((action) => (
        <Row key={action.id} action={action} isSortable={false} {...list} />
      ))}
    </ul>
  );
}

interface GroupSectionProps extends ListProps {
  readonly group: Group;
  readonly actions: readonly ActionInfo[];
  readonly isFolded: boolean;
  readonly isKnown: boolean;
}

function GroupSection({ group, actions, isFolded, isKnown, ...list }: GroupSectionProps): ReactNode {
  const { t } = useTranslation();
  const { actions: store } = usePotter();
  const id = `group-${group}`;
  if (actions.length === 0 && !(group === 'own' && isKnown)) return null;
  if (group === 'optional') return <OptionalPack actions={actions} />;
  return (
    <section className="action-group" aria-labelledby={id}>
      <h2 className="action-group-head" id={id}>
        {actions.length === 0 ? (
          <span>{t(`actions.groups.${group}`)}</span>
        ) : (
          <button type="button" aria-expanded={!isFolded} onClick={() => store.fold(group)}>
            <IconChevronDown size={15} aria-hidden />
            {t(`actions.groups.${group}`)}
            <span className="action-group-count">{actions.length}</span>
          </button>
        )}
      </h2>
      {actions.length === 0 && <p className="action-group-empty">{t('actions.ownEmpty')}</p>}
      {!isFolded && actions.length > 0 && (
        <ul className="action-rows" aria-labelledby={id}>
          {actions.map((action) => (
            <Row key={action.id} action={action} isSortable={actions.length > 1} {...list} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** The shipped actions nobody has asked for yet. */
function OptionalPack({ actions }: { readonly actions: readonly ActionInfo[] }): ReactNode {
  const { t } = useTranslation();
  const { actions: store } = usePotter();
  const change = useChange();
  return (
    <section className="pack" aria-labelledby="group-optional">
      <header className="pack-head">
        <span className="pack-icon" aria-hidden>
          <IconPackage size={20} />
        </span>
        <div>
          <h2 id="group-optional">{t('actions.groups.optional')}</h2>
          <p>{t('actions.optionalText')}</p>
        </div>
        <Button variant="default" onClick={() => change(store.show(actions.map(({ id }) => id)))}>
          {t('actions.switchAllOn')}
        </Button>
      </header>
      <ul className="pack-list">
        {actions.map((action) => (
          <li key={action.id}>
            <span className="pack-item-icon" aria-hidden>
              <ActionIcon icon={action.icon} size={17} />
            </span>
            <a href={hrefOf({ panel: 'actions', actionId: action.id })}>
              <strong>{action.name}</strong>
              <span>{action.description}</span>
            </a>
            <Button
              size="compact-sm"
              variant="subtle"
              aria-label={t('actions.switchOnNamed', { name: action.name })}
              onClick={() => change(store.mark(action.id, { hidden: false }))}
            >
              {t('actions.switchOn')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface RowProps extends ListProps {
  readonly action: ActionInfo;
  readonly isSortable: boolean;
}

const dragType = 'application/x-potter-action';

function Row({ action, isSortable, tell, ask }: RowProps): ReactNode {
  const { t } = useTranslation();
  const { actions: store, process } = usePotter();
  const { current, actions } = useStore(process.state);
  const change = useChange();
  const [drop, setDrop] = useState<'before' | 'behind'>();
  const { id, name } = action;

  const move = async (step: 1 | -1): Promise<void> => {
    const place = await store.move(id, step);
    tell(place ? t('actions.moved', { name, ...place }) : t('actions.cannotMove', { name }));
    if (place) document.querySelector<HTMLElement>(`[data-action="${CSS.escape(id)}"] .action-link`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    const step = event.key === 'ArrowUp' ? -1 : 1;
    if (event.altKey) {
      event.preventDefault();
      if (isSortable) change(move(step));
    } else focusRow(event, step);
  };
  const dragOver = (event: DragEvent<HTMLElement>): void => {
    if (!isSortable || !event.dataTransfer.types.includes(dragType)) return;
    event.preventDefault();
    const { top, height } = event.currentTarget.getBoundingClientRect();
    setDrop(event.clientY < top + height / 2 ? 'before' : 'behind');
  };
  const dropped = (event: DragEvent<HTMLElement>): void => {
    event.preventDefault();
    const dragged = actions.find((other) => other.id === event.dataTransfer.getData(dragType));
    setDrop(undefined);
    if (!drop || !dragged || groupOf(dragged) !== groupOf(action)) return;
    change(store.place(dragged.id, drop, id));
  };

  return (
    <li
      className="action-row"
      data-action={id}
      data-drop={drop}
      data-hidden={action.hidden || undefined}
      onDragOver={dragOver}
      onDragLeave={() => setDrop(undefined)}
      onDrop={dropped}
    >
      <span
        className="action-grip"
        aria-hidden
        title={isSortable ? t('actions.sort') : undefined}
        data-sortable={isSortable || undefined}
        draggable={isSortable}
        onDragStart={(event) => {
          event.dataTransfer.setData(dragType, id);
          event.dataTransfer.effectAllowed = 'move';
          const row = event.currentTarget.parentElement;
          if (row) event.dataTransfer.setDragImage(row, 12, 20);
        }}
      >
        <IconGrip size={15} />
      </span>
      <span className="action-icon" data-origin={action.origin} aria-hidden>
        <ActionIcon icon={action.icon} />
      </span>
      <a
        className="action-link"
        href={hrefOf({ panel: 'actions', actionId: id })}
        aria-keyshortcuts={isSortable ? 'Alt+ArrowUp Alt+ArrowDown' : undefined}
        onKeyDown={onKeyDown}
      >
        <span className="action-name">
          {name}
          <Marks action={action} isCurrent={id === current} />
        </span>
        <span className="action-description">{action.description}</span>
      </a>
      <Traits action={action} />
      <span className="action-tools">
        <IconButton
          aria-label={t(action.pinned ? 'actions.unpinNamed' : 'actions.pinNamed', { name })}
          aria-pressed={action.pinned}
          data-on={action.pinned || undefined}
          className="action-pin"
          onClick={() => {
            change(store.mark(id, { pinned: !action.pinned }));
            tell(t(action.pinned ? 'actions.unpinned' : 'actions.pinned', { name }));
          }}
        >
          {action.pinned ? <IconPinned size={16} /> : <IconPin size={16} />}
        </IconButton>
        <RowMenu action={action} isSortable={isSortable} onMove={move} tell={tell} ask={ask} />
      </span>
    </li>
  );
}

function Marks({ action, isCurrent }: { readonly action: ActionInfo; readonly isCurrent: boolean }): ReactNode {
  const { t } = useTranslation();
  const { origin, isOutdated, kind, takesInstruction } = action;
  return (
    <>
      {isCurrent && (
        <span className="mark" data-tone="accent">
          {t('actions.marks.current')}
        </span>
      )}
      {origin === 'edited' && <span className="mark">{t('actions.marks.edited')}</span>}
      {isOutdated && (
        <span className="mark" data-tone="warning">
          {t('actions.marks.outdated')}
        </span>
      )}
      {kind === 'chain' && <span className="mark">{t('actions.marks.chain')}</span>}
      {takesInstruction && <span className="mark">{t('actions.marks.instruction')}</span>}
    </>
  );
}

/** What it does with the result, with which model, and by which key. */
function Traits({ action }: { readonly action: ActionInfo }): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { hotkeys } = useStore(system.state);
  const hotkey = hotkeys.find(({ command }) => command === action.id);
  return (
    <span className="action-traits">
      {hotkey && <HotkeyMark hotkey={hotkey} />}
      <span className="action-model">
        {modelOf(action) ?? t(action.tier ? `actions.tiers.${action.tier}` : 'actions.noModel')}
      </span>
      <span className="action-output">{t(`actions.output.${action.output}`)}</span>
    </span>
  );
}

/** The model's own name says more in a narrow column than the provider's before it. */
function modelOf({ model }: ActionInfo): string | undefined {
  return model?.slice(model.indexOf('/') + 1);
}

function HotkeyMark({ hotkey }: { readonly hotkey: HotkeyInfo }): ReactNode {
  return (
    <span className="action-hotkey" data-failed={hotkey.state === 'failed' || undefined} title={hotkey.message}>
      <Keys keys={shownKeys(hotkey.accelerator)} />
    </span>
  );
}

interface RowMenuProps extends RowProps {
  readonly onMove: (step: 1 | -1) => Promise<void>;
}

function RowMenu({ action, isSortable, onMove, tell, ask }: RowMenuProps): ReactNode {
  const { t } = useTranslation();
  const { actions: store } = usePotter();
  const change = useChange();
  const duplicate = useDuplicate();
  const { id, name, hidden, origin, kind } = action;
  const isEditable = kind === 'prompt' || kind === 'chain';
  const isPack = action.pack === 'optional';
  return (
    <Menu
      position="bottom-end"
      shadow="md"
      width={230}
      portalProps={{ target: '#content' }}
      transitionProps={{ duration: 0 }}
      // The list may hold nothing but its items.
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <IconButton aria-label={t('actions.more', { name })}>
          <IconMore size={17} />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown aria-label={t('actions.more', { name })}>
        <Menu.Item leftSection={<IconProcess size={16} />} onClick={() => goTo({ panel: 'actions', actionId: id })}>
          {isEditable ? t('actions.edit') : t('actions.open')}
        </Menu.Item>
        {isEditable && (
          <Menu.Item leftSection={<IconDuplicate size={16} />} onClick={() => change(duplicate(action))}>
            {t('actions.duplicate')}
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={hidden ? <IconEye size={16} /> : <IconEyeOff size={16} />}
          onClick={() => {
            change(store.mark(id, { hidden: !hidden }));
            tell(t(hidden ? 'actions.shown' : 'actions.hidden', { name }));
          }}
        >
          {hidden ? t('actions.show') : t(isPack ? 'actions.switchOff' : 'actions.hide')}
        </Menu.Item>
        {isSortable && (
          <>
            <Menu.Item leftSection={<IconArrowUp size={16} />} onClick={() => change(onMove(-1))}>
              {t('actions.up')}
            </Menu.Item>
            <Menu.Item leftSection={<IconArrowDown size={16} />} onClick={() => change(onMove(1))}>
              {t('actions.down')}
            </Menu.Item>
          </>
        )}
        {origin === 'edited' && (
          <Menu.Item leftSection={<IconRestore size={16} />} onClick={() => ask.restore(action)}>
            {t('actions.restore')}
          </Menu.Item>
        )}
        {origin === 'custom' && (
          <Menu.Item className="menu-danger" leftSection={<IconTrash size={16} />} onClick={() => ask.remove(action)}>
            {t('actions.remove')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Waits for a change and says so when it was refused. */
function useChange(): (change: Promise<unknown>) => void {
  const { t } = useTranslation();
  return (change) => {
    change.catch((thrown: unknown) => {
      const { message, kind } = toPotterError(thrown);
      notifications.show({ title: t('actions.changeFailed'), message: `${message} ${kind.next}`, color: 'red' });
    });
  };
}

/** From the row, or the search field above it, to the next one. */
function focusRow(event: KeyboardEvent<HTMLElement>, step: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('.actions .action-link')];
  const next = links[links.indexOf(event.currentTarget) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
