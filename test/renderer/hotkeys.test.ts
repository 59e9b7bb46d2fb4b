import { describe, expect, it } from 'vitest';
import { acceleratorOf, refusalOf } from '../../src/renderer/parts/accelerators.ts';
import { Connection } from '../../src/renderer/store/connection.ts';
import { type Hotkey, Hotkeys, hotkeySettings, hotkeysOf, rivalOf } from '../../src/renderer/store/hotkeys.ts';
import { Settings } from '../../src/renderer/store/settings.ts';
import type { ActionInfo, HotkeyInfo, SettingInfo } from '../../src/shared/contract.ts';
import { PotterError } from '../../src/shared/errors.ts';
import type { SettingKey } from '../../src/shared/settings.ts';
import { FakeCore, polish } from './fake-core.ts';

const action = (id: string): ActionInfo => ({ ...polish, id, name: `The action ${id}` });
const byDefault = (value: SettingInfo['value']) => ({ layer: 'default', value, where: 'built in' });
const setting = (key: string, value: SettingInfo['value'], layers: SettingInfo['layers'] = []): SettingInfo => ({
  ...{ key, value, default: value, help: '', source: 'default' },
  layers: [byDefault(value), ...layers],
});
const standard = {
  'hotkeys.run': setting('hotkeys.run', 'CmdOrCtrl+Shift+9'),
  'hotkeys.palette': setting('hotkeys.palette', 'CmdOrCtrl+Shift+Space'),
  'hotkeys.restore': setting('hotkeys.restore', null),
  'hotkeys.actions': setting('hotkeys.actions', {}),
} satisfies Partial<Record<SettingKey, SettingInfo>>;

function named(id: string, hotkeys: readonly Hotkey[] = []): Hotkey {
  const found = hotkeys.find((hotkey) => hotkey.id === id);
  if (!found) throw new Error(`There is no hotkey ${id}.`);
  return found;
}

const registered = (command: string, accelerator: string): HotkeyInfo => ({
  ...{ command, accelerator, state: 'registered', alternatives: [] },
});

describe('the list of hotkeys', () => {
  it('is unknown until every setting of it is known', () => {
    const { 'hotkeys.actions': _missing, ...infos } = standard;
    expect(hotkeysOf(infos, [], [])).toBeUndefined();
  });

  it('has every command and every action, and those of actions that are gone', () => {
    const infos = { ...standard, 'hotkeys.actions': setting('hotkeys.actions', { gone: 'Alt+F7', polish: 'Alt+F8' }) };
    const list = hotkeysOf(infos, [action('polish'), action('trim')], []) ?? [];
    expect(list.map(({ id, accelerator, state }) => [id, accelerator, state])).toEqual([
      ['own:run', 'CmdOrCtrl+Shift+9', 'unheld'],
      ['own:palette', 'CmdOrCtrl+Shift+Space', 'unheld'],
      ['own:restore', null, 'none'],
      ['action:polish', 'Alt+F8', 'unheld'],
      ['action:trim', null, 'none'],
      ['action:gone', 'Alt+F7', 'unheld'],
    ]);
    expect(named('action:gone', list).target).toEqual({ kind: 'action', command: 'gone', action: undefined });
  });

  it('says what became of each, with what to take instead, and that one is on its way', () => {
    const infos = { ...standard, 'hotkeys.actions': setting('hotkeys.actions', { polish: 'Alt+F8' }) };
    const failed: HotkeyInfo = {
      ...{ command: 'palette', accelerator: 'CmdOrCtrl+Shift+Space', state: 'failed', message: 'It is taken.' },
      alternatives: ['CmdOrCtrl+Alt+Space'],
    };
    const list = hotkeysOf(infos, [action('polish')], [registered('run', 'Ctrl+Shift+9'), failed]);
    expect(named('own:run', list).state).toBe('registered');
    expect(named('own:palette', list)).toMatchObject({
      ...{ state: 'failed', message: 'It is taken.', alternatives: ['CmdOrCtrl+Alt+Space'] },
    });
    expect(named('action:polish', list).state).toBe('pending');
  });

  it('tells an action called palette from the palette', () => {
    const infos = { ...standard, 'hotkeys.actions': setting('hotkeys.actions', { palette: 'Alt+F8' }) };
    const list = hotkeysOf(infos, [action('palette')], [registered('palette', 'Alt+F8')]);
    expect(named('action:palette', list).state).toBe('registered');
    expect(named('own:palette', list).state).toBe('pending');
  });

  it('fixes what a variable names, and no other action', () => {
    const layers = (value: SettingInfo['value'], where: string) => [{ layer: 'environment', value, where }];
    const infos = {
      ...standard,
      'hotkeys.run': setting('hotkeys.run', 'Alt+F9', layers('Alt+F9', 'RUN')),
      'hotkeys.actions': setting('hotkeys.actions', { polish: 'Alt+F8' }, layers({ polish: 'Alt+F8' }, 'ACTIONS')),
    };
    const list = hotkeysOf(infos, [action('polish'), action('trim')], []);
    const ids = ['own:run', 'own:palette', 'action:polish', 'action:trim'];
    expect(ids.map((id) => named(id, list).fixedBy)).toEqual(['RUN', undefined, 'ACTIONS', undefined]);
  });
});

