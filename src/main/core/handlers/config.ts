import { settingKeys } from '../../../shared/settings.ts';
import type { Configuration } from '../config/config.ts';
import type { AreaHandlers } from './index.ts';

export interface ConfigDependencies {
  readonly config: Pick<Configuration, 'inspect' | 'set'>;
}

export const configHandlers = ({ config }: ConfigDependencies): AreaHandlers<'config'> => ({
  'config.get': ({ key }) => {
    const keys = key === undefined ? settingKeys : [key];
    return { values: Object.fromEntries(keys.map((name) => [name, config.inspect(name).value])) };
  },
  'config.inspect': ({ key }) => config.inspect(key),
  'config.set': async ({ key, value, layer = 'file' }) => {
    await config.set(key, value, layer);
    return config.inspect(key);
  },
});
