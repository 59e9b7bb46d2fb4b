/** Uses every plugin of a folder once, and says how much memory is held afterwards, in MB. */
import { setTimeout as pause } from 'node:timers/promises';
// The program holds its log as well: it belongs to none of the plugins.
import '../../src/main/core/log/log.ts';
import { PluginManager } from '../../src/main/core/plugins/manager.ts';

const plugins = await PluginManager.open({ directory: process.argv[2] ?? '' });
for (const { id, commands } of plugins.list()) {
  await plugins.run(id, commands[0]?.id ?? '', 'x', new AbortController().signal);
}
await pause(500);
console.log(`memory ${process.memoryUsage().rss / 2 ** 20}`);
await plugins.stop();
