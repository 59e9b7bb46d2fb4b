import './action-dialogs.css';
import { Button, Checkbox, Loader } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ActionDefinition, ActionDetail, ActionInfo, ImportedAction } from '../../shared/contract.ts';
import { type PotterError, toPotterError } from '../../shared/errors.ts';
import { usePotter } from '../store/potter.tsx';
import { ActionIcon } from './action-icon.tsx';
import { compareTexts } from './changes.ts';
import { Dialog } from './dialog.tsx';
import { IconAlert, IconExport, IconImport } from './icons.ts';
import { VisibleText } from './visible-text.tsx';

interface DialogProps {
  readonly onClose: () => void;
}

interface ActionDialogProps extends DialogProps {
  readonly action: ActionInfo;
}

export function RemoveDialog({
  action,
  onClose,
  onRemoved,
}: ActionDialogProps & { readonly onRemoved?: () => void }): ReactNode {
  const { t } = useTranslation();
  const { actions, editor } = usePotter();
  const { name } = action;
  const remove = async (): Promise<void> => {
    onClose();
    try {
      await actions.remove(action.id);
      editor.discard(action.id);
      onRemoved?.();
      notifications.show({ message: t('actions.removed', { name }), color: 'gray' });
    } catch (thrown) {
      refuse(t('actions.changeFailed'), thrown);
    }
  };
  return (
    <Dialog title={t('actions.removeTitle', { name })} onClose={onClose}>
      <p className="dialog-text">{t('actions.removeText')}</p>
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('actions.keep')}
        </Button>
        <Button className="dialog-danger" onClick={() => void remove()}>
          {t('actions.remove')}
        </Button>
      </div>
    </Dialog>
  );
}

/** Shows what would be lost before it is. */
export function RestoreDialog({ action, onClose }: ActionDialogProps): ReactNode {
  const { t } = useTranslation();
  const { actions, editor } = usePotter();
  const [detail, setDetail] = useState<ActionDetail>();
  const { id, name } = action;
  useEffect(() => {
    actions.get(id).then(setDetail, (thrown: unknown) => {
      refuse(t('actions.changeFailed'), thrown);
      onClose();
    });
  }, [actions, id, t, onClose]);
  const restore = async (): Promise<void> => {
    onClose();
    try {
      await actions.restore(id);
      editor.discard(id);
      notifications.show({ message: t('actions.restored', { name }), color: 'gray' });
    } catch (thrown) {
      refuse(t('actions.changeFailed'), thrown);
    }
  };
  const { definition, shipped } = detail ?? {};
  return (
    <Dialog title={t('actions.restoreTitle', { name })} onClose={onClose} size="xl">
      <p className="dialog-text">{shipped ? t('actions.restoreText') : t('actions.restoreUnknown')}</p>
      {!detail && <Loader size="sm" color="gray" />}
      {definition && shipped && <Differences from={definition} to={shipped} />}
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('actions.keep')}
        </Button>
        <Button disabled={!detail} onClick={() => void restore()}>
          {t('actions.restoreNow')}
        </Button>
      </div>
    </Dialog>
  );
}

interface DifferencesProps {
  readonly from: ActionDefinition;
  readonly to: ActionDefinition;
}

/** Field by field: what goes, struck through, and what comes. */
function Differences({ from, to }: DifferencesProps): ReactNode {
  const describe = useDescription();
  const [before, after] = [describe(from), describe(to)];
  const labels = [...new Set([...before.keys(), ...after.keys()])];
  return (
    <dl className="differences">
      {labels
        .filter((label) => before.get(label) !== after.get(label))
        .map((label) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="reading">
              {compareTexts(before.get(label) ?? '', after.get(label) ?? '').map((piece, index) =>
                piece.kind === 'same' ? (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the pieces never move
                  <VisibleText key={index} text={piece.text} />
                ) : (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the pieces never move
                  <span key={index}>
                    {piece.before && <del>{piece.before}</del>}
                    {piece.after && <ins>{piece.after}</ins>}
                  </span>
                ),
              )}
            </dd>
          </div>
        ))}
    </dl>
  );
}

