/** What must hold on a real X11 desktop, one case each, with the desktop layer alone. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { silentLog } from '../../src/main/core/log/log.ts';
import { Clipboard } from '../../src/main/desktop/clipboard.ts';
import { Connection, type Wait } from '../../src/main/desktop/connection.ts';
import { openX11 } from '../../src/main/desktop/x11.ts';
import { PotterError } from '../../src/shared/errors.ts';
import { clipboardIs, getClipboard, png, setClipboard } from './clipboards.ts';
import { type Chromium, type Editor, type Mousepad, openMousepad } from './editors.ts';
import { type Session, startSession, until } from './session.ts';
import type { DirectSide } from './sides.ts';

export interface Desk {
  readonly session: Session;
  readonly connection: Connection;
  readonly mousepad: Mousepad;
  readonly chromium: Chromium;
}

export interface Context extends Desk {
  readonly side: DirectSide;
}

export interface Case<C extends Desk = Context> {
  readonly title: string;
  readonly run: (context: C) => Promise<void>;
}

export const hotkey = 'CmdOrCtrl+Shift+9';
export const keep = Buffer.from('kept: ä, 你, 🙂');

export const texts = [
  'hello world',
  'The quick brown fox. 12 % of it, at https://example.org/?q=1',
  '你好，world。今天天气很好。',
  'שלום world, מה שלומך?',
  'مرحبا world، كيف حالك؟',
  'one\ntwo\n\nfour',
  '  outer spaces stay  ',
  'emoji 👩‍👩‍👧 and 🇩🇪 flags, combining e\u0301',
  'Größe, naïve, œuvre, ångström',
  `long ${'line of words '.repeat(300)}end`,
];

const press = (session: Session): Promise<Buffer> => session.run('xdotool', 'key', 'ctrl+shift+9');

/** How the next run ended. */
async function nextResult({ side }: Context, before: number): Promise<string> {
  return await until('the run to end', () => side.results[before]);
}

async function pressAndWait(context: Context): Promise<string> {
  const before = context.side.results.length;
  await press(context.session);
  return await nextResult(context, before);
}

