import { expect, test, vi } from 'vitest';
import { silentLog } from '../../../src/main/core/log/log.ts';
import { bindHotkeys, type HotkeyRegistrar } from '../../../src/main/desktop/hotkeys.ts';
import { createClient } from '../../../src/shared/client.ts';
import type { HotkeyInfo } from '../../../src/shared/contract.ts';
import { PotterError, toWire } from '../../../src/shared/errors.ts';
import { type ClientMessage, createMemoryPair, type Stop, type Transport } from '../../../src/shared/transport.ts';

type Call = Extract<ClientMessage, { type: 'call' }>;
const metadata = { callId: 'c', ms: 0, cached: false };
const ownPalette = { 'hotkeys.run': 'CmdOrCtrl+Shift+9', 'hotkeys.palette': 'CmdOrCtrl+Shift+Space' };

/** A keyboard in memory: some combinations belong to other programs. */
class FakeRegistrar implements HotkeyRegistrar {
  readonly pressed = new Map<string, () => void>();
  readonly taken: Set<string>;

  constructor(...taken: string[]) {
    this.taken = new Set(taken);
  }

  async register(accelerator: string, onPress: () => void): Promise<Stop> {
    if (this.taken.has(accelerator)) throw new PotterError('HOTKEY_TAKEN', `Another program uses "${accelerator}".`);
    if (this.pressed.has(accelerator)) throw new PotterError('HOTKEY_TAKEN', `Registered twice: "${accelerator}".`);
    this.pressed.set(accelerator, onPress);
    return () => this.pressed.delete(accelerator);
  }

  press(accelerator: string): void {
    this.pressed.get(accelerator)?.();
  }
}

/** The core's end of the pipe: answers the settings, keeps the reports, and holds the runs. */
class FakeCore {
  readonly reports: HotkeyInfo[][] = [];
  readonly runs: Call[] = [];
  /** Calls to capture and to restore, unanswered. */
  readonly presses: Call[] = [];
  values: Record<string, unknown>;
  readonly #transport: Transport;

  constructor(transport: Transport, values: Record<string, unknown>) {
    this.#transport = transport;
    this.values = { 'hotkeys.actions': {}, 'hotkeys.restore': null, ...values };
    transport.onMessage((received) => {
      const message = received as ClientMessage;
      if (message.type !== 'call') return;
      if (message.route === 'text.process') this.runs.push(message);
      else if (message.route === 'text.capture' || message.route === 'text.restore') this.presses.push(message);
      else this.#answer(message);
    });
  }

  started(call: Call | undefined): void {
    const chunk = { type: 'started', runId: 'r', action: 'a', input: 'i' };
    this.#transport.send({ type: 'chunk', id: call?.id, chunk });
  }

  captured(call: Call | undefined, captureId: string): void {
    const data = { captureId, text: 'selected', application: 'editor' };
    this.#transport.send({ type: 'reply', id: call?.id, reply: { status: 'ok', data, metadata } });
  }

  fail(call: Call | undefined): void {
    const error = toWire(new PotterError('NOTHING_SELECTED', 'No text is selected.'));
    this.#transport.send({ type: 'reply', id: call?.id, reply: { status: 'error', error, metadata } });
  }

  change(values: Record<string, unknown>, key: string): void {
    this.values = { ...this.values, ...values };
    this.#transport.send({ type: 'event', topic: 'config.changed', payload: { keys: [key] } });
  }

  #answer(call: Call): void {
    if (call.route === 'hotkeys.report') this.reports.push((call.input as { hotkeys: HotkeyInfo[] }).hotkeys);
    const data = call.route === 'config.get' ? { values: this.values } : {};
    this.#transport.send({ type: 'reply', id: call.id, reply: { status: 'ok', data, metadata } });
  }
}

