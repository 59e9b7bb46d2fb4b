import { ActionIcon, VisuallyHidden } from '@mantine/core';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { usePotter } from '../store/potter.tsx';
import { Entries, Entry, RemoveButton } from './entries.tsx';
import { IconArrowDown, IconArrowUp } from './icons.ts';
import { modelsOf } from './model-choices.tsx';
import { Picker } from './picker.tsx';
import { type Named, Row, type SettingInUse, useSetting } from './setting.tsx';

const most = 10;

/** The models to turn to, in their order. */
export function FailoverRow({ name, hint }: Named): ReactNode {
  const setting = useSetting('text.failover');
  return (
    <Row wide name={name} hint={hint} info={setting?.info}>
      {(ids) => setting && <Models setting={setting} labelId={ids.name} />}
    </Row>
  );
}

interface ModelsProps {
  readonly setting: SettingInUse<'text.failover'>;
  readonly labelId: string;
}

function Models({ setting, labelId }: ModelsProps): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const { providers } = useStore(process.state);
  const [said, setSaid] = useState('');
  const { value, isFixed } = setting;
  const choices = modelsOf(providers, t).filter((model) => !value.includes(model.value));

  const move = async (model: string, step: 1 | -1): Promise<void> => {
    const place = value.indexOf(model) + step;
    if (place < 0 || place >= value.length) return setSaid(t('settings.failover.atEnd', { model }));
    const next = value.filter((other) => other !== model).toSpliced(place, 0, model);
    if (await setting.set(next)) {
      setSaid(t('settings.failover.moved', { model, position: place + 1, total: value.length }));
    }
  };
  const remove = async (model: string): Promise<boolean> => {
    const isTaken = await setting.set(value.filter((other) => other !== model));
    if (isTaken) setSaid(t('settings.failover.removed', { model }));
    return isTaken;
  };

  return (
    <div className="entries-block">
      <Entries ordered labelId={labelId} none={t('settings.failover.none')}>
        {value.map((model, index) => (
          <Entry
            key={model}
            onKeyDown={(event) => {
              const step = stepOf(event);
              if (step === undefined || isFixed) return;
              event.preventDefault();
              void move(model, step);
            }}
            buttons={
              !isFixed && (
                <>
                  <MoveButton model={model} step={-1} isAtEnd={index === 0} onMove={move} />
                  <MoveButton model={model} step={1} isAtEnd={index === value.length - 1} onMove={move} />
                  <RemoveButton label={t('settings.failover.remove', { model })} onRemove={() => remove(model)} />
                </>
              )
            }
          >
            <ModelName model={model} />
          </Entry>
        ))}
      </Entries>
      {!isFixed && value.length < most && (
        <div className="entries-add">
          <Picker
            label={t('settings.failover.add')}
            find={t('editor.findModel')}
            nothing={choices.length > 0 ? t('editor.noModelFound') : t('settings.failover.noModels')}
            placeholder={t('settings.failover.add')}
            value={undefined}
            choices={choices}
            onChoose={(model) => void setting.set([...value, model])}
          />
        </div>
      )}
      <VisuallyHidden role="status">{said}</VisuallyHidden>
    </div>
  );
}

function ModelName({ model }: { readonly model: string }): ReactNode {
  const slash = model.indexOf('/');
  return (
    <>
      {model.slice(slash + 1)} <span className="quiet">{model.slice(0, slash)}</span>
    </>
  );
}

interface MoveButtonProps {
  readonly model: string;
  readonly step: 1 | -1;
  readonly isAtEnd: boolean;
  readonly onMove: (model: string, step: 1 | -1) => Promise<void>;
}

/** At the end it can still be reached: it keeps the focus while its model moves there. */
function MoveButton({ model, step, isAtEnd, onMove }: MoveButtonProps): ReactNode {
  const { t } = useTranslation();
  return (
    <ActionIcon
      aria-label={t(step === 1 ? 'settings.failover.down' : 'settings.failover.up', { model })}
      aria-disabled={isAtEnd}
      aria-keyshortcuts={step === 1 ? 'Alt+ArrowDown' : 'Alt+ArrowUp'}
      onClick={() => void onMove(model, step)}
    >
      {step === 1 ? <IconArrowDown size={16} /> : <IconArrowUp size={16} />}
    </ActionIcon>
  );
}

function stepOf({ key, altKey }: KeyboardEvent): 1 | -1 | undefined {
  if (!altKey) return undefined;
  return key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : undefined;
}
