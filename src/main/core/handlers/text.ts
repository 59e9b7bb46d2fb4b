import type { TextRuns } from '../text/run.ts';
import type { AreaHandlers } from './index.ts';

export interface TextDependencies {
  readonly runs: Pick<TextRuns, 'process' | 'cancel' | 'preview' | 'capture' | 'captured' | 'insert' | 'restore'>;
}

export const textHandlers = ({ runs }: TextDependencies): AreaHandlers<'text'> => ({
  'text.process': (input, context) => runs.process(input, context),
  'text.capture': (_input, context) => runs.capture(context),
  'text.captured': ({ captureId }) => runs.captured(captureId),
  'text.preview': (input, context) => runs.preview(input, context),
  'text.insert': ({ runId, text }, context) => runs.insert(runId, text, context),
  'text.restore': ({ runId }, context) => runs.restore(runId, context),
  'text.cancel': ({ runId }) => ({ cancelled: runs.cancel(runId) }),
});
