/**
 * Potter on a real X11 desktop: its own X server, mousepad and Chromium, real keys. Needs the programs `installHint` names.
 * An argument runs only the cases whose title contains it.
 */
import assert from 'node:assert/strict';
import { silentLog } from '../src/main/core/log/log.ts';
import { Connection } from '../src/main/desktop/connection.ts';
import { type Case, type Context, cases, hotkey, keep, press, texts } from '../test/x11/cases.ts';
import { clipboardIs, setClipboard } from '../test/x11/clipboards.ts';
import { openChromium, openMousepad } from '../test/x11/editors.ts';
import { installHint, missingPrograms, startSession, until } from '../test/x11/session.ts';
import { startDirect } from '../test/x11/sides.ts';

const missing = missingPrograms();
if (missing.length > 0) {
  console.error(`The X11 tests need ${missing.join(', ')}. Install with:\n  ${installHint}`);
  process.exit(1);
}

const wanted = process.argv[2] ?? '';
const count = { passed: 0, failed: 0 };
const session = await startSession();
try {
  const connection = await Connection.open(session.display, silentLog);
  const managed = await connection.atom('_NET_SUPPORTING_WM_CHECK');
  await until('the window manager', () => connection.property(connection.root, managed, { remove: false }));
  const mousepad = await openMousepad(session, connection);
  const chromium = await openChromium(session, connection);
  const side = await startDirect(session, hotkey);
  const context: Context = { session, connection, mousepad, chromium, side };
  for (const each of [...replacements(), ...cases]) {
    if (each.title.includes(wanted)) await runCase(each, context);
  }
  await side.stop();
  await mousepad.close();
  await chromium.close();
  connection.close();
} finally {
  await session.stop();
}
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;

async function runCase({ title, run }: Case, context: Context): Promise<void> {
  const { side } = context;
  side.pause = Promise.resolve();
  side.rewrite = (text) => text.toUpperCase();
  try {
    await run(context);
    count.passed += 1;
    console.log(`ok    ${title}`);
  } catch (thrown) {
    count.failed += 1;
    console.log(`FAIL  ${title}\n${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  }
}

/** Ten texts in each program, each exact, with the clipboard as before after every one. */
function replacements(): Case[] {
  return [
    {
      title: 'replaces the selection in place, twenty of twenty',
      run: async ({ session, mousepad, chromium, side }) => {
        await setClipboard(session, 'UTF8_STRING', keep);
        const times: number[] = [];
        let replaced = 0;
        for (const editor of [mousepad, chromium]) {
          for (const text of texts) {
            await editor.show(text);
            await editor.selectAll();
            const start = performance.now();
            await press(session);
            times.push((await editor.changed()) - start);
            const found = await until(
              'the expected text',
              () => expected(editor.text(), text.toUpperCase()),
              3000,
            ).catch(() => editor.text());
            if (found === text.toUpperCase()) replaced += 1;
            else
              console.log(
                `      ${editor.name}: expected ${JSON.stringify(text.toUpperCase())}, found ${JSON.stringify(found)} (${side.results.at(-1)})`,
              );
            await clipboardIs(session, 'UTF8_STRING', keep);
          }
        }
        console.log(`replaced ${replaced} of ${2 * texts.length}`);
        console.log(`      hotkey to replaced, with xdotool's own time: ${spread(times)}`);
        assert.equal(replaced, 2 * texts.length);
      },
    },
  ];
}

async function expected(found: Promise<string>, text: string): Promise<string | undefined> {
  return (await found) === text ? text : undefined;
}

function spread(times: readonly number[]): string {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(0);
  return `median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms of ${times.length}`;
}
