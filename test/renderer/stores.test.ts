import { describe, expect, it } from 'vitest';
import type { StoreApi } from 'zustand/vanilla';
import { Connection } from '../../src/renderer/store/connection.ts';
import { History } from '../../src/renderer/store/history.ts';
import { modelInForce, Process } from '../../src/renderer/store/process.ts';
import { System } from '../../src/renderer/store/system.ts';
import type { ActionInfo, HistoryEntry, HotkeyInfo, Output, RunResult } from '../../src/shared/contract.ts';
import { PotterError } from '../../src/shared/errors.ts';
import { FakeCore, polish, type Routes } from './fake-core.ts';

const offline: ActionInfo = { ...polish, id: 'proofread-offline', name: 'Proofread (offline)', kind: 'proofread' };
const runId = '00000000-0000-4000-8000-000000000001';
const result: RunResult = {
  runId,
  action: { id: 'polish', name: 'Polish', output: 'replace' },
  canInsert: false,
  input: 'teh cat',
  output: 'the cat',
  outcome: 'returned',
  ms: 5,
};
const entry = (number: number): HistoryEntry => ({
  id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  at: number,
  actionId: 'polish',
  actionName: 'Polish',
  input: 'teh',
  output: 'the',
  result: 'returned',
  ms: 1,
});
const info: Output<'system.info'> = {
  version: '0.1.0',
  pid: 1,
  platform: 'linux',
  runtime: { node: '24.21.0' },
  welcome: 'done',
  dataDirectory: '/data',
  desktop: { kind: 'none' },
  demo: false,
  problems: [],
};

const standard: Routes = {
  'actions.list': () => ({ actions: [polish, offline], current: 'polish' }),
  'providers.list': () => ({ providers: [], default: 'demo/one' }),
  'history.list': () => ({ entries: [entry(1)], total: 1, locked: false }),
  'system.info': () => info,
  'hotkeys.list': () => ({ hotkeys: [] }),
  'config.get': () => ({ values: { 'appearance.theme': 'system' } }),
};

async function open(core: FakeCore): Promise<Connection> {
  const connection = new Connection({ connect: async () => core.connect() });
  await connection.open();
  return connection;
}

/** The first state that meets the wish. */
function until<S>(store: StoreApi<S>, met: (state: S) => boolean): Promise<S> {
  return new Promise((resolve) => {
    if (met(store.getState())) return resolve(store.getState());
    const stop = store.subscribe((state) => {
      if (!met(state)) return;
      stop();
      resolve(state);
    });
  });
}

async function openProcess(routes: Routes): Promise<{ core: FakeCore; process: Process }> {
  const core = new FakeCore({ ...standard, ...routes });
  const process = new Process(await open(core), () => 1000);
  await until(process.state, ({ actionId, knowsProviders }) => actionId !== undefined && knowsProviders);
  process.setText('teh cat');
  return { core, process };
}

describe('the connection', () => {
  it('says that it was lost, tries again after a growing wait, and subscribes again', async () => {
    const core = new FakeCore(standard);
    const waits: number[] = [];
    let retry = (): void => undefined;
    let failures = 0;
    const connection = new Connection({
      connect: async () => {
        if (failures-- > 0) throw new PotterError('TRANSPORT_CLOSED', 'Potter does not answer.');
        return core.connect();
      },
      later: (task, milliseconds) => {
        waits.push(milliseconds);
        retry = task;
        return () => undefined;
      },
    });
    const news: string[] = [];
    let connected = 0;
    connection.on('notice.posted', ({ message }) => news.push(message));
    connection.onConnected(() => connected++);
    await connection.open();
    failures = 2;
    core.drop();
    await until(connection.state, ({ status }) => status === 'lost');
    for (const attempt of [1, 2]) {
      retry();
      await until(connection.state, (state) => state.status === 'lost' && state.attempt === attempt);
    }
    retry();
    await until(connection.state, ({ status }) => status === 'connected');
    await connection.call('system.info', {});
    core.publish('notice.posted', { severity: 'info', message: 'hello again' });
    await connection.call('system.info', {});
    expect({ waits, news, connected }).toEqual({ waits: [250, 500, 1000], news: ['hello again'], connected: 2 });
  });

  it('does not try again once it is signed out', async () => {
    const connection = new Connection({
      connect: () => Promise.reject(new PotterError('UNAUTHENTICATED', 'This page is not signed in to Potter.')),
      later: () => {
        throw new Error('It tried again.');
      },
    });
    await connection.open();
    expect(connection.state.getState()).toEqual({ status: 'signed-out' });
    await expect(connection.call('system.info', {})).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });
});

