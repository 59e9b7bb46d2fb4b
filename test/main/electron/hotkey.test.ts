import { beforeEach, expect, test } from 'vitest';
import { globalShortcuts } from '../../../src/main/electron/hotkey.ts';
import { globalShortcut, resetElectron } from '../../helpers/fake-electron.ts';

beforeEach(resetElectron);

test('presses arrive until the combination is released', async () => {
  let presses = 0;
  const release = await globalShortcuts.register('CmdOrCtrl+Shift+9', () => {
    presses += 1;
  });
  globalShortcut.registered.get('CmdOrCtrl+Shift+9')?.();
  release();
  expect([presses, [...globalShortcut.registered.keys()]]).toEqual([1, []]);
});

test('a combination another program holds is named', async () => {
  globalShortcut.taken.add('Alt+F4');
  await expect(globalShortcuts.register('Alt+F4', () => undefined)).rejects.toMatchObject({
    code: 'HOTKEY_TAKEN',
    message: expect.stringContaining('"Alt+F4"'),
  });
});

test('a combination the system does not know is named', async () => {
  await expect(globalShortcuts.register('Hyper+9', () => undefined)).rejects.toMatchObject({
    code: 'HOTKEY_INVALID',
    message: expect.stringContaining('"Hyper+9"'),
  });
});
