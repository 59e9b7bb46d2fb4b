/**
 * Potter on a real X11 desktop: its own X server, mousepad and Chromium, real keys. First the desktop layer alone, then
 * the program itself. Needs the programs `installHint` names. An argument runs only the cases whose title contains it.
 */
import { silentLog } from '../src/main/core/log/log.ts';
import { Connection } from '../src/main/desktop/connection.ts';
import { type Case, cases, type Desk, hotkey } from '../test/x11/cases.ts';
import { openChromium, openMousepad } from '../test/x11/editors.ts';
import { programCases } from '../test/x11/program-cases.ts';
import { installHint, missingPrograms, startSession, until } from '../test/x11/session.ts';
import { startDirect, startProgram } from '../test/x11/sides.ts';

const missing = missingPrograms();
if (missing.length > 0) {
  console.error(`The X11 tests need ${missing.join(', ')}. Install with:\n  ${installHint}`);
  process.exit(1);
}

const wanted = process.argv[2] ?? '';
const count = { passed: 0, failed: 0 };
const session = await startSession();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void session.stop().finally(() => process.exit(1));
  });
}
try {
  const connection = await Connection.open(session.display, silentLog);
  const managed = await connection.atom('_NET_SUPPORTING_WM_CHECK');
  await until('the window manager', () => connection.property(connection.root, managed, { remove: false }));
  const mousepad = await openMousepad(session, connection);
  const chromium = await openChromium(session, connection);
  const desk: Desk = { session, connection, mousepad, chromium };
  await runAll(cases, async () => {
    const side = await startDirect(session, hotkey);
    return { ...desk, side, stop: () => side.stop() };
  });
  await runAll(programCases, async () => {
    const program = await startProgram(session);
    return { ...desk, program, stop: () => program.stop() };
  });
  await mousepad.close();
  await chromium.close();
  connection.close();
} finally {
  await session.stop();
}
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;

async function runAll<C extends Desk>(
  all: readonly Case<C>[],
  start: () => Promise<C & { stop(): Promise<void> }>,
): Promise<void> {
  const chosen = all.filter(({ title }) => title.includes(wanted));
  if (chosen.length === 0) return;
  const context = await start();
  for (const each of chosen) await runCase(each, context);
  await context.stop();
}

async function runCase<C extends Desk>({ title, run }: Case<C>, context: C): Promise<void> {
  try {
    await run(context);
    count.passed += 1;
    console.log(`ok    ${title}`);
  } catch (thrown) {
    count.failed += 1;
    console.log(`FAIL  ${title}\n${thrown instanceof Error ? thrown.stack : String(thrown)}`);
  }
}
