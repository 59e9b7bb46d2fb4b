import { Button, Loader, NumberInput, SegmentedControl, Switch } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Input, SettingInfo } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import type { SettingKey, SettingValue } from '../../shared/settings.ts';
import { usePotter } from '../store/potter.tsx';
import { fixedBy } from '../store/settings.ts';

/** One setting as a panel uses it. */
export interface SettingInUse<K extends SettingKey> {
  readonly value: SettingValue<K>;
  readonly info: SettingInfo;
  /** It is set where this panel cannot change it. */
  readonly isFixed: boolean;
  /** A refusal is told to the reader. True when it was taken. */
  set(value: SettingValue<K>): Promise<boolean>;
}

/** Undefined until it is known. */
export function useSetting<K extends SettingKey>(key: K): SettingInUse<K> | undefined {
  const { t } = useTranslation();
  const { settings } = usePotter();
  const info = useStore(settings.state, ({ infos }) => infos[key]);
  useEffect(() => void settings.watch([key]), [settings, key]);
  if (!info) return undefined;
  return {
    info,
    // The core has checked it against the schema of this very setting.
    value: info.value as SettingValue<K>,
    isFixed: fixedBy(info) !== undefined,
    async set(value) {
      try {
        await settings.set(key, value as Input<'config.set'>['value']);
        return true;
      } catch (thrown) {
        const { message } = toPotterError(thrown);
        notifications.show({ title: t('settings.notSaved'), message, color: 'red' });
        return false;
      }
    },
  };
}

export interface RowProps {
  readonly name: string;
  readonly hint?: ReactNode;
  /** Says where the value comes from, when it is not the default. */
  readonly info?: SettingInfo;
  /** The control stands below the text rather than beside it. */
  readonly wide?: boolean;
  /** The ids of what names and explains the control, and the one an input is to have. */
  readonly children: (ids: { readonly name: string; readonly hint: string; readonly control: string }) => ReactNode;
}

/** A name, what it means, and the control that changes it. */
export function Row({ name, hint, info, wide = false, children }: RowProps): ReactNode {
  const id = useId();
  const ids = { name: `${id}-name`, hint: `${id}-hint`, control: `${id}-control` };
  return (
    <div className={wide ? 'row row-wide' : 'row'}>
      <div className="row-text">
        <label className="row-name" id={ids.name} htmlFor={ids.control}>
          {name}
        </label>
        {hint && (
          <p className="row-hint" id={ids.hint}>
            {hint}
          </p>
        )}
        {info && <Origin info={info} describedBy={ids.name} />}
      </div>
      <div className="row-control">{children(ids)}</div>
    </div>
  );
}

/** A value beside its name that cannot be changed here. */
export function RowText({ children }: { readonly children: ReactNode }): ReactNode {
  return <span className="row-value">{children}</span>;
}

interface OriginProps {
  readonly info: SettingInfo;
  /** The id of the setting's name: several buttons are called alike. */
  readonly describedBy: string;
}

function Origin({ info, describedBy }: OriginProps): ReactNode {
  const { t } = useTranslation();
  const fixed = fixedBy(info);
  if (fixed !== undefined) {
    return (
      <p className="row-origin">
        <span>{t('settings.fixed')}</span> <code>{fixed}</code>
      </p>
    );
  }
  if (info.source === 'default') return undefined;
  const where = info.layers.find(({ layer }) => layer === info.source)?.where;
  return (
    <p className="row-origin">
      <span>{info.source === 'runtime' ? t('settings.untilStop') : t('settings.fromFile')}</span>
      {where && info.source === 'file' && <code>{shortened(where)}</code>}
      <ResetButton info={info} describedBy={describedBy} />
    </p>
  );
}