describe('a combination that is wanted twice', () => {
  const infos = { ...standard, 'hotkeys.actions': setting('hotkeys.actions', { polish: 'alt+ctrl+p' }) };
  const list = hotkeysOf(infos, [action('polish'), action('trim')], []) ?? [];
  const trim = named('action:trim', list);

  it('is found however it is written', () => {
    expect(rivalOf(trim, 'CmdOrCtrl+Alt+P', list, false)?.id).toBe('action:polish');
    expect(rivalOf(trim, 'Ctrl+Shift+9', list, false)?.id).toBe('own:run');
    expect(rivalOf(named('own:run', list), 'CmdOrCtrl+Shift+9', list, false)).toBeUndefined();
  });

  it('is not the same with Control as with Command on a Mac', () => {
    expect(rivalOf(trim, 'CmdOrCtrl+Alt+P', list, true)).toBeUndefined();
    expect(rivalOf(trim, 'Cmd+Shift+9', list, true)?.id).toBe('own:run');
  });
});

describe('changing hotkeys', () => {
  const start = async (refusal?: PotterError) => {
    const core = new FakeCore({
      'config.inspect': ({ input }) => standard[input.key as keyof typeof standard],
      'config.set': ({ input }) => {
        if (refusal) throw refusal;
        return setting(input.key, input.value);
      },
    });
    const connection = new Connection({ connect: async () => core.connect() });
    await connection.open();
    const settings = new Settings(connection);
    await settings.watch(hotkeySettings);
    return { core, settings, hotkeys: new Hotkeys(settings) };
  };
  const list = hotkeysOf(standard, [action('polish')], []);

  it('sends one entry, which the core merges, and null to take it out', async () => {
    const { core, hotkeys } = await start();
    await hotkeys.set(named('action:polish', list), 'Alt+F8');
    await hotkeys.set(named('action:polish', list), null);
    await hotkeys.set(named('own:palette', list), null);
    expect(core.inputs('config.set')).toEqual([
      { key: 'hotkeys.actions', value: { polish: 'Alt+F8' } },
      { key: 'hotkeys.actions', value: { polish: null } },
      { key: 'hotkeys.palette', value: null },
    ]);
  });

  it('brings the old one back when the core refuses, and says so', async () => {
    const { settings, hotkeys } = await start(new PotterError('SETTING_LAYER', 'It is fixed.'));
    await expect(hotkeys.set(named('own:run', list), 'Alt+F8')).rejects.toMatchObject({ code: 'SETTING_LAYER' });
    expect(settings.state.getState().infos['hotkeys.run']?.value).toBe('CmdOrCtrl+Shift+9');
  });

  it('keeps those in the list that were changed since it was narrowed', async () => {
    const { hotkeys } = await start();
    hotkeys.choose('set');
    await hotkeys.set(named('own:palette', list), null);
    expect([...hotkeys.state.getState().changed]).toEqual(['own:palette']);
    hotkeys.choose('all');
    expect(hotkeys.state.getState().changed.size).toBe(0);
  });
});

const bare = { ctrlKey: false, altKey: false, metaKey: false, shiftKey: false };

it.each([
  [{ key: '(', code: 'Digit9', ctrlKey: true, shiftKey: true }, 'CmdOrCtrl+Shift+9', undefined],
  [{ key: 'z', code: 'KeyY', ctrlKey: true, altKey: true }, 'CmdOrCtrl+Alt+Z', undefined],
  [{ key: 'я', code: 'KeyZ', metaKey: true }, 'Super+Z', undefined],
  [{ key: 'A', code: 'KeyA', shiftKey: true }, 'Shift+A', 'noModifier'],
  [{ key: 'v', code: 'KeyV', ctrlKey: true }, 'CmdOrCtrl+V', 'ownKeystroke'],
  [{ key: '+', code: 'NumpadAdd', ctrlKey: true }, 'CmdOrCtrl+NumpadAdd', 'unknownKey'],
  [{ key: 'Control', code: 'ControlLeft', ctrlKey: true }, undefined, undefined],
] as const)('takes %o as %s, refused with %s', (press, accelerator, refusal) => {
  expect(acceleratorOf({ ...bare, ...press }, false)).toBe(accelerator);
  if (accelerator !== undefined) expect(refusalOf(accelerator)).toBe(refusal);
});
