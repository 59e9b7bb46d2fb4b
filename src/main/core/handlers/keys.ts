import type { VaultState } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import type { Configuration } from '../config/config.ts';
import type { EventBus } from '../events.ts';
import type { ProviderRegistry } from '../providers/registry.ts';
import type { Vault } from '../security/vault.ts';
import type { AreaHandlers } from './index.ts';

export interface KeysDependencies {
  readonly vault: Pick<
    Vault,
    | 'state'
    | 'backend'
    | 'protection'
    | 'message'
    | 'listKeys'
    | 'setKey'
    | 'removeKey'
    | 'attach'
    | 'retry'
    | 'unlock'
    | 'protect'
  >;
  readonly providers: Pick<ProviderRegistry, 'settingOf' | 'testKey'>;
  readonly config: Pick<Configuration, 'get'>;
  readonly events: Pick<EventBus, 'publish'>;
}

export const keysHandlers = ({ vault, providers, config, events }: KeysDependencies): AreaHandlers<'keys'> => {
  const changed = (provider: string): void => events.publish('keys.changed', { provider, vault: vault.state });
  const opened = (state: VaultState): { vault: VaultState } => {
    changed('all');
    return { vault: state };
  };
  const hostOf = (provider: string): string | undefined => {
    const setting = config.get('providers')[provider];
    return setting && new URL(setting.baseUrl).host;
  };
  return {
    'keys.list': () => {
      const { state, backend, protection, message } = vault;
      return { vault: state, backend, protection, ...(message && { message }), keys: vault.listKeys(hostOf) };
    },
    'keys.set': async ({ provider, key, spare }) => {
      const { host } = new URL(providers.settingOf(provider).baseUrl);
      const slot = await vault.setKey(provider, host, key, spare ? 'spare' : 'first');
      changed(provider);
      return { provider, slot, host };
    },
    'keys.attach': ({ provider, host: confirmed }) => {
      const { host } = new URL(providers.settingOf(provider).baseUrl);
      if (confirmed !== host) {
        throw new PotterError('CONFLICT', `The address of ${provider} is at ${host} now, not at ${confirmed}.`, {
          detail: { provider, host, confirmed },
        });
      }
      vault.attach(provider, host);
      changed(provider);
      return { provider, host };
    },
    'keys.retry': async () => opened(await vault.retry()),
    'keys.unlock': async ({ passphrase }) => opened(await vault.unlock(passphrase)),
    'keys.protect': async (input) => {
      await vault.protect(input);
      changed('all');
      return { protection: vault.protection };
    },
    'keys.test': async ({ provider }, { signal }) => ({ provider, models: await providers.testKey(provider, signal) }),
    'keys.remove': ({ provider, slot }) => {
      const removed = vault.removeKey(provider, slot);
      if (removed) changed(provider);
      return { removed };
    },
  };
};
