import { Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { Output } from '../../shared/contract.ts';
import { CopyButton, useCopy } from '../parts/copy.tsx';
import { Page, Section, Sheet } from '../parts/page.tsx';
import { Row, RowText } from '../parts/setting.tsx';
import { hrefOf } from '../routes.ts';
import { usePotter } from '../store/potter.tsx';

type SystemInfo = Output<'system.info'>;

/** Which Potter this is, what it runs on, and what it does with a text. */
export function AboutPanel(): ReactNode {
  const { t } = useTranslation();
  const { system } = usePotter();
  const { info } = useStore(system.state);
  return (
    <Page title={t('about.title')} text={t('about.text')}>
      {info ? (
        <Program info={info} />
      ) : (
        <div className="loading" role="status">
          <Loader size="sm" color="gray" />
          <span className="quiet">{t('about.reading')}</span>
        </div>
      )}
      <Section title={t('about.privacy')}>
        <Sheet>
          {(['texts', 'keys', 'local', 'telemetry'] as const).map((point) => (
            <p key={point} className="row">
              {t(`about.privacyPoints.${point}`)}
            </p>
          ))}
        </Sheet>
      </Section>
      <Section title={t('about.licence')}>
        <Sheet>
          <p className="row">{t('about.licenceText')}</p>
        </Sheet>
      </Section>
    </Page>
  );
}

function Program({ info }: { readonly info: SystemInfo }): ReactNode {
  const { t } = useTranslation();
  const path = useCopy();
  const report = useCopy();
  const { version, platform, dataDirectory, desktop } = info;
  const facts = [
    [t('about.version'), version],
    [t('about.platform'), platform],
    [t('about.runtime'), runtimeOf(info)],
  ] as const;
  return (
    <Section title={t('about.program')}>
      <Sheet>
        {facts.map(([name, value]) => (
          <Row key={name} name={name}>
            {() => <RowText>{value}</RowText>}
          </Row>
        ))}
        <Row name={t('about.desktop')} {...(desktop.message !== undefined && { hint: desktop.message })}>
          {() => <RowText>{t(`about.desktops.${desktop.kind}`)}</RowText>}
        </Row>
        <Row name={t('about.data')} hint={<code>{dataDirectory}</code>}>
          {() => <CopyButton label={t('about.copyData')} text={dataDirectory} copying={path} variant="default" />}
        </Row>
        <Row name={t('about.welcome')} hint={t('about.welcomeText')}>
          {() => (
            <Button component="a" variant="default" href={hrefOf({ panel: 'welcome', step: 'promise' })}>
              {t('about.openWelcome')}
            </Button>
          )}
        </Row>
        <Row name={t('about.report')} hint={t('about.reportText')}>
          {() => <CopyButton label={t('about.copyReport')} text={reportOf(info)} copying={report} variant="default" />}
        </Row>
      </Sheet>
    </Section>
  );
}

const runtimeOf = ({ runtime }: SystemInfo): string =>
  Object.entries(runtime)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');

/** In English whatever the panels speak, as whoever reads it may not speak that. No path: it holds the person's name. */
function reportOf(info: SystemInfo): string {
  const { version, platform, desktop, demo, problems } = info;
  return [
    `Potter ${version}${demo ? ' (demo)' : ''}`,
    `System: ${platform}`,
    `Runtime: ${runtimeOf(info)}`,
    `Desktop: ${desktop.kind}${desktop.message === undefined ? '' : ` (${desktop.message})`}`,
    `Problems with settings or actions: ${problems.length}`,
  ].join('\n');
}
