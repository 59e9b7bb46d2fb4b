/** The desktop of an X11 session: the selection of the window in front, read and replaced, and global hotkeys. */
import { setTimeout as delay } from 'node:timers/promises';
import { PotterError } from '../../shared/errors.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Desktop, Target } from '../core/host.ts';
import type { Log } from '../core/log/log.ts';
import { Clipboard } from './clipboard.ts';
import { Connection, orIfGone, throwIfCancelled, type Wait } from './connection.ts';
import type { HotkeyRegistrar } from './hotkeys.ts';
import { Keyboard } from './keyboard.ts';

export interface X11Options {
  /** As in the variable DISPLAY, such as `:0`. */
  readonly display: string;
  readonly log: Log;
}

export interface X11Desktop extends Desktop, HotkeyRegistrar {
  readonly kind: 'x11';
  /** Called when the X server has gone away: from then on everything fails with `NO_DESKTOP`. */
  onLost(listener: () => void): Stop;
  /**
   * Puts the clipboard back where a paste still holds it, and hands what Potter owns of it to a clipboard manager. Where
   * none runs the content ends with Potter, as with every X11 program.
   */
  close(): Promise<void>;
}

/** Fails with `NO_DESKTOP` where no X server answers, and with `WAYLAND` where it is XWayland. */
export async function openX11({ display, log }: X11Options): Promise<X11Desktop> {
  const connection = await Connection.open(display, log);
  try {
    const [clipboard, keyboard] = await Promise.all([Clipboard.open(connection, log), Keyboard.open(connection, log)]);
    return new X11Session({ connection, clipboard, keyboard, windows: await Windows.open(connection), log });
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

const times = {
  /** Everything a capture, or a write, may take together. */
  budgetMs: 2000,
  /** A program that has not copied by then had nothing selected. */
  copyMs: 700,
  /** A program that has not fetched the text by then does not take it; for each of its reads. */
  pasteMs: 1200,
  /** A window that is not in front by then stays behind. */
  activateMs: 1000,
  /** For each character that is selected anew, on top of the budget. */
  selectMs: 2,
  /** What may be spent on putting the clipboard back after a run was cancelled. */
  tidyMs: 1000,
} as const;

/** Longest text that is looked for again by selecting it key by key. */
const longestTakenBack = 3000;

/** Programs to which Ctrl+C and Ctrl+V mean something else. There the selection is only read, and the result copied. */
const keylessPrograms = new Set(
  'alacritty emacs eterm gnome-terminal guake gvim kitty konsole kgx lxterminal mate-terminal mlterm qterminal rxvt st st-256color terminator terminology tilda tilix urxvt uxterm wezterm org.wezfurlong.wezterm xfce4-terminal xterm yakuake'.split(
    ' ',
  ),
);

/** On Ctrl+V these read the text once to look for reused passwords, also where nothing can be pasted, and then to paste. */
const readTwicePrograms = new Set(
  'chromium chromium-browser google-chrome google-chrome-beta google-chrome-unstable'.split(' '),
);

/** The window in front and its title: another window, tab or document of the same program differs in one of them. */
interface Place {
  readonly window: number;
  readonly title: string;
}

interface Parts {
  readonly connection: Connection;
  readonly clipboard: Clipboard;
  readonly keyboard: Keyboard;
  readonly windows: Windows;
  readonly log: Log;
}

class X11Session implements X11Desktop {
  readonly kind = 'x11';
  readonly #connection: Connection;
  readonly #clipboard: Clipboard;
  readonly #keyboard: Keyboard;
  readonly #windows: Windows;
  readonly #log: Log;
  /** Where PRIMARY was taken; undefined while nobody has selected anything since Potter started. */
  #selectedIn: Promise<Place | undefined> | undefined;
  #giveBack: { readonly timer: NodeJS.Timeout; readonly at: number } | undefined;
  /** There is one keyboard and one clipboard: a copy for one run must not be taken for what another run selected. */
  #turns: Promise<unknown> = Promise.resolve();

  constructor({ connection, clipboard, keyboard, windows, log }: Parts) {
    this.#connection = connection;
    this.#clipboard = clipboard;
    this.#keyboard = keyboard;
    this.#windows = windows;
    this.#log = log;
    connection.on((event) => {
      if (event.name !== 'OwnerChanged' || event.selection !== clipboard.atoms.primary) return;
      this.#selectedIn = windows.place().catch(() => undefined);
    });
  }

  async front(signal: AbortSignal): Promise<Target> {
    throwIfCancelled(signal);
    const window = await this.#windows.front();
    if (window === undefined) throw new PotterError('NOTHING_SELECTED', 'No window is in front.');
    const [program, title, pid] = await Promise.all([
      this.#windows.program(window),
      this.#windows.title(window),
      this.#windows.processId(window),
    ]);
    return { key: `${window.toString(16)}:${pid ?? ''}`, application: program, title };
  }

  capture(target: Target, signal: AbortSignal): Promise<string> {
    return this.#inTurn(() => this.#capture(target, signal));
  }

  write(
    target: Target,
    text: string,
    signal: AbortSignal,
    options: { readonly selected?: string } = {},
  ): Promise<'pasted' | 'copied'> {
    return this.#inTurn(() => this.#write(target, text, { signal, ...options }));
  }

  takeBack(
    target: Target,
    texts: { readonly written: string; readonly original: string },
    signal: AbortSignal,
  ): Promise<'restored' | 'copied'> {
    return this.#inTurn(() => this.#takeBack(target, texts, signal));
  }

  copy(text: string): Promise<void> {
    return this.#inTurn(() => this.#copy(text));
  }

  register(accelerator: string, onPress: () => void): Promise<Stop> {
    return this.#keyboard.register(accelerator, onPress);
  }

  onLost(listener: () => void): Stop {
    return this.#connection.onLost(listener);
  }

  async close(): Promise<void> {
    try {
      await this.#turns;
      const pending = this.#giveBack;
      if (pending) {
        // The program may still be reading what was pasted.
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, pending.at - performance.now())));
        this.#stopGiveBack();
        await this.#clipboard.giveBack(tidyBudget());
      }
      await this.#clipboard.handOver(new AbortController().signal);
    } catch (thrown) {
      this.#log.debug('the clipboard could not be handed over', { error: thrown });
    } finally {
      this.#connection.close();
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(act);
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  async #capture(target: Target, signal: AbortSignal): Promise<string> {
    throwIfCancelled(signal);
    const window = windowOf(target);
    const wait = budget(signal, times.budgetMs);
    if (!(await this.#isFront(window))) throw movedAway(target);
    const owner = await this.#primaryOwner();
    const isItsOwn = owner !== 0 && this.#connection.isSameClient(owner, window);
    const isKeyless = keylessPrograms.has(target.application);
    const selected = isItsOwn ? await this.#readPrimary(window, isKeyless, wait) : undefined;
    if (selected) return selected;
    const copied = isKeyless ? undefined : await this.#copySelection(target, window, wait);
    if (copied) return copied;
    throwIfCancelled(signal);
    const name = target.application || 'the window in front';
    throw owner !== 0 && !isItsOwn
      ? new PotterError('SELECTION_STALE', `The selected text belongs to another window than ${name}.`)
      : new PotterError('NOTHING_SELECTED', `No text is selected in ${name}.`);
  }

  async #write(
    target: Target,
    text: string,
    { signal, selected }: { readonly signal: AbortSignal; readonly selected?: string },
  ): Promise<'pasted' | 'copied'> {
    throwIfCancelled(signal);
    const wait = budget(signal, times.budgetMs);
    if (
      (await this.#canType(target, selected !== undefined, wait)) &&
      (selected === undefined || (await this.#copySelection(target, windowOf(target), wait)) === selected) &&
      (await this.#paste(target, text, wait))
    ) {
      return 'pasted';
    }
    throwIfCancelled(signal);
    await this.#copy(text);
    return 'copied';
  }

  /** The window is in front, or comes to it, and no key is held. */
  async #canType(target: Target, bringToFront: boolean, wait: Wait): Promise<boolean> {
    if (keylessPrograms.has(target.application)) return false;
    const window = windowOf(target);
    const soon = { ...wait, until: Math.min(wait.until, performance.now() + times.activateMs) };
    const isInFront =
      (await this.#isFront(window)) || (bringToFront && (await this.#windows.bringToFront(window, soon)));
    return isInFront && (await this.#keyboard.released(wait));
  }

  /**
   * What is written ends at the cursor, if nothing was done since. So as many characters before it are selected and
   * copied, and only when they are what was written is the original pasted over them.
   */
  async #takeBack(
    target: Target,
    { written, original }: { readonly written: string; readonly original: string },
    signal: AbortSignal,
  ): Promise<'restored' | 'copied'> {
    throwIfCancelled(signal);
    const characters = charactersIn(written);
    const wait = budget(signal, times.budgetMs + characters * times.selectMs);
    if (characters <= longestTakenBack && (await this.#canType(target, true, wait))) {
      if ((await this.#selectBack(target, written, characters, wait)) && (await this.#paste(target, original, wait))) {
        return 'restored';
      }
    }
    await this.#copy(original);
    return 'copied';
  }

  /** Whether those characters before the cursor are `written`; they are selected then, and otherwise nothing is. */
  async #selectBack(target: Target, written: string, characters: number, wait: Wait): Promise<boolean> {
    const window = windowOf(target);
    const isFront = (): Promise<boolean> => this.#isFront(window);
    const stroke = await this.#keyboard.stroke('selectBack');
    if (!(await this.#keyboard.press(stroke, isFront, characters))) return false;
    const found = await this.#copySelection(target, window, wait, times.copyMs + characters * times.selectMs);
    if (found === written) return true;
    // Back to where the cursor was.
    if (found) await this.#keyboard.press(await this.#keyboard.stroke('selectForward'), isFront, charactersIn(found));
    return false;
  }

  async #copy(text: string): Promise<void> {
    this.#stopGiveBack();
    await this.#clipboard.put(this.#clipboard.textFormats(text), tidyBudget());
  }

  #primaryOwner(): Promise<number> {
    const { primary } = this.#clipboard.atoms;
    return this.#connection.ask<number>((client, done) => client.GetSelectionOwner(primary, done));
  }

  /**
   * PRIMARY of the window's own program, where it surely is what is selected there now: the same window and title were
   * in front when it was taken, and the program gives PRIMARY up when nothing is selected any more. GTK's text view does;
   * Chromium and Qt keep it, so for them the copy tells. For a terminal there is no copy, and nothing is written there.
   */
  async #readPrimary(window: number, isKeyless: boolean, wait: Wait): Promise<string | undefined> {
    const { primary } = this.#clipboard.atoms;
    const [then, now] = await Promise.all([this.#selectedIn, this.#windows.place()]);
    const isSamePlace = then !== undefined && then.window === window && then.title === now?.title;
    if (isKeyless) {
      // Potter may have started after the selection was made; a terminal seen elsewhere since is another matter.
      return then === undefined || then.window === window ? this.#clipboard.readText(primary, wait) : undefined;
    }
    if (!isSamePlace) return undefined;
    const offered = await this.#clipboard.targets(primary, wait);
    const isGtkTextView = offered.includes(await this.#connection.atom('GTK_TEXT_BUFFER_CONTENTS'));
    return isGtkTextView ? this.#clipboard.readText(primary, wait) : undefined;
  }

  /** Ctrl+C in the window, with the clipboard as it was before. Undefined when the program copied nothing. */
  async #copySelection(
    target: Target,
    window: number,
    wait: Wait,
    copyMs: number = times.copyMs,
  ): Promise<string | undefined> {
    const clipboard = this.#clipboard;
    if (!(await this.#keyboard.released(wait))) throw stillHeld();
    const stroke = await this.#keyboard.stroke('copy');
    const previous = await clipboard.snapshot(wait);
    this.#stopGiveBack();
    const before = clipboard.changes;
    const changed = this.#changeOf(before, { ...wait, until: Math.min(wait.until, performance.now() + copyMs) });
    let copies = 0;
    try {
      if (!(await this.#keyboard.press(stroke, () => this.#isFront(window)))) throw movedAway(target);
      copies = await changed;
      if (copies === before) return undefined;
      if (!this.#connection.isSameClient(clipboard.owner, window)) {
        // Somebody else copied at this very moment: that is neither the selection nor ours to undo.
        copies = before;
        return undefined;
      }
      return await clipboard.readText(clipboard.atoms.clipboard, wait);
    } finally {
      changed.catch(() => undefined);
      // A cancelled run has pressed the keys too: what they copy must not stay.
      if (wait.signal.aborted && copies <= before)
        copies = await this.#changeOf(before, tidyBudget()).catch(() => before);
      if (copies > before) await clipboard.put(previous, tidyBudget(), () => clipboard.changes === copies);
    }
  }

  /** The count of the clipboard's changes once it has grown, or the same count when the time is up. */
  async #changeOf(before: number, wait: Wait): Promise<number> {
    const { clipboard } = this.#clipboard.atoms;
    if (this.#clipboard.changes > before) return this.#clipboard.changes;
    await this.#connection.waitFor(
      (event) => (event.name === 'OwnerChanged' && event.selection === clipboard ? true : undefined),
      wait,
    );
    return this.#clipboard.changes;
  }

  /** Ctrl+V in the window. False when it does not take the text, which then is on the clipboard to stay. */
  async #paste(target: Target, text: string, wait: Wait): Promise<boolean> {
    const clipboard = this.#clipboard;
    const window = windowOf(target);
    const stroke = await this.#keyboard.stroke('paste');
    const reads = stroke.isLetter && readTwicePrograms.has(target.application) ? 2 : 1;
    const previous = await clipboard.snapshot(wait);
    this.#stopGiveBack();
    await clipboard.lend(text, { window, previous }, wait);
    try {
      const until = performance.now() + reads * times.pasteMs;
      // Once the keys are pressed the text must stay until it was fetched: cancelling then comes too late.
      const fetched = clipboard.fetchedBy(window, reads, { signal: new AbortController().signal, until });
      fetched.catch(() => undefined);
      throwIfCancelled(wait.signal);
      if (!(await this.#keyboard.press(stroke, () => this.#isFront(window)))) return false;
      if (!(await fetched)) return false;
      this.#giveBackSoon();
      return true;
    } catch (thrown) {
      await clipboard.giveBack(tidyBudget()).catch(() => undefined);
      throw thrown;
    }
  }

  #giveBackSoon(): void {
    const at = this.#clipboard.dueAt;
    const giveBack = (): void => {
      if (this.#clipboard.dueAt > at) {
        this.#giveBackSoon();
        return;
      }
      this.#giveBack = undefined;
      this.#inTurn(() => this.#clipboard.giveBack(tidyBudget())).catch((thrown: unknown) =>
        this.#log.warn('the clipboard could not be put back', { error: thrown }),
      );
    };
    this.#giveBack = { timer: setTimeout(giveBack, Math.max(0, at - performance.now())), at };
  }

  #stopGiveBack(): void {
    clearTimeout(this.#giveBack?.timer);
    this.#giveBack = undefined;
  }

  async #isFront(window: number): Promise<boolean> {
    return (await this.#windows.front()) === window;
  }
}

type WindowAtoms = Readonly<Record<'active' | 'name' | 'pid' | 'state' | 'class' | 'plainName', number>>;

/** What windows say about themselves. One that has just closed says nothing. */
class Windows {
  readonly #connection: Connection;
  readonly #atoms: WindowAtoms;

  static async open(connection: Connection): Promise<Windows> {
    const atom = (name: string): Promise<number> => connection.atom(name);
    const [active, name, pid, state, wmClass, plainName] = await Promise.all([
      atom('_NET_ACTIVE_WINDOW'),
      atom('_NET_WM_NAME'),
      atom('_NET_WM_PID'),
      atom('WM_STATE'),
      atom('WM_CLASS'),
      atom('WM_NAME'),
    ]);
    return new Windows(connection, { active, name, pid, state, class: wmClass, plainName });
  }

  private constructor(connection: Connection, atoms: WindowAtoms) {
    this.#connection = connection;
    this.#atoms = atoms;
  }

  /** The window the window manager calls active; without one, the window that has the input focus. */
  async front(): Promise<number | undefined> {
    const active = await this.#number(this.#connection.root, this.#atoms.active);
    if (active !== undefined && active !== 0) return active;
    const { focus } = await this.#connection.ask<{ focus: number }>((client, done) => client.GetInputFocus(done));
    return focus > 1 && focus !== this.#connection.root ? this.#topLevel(focus) : undefined;
  }

  /** Asks the window manager for it, as a task list does. False when it has not come by the end of the wait. */
  async bringToFront(window: number, wait: Wait): Promise<boolean> {
    const { root } = this.#connection;
    const { active } = this.#atoms;
    const asUser = 2;
    this.#connection.send((client) =>
      client.SendClientMessage(root, window, active, 32, [asUser, 0, 0, 0, 0], substructure),
    );
    while ((await this.front()) !== window) {
      throwIfCancelled(wait.signal);
      if (performance.now() >= wait.until) return false;
      await delay(pollMs);
    }
    return true;
  }

  async place(): Promise<Place | undefined> {
    const window = await this.front();
    return window === undefined ? undefined : { window, title: await this.title(window) };
  }

  async title(window: number): Promise<string> {
    const { name, plainName } = this.#atoms;
    return (await this.#text(window, name)) ?? (await this.#text(window, plainName)) ?? '';
  }

  /** The class of WM_CLASS in lower case, such as `mousepad`; empty where the window has none. */
  async program(window: number): Promise<string> {
    const [, name = ''] = ((await this.#text(window, this.#atoms.class)) ?? '').split('\0');
    return name.toLowerCase();
  }

  processId(window: number): Promise<number | undefined> {
    return this.#number(window, this.#atoms.pid);
  }

  /** The ancestor the window manager manages, or the last one below the root where there is no window manager. */
  async #topLevel(window: number): Promise<number> {
    if ((await this.#connection.property(window, this.#atoms.state, { remove: false })) !== undefined) return window;
    const { root } = this.#connection;
    const parent = await this.#connection
      .ask<{ parent: number }>((client, done) => client.QueryTree(window, done))
      .then((tree) => tree.parent)
      .catch(orIfGone(root));
    return parent === root || parent === 0 ? window : this.#topLevel(parent);
  }

  async #number(window: number, atom: number): Promise<number | undefined> {
    const property = await this.#connection.property(window, atom, { remove: false });
    return property?.format === 32 && property.data.length >= 4 ? property.data.readUInt32LE(0) : undefined;
  }

  async #text(window: number, atom: number): Promise<string | undefined> {
    return (await this.#connection.property(window, atom, { remove: false }))?.data.toString('utf8');
  }
}

const pollMs = 5;
/** SubstructureNotify and SubstructureRedirect: what a window manager listens to. */
const substructure = (1 << 19) | (1 << 20);

/** As a cursor passes them. */
function charactersIn(text: string): number {
  return [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].length;
}

function windowOf({ key }: Target): number {
  return Number.parseInt(key, 16);
}

const budget = (signal: AbortSignal, ms: number): Wait => ({ signal, until: performance.now() + ms });
/** For what must be finished although the run was cancelled. */
const tidyBudget = (): Wait => budget(new AbortController().signal, times.tidyMs);

const movedAway = ({ application }: Target): PotterError =>
  new PotterError('SELECTION_STALE', `${application || 'The window'} is no longer in front.`);
const stillHeld = (): PotterError => new PotterError('TIMEOUT', 'The keys of the hotkey were held down too long.');
