/** Takes the pictures of the documentation from the real program: `node scripts/screenshots.ts`. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { Program } from '../test/e2e/program.ts';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'images');
const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --font-render-hinting=none';
/** The times in the history would differ from one day to the next. */
const noon = '2026-01-15T12:00:00Z';

const letter = [
  'Dear Ms Okafor,',
  '',
  'thank you for you letter. We definately recieve teh parcel on Tuesday, but one of the the boxes was open .',
  'I dont think an new label is needed.',
  '',
  'Kind regards',
].join('\n');
const notes = 'This is a example of an sentence with bad grammar. I definately recieve alot of them.';

const wide = { width: 1280, height: 800 };
const narrow = { width: 480, height: 800 };

mkdirSync(folder, { recursive: true });
const program = await Program.start({ settings: '{}', arguments: ['--demo'] });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags.split(' ') });
try {
  const context = await browser.newContext({
    viewport: wide,
    colorScheme: 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(noon);
  await page.goto(program.address);
  await page.getByText('Connected').waitFor();
  await take(page, 'start');

  await choose(page, 'Proofread (offline)');
  await run(page, notes);
  await take(page, 'offline');
  await choose(page, 'Proofread');
  await run(page, letter);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Space');
  await page.keyboard.press('j');
  await take(page, 'process');
  await inTheDark(page, () => take(page, 'process-dark'));
  await page.keyboard.press('v');
  await take(page, 'diff');
  await page.keyboard.press('v');
  await page.keyboard.press('v');
  await page.setViewportSize(narrow);
  await page.locator('.review-foot').scrollIntoViewIfNeeded();
  await take(page, 'narrow');
  await page.setViewportSize(wide);

  await page.getByRole('link', { name: 'History' }).click();
  await page.locator('.history-entry').first().click();
  await page.getByText('accepted').waitFor();
  await take(page, 'history');
  await inTheDark(page, () => take(page, 'history-dark'));

  for (const panel of ['actions', 'providers', 'hotkeys', 'settings', 'about'] as const) {
    await show(page, panel);
    await takeEveryWay(page, panel);
  }
  await show(page, 'providers');
  await page.locator('[data-provider="openai"] .provider-line').click();
  await page.locator('[data-provider="openai"]').getByLabel('New key').scrollIntoViewIfNeeded();
  await takeEveryWay(page, 'provider');
  await show(page, 'actions/polish');
  await page.locator('.trial').getByRole('button', { name: /^Run/ }).click();
  await page.locator('.trial').getByRole('checkbox').first().waitFor();
  await takeEveryWay(page, 'editor');
  await page.getByText('What would be sent', { exact: true }).click();
  await page.locator('.sent-step').waitFor();
  await take(page, 'dry-run');
  await show(page, 'palette');
  await takeEveryWay(page, 'palette');
  await show(page, 'welcome/promise');
  await take(page, 'welcome');
  await show(page, 'welcome/practice');
  await page.locator('.practice-start').getByRole('button').first().click();
  await page.locator('.practice').getByRole('checkbox').first().waitFor();
  await takeEveryWay(page, 'practice');
  await takeLocked(page);
  await takeInGerman(page);
} finally {
  await browser.close();
  await program.remove();
}

/** The panels while the passphrase of the keys has not been entered yet. */
async function takeLocked(page: Page): Promise<void> {
  const locked = await Program.start({ settings: '{}' });
  try {
    await page.goto(locked.address);
    await page.getByText('Connected').waitFor();
    await show(page, 'providers');
    await page.getByRole('button', { name: 'Set a passphrase' }).click();
    await page.getByLabel('The passphrase alone, at each start').check();
    await page.getByLabel('New passphrase').fill('a passphrase of words');
    await page.getByLabel('The same again').fill('a passphrase of words');
    await page.getByRole('button', { name: 'Protect' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await locked.stop();
    await locked.start(locked.port);
    await page.goto('about:blank');
    await page.goto(locked.address);
    await page.getByText('Connected').waitFor();
    await show(page, 'providers');
    await page.getByRole('heading', { name: 'The keys are locked' }).waitFor();
    await takeEveryWay(page, 'locked');
    await show(page, 'history');
    await take(page, 'history-locked');
  } finally {
    await locked.remove();
  }
}

async function takeInGerman(page: Page): Promise<void> {
  const german = await Program.start({ settings: '{ "appearance": { "language": "de" } }', arguments: ['--demo'] });
  try {
    await page.goto('about:blank');
    await page.goto(german.address);
    await page.getByText('Verbunden').waitFor();
    await show(page, 'settings');
    await take(page, 'settings-german');
  } finally {
    await german.remove();
  }
}

async function show(page: Page, route: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${route}`);
  await page
    .locator('.row, .action-row, .provider, .editor-fields, .palette-row, .history, .hotkey-row, .welcome h1')
    .first()
    .waitFor();
}

/** As it is, in the dark and in a narrow window. */
async function takeEveryWay(page: Page, name: string): Promise<void> {
  await take(page, name);
  await inTheDark(page, () => take(page, `${name}-dark`));
  await page.setViewportSize(narrow);
  await take(page, `${name}-narrow`);
  await page.setViewportSize(wide);
}

async function choose(page: Page, action: string): Promise<void> {
  await page.getByRole('button', { name: /^Action:/ }).click();
  await page.getByPlaceholder('Find an action').fill(action);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: `Action: ${action}`, exact: true }).waitFor();
}

async function run(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Text' }).fill(text);
  await page.keyboard.press('Control+Enter');
  await page.locator('.running').waitFor({ state: 'detached', timeout: 60_000 });
  await page.getByRole('checkbox').first().waitFor();
}

async function inTheDark(page: Page, task: () => Promise<void>): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await task();
  await page.emulateMedia({ colorScheme: 'light' });
}

/** How long a run took and when is not the same twice, so it is written over. */
async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => {
    for (const time of document.querySelectorAll('.history-entry time')) time.textContent = '12:00';
    for (const fact of document.querySelectorAll('.facts > span:last-child')) fact.textContent = '0.4 s';
    for (const moment of document.querySelectorAll('.entry-title p > span:nth-child(2)')) moment.textContent = '12:00';
  });
  await page.screenshot({ path: join(folder, `${name}.png`), caret: 'hide' });
  console.log(`docs/images/${name}.png`);
}
