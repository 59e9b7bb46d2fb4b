import type { Page } from '@playwright/test';
import { en } from '../../src/renderer/locales/en.ts';
import { expect, expectAccessible, expectFitsEveryWidth, test } from './fixtures.ts';

const provider = (baseUrl: string) => ({ sample: { name: 'Sample', baseUrl, needsKey: false } });
const german = (baseUrl: string): string =>
  JSON.stringify({
    appearance: { language: 'de' },
    providers: provider(baseUrl),
    text: { defaultModel: 'sample/potter-demo-sample' },
    hotkeys: { actions: { polish: 'Alt+F8' } },
  });

/** Each panel with what tells that it is there. */
const panels = [
  { name: 'the process panel', hash: '#/process', heading: 'Einen Text bearbeiten' },
  { name: 'the actions', hash: '#/actions', heading: 'Aktionen' },
  { name: 'the editor of an action', hash: '#/actions/polish', heading: 'Polish' },
  { name: 'the editor of a new action', hash: '#/actions/new', heading: 'Neue Aktion' },
  { name: 'the palette', hash: '#/palette', heading: 'Palette' },
  { name: 'the history', hash: '#/history', heading: 'Verlauf' },
  { name: 'the hotkeys', hash: '#/hotkeys', heading: 'Tastenkürzel' },
  { name: 'the providers', hash: '#/providers', heading: 'Anbieter und Schlüssel' },
  { name: 'the settings', hash: '#/settings', heading: 'Einstellungen' },
  { name: 'the panel about Potter', hash: '#/about', heading: 'Über Potter' },
] as const;

async function show(page: Page, hash: string, heading: string): Promise<void> {
  await page.evaluate((next) => {
    location.hash = next;
  }, hash);
  await expect(page.getByRole('heading', { name: heading, exact: true }).first()).toBeAttached();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
}

/** Names of texts, such as `actions.title`, that stand on the page in place of the texts. */
function untranslated(page: Page): Promise<string[]> {
  return page.evaluate((areas) => {
    const key = new RegExp(`(?<![\\w./-])(?:${areas.join('|')})\\.[a-z]\\w*(?:[._]\\w+)*(?![\\w/-])`, 'g');
    const attributes = ['aria-label', 'placeholder', 'title', 'alt'];
    const said = [...document.querySelectorAll('body *')].flatMap((element) =>
      attributes.map((name) => element.getAttribute(name) ?? ''),
    );
    return [document.title, document.body.innerText, ...said].flatMap((text) => text.match(key) ?? []);
  }, Object.keys(en));
}

async function expectGood(page: Page): Promise<void> {
  expect.soft(await untranslated(page)).toEqual([]);
  await expectAccessible(page);
}

for (const { name, hash, heading } of panels) {
  test(`in German ${name} is translated, accessible in both themes, and fits a narrow window`, async ({
    open,
    vendor,
  }) => {
    test.slow();
    const { page } = await open({ settings: german(vendor.baseUrl) });
    await show(page, hash, heading);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await expectGood(page);
    }
    await expectFitsEveryWidth(page);
  });
}

test('in German a run, its review and its entry in the history are translated and accessible', async ({
  open,
  vendor,
}) => {
  test.slow();
  const { page } = await open({ settings: german(vendor.baseUrl) });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.locator('.text-field').fill('I recieve a letter from teh king.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('2 von 2 angenommen')).toBeVisible();
  await expectGood(page);
  vendor.next({ text: 'Sure! Here is the polished version:\n\nI receive the letter.' });
  await page.locator('.text-field').fill('I recieve another letter from teh king.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await expectGood(page);
  await page.getByRole('link', { name: 'Verlauf' }).click();
  await page.locator('.history-entry').last().click();
  await expect(page.getByText('2 von 2 angenommen')).toBeVisible();
  await expectGood(page);
  await page.getByRole('button', { name: 'Aufbewahrung' }).click();
  await expect(page.getByRole('dialog', { name: 'Aufbewahrung' })).toBeVisible();
  await expectGood(page);
});

test('in German the palette finds, asks and offers to save', async ({ open, vendor }) => {
  const { page } = await open({ settings: german(vendor.baseUrl) });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await show(page, '#/palette', 'Palette');
  await page.getByRole('combobox').fill('pol');
  await expect(page.getByRole('option').first()).toContainText('Polish');
  await expectGood(page);
  await page.getByRole('combobox').fill('mach daraus ein Gedicht');
  await expect(page.getByRole('option').first()).toContainText('mach daraus ein Gedicht');
  await expectGood(page);
});

test('speaks another language as soon as the settings file says so, and again after a reload', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  const heading = (name: string) => page.getByRole('heading', { name, exact: true });
  await page.getByRole('link', { name: 'Hotkeys' }).click();
  await expect(heading('Hotkeys')).toBeVisible();
  await program.writeSettings('{ "appearance": { "language": "de" } }');
  await expect(heading('Tastenkürzel')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page).toHaveTitle('Tastenkürzel – Potter');
  await page.reload();
  await expect(heading('Tastenkürzel')).toBeVisible();
  await program.writeSettings('{ "appearance": { "language": "en" } }');
  await expect(heading('Hotkeys')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
});
