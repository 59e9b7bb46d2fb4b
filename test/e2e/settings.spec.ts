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

test('models to turn to are listed in their order, and one that cannot be one is told at the field', async ({
  open,
  vendor,
}) => {
  const { page, program } = await open({ vendor: vendor.baseUrl });
  await openPanel(page, 'settings');
  const field = page.getByRole('combobox', { name: 'Models to turn to' });
  const row = page.locator('.row').filter({ hasText: 'Models to turn to' });
  await field.fill('openai/gpt-x');
  await field.press('Enter');
  await field.fill('anthropic/claude-x');
  await field.press('Enter');
  await expect
    .poll(async () => JSON.parse(await settingsFile(program)).text.failover)
    .toEqual(['openai/gpt-x', 'anthropic/claude-x']);
  await field.fill('nonsense');
  await field.press('Enter');
  await expect(row.getByText(/must look like provider\/model/)).toBeVisible();
  await expect(field).toHaveValue('nonsense');
  await field.fill('');
  await field.press('Backspace');
  await expect.poll(async () => JSON.parse(await settingsFile(program)).text.failover).toEqual(['openai/gpt-x']);
});

test('a month may cost so much, as a whole and for one provider', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const month = page.getByRole('textbox', { name: 'Most in a month', exact: true });
  await month.fill('12.5');
  await month.press('Enter');
  await page.getByRole('textbox', { name: 'Its id' }).fill('openai');
  await page.getByRole('textbox', { name: 'US dollars a month' }).fill('5');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const budget = async () => JSON.parse(await settingsFile(program)).budget;
  await expect.poll(budget).toEqual({ monthly: 12.5, limits: [{ of: 'key', id: 'openai', dollars: 5 }] });
  await page.getByRole('button', { name: 'Remove the limit Provider openai: 5.00 US dollars' }).click();
  await month.fill('');
  await month.press('Enter');
  // Both are as they are by default.
  await expect.poll(budget).toEqual({});
});

test('the loopback API is switched on here, and says where it answers', async ({ open }) => {
  const { page } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  await page.getByText('Answer programs on this computer').click();
  const hint = page.getByText(/Programs find it at http:\/\/127\.0\.0\.1:\d+\./);
  await expect(hint).toBeVisible();
  const [address = ''] = /http:\/\/[\d.]+:\d+/.exec((await hint.textContent()) ?? '') ?? [];
  expect(await (await fetch(`${address}/healthz`)).text()).toBe('ok\n');
  await page.getByText('Answer programs on this computer').click();
  await expect(hint).toBeHidden();
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
});

test('a proxy that cannot be one is told at the field, and the one in force stays', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const field = page.getByRole('textbox', { name: 'Proxy', exact: true });
  await field.fill('http://proxy.example:8080');
  await field.press('Enter');
  await expect.poll(() => settingsFile(program)).toContain('http://proxy.example:8080');
  await field.fill('http://user:secret@proxy.example');
  await field.press('Enter');
  await expect(
    page
      .locator('.row')
      .filter({ has: field })
      .getByText(/network\.proxy/),
  ).toBeVisible();
  await expect(field).toHaveValue('http://user:secret@proxy.example');
  expect(await settingsFile(program)).toContain('http://proxy.example:8080');
  await field.fill('');
  await field.press('Enter');
  await expect.poll(() => settingsFile(program)).not.toContain('proxy.example');
});

test('quiet hours have two ends or none, and a part of Potter may be logged more closely', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  await page.getByLabel('Quiet from').fill('22:00');
  expect(await settingsFile(program)).not.toContain('22:00');
  await page.getByLabel('Quiet until').fill('07:30');
  const file = async () => JSON.parse(await settingsFile(program));
  await expect.poll(async () => (await file()).alerts).toEqual({ quietHours: { from: '22:00', to: '07:30' } });
  await page.getByRole('button', { name: 'Never' }).click();
  await expect.poll(async () => (await file()).alerts).toEqual({});
  await page.getByRole('combobox', { name: 'Providers' }).click();
  await page.getByRole('option', { name: 'Everything' }).click();
  await expect.poll(async () => (await file()).log).toEqual({ areas: { providers: 'debug' } });
  await page.getByRole('combobox', { name: 'Providers' }).click();
  await page.getByRole('option', { name: 'As above' }).click();
  await expect.poll(async () => (await file()).log?.areas?.providers).toBeUndefined();
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
