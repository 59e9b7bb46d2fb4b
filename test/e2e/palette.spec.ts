import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectFitsEveryWidth, result, test, textField } from './fixtures.ts';

const field = (page: Page) => page.getByRole('combobox', { name: 'What shall be done?' });
const rows = (page: Page) => page.getByRole('option');

async function openPalette(page: Page): Promise<void> {
  await page.evaluate(() => {
    location.hash = '#/palette';
  });
  await expect(field(page)).toBeFocused();
  // The panels can be chosen before the actions have arrived.
  await expect(rows(page).filter({ hasText: 'Proofread (offline)' })).toBeAttached();
}

test('an action is found by a few letters and runs on the text that is there', async ({ open }) => {
  const { page } = await open();
  await textField(page).fill('pear\napple');
  await openPalette(page);
  await page.keyboard.type('srtl');
  await expect(rows(page).first()).toContainText('Sort lines');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#\/process$/);
  await expect(result(page)).toContainText('apple');
});

test('a digit picks a row, the arrows go round, and Escape goes back step by step', async ({ open }) => {
  const { page } = await open();
  await textField(page).fill('This is a example.');
  await openPalette(page);
  await page.keyboard.press('ArrowUp');
  await expect(rows(page).last()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowDown');
  await expect(rows(page).first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.type('xyz');
  await page.keyboard.press('Escape');
  await expect(field(page)).toHaveValue('');
  await expect(rows(page).nth(1)).toContainText('Proofread');
  await page.keyboard.press('2');
  await expect(page).toHaveURL(/#\/process$/);
  await expect(page.getByRole('button', { name: 'Action: Proofread', exact: true })).toBeVisible();
});

test('what matches no action is an instruction, remembered for the next time and saved as an action', async ({
  open,
  vendor,
}) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  const instruction = 'turn it into a haiku please';
  await textField(page).fill('Some text to work on.');
  await openPalette(page);
  await field(page).fill(instruction);
  await rows(page).filter({ hasText: 'Do this with the text, this once' }).click();
  await expect(page).toHaveURL(/#\/process$/);
  await vendor.received(2);
  await expect.poll(() => JSON.stringify(vendor.requests.at(-1)?.body)).toContain(instruction);

  await openPalette(page);
  await field(page).fill('haiku');
  await expect(rows(page).filter({ hasText: 'Earlier instruction' })).toContainText(instruction);
  await field(page).fill(instruction);
  await rows(page).filter({ hasText: 'Save as an action' }).click();
  await page.getByRole('textbox', { name: 'Name of the action' }).fill('Haiku');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Saved as “Haiku”.')).toBeVisible();
  await openPalette(page);
  await field(page).fill('haiku');
  await expect(rows(page).first()).toContainText('Haiku');
});

test('opens any panel by its name', async ({ open }) => {
  const { page } = await open();
  await openPalette(page);
  await field(page).fill('providers');
  await rows(page).filter({ hasText: 'Providers and keys' }).click();
  await expect(page).toHaveURL(/#\/providers$/);
});

test('says when the selection it was opened for is no longer kept', async ({ open }) => {
  const { page } = await open();
  await page.evaluate(() => {
    location.hash = `#/palette/${crypto.randomUUID()}`;
  });
  await expect(page.getByText('That selection is no longer kept')).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a checker finds nothing in the palette in the ${colorScheme} theme, and it fits every width`, async ({
    open,
  }) => {
    const { page } = await open();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await openPalette(page);
    await expectAccessible(page);
    await field(page).fill('nothing is called this');
    await expectAccessible(page);
    await expectFitsEveryWidth(page);
  });
}
