import type { ProviderRegistry } from '../providers/registry.ts';
import type { AreaHandlers } from './index.ts';

export interface ProvidersDependencies {
  readonly providers: Pick<ProviderRegistry, 'list'>;
}

export const providersHandlers = ({ providers }: ProvidersDependencies): AreaHandlers<'providers'> => ({
  'providers.list': ({ provider }, { signal, log }) => providers.list(provider, signal, log),
});
