import { Button, Checkbox, Select, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ProviderInfo } from '../../shared/contract.ts';
import { toPotterError } from '../../shared/errors.ts';
import { type WireFormat, wireFormats } from '../../shared/settings.ts';
import { usePotter } from '../store/potter.tsx';
import { hostOf } from '../store/providers.ts';
import { Dialog } from './dialog.tsx';
import { IconAlert } from './icons.ts';

export interface ProviderFormProps {
  /** The one to edit; a new one is made if left out. */
  readonly provider?: ProviderInfo;
  readonly onClose: () => void;
}

interface Draft {
  readonly id: string;
  readonly name: string;
  readonly baseUrl: string;
  readonly wireFormat: WireFormat;
  readonly needsKey: boolean;
}

type Problem = 'nameMissing' | 'nameLong' | 'idWrong' | 'idTaken' | 'urlWrong' | 'urlSecret';

const blank: Draft = { id: '', name: '', baseUrl: '', wireFormat: 'compatible', needsKey: true };

/** Adds a server of a known wire format, or changes one. */
export function ProviderForm({ provider, onClose }: ProviderFormProps): ReactNode {
  const { t } = useTranslation();
  const { providers: store } = usePotter();
  const { providers } = useStore(store.state);
  const [draft, setDraft] = useState<Draft>(provider ?? blank);
  const [isTried, setTried] = useState(false);
  const [refusal, setRefusal] = useState<string>();
  const taken = provider ? [] : providers.map(({ id }) => id);
  const id = provider?.id ?? (draft.id || idOf(draft.name));
  const problems = isTried ? problemsOf({ ...draft, id }, taken) : {};
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const said = (problem: Problem | undefined): string | undefined => problem && t(`providers.form.${problem}`);

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setRefusal(undefined);
    if (Object.keys(problemsOf({ ...draft, id }, taken)).length > 0) return;
    const { name, baseUrl, wireFormat, needsKey } = draft;
    try {
      await store.save(id, { name: name.trim(), baseUrl: baseUrl.trim(), wireFormat, needsKey });
      onClose();
    } catch (thrown) {
      const { message, kind } = toPotterError(thrown);
      setRefusal(`${message} ${kind.next}`);
    }
  };

  const title = provider ? t('providers.form.editTitle', { name: provider.name }) : t('providers.form.addTitle');
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="form" noValidate onSubmit={(event) => void save(event)}>
        <TextInput
          label={t('providers.form.name')}
          placeholder={t('providers.form.namePlaceholder')}
          value={draft.name}
          error={said(problems.name)}
          onChange={({ currentTarget }) => change({ name: currentTarget.value })}
          data-autofocus
        />
        {!provider && (
          <TextInput
            label={t('providers.form.id')}
            description={t('providers.form.idHint', { id: id || 'my-server' })}
            value={id}
            error={said(problems.id)}
            onChange={({ currentTarget }) => change({ id: currentTarget.value })}
          />
        )}
        <TextInput
          label={t('providers.form.baseUrl')}
          description={t('providers.form.baseUrlHint')}
          placeholder="https://llm.example.com/v1"
          type="url"
          value={draft.baseUrl}
          error={said(problems.baseUrl)}
          onChange={({ currentTarget }) => change({ baseUrl: currentTarget.value })}
        />
        <Notes draft={draft} provider={provider} />
        <Select
          label={t('providers.wireFormat')}
          description={t('providers.form.wireFormatHint')}
          allowDeselect={false}
          data={wireFormats.map((value) => ({ value, label: t(`providers.wireFormats.${value}`) }))}
          value={draft.wireFormat}
          onChange={(wireFormat) => wireFormat && change({ wireFormat })}
        />
        <Checkbox
          label={t('providers.form.needsKey')}
          checked={draft.needsKey}
          onChange={({ currentTarget }) => change({ needsKey: currentTarget.checked })}
        />
        {refusal !== undefined && (
          <p className="said" data-tone="bad" role="alert">
            <IconAlert size={16} aria-hidden />
            {refusal}
          </p>
        )}
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button type="submit">{provider ? t('providers.form.save') : t('providers.form.add')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

interface NotesProps {
  readonly draft: Draft;
  readonly provider: ProviderInfo | undefined;
}

/** What follows from the address, before it is saved. */
function Notes({ draft, provider }: NotesProps): ReactNode {
  const { t } = useTranslation();
  const url = URL.parse(draft.baseUrl.trim());
  if (!url) return null;
  const isElsewhere = provider?.hasKey && url.host !== hostOf(provider.baseUrl);
  const isOpen = url.protocol === 'http:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  const notes = [
    isElsewhere && t('providers.form.detaches', { host: url.host }),
    isOpen && t('providers.form.unencrypted'),
  ].filter((note) => typeof note === 'string');
  return notes.map((note) => (
    <p key={note} className="said" data-tone="warning" role="status">
      <IconAlert size={16} aria-hidden />
      {note}
    </p>
  ));
}

/** Lower-case words joined by hyphens; letters lose their accents. */
export function idOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50);
}

function problemsOf(
  { id, name, baseUrl }: Draft,
  taken: readonly string[],
): { name?: Problem; id?: Problem; baseUrl?: Problem } {
  const url = URL.parse(baseUrl.trim());
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  const nameProblem = name.trim() === '' ? 'nameMissing' : name.trim().length > 50 ? 'nameLong' : undefined;
  const idProblem = !/^[a-z0-9][a-z0-9-]{0,49}$/.test(id) ? 'idWrong' : taken.includes(id) ? 'idTaken' : undefined;
  const hasSecret = url && `${url.username}${url.password}${url.search}${url.hash}` !== '';
  const urlProblem = !isWeb ? 'urlWrong' : hasSecret ? 'urlSecret' : undefined;
  return {
    ...(nameProblem && { name: nameProblem }),
    // Without a name there is nothing to make an id from; that is said already.
    ...(idProblem && !(nameProblem && id === '') && { id: idProblem }),
    ...(urlProblem && { baseUrl: urlProblem }),
  };
}
