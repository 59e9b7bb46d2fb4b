import { type Host, systemClock } from '../src/main/core/host.ts';
import { createAbsentDesktop } from '../src/main/desktop/detect.ts';

/** A host for a core that never meets a desktop. */
export function noDesktopHost(dataDirectory: string, pluginDirectory: string): Host {
  return {
    version: '0.0.0-bench',
    dataDirectory,
    pluginDirectory,
    desktop: createAbsentDesktop({ kind: 'none', message: 'A bench has no desktop.' }),
    clock: systemClock,
    environment: {},
    notify: () => undefined,
    openUrl: async () => undefined,
  };
}