/** A promise and what settles it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function replaces(context: Context, editor: Editor): Promise<void> {
  await editor.show('to be replaced');
  await editor.selectAll();
  assert.equal(await pressAndWait(context), 'pasted');
  await editor.changed();
  assert.equal(await editor.text(), 'TO BE REPLACED');
}

const clipboardFormats: readonly (readonly [string, string, Buffer])[] = [
  ['text', 'UTF8_STRING', keep],
  ['a PNG image', 'image/png', png],
  ['HTML', 'text/html', Buffer.from('<meta charset="utf-8"><b>kept</b> 你')],
  ['an image of 3 MB', 'image/png', Buffer.concat([png, randomBytes(3_000_000)])],
];

const restoring = clipboardFormats.flatMap(([what, type, data]): Case[] =>
  (['mousepad', 'chromium'] as const).map((name) => ({
    title: `puts ${what} back on the clipboard after a paste in ${name}`,
    run: async (context) => {
      await setClipboard(context.session, type, data);
      await replaces(context, context[name]);
      await clipboardIs(context.session, type, data);
    },
  })),
);

const { signal: never } = new AbortController();

const takingBack = (['mousepad', 'chromium'] as const).flatMap((name): Case[] => [
  {
    title: `puts the original back in ${name}, and the clipboard too`,
    run: async (context) => {
      const { session, side } = context;
      const editor = context[name];
      for (const original of ['to be replaced', 'two lines\nand more', '你好 👩‍👩‍👧 e\u0301']) {
        await editor.show(original);
        await editor.selectAll();
        assert.equal(await pressAndWait(context), 'pasted');
        await editor.changed();
        await setClipboard(session, 'UTF8_STRING', keep);
        const target = await side.desktop.front(never);
        const written = original.toUpperCase();
        assert.equal(await side.desktop.takeBack(target, { written, original }, never), 'restored');
        await until('the original', async () => ((await editor.text()) === original ? true : undefined));
        await clipboardIs(session, 'UTF8_STRING', keep);
      }
    },
  },
  {
    title: `leaves ${name} as it is where something was written since, and copies the original`,
    run: async (context) => {
      const { session, side } = context;
      const editor = context[name];
      await replaces(context, editor);
      await session.run('xdotool', 'key', 'x');
      await until('the x', async () => ((await editor.text()) === 'TO BE REPLACEDx' ? true : undefined));
      const target = await side.desktop.front(never);
      const texts = { written: 'TO BE REPLACED', original: 'to be replaced' };
      assert.equal(await side.desktop.takeBack(target, texts, never), 'copied');
      await clipboardIs(session, 'UTF8_STRING', Buffer.from('to be replaced'));
      // The cursor stands where it was, and nothing is selected.
      await session.run('xdotool', 'key', 'y');
      await until('the y', async () => ((await editor.text()) === 'TO BE REPLACEDxy' ? true : undefined));
    },
  },
  {
    title: `brings ${name} to the front where a result is to be inserted there`,
    run: async (context) => {
      const { side } = context;
      const editor = context[name];
      const other = context[name === 'mousepad' ? 'chromium' : 'mousepad'];
      await other.show('bystander');
      await editor.show('to be inserted into');
      await editor.selectAll();
      const target = await side.desktop.front(never);
      await other.focus();
      assert.equal(await side.desktop.write(target, 'inserted', never, { selected: 'to be inserted into' }), 'pasted');
      await editor.changed();
      assert.equal(await editor.text(), 'inserted');
      assert.equal(await other.text(), 'bystander');
    },
  },
  {
    title: `leaves ${name} as it is where the selection is another one by the time a result is to be inserted`,
    run: async (context) => {
      const { session, side } = context;
      const editor = context[name];
      const other = context[name === 'mousepad' ? 'chromium' : 'mousepad'];
      await other.show('bystander');
      await editor.show('something else');
      await editor.selectAll();
      const target = await side.desktop.front(never);
      await other.focus();
      assert.equal(await side.desktop.write(target, 'inserted', never, { selected: 'what was selected' }), 'copied');
      await clipboardIs(session, 'UTF8_STRING', Buffer.from('inserted'));
      assert.deepEqual([await editor.text(), await other.text()], ['something else', 'bystander']);
    },
  },
]);

const layouts = ['fr', 'ru', 'us,ru', 'de -variant neo'].map(
  (layout): Case => ({
    title: `works with the keyboard layout ${layout}`,
    run: async (context) => {
      const { session, chromium, mousepad, side } = context;
      try {
        for (const editor of [mousepad, chromium]) {
          await editor.show('any layout');
          await editor.selectAll();
          await session.run('setxkbmap', ...layout.split(' '));
          // By key code: the key that is 9 on a US keyboard, and on all of these.
          assert.equal(await eventually(context, ['ctrl+shift+18']), 'pasted');
          await editor.changed();
          await session.run('setxkbmap', 'us');
          assert.equal(await editor.text(), 'ANY LAYOUT');
        }
      } finally {
        await session.run('setxkbmap', 'us');
        await until('the hotkey on the US layout', async () => {
          const before = side.results.length;
          await press(session);
          // Longer than a run takes to find nothing selected: none may be under way when the next case begins.
          return await until('an answer', () => side.results[before], 3000).catch(() => undefined);
        });
      }
    },
  }),
);

/** Presses until a run has started: after a change of layout the grabs follow a moment later. */
async function eventually(context: Context, keys: readonly string[]): Promise<string> {
  const before = context.side.results.length;
  return await until('the hotkey on the new layout', async () => {
    await context.session.run('xdotool', 'key', ...keys);
    // On a slow machine a press may come while the one before still runs.
    const ended = (): string | undefined => context.side.results.slice(before).find((it) => it !== 'ALREADY_RUNNING');
    return await until('an answer', ended, 1500).catch(() => undefined);
  });
}

