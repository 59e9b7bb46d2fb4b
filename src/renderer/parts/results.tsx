import './results.css';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

const good = ['replaced', 'copied', 'shown', 'unchanged', 'returned'] as const;
const neutral = ['running', 'interrupted', 'CANCELLED'] as const;
type Known = (typeof good)[number] | (typeof neutral)[number];

const known: ReadonlySet<string> = new Set([...good, ...neutral]);
const isKnown = (result: string): result is Known => known.has(result);

/** Did a history entry end with an error? Cancelling is none. */
export function isFailure(result: string): boolean {
  return !isKnown(result);
}

/** How a run of the history ended, as a word with a mark. */
export function ResultTag({ result }: { readonly result: string }): ReactNode {
  const { t } = useTranslation();
  const tone = isFailure(result) ? 'bad' : neutral.some((name) => name === result) ? 'neutral' : 'good';
  return (
    <span className="result-tag" data-tone={tone}>
      {t(`results.${isKnown(result) ? result : 'failed'}`)}
    </span>
  );
}
