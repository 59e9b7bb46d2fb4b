/** For `node --import`: a built program that imports `electron` gets the fake. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: new URL('fake-electron.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});
