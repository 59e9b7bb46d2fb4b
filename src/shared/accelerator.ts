/** Key combinations in Electron's notation, such as `CmdOrCtrl+Shift+9`. */
import { PotterError } from './errors.ts';

/** In the order of the canonical form. `Cmd` exists on macOS only; `CmdOrCtrl` is Ctrl everywhere else. */
export const modifiers = ['CmdOrCtrl', 'Cmd', 'Ctrl', 'Alt', 'Super', 'Shift'] as const;
export type Modifier = (typeof modifiers)[number];

export interface Accelerator {
  /** Each at most once, in canonical order. */
  readonly modifiers: readonly Modifier[];
  /** One of `keys`. */
  readonly key: string;
}

const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const digits = [...'1234567890'];
const functionKeys = Array.from({ length: 24 }, (_, index) => `F${index + 1}`);
const named =
  'Space Tab Backspace Delete Insert Return Escape Up Down Left Right Home End PageUp PageDown PrintScreen Plus'.split(
    ' ',
  );
const punctuation = [..."-=[]\\;',./`"];

/** Every key a combination may end in, by its canonical name. */
export const keys: readonly string[] = [...letters, ...digits, ...functionKeys, ...named, ...punctuation];

const aliases: Readonly<Record<string, string>> = {
  commandorcontrol: 'CmdOrCtrl',
  command: 'Cmd',
  control: 'Ctrl',
  option: 'Alt',
  meta: 'Super',
  enter: 'Return',
  esc: 'Escape',
};
const byLowerCase = new Map([...modifiers, ...keys].map((name) => [name.toLowerCase(), name]));

/** Fails with `HOTKEY_INVALID`, naming the part that is wrong. Case does not matter. */
export function parseAccelerator(text: string): Accelerator {
  const names = text.split('+').map((part) => canonicalName(part.trim(), text));
  const held = modifiers.filter((modifier) => names.includes(modifier));
  const pressed = names.filter((name) => !isModifier(name));
  if (held.length + pressed.length < names.length) throw invalid(text, 'names a modifier twice');
  const [key] = pressed;
  if (key === undefined) throw invalid(text, 'has no key besides its modifiers');
  if (pressed.length > 1) throw invalid(text, `has ${pressed.length} keys (${pressed.join(', ')})`);
  if (held.every((modifier) => modifier === 'Shift')) throw invalid(text, 'has no modifier besides Shift');
  const accelerator = { modifiers: held, key };
  if (isOwnKeystroke(accelerator)) throw invalid(text, 'is what Potter presses itself to copy and paste');
  return accelerator;
}

/** The canonical form: two texts mean the same combination exactly when theirs are equal. */
export function formatAccelerator({ modifiers: held, key }: Accelerator): string {
  return [...modifiers.filter((modifier) => held.includes(modifier)), key].join('+');
}

/** Other combinations to offer, nearest first, none of them in `taken` (canonical forms). They may still be in use. */
export function alternativesTo(text: string, taken: readonly string[] = []): string[] {
  const wanted = parseOr(text, { modifiers: ['CmdOrCtrl', 'Shift'], key: '9' });
  const candidates = [
    ...otherModifiers.map((held) => ({ modifiers: held, key: wanted.key })),
    ...neighbours(wanted.key).map((key) => ({ modifiers: wanted.modifiers, key })),
  ];
  const unwanted = new Set([...taken, formatAccelerator(wanted)]);
  return candidates
    .filter((candidate) => !isOwnKeystroke(candidate))
    .map(formatAccelerator)
    .filter((candidate) => !unwanted.has(candidate));
}

const otherModifiers: readonly (readonly Modifier[])[] = [
  ['CmdOrCtrl', 'Shift'],
  ['CmdOrCtrl', 'Alt'],
  ['Alt', 'Shift'],
  ['CmdOrCtrl', 'Alt', 'Shift'],
  ['Super', 'Shift'],
];

/** Keys of the same kind, the following ones first. */
function neighbours(key: string): string[] {
  const row = [digits, letters, functionKeys].find((candidate) => candidate.includes(key)) ?? digits;
  const start = row.indexOf(key) + 1;
  return [...row.slice(start), ...row.slice(0, start)].filter((other) => other !== key).slice(0, 4);
}

function canonicalName(part: string, text: string): string {
  const lower = part.toLowerCase();
  const name = byLowerCase.get(Object.hasOwn(aliases, lower) ? (aliases[lower] ?? '').toLowerCase() : lower);
  if (name === undefined) {
    throw invalid(
      text,
      part === '' ? 'has an empty part (the plus key is called Plus)' : `names no known key: "${part}"`,
    );
  }
  return name;
}

/** Potter's own Ctrl+C and Ctrl+V would trigger such a hotkey. */
function isOwnKeystroke({ modifiers: held, key }: Accelerator): boolean {
  return held.length === 1 && held[0] !== 'Alt' && held[0] !== 'Super' && 'CVX'.includes(key);
}

function parseOr(text: string, fallback: Accelerator): Accelerator {
  try {
    return parseAccelerator(text);
  } catch {
    return fallback;
  }
}

const isModifier = (name: string): name is Modifier => (modifiers as readonly string[]).includes(name);
const invalid = (text: string, why: string): PotterError =>
  new PotterError('HOTKEY_INVALID', `The combination "${text}" ${why}.`, { detail: { accelerator: text } });