function ResetButton({ info, describedBy }: OriginProps): ReactNode {
  const { t } = useTranslation();
  const { settings } = usePotter();
  const reset = (): void => {
    settings.reset(info.key as SettingKey).catch((thrown: unknown) => {
      notifications.show({ title: t('settings.notSaved'), message: toPotterError(thrown).message, color: 'red' });
    });
  };
  return (
    <Button variant="subtle" size="compact-xs" aria-describedby={describedBy} onClick={reset}>
      {t('settings.reset')}
    </Button>
  );
}

/** A path is told by its end. */
function shortened(where: string): string {
  return where.length > 48 ? `…${where.slice(-47)}` : where;
}

type KeyOf<T> = { [K in SettingKey]: SettingValue<K> extends T ? K : never }[SettingKey];

interface SettingRowProps<K> {
  readonly of: K;
  readonly name: string;
  readonly hint?: ReactNode;
}

export function SwitchRow({ of, name, hint }: SettingRowProps<KeyOf<boolean>>): ReactNode {
  const setting = useSetting(of);
  return (
    <Row name={name} {...(hint !== undefined && { hint })} {...(setting && { info: setting.info })}>
      {(ids) =>
        setting ? (
          <Switch
            id={ids.control}
            {...(hint !== undefined && { 'aria-describedby': ids.hint })}
            checked={setting.value}
            disabled={setting.isFixed}
            onChange={({ currentTarget }) => void setting.set(currentTarget.checked)}
          />
        ) : (
          <Loader size="xs" color="gray" />
        )
      }
    </Row>
  );
}

interface NumberRowProps extends SettingRowProps<KeyOf<number>> {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
}

/** Kept when the field is left or Enter is pressed, not at each digit. */
export function NumberRow({ of, name, hint, min, max, step = 1 }: NumberRowProps): ReactNode {
  const setting = useSetting(of);
  const [draft, setDraft] = useState<number | string>();
  const value = draft ?? setting?.value ?? '';
  const commit = (): void => {
    const wanted = typeof draft === 'number' ? Math.min(Math.max(draft, min), max) : undefined;
    if (setting && wanted !== undefined && wanted !== setting.value) void setting.set(wanted);
    setDraft(undefined);
  };
  return (
    <Row name={name} {...(hint !== undefined && { hint })} {...(setting && { info: setting.info })}>
      {(ids) => (
        <NumberInput
          w="8.5rem"
          id={ids.control}
          {...(hint !== undefined && { 'aria-describedby': ids.hint })}
          value={value}
          min={min}
          max={max}
          step={step}
          allowDecimal={false}
          allowNegative={false}
          // It would be corrected after it was taken; `commit` does it before.
          clampBehavior="none"
          thousandSeparator=" "
          disabled={!setting || setting.isFixed}
          onChange={setDraft}
          onBlur={commit}
          onKeyDown={({ key }) => key === 'Enter' && commit()}
        />
      )}
    </Row>
  );
}

const choices = {
  'appearance.theme': ['system', 'light', 'dark'],
  'appearance.language': ['system', 'en', 'de'],
} as const;

/** One of a few values, all of them in sight. */
export function ChoiceRow({ of, name, hint }: SettingRowProps<keyof typeof choices>): ReactNode {
  const { t } = useTranslation();
  const setting = useSetting(of);
  const labelOf = (value: string): string => {
    if (value === 'light' || value === 'dark') return t(`app.themes.${value}`);
    if (value === 'en' || value === 'de') return t(`settings.languages.${value}`);
    return t('settings.languages.system');
  };
  return (
    <Row name={name} {...(hint !== undefined && { hint })} {...(setting && { info: setting.info })}>
      {() => (
        <SegmentedControl
          aria-label={name}
          size="sm"
          disabled={!setting || setting.isFixed}
          value={setting?.value ?? 'system'}
          data={choices[of].map((value) => ({ value, label: labelOf(value) }))}
          onChange={(value) => {
            const chosen = choices[of].find((each) => each === value);
            if (setting && chosen) void setting.set(chosen as typeof setting.value);
          }}
        />
      )}
    </Row>
  );
}
