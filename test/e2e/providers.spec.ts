import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { type StartedVendor, startVendorOf } from '../helpers/vendors.ts';
import { choose, expect, expectAccessible, expectFitsEveryWidth, run, test } from './fixtures.ts';
import type { Program } from './program.ts';

const key = 'AIza-canary-of-the-panel-0123456789';
const row = (page: Page, id: string) => page.locator(`[data-provider="${id}"]`);
const vault = (page: Page) => page.getByRole('region', { name: 'How keys and history are protected' });

async function openPanel(page: Page): Promise<void> {
  await page.evaluate(() => {
    location.hash = '#/providers';
  });
  await expect(page.locator('.provider').first()).toBeVisible();
}

async function openRow(page: Page, id: string): Promise<void> {
  await row(page, id).getByRole('button', { expanded: false }).click();
  await expect(row(page, id).getByRole('heading', { name: 'Key' })).toBeVisible();
}

async function enterKey(page: Page, id: string, value: string): Promise<void> {
  await row(page, id).getByLabel('New key').fill(value);
  await row(page, id).getByRole('button', { name: 'Save and test' }).click();
}

const settingsWith = (vendors: Record<string, StartedVendor>): string =>
  JSON.stringify({
    providers: Object.fromEntries(Object.entries(vendors).map(([id, { setting }]) => [id, setting])),
  });

/** Where a page keeps things. */
const everythingIn = (page: Page): Promise<string> =>
  page.evaluate(() =>
    [
      document.documentElement.outerHTML,
      ...[...document.querySelectorAll('input')].map(({ value }) => value),
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      location.href,
    ].join('\n'),
  );

const settingsFile = async ({ dataDirectory }: Program): Promise<unknown> =>
  JSON.parse(await readFile(join(dataDirectory, 'settings.json'), 'utf8'));