const allCases: readonly Case[] = [
  {
    title: 'replaces the selection in place, twenty of twenty, with the clipboard as before after each',
    run: async ({ session, mousepad, chromium }) => {
      await setClipboard(session, 'UTF8_STRING', keep);
      for (const editor of [mousepad, chromium]) {
        for (const text of texts) {
          await editor.show(text);
          await editor.selectAll();
          await press(session);
          await editor.changed();
          assert.equal(await editor.text(), text.toUpperCase());
          await clipboardIs(session, 'UTF8_STRING', keep);
        }
      }
    },
  },
  ...restoring,
  {
    title: 'puts every format of one clipboard back, byte for byte',
    run: async (context) => {
      const { session, chromium } = context;
      const { clipboard: other, connection, close } = await openOther(session);
      const offered: [string, Buffer][] = [
        ['UTF8_STRING', keep],
        ['text/html', Buffer.from('<i>kept</i>')],
        ['image/png', png],
        ['application/x-something', randomBytes(300_000)],
      ];
      const formats = await Promise.all(
        offered.map(async ([name, data]) => {
          const target = await connection.atom(name);
          return { target, type: target, format: 8, data };
        }),
      );
      await other.put(formats, soon());
      await replaces(context, chromium);
      for (const [name, data] of offered) await clipboardIs(session, name, data);
      assert.equal(other.isOurs, false);
      close();
    },
  },
  {
    title: 'leaves an empty clipboard empty',
    run: async (context) => {
      const { session, connection, chromium } = context;
      const { clipboard: other, close } = await openOther(session);
      await other.put([], soon());
      await replaces(context, chromium);
      await until('an empty clipboard', async () => {
        const { clipboard } = other.atoms;
        const owner = await connection.ask<number>((client, done) => client.GetSelectionOwner(clipboard, done));
        return owner === 0 ? true : undefined;
      });
      close();
    },
  },
  {
    title: 'does not put the clipboard back over something copied since',
    run: async (context) => {
      const { session, mousepad } = context;
      await setClipboard(session, 'UTF8_STRING', keep);
      await replaces(context, mousepad);
      const newer = Buffer.from('copied by the person meanwhile');
      await setClipboard(session, 'UTF8_STRING', newer);
      await new Promise((resolve) => setTimeout(resolve, 700));
      assert.deepEqual(await getClipboard(session, 'UTF8_STRING'), newer);
    },
  },
  {
    title: 'copies where Chromium reads the clipboard and pastes nothing: into a field that is read only',
    run: async (context) => {
      const { session, chromium } = context;
      await setClipboard(session, 'UTF8_STRING', keep);
      await chromium.show('read only', { readOnly: true });
      await chromium.selectAll();
      assert.equal(await pressAndWait(context), 'copied');
      assert.equal(await chromium.hasChanged(), false);
      await clipboardIs(session, 'UTF8_STRING', Buffer.from('READ ONLY'));
    },
  },
  {
    title: 'pastes a text of one megabyte whole',
    run: async (context) => {
      const { side, chromium } = context;
      const large = '你好 world\n'.repeat(80_000);
      side.rewrite = () => large;
      await chromium.show('small');
      await chromium.selectAll();
      assert.equal(await pressAndWait(context), 'pasted');
      // All is read in half a second; laying out 80,000 lines takes Chromium the rest.
      await chromium.changed(60_000);
      assert.equal(await chromium.text(), large);
    },
  },
  {
    title: 'runs once when the hotkey is pressed twice',
    run: async (context) => {
      const { session, side, mousepad } = context;
      const reading = gate();
      side.pause = reading.opened;
      side.rewrite = (text) => `[${text}]`;
      await mousepad.show('once');
      await mousepad.selectAll();
      const before = side.results.length;
      await press(session);
      await press(session);
      await until('the second press', () => side.results[before]);
      reading.open();
      await until('the run to end', () => side.results[before + 1]);
      assert.deepEqual(side.results.slice(before), ['ALREADY_RUNNING', 'pasted']);
      await mousepad.changed();
      assert.equal(await mousepad.text(), '[once]');
    },
  },
  {
    title: 'runs once when the hotkey is held until the key repeats',
    run: async (context) => {
      const { session, side, mousepad } = context;
      await mousepad.show('held');
      await mousepad.selectAll();
      const before = side.captured.length;
      await session.run('xdotool', 'keydown', 'ctrl', 'keydown', 'shift', 'keydown', '9');
      // The server begins to repeat a key after 660 ms; that it has done so shows nowhere.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      assert.equal(await mousepad.hasChanged(), false, 'nothing may be pasted while the keys are down');
      const ended = side.results.length;
      await session.run('xdotool', 'keyup', '9', 'keyup', 'shift', 'keyup', 'ctrl');
      assert.equal(await nextResult(context, ended), 'pasted');
      assert.equal(side.captured.length - before, 1);
      await mousepad.changed();
      assert.equal(await mousepad.text(), 'HELD');
    },
  },
  {
    title: 'copies and pastes nothing when another window has come to the front',
    run: async (context) => {
      const { session, side, mousepad, chromium } = context;
      await chromium.show('bystander');
      const reading = gate();
      side.pause = reading.opened;
      await mousepad.show('moved away');
      await mousepad.selectAll();
      const [before, captured] = [side.results.length, side.captured.length];
      await press(session);
      await until('the text to be read', () => side.captured[captured]);
      await chromium.focus();
      reading.open();
      assert.equal(await nextResult(context, before), 'copied');
      await clipboardIs(session, 'UTF8_STRING', Buffer.from('MOVED AWAY'));
      assert.equal(await chromium.text(), 'bystander');
      assert.equal(await mousepad.hasChanged(), false);
    },
  },
  {
    title: 'never uses a stale PRIMARY of another program',
    run: async (context) => {
      const { session, side, mousepad, chromium } = context;
      await setClipboard(session, 'UTF8_STRING', keep);
      await chromium.show('a secret of the other window');
      await chromium.selectAll();
      await mousepad.show('nothing selected here');
      await until('PRIMARY of the other window', async () => {
        const primary = await session.run('xclip', '-selection', 'primary', '-o').catch(() => Buffer.alloc(0));
        return primary.toString() === 'a secret of the other window' ? true : undefined;
      });
      const captured = side.captured.length;
      assert.equal(await pressAndWait(context), 'SELECTION_STALE');
      assert.equal(side.captured.length, captured);
      assert.equal(await mousepad.hasChanged(), false);
      assert.deepEqual(await getClipboard(session, 'UTF8_STRING'), keep);
    },
  },
  {
    title: 'never uses the PRIMARY of another tab of the same window',
    run: async (context) => {
      const { session, side, mousepad } = context;
      await mousepad.show('first tab', 'second tab');
      await mousepad.selectAll();
      await mousepad.otherTab();
      const captured = side.captured.length;
      assert.equal(await pressAndWait(context), 'NOTHING_SELECTED');
      assert.equal(side.captured.length, captured);
      await session.run('xdotool', 'key', 'Right');
    },
  },
  {
    title: 'sees that a selection was given up, although Chromium keeps PRIMARY',
    run: async (context) => {
      const { session, chromium } = context;
      await setClipboard(session, 'UTF8_STRING', keep);
      await chromium.show('no longer selected');
      await chromium.selectAll();
      await chromium.deselect();
      assert.equal(await pressAndWait(context), 'NOTHING_SELECTED');
      assert.equal(await chromium.text(), 'no longer selected');
      assert.deepEqual(await getClipboard(session, 'UTF8_STRING'), keep);
    },
  },
  {
    title: 'tells a copy of the very text that is on the clipboard already from no copy at all',
    run: async (context) => {
      const { session, chromium } = context;
      await setClipboard(session, 'UTF8_STRING', Buffer.from('same'));
      await chromium.show('same');
      await chromium.selectAll();
      assert.equal(await pressAndWait(context), 'pasted');
      await chromium.changed();
      assert.equal(await chromium.text(), 'SAME');
    },
  },
  {
    title: 'works with NumLock and CapsLock on',
    run: async (context) => {
      const { session, mousepad, chromium } = context;
      await session.run('xdotool', 'key', 'Num_Lock', 'Caps_Lock');
      try {
        await replaces(context, mousepad);
        await replaces(context, chromium);
      } finally {
        await session.run('xdotool', 'key', 'Num_Lock', 'Caps_Lock');
      }
    },
  },
  ...takingBack,
  ...layouts,
  {
    title: 'only reads the selection of a terminal and copies the result: Ctrl+C means something else there',
    run: async (context) => {
      const { session, connection, side } = context;
      await setClipboard(session, 'UTF8_STRING', keep);
      const terminal = await openMousepad(session, connection, '--class=XTerm');
      try {
        await terminal.show('$ make all');
        const before = side.results.length;
        // Which of the two depends on whether another window still holds PRIMARY.
        assert.match(await pressAndWait(context), /^(NOTHING_SELECTED|SELECTION_STALE)$/);
        assert.deepEqual(await getClipboard(session, 'UTF8_STRING'), keep);
        await terminal.selectAll();
        assert.equal(await pressAndWait(context), 'copied');
        await clipboardIs(session, 'UTF8_STRING', Buffer.from('$ MAKE ALL'));
        assert.equal(await terminal.hasChanged(), false);
        assert.equal(side.results.length - before, 2);
      } finally {
        await terminal.close();
      }
    },
  },
  {
    title: 'says that a combination is taken, and takes it once it is free',
    run: async ({ session, side }) => {
      const other = await openX11({ display: session.display, log: silentLog });
      const release = await other.register('Ctrl+Alt+K', () => undefined);
      const taken = (thrown: unknown): boolean =>
        thrown instanceof PotterError &&
        thrown.code === 'HOTKEY_TAKEN' &&
        thrown.message === 'Another program already uses "Ctrl+Alt+K".';
      await assert.rejects(
        side.desktop.register('alt+control+k', () => undefined),
        taken,
      );
      release();
      await until('the grab to be free', async () => {
        const stop = await side.desktop.register('Ctrl+Alt+K', () => undefined).catch(() => undefined);
        stop?.();
        return stop && true;
      });
      await other.close();
    },
  },
  {
    title: 'honours cancelling and leaves text and clipboard as they were',
    run: async (context) => {
      const { session, side, chromium } = context;
      await setClipboard(session, 'UTF8_STRING', keep);
      await chromium.show('cancelled');
      await chromium.selectAll();
      const controller = new AbortController();
      const target = await side.desktop.front(controller.signal);
      const capture = side.desktop.capture(target, controller.signal);
      setImmediate(() => controller.abort());
      const isCancelled = (thrown: unknown): boolean => thrown instanceof PotterError && thrown.code === 'CANCELLED';
      await assert.rejects(capture, isCancelled);
      await assert.rejects(side.desktop.write(target, 'NEVER', controller.signal), isCancelled);
      await clipboardIs(session, 'UTF8_STRING', keep);
      assert.equal(await chromium.text(), 'cancelled');
    },
  },
  {
    title: 'does not take the result of another run for what is selected here',
    run: async (context) => {
      const { session, side, chromium } = context;
      await chromium.show('selected here');
      await chromium.selectAll();
      const { signal } = new AbortController();
      const target = await side.desktop.front(signal);
      const [captured] = await Promise.all([
        side.desktop.capture(target, signal),
        side.desktop.copy('the result of another run'),
      ]);
      assert.equal(captured, 'selected here');
      await clipboardIs(session, 'UTF8_STRING', Buffer.from('the result of another run'));
    },
  },
  {
    title: 'survives a window that closes between reading and writing',
    run: async (context) => {
      const { session, side, mousepad } = context;
      const reading = gate();
      side.pause = reading.opened;
      await mousepad.show('closing');
      await mousepad.selectAll();
      const [before, captured] = [side.results.length, side.captured.length];
      await press(session);
      await until('the text to be read', () => side.captured[captured]);
      await mousepad.close();
      reading.open();
      assert.equal(await nextResult(context, before), 'copied');
      await clipboardIs(session, 'UTF8_STRING', Buffer.from('CLOSING'));
    },
  },
  {
    title: 'hands the clipboard to a clipboard manager when it closes',
    run: async ({ session }) => {
      const leaving = await openX11({ display: session.display, log: silentLog });
      await leaving.copy('outlives Potter');
      const stop = await startClipboardManager(session);
      try {
        await leaving.close();
        await clipboardIs(session, 'UTF8_STRING', Buffer.from('outlives Potter'));
      } finally {
        stop();
      }
    },
  },
  {
    title: 'reports a lost X server once and fails everything after it with NO_DESKTOP',
    run: async () => {
      const brief = await startSession();
      const desktop = await openX11({ display: brief.display, log: silentLog });
      let lost = 0;
      desktop.onLost(() => {
        lost += 1;
      });
      await brief.stop();
      await until('the loss to be noticed', () => (lost > 0 ? true : undefined));
      const isGone = (thrown: unknown): boolean => thrown instanceof PotterError && thrown.code === 'NO_DESKTOP';
      await assert.rejects(desktop.front(new AbortController().signal), isGone);
      await assert.rejects(desktop.copy('x'), isGone);
      await desktop.close();
      assert.equal(lost, 1);
      await assert.rejects(openX11({ display: brief.display, log: silentLog }), isGone);
    },
  },
];

