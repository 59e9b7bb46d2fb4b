import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { PotterError, toWire } from '../../src/shared/errors.ts';
import { hasDisplayServer, startDisplay } from './display.ts';
import {
  clipboard,
  expect,
  expectAccessible,
  expectFitsEveryWidth,
  expectNoSidewaysScroll,
  type Panel,
  test,
} from './fixtures.ts';
import { Program, type ProgramOptions } from './program.ts';

type Open = (options?: ProgramOptions) => Promise<Panel>;

async function openHotkeys(open: Open, options?: ProgramOptions): Promise<Panel> {
  const panel = await open(options);
  await panel.page.getByRole('link', { name: 'Hotkeys' }).click();
  await expect(row(panel.page, 'Open the palette')).toBeVisible();
  return panel;
}

const row = (page: Page, name: string): Locator =>
  page.locator('.hotkey-row').filter({ has: page.getByText(name, { exact: true }) });
const field = (page: Page, name: string): Locator => row(page, name).locator('.hotkey-button');
const news = (page: Page): Locator => page.locator('#content').getByRole('status').last();

async function press(page: Page, name: string, keys: string): Promise<void> {
  await field(page, name).click();
  await page.keyboard.press(keys);
}

async function kept({ dataDirectory }: Program): Promise<unknown> {
  const { hotkeys } = JSON.parse(await readFile(join(dataDirectory, 'settings.json'), 'utf8'));
  return hotkeys;
}

const settingsOf = (hotkeys: object): ProgramOptions => ({ settings: JSON.stringify({ hotkeys }) });

test('gives any command a hotkey by pressing it, keeps it, and takes it away again', async ({ open }) => {
  const { page, program } = await openHotkeys(open);
  await press(page, 'Polish', 'Control+Alt+p');
  await expect(field(page, 'Polish')).toHaveAccessibleName('Hotkey of “Polish”: Ctrl+Alt+P');
  await expect(field(page, 'Polish')).toBeFocused();
  await expect(news(page)).toHaveText('Ctrl+Alt+P is now the hotkey of “Polish”.');
  await press(page, 'Run the current action', 'Control+Alt+Digit7');
  await expect(field(page, 'Run the current action')).toHaveAccessibleName(/Ctrl\+Alt\+7$/);
  await expect.poll(() => kept(program)).toEqual({ run: 'CmdOrCtrl+Alt+7', actions: { polish: 'CmdOrCtrl+Alt+P' } });
  await page.reload();
  await expect(field(page, 'Polish')).toHaveAccessibleName(/Ctrl\+Alt\+P$/);

  await row(page, 'Polish').getByRole('button', { name: 'Remove' }).click();
  await expect(field(page, 'Polish')).toHaveAccessibleName('Hotkey of “Polish”: None');
  await expect(field(page, 'Polish')).toBeFocused();
  await row(page, 'Open the palette').getByRole('button', { name: 'Remove' }).click();
  await expect(field(page, 'Open the palette')).toHaveAccessibleName(/None$/);
  await expect.poll(() => kept(program)).toEqual({ run: 'CmdOrCtrl+Alt+7', palette: null });
});

test('takes nothing that another command has, and says which', async ({ open }) => {
  // By hand somebody may have written Ctrl, which is the same key here.
  const { page } = await openHotkeys(open, settingsOf({ actions: { polish: 'ctrl+alt+p' } }));
  await press(page, 'Concise', 'Control+Shift+Digit9');
  await expect(row(page, 'Concise').getByRole('alert')).toHaveText(
    'Ctrl+Shift+9 is taken by “Run the current action”. Press another one.',
  );
  await page.keyboard.press('Control+Alt+p');
  await expect(row(page, 'Concise').getByRole('alert')).toContainText('“Polish”');
  await page.keyboard.press('Escape');
  await expect(field(page, 'Concise')).toHaveAccessibleName(/None$/);
});

test('refuses what cannot be a hotkey, with the reason, and goes on listening', async ({ open }) => {
  const { page } = await openHotkeys(open);
  const said = row(page, 'Polish').getByRole('alert');
  await press(page, 'Polish', 'Shift+a');
  await expect(said).toContainText('Shift+A needs one of Ctrl, Alt, Super');
  await page.keyboard.press('Control+c');
  await expect(said).toContainText('Ctrl+C is what Potter itself presses');
  await page.keyboard.press('Control+NumpadAdd');
  await expect(said).toContainText('ends in a key no system registers');
  await page.keyboard.press('Alt+F8');
  await expect(said).toHaveCount(0);
  await expect(field(page, 'Polish')).toHaveAccessibleName(/Alt\+F8$/);
});

