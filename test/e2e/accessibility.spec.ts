import { choose, expect, expectAccessible, expectNoSidewaysScroll, run, test } from './fixtures.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a checker finds nothing in the ${colorScheme} theme`, async ({ open, vendor }) => {
    test.slow();
    const { page } = await open({ vendor: vendor.baseUrl });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expectAccessible(page);

    await page.getByRole('button', { name: /^Action:/ }).click();
    await expect(page.getByPlaceholder('Find an action')).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');

    await run(page, 'I recieve a letter from teh king.');
    await expect(page.getByRole('checkbox')).toHaveCount(2);
    await page.getByRole('checkbox').first().press(' ');
    await expectAccessible(page);
    await page.keyboard.press('v');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Keyboard' }).click();
    await expectAccessible(page);
    await page.keyboard.press('Escape');

    vendor.next({ after: 1500, ending: 'stall', text: 'word '.repeat(200) });
    await run(page, 'Some text.');
    await expect(page.locator('.running .reading')).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await expect(page.getByText('Your text is as it was.')).toBeVisible();
    await expectAccessible(page);

    vendor.next({ text: 'Sure! Here is the polished version:\n\nI receive the\u202e letter.' });
    await run(page, 'I recieve another letter from teh king.');
    await expect(page.getByRole('alert')).toBeVisible();
    await expectAccessible(page);

    await page.getByRole('link', { name: 'History' }).click();
    await expect(page.locator('.history-entry')).toHaveCount(3);
    await expectAccessible(page);
    await page.locator('.history-entry').last().click();
    await expect(page.getByText('2 of 2 accepted')).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Delete all' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await expectAccessible(page);
  });
}

const windows = [
  { name: 'a window 480 pixels wide', width: 480, height: 800 },
  { name: 'a window of 1280 × 800 at 200 %', width: 640, height: 400 },
  { name: 'a window of 1280 × 1024 at 400 %', width: 320, height: 256 },
];

for (const { name, width, height } of windows) {
  test(`${name} shows everything without scrolling sideways`, async ({ open, vendor }) => {
    const { page } = await open({ vendor: vendor.baseUrl });
    await page.setViewportSize({ width, height });
    await expectNoSidewaysScroll(page);
    await choose(page, 'Proofread');
    await run(page, 'I recieve a letter from teh king.');
    await expect(page.getByRole('checkbox')).toHaveCount(2);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Copy result' }).click();
    await page.getByRole('link', { name: 'History' }).click();
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await page.locator('.history-entry').click();
    await expect(page.getByText('2 of 2 accepted')).toBeVisible();
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Back to the list' }).click();
    await expect(page.locator('.history-entry')).toBeVisible();
  });
}
