import { startVendorOf } from '../helpers/vendors.ts';
import { expect, expectAccessible, expectFitsEveryWidth, test } from './fixtures.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a key that is refused twice raises an alert, which is answered there, ${colorScheme}`, async ({ open }) => {
    const google = await startVendorOf('google', 'AIza-good');
    const settings = JSON.stringify({ providers: { google: google.setting }, appearance: { theme: colorScheme } });
    const { page } = await open({ settings });
    await page.evaluate(() => {
      location.hash = '#/providers';
    });
    const row = page.locator('[data-provider="google"]');
    await row.getByRole('button', { expanded: false }).click();
    await row.getByLabel('New key').fill('AIza-wrong');
    await row.getByRole('button', { name: 'Save and test' }).click();
    await expect(row.getByText(/was refused/)).toBeVisible();
    await expect(page.getByRole('button', { name: '1 alert' })).toHaveCount(0);
    await row.getByRole('button', { name: 'Test' }).click();
    const alerts = page.getByRole('button', { name: '1 alert' });
    await expect(alerts).toBeVisible();
    await expectAccessible(page);
    await alerts.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Alerts' });
    await expect(dialog.getByText('Fake google refuses the key.')).toBeVisible();
    await expectAccessible(page);
    await expectFitsEveryWidth(page);
    await dialog.getByRole('button', { name: 'Acknowledge' }).click();
    await expect(dialog.getByRole('button', { name: 'Acknowledge' })).toHaveCount(0);
    await dialog.getByRole('button', { name: 'Resolve' }).click();
    await expect(dialog.getByText('There are no alerts.')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await google.vendor.close();
  });
}