test('leaves the old combination when it is called off with Escape or by going on', async ({ open }) => {
  const { page } = await openHotkeys(open);
  await press(page, 'Open the palette', 'Escape');
  await expect(field(page, 'Open the palette')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(row(page, 'Open the palette').getByText('Press the combination')).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(field(page, 'Open the palette')).toHaveAccessibleName(/Ctrl\+Shift\+Space$/);
});

test('brings the combination Potter comes with back, unless another command has it now', async ({ open }) => {
  const { page, program } = await openHotkeys(open, settingsOf({ run: 'Alt+F9', palette: 'Alt+F10' }));
  const reset = (name: string) => row(page, name).getByRole('button', { name: /^Back to/ });
  await reset('Run the current action').click();
  await expect(field(page, 'Run the current action')).toHaveAccessibleName(/Ctrl\+Shift\+9$/);
  await expect(field(page, 'Run the current action')).toBeFocused();
  await expect(reset('Run the current action')).toHaveCount(0);
  await expect.poll(() => kept(program)).toEqual({ palette: 'Alt+F10' });
  await press(page, 'Polish', 'Control+Shift+Space');
  await expect(field(page, 'Polish')).toHaveAccessibleName(/Space$/);
  await expect(reset('Open the palette')).toHaveCount(0);
});

test('shows what a variable sets as fixed, and by which', async ({ open }) => {
  const environment = {
    POTTER__HOTKEYS__RUN: 'CmdOrCtrl+Alt+R',
    POTTER__HOTKEYS__ACTIONS: JSON.stringify({ polish: 'Alt+F8' }),
  };
  const { page } = await openHotkeys(open, { environment });
  await expect(row(page, 'Run the current action')).toContainText('Set by POTTER__HOTKEYS__RUN');
  await expect(row(page, 'Polish')).toContainText('Set by POTTER__HOTKEYS__ACTIONS');
  await expect(row(page, 'Polish').getByRole('button')).toHaveCount(0);
  await press(page, 'Concise', 'Alt+F8');
  await expect(row(page, 'Concise').getByRole('alert')).toContainText('“Polish”');
  await page.keyboard.press('Alt+F9');
  await expect(field(page, 'Concise')).toHaveAccessibleName(/Alt\+F9$/);
});

test('finds a command by its name or its keys, and lists those with a hotkey', async ({ open }) => {
  const { page } = await openHotkeys(open, settingsOf({ actions: { polish: 'Alt+F8', gone: 'Alt+F7' } }));
  const rows = page.locator('.hotkey-row');
  const search = page.getByRole('searchbox');
  await search.fill('alt+f8');
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('Polish');
  await expect(news(page)).toHaveText('1 command found');
  await search.fill('no such command');
  await expect(page.getByText('Nothing found')).toBeVisible();
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect(search).toBeFocused();
  await page.getByText('With a hotkey (4)').click();
  await expect(rows).toHaveCount(4);
  await expect(row(page, 'gone')).toContainText('This action is not there any more.');
  await row(page, 'Polish').getByRole('button', { name: 'Remove' }).click();
  await expect(field(page, 'Polish')).toBeFocused();
  await expect(rows).toHaveCount(4);
});

test('says what this desktop can do, and the command that helps', async ({ open, browser }) => {
  const { page } = await openHotkeys(open, { environment: { WAYLAND_DISPLAY: 'wayland-0' } });
  const note = page.getByRole('region', { name: 'On Wayland no program can register hotkeys by itself' });
  await note.getByRole('button', { name: 'Copy command' }).click();
  await expect(note.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await clipboard(page)).toBe('potter run --selection');

  for (const [environment, said] of [
    [{ WAYLAND_DISPLAY: '', XDG_SESSION_TYPE: '', DISPLAY: '' }, 'potter run < text.txt'],
    [{ WAYLAND_DISPLAY: '', XDG_SESSION_TYPE: 'x11', DISPLAY: ':97' }, 'potter serve --hotkeys'],
  ] as const) {
    const program = await Program.start({ environment });
    const other = await (await browser.newContext()).newPage();
    await other.goto(program.address);
    await other.getByRole('link', { name: 'Hotkeys' }).click();
    await expect(other.locator('.desktop-note code')).toHaveText(said);
    await expect(row(other, 'Open the palette')).toContainText('Not registered');
    await other.context().close();
    await program.remove();
  }
});

test('shows which are registered and which failed, and takes a free one instead', async ({ open }) => {
  test.skip(!hasDisplayServer(), 'needs Xvfb');
  const display = await startDisplay();
  const environment = { DISPLAY: display.name, WAYLAND_DISPLAY: '', XDG_SESSION_TYPE: 'x11' };
  const rival = await Program.start({ environment, arguments: ['--hotkeys'], ...settingsOf({ palette: null }) });
  const { page } = await openHotkeys(open, { environment, arguments: ['--hotkeys'] });
  await expect(row(page, 'Open the palette')).toContainText('Registered');
  await expect(page.locator('.desktop-note')).toHaveCount(0);
  const run = row(page, 'Run the current action');
  await expect(run).toContainText('Not working');
  await expect(run.getByRole('alert')).toContainText('"Ctrl+Shift+9"');
  await expectAccessible(page);
  await run.getByRole('button', { name: 'Ctrl+Alt+9', exact: true }).click();
  await expect(run).toContainText('Registered');
  await expect(field(page, 'Run the current action')).toHaveAccessibleName(/Ctrl\+Alt\+9$/);
  await expect(field(page, 'Run the current action')).toBeFocused();
  await press(page, 'Polish', 'Control+Alt+p');
  await expect(row(page, 'Polish')).toContainText('Registered');
  await rival.remove();
  display.stop();
});

test('the action editor shows and removes the same hotkey', async ({ open }) => {
  const { page, program } = await open(settingsOf({ actions: { polish: 'Alt+F8' } }));
  await page.evaluate(() => {
    location.hash = '#/actions/polish';
  });
  const hotkey = page.locator('.hotkey-button');
  await expect(hotkey).toHaveAccessibleName('Hotkey: Alt+F8');
  await page.getByRole('button', { name: 'Remove: Hotkey' }).click();
  await expect(hotkey).toHaveAccessibleName('Hotkey: None');
  await expect.poll(() => kept(program)).toEqual({});
});

test('shows that the list is being read, says why it could not be, and tries again', async ({ page, open }) => {
  const fault = toWire(new PotterError('STORAGE', 'The disk is full.'));
  const held: (() => void)[] = [];
  let isBroken = true;
  await page.routeWebSocket(/\/bridge$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { id, route, input } = JSON.parse(String(message));
      const isHeld = isBroken && route === 'config.inspect' && String(input.key).startsWith('hotkeys.');
      const reply = { status: 'error', error: fault, metadata: { callId: id, ms: 0, cached: false } };
      if (isHeld) held.push(() => socket.send(JSON.stringify({ type: 'reply', id, reply })));
      else server.send(message);
    });
  });
  await open();
  await page.getByRole('link', { name: 'Hotkeys' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Reading the hotkeys…' })).toBeVisible();
  for (const answer of held) answer();
  await expect(page.getByRole('alert')).toContainText('The disk is full.');
  await expectAccessible(page);
  isBroken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(row(page, 'Open the palette')).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a checker finds nothing in the ${colorScheme} theme, and nothing scrolls sideways`, async ({ open }) => {
    test.slow();
    const { page } = await openHotkeys(open, {
      ...settingsOf({ run: 'Alt+F9', actions: { polish: 'Alt+F8', gone: 'Alt+F7' } }),
      environment: { POTTER__HOTKEYS__RESTORE: 'CmdOrCtrl+Alt+Z' },
    });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expectAccessible(page);
    await press(page, 'Concise', 'Alt+F8');
    await expect(row(page, 'Concise').getByRole('alert')).toBeVisible();
    await expectAccessible(page);
    await expectFitsEveryWidth(page);
    await page.setViewportSize({ width: 320, height: 700 });
    await page.getByRole('searchbox').fill('no such command');
    await expect(page.getByText('Nothing found')).toBeVisible();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
  });
}
