import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../../src/main/core/log/log.ts';
import { followStatus, type Status } from '../../../src/main/electron/status.ts';
import { createTray, type PotterTray, trayStateOf } from '../../../src/main/electron/tray.ts';
import { createClient } from '../../../src/shared/client.ts';
import { PotterError, toWire } from '../../../src/shared/errors.ts';
import type { Events, Topic } from '../../../src/shared/events.ts';
import { type ClientMessage, createMemoryPair, type Stop } from '../../../src/shared/transport.ts';
import { FakeTray, resetElectron } from '../../helpers/fake-electron.ts';

/** A core as far as the icon asks it. */
class FakeCore {
  vault = 'unlocked';
  problems: string[] = [];
  current = 'polish';
  readonly replies: (() => void)[] = [];
  isHolding = false;
  readonly client;
  readonly #far;

  constructor() {
    const [near, far] = createMemoryPair();
    this.#far = far;
    far.onMessage((received) => {
      const message = received as ClientMessage;
      if (message.type !== 'call') return;
      const reply = this.#replyTo(message.route);
      const answer = (): void => far.send({ type: 'reply', id: message.id, reply });
      if (this.isHolding) this.replies.push(answer);
      else answer();
    });
    this.client = createClient(near);
  }

  publish<T extends Topic>(topic: T, payload: Events[T]): void {
    this.#far.send({ type: 'event', topic, payload });
  }

  #replyTo(route: string): object {
    const metadata = { callId: 'c', ms: 0, cached: false };
    if (this.vault === 'failing' && route === 'keys.list') {
      return { status: 'error', error: toWire(new PotterError('INTERNAL', 'x')), metadata };
    }
    const data = {
      'keys.list': { vault: this.vault, backend: 'b', protection: 'system', keys: [], message: 'The store is closed.' },
      'system.info': { problems: this.problems },
      'actions.list': {
        current: this.current,
        actions: [
          { id: 'polish', name: 'Polish' },
          { id: 'concise', name: 'R&D \u202Eesicnoc' },
        ],
      },
    }[route];
    return { status: 'ok', data, metadata };
  }
}

let core: FakeCore;
let status: Status | undefined;
let locked: string[];
let stop: Stop;

beforeEach(() => {
  resetElectron();
  core = new FakeCore();
  status = undefined;
  locked = [];
});

afterEach(() => stop());

function follow(): void {
  stop = followStatus({
    client: core.client,
    onStatus: (next) => {
      status = next;
    },
    onLocked: (message) => locked.push(message),
    log: silentLog,
  });
}

const idle: Status = { running: 0, problems: [], current: 'Polish' };

describe('the status', () => {
  test('at the start tells the action that runs next', async () => {
    follow();
    await vi.waitFor(() => expect(status).toEqual(idle));
  });

  test('counts the runs under way, each once', async () => {
    follow();
    await vi.waitFor(() => expect(status).toEqual(idle));
    core.publish('text.started', { runId: 'a', action: 'polish' });
    core.publish('text.started', { runId: 'b', action: 'polish' });
    await vi.waitFor(() => expect(status?.running).toBe(2));
    core.publish('text.finished', { runId: 'a', action: 'polish', result: 'replaced' });
    core.publish('text.finished', { runId: 'a', action: 'polish', result: 'replaced' });
    core.publish('text.finished', { runId: 'unknown', action: 'polish', result: 'replaced' });
    await vi.waitFor(() => expect(status?.running).toBe(1));
  });

  test.each(['locked', 'empty'])('of a vault that is %s is a problem, told once, until it is open', async (vault) => {
    core.vault = vault;
    follow();
    const problem = { message: 'Keys are locked. The store is closed.', panel: 'providers' };
    await vi.waitFor(() => expect(status?.problems).toEqual([problem]));
    core.publish('keys.changed', { provider: 'openai', vault: 'locked' });
    await vi.waitFor(() => expect(locked).toEqual(['The store is closed.']));
    core.vault = 'unlocked';
    core.publish('keys.changed', { provider: 'openai', vault: 'unlocked' });
    await vi.waitFor(() => expect(status?.problems).toEqual([]));
    expect(locked).toHaveLength(1);
  });

  test('of hotkeys that are taken names them, until they work', async () => {
    follow();
    const hotkey = { accelerator: 'Ctrl+9', command: 'run', alternatives: [] };
    core.publish('hotkeys.changed', { hotkeys: [{ ...hotkey, state: 'failed' }] });
    const problem = { message: 'Hotkey not working: Ctrl+9', panel: 'hotkeys' };
    await vi.waitFor(() => expect(status?.problems).toEqual([problem]));
    core.publish('hotkeys.changed', { hotkeys: [{ ...hotkey, state: 'registered' }] });
    await vi.waitFor(() => expect(status?.problems).toEqual([]));
  });

  test('of a settings file that broke is a problem until it is read again', async () => {
    follow();
    await vi.waitFor(() => expect(status).toEqual(idle));
    core.problems = ['settings.json, line 3: a comma is missing'];
    core.publish('notice.posted', { severity: 'warning', message: 'broken', code: 'SETTINGS_MALFORMED' });
    const problem = { message: 'settings.json, line 3: a comma is missing', panel: 'settings' };
    await vi.waitFor(() => expect(status?.problems).toEqual([problem]));
    core.problems = [];
    core.publish('config.changed', { keys: ['log.level'] });
    await vi.waitFor(() => expect(status?.problems).toEqual([]));
  });

  test('follows the current action', async () => {
    follow();
    await vi.waitFor(() => expect(status?.current).toBe('Polish'));
    core.current = 'concise';
    core.publish('config.changed', { keys: ['text.currentAction'] });
    await vi.waitFor(() => expect(status?.current).toContain('R&D'));
  });

  test('takes no answer to a question that was asked anew', async () => {
    follow();
    await vi.waitFor(() => expect(status).toEqual(idle));
    core.isHolding = true;
    core.current = 'concise';
    core.publish('actions.changed', {});
    await vi.waitFor(() => expect(core.replies).toHaveLength(1));
    core.current = 'polish';
    core.publish('actions.changed', {});
    await vi.waitFor(() => expect(core.replies).toHaveLength(2));
    const seen: (string | undefined)[] = [];
    for (const answer of core.replies.splice(0).reverse()) {
      answer();
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(status?.current);
    }
    expect(seen).toEqual(['Polish', 'Polish']);
  });

  test('outlives a core that does not answer one question', async () => {
    core.vault = 'failing';
    follow();
    await vi.waitFor(() => expect(status).toEqual(idle));
  });
});