/** Every field of a definition as people read it, by its label. */
function useDescription(): (definition: ActionDefinition) => Map<string, string> {
  const { t, i18n } = useTranslation();
  const { process } = usePotter();
  const number = new Intl.NumberFormat(i18n.language);
  const nameOf = (id: string): string =>
    process.state.getState().actions.find((action) => action.id === id)?.name ?? id;
  const reviewOf = (review: ActionDefinition['review']): string =>
    typeof review === 'string' ? t(`editor.reviews.${review}`) : `${t('editor.reviewAbove')}: ${review.above} %`;
  return (definition) => {
    const { name, description, output, review, requires } = definition;
    const lines = new Map([
      [t('editor.name'), name],
      [t('editor.description'), description],
      [t('editor.output'), t(`output.${output}`)],
      [t('editor.review'), reviewOf(review)],
    ]);
    if (definition.kind === 'chain') lines.set(t('editor.steps'), definition.steps.map(nameOf).join(' → '));
    else {
      lines.set(t('editor.instruction'), definition.instruction);
      lines.set(t('editor.tier'), t(`actions.tiers.${definition.tier}`));
      lines.set(t('editor.modelExact'), definition.model ?? t('editor.modelByTier'));
      lines.set(t('editor.temperature'), number.format(definition.temperature));
      lines.set(t('editor.growth'), number.format(definition.growth) + t('editor.growthSuffix'));
      lines.set(t('editor.profile'), t(`editor.profiles.${definition.profile}`));
    }
    if (requires?.minCharacters) lines.set(t('editor.minCharacters'), number.format(requires.minCharacters));
    if (requires?.maxCharacters) lines.set(t('editor.maxCharacters'), number.format(requires.maxCharacters));
    if (requires?.pattern) lines.set(t('editor.pattern'), requires.pattern);
    return lines;
  };
}

export function ExportDialog({ onClose }: DialogProps): ReactNode {
  const { t } = useTranslation();
  const { actions: store, process } = usePotter();
  const { actions } = useStore(process.state);
  const writable = actions.filter(({ kind }) => kind === 'prompt' || kind === 'chain');
  const changed = writable.filter(({ origin }) => origin === 'custom' || origin === 'edited').map(({ id }) => id);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(changed));
  const write = async (): Promise<void> => {
    try {
      const ids = writable.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
      download(await store.export(ids), 'potter-actions.json');
      onClose();
      notifications.show({ message: t('actions.exported', { count: ids.length }), color: 'gray' });
    } catch (thrown) {
      refuse(t('actions.exportFailed'), thrown);
    }
  };
  return (
    <Dialog title={t('actions.exportTitle')} onClose={onClose}>
      <p className="dialog-text">{t('actions.exportText')}</p>
      <div className="choose-quick">
        <Button size="compact-sm" variant="subtle" onClick={() => setChosen(new Set(changed))}>
          {t('actions.exportSelect')}
        </Button>
        <Button size="compact-sm" variant="subtle" onClick={() => setChosen(new Set(writable.map(({ id }) => id)))}>
          {t('actions.exportAll')}
        </Button>
        <Button size="compact-sm" variant="subtle" onClick={() => setChosen(new Set())}>
          {t('actions.exportNone')}
        </Button>
      </div>
      <ul className="choose">
        {writable.map((action) => (
          <li key={action.id}>
            <Checkbox
              checked={chosen.has(action.id)}
              onChange={() => setChosen(toggled(chosen, action.id))}
              label={
                <span className="choose-label">
                  <ActionIcon icon={action.icon} size={16} />
                  {action.name}
                  {action.origin === 'edited' && <span className="mark">{t('actions.marks.edited')}</span>}
                  {action.origin === 'custom' && <span className="mark">{t('actions.groups.own')}</span>}
                </span>
              }
            />
          </li>
        ))}
      </ul>
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose}>
          {t('actions.close')}
        </Button>
        <Button leftSection={<IconExport size={16} />} disabled={chosen.size === 0} onClick={() => void write()}>
          {t('actions.exportNow', { count: chosen.size })}
        </Button>
      </div>
    </Dialog>
  );
}

