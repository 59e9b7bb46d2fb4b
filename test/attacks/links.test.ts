/** L: what any web page or program can say to Potter: links, and the data of a second start. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Clock, Notice } from '../../src/main/core/host.ts';
import { silentLog } from '../../src/main/core/log/log.ts';
import { LinkRuns } from '../../src/main/electron/link-runs.ts';
import { handoverOf, parseHandover, parseLink } from '../../src/main/electron/links.ts';
import { type Client, createClient } from '../../src/shared/client.ts';
import type { Input, PreviewStep } from '../../src/shared/contract.ts';
import { PotterError, toWire } from '../../src/shared/errors.ts';
import { type ClientMessage, createMemoryPair } from '../../src/shared/transport.ts';
import { app, dialog, FakeNotification, resetElectron } from '../helpers/fake-electron.ts';
import { shellOfEachTest, shownWindows } from '../helpers/shell.ts';

/** None of them is a link Potter knows, whatever it looks like to somebody else. */
const hostile: readonly unknown[] = [
  'potter://',
  'potter:',
  'potter:/open',
  'potter:open',
  'potter:///open',
  'potter://open?run=rm',
  'potter://open#x',
  'potter://open:80',
  'potter://open:80/settings',
  'potter://user@open',
  'potter://user:password@open/settings',
  'potter://open@evil',
  'potter://open.evil/settings',
  'potter://evil/open',
  'potter://open/../settings',
  'potter://open/./settings',
  'potter://open//',
  'potter://open//settings',
  'potter://open/settings/',
  'potter://open/settings/../keys',
  'potter://open/settings?key=privacy.localOnly&value=false',
  'potter://open/nowhere',
  'potter://open/run/00000000-0000-4000-8000-000000000000',
  'potter://open\\settings',
  'potter://open/%73ettings',
  'potter://op%65n',
  'potter%3A%2F%2Fopen',
  'potter://open%00',
  'potter://open\0',
  'potter://open/settings\0',
  'potter://open\n',
  'potter://open\r\nX-Header: x',
  ' potter://open',
  'potter://open ',
  '\u202Epotter://open',
  'potter://open\u200B',
  'potter://оpen',
  'POTTER://OPEN',
  'Potter://open',
  'potter://run',
  'potter://run/',
  'potter://run/Polish',
  'potter://run/polish/',
  'potter://run/polish\n',
  'potter://run/polish\n--gpu-launcher=calc',
  'potter://run/polish\0',
  'potter://run/polish%00',
  'potter://run/polish%2F..%2F',
  'potter://run/../keys',
  'potter://run/polish?text=hello',
  'potter://run/polish?model=evil/model',
  'potter://run/polish#x',
  'potter://run/polish polish',
  'potter://run/polish"--inspect',
  'potter://run/-polish',
  'potter://run/polish-',
  'potter://run/__proto__',
  'potter://run/polish,concise',
  'potter://key/openai/sk-1',
  'potter://keys/set?provider=openai&key=sk-1',
  'potter://config/set?key=providers',
  'potter://install?url=https://evil.example/plugin.zip',
  'potter://plugin/install/evil',
  'potter://import?file=/tmp/actions.json',
  'potter://provider?baseUrl=https://evil.example',
  'potter://__proto__',
  '__proto__',
  'constructor',
  'toString',
  'https://example.com/',
  'javascript:alert(1)',
  'file:///etc/passwd',
  'app://potter/#/settings',
  `potter://run/${'a'.repeat(200)}`,
  `potter://${'open'.repeat(100_000)}`,
  '',
  null,
  undefined,
  7,
  true,
  ['potter://open'],
  { toString: () => 'potter://open' },
  Object('potter://open'),
];

describe('a link', () => {
  test('L01 control: the links there are open a window or ask to run an action', () => {
    expect([parseLink('potter://open/settings'), parseLink('potter://run/polish')]).toEqual([
      { kind: 'open', place: 'settings' },
      { kind: 'run', action: 'polish' },
    ]);
  });

  test.each(hostile)('L02 L04 that is %j is none that Potter knows', (link) => {
    expect(parseLink(link)).toBeUndefined();
  });
});

