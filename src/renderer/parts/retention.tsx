import './retention.css';
import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isNamed, NameList } from './name-list.tsx';
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
        <Row wide name={t('history.excluded')} hint={t('history.excludedHint')} info={excluded?.info}>
          {(ids) =>
            excluded && (
              <NameList
                names={excluded}
                labelId={ids.name}
                field={t('history.excludeField')}
                add={t('history.exclude')}
                remove={(application) => t('history.include', { application })}
                maxLength={100}
              />
            )
          }
        </Row>
      </div>
    </Modal>
  );
}

/** True when nothing of the program is kept from now on. */
export async function exclude(excluded: Excluded, application: string): Promise<boolean> {
  return isNamed(excluded, application) || excluded.set([...excluded.value, application.trim()]);
}
