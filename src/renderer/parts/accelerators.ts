/** Between the keys somebody presses and the combinations settings hold. Pure: no React. */
import { formatAccelerator, parseAccelerator } from '../../shared/accelerator.ts';

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
export function acceleratorOf(press: Press, isMac = /mac/i.test(navigator.platform)): string | undefined {
  if (modifierKeys.has(press.key)) return undefined;
  const held = [
    press.ctrlKey && (isMac ? 'Ctrl' : 'CmdOrCtrl'),
    press.metaKey && (isMac ? 'CmdOrCtrl' : 'Super'),
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

/** Two texts that mean the same combination become equal; one that means none stays itself. */
export function canonical(accelerator: string): string {
  try {
    return formatAccelerator(parseAccelerator(accelerator));
  } catch {
    return accelerator;
  }
}

/** The keys as this machine's keyboard prints them. */
export function shownKeys(accelerator: string, isMac = /mac/i.test(navigator.platform)): string[] {
  const printed: Readonly<Record<string, string>> = isMac
    ? { CmdOrCtrl: '⌘', Cmd: '⌘', Ctrl: '⌃', Alt: '⌥', Shift: '⇧', Return: '↵' }
    : { CmdOrCtrl: 'Ctrl', Return: 'Enter' };
  return accelerator.split('+').map((key) => (Object.hasOwn(printed, key) ? (printed[key] ?? key) : key));
}