describe('a second start', () => {
  test.each(hostile.filter((link) => link !== undefined).map((link) => ({ link })))(
    'L02 L04 that hands over %j opens nothing',
    (data) => {
      expect(parseHandover(data)).toBeUndefined();
    },
  );

  test.each([
    null,
    undefined,
    'potter://open',
    3,
    [],
    ['potter://open'],
    { window: 'palette' },
    { link: 'potter://open', window: 'monitor' },
    { link: 'potter://open', argv: ['--inspect'] },
    { link: { link: 'potter://open' } },
    JSON.parse('{"__proto__":{"link":"potter://open"}}'),
    () => undefined,
  ])('L02 that hands over %j opens nothing', (data) => {
    expect(parseHandover(data)).toBeUndefined();
  });

  test('L04 hands over no more of its arguments than one link of bounded length', () => {
    expect([
      handoverOf(['potter', '--gpu-launcher=calc', '--inspect', 'potter://run/polish']),
      handoverOf(['potter', `potter://run/${'a'.repeat(100_000)}`]),
      handoverOf(['potter', 'POTTER://open']),
    ]).toEqual([{ link: 'potter://run/polish' }, { link: 'potter:' }, { link: 'POTTER://open' }]);
  });
});

describe('in the running shell', () => {
  const shell = shellOfEachTest();
  const open = (link: unknown): boolean => app.emit('open-url', { preventDefault: () => undefined }, link);
  const titles = (): string[] => FakeNotification.shown.map(({ title }) => title);

  test('L02 L04 no hostile link opens a window, asks, or is repeated to the person', async () => {
    await shell.start();
    for (const link of hostile.filter((one) => one !== undefined)) {
      open(link);
      app.emit('second-instance', {}, ['potter', String(link)], '/', { link });
    }
    expect({ windows: shownWindows(), asked: dialog.asked, titles: titles() }).toEqual({
      ...{ windows: [], asked: [], titles: ['Link ignored'] },
    });
    open('potter://open/about');
    await vi.waitFor(() => expect(shownWindows()).toEqual(['app://potter/#/about']));
  });

  test('L02 the arguments and the folder of a second start are never looked at', async () => {
    await shell.start();
    const argv = ['potter', 'potter://open/settings', '--remote-debugging-port=1'];
    app.emit('second-instance', {}, argv, '/tmp/evil', { link: 'potter://nothing' });
    expect(shownWindows()).toEqual([]);
  });

  test('L01 an action that is not here is refused without a question', async () => {
    await shell.start();
    open('potter://run/no-such-action');
    await vi.waitFor(() => expect(titles()).toEqual(['Link not followed']));
    expect(dialog.asked).toEqual([]);
  });
});

