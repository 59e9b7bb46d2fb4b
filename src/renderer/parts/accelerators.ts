/** Between the keys somebody presses and the combinations settings hold. Pure: no React. */
import { keys, parseAccelerator } from '../../shared/accelerator.ts';

type Press = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey'>;

const byCode: Readonly<Record<string, string>> = {
  Minus: '-',
  Equal: '=',
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  Semicolon: ';',
  Quote: "'",
  Comma: ',',
  Period: '.',
  Slash: '/',
  Backquote: '`',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  Enter: 'Return',
};
const modifierKeys = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'OS', 'Dead', 'Process', 'Unidentified']);

/** The combination in Electron's notation; undefined while only modifiers are held. It may still be refused. */
export function acceleratorOf(press: Press, onMac = isMac()): string | undefined {
  if (modifierKeys.has(press.key)) return undefined;
  const held = [
    press.ctrlKey && (onMac ? 'Ctrl' : 'CmdOrCtrl'),
    press.metaKey && (onMac ? 'CmdOrCtrl' : 'Super'),
    press.altKey && 'Alt',
    press.shiftKey && 'Shift',
  ].filter((name) => name !== false);
  return [...held, keyOf(press)].join('+');
}

/** A letter is where the layout has it; whatever Shift turns into another sign is the key it stands on. */
function keyOf({ key, code }: Press): string {
  if (/^[a-z]$/i.test(key)) return key.toUpperCase();
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
  if (digit !== undefined) return digit;
  if (Object.hasOwn(byCode, code)) return byCode[code] ?? code;
  return /^Key([A-Z])$/.exec(code)?.[1] ?? code;
}

export type Refusal = 'noModifier' | 'unknownKey' | 'ownKeystroke';

/** Why a combination that was pressed cannot be a hotkey, if it cannot. */
export function refusalOf(accelerator: string): Refusal | undefined {
  try {
    parseAccelerator(accelerator);
    return undefined;
  } catch {
    const [key = '', ...held] = accelerator.split('+').reverse();
    if (!keys.includes(key)) return 'unknownKey';
    return held.every((modifier) => modifier === 'Shift') ? 'noModifier' : 'ownKeystroke';
  }
}

export const isMac = (): boolean => /mac/i.test(navigator.platform);

/** As one says it: `Ctrl+Shift+9`. */
export function spoken(accelerator: string): string {
  return shownKeys(accelerator).join('+');
}

/** What the system said about a combination, with its keys as they are printed. */
export function readable(message: string, accelerator: string): string {
  return message.replaceAll(accelerator, spoken(accelerator));
}

/** Those a combination needs at least one of, as they are printed. */
export const neededModifiers = (): string => (isMac() ? '⌘, ⌃, ⌥' : 'Ctrl, Alt, Super');

/** The keys as this machine's keyboard prints them. */
export function shownKeys(accelerator: string, onMac = isMac()): string[] {
  const printed: Readonly<Record<string, string>> = onMac
    ? { CmdOrCtrl: '⌘', Cmd: '⌘', Ctrl: '⌃', Alt: '⌥', Shift: '⇧', Return: '↵' }
    : { CmdOrCtrl: 'Ctrl', Return: 'Enter' };
  return accelerator.split('+').map((key) => (Object.hasOwn(printed, key) ? (printed[key] ?? key) : key));
}
