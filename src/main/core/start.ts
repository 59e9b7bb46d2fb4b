/** The door to the core for every shell: small, so that the rest is loaded by the process that owns the data, and only then. */

import type { Host } from './host.ts';
import { Lifetime } from './lifetime.ts';
import { PluginManager } from './plugins/manager.ts';
import type { Potter, PotterOptions } from './potter.ts';
import { acquireOwnership } from './storage/owner.ts';

export interface StartOptions extends PotterOptions {
  /** Id of the action that will be run as soon as it has started: what it needs is made ready meanwhile. */
  readonly firstAction?: string;
}

/**
 * Takes ownership of the host's data directory and starts the core on it. Undefined when another process owns it: its
 * local socket is the way in then.
 */
export async function startPotter(host: Host, options: StartOptions = {}): Promise<Potter | undefined> {
  const ownership = acquireOwnership(host.dataDirectory);
  if (!ownership) return undefined;
  const lifetime = new Lifetime();
  lifetime.add('ownership', ownership, () => ownership.release());
  try {
    const plugins = lifetime.add('plugins', await PluginManager.open({ directory: host.pluginDirectory }), (it) =>
      it.stop(),
    );
    // Its thread starts while the core is loaded.
    if (options.firstAction !== undefined) plugins.prepare(options.firstAction);
    const { compose } = await import('./potter.ts');
    return await compose(host, options, { lifetime, plugins });
  } catch (thrown) {
    await lifetime.stop(() => undefined);
    throw thrown;
  }
}
