import './retention.css';
import { ActionIcon, Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconX } from './icons.ts';
import { NumberRow, Row, type SettingInUse, SwitchRow, useSetting } from './setting.tsx';

type Excluded = SettingInUse<'history.excludedApplications'>;

interface RetentionDialogProps {
  /** It stays rendered while it is closed: only then it gives the focus back. */
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** What is kept in the history, for how long, and of which programs nothing. */
export function RetentionDialog({ opened, onClose }: RetentionDialogProps): ReactNode {
  const { t } = useTranslation();
  const excluded = useSetting('history.excludedApplications');
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('history.retention')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <div className="retention">
        <SwitchRow of="history.enabled" name={t('history.keepHistory')} hint={t('history.keepHistoryHint')} />
        <NumberRow of="history.days" name={t('history.days')} hint={t('history.daysHint')} min={1} max={3650} />
        <Row
          wide
          name={t('history.excluded')}
          hint={t('history.excludedHint')}
          {...(excluded && { info: excluded.info })}
        >
          {(ids) => excluded && <ExcludedPrograms excluded={excluded} labelId={ids.name} />}
        </Row>
      </div>
    </Modal>
  );
}

interface ExcludedProgramsProps {
  readonly excluded: Excluded;
  readonly labelId: string;
}

function ExcludedPrograms({ excluded, labelId }: ExcludedProgramsProps): ReactNode {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const { value, isFixed } = excluded;
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (name.trim() === '' || (await exclude(excluded, name))) setName('');
  };
  const include = (application: string): void => {
    void excluded.set(value.filter((other) => other !== application));
    // The button that was pressed is gone with its program.
    field.current?.focus();
  };
  return (
    <div className="excluded">
      {value.length > 0 && (
        <ul aria-labelledby={labelId}>
          {value.map((application) => (
            <li key={application}>
              {application}
              {!isFixed && (
                <ActionIcon
                  size="sm"
                  radius="xl"
                  aria-label={t('history.include', { application })}
                  onClick={() => include(application)}
                >
                  <IconX size={14} />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
      )}
      {!isFixed && (
        <form onSubmit={(event) => void add(event)}>
          <TextInput
            ref={field}
            aria-label={t('history.excludeField')}
            placeholder={t('history.excludeField')}
            maxLength={100}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Button type="submit" variant="default">
            {t('history.exclude')}
          </Button>
        </form>
      )}
    </div>
  );
}

/** Names of programs are told apart by their letters alone. */
export function isExcluded({ value }: Excluded, application: string): boolean {
  return value.some((name) => name.toLowerCase() === application.trim().toLowerCase());
}

/** True when nothing of the program is kept from now on. */
export async function exclude(excluded: Excluded, application: string): Promise<boolean> {
  return isExcluded(excluded, application) || excluded.set([...excluded.value, application.trim()]);
}
