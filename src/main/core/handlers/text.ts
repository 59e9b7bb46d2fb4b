import { PotterError } from '../../../shared/errors.ts';
import type { TextRuns } from '../text/run.ts';
import type { AreaHandlers } from './index.ts';

export interface TextDependencies {
  readonly runs: Pick<TextRuns, 'process' | 'cancel'>;
}

export const textHandlers = ({ runs }: TextDependencies): AreaHandlers<'text'> => ({
  'text.process': (input, context) => runs.process(input, context),
  'text.capture': () => notYet(),
  'text.captured': () => notYet(),
  'text.preview': () => notYet(),
  'text.insert': () => notYet(),
  'text.restore': () => notYet(),
  'text.cancel': ({ runId }) => ({ cancelled: runs.cancel(runId) }),
});

function notYet(): never {
  throw new PotterError('UNAVAILABLE', 'This is not there yet.');
}
