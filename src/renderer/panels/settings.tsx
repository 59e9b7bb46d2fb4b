import './settings.css';
import { Autocomplete, Button, Loader, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { toPotterError } from '../../shared/errors.ts';
import { ApiRows } from '../parts/api-rows.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { FailoverRow } from '../parts/failover.tsx';
import { IconAlert, IconSearch, IconTrash } from '../parts/icons.ts';
import { LimitsRow } from '../parts/limits.tsx';
import { AreaLevelsRow, LevelRow } from '../parts/log-levels.tsx';
import { NameList } from '../parts/name-list.tsx';
import { Page, Section, Sheet } from '../parts/page.tsx';
import { Picker } from '../parts/picker.tsx';
import { Placeholder } from '../parts/placeholder.tsx';
import { QuietHoursRow } from '../parts/quiet-hours.tsx';
import {
  ChoiceRow,
  fieldOf,
  type Named,
  NumberRow,
  Row,
  SwitchRow,
  TextRow,
  useDraft,
  useSetting,
} from '../parts/setting.tsx';
import { hrefOf } from '../routes.ts';
import { offered } from '../store/actions.ts';
import { usePotter } from '../store/potter.tsx';

const groups = {
  writing: ['text.currentAction', 'text.translateTo', 'text.translateToSecond', 'text.maxCharacters'],
  models: ['text.failover', 'text.timeoutSeconds'],
  budget: ['budget.monthly', 'budget.limits'],
  cache: ['cache.enabled', 'cache.hours', 'cache.megabytes'],
  appearance: ['appearance.theme', 'appearance.language'],
  desktop: ['desktop.startAtLogin'],
  alerts: ['alerts.enabled', 'alerts.quietHours', 'alerts.webhook'],
  programs: ['api.enabled', 'api.port'],
  network: ['network.proxy', 'network.noProxy', 'network.caFile'],
  diagnosis: ['log.level', 'log.areas', 'log.maxMegabytes', 'log.hideEmail'],
} as const;
type Group = keyof typeof groups;
type Key = (typeof groups)[Group][number];

/** The settings that have no panel of their own. */
export function SettingsPanel(): ReactNode {
  const { t } = useTranslation();
  const { settings } = usePotter();
  const { error } = useStore(settings.state);
  const [query, setQuery] = useState('');
  const wanted = query.trim().toLocaleLowerCase();
  const isFound = (group: Group, key: Key): boolean =>
    [key, t(`settings.names.${key}`), t(`settings.hints.${key}`), t(`settings.groups.${group}`)]
      .join('\n')
      .toLocaleLowerCase()
      .includes(wanted);
  const found = (Object.keys(groups) as Group[])
    .map((group) => ({ group, keys: groups[group].filter((key) => isFound(group, key)) }))
    .filter(({ keys }) => keys.length > 0);
  return (
    <Page title={t('settings.title')} text={t('settings.text')}>
      <TextInput
        type="search"
        className="settings-search"
        aria-label={t('settings.search')}
        placeholder={t('settings.search')}
        leftSection={<IconSearch size={16} />}
        value={query}
        onChange={({ currentTarget }) => setQuery(currentTarget.value)}
      />
      {error && (
        <Placeholder icon={<IconAlert size={24} />} title={t('settings.failed')} text={error.message} alert>
          <Button variant="default" onClick={() => void settings.readAgain()}>
            {t('app.retry')}
          </Button>
        </Placeholder>
      )}
      {found.length === 0 && (
        <p className="quiet" role="status">
          {t('settings.noMatch')}
        </p>
      )}
      {found.map(({ group, keys }) => (
        <Section key={group} title={t(`settings.groups.${group}`)}>
          <Sheet>
            {keys.map((key) => (
              <SettingRow key={key} of={key} />
            ))}
          </Sheet>
        </Section>
      ))}
      {wanted === '' && <Elsewhere />}
      {wanted === '' && <EraseSection />}
    </Page>
  );
}

function Elsewhere(): ReactNode {
  const { t } = useTranslation();
  return (
    <p className="settings-elsewhere">
      {t('settings.elsewhere')}
      {(['providers', 'hotkeys', 'history', 'actions'] as const).map((panel) => (
        <a key={panel} href={hrefOf({ panel })}>
          {t(`app.panels.${panel}`)}
        </a>
      ))}
    </p>
  );
}

function SettingRow({ of }: { readonly of: Key }): ReactNode {
  const { t } = useTranslation();
  const named = { name: t(`settings.names.${of}`), hint: t(`settings.hints.${of}`) };
  switch (of) {
    case 'text.currentAction':
      return <CurrentActionRow {...named} />;
    case 'text.translateTo':
    case 'text.translateToSecond':
      return <LanguageRow of={of} {...named} />;
    case 'text.maxCharacters':
      return <NumberRow of={of} min={100} max={1_000_000} step={1000} {...named} />;
    case 'text.failover':
      return <FailoverRow {...named} />;
    case 'text.timeoutSeconds':
      return <NumberRow of={of} min={5} max={3600} step={30} unit={t('settings.units.seconds')} {...named} />;
    case 'budget.monthly':
      return <NumberRow of={of} min={0.01} max={1_000_000} format="dollars" none={t('settings.noLimit')} {...named} />;
    case 'budget.limits':
      return <LimitsRow {...named} />;
    case 'cache.hours':
      return <NumberRow of={of} min={1} max={720} unit={t('settings.units.hours')} {...named} />;
    case 'cache.megabytes':
      return <NumberRow of={of} min={1} max={1024} step={10} unit="MB" {...named} />;
    case 'log.maxMegabytes':
      return <NumberRow of={of} min={1} max={10_000} step={10} unit="MB" {...named} />;
    case 'cache.enabled':
    case 'desktop.startAtLogin':
    case 'alerts.enabled':
    case 'log.hideEmail':
      return <SwitchRow of={of} {...named} />;
    case 'appearance.theme':
    case 'appearance.language':
      return <ChoiceRow of={of} {...named} />;
    case 'alerts.quietHours':
      return <QuietHoursRow {...named} />;
    case 'alerts.webhook':
      return <TextRow of={of} example="https://hooks.example.com/potter" {...named} />;
    case 'api.enabled':
      return <ApiRows {...named} />;
    case 'api.port':
      return <NumberRow of={of} min={1024} max={65_535} format="port" none={t('settings.api.anyPort')} {...named} />;
    case 'network.proxy':
      return <TextRow of={of} example="http://proxy.example:3128" {...named} />;
    case 'network.noProxy':
      return <HostsRow {...named} />;
    case 'network.caFile':
      return <TextRow of={of} example="/etc/ssl/company.pem" {...named} />;
    case 'log.level':
      return <LevelRow {...named} />;
    case 'log.areas':
      return <AreaLevelsRow {...named} />;
  }
}

function CurrentActionRow({ name, hint }: Named): ReactNode {
  const { t } = useTranslation();
  const { process } = usePotter();
  const { actions } = useStore(process.state);
  const setting = useSetting('text.currentAction');
  const none = '';
  const choices = offered(actions, setting?.value ?? undefined).map((action) => ({
    value: action.id,
    label: action.name,
    detail: action.description,
  }));
  return (
    <Row name={name} hint={hint} info={setting?.info}>
      {() =>
        setting && !setting.isFixed ? (
          <Picker
            label={name}
            find={t('settings.findAction')}
            nothing={t('settings.noAction')}
            value={setting.value ?? none}
            choices={[{ value: none, label: t('settings.automatic') }, ...choices]}
            onChoose={(id) => void setting.set(id === none ? null : id)}
          />
        ) : (
          <Unchangeable value={setting?.value ?? t('settings.automatic')} isKnown={setting !== undefined} />
        )
      }
    </Row>
  );
}

function Unchangeable({ value, isKnown }: { readonly value: string; readonly isKnown: boolean }): ReactNode {
  return isKnown ? <code>{value}</code> : <Loader size="xs" color="gray" />;
}

/** Languages by their own names; any other is given by its tag. */
const common = 'en de fr es pt pt-BR it nl pl cs sv da nb fi tr uk ru el he ar hi zh-Hans zh-Hant ja ko vi id'.split(
  ' ',
);

function nameOf(tag: string): string {
  try {
    const name = new Intl.DisplayNames([tag], { type: 'language', languageDisplay: 'standard' }).of(tag) ?? tag;
    return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
  } catch {
    return tag;
  }
}

function LanguageRow({
  of,
  name,
  hint,
}: Named & { readonly of: 'text.translateTo' | 'text.translateToSecond' }): ReactNode {
  const setting = useSetting(of);
  const draft = useDraft(setting, tagOf);
  const shown = draft.typed ?? (setting ? nameOf(setting.value) : '');
  const field = fieldOf(draft);
  return (
    <Row name={name} hint={hint} info={setting?.info}>
      {(ids) => (
        <Autocomplete
          id={ids.control}
          w="13rem"
          aria-describedby={ids.hint}
          data={common.map(nameOf)}
          limit={8}
          value={shown}
          disabled={!setting || setting.isFixed}
          onFocus={({ currentTarget }) => currentTarget.select()}
          onChange={draft.change}
          onOptionSubmit={(text) => void draft.keep(text)}
          {...field}
          onKeyDown={(event) => {
            const takesOption = event.key === 'Enter' && event.currentTarget.getAttribute('aria-activedescendant');
            if (!takesOption) field.onKeyDown(event);
          }}
        />
      )}
    </Row>
  );
}

/** By its name, or as it is. */
function tagOf(text: string): string {
  const isMeant = (tag: string): boolean => nameOf(tag).toLocaleLowerCase() === text.trim().toLocaleLowerCase();
  return common.find(isMeant) ?? text.trim();
}

function HostsRow({ name, hint }: Named): ReactNode {
  const { t } = useTranslation();
  const setting = useSetting('network.noProxy');
  return (
    <Row wide name={name} hint={hint} info={setting?.info}>
      {(ids) =>
        setting && (
          <NameList
            names={setting}
            labelId={ids.name}
            field={t('settings.hosts.field')}
            add={t('settings.hosts.add')}
            remove={(host) => t('settings.hosts.remove', { host })}
            maxLength={253}
          />
        )
      }
    </Row>
  );
}

function EraseSection(): ReactNode {
  const { t } = useTranslation();
  const [isAsked, setAsked] = useState(false);
  return (
    <Section title={t('settings.erase.title')} tone="danger">
      <Sheet>
        <Row name={t('settings.erase.title')} hint={t('settings.erase.text')}>
          {() => (
            <Button variant="default" leftSection={<IconTrash size={16} />} onClick={() => setAsked(true)}>
              {t('settings.erase.button')}
            </Button>
          )}
        </Row>
      </Sheet>
      {isAsked && <EraseDialog onClose={() => setAsked(false)} />}
    </Section>
  );
}

function EraseDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { connection } = usePotter();
  const [typed, setTyped] = useState('');
  const [isErasing, setErasing] = useState(false);
  const phrase = t('settings.erase.phrase');
  const isConfirmed = typed.trim().toLocaleLowerCase() === phrase;
  const erase = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!isConfirmed || isErasing) return;
    setErasing(true);
    try {
      const { removed } = await connection.call('system.erase', { confirm: 'delete everything' });
      const { historyEntries, keys, cachedAnswers, logFiles } = removed;
      const counts = { history: historyEntries, keys, answers: cachedAnswers, logs: logFiles };
      notifications.show({
        title: t('settings.erase.done'),
        message: t('settings.erase.removed', counts),
        color: 'gray',
        autoClose: false,
      });
    } catch (thrown) {
      const { message, kind } = toPotterError(thrown);
      notifications.show({ title: t('settings.erase.failed'), message: `${message} ${kind.next}`, color: 'red' });
    }
    onClose();
  };
  return (
    <Dialog title={t('settings.erase.title')} onClose={onClose}>
      <form className="form" onSubmit={(event) => void erase(event)}>
        <div className="erase-list">
          <p>{t('settings.erase.dialog')}</p>
          <ul>
            {(['history', 'cache', 'keys', 'logs'] as const).map((what) => (
              <li key={what}>{t(`settings.erase.list.${what}`)}</li>
            ))}
          </ul>
          <p>{t('settings.erase.stays')}</p>
        </div>
        <TextInput
          label={t('settings.erase.confirm', { phrase })}
          autoComplete="off"
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          data-autofocus
        />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit" className="dialog-danger" disabled={!isConfirmed} loading={isErasing}>
            {t('settings.erase.now')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
