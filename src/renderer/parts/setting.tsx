import { Button, Loader, NumberInput, SegmentedControl, Switch, TextInput } from '@mantine/core';
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
  set(value: Patch<SettingValue<K>>): Promise<boolean>;
  /** The refusal and what to do about it, for a field to show; undefined when it was taken. */
  offer(value: Patch<SettingValue<K>>): Promise<string | undefined>;
}

/** An object is merged into what is there, and null takes an entry out. Anything else is taken as it is. */
type Patch<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [P in keyof T]?: T[P] | null } : T;

/** Undefined until it is known. */
export function useSetting<K extends SettingKey>(key: K): SettingInUse<K> | undefined {
  const { t } = useTranslation();
  const { settings } = usePotter();
  const info = useStore(settings.state, ({ infos }) => infos[key]);
  useEffect(() => void settings.watch([key]), [settings, key]);
  if (!info) return undefined;
  const offer: SettingInUse<K>['offer'] = async (value) => {
    try {
      await settings.set(key, value as Input<'config.set'>['value']);
      return undefined;
    } catch (thrown) {
      const { message, kind } = toPotterError(thrown);
      return `${message} ${kind.next}`;
    }
  };
  return {
    info,
    // The core has checked it against the schema of this very setting.
    value: info.value as SettingValue<K>,
    isFixed: fixedBy(info) !== undefined,
    offer,
    async set(value) {
      const refusal = await offer(value);
      if (refusal === undefined) return true;
      notifications.show({ title: t('settings.notSaved'), message: refusal, color: 'red' });
      return false;
    },
  };
}

/** What is typed into the field of a setting until it is kept. */
export interface Draft<D> {
  /** Undefined as long as the field shows the value in force. */
  readonly typed: D | undefined;
  /** Why it was not taken. What was typed stays for as long. */
  readonly refusal: string | undefined;
  change(typed: D): void;
  keep(typed?: D): Promise<void>;
  giveUp(): void;
}

/** Kept when the field is left or Enter is pressed, not at each key. `read` gives undefined for what means nothing. */
export function useDraft<K extends SettingKey, D>(
  setting: SettingInUse<K> | undefined,
  read: (typed: D) => SettingValue<K> | undefined,
): Draft<D> {
  const [typed, change] = useState<D>();
  const [refusal, setRefusal] = useState<string>();
  const giveUp = (): void => {
    change(undefined);
    setRefusal(undefined);
  };
  const keep = async (wanted = typed): Promise<void> => {
    if (!setting || wanted === undefined) return;
    const value = read(wanted);
    if (value === undefined || JSON.stringify(value) === JSON.stringify(setting.value)) return giveUp();
    const refused = await setting.offer(value as Patch<SettingValue<K>>);
    setRefusal(refused);
    // Somebody may have typed on meanwhile.
    if (refused === undefined) change((now) => (now === typed || now === wanted ? undefined : now));
  };
  return { typed, refusal, change, keep, giveUp };
}

/** What makes an input the field of a draft: Enter keeps what was typed, Escape gives it up, a refusal is read out. */
export function fieldOf<D>({ refusal, keep, giveUp }: Draft<D>): {
  readonly error: string | undefined;
  readonly errorProps: { readonly role: 'alert' };
  readonly onBlur: () => void;
  readonly onKeyDown: (event: { readonly key: string }) => void;
} {
  return {
    error: refusal,
    errorProps: { role: 'alert' },
    onBlur: () => void keep(),
    onKeyDown: ({ key }) => {
      if (key === 'Enter') void keep();
      if (key === 'Escape') giveUp();
    },
  };
}

/** What a setting is called, and what it means. */
export interface Named {
  readonly name: string;
  readonly hint?: ReactNode;
}

export interface RowProps extends Named {
  /** Says where the value comes from, when it is not the default. */
  readonly info?: SettingInfo | undefined;
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

interface SettingRowProps<K> extends Named {
  readonly of: K;
}

export function SwitchRow({ of, name, hint }: SettingRowProps<KeyOf<boolean>>): ReactNode {
  const setting = useSetting(of);
  return (
    <Row name={name} hint={hint} info={setting?.info}>
      {(ids) =>
        setting ? (
          <Switch
            id={ids.control}
            aria-describedby={ids.hint}
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

const anyNumber = { allowNegative: false, thousandSeparator: ' ', allowedDecimalSeparators: ['.', ','] };

const numberFormats = {
  count: { ...anyNumber, allowDecimal: false },
  dollars: { ...anyNumber, decimalScale: 2, prefix: '$', hideControls: true },
  port: { ...anyNumber, thousandSeparator: '', allowDecimal: false, hideControls: true },
};
type NumberFormat = keyof typeof numberFormats;

/** How the field of a number is drawn and what can be typed or pasted into it, in the language of the window. */
export function useNumberFormat(format: NumberFormat): (typeof numberFormats)[NumberFormat] & {
  readonly decimalSeparator: string;
} {
  const { i18n } = useTranslation();
  const decimal = new Intl.NumberFormat(i18n.language).formatToParts(0.5).find(({ type }) => type === 'decimal');
  return { ...numberFormats[format], decimalSeparator: decimal?.value ?? '.' };
}

interface NumberRowProps extends SettingRowProps<KeyOf<number | null>> {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly format?: NumberFormat;
  /** Stands behind the number. */
  readonly unit?: string;
  /** What it means that there is no number; without it there has to be one. */
  readonly none?: string;
}

export function NumberRow({
  of,
  name,
  hint,
  min,
  max,
  step = 1,
  format = 'count',
  unit,
  none,
}: NumberRowProps): ReactNode {
  const setting = useSetting(of);
  const numberFormat = useNumberFormat(format);
  const draft = useDraft(setting, (typed: number | string) => {
    if (typed === '') return none === undefined ? undefined : null;
    return Number.isFinite(Number(typed)) ? Number(typed) : undefined;
  });
  return (
    <Row name={name} hint={hint} info={setting?.info}>
      {(ids) => (
        <NumberInput
          w={none === undefined ? '8.5rem' : '13rem'}
          id={ids.control}
          aria-describedby={ids.hint}
          value={draft.typed ?? setting?.value ?? ''}
          min={min}
          max={max}
          step={step}
          {...numberFormat}
          {...(unit !== undefined && { suffix: ` ${unit}` })}
          {...(none !== undefined && { placeholder: none })}
          // It would be corrected after it was taken, and what was typed be lost.
          clampBehavior="none"
          disabled={!setting || setting.isFixed}
          onChange={draft.change}
          {...fieldOf(draft)}
        />
      )}
    </Row>
  );
}

interface TextRowProps extends SettingRowProps<'network.proxy' | 'network.caFile' | 'alerts.webhook'> {
  /** Shown where there is none. */
  readonly example: string;
}

/** A text, or none. */
export function TextRow({ of, name, hint, example }: TextRowProps): ReactNode {
  const setting = useSetting(of);
  const draft = useDraft(setting, (typed: string) => typed.trim() || null);
  return (
    <Row name={name} hint={hint} info={setting?.info}>
      {(ids) => (
        <TextInput
          w="20rem"
          maw="100%"
          id={ids.control}
          aria-describedby={ids.hint}
          placeholder={example}
          spellCheck={false}
          autoComplete="off"
          value={draft.typed ?? setting?.value ?? ''}
          disabled={!setting || setting.isFixed}
          onChange={({ currentTarget }) => draft.change(currentTarget.value)}
          {...fieldOf(draft)}
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
    <Row name={name} hint={hint} info={setting?.info}>
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
