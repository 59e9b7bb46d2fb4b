import { spawnSync } from 'node:child_process';
import type { Locator, Page } from '@playwright/test';
import { hasDisplayServer, startDisplay } from './display.ts';
import { expect, expectAccessible, expectFitsEveryWidth, test } from './fixtures.ts';
import { Program } from './program.ts';

const step = (page: Page, title: string): Locator => page.getByRole('heading', { level: 1, name: title });
const next = (page: Page): Promise<void> => page.getByRole('link', { name: 'Next' }).click();
const practiceText = (page: Page): Locator => page.getByRole('textbox', { name: 'A text to practise on' });

test('introduces whoever opens Potter for the first time, step by step, and not again', async ({ open, vendor }) => {
  const { page, program } = await open({ isFirstStart: true, vendor: vendor.baseUrl });
  await expect(step(page, 'Welcome to Potter')).toBeFocused();
  await expect(page.getByText('There is no telemetry', { exact: false })).toBeVisible();
  await next(page);
  await expect(step(page, 'Reading and replacing your selection')).toBeFocused();
  await next(page);
  await expect(page.locator('[data-provider="sample"]')).toContainText('Ready');
  await page.getByRole('button', { name: 'Any other server' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await next(page);
  await expect(page.locator('.hotkey-row')).toHaveCount(2);
  await page.getByRole('link', { name: 'Back' }).click();
  await expect(step(page, 'Choose who answers')).toBeFocused();
  await next(page);
  await next(page);

  // Select, run, look, accept, restore: all with the keyboard.
  await practiceText(page).focus();
  const sample = await practiceText(page).inputValue();
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('checkbox').first()).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(practiceText(page)).toHaveValue(
    'This is an example of a sentence with bad grammar. I definitely receive a lot of them.',
  );
  await expect(page.getByText('That is all.', { exact: false })).toBeVisible();
  await page.getByRole('button', { name: 'Put the original back' }).click();
  await expect(practiceText(page)).toHaveValue(sample);
  await next(page);
  await page.getByRole('switch', { name: 'Keep a history' }).press('Space');
  await expect(page.getByRole('switch', { name: 'Keep a history' })).not.toBeChecked();
  await page.getByRole('button', { name: 'Start writing' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Process' })).toBeAttached();

  await page.goto('about:blank');
  await program.stop();
  await program.start();
  await page.goto(program.address);
  await expect(page.getByText('Connected')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Text' })).toBeVisible();
  await page.getByRole('link', { name: 'About' }).click();
  await page.getByRole('link', { name: 'Open again' }).click();
  await expect(step(page, 'Welcome to Potter')).toBeVisible();
  await page.getByRole('button', { name: 'Close the introduction' }).click();
  await expect(page.getByText('Connected')).toBeVisible();
});

test('goes on where it was left, and is over once it was skipped', async ({ open }) => {
  const { page } = await open({ isFirstStart: true });
  const home = new URL('/', page.url()).href;
  await page.getByRole('link', { name: 'Hotkeys' }).click();
  await expect(step(page, 'Two hotkeys to remember')).toBeVisible();
  await page.goto('about:blank');
  await page.goto(home);
  await expect(step(page, 'Two hotkeys to remember')).toBeVisible();
  await page.getByRole('button', { name: 'Skip the introduction' }).click();
  await expect(page.getByText('Connected')).toBeVisible();
  await page.goto('about:blank');
  await page.goto(home);
  await expect(page.getByRole('textbox', { name: 'Text' })).toBeVisible();
});

test('leaves whoever opens a panel by its address in peace', async ({ page }) => {
  const program = await Program.start({ isFirstStart: true });
  await page.goto(`${program.address}&route=%2Fproviders`);
  await expect(page.getByText('Connected')).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: 'Providers and keys' })).toBeVisible();
  await page.goto('about:blank');
  await program.remove();
});

test('practises offline where no model is set up, and shows what went wrong where one is', async ({ open, vendor }) => {
  const { page, program } = await open({ isFirstStart: true });
  await page.getByRole('link', { name: 'Practice' }).click();
  await page.getByRole('button', { name: 'Proofread (offline)' }).click();
  await page.getByRole('button', { name: 'Take it over' }).click();
  await expect(practiceText(page)).toHaveValue(/definitely/);
  await program.writeSettings(
    JSON.stringify({
      providers: { sample: { name: 'Sample', baseUrl: vendor.baseUrl, needsKey: false } },
      text: { defaultModel: 'sample/potter-demo-sample', currentAction: 'polish' },
    }),
  );
  vendor.next({ reply: { status: 400, body: { error: { message: 'no', type: 'invalid_request_error' } } } });
  await page.getByRole('button', { name: 'Polish' }).click();
  await expect(page.getByRole('alert')).toContainText('Sample');
  await expect(practiceText(page)).toHaveValue(/definitely/);
  vendor.next({ after: 1, ending: 'stall' });
  await page.getByRole('button', { name: 'Polish' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('.running')).toHaveCount(0);
  await expect(practiceText(page)).toHaveValue(/definitely/);
});

test('hears the hotkey that is pressed', async ({ open }) => {
  test.skip(!hasDisplayServer() || spawnSync('xdotool', ['--version']).error !== undefined, 'needs Xvfb and xdotool');
  const display = await startDisplay();
  const environment = { DISPLAY: display.name, WAYLAND_DISPLAY: '', XDG_SESSION_TYPE: 'x11' };
  const { page } = await open({ isFirstStart: true, environment, arguments: ['--hotkeys'] });
  await page.getByRole('link', { name: 'Access' }).click();
  await expect(page.getByText('Everything works here')).toBeVisible();
  await next(page);
  await next(page);
  await expect(page.getByText('Press it now')).toBeVisible();
  spawnSync('xdotool', ['key', 'ctrl+shift+9'], { env: { ...process.env, DISPLAY: display.name } });
  await expect(page.getByText('Potter heard you')).toBeVisible();
  display.stop();
});

for (const language of ['en', 'de'] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`a checker finds nothing in any step in ${language}, ${colorScheme}, and they fit every width`, async ({
      open,
      vendor,
    }) => {
      test.slow();
      const settings = JSON.stringify({
        appearance: { language },
        providers: { sample: { name: 'Sample', baseUrl: vendor.baseUrl, needsKey: false } },
        text: { defaultModel: 'sample/potter-demo-sample' },
      });
      const { page } = await open({ isFirstStart: true, settings });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await expect(page.locator('html')).toHaveAttribute('lang', language);
      for (const name of ['promise', 'access', 'provider', 'hotkeys', 'practice', 'habits']) {
        await page.locator(`.welcome-steps a[href$="${name}"]`).click();
        await expect(page.locator(`.welcome-steps a[href$="${name}"]`)).toHaveAttribute('aria-current', 'step');
        if (name === 'provider') await expect(page.locator('[data-provider="sample"]')).toBeVisible();
        if (name === 'practice') {
          await page.locator('.practice-start button').first().click();
          await expect(page.getByRole('checkbox').first()).toBeVisible();
        }
        await expectAccessible(page);
        await expectFitsEveryWidth(page);
      }
    });
  }
}
