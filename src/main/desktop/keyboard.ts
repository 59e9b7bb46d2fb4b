/** The keyboard: global hotkeys as passive grabs, keys really released, and Potter's own key strokes through XTEST. */
import { setTimeout as delay } from 'node:timers/promises';
import { formatAccelerator, parseAccelerator } from '../../shared/accelerator.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Log } from '../core/log/log.ts';
import { type Connection, isServerError, throwIfCancelled, type Wait } from './connection.ts';
import { allModifiers, type Grab, type Keymap, readKeymap } from './keymap.ts';

interface Hotkey {
  readonly text: string;
  readonly onPress: () => void;
  grab: Grab;
}

/** A key and the modifier held with it. */
export interface Stroke {
  /** The modifier's first. */
  readonly keycodes: readonly number[];
  /** Ctrl with a letter rather than a key with Insert. */
  readonly isLetter: boolean;
}

const pollMs = 5;

/** The second form is for layouts without Latin letters, where programs know no Ctrl+C but still Ctrl+Insert. */
const strokes = {
  copy: [
    ['Ctrl', 'C'],
    ['Ctrl', 'Insert'],
  ],
  paste: [
    ['Ctrl', 'V'],
    ['Shift', 'Insert'],
  ],
  selectBack: [['Shift', 'Left']],
  selectForward: [['Shift', 'Right']],
} as const;

export class Keyboard {
  readonly #connection: Connection;
  readonly #log: Log;
  readonly #hotkeys = new Set<Hotkey>();
  /** Key codes of hotkeys that are down: the server repeats their presses. */
  readonly #held = new Set<number>();
  #keymap: Keymap;
  #reload: Promise<void> | undefined;

  static async open(connection: Connection, log: Log): Promise<Keyboard> {
    return new Keyboard(connection, log, await loadKeymap(connection));
  }

  private constructor(connection: Connection, log: Log, keymap: Keymap) {
    this.#connection = connection;
    this.#log = log;
    this.#keymap = keymap;
    connection.on((event) => {
      if (event.name === 'KeyPress') this.#onPress(event.keycode, event.buttons);
      else if (event.name === 'KeyRelease') this.#onRelease(event.keycode);
      else if (event.name === 'MappingNotify') this.#onMapping();
    });
  }