test('a key is entered, tested, replaced and removed, and stands nowhere in the page', async ({ open, complaints }) => {
  const google = await startVendorOf('google', key);
  const { page } = await open({ settings: settingsWith({ google }) });
  await openPanel(page);
  await openRow(page, 'google');
  await expect(row(page, 'google').getByText('Known to Potter')).toBeVisible();
  await enterKey(page, 'google', 'AIza-a-wrong-key');
  await expect(row(page, 'google').getByText(/was refused/)).toBeVisible();
  await expect(row(page, 'google').getByText('Needs attention')).toBeVisible();

  await row(page, 'google').getByRole('button', { name: 'Replace' }).click();
  await enterKey(page, 'google', key);
  await expect(row(page, 'google').getByText('The key works: 6 models.')).toBeVisible();
  await expect(row(page, 'google').getByText('As the server lists them now.')).toBeVisible();
  const lite = row(page, 'google').getByRole('listitem').filter({ hasText: 'gemini-3.5-flash-lite' });
  await expect(lite).toContainText('Fast');
  expect(await everythingIn(page)).not.toContain('canary');
  await page.reload();
  await expect(row(page, 'google').getByText('Ready')).toBeVisible();
  expect(await everythingIn(page)).not.toContain('canary');

  await openRow(page, 'google');
  await row(page, 'google').getByRole('button', { name: 'Test' }).click();
  await expect(row(page, 'google').getByText('The key works: 6 models.')).toBeVisible();
  await row(page, 'google').getByRole('button', { name: 'Remove the key' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove the key' }).click();
  await expect(row(page, 'google').getByText('No key', { exact: true })).toBeVisible();
  expect(complaints).toEqual([]);
  await google.vendor.close();
});

test('a key that no header can carry is refused, and what was typed stays to be mended', async ({ open }) => {
  const { page } = await open();
  await openPanel(page);
  await openRow(page, 'openai');
  await enterKey(page, 'openai', 'sk-with a space');
  await expect(row(page, 'openai').getByText(/The key was not saved/)).toBeVisible();
  await expect(row(page, 'openai').getByLabel('New key')).toHaveValue('sk-with a space');
});

test('a key goes to a changed address only after somebody said so', async ({ open }) => {
  const [first, second] = await Promise.all([startVendorOf('compatible', key), startVendorOf('compatible', key)]);
  const { page } = await open({ settings: settingsWith({ mine: first }) });
  await openPanel(page);
  await openRow(page, 'mine');
  await enterKey(page, 'mine', key);
  await expect(row(page, 'mine').getByText(/The key works/)).toBeVisible();
  await row(page, 'mine').getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill(second.setting.baseUrl);
  await expect(dialog.getByText(/will not be sent to/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'mine').getByText('Confirm the address')).toBeVisible();
  expect(second.vendor.requests).toEqual([]);
  const host = new URL(second.setting.baseUrl).host;
  await row(page, 'mine')
    .getByRole('button', { name: `Send it to ${host}` })
    .click();
  await expect(row(page, 'mine').getByText('Ready')).toBeVisible();
  expect(second.vendor.requests.length).toBeGreaterThan(0);
  await Promise.all([first.vendor.close(), second.vendor.close()]);
});

test('a server is added, used, edited and removed', async ({ open }) => {
  const server = await startVendorOf('compatible');
  const { page, program } = await open();
  await openPanel(page);
  await page.getByRole('button', { name: 'Add a provider' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(dialog.getByText('Give it a name.')).toBeVisible();
  await expect(dialog.getByText('This is no web address.', { exact: false })).toBeVisible();
  await dialog.getByLabel('Name').fill('Mein Übersetzer');
  await expect(dialog.getByLabel('Id')).toHaveValue('mein-ubersetzer');
  await dialog.getByLabel('Id').fill('openai');
  await expect(dialog.getByText('There is a provider with this id already.')).toBeVisible();
  await dialog.getByLabel('Id').fill('my-server');
  await dialog.getByLabel('Address').fill(`${server.setting.baseUrl}?key=secret`);
  await expect(dialog.getByText(/Leave user name, password/)).toBeVisible();
  await dialog.getByLabel('Address').fill(server.setting.baseUrl);
  await dialog.getByLabel('It wants a key').uncheck();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(row(page, 'my-server').getByText('Ready')).toBeVisible();

  await page.getByRole('button', { name: /^Default model:/ }).click();
  await page.getByRole('option', { name: /^llama3.2/ }).click();
  await expect.poll(() => settingsFile(program)).toMatchObject({ text: { defaultModel: 'my-server/llama3.2' } });
  await page.getByRole('link', { name: 'Process' }).click();
  await run(page, 'I recieve a box.');
  await expect(page.locator('.review-facts')).toContainText('my-server/llama3.2');

  await openPanel(page);
  await openRow(page, 'my-server');
  await row(page, 'my-server').getByRole('button', { name: 'Edit' }).click();
  await dialog.getByLabel('Name').fill('Renamed');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(row(page, 'my-server').getByText('Renamed')).toBeVisible();
  await row(page, 'my-server').getByRole('button', { name: 'Remove', exact: true }).click();
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(row(page, 'my-server')).toHaveCount(0);
  await server.vendor.close();
});

test('a spare key takes over from one that is refused, and is removed by itself', async ({ open }) => {
  const google = await startVendorOf('google', key);
  const { page } = await open({ settings: settingsWith({ google }) });
  await openPanel(page);
  await openRow(page, 'google');
  await enterKey(page, 'google', 'AIza-a-revoked-key');
  await expect(row(page, 'google').getByText(/was refused/)).toBeVisible();
  await row(page, 'google').getByRole('button', { name: 'Add a spare' }).click();
  await row(page, 'google').getByLabel('Spare key').fill(key);
  await row(page, 'google').getByRole('button', { name: 'Save and test' }).click();
  await expect(row(page, 'google').getByText('The first key: The key for Fake google was refused.')).toBeVisible();
  await expect(row(page, 'google').getByText('Ready')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Process' }).click();
  await choose(page, 'Polish');
  await run(page, 'This is a example.');
  await expect(page.getByText('A key for Fake google was refused, so the next one was used.')).toBeVisible();

  await openPanel(page);
  await openRow(page, 'google');
  await row(page, 'google').getByRole('button', { name: 'Remove spare key 1' }).click();
  await expect(row(page, 'google').getByText('Needs attention')).toBeVisible();
  await google.vendor.close();
});

test('locked keys are said, lose nothing, leave the rest working, and open again by the passphrase', async ({
  open,
  complaints,
}) => {
  const google = await startVendorOf('google', key);
  const { page, program } = await open({ settings: settingsWith({ google }) });
  await openPanel(page);
  await openRow(page, 'google');
  await enterKey(page, 'google', key);
  await expect(row(page, 'google').getByText('Ready')).toBeVisible();
  await vault(page).getByRole('button', { name: 'Set a passphrase' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('The passphrase alone, at each start').check();
  await dialog.getByLabel('New passphrase').fill('short');
  await dialog.getByRole('button', { name: 'Protect' }).click();
  await expect(dialog.getByText('Use at least 8 characters.')).toBeVisible();
  await dialog.getByLabel('New passphrase').fill('open sesame please');
  await dialog.getByLabel('The same again').fill('open sesame please');
  await dialog.getByRole('button', { name: 'Protect' }).click();
  await expect(vault(page).getByText('The passphrase alone, at each start')).toBeVisible();

  const { port } = program;
  await program.stop();
  await program.start(port);
  await page.goto(program.address);
  await expect(page.getByRole('status').filter({ hasText: 'Connected' })).toBeVisible();
  await openPanel(page);
  await expect(page.getByRole('heading', { name: 'The keys are locked' })).toBeVisible();
  await expect(row(page, 'google').getByText('Keys locked')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Process' }).click();
  await choose(page, 'Proofread (offline)');
  await run(page, 'This is a example.');
  await expect(page.getByRole('checkbox')).toHaveCount(1);

  await openPanel(page);
  await page.getByLabel('Passphrase').fill('wrong words');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText(/passphrase is wrong|does not open|not the passphrase/i)).toBeVisible();
  await page.getByLabel('Passphrase').fill('open sesame please');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByRole('heading', { name: 'The keys are locked' })).toHaveCount(0);
  await expect(row(page, 'google').getByText('Ready')).toBeVisible();
  await google.vendor.close();
  // Chromium reports each connection that was refused meanwhile.
  complaints.length = 0;
});

for (const { language, colorScheme } of [
  { language: 'en', colorScheme: 'light' },
  { language: 'en', colorScheme: 'dark' },
  { language: 'de', colorScheme: 'light' },
  { language: 'de', colorScheme: 'dark' },
] as const) {
  test(`a checker finds nothing in ${language}, ${colorScheme}, and it fits every width`, async ({ open }) => {
    test.slow();
    const google = await startVendorOf('google');
    const settings = { providers: { google: google.setting }, appearance: { language } };
    const { page } = await open({ settings: JSON.stringify(settings) });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await openPanel(page);
    await row(page, 'google').locator('.provider-line').click();
    await row(page, 'openai').locator('.provider-line').click();
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    await expectAccessible(page);
    await expectFitsEveryWidth(page);
    const buttons =
      language === 'en' ? ['Add a provider', 'Set a passphrase'] : ['Anbieter hinzufügen', 'Passphrase festlegen'];
    for (const name of buttons) {
      await page.getByRole('button', { name }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
      await expect(page.getByRole('button', { name })).toBeFocused();
    }
    await google.vendor.close();
  });
}