describe('a run in the process panel', () => {
  it('streams, names the model, and ends with the result', async () => {
    let finish = (): void => undefined;
    const { core, process } = await openProcess({
      'text.process': async ({ emit }) => {
        emit({ type: 'started', runId, action: 'polish', input: 'teh cat', provider: 'demo', model: 'one' });
        emit({ type: 'text', text: 'the ' });
        emit({ type: 'text', text: 'cat' });
        await new Promise<void>((resolve) => (finish = resolve));
        return result;
      },
    });
    const run = process.run();
    await until(process.state, (state) => state.run.phase === 'running' && state.run.text === 'the cat');
    expect(process.state.getState().run).toEqual({
      phase: 'running',
      action: 'Polish',
      runId,
      model: 'demo/one',
      startedAt: 1000,
      text: 'the cat',
    });
    finish();
    await run;
    expect(process.state.getState().run).toEqual({ phase: 'done', result });
    expect(core.inputs('text.process')).toEqual([{ action: 'polish', source: { type: 'text', text: 'teh cat' } }]);
  });

  it('runs once when it is asked twice', async () => {
    const { core, process } = await openProcess({ 'text.process': () => result });
    await Promise.all([process.run(), process.run()]);
    expect(core.inputs('text.process')).toHaveLength(1);
  });

  it('starts when the actions are known, when it was asked for before', async () => {
    const core = new FakeCore({ ...standard, 'text.process': () => result });
    const connection = new Connection({ connect: async () => core.connect() });
    const process = new Process(connection);
    process.setText('teh cat');
    await process.run();
    await connection.open();
    await until(process.state, ({ run }) => run.phase === 'done');
    expect(core.inputs('text.process')).toHaveLength(1);
  });

  it('asks afresh, and asks the chosen model, when told to', async () => {
    const { core, process } = await openProcess({ 'text.process': () => result });
    process.setModel('other/large');
    await process.run({ fresh: true });
    process.setAction('proofread-offline');
    await process.run();
    expect(core.inputs('text.process')).toEqual([
      { action: 'polish', source: { type: 'text', text: 'teh cat' }, model: 'other/large', fresh: true },
      { action: 'proofread-offline', source: { type: 'text', text: 'teh cat' } },
    ]);
  });

  it('is cancelled at the core too, and keeps the text', async () => {
    let told = (): void => undefined;
    const abortedAtCore = new Promise<void>((resolve) => (told = resolve));
    const { process } = await openProcess({
      'text.process': ({ signal }) => {
        signal.addEventListener('abort', told);
        return new Promise(() => undefined);
      },
    });
    const run = process.run();
    process.cancel();
    await Promise.all([run, abortedAtCore]);
    expect(process.state.getState()).toMatchObject({ text: 'teh cat', run: { phase: 'cancelled', action: 'Polish' } });
  });

  it('keeps an answer that was held back, and the text, when it fails', async () => {
    const { process } = await openProcess({
      'text.process': () => {
        throw new PotterError('GUARD_PREAMBLE', 'The answer begins with talk.', {
          detail: { output: 'Sure! the cat' },
        });
      },
    });
    await process.run();
    const { run, text } = process.state.getState();
    expect({ text, run }).toMatchObject({
      text: 'teh cat',
      run: { phase: 'failed', input: 'teh cat', answer: 'Sure! the cat', error: { code: 'GUARD_PREAMBLE' } },
    });
  });

  it('shows the part that had arrived when the connection breaks, and keeps the text', async () => {
    const { core, process } = await openProcess({
      'text.process': ({ emit }) => {
        emit({ type: 'started', runId, action: 'polish', input: 'teh cat' });
        emit({ type: 'text', text: 'the c' });
        return new Promise(() => undefined);
      },
    });
    const run = process.run();
    await until(process.state, (state) => state.run.phase === 'running' && state.run.text !== '');
    core.drop();
    await run;
    expect(process.state.getState()).toMatchObject({
      text: 'teh cat',
      run: { phase: 'failed', answer: 'the c', error: { code: 'TRANSPORT_CLOSED' } },
    });
  });
});

describe('the choice of action and model', () => {
  it('follows the current action until the reader has chosen one', async () => {
    let current = 'polish';
    const { core, process } = await openProcess({
      'actions.list': () => ({ actions: [polish, offline], current }),
    });
    current = 'proofread-offline';
    core.publish('config.changed', { keys: ['text.currentAction'] });
    await until(process.state, ({ actionId }) => actionId === 'proofread-offline');
    process.setAction('polish');
    core.publish('config.changed', { keys: [] });
    await until(process.state, () => core.inputs('actions.list').length === 3);
    expect(process.state.getState().actionId).toBe('polish');
  });

  it('names a model only where one is used', async () => {
    const { process } = await openProcess({});
    expect(modelInForce(process.state.getState())).toBe('demo/one');
    process.setAction('proofread-offline');
    expect(modelInForce(process.state.getState())).toBeUndefined();
  });
});

