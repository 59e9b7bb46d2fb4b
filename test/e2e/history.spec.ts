import { clipboard, expect, expectAccessible, run, test } from './fixtures.ts';

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

test('tells what was asked for, and asks for the same again', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await page.getByRole('button', { name: /^Action:/ }).click();
  await page.getByPlaceholder('Find an action').fill('Ask');
  await page.keyboard.press('Enter');
  const instruction = page.getByRole('combobox', { name: 'What to do with the text' });
  await instruction.fill('Name the animals');
  await run(page, 'A cat sat on a mat.');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  await instruction.fill('');
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByRole('searchbox').fill('animals');
  await page.locator('.history-entry').click();
  await expect(page.locator('.entry-title')).toContainText('Instruction: Name the animals');
  await page.getByRole('button', { name: 'Use this text again' }).click();
  await expect(instruction).toHaveValue('Name the animals');
});

test('says that an entry is gone', async ({ open }) => {
  const { page } = await open();
  await page.evaluate(() => {
    location.hash = '#/run/00000000-0000-4000-8000-000000000001';
  });
  await expect(page.getByText('This entry is not there')).toBeVisible();
});

test('finds a Chinese word of two characters in the middle of a longer text', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  for (const text of ['我们希望整个世界都能读到这封信。', '我们的计划很好。']) {
    await run(page, text);
    await expect(page.getByText('No changes needed').first()).toBeVisible();
    await page.keyboard.press('Escape');
  }
  await page.getByRole('link', { name: 'History' }).click();
  const entries = page.locator('.history-entry');
  await expect(entries).toHaveCount(2);
  await page.getByRole('searchbox').fill('世界');
  await expect(entries).toHaveCount(1);
  await expect(entries).toContainText('整个世界');
  await page.getByRole('searchbox').fill('界世');
  await expect(page.getByText('Nothing found')).toBeVisible();
});

test('keeps what is kept, for how long and of which programs nothing', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  const retention = page.getByRole('button', { name: 'Retention' });
  const dialog = page.getByRole('dialog', { name: 'Retention' });
  const kept = dialog.getByRole('switch', { name: 'Keep a history' });
  const days = dialog.getByRole('textbox', { name: 'Days an entry is kept' });
  const program = dialog.getByRole('textbox', { name: 'Name of the program' });
  await page.getByRole('link', { name: 'History' }).click();
  await retention.first().click();
  await expect(kept).toBeChecked();
  await days.fill('30');
  await days.press('Enter');
  await program.fill('  KeePassXC ');
  await program.press('Enter');
  await expect(dialog.getByText('KeePassXC', { exact: true })).toBeVisible();
  await program.fill('keepassxc');
  await program.press('Enter');
  await expect(program).toHaveValue('');
  await program.fill('signal');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await expect(dialog.getByRole('listitem')).toHaveText(['KeePassXC', 'signal']);
  await expectAccessible(page);
  await kept.press('Space');
  await expect(kept).not.toBeChecked();
  await page.keyboard.press('Escape');
  await expect(retention.first()).toBeFocused();
  await expect(page.getByText('The history is switched off')).toBeVisible();

  await page.reload();
  await retention.first().click();
  await expect(kept).not.toBeChecked();
  await expect(days).toHaveValue('30');
  await dialog.getByRole('button', { name: 'Keep signal again' }).click();
  await expect(dialog.getByRole('listitem')).toHaveText(['KeePassXC']);
  await expect(program).toBeFocused();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Process' }).click();
  await run(page, 'I recieve a letter from teh king.');
  await expect(page.getByRole('checkbox')).toHaveCount(2);
  await page.getByRole('link', { name: 'History' }).click();
  await expect(page.locator('.history-entry')).toHaveCount(0);
  await expect(page.getByText('New runs are not kept.')).toBeVisible();
});

test('keeps none of a program any more, from one of its entries', async ({ page, open, vendor }) => {
  // The texts of these tests come from no program, so the core's answer is given one.
  await page.routeWebSocket(/\/bridge$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) =>
      socket.send(String(message).replaceAll('"actionId":"polish"', '"application":"keepassxc","actionId":"polish"')),
    );
  });
  await open({ vendor: vendor.baseUrl });
  await run(page, 'I recieve a letter from teh king.');
  await expect(page.getByRole('checkbox')).toHaveCount(2);
  await page.getByRole('link', { name: 'History' }).click();
  await page.locator('.history-entry').click();
  const never = page.getByRole('button', { name: 'Never keep keepassxc' });
  await never.click();
  await expect(page.getByText('keepassxc is not kept from now on.')).toBeVisible();
  await expect(never).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: 'Retention' }).click();
  await expect(page.getByRole('dialog').getByRole('listitem')).toHaveText(['keepassxc']);
});

test('says that it is locked while the keys are, loses nothing, and shows it again when they are opened', async ({
  open,
  vendor,
  complaints,
}) => {
  const { page, program } = await open({ vendor: vendor.baseUrl });
  const passphrase = 'a passphrase of words';
  await run(page, 'I recieve a letter from teh king.');
  await expect(page.getByRole('checkbox')).toHaveCount(2);
  await program.command(['keys', 'protect', 'passphrase'], passphrase);
  await program.stop();
  await program.start();
  await page.goto(program.address);
  await page.getByRole('link', { name: 'History' }).click();
  await expect(page.getByRole('alert')).toContainText('The history is locked');
  await expect(page.getByRole('alert')).toContainText('Nothing was deleted.');
  await expect(page.getByRole('searchbox')).toBeDisabled();
  await expect(page.locator('.history-entry')).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Open providers and keys' })).toHaveAttribute('href', '#/providers');
  await expectAccessible(page);
  await program.command(['keys', 'unlock'], passphrase);
  await expect(page.locator('.history-entry')).toHaveCount(1);
  await expect(page.getByRole('searchbox')).toBeEnabled();
  await page.locator('.history-entry').click();
  await expect(page.getByText('2 of 2 accepted')).toBeVisible();
  // Chromium reports each connection that was refused.
  complaints.length = 0;
});