describe('a link that asks to run an action', () => {
  const captureId = '6f4b2c53-5bd0-4a4e-9d0e-0a3f5a1c7e11';
  const request = {
    ...{ provider: 'vendor', providerName: 'Vendor \u202Egro.live', model: 'model-1', withKey: true, body: {} },
    url: 'https://api.vendor.example/v1/chat/completions',
  };
  let steps: PreviewStep[];
  let runs: Input<'text.process'>[];
  let captures: number;
  let captureFails: boolean;
  /** What becomes of the run. */
  let ends: () => unknown;
  let notices: Notice[];
  let now: number;
  let links: LinkRuns;
  let answer: PromiseWithResolvers<number>;

  beforeEach(() => {
    resetElectron();
    steps = [{ action: 'polish', name: 'Polish', request }];
    [runs, captures, captureFails, notices, now] = [[], 0, false, [], 0];
    answer = Promise.withResolvers();
    ends = () => ({ outcome: 'replaced', runId: captureId });
    vi.spyOn(dialog, 'showMessageBox').mockImplementation(async (options) => {
      dialog.asked.push(options);
      return { response: await answer.promise, checkboxChecked: false };
    });
    const clock: Clock = { now: () => now, monotonic: () => now };
    links = new LinkRuns({ client: createCore(), notify: (notice) => notices.push(notice), clock, log: silentLog });
  });

  afterEach(() => vi.restoreAllMocks());

  function createCore(): Client {
    const [near, far] = createMemoryPair();
    far.onMessage((received) => {
      const message = received as ClientMessage;
      if (message.type !== 'call') return;
      const metadata = { callId: 'c', ms: 0, cached: false };
      const answers: Record<string, () => unknown> = {
        'actions.list': () => ({
          current: 'polish',
          actions: [
            { id: 'polish', name: 'Polish', description: 'Clearer,\nsame \u200Bvoice', output: 'replace' },
            { id: 'chain', name: 'Chain', description: '', output: 'show' },
          ],
        }),
        'text.capture': () => {
          captures += 1;
          if (captureFails) throw new PotterError('NOTHING_SELECTED', 'Nothing is selected.');
          return { captureId, text: `Dear \u202Eada,\n${'x'.repeat(500)}`, application: 'editor\n' };
        },
        'text.preview': () => ({ steps }),
        'text.process': () => {
          runs.push(message.input as Input<'text.process'>);
          return ends();
        },
      };
      try {
        far.send({
          type: 'reply',
          id: message.id,
          reply: { status: 'ok', data: answers[message.route]?.(), metadata },
        });
      } catch (thrown) {
        const error = toWire(thrown as PotterError);
        far.send({ type: 'reply', id: message.id, reply: { status: 'error', error, metadata } });
      }
    });
    return createClient(near);
  }

  const asked = (): Promise<void> => vi.waitFor(() => expect(dialog.asked.length).toBeGreaterThan(0));

  test('L05 shows everything that will be done, every character of it to be seen', async () => {
    const done = links.request('polish');
    await asked();
    expect(dialog.asked).toEqual([
      {
        type: 'question',
        title: 'Potter',
        message: 'A link asks to run “Polish” on the selected text.',
        detail: [
          'Action: Polish (polish)',
          'What it does: Clearer, same [U+200B]voice',
          `Text: 511 characters selected in editor : “Dear [U+202E]ada, ${'x'.repeat(149)}…”`,
          'Sent to Vendor [U+202E]gro.live, model model-1, at https://api.vendor.example/v1/chat/completions, with your key',
          'Afterwards: the result takes the place of the selected text.',
          '',
          'The text leaves this computer.',
          'Any web page or program can write such a link. Run it only if you expected it.',
        ].join('\n'),
        buttons: ['Run', 'Cancel'],
        defaultId: 1,
        cancelId: 1,
        noLink: true,
      },
    ]);
    answer.resolve(1);
    await done;
  });

  test('L05 shows each step of a chain, and what stays on this computer', async () => {
    steps = [
      { action: 'proofread', name: 'Proofread (offline)' },
      {
        action: 'local',
        name: 'Local',
        request: { ...request, url: 'http://127.0.0.1:11434/v1/chat/completions', withKey: false },
      },
    ];
    const done = links.request('chain');
    await asked();
    const { detail } = dialog.asked[0] ?? {};
    expect(detail).toContain('Step 1, Proofread (offline): Done on this computer\nStep 2, Local: Sent to ');
    expect(detail).toContain('Nothing leaves this computer.');
    answer.resolve(1);
    await done;
  });

  test('L05 runs exactly what was shown, and only when the person agrees', async () => {
    const done = links.request('polish');
    await asked();
    expect(runs).toEqual([]);
    answer.resolve(0);
    await done;
    expect(runs).toEqual([{ action: 'polish', source: { type: 'capture', captureId }, model: 'vendor/model-1' }]);
  });

  test('tells how the run ended where the text is not another one', async () => {
    answer.resolve(0);
    ends = () => ({ outcome: 'unchanged', runId: captureId });
    await links.request('polish');
    ends = () => {
      throw new PotterError('CONNECT', 'There is no network.');
    };
    await links.request('polish');
    expect(notices.map(({ title, code }) => [title, code])).toEqual([
      ['Polish', undefined],
      ['Your text was not changed', 'CONNECT'],
    ]);
  });

  test('L05 does nothing when the person declines, which is also what Enter and Esc mean', async () => {
    const done = links.request('polish');
    await asked();
    answer.resolve(1);
    await done;
    expect([runs, notices]).toEqual([[], []]);
  });

  test('L05 says why there is no question when there is no text', async () => {
    captureFails = true;
    await links.request('polish');
    expect([dialog.asked, notices]).toEqual([
      [],
      [{ severity: 'warning', title: 'Link not followed', message: 'Nothing is selected.', code: 'NOTHING_SELECTED' }],
    ]);
  });

  test('L07 a hundred links a second bring one question, and read the selection once', async () => {
    const all = Array.from({ length: 100 }, () => links.request('polish'));
    await asked();
    now += 1000;
    all.push(...Array.from({ length: 100 }, () => links.request('polish')));
    answer.resolve(1);
    await Promise.all(all);
    expect([dialog.asked.length, captures, runs, notices]).toEqual([1, 1, [], []]);
  });

  test('L07 after a refusal, or a link that failed, links are quiet for a while', async () => {
    answer.resolve(1);
    await links.request('polish');
    now += 14_000;
    await links.request('polish');
    expect(dialog.asked).toHaveLength(1);
    now += 2000;
    await links.request('no-such-action');
    await links.request('no-such-action');
    await links.request('polish');
    expect([dialog.asked.length, notices.length]).toEqual([1, 1]);
    now += 16_000;
    await links.request('polish');
    expect(dialog.asked).toHaveLength(2);
  });
});