/** Each case starts with a side that rewrites to upper case at once. */
export const cases: readonly Case[] = allCases.map(({ title, run }) => ({
  title,
  run: async (context) => {
    const { side } = context;
    side.pause = Promise.resolve();
    side.rewrite = (text) => text.toUpperCase();
    await run(context);
  },
}));

/** Another program with a clipboard of its own. */
async function openOther(session: Session) {
  const connection = await Connection.open(session.display, silentLog);
  const clipboard = await Clipboard.open(connection, silentLog);
  return { connection, clipboard, close: (): void => connection.close() };
}

const soon = (): Wait => ({ signal: new AbortController().signal, until: performance.now() + 2000 });

/** The least a clipboard manager does: on SAVE_TARGETS it takes what the clipboard holds. */
async function startClipboardManager(session: Session): Promise<() => void> {
  const { clipboard, connection, close } = await openOther(session);
  const { manager, saveTargets } = clipboard.atoms;
  connection.on((event) => {
    if (event.name !== 'SelectionRequest' || event.selection !== manager || event.target !== saveTargets) return;
    const { requestor, selection, target, property, time } = event;
    const answer = { name: 'SelectionNotify', requestor, selection, target, property, time };
    clipboard
      .snapshot(soon())
      .then((formats) => clipboard.put(formats, soon()))
      .then(() => connection.send((client) => client.SendEvent(requestor, 0, 0, answer)))
      .catch((thrown: unknown) => console.error(thrown));
  });
  connection.send((client) => client.SetSelectionOwner(connection.window, manager, 0));
  await connection.time(soon());
  return close;
}
