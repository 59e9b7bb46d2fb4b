import { PotterError } from '../../../shared/errors.ts';
import type { Configuration } from '../config/config.ts';
import type { EventBus } from '../events.ts';
import type { ProviderRegistry } from '../providers/registry.ts';
import type { Vault } from '../security/vault.ts';
import type { AreaHandlers } from './index.ts';

export interface KeysDependencies {
  readonly vault: Pick<Vault, 'state' | 'backend' | 'listKeys' | 'setKey' | 'removeKey'>;
  readonly providers: Pick<ProviderRegistry, 'settingOf' | 'testKey'>;
  readonly config: Pick<Configuration, 'get'>;
  readonly events: Pick<EventBus, 'publish'>;
}

export const keysHandlers = ({ vault, providers, config, events }: KeysDependencies): AreaHandlers<'keys'> => {
  const changed = (provider: string): void => events.publish('keys.changed', { provider, vault: vault.state });
  const hostOf = (provider: string): string | undefined => {
    const setting = config.get('providers')[provider];
    return setting && new URL(setting.baseUrl).host;
  };
  return {
    'keys.list': () => ({ vault: vault.state, backend: vault.backend, protection: 'system', keys: vault.listKeys(hostOf) }),
    'keys.set': async ({ provider, key }) => {
      const { host } = new URL(providers.settingOf(provider).baseUrl);
      await vault.setKey(provider, host, key);
      changed(provider);
      return { provider, host };
    },
    'keys.attach': () => notYet(),
    'keys.retry': () => notYet(),
    'keys.unlock': () => notYet(),
    'keys.protect': () => notYet(),
    'keys.test': async ({ provider }, { signal }) => ({ provider, models: await providers.testKey(provider, signal) }),
    'keys.remove': ({ provider }) => {
      const removed = vault.removeKey(provider);
      if (removed) changed(provider);
      return { removed };
    },
  };
};

function notYet(): never {
  throw new PotterError('UNAVAILABLE', 'This is not there yet.');
}