describe('the icon', () => {
  const commands = {
    onRun: vi.fn(),
    onOpen: vi.fn(),
    onPalette: vi.fn(),
    onHistory: vi.fn(),
    onSettings: vi.fn(),
    onQuit: vi.fn(),
  };
  const problem = { message: 'Keys are locked.', panel: 'providers' } as const;
  let tray: PotterTray;

  function create(platform: NodeJS.Platform): FakeTray {
    stop = () => undefined;
    tray = createTray({ assets: '/assets', platform, ...commands });
    const [made] = FakeTray.all;
    if (!made) throw new Error('no icon was made');
    return made;
  }

  test.each([
    ['linux', ['/assets/tray.png', '/assets/tray-working.png', '/assets/tray-attention.png', '/assets/tray.png']],
    [
      'darwin',
      [
        '/assets/tray-template.png',
        '/assets/tray-working-template.png',
        '/assets/tray-attention-template.png',
        '/assets/tray-template.png',
      ],
    ],
  ] as const)('on %s has a picture for each state', (platform, pictures) => {
    const icon = create(platform);
    const seen = [icon.image.path];
    for (const next of [{ ...idle, running: 1, problems: [problem] }, { ...idle, problems: [problem] }, idle]) {
      tray.show(next);
      seen.push(icon.image.path);
    }
    expect(seen).toEqual(pictures);
    expect(icon.image.isTemplate).toBe(platform === 'darwin');
  });

  test('says in words what its picture means', () => {
    const icon = create('linux');
    const seen = [icon.toolTip];
    for (const next of [
      { ...idle, running: 1 },
      { ...idle, running: 2 },
      { ...idle, problems: [problem] },
    ]) {
      tray.show(next);
      seen.push(icon.toolTip);
    }
    expect(seen).toEqual([...['Potter', 'Potter: working', 'Potter: working on 2 texts', 'Potter: Keys are locked.']]);
  });

  test('has the fix of each problem in its menu', () => {
    const icon = create('linux');
    tray.show({ ...idle, problems: [problem] });
    icon.choose('Keys are locked.');
    expect(commands.onSettings).toHaveBeenCalledWith('providers');
  });

  test('names the action that runs next, with nothing in the name that means something to a menu', () => {
    const icon = create('linux');
    tray.show({ ...idle, current: 'R&D \u202Eesicnoc' });
    icon.choose('Run “R&&D [U+202E]esicnoc”');
    expect(commands.onRun).toHaveBeenCalledOnce();
  });

  test('reaches every window, and the end', () => {
    const icon = create('linux');
    for (const entry of ['Choose an action…', 'Open Potter', 'History', 'Settings…', 'Quit Potter']) icon.choose(entry);
    const { onPalette, onOpen, onHistory, onSettings, onQuit } = commands;
    for (const command of [onPalette, onOpen, onHistory, onSettings, onQuit]) expect(command).toHaveBeenCalled();
    expect(onSettings).toHaveBeenLastCalledWith();
  });

  test('is at work while a run is, whatever else is wrong', () => {
    stop = () => undefined;
    expect(
      [idle, { ...idle, problems: [problem] }, { ...idle, problems: [problem], running: 1 }].map(trayStateOf),
    ).toEqual(['idle', 'attention', 'working']);
  });
});
