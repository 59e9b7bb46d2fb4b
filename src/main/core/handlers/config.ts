import { isSettingKey, type SettingKey, settingKeys } from '../../../shared/settings.ts';
import type { Configuration } from '../config/config.ts';
import type { AreaHandlers } from './index.ts';

export interface ConfigDependencies {
  readonly config: Pick<Configuration, 'get' | 'inspect' | 'set'>;
}

export const configHandlers = ({ config }: ConfigDependencies): AreaHandlers<'config'> => ({
  'config.get': ({ key }) => {
    // `inspect` is what says that a key is unknown, and which one was meant.
    if (key !== undefined && !isSettingKey(key)) config.inspect(key);
    const keys = key === undefined ? settingKeys : [key as SettingKey];
    return { values: Object.fromEntries(keys.map((name) => [name, config.get(name)])) };
  },
  'config.inspect': ({ key }) => config.inspect(key),
  'config.set': async ({ key, value, layer = 'file' }) => {
    await config.set(key, value, layer);
    return config.inspect(key);
  },
});
