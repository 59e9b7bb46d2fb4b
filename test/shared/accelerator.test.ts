import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alternativesTo, formatAccelerator, keys, modifiers, parseAccelerator } from '../../src/shared/accelerator.ts';
import { PotterError } from '../../src/shared/errors.ts';

const canonical = (text: string): string => formatAccelerator(parseAccelerator(text));

test('gives every spelling of a combination one canonical form', () => {
  const spellings = {
    'CmdOrCtrl+Shift+9': 'CmdOrCtrl+Shift+9',
    'shift+commandorcontrol+9': 'CmdOrCtrl+Shift+9',
    ' Control + option + k ': 'Ctrl+Alt+K',
    'Meta+Enter': 'Super+Return',
    'Alt+Esc': 'Alt+Escape',
    'Ctrl+Plus': 'Ctrl+Plus',
    'alt+f24': 'Alt+F24',
    'Command+;': 'Cmd+;',
  };
  expect(Object.fromEntries(Object.keys(spellings).map((text) => [text, canonical(text)]))).toEqual(spellings);
});

test.each([
  ['', 'has an empty part (the plus key is called Plus)'],
  ['Ctrl++', 'has an empty part (the plus key is called Plus)'],
  ['9', 'has no modifier besides Shift'],
  ['Shift+9', 'has no modifier besides Shift'],
  ['Ctrl+Shift', 'has no key besides its modifiers'],
  ['Ctrl+A+B', 'has 2 keys (A, B)'],
  ['Ctrl+ctrl+A', 'names a modifier twice'],
  ['Ctrl+Banana', 'names no known key: "Banana"'],
  ['Ctrl+F25', 'names no known key: "F25"'],
  ['Ctrl+ä', 'names no known key: "ä"'],
  ['Ctrl+constructor', 'names no known key: "constructor"'],
  ['AltGr+A', 'names no known key: "AltGr"'],
  ['CmdOrCtrl+V', 'is what Potter presses itself to copy and paste'],
])('refuses "%s" because it %s', (text, why) => {
  const detail = { accelerator: text };
  const refusal = new PotterError('HOTKEY_INVALID', `The combination "${text}" ${why}.`, { detail });
  expect(() => parseAccelerator(text)).toThrow(refusal);
});

test('reads back whatever it has written', () => {
  const combination = fc.record({
    modifiers: fc.subarray([...modifiers], { minLength: 2 }),
    key: fc.constantFrom(...keys),
  });
  fc.assert(
    fc.property(combination, (accelerator) => {
      expect(parseAccelerator(formatAccelerator(accelerator))).toEqual(accelerator);
    }),
  );
});

test('fails with nothing but HOTKEY_INVALID, whatever is typed', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseAccelerator(text);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'HOTKEY_INVALID' });
      }
    }),
  );
});

test('offers valid combinations near the one that failed, none of them taken', () => {
  const offered = alternativesTo('Ctrl+Shift+9', ['CmdOrCtrl+Alt+9']);
  expect(offered.slice(0, 3)).toEqual(['CmdOrCtrl+Shift+9', 'Alt+Shift+9', 'CmdOrCtrl+Alt+Shift+9']);
  expect(offered).toContain('Ctrl+Shift+0');
  expect(offered.map(canonical)).toEqual(offered);
});

test('offers combinations in place of one that makes no sense', () => {
  expect(alternativesTo('Banana').length).toBeGreaterThan(3);
});