  /** Fails with `HOTKEY_INVALID` where the keyboard cannot make it and `HOTKEY_TAKEN` where another program has it. */
  async register(accelerator: string, onPress: () => void): Promise<Stop> {
    const parsed = parseAccelerator(accelerator);
    const text = formatAccelerator(parsed);
    const grab = this.#keymap.grabOf(parsed);
    if (grab === undefined) throw new PotterError('HOTKEY_INVALID', `This keyboard has no key for "${text}".`);
    if ([...this.#hotkeys].some((hotkey) => isSame(hotkey.grab, grab))) {
      throw new PotterError('HOTKEY_TAKEN', `Another hotkey of Potter already uses "${text}".`);
    }
    const hotkey: Hotkey = { text, onPress, grab };
    this.#hotkeys.add(hotkey);
    try {
      await this.#grab(hotkey);
    } catch (thrown) {
      this.#hotkeys.delete(hotkey);
      throw thrown;
    }
    return () => {
      if (this.#hotkeys.delete(hotkey)) this.#ungrab(hotkey.grab);
    };
  }

  /** Waits until no modifier and no hotkey is held; false when the time was up first. */
  async released({ signal, until }: Wait): Promise<boolean> {
    for (;;) {
      throwIfCancelled(signal);
      if (!(await this.#isHeld())) return true;
      if (performance.now() >= until) return false;
      await delay(pollMs);
    }
  }

  /** How this keyboard copies, pastes or selects in its present layout. Fails with `UNAVAILABLE` where it has no keys for it. */
  async stroke(name: keyof typeof strokes): Promise<Stroke> {
    const layout = (await this.#state()) >> 13;
    for (const keys of strokes[name]) {
      const keycodes = this.#keymap.strokeOf(keys, layout);
      if (keycodes) return { keycodes, isLetter: keys[1].length === 1 };
    }
    throw new PotterError('UNAVAILABLE', `This keyboard has no keys to ${name} with.`);
  }

  /**
   * Presses the keys by key code, if `isWanted` still holds and no modifier is down; nothing can move in between. The
   * key itself goes down and up `times` times, the modifier once.
   */
  async press({ keycodes }: Stroke, isWanted: () => Promise<boolean>, times = 1): Promise<boolean> {
    const connection = this.#connection;
    const { KeyPress: down, KeyRelease: up } = connection.xtest;
    const [key, ...held] = keycodes.toReversed();
    const inputs = [
      ...held.map((keycode) => ({ type: down, keycode })),
      ...Array.from({ length: times }, () => [down, up]).flatMap((types) =>
        types.map((type) => ({ type, keycode: key ?? 0 })),
      ),
      ...held.map((keycode) => ({ type: up, keycode })),
    ];
    // Other programs' requests wait meanwhile, so that the focus cannot move between the check and the keys.
    connection.send((client) => client.GrabServer());
    try {
      const wanted = (await isWanted()) && ((await this.#state()) & this.#modifiersThatCount()) === 0;
      if (wanted) {
        connection.send(() => {
          for (const { type, keycode } of inputs) connection.xtest.FakeInput(type, keycode, 0, 0, 0, 0);
        });
      }
      return wanted;
    } finally {
      connection.send((client) => client.UngrabServer());
    }
  }

  async #isHeld(): Promise<boolean> {
    const [state, down] = await Promise.all([this.#state(), this.#keysDown()]);
    for (const keycode of [...this.#held]) if (!down(keycode)) this.#held.delete(keycode);
    return (state & this.#modifiersThatCount()) !== 0 || this.#held.size > 0;
  }

  #modifiersThatCount(): number {
    return allModifiers & ~this.#keymap.locks.reduce((mask, bit) => mask | bit, 0);
  }

  async #state(): Promise<number> {
    const { root } = this.#connection;
    return (await this.#connection.ask<{ keyMask: number }>((client, done) => client.QueryPointer(root, done))).keyMask;
  }

  async #keysDown(): Promise<(keycode: number) => boolean> {
    const map = await this.#connection.ask<Buffer>((client, done) => client.QueryKeymap(done));
    return (keycode) => ((map[keycode >> 3] ?? 0) & (1 << (keycode & 7))) !== 0;
  }

  #onPress(keycode: number, state: number): void {
    const modifiers = state & this.#modifiersThatCount();
    const hotkey = [...this.#hotkeys].find(({ grab }) => isSame(grab, { keycode, modifiers }));
    if (hotkey === undefined || this.#held.has(keycode)) return;
    this.#held.add(keycode);
    hotkey.onPress();
  }

  /** A repeated key sends a release with every press, so the key itself is asked whether it is up. */
  #onRelease(keycode: number): void {
    this.#keysDown().then(
      (down) => {
        if (!down(keycode)) this.#held.delete(keycode);
      },
      () => undefined,
    );
  }

  #onMapping(): void {
    this.#reload ??= this.#applyMapping()
      .catch((thrown: unknown) => this.#log.warn('the keyboard mapping could not be read', { error: thrown }))
      .finally(() => {
        this.#reload = undefined;
      });
  }

  async #applyMapping(): Promise<void> {
    // Changes come in bursts; a short rest makes one reload of them.
    await delay(20);
    this.#keymap = await loadKeymap(this.#connection);
    for (const hotkey of [...this.#hotkeys]) {
      const grab = this.#keymap.grabOf(parseAccelerator(hotkey.text));
      if (grab === undefined || isSame(grab, hotkey.grab)) continue;
      this.#ungrab(hotkey.grab);
      hotkey.grab = grab;
      await this.#grab(hotkey).catch((thrown: unknown) =>
        this.#log.warn('a hotkey was lost to a new keyboard layout', { accelerator: hotkey.text, error: thrown }),
      );
    }
  }

  async #grab({ text, grab }: Hotkey): Promise<void> {
    const { root } = this.#connection;
    const asynchronous = 1;
    const attempts = this.#variants(grab).map((modifiers) =>
      this.#connection.ask<undefined>((client, done) =>
        client.GrabKey(root, 0, modifiers, grab.keycode, asynchronous, asynchronous, (error) => done(error, undefined)),
      ),
    );
    const refused = (await Promise.allSettled(attempts)).find((attempt) => attempt.status === 'rejected');
    if (refused === undefined) return;
    this.#ungrab(grab);
    if (!isServerError(refused.reason)) throw refused.reason;
    throw new PotterError('HOTKEY_TAKEN', `Another program already uses "${text}".`, { cause: refused.reason });
  }

  #ungrab(grab: Grab): void {
    const { root } = this.#connection;
    this.#connection.send((client) => {
      for (const modifiers of this.#variants(grab)) client.UngrabKey(root, grab.keycode, modifiers);
    });
  }

  /** A grab is for one exact state, so there is one for every state of the locks. */
  #variants({ modifiers }: Grab): number[] {
    return this.#keymap.locks.reduce((masks, bit) => masks.flatMap((mask) => [mask, mask | bit]), [modifiers]);
  }
}

async function loadKeymap(connection: Connection): Promise<Keymap> {
  const { first, last } = connection.keycodes;
  const [rows, modifierRows] = await Promise.all([
    connection.ask<number[][]>((client, done) => client.GetKeyboardMapping(first, last - first + 1, done)),
    connection.ask<number[][]>((client, done) => client.GetModifierMapping(done)),
  ]);
  return readKeymap(rows, modifierRows, first);
}

const isSame = (one: Grab, other: Grab): boolean => one.keycode === other.keycode && one.modifiers === other.modifiers;