export interface ImportFile {
  readonly name: string;
  readonly text: string;
}

/** What a file would change, each with a box to tick; nothing is taken before that. */
export function ImportDialog({ file, onClose }: DialogProps & { readonly file: ImportFile }): ReactNode {
  const { t } = useTranslation();
  const { actions: store } = usePotter();
  const [found, setFound] = useState<readonly ImportedAction[]>();
  const [error, setError] = useState<PotterError>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    store.preview(file.text).then(
      (actions) => {
        setFound(actions);
        setChosen(new Set(actions.filter(({ change }) => change === 'new').map(({ id }) => id)));
      },
      (thrown: unknown) => setError(toPotterError(thrown)),
    );
  }, [store, file]);
  const take = async (): Promise<void> => {
    try {
      const imported = await store.import(file.text, [...chosen]);
      onClose();
      notifications.show({ message: t('actions.imported', { count: imported.length }), color: 'gray' });
    } catch (thrown) {
      setError(toPotterError(thrown));
    }
  };
  const takeable = found?.filter(({ change }) => change === 'new' || change === 'replaces') ?? [];
  return (
    <Dialog title={t('actions.importTitle')} onClose={onClose} size="lg">
      {error ? (
        <div className="dialog-error" role="alert">
          <IconAlert size={18} aria-hidden />
          <div>
            <strong>{t('actions.importFailed')}</strong>
            <p>
              <VisibleText text={`${error.message} ${error.kind.next}`} />
            </p>
          </div>
        </div>
      ) : (
        <p className="dialog-text">
          {found && takeable.length === 0 ? t('actions.importNothing') : t('actions.importText', { file: file.name })}
        </p>
      )}
      {!found && !error && <Loader size="sm" color="gray" />}
      {found && (
        <ul className="choose">
          {found.map((action, index) => (
            <Imported
              // biome-ignore lint/suspicious/noArrayIndexKey: a file may hold the same id twice
              key={`${index} ${action.id}`}
              action={action}
              isChosen={chosen.has(action.id)}
              onToggle={() => setChosen(toggled(chosen, action.id))}
            />
          ))}
        </ul>
      )}
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('actions.close')}
        </Button>
        {found && takeable.length > 0 && (
          <Button leftSection={<IconImport size={16} />} disabled={chosen.size === 0} onClick={() => void take()}>
            {t('actions.importNow', { count: chosen.size })}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

interface ImportedProps {
  readonly action: ImportedAction;
  readonly isChosen: boolean;
  readonly onToggle: () => void;
}

const changeTones = { new: 'good', replaces: 'warning', same: undefined, refused: 'danger' } as const;

function Imported({ action, isChosen, onToggle }: ImportedProps): ReactNode {
  const { t } = useTranslation();
  const { id, name, change, reason, definition } = action;
  const label = (
    <span className="choose-label">
      {definition && <ActionIcon icon={definition.icon} size={16} />}
      <VisibleText text={name || id} />
      <span className="mark" data-tone={changeTones[change]}>
        {t(`actions.change.${change}`)}
      </span>
    </span>
  );
  return (
    <li>
      <Checkbox
        checked={isChosen}
        disabled={change === 'same' || change === 'refused'}
        onChange={onToggle}
        label={label}
        description={reason && <VisibleText text={reason} />}
      />
      {definition?.kind === 'prompt' && (
        <details className="choose-more">
          <summary>{t('actions.seeInstruction')}</summary>
          <p className="reading">
            <VisibleText text={definition.instruction} />
          </p>
        </details>
      )}
    </li>
  );
}

function toggled(chosen: ReadonlySet<string>, id: string): Set<string> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function refuse(title: string, thrown: unknown): void {
  const { message, kind } = toPotterError(thrown);
  notifications.show({ title, message: `${message} ${kind.next}`, color: 'red' });
}