async function bind(
  registrar: FakeRegistrar,
  values: Record<string, unknown> = ownPalette,
  closePalette: () => boolean = () => false,
) {
  const [near, far] = createMemoryPair();
  const core = new FakeCore(far, values);
  const onPalette = vi.fn();
  const stop = await bindHotkeys({ client: createClient(near), registrar, onPalette, closePalette, log: silentLog });
  return { core, onPalette, stop };
}

test('registers what the settings name and reports it', async () => {
  const registrar = new FakeRegistrar();
  const { core } = await bind(registrar, { ...ownPalette, 'hotkeys.actions': { 'sort-lines': 'alt+shift+s' } });
  expect(core.reports).toEqual([
    [
      { accelerator: 'CmdOrCtrl+Shift+9', command: 'run', state: 'registered', alternatives: [] },
      { accelerator: 'CmdOrCtrl+Shift+Space', command: 'palette', state: 'registered', alternatives: [] },
      { accelerator: 'Alt+Shift+S', command: 'sort-lines', state: 'registered', alternatives: [] },
    ],
  ]);
});

test('reports a combination that is taken with free ones to use instead, and keeps none of those', async () => {
  const registrar = new FakeRegistrar('CmdOrCtrl+Shift+9', 'CmdOrCtrl+Alt+9');
  const { core } = await bind(registrar);
  expect(core.reports[0]?.[0]).toEqual({
    accelerator: 'CmdOrCtrl+Shift+9',
    command: 'run',
    state: 'failed',
    message: 'Another program uses "CmdOrCtrl+Shift+9".',
    alternatives: ['Alt+Shift+9', 'CmdOrCtrl+Alt+Shift+9', 'Super+Shift+9'],
  });
  expect([...registrar.pressed.keys()]).toEqual(['CmdOrCtrl+Shift+Space']);
});

test('refuses a combination that makes no sense, and one used twice, without losing the others', async () => {
  const registrar = new FakeRegistrar();
  const { core } = await bind(registrar, {
    'hotkeys.run': 'Shift+9',
    'hotkeys.palette': 'Alt+P',
    'hotkeys.actions': { polish: 'alt+p' },
  });
  expect(core.reports[0]?.map(({ command, state, message }) => ({ command, state, message }))).toEqual([
    { command: 'run', state: 'failed', message: 'The combination "Shift+9" has no modifier besides Shift.' },
    { command: 'palette', state: 'registered', message: undefined },
    { command: 'polish', state: 'failed', message: '"Alt+P" is already the hotkey of "palette".' },
  ]);
});

test('registers nothing for a hotkey that is null', async () => {
  const registrar = new FakeRegistrar();
  const { core } = await bind(registrar, { 'hotkeys.run': null, 'hotkeys.palette': null });
  expect({ reports: core.reports, registered: registrar.pressed.size }).toEqual({ reports: [[]], registered: 0 });
});

test('runs the current action or an action of its own', async () => {
  const registrar = new FakeRegistrar();
  const { core } = await bind(registrar, { ...ownPalette, 'hotkeys.actions': { polish: 'Alt+P' } });
  registrar.press('CmdOrCtrl+Shift+9');
  await vi.waitFor(() => expect(core.runs).toHaveLength(1));
  core.fail(core.runs[0]);
  await vi.waitFor(() => {
    registrar.press('Alt+P');
    expect(core.runs).toHaveLength(2);
  });
  expect(core.runs.map(({ input }) => input)).toEqual([
    { source: { type: 'selection' } },
    { source: { type: 'selection' }, action: 'polish' },
  ]);
});

test('the palette opens for what was captured, and only when it was', async () => {
  const registrar = new FakeRegistrar();
  const { core, onPalette } = await bind(registrar);
  registrar.press('CmdOrCtrl+Shift+Space');
  await vi.waitFor(() => expect(core.presses.map(({ route }) => route)).toEqual(['text.capture']));
  expect(onPalette).not.toHaveBeenCalled();
  core.captured(core.presses[0], 'capture-1');
  await vi.waitFor(() => expect(onPalette.mock.calls).toEqual([['capture-1']]));
});

