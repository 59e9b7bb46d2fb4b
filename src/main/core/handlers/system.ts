import process from 'node:process';
import type { Host } from '../host.ts';
import type { AreaHandlers } from './index.ts';

export interface SystemDependencies {
  readonly host: Pick<Host, 'version' | 'dataDirectory' | 'desktop'>;
  readonly demo: boolean;
  readonly problems: () => readonly string[];
}

export const systemHandlers = ({ host, demo, problems }: SystemDependencies): AreaHandlers<'system'> => ({
  'system.info': () => {
    const { kind, message } = host.desktop;
    const { version, dataDirectory } = host;
    const desktop = message === undefined ? { kind } : { kind, message };
    return { version, pid: process.pid, dataDirectory, desktop, demo, problems: [...problems()] };
  },
});
