import { clipboard, expect, test } from './fixtures.ts';

test('what is typed while a list opens finds in it', async ({ open }) => {
  const { page } = await open();
  const button = page.getByRole('button', { name: /^Action:/ });
  // All of it before the search could take the focus.
  await button.evaluate(async (element: HTMLElement) => {
    element.focus();
    element.click();
    await Promise.resolve();
    for (const key of 'proofr') element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  });
  await expect(page.getByPlaceholder('Find an action')).toBeFocused();
  await expect(page.getByPlaceholder('Find an action')).toHaveValue('proofr');
  // Right after the start the actions may still be on their way.
  await expect(page.getByRole('option')).toHaveCount(2);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: /^Action: Proofread/ })).toBeFocused();
});

test('the whole job is done without a mouse, from the text to the history and back', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const keys = page.keyboard;

  // The cursor stands in the text at the start; the list of actions is one step back.
  await keys.type('I recieve a box from teh king, definately.');
  // What the models and the text bring with them stands in between, once it is there.
  await expect(page.getByRole('button', { name: /^Model:/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Clear' })).toBeVisible();
  await keys.press('Shift+Tab');
  await keys.press('Shift+Tab');
  await keys.press('Shift+Tab');
  await keys.press('Shift+Tab');
  await expect(page.getByRole('button', { name: 'Action: Polish' })).toBeFocused();
  await keys.press('Enter');
  await keys.type('proofr');
  await keys.press('Enter');
  await expect(page.getByRole('button', { name: 'Action: Proofread', exact: true })).toBeFocused();
  await keys.press('Control+Enter');

  const changes = page.getByRole('checkbox');
  await expect(changes).toHaveCount(3);
  await expect(changes.nth(0)).toBeFocused();
  await keys.press('j');
  await expect(changes.nth(1)).toBeFocused();
  await keys.press('Space');
  await expect(changes.nth(1)).not.toBeChecked();
  await keys.press('ArrowLeft');
  await expect(changes.nth(0)).toBeFocused();
  await keys.press('c');
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await clipboard(page)).toBe('I receive a box from teh king, definitely.');
  await keys.press('r');
  await expect(page.getByText('0 of 3 accepted')).toBeVisible();
  await keys.press('a');
  await expect(page.getByText('3 of 3 accepted')).toBeVisible();
  await keys.press('v');
  await expect(page.getByText('Before', { exact: true })).toBeVisible();
  await keys.press('v');
  await keys.press('v');
  await expect(page.getByText('Before', { exact: true })).toHaveCount(0);
  await expect(changes).toHaveCount(3);
  await keys.press('Escape');
  await expect(page.getByRole('textbox', { name: 'Text' })).toBeFocused();

  await page.getByRole('link', { name: 'History' }).focus();
  await keys.press('Enter');
  await expect(page.getByRole('heading', { name: 'History' })).toBeVisible();
  await page.locator('.history-entry').first().focus();
  await keys.press('Enter');
  await expect(page.getByRole('heading', { name: 'Proofread' })).toBeFocused();
  await page.getByRole('button', { name: 'Delete', exact: true }).focus();
  await keys.press('Enter');
  await expect(page.getByRole('dialog')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Keep' }).last()).toBeFocused();
  await keys.press('Tab');
  await keys.press('Enter');
  await expect(page.getByText('Nothing here yet')).toBeVisible();
});

test('nothing moves for who asked for less motion', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  vendor.next({ after: 1500, ending: 'stall', text: 'word '.repeat(200) });
  await page.getByRole('textbox', { name: 'Text' }).fill('Some text.');
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('.running')).toBeVisible();
  const moving = await page.evaluate(
    () => document.getAnimations().filter((animation) => animation.playState === 'running').length,
  );
  expect(moving).toBe(0);
  await page.keyboard.press('Escape');
});