test('the palette opens without a text when nothing could be captured', async () => {
  const registrar = new FakeRegistrar();
  const { core, onPalette } = await bind(registrar);
  registrar.press('CmdOrCtrl+Shift+Space');
  await vi.waitFor(() => expect(core.presses).toHaveLength(1));
  core.fail(core.presses[0]);
  await vi.waitFor(() => expect(onPalette.mock.calls).toEqual([[]]));
});

test('a press while the palette is open closes it and captures nothing', async () => {
  const registrar = new FakeRegistrar();
  const { core, onPalette } = await bind(registrar, ownPalette, () => true);
  registrar.press('CmdOrCtrl+Shift+Space');
  core.change({}, 'hotkeys.run');
  await vi.waitFor(() => expect(core.reports).toHaveLength(2));
  expect([core.presses, onPalette.mock.calls]).toEqual([[], []]);
});

test('the hotkey to restore asks for the original of the last run, and an action of that name stays an action', async () => {
  const registrar = new FakeRegistrar();
  const { core } = await bind(registrar, {
    ...ownPalette,
    'hotkeys.restore': 'Alt+Z',
    'hotkeys.actions': { restore: 'Alt+R' },
  });
  registrar.press('Alt+Z');
  await vi.waitFor(() =>
    expect(core.presses.map(({ route, input }) => [route, input])).toEqual([['text.restore', {}]]),
  );
  core.fail(core.presses[0]);
  await vi.waitFor(() => {
    registrar.press('Alt+R');
    expect(core.runs.map(({ input }) => input)).toEqual([{ source: { type: 'selection' }, action: 'restore' }]);
  });
});

test('a second press does nothing while the selection is read, and is left to the core afterwards', async () => {
  const registrar = new FakeRegistrar();
  const { core } = await bind(registrar);
  registrar.press('CmdOrCtrl+Shift+9');
  registrar.press('CmdOrCtrl+Shift+9');
  await vi.waitFor(() => expect(core.runs).toHaveLength(1));
  core.started(core.runs[0]);
  await vi.waitFor(() => {
    registrar.press('CmdOrCtrl+Shift+9');
    expect(core.runs).toHaveLength(2);
  });
});

test('the end of an old run does not open the door for a race with a newer one', async () => {
  const registrar = new FakeRegistrar();
  const { core } = await bind(registrar);
  registrar.press('CmdOrCtrl+Shift+9');
  await vi.waitFor(() => expect(core.runs).toHaveLength(1));
  core.started(core.runs[0]);
  await vi.waitFor(() => {
    registrar.press('CmdOrCtrl+Shift+9');
    expect(core.runs).toHaveLength(2);
  });
  core.fail(core.runs[0]);
  // A change that is answered after the failure shows that the failure has arrived.
  core.change({}, 'hotkeys.run');
  await vi.waitFor(() => expect(core.reports).toHaveLength(2));
  registrar.press('CmdOrCtrl+Shift+9');
  core.change({}, 'hotkeys.run');
  await vi.waitFor(() => expect(core.reports).toHaveLength(3));
  expect(core.runs).toHaveLength(2);
});

test('follows the settings while it runs, and ignores changes of others', async () => {
  const registrar = new FakeRegistrar();
  const { core } = await bind(registrar);
  core.change({}, 'log.level');
  core.change({ 'hotkeys.run': 'Alt+R' }, 'hotkeys.run');
  await vi.waitFor(() => expect(core.reports).toHaveLength(2));
  expect([...registrar.pressed.keys()]).toEqual(['Alt+R', 'CmdOrCtrl+Shift+Space']);
});

test('releases everything when it stops, and does not bind again', async () => {
  const registrar = new FakeRegistrar();
  const { core, stop } = await bind(registrar);
  core.change({}, 'hotkeys.run');
  stop();
  await new Promise((resolve) => setImmediate(resolve));
  expect(registrar.pressed.size).toBe(0);
});
