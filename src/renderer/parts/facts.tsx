import './facts.css';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { duration } from './format.ts';

export interface FactsProps {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
  readonly ms?: number | undefined;
}

/** Who answered, how much of it there was and how long it took. */
export function Facts({ provider, model, usage, ms }: FactsProps): ReactNode {
  const { t, i18n } = useTranslation();
  const time = ms === undefined ? undefined : duration(ms, i18n.language);
  const facts = [
    model ? [provider, model].filter(Boolean).join('/') : t('process.onThisMachine'),
    usage && t('run.tokens', { input: usage.inputTokens, output: usage.outputTokens }),
    time && t(time.key, { value: time.value }),
  ];
  return (
    <span className="facts">
      {facts.filter(Boolean).map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
    </span>
  );
}
