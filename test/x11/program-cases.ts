/** The same desktop with the real program: `potter serve --hotkeys`, its core, plugins and proofreader. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Case, type Desk, keep, texts } from './cases.ts';
import { clipboardIs, getClipboard, setClipboard } from './clipboards.ts';
import type { Editor } from './editors.ts';
import { until } from './session.ts';
import { type Program, programHotkeys } from './sides.ts';

export interface ProgramContext extends Desk {
  readonly program: Program;
}

const faulty = 'This is a example of an sentence with bad grammer.';
const unpolished = 'I recieve a box from teh king, and I dont know why.';
const polished = "I receive a box from the king, and I don't know why.";
const corrected = 'This is an example of a sentence with bad grammar.';

/** Twenty replacements in each. */
const rounds = process.env.POTTER_LONG ? 10 : 1;

const press = ({ session }: Desk, action: keyof typeof programHotkeys): Promise<Buffer> =>
  session.run('xdotool', 'key', programHotkeys[action].keys);

async function becomes(editor: Editor, text: string, ms?: number): Promise<void> {
  await editor.changed(ms);
  assert.equal(await editor.text(), text);
}

export const programCases: readonly Case<ProgramContext>[] = [
  {
    title: 'Potter itself replaces the selection every time and leaves the clipboard as it was',
    run: async (context) => {
      const { session, mousepad, chromium } = context;
      await setClipboard(session, 'UTF8_STRING', keep);
      let replaced = 0;
      for (const editor of [mousepad, chromium]) {
        for (const text of Array<readonly string[]>(rounds).fill(texts).flat()) {
          await editor.show(text);
          await editor.selectAll();
          await press(context, 'upper-case');
          await editor.changed().catch(() => undefined);
          const found = await editor.text();
          if (found === text.toUpperCase()) replaced += 1;
          else console.log(`      ${editor.name}: ${JSON.stringify(text)} became ${JSON.stringify(found)}`);
          await clipboardIs(session, 'UTF8_STRING', keep);
        }
      }
      const wanted = 2 * rounds * texts.length;
      console.log(`replaced ${replaced} of ${wanted}`);
      assert.equal(replaced, wanted);
    },
  },
  ...(['mousepad', 'chromium'] as const).map(
    (name): Case<ProgramContext> => ({
      title: `Potter itself corrects a sentence offline in ${name}`,
      run: async (context) => {
        const editor = context[name];
        await editor.show(faulty);
        await editor.selectAll();
        await press(context, 'proofread-offline');
        // The proofreader loads at its first use.
        await becomes(editor, corrected, 30_000);
      },
    }),
  ),
  {
    title: 'Potter itself polishes a text to the same result in every wire format, by hotkey and on standard input',
    run: async (context) => {
      const { session, mousepad, chromium, program } = context;
      const file = join(session.folder, 'unpolished.txt');
      await writeFile(file, unpolished);
      // Else the hotkey would be answered with what the command line was told.
      await program.potter('config', 'set', 'cache.enabled', 'false');
      for (const model of program.vendors.models) {
        await program.potter('config', 'set', 'text.defaultModel', model);
        assert.equal((await program.potterOn(file, 'run', 'polish')).toString(), polished, model);
        for (const editor of [mousepad, chromium]) {
          await editor.show(unpolished);
          await editor.selectAll();
          await press(context, 'polish');
          await becomes(editor, polished, 10_000);
        }
      }
      assert.deepEqual(program.vendors.asked(), [3, 3, 3, 3]);
    },
  },
  {
    title: 'Potter itself replaces the selection from the command line, as a desktop without hotkeys binds it',
    run: async ({ session, chromium, program }) => {
      await setClipboard(session, 'UTF8_STRING', keep);
      await chromium.show('from the command line');
      await chromium.selectAll();
      await program.potter('run', 'upper-case', '--selection');
      await becomes(chromium, 'FROM THE COMMAND LINE');
      await clipboardIs(session, 'UTF8_STRING', keep);
    },
  },
  {
    title: 'Potter itself runs once when the hotkey is pressed twice',
    run: async (context) => {
      const { mousepad, program } = context;
      const before = (await program.results()).length;
      await mousepad.show(faulty);
      await mousepad.selectAll();
      await context.session.run('xdotool', 'key', '--delay', '0', ...Array(2).fill('ctrl+alt+p'));
      await becomes(mousepad, corrected);
      assert.deepEqual((await program.results()).slice(before), ['replaced']);
    },
  },
  {
    title: 'Potter itself changes nothing where nothing is selected, whatever another window has selected',
    run: async (context) => {
      const { session, mousepad, chromium, program } = context;
      await setClipboard(session, 'UTF8_STRING', keep);
      await chromium.show('selected elsewhere');
      await chromium.selectAll();
      await mousepad.show('not selected');
      const before = (await program.results()).length;
      await press(context, 'upper-case');
      // Then a run that does end, so that the first is known to be over.
      await mousepad.selectAll();
      await until('the hotkey to be free again', async () => {
        await press(context, 'upper-case');
        return await mousepad.changed(2000).catch(() => undefined);
      });
      assert.equal(await mousepad.text(), 'NOT SELECTED');
      assert.equal(await chromium.text(), 'selected elsewhere');
      await clipboardIs(session, 'UTF8_STRING', keep);
      assert.deepEqual((await program.results()).slice(before), ['replaced']);
    },
  },
  {
    title: 'the time from the hotkey to the replaced text',
    run: async (context) => {
      await setClipboard(context.session, 'UTF8_STRING', keep);
      const all: number[] = [];
      for (const editor of [context.mousepad, context.chromium]) {
        const times: number[] = [];
        for (let round = 0; round < 20; round += 1) {
          await editor.show('measured text');
          await editor.selectAll();
          const start = pressAtOnce(context);
          times.push((await editor.changed()) - start);
          await clipboardIs(context.session, 'UTF8_STRING', keep);
        }
        console.log(`${editor.name}: median ${share(times, 0.5)} ms, p95 ${share(times, 0.95)} ms`);
        all.push(...times);
      }
      console.log(`hotkey to replaced over both: p95 ${share(all, 0.95)} ms`);
      assert.deepEqual(await getClipboard(context.session, 'UTF8_STRING'), keep);
    },
  },
];

/** Ctrl+Alt+U pressed and released in one go, without a program to start; the time when the last key went down. */
function pressAtOnce({ connection }: Desk): number {
  const { xtest } = connection;
  const [control, alt, u] = [37, 64, 30] as const;
  const start = performance.now();
  connection.send(() => {
    for (const keycode of [control, alt, u]) xtest.FakeInput(xtest.KeyPress, keycode, 0, 0, 0, 0);
    for (const keycode of [u, alt, control]) xtest.FakeInput(xtest.KeyRelease, keycode, 0, 0, 0, 0);
  });
  return start;
}

function share(times: readonly number[], part: number): string {
  const sorted = [...times].sort((one, other) => one - other);
  return (sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN).toFixed(0);
}
