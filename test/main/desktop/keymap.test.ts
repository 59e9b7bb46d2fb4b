import { describe, expect, test } from 'vitest';
import { readKeymap } from '../../../src/main/desktop/keymap.ts';
import { parseAccelerator } from '../../../src/shared/accelerator.ts';

const first = 8;
const symbol = (character: string): number => character.codePointAt(0) ?? 0;
const cyrillic = { es: 0x6d3, em: 0x6cd };
const keysyms = {
  shift: 0xffe1,
  caps: 0xffe5,
  control: 0xffe3,
  alt: 0xffe9,
  num: 0xff7f,
  super: 0xffeb,
  insert: 0xff63,
};
const modifierKeys: Record<number, readonly number[]> = {
  37: [keysyms.control],
  50: [keysyms.shift],
  64: [keysyms.alt],
  66: [keysyms.caps],
  77: [keysyms.num],
  118: [keysyms.insert],
  133: [keysyms.super],
};
const modifierRows = [
  [50, 0],
  [66, 0],
  [37, 0],
  [64, 0],
  [77, 0],
  [0, 0],
  [133, 0],
  [0, 0],
];

/** The mapping of a keyboard with these keys besides the modifiers: keysyms by key code. */
function keymapOf(keys: Record<number, readonly number[]>) {
  const all = { ...modifierKeys, ...keys };
  const rows = Array.from({ length: 248 }, (_, index) => all[index + first] ?? []);
  return readKeymap(rows, modifierRows, first);
}
const grab = (keymap: ReturnType<typeof keymapOf>, text: string) => keymap.grabOf(parseAccelerator(text));

describe('a US keyboard', () => {
  const us = keymapOf({
    18: [symbol('9'), symbol('(')],
    21: [symbol('='), symbol('+')],
    45: [symbol('k'), symbol('K')],
    54: [symbol('c'), symbol('C')],
  });

  test('grabs the key that types the letter or digit, with the modifiers of this server', () => {
    expect(grab(us, 'CmdOrCtrl+Shift+9')).toEqual({ keycode: 18, modifiers: 4 | 1 });
    expect(grab(us, 'Alt+Super+K')).toEqual({ keycode: 45, modifiers: 8 | 64 });
  });

  test('needs Shift for a sign that is typed with Shift', () => {
    expect(grab(us, 'Ctrl+Plus')).toEqual({ keycode: 21, modifiers: 4 | 1 });
  });

  test('has no Cmd key and no key it does not have', () => {
    expect(grab(us, 'Cmd+K')).toBeUndefined();
    expect(grab(us, 'Ctrl+F13')).toBeUndefined();
  });

  test('knows which bits are locks', () => {
    expect(us.locks).toEqual([2, 16]);
  });

  test('presses by key code', () => {
    expect(us.strokeOf(['Ctrl', 'C'], 0)).toEqual([37, 54]);
    expect(us.strokeOf(['Shift', 'Insert'], 0)).toEqual([50, 118]);
  });
});

test('takes the key a digit is printed on where it is typed with Shift, as in France', () => {
  const french = keymapOf({ 18: [0xe7, symbol('9')] });
  expect(grab(french, 'Ctrl+9')).toEqual({ keycode: 18, modifiers: 4 });
  expect(grab(french, 'Ctrl+Shift+9')).toEqual({ keycode: 18, modifiers: 5 });
});

test('grabs by place where the layout has no Latin letters, but does not press Ctrl+C there', () => {
  const russian = keymapOf({ 54: [cyrillic.es, 0x6f3] });
  expect(grab(russian, 'Ctrl+Alt+C')).toEqual({ keycode: 54, modifiers: 12 });
  expect(russian.strokeOf(['Ctrl', 'C'], 0)).toBeUndefined();
  expect(russian.strokeOf(['Ctrl', 'Insert'], 0)).toEqual([37, 118]);
});

test('presses the key of the layout in use where two layouts place the letter differently', () => {
  const both = keymapOf({
    31: [symbol('i'), symbol('I'), symbol('c'), symbol('C')],
    54: [symbol('c'), symbol('C'), symbol('j'), symbol('J')],
  });
  expect(both.strokeOf(['Ctrl', 'C'], 0)).toEqual([37, 54]);
  expect(both.strokeOf(['Ctrl', 'C'], 1)).toEqual([37, 31]);
});

test('presses the Latin letter of the other layout where the one in use has none', () => {
  const both = keymapOf({ 54: [symbol('c'), symbol('C'), cyrillic.es, 0x6f3] });
  expect(both.strokeOf(['Ctrl', 'C'], 1)).toEqual([37, 54]);
});
