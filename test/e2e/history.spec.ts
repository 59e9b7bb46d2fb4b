import { clipboard, expect, run, test } from './fixtures.ts';

test('keeps each run, finds it again, and deletes one or all after asking', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  for (const text of ['I recieve a letter from teh king.', 'I recieve a parcel from teh king.']) {
    await run(page, text);
    await expect(page.getByRole('checkbox')).toHaveCount(2);
    await expect(page.locator('.reading').first()).toContainText(text.split(' ')[3] ?? '');
  }
  await page.getByRole('link', { name: 'History' }).click();
  const entries = page.locator('.history-entry');
  await expect(entries).toHaveCount(2);
  await page.getByRole('searchbox').fill('parcel');
  await expect(entries).toHaveCount(1);
  await page.getByRole('searchbox').fill('nowhere');
  await expect(page.getByText('Nothing found')).toBeVisible();
  await page.getByRole('searchbox').fill('');
  await expect(entries).toHaveCount(2);

  await entries.filter({ hasText: 'letter' }).click();
  await expect(page.getByText('2 of 2 accepted')).toBeVisible();
  await page.getByRole('button', { name: 'Copy result' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await clipboard(page)).toBe('I receive a letter from the king.');
  await page.reload();
  await expect(page.getByText('2 of 2 accepted')).toBeVisible();

  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: 'Keep' }).last().click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(entries).toHaveCount(2);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(entries).toHaveCount(1);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'Delete all' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete all' }).click();
  await expect(page.getByText('Nothing here yet')).toBeVisible();
});

test('follows a run that is under way in another window, and can stop it', async ({ open, vendor, context }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  // sessionStorage goes along when a page opens another one of its own.
  const session = await page.evaluate(() => ({ ...sessionStorage }));
  const other = await context.newPage();
  await other.addInitScript((entries) => {
    for (const [key, value] of Object.entries(entries)) sessionStorage.setItem(key, value);
  }, session);
  await other.goto(new URL('/#/history', page.url()).href);
  await expect(other.getByText('Nothing here yet')).toBeVisible();
  vendor.next({ after: 1500, ending: 'stall', text: 'word '.repeat(200) });
  await run(page, 'I recieve a letter from teh king.');
  await other.locator('.history-entry').click();
  await expect(other.getByText('This run is under way.')).toBeVisible();
  await other.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('Your text is as it was.')).toBeVisible();
  await expect(other.locator('.history-entry')).toContainText('Cancelled');
});

test('puts an old text back into the panel', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await run(page, 'I recieve a letter from teh king.');
  await expect(page.getByRole('checkbox')).toHaveCount(2);
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByRole('link', { name: 'History' }).click();
  await page.locator('.history-entry').click();
  await page.getByRole('button', { name: 'Use this text again' }).click();
  await expect(page.getByRole('textbox', { name: 'Text' })).toHaveValue('I recieve a letter from teh king.');
});

test('says that an entry is gone', async ({ open }) => {
  const { page } = await open();
  await page.evaluate(() => {
    location.hash = '#/run/00000000-0000-4000-8000-000000000001';
  });
  await expect(page.getByText('This entry is not there')).toBeVisible();
});
