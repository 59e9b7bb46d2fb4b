import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectFitsEveryWidth, run, test } from './fixtures.ts';
import type { Program } from './program.ts';

const settingsFile = ({ dataDirectory }: Program): Promise<string> =>
  readFile(join(dataDirectory, 'settings.json'), 'utf8');

async function openPanel(page: Page, panel: 'settings' | 'about'): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${panel}`);
  await expect(page.locator('.row').first()).toBeVisible();
}

test('a setting changed here stands in the file, and back at its default it does not', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const characters = page.getByRole('textbox', { name: 'Longest text for a language model' });
  await characters.fill('12000');
  await characters.press('Enter');
  await expect.poll(() => settingsFile(program)).toContain('12000');
  await page.reload();
  await expect(characters).toHaveValue('12 000');
  await page.getByRole('button', { name: 'Back to the default' }).click();
  await expect.poll(() => settingsFile(program)).not.toContain('12000');
  await expect(characters).toHaveValue('50 000');
});

test('a language is chosen by its own name or given by its tag, and a wrong one is told at the field', async ({
  open,
}) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const field = page.getByRole('combobox', { name: 'Translate to' });
  await expect(field).toHaveValue('English');
  await field.fill('Franç');
  await page.getByRole('option', { name: 'Français' }).click();
  await expect.poll(() => settingsFile(program)).toContain('"fr"');
  await field.fill('no such language');
  await field.press('Enter');
  await expect(page.getByText(/must be a language tag/)).toBeVisible();
  await expect(field).toHaveValue('no such language');
  await field.press('Escape');
  await expect(field).toHaveValue('Français');
});

test('the language of the window and its colours change at once, also from the file', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  await page
    .locator('label')
    .filter({ hasText: /^Deutsch$/ })
    .click();
  await expect(page.getByRole('heading', { name: 'Einstellungen' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.locator('#content').getByText('Dunkel', { exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await program.writeSettings('{ "appearance": { "language": "en", "theme": "light" } }');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'light');
});

test('a setting is found by its words', async ({ open }) => {
  const { page } = await open();
  await openPanel(page, 'settings');
  await page.getByRole('searchbox', { name: 'Search the settings' }).fill('log in');
  await expect(page.locator('.row')).toHaveCount(1);
  await page.getByRole('searchbox').fill('no such thing');
  await expect(page.getByText('No setting is called that.')).toBeVisible();
});

test('everything is deleted after the words were typed, and what it was is said', async ({ open }) => {
  const { page } = await open();
  await run(page, 'This is a example.');
  await expect(page.getByRole('checkbox')).toHaveCount(1);
  await openPanel(page, 'settings');
  await page.getByRole('button', { name: 'Delete everything…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Delete', exact: true })).toBeDisabled();
  await dialog.getByRole('textbox').fill('delete everything');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByText(/^Entries of the history: 1, keys: 0/)).toBeVisible();
  await page.locator('#content').getByRole('link', { name: 'History' }).click();
  await expect(page.getByText('Nothing here yet')).toBeVisible();
});

test('about says which Potter it is and copies what a bug report needs, without a path', async ({ open }) => {
  const { page, program } = await open();
  await openPanel(page, 'about');
  await expect(page.getByText(program.dataDirectory)).toBeVisible();
  await page.getByRole('button', { name: 'Copy the details' }).click();
  const report = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(report).toMatch(/^Potter \d+\.\d+\.\d+\nSystem: \w+ \w+\nRuntime: node /);
  expect(await report()).not.toContain(program.dataDirectory);
});

for (const language of ['en', 'de'] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`a checker finds nothing in settings and about in ${language}, ${colorScheme}, and they fit every width`, async ({
      open,
    }) => {
      const { page } = await open({ settings: JSON.stringify({ appearance: { language } }) });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const panel of ['settings', 'about'] as const) {
        await openPanel(page, panel);
        await expect(page.locator('html')).toHaveAttribute('lang', language);
        await expectAccessible(page);
        await expectFitsEveryWidth(page);
      }
    });
  }
}
