import { expect, run, test, textField } from './fixtures.ts';

test('takes the token out of the address and stays signed in after a reload', async ({ open }) => {
  const { page } = await open();
  expect(page.url()).not.toContain('token');
  await page.reload();
  await expect(page.getByRole('status').filter({ hasText: 'Connected' })).toBeVisible();
});

test('says that the connection is lost, keeps the text, and signs in at the new address in the same tab', async ({
  open,
  complaints,
}) => {
  const { page, program } = await open();
  await textField(page).fill('Half a thought');
  const { port } = program;
  await program.stop();
  await expect(page.getByText(/Connection lost|does not answer/).first()).toBeVisible();
  await expect(textField(page)).toHaveValue('Half a thought');
  await program.start(port);
  await expect(page.getByText('Signed out')).toBeVisible();
  await page.goto(program.address);
  await expect(textField(page)).toHaveValue('Half a thought');
  expect(page.url()).not.toContain('token');
  // Chromium reports each connection that was refused.
  complaints.length = 0;
});

test('says in a narrow window too that the connection is lost, and covers no panel by it', async ({
  open,
  complaints,
}) => {
  const { page, program } = await open();
  await page.setViewportSize({ width: 480, height: 800 });
  await program.stop();
  await expect(page.locator('.banner')).toContainText(/Connection lost|does not answer/);
  const about = page.getByRole('link', { name: 'About' });
  await about.click();
  await expect(about).toHaveAttribute('aria-current', 'page');
  await expect(page.locator('.connection span')).toHaveCSS('width', '1px');
  // Chromium reports each connection that was refused.
  complaints.length = 0;
});

test('tells who has no token where to get one', async ({ open, browser }) => {
  const { page } = await open();
  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(new URL('/', page.url()).href);
  await expect(stranger.getByRole('alert')).toContainText('Open the address Potter printed');
  await stranger.context().close();
});

test('keeps the theme as a setting', async ({ open }) => {
  const { page } = await open();
  await page.getByRole('radio', { name: 'Follow the system' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme');
  await expect.poll(scheme).toBe('dark');
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await expect(page.getByRole('radio', { name: 'Dark' })).toBeChecked();
  await expect.poll(scheme).toBe('dark');
});

test('shows a settings file that broke, with its line, and goes on with the last good one', async ({ open }) => {
  const { page, program } = await open();
  await program.writeSettings('{ "appearance": { "theme": "dark", }, oops }');
  await expect(page.getByText('A settings file could not be read.')).toBeVisible();
  await expect(page.locator('.banner code')).toContainText(/:1:\d+/);
});

test('labels a demonstration', async ({ open }) => {
  const { page } = await open({ arguments: ['--demo'] });
  await expect(page.getByText('Demo: answers come from a labelled sample')).toBeVisible();
  await run(page, 'I recieve a letter from teh king.');
  await expect(page.getByRole('checkbox')).toHaveCount(2);
});
