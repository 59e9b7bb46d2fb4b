import { readFile, writeFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { choose, clipboard, expect, expectAccessible, run, test } from './fixtures.ts';

/** The line of an action in the list, by its id. */
const row = (page: Page, id: string) => page.locator(`[data-action="${id}"]`);

async function openActions(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Actions' }).click();
  await expect(row(page, 'polish')).toBeVisible();
}

async function openEditor(page: Page, id: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/actions/${id}`);
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeVisible();
}

const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true });

/** The names of the shipped actions in the order of the list. */
const shippedNames = (page: Page): Promise<string[]> =>
  page
    .getByRole('list', { name: /^Shipped with Potter/ })
    .locator('.action-link')
    .evaluateAll((links) => links.map((link) => link.querySelector('.action-name')?.firstChild?.textContent ?? ''));

test('an action is found by its name or by what it does, and opened by keyboard alone', async ({ open }) => {
  const { page } = await open();
  await openActions(page);
  await page.getByRole('searchbox', { name: 'Search the actions' }).fill('yaml');
  await expect(page.getByRole('status').filter({ hasText: /\d actions? found/ })).toBeAttached();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('.action-link').first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('This one is a program, not a prompt')).toBeVisible();
  await page.getByRole('link', { name: 'All actions' }).click();
  await page.getByRole('searchbox').fill('no such thing');
  await expect(page.getByText('Nothing found')).toBeVisible();
});

test('a new action is tried before it is saved, shows what it would send, and then runs', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await openActions(page);
  await page.getByRole('link', { name: 'New action' }).click();
  await field(page, 'Name').fill('Plain words');
  await field(page, 'Instruction').fill('Say it in plain words.');
  await page.getByText('What would be sent', { exact: true }).click();
  await expect(page.locator('.trial')).toContainText('Say it in plain words.');
  await expect(page.locator('.trial')).toContainText('/chat/completions');
  expect(vendor.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  await page.locator('.trial').getByText('Result', { exact: true }).click();
  await page.locator('.trial').getByRole('textbox', { name: 'Sample text' }).fill('I recieve a box from teh king.');
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('.trial')).toContainText('receive');
  await page.keyboard.press('Control+s');
  await expect(page.getByText('“Plain words” is saved.')).toBeVisible();
  await expect(page).toHaveURL(/#\/actions\/plain-words$/);

  await page.getByRole('link', { name: 'Process' }).click();
  await choose(page, 'Plain words');
  await run(page, 'Teh cat.');
  await expect(page.getByText('1 of 1 accepted')).toBeVisible();
});

test('an edited shipped action keeps its id, shows what differs and is restored', async ({ open }) => {
  const { page } = await open();
  await openEditor(page, 'polish');
  await field(page, 'Name').fill('Shine');
  await field(page, 'Instruction').fill('Make it shine.');
  await page.keyboard.press('Control+s');
  await expect(page.getByText('“Shine” is saved.')).toBeVisible();
  await expect(page.locator('.editor code, .editor-id').filter({ hasText: 'polish' }).first()).toBeVisible();
  await page.getByRole('link', { name: 'All actions' }).click();
  await expect(row(page, 'polish')).toContainText('ShineEdited');
  await page.getByRole('button', { name: 'More for Shine' }).click();
  await page.getByRole('menuitem', { name: 'Restore the shipped text' }).click();
  await expect(page.getByRole('dialog').locator('del').first()).toHaveText('Shine');
  await expect(page.getByRole('dialog').locator('ins').first()).toHaveText('Polish');
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await expect(row(page, 'polish')).toContainText('Polish');
  await expect(row(page, 'polish')).not.toContainText('Edited');
});

test('what is typed is not lost by leaving, and a refused name is told beside the form', async ({ open }) => {
  const { page } = await open();
  await openEditor(page, 'polish');
  await field(page, 'Name').fill('Proofread');
  await page.keyboard.press('Control+s');
  await expect(page.getByText(/The name "Proofread" is taken/).first()).toBeVisible();
  await expect(field(page, 'Name')).toHaveValue('Proofread');
  await field(page, 'Name').fill('Half done');
  await page.getByRole('link', { name: 'All actions' }).click();
  await expect(page.getByRole('dialog', { name: 'Leave without saving?' })).toBeVisible();
  await page.getByRole('button', { name: 'Save later' }).click();
  await expect(row(page, 'polish')).toBeVisible();
  await openEditor(page, 'polish');
  await expect(field(page, 'Name')).toHaveValue('Half done');
});

test('actions are duplicated, pinned, moved, hidden and deleted', async ({ open }) => {
  const { page } = await open();
  await openActions(page);
  const order = await shippedNames(page);
  await row(page, 'concise').locator('.action-link').focus();
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(() => shippedNames(page)).toEqual([order[0], order[2], order[1], ...order.slice(3)]);
  await expect(row(page, 'concise').locator('.action-link')).toBeFocused();

  await row(page, 'concise').hover();
  await page.getByRole('button', { name: 'Pin Concise' }).click();
  await expect(page.getByRole('list', { name: /^Pinned/ })).toContainText('Concise');

  await page.getByRole('button', { name: 'More for Concise' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  await expect(field(page, 'Name')).toHaveValue('Concise copy');
  await page.getByRole('link', { name: 'All actions' }).click();
  await page.getByRole('button', { name: 'More for Concise copy' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'concise-copy')).toHaveCount(0);

  await page.getByRole('button', { name: 'More for Clarity' }).click();
  await page.getByRole('menuitem', { name: 'Hide' }).click();
  await expect.poll(() => shippedNames(page)).not.toContain('Clarity');
  await page.reload();
  await expect(page.getByRole('list', { name: /^Pinned/ })).toContainText('Concise');
  await expect.poll(() => shippedNames(page)).not.toContain('Clarity');
});

test('the optional pack is switched on one by one', async ({ open }) => {
  const { page } = await open();
  await openActions(page);
  await page.getByRole('button', { name: 'Switch on Casual' }).click();
  await expect(row(page, 'casual')).toBeVisible();
  await page.getByRole('link', { name: 'Process' }).click();
  await choose(page, 'Casual');
});

test('a chain runs its steps one after the other', async ({ open }) => {
  const { page } = await open();
  await openEditor(page, 'new');
  await field(page, 'Name').fill('Tidy list');
  await page.getByText('Chain of actions', { exact: true }).click();
  for (const step of ['Sort lines', 'UPPER CASE']) {
    await page.getByRole('button', { name: 'Add a step' }).click();
    await page.getByPlaceholder('Find an action').filter({ visible: true }).fill(step);
    await page.getByRole('option').filter({ hasText: step }).first().click();
  }
  await page.keyboard.press('Control+s');
  await expect(page.getByText('“Tidy list” is saved.')).toBeVisible();
  await page.getByRole('link', { name: 'Process' }).click();
  await choose(page, 'Tidy list');
  await run(page, 'pear\napple');
  await page.getByRole('button', { name: 'Copy result' }).click();
  await expect.poll(() => clipboard(page)).toBe('APPLE\nPEAR');
});

test('an exported file shows what it would change before it is imported', async ({ open }, testInfo) => {
  const { page } = await open();
  await openEditor(page, 'polish');
  await field(page, 'Instruction').fill('Make it shine like new.');
  await page.keyboard.press('Control+s');
  await expect(page.getByText('“Polish” is saved.')).toBeVisible();
  await page.getByRole('link', { name: 'All actions' }).click();
  await page.getByRole('button', { name: 'Export' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export 1 action' }).click();
  const text = await readFile(await (await download).path(), 'utf8');
  expect(text).toContain('Make it shine like new.');

  const file = testInfo.outputPath('shared.json');
  await writeFile(file, text.replaceAll('like new', 'like a mirror'));
  const input = page.locator('input[type=file]');
  await input.setInputFiles(file);
  const dialog = page.getByRole('dialog', { name: 'Import actions' });
  await expect(dialog).toContainText('Replaces yours');
  await dialog.getByRole('button', { name: 'Close' }).first().click();
  await openEditor(page, 'polish');
  await expect(field(page, 'Instruction')).toHaveValue('Make it shine like new.');

  await page.getByRole('link', { name: 'All actions' }).click();
  await input.setInputFiles(file);
  const box = dialog.getByRole('checkbox').first();
  if (!(await box.isChecked())) await box.check();
  await dialog.getByRole('button', { name: 'Import 1 action' }).click();
  await expect(page.getByText('1 action was imported.')).toBeVisible();
  await openEditor(page, 'polish');
  await expect(field(page, 'Instruction')).toHaveValue('Make it shine like a mirror.');

  await page.getByRole('link', { name: 'All actions' }).click();
  await writeFile(file, '{ "not": "actions" }');
  await input.setInputFiles(file);
  await expect(page.getByText('Nothing was imported').first()).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a checker finds nothing in the actions, the editor and their dialogs in the ${colorScheme} theme`, async ({
    open,
    vendor,
  }) => {
    test.slow();
    const { page } = await open({ vendor: vendor.baseUrl });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await openActions(page);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'More for Polish' }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Export' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await openEditor(page, 'polish');
    await expectAccessible(page);
    await page.getByText('What would be sent', { exact: true }).click();
    await expect(page.locator('.trial')).toContainText('/chat/completions');
    await expectAccessible(page);
    await openEditor(page, 'new');
    await page.getByText('Chain of actions', { exact: true }).click();
    await expectAccessible(page);
  });
}
