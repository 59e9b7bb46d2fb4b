/** Which key to press or grab, told from the server's keyboard mapping. Pure. */
import { type Accelerator, keys, type Modifier } from '../../shared/accelerator.ts';

export interface Keymap {
  /** Undefined where this keyboard has no such key. */
  grabOf(accelerator: Accelerator): Grab | undefined;
  /** The key codes of a modifier and of the key that types `key` without Shift, in the layout of this number first. */
  strokeOf(stroke: readonly ['Ctrl' | 'Shift', string], layout: number): readonly number[] | undefined;
  /** The bits of CapsLock, NumLock and ScrollLock: a hotkey works whatever their state. */
  readonly locks: readonly number[];
}

export interface Grab {
  readonly keycode: number;
  readonly modifiers: number;
}

/** Bits of the core modifiers in an event's state. */
const modifierBits = {
  shift: 1,
  lock: 2,
  control: 4,
  mod1: 8,
  mod2: 16,
  mod3: 32,
  mod4: 64,
  mod5: 128,
} as const;
export const allModifiers = 0xff;

/**
 * `rows` holds the keysyms of each key code from `first` on, in core order: levels one and two of the first layout, then
 * of the second. `modifierRows` holds the key codes of Shift, Lock, Control, Mod1…Mod5.
 */
export function readKeymap(
  rows: readonly (readonly number[])[],
  modifierRows: readonly (readonly number[])[],
  first: number,
): Keymap {
  const symbolsOf = (keycode: number): readonly number[] => rows[keycode - first] ?? [];
  const find = (keysym: number, column: number): number | undefined => {
    const index = rows.findIndex((symbols) => symbols[column] === keysym);
    return index < 0 ? undefined : index + first;
  };
  const bitOf = (keysyms: readonly number[]): number | undefined => {
    const row = modifierRows.findIndex((keycodes) =>
      keycodes.some((keycode) => keycode !== 0 && symbolsOf(keycode).some((keysym) => keysyms.includes(keysym))),
    );
    return row < 0 ? undefined : 1 << row;
  };
  const bits: Record<Modifier, number> = {
    CmdOrCtrl: modifierBits.control,
    Ctrl: modifierBits.control,
    Cmd: 0,
    Shift: modifierBits.shift,
    Alt: bitOf([keysyms.altLeft]) ?? bitOf([keysyms.altRight, keysyms.metaLeft]) ?? modifierBits.mod1,
    Super: bitOf([keysyms.superLeft, keysyms.superRight]) ?? modifierBits.mod4,
  };

  /** Unshifted in either layout, then shifted, then by place: a Russian keyboard has no C, but it has C's key. */
  const locate = (key: string): { keycode: number; shifted: boolean } | undefined => {
    const keysym = keysymOf(key);
    if (keysym === undefined) return undefined;
    for (const level of [0, 1]) {
      for (const layout of [0, 1]) {
        const keycode = find(keysym, 2 * layout + level);
        if (keycode !== undefined) return { keycode, shifted: level === 1 };
      }
    }
    const place = places.get(key);
    return place === undefined || symbolsOf(place).length === 0 ? undefined : { keycode: place, shifted: false };
  };

  return {
    grabOf: ({ modifiers, key }) => {
      const found = locate(key);
      if (found === undefined || modifiers.includes('Cmd')) return undefined;
      const held = modifiers.reduce((mask, modifier) => mask | bits[modifier], 0);
      // A digit means the key it is printed on, as on French keyboards; a sign such as Plus means what one types for it.
      const typed = found.shifted && !/^\d$/.test(key) ? modifierBits.shift : 0;
      return { keycode: found.keycode, modifiers: held | typed };
    },
    strokeOf: ([modifier, key], layout) => {
      const keysym = keysymOf(key) ?? 0;
      const held = modifierRows[modifier === 'Shift' ? 0 : 2]?.find((keycode) => keycode !== 0);
      const columns = layout === 1 ? [2, 0] : [0, 2];
      const pressed = columns.map((column) => find(keysym, column)).find((keycode) => keycode !== undefined);
      return held === undefined || pressed === undefined ? undefined : [held, pressed];
    },
    locks: [modifierBits.lock, bitOf([keysyms.numLock]), bitOf([keysyms.scrollLock])].filter(
      (bit) => bit !== undefined && bit !== 0,
    ) as number[],
  };
}

const keysyms = {
  altLeft: 0xffe9,
  altRight: 0xffea,
  metaLeft: 0xffe7,
  superLeft: 0xffeb,
  superRight: 0xffec,
  numLock: 0xff7f,
  scrollLock: 0xff14,
} as const;

const namedKeysyms: Readonly<Record<string, number>> = {
  Space: 0x20,
  Tab: 0xff09,
  Backspace: 0xff08,
  Delete: 0xffff,
  Insert: 0xff63,
  Return: 0xff0d,
  Escape: 0xff1b,
  Up: 0xff52,
  Down: 0xff54,
  Left: 0xff51,
  Right: 0xff53,
  Home: 0xff50,
  End: 0xff57,
  PageUp: 0xff55,
  PageDown: 0xff56,
  PrintScreen: 0xff61,
  Plus: 0x2b,
};

function keysymOf(key: string): number | undefined {
  if (!keys.includes(key)) return undefined;
  if (Object.hasOwn(namedKeysyms, key)) return namedKeysyms[key];
  if (/^F\d+$/.test(key)) return 0xffbd + Number(key.slice(1));
  return key.toLowerCase().codePointAt(0);
}

/** Key codes by place on a US keyboard, the same on every Linux machine (evdev). */
const places = new Map<string, number>(
  [
    { start: 10, row: '1234567890-=' },
    { start: 24, row: 'QWERTYUIOP[]' },
    { start: 38, row: "ASDFGHJKL;'`" },
    { start: 51, row: '\\ZXCVBNM,./' },
  ].flatMap(({ start, row }) => [...row].map((key, index): [string, number] => [key, start + index])),
);
