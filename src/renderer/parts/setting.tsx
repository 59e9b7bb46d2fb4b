import { Button, Loader, NumberInput, SegmentedControl, Switch, TagsInput, TextInput } from '@mantine/core';
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

/** What is typed for a setting, until it is taken. */
export interface Draft {
  readonly text: string;
  /** Why it was refused, and what to do. */
  readonly error: string | undefined;
  change(text: string): void;
  /** Tries to set what was typed: what is refused stays, with the reason. */
  keep(text?: string): Promise<void>;
  /** Back to the value in force. */
  drop(): void;
}

/** `read` makes the value of a text, `show` the text of a value. */
export function useDraft<K extends SettingKey>(
  of: K,
  setting: SettingInUse<K> | undefined,
  { show, read }: { show: (value: SettingValue<K>) => string; read: (text: string) => SettingValue<K> },
): Draft {
  const { settings } = usePotter();
  const [draft, setDraft] = useState<string>();
  const [error, setError] = useState<string>();
  const inForce = setting ? show(setting.value) : '';
  return {
    text: draft ?? inForce,
    error,
    change: setDraft,
    async keep(text = draft ?? inForce) {
      setError(undefined);
      try {
        if (setting && text !== inForce) await settings.set(of, read(text) as Input<'config.set'>['value']);
        setDraft(undefined);
      } catch (thrown) {
        setDraft(text);
        setError(refusal(thrown));
      }
    },
    drop() {
      setDraft(undefined);
      setError(undefined);
    },
  };
}

function refusal(thrown: unknown): string {
  const { message, kind } = toPotterError(thrown);
  return `${message} ${kind.next}`;
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

interface NumberRowProps extends SettingRowProps<KeyOf<number | null>> {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** What an empty field means, where there may be no number. */
  readonly empty?: string;
  /** Before the number, such as a currency. */
  readonly prefix?: string;
  readonly decimals?: number;
}

/** Kept when the field is left or Enter is pressed, not at each digit. */
export function NumberRow(props: NumberRowProps): ReactNode {
  const { of, name, hint, min, max, step = 1, empty, prefix = '', decimals = 0 } = props;
  const setting = useSetting(of);
  const [draft, setDraft] = useState<number | string>();
  const value = draft ?? setting?.value ?? '';
  const commit = (): void => {
    const none = draft === '' && empty !== undefined ? null : undefined;
    const wanted = typeof draft === 'number' ? Math.min(Math.max(draft, min), max) : none;
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
          allowDecimal={decimals > 0}
          decimalScale={decimals}
          prefix={prefix}
          {...(empty !== undefined && { placeholder: empty })}
          allowNegative={false}
          // It would be corrected after it was taken; `commit` does it before.
          clampBehavior="none"
          // Of a port nobody groups the digits.
          thousandSeparator={max > 99_999 ? ' ' : ''}
          disabled={!setting || setting.isFixed}
          onChange={setDraft}
          onBlur={commit}
          onKeyDown={({ key }) => key === 'Enter' && commit()}
        />
      )}
    </Row>
  );
}

/** Of a setting that is one line of text. Empty: none. */
export function TextRow({
  of,
  name,
  hint,
  placeholder,
}: SettingRowProps<KeyOf<string | null>> & { readonly placeholder: string }): ReactNode {
  const setting = useSetting(of);
  const draft = useDraft(of, setting, { show: (value) => value ?? '', read: (text) => text.trim() || null });
  return (
    <Row name={name} {...(hint !== undefined && { hint })} {...(setting && { info: setting.info })} wide>
      {(ids) => (
        <TextInput
          id={ids.control}
          className="row-field"
          {...(hint !== undefined && { 'aria-describedby': ids.hint })}
          placeholder={placeholder}
          spellCheck={false}
          value={draft.text}
          error={draft.error}
          disabled={!setting || setting.isFixed}
          onChange={({ currentTarget }) => draft.change(currentTarget.value)}
          onBlur={() => void draft.keep()}
          onKeyDown={({ key }) => {
            if (key === 'Enter') void draft.keep();
            if (key === 'Escape') draft.drop();
          }}
        />
      )}
    </Row>
  );
}

/** Of a setting that is a list of names, in their order. */
export function TagsRow({
  of,
  name,
  hint,
  placeholder,
  offered = [],
}: SettingRowProps<'text.failover' | 'network.noProxy'> & {
  readonly placeholder: string;
  readonly offered?: readonly string[];
}): ReactNode {
  const { settings } = usePotter();
  const setting = useSetting(of);
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<string>();
  const keep = async (value: string[]): Promise<void> => {
    setError(undefined);
    try {
      await settings.set(of, value);
    } catch (thrown) {
      setError(refusal(thrown));
      // What was refused is still there to be mended.
      setTyped(value.find((each) => !setting?.value.includes(each)) ?? '');
    }
  };
  return (
    <Row name={name} {...(hint !== undefined && { hint })} {...(setting && { info: setting.info })} wide>
      {(ids) => (
        <TagsInput
          id={ids.control}
          className="row-field"
          {...(hint !== undefined && { 'aria-describedby': ids.hint })}
          placeholder={placeholder}
          data={[...offered]}
          limit={50}
          value={[...(setting?.value ?? [])]}
          searchValue={typed}
          error={error}
          disabled={!setting || setting.isFixed}
          onSearchChange={setTyped}
          onChange={(value) => void keep(value)}
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
