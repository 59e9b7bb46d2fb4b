import process from 'node:process';
import { PotterError } from '../../../shared/errors.ts';
import type { Host } from '../host.ts';
import type { AreaHandlers } from './index.ts';

export interface SystemDependencies {
  readonly host: Pick<Host, 'version' | 'dataDirectory' | 'desktop'>;
  readonly demo: boolean;
  readonly problems: () => readonly string[];
}

export const systemHandlers = ({ host, demo, problems }: SystemDependencies): AreaHandlers<'system'> => ({
  'system.erase': () => notYet(),
  'system.info': () => {
    const { kind, message } = host.desktop;
    const { version, dataDirectory } = host;
    const desktop = message === undefined ? { kind } : { kind, message };
    const platform = `${process.platform} ${process.arch}`;
    const runtime = { node: process.versions.node };
    return { version, pid: process.pid, platform, runtime, dataDirectory, desktop, demo, problems: [...problems()] };
  },
});

function notYet(): never {
  throw new PotterError('UNAVAILABLE', 'This is not there yet.');
}
