import './failure.css';
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type ErrorCode, mendedIn } from '../../shared/errors.ts';
import { hrefOf } from '../routes.ts';
import type { Run } from '../store/runner.ts';
import { CopyButton, useCopy } from './copy.tsx';
import { IconAlert } from './icons.ts';
import { VisibleText } from './visible-text.tsx';

export interface FailureProps {
  readonly code: string;
  readonly message: string;
  /** Finds the lines of the log; shown for a bug of ours. */
  readonly callId?: string | undefined;
  /** What the reader can do. */
  readonly next?: string;
  /** What came although it failed; shown and marked, never inserted. */
  readonly answer?: string;
  readonly children?: ReactNode;
}

const parts = new Set(['INCOMPLETE', 'TRUNCATED', 'IDLE_TIMEOUT', 'RESET', 'TRANSPORT_CLOSED', 'TOO_LONG']);

interface FailedRunProps {
  readonly run: Extract<Run, { phase: 'failed' }>;
  /** What can be done besides. */
  readonly children?: ReactNode;
}

export function FailedRun({ run, children }: FailedRunProps): ReactNode {
  const { code, message, kind, callId } = run.error;
  const answer = run.answer === undefined ? {} : { answer: run.answer };
  return (
    // A new failure is announced anew.
    <Failure key={message} code={code} message={message} callId={callId} next={kind.next} {...answer}>
      {children}
    </Failure>
  );
}

/** A failed run: what happened, what to do, and the answer that was held back. */
export function Failure({ code, message, callId, next, answer, children }: FailureProps): ReactNode {
  const { t } = useTranslation();
  const copying = useCopy();
  const mended = Object.hasOwn(mendedIn, code) ? mendedIn[code as ErrorCode] : undefined;
  return (
    <div className="failure">
      <div className="failure-card" role="alert">
        <IconAlert size={18} aria-hidden />
        <div>
          <p className="failure-message">
            <VisibleText text={message} />
          </p>
          {next && <p className="failure-next">{next}</p>}
          <p className="failure-code">
            {t('failed.textKept')}{' '}
            <span>{t('failed.code', { code: code === 'INTERNAL' && callId ? `${code}, ${callId}` : code })}</span>
          </p>
        </div>
      </div>
      {answer !== undefined && (
        <section className="failure-answer" aria-label={parts.has(code) ? t('failed.part') : t('failed.answer')}>
          <p className="failure-mark">{parts.has(code) ? t('failed.part') : t('failed.answer')}</p>
          <div className="reading" dir="auto">
            <VisibleText text={answer} />
          </div>
        </section>
      )}
      <div className="failure-actions">
        {mended && (
          <Button component="a" href={hrefOf({ panel: mended })}>
            {t(`app.mend.${mended}`)}
          </Button>
        )}
        {children}
        {answer !== undefined && (
          <CopyButton label={t('failed.copyAnswer')} text={answer} copying={copying} variant="default" />
        )}
      </div>
    </div>
  );
}