describe('the history', () => {
  it('reads the list anew when it changes, and the open entry with it', async () => {
    let entries = [entry(1)];
    const core = new FakeCore({
      ...standard,
      'history.list': () => ({ entries, total: entries.length, locked: false }),
      'history.get': ({ input }) => {
        const found = entries.find(({ id }) => id === input.id);
        if (!found) throw new PotterError('NOT_FOUND', 'There is no such entry.');
        return found;
      },
    });
    const history = new History(await open(core));
    await history.open(entry(1).id);
    entries = [entry(2), { ...entry(1), output: 'new' }];
    core.publish('history.changed', { id: entry(1).id });
    const state = await until(
      history.state,
      (next) => next.open?.status === 'ready' && next.open.entry.output === 'new',
    );
    expect(state.entries).toEqual(entries);
  });

  it('shows the whole text of an entry, of which the list has the beginning', async () => {
    const whole = { ...entry(1), input: 'teh whole text' };
    const core = new FakeCore({ ...standard, 'history.get': () => whole });
    const history = new History(await open(core));
    await until(history.state, ({ entries }) => entries.length === 1);
    const shown: unknown[] = [];
    history.state.subscribe(({ open: { ...now } = {} }) => shown.push(now));
    await history.open(entry(1).id);
    await history.open(entry(1).id);
    expect(new Set(shown.map((now) => JSON.stringify(now)))).toEqual(
      new Set([
        JSON.stringify({ id: whole.id, status: 'loading' }),
        JSON.stringify({ id: whole.id, status: 'ready', entry: whole }),
      ]),
    );
  });

  it('shows the answer of the last search only', async () => {
    const waiting: (() => void)[] = [];
    const core = new FakeCore({
      ...standard,
      'history.list': async ({ input }) => {
        if (input.query === 'slow') await new Promise<void>((resolve) => waiting.push(resolve));
        return { entries: input.query === 'slow' ? [entry(9)] : [entry(1)], total: 1, locked: false };
      },
    });
    const history = new History(await open(core));
    await until(history.state, ({ status }) => status === 'ready');
    const slow = history.search('slow');
    await history.search('quick');
    for (const answer of waiting) answer();
    await slow;
    expect(history.state.getState()).toMatchObject({ query: 'quick', entries: [entry(1)] });
  });

  it('closes the entry it deletes', async () => {
    const core = new FakeCore({
      ...standard,
      'history.get': () => entry(1),
      'history.remove': () => ({ removed: 1 }),
    });
    const history = new History(await open(core));
    await history.open(entry(1).id);
    await history.remove(entry(1).id);
    expect(history.state.getState().open).toBeUndefined();
    expect(core.inputs('history.remove')).toEqual([{ id: entry(1).id }]);
  });

  it('says why it could not be read', async () => {
    const core = new FakeCore({
      ...standard,
      'history.list': () => {
        throw new PotterError('STORAGE', 'The disk is full.');
      },
    });
    const history = new History(await open(core));
    const { error } = await until(history.state, ({ status }) => status === 'failed');
    expect(error?.message).toBe('The disk is full.');
  });
});

describe('the frame', () => {
  it('brings the old theme back when the new one is refused', async () => {
    const core = new FakeCore({
      ...standard,
      'config.set': () => {
        throw new PotterError('SETTING_LAYER', 'It is set by the environment.');
      },
    });
    const system = new System(await open(core));
    await until(system.state, ({ theme }) => theme === 'system');
    const change = system.setTheme('dark');
    expect(system.state.getState().theme).toBe('dark');
    await expect(change).rejects.toMatchObject({ code: 'SETTING_LAYER' });
    expect(system.state.getState().theme).toBe('system');
  });

  it('gives one action another hotkey and leaves those of the others', async () => {
    const core = new FakeCore({
      ...standard,
      'config.set': ({ input }) => ({
        key: input.key,
        value: input.value,
        default: null,
        help: '',
        source: 'file',
        layers: [],
      }),
    });
    const system = new System(await open(core));
    const failed: Pick<HotkeyInfo, 'state' | 'alternatives'> = { state: 'failed', alternatives: [] };
    await system.setHotkey({ ...failed, accelerator: 'Ctrl+2', command: 'polish' }, 'Ctrl+3');
    await system.setHotkey({ ...failed, accelerator: 'Ctrl+4', command: 'run' }, 'Ctrl+5');
    expect(core.inputs('config.set')).toEqual([
      { key: 'hotkeys.actions', value: { polish: 'Ctrl+3' } },
      { key: 'hotkeys.run', value: 'Ctrl+5' },
    ]);
  });
});
