import type { TextRuns } from '../text/run.ts';
import type { AreaHandlers } from './index.ts';

export interface TextDependencies {
  readonly runs: Pick<TextRuns, 'process' | 'cancel'>;
}

export const textHandlers = ({ runs }: TextDependencies): AreaHandlers<'text'> => ({
  'text.process': (input, context) => runs.process(input, context),
  'text.cancel': ({ runId }) => ({ cancelled: runs.cancel(runId) }),
});
