import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';
import { type FakeOpenAi, startFakeOpenAi } from '../helpers/fake-openai.ts';
import { Program, type ProgramOptions } from './program.ts';

export { expect };

export interface Panel {
  readonly page: Page;
  readonly program: Program;
}

interface Fixtures {
  readonly vendor: FakeOpenAi;
  /** Starts the program and signs a page in. Errors the page writes to its console fail the test. */
  readonly open: (options?: ProgramOptions) => Promise<Panel>;
  /** What the page wrote to its console as an error; a test that breaks the connection empties it. */
  readonly complaints: string[];
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the parameters
  vendor: async ({}, use) => {
    const vendor = await startFakeOpenAi({ tokenDelayMs: 5 });
    await use(vendor);
    await vendor.close();
  },
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await use(complaints);
    expect(complaints).toEqual([]);
  },
  open: async ({ page, complaints }, use) => {
    expect(complaints).toEqual([]);
    const programs: Program[] = [];
    await use(async (options) => {
      const program = await Program.start(options);
      programs.push(program);
      await page.goto(program.address);
      const isThere = options?.isFirstStart
        ? page.locator('.welcome h1')
        : page.getByRole('status').filter({ hasText: /Connected|Verbunden/ });
      await expect(isThere).toBeVisible();
      return { page, program };
    });
    await page.close();
    await Promise.all(programs.map((program) => program.remove()));
  },
});

export const textField = (page: Page) => page.getByRole('textbox', { name: 'Text' });
export const result = (page: Page) => page.locator('.pane').filter({ hasText: 'Result' }).last();

export async function choose(page: Page, action: string): Promise<void> {
  await page.getByRole('button', { name: /^Action:/ }).click();
  await page.getByPlaceholder('Find an action').fill(action);
  // Right after the start the actions may still be on their way.
  await expect(page.getByRole('option').filter({ hasText: action }).first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: `Action: ${action}`, exact: true })).toBeFocused();
}

export async function run(page: Page, text: string): Promise<void> {
  await textField(page).fill(text);
  await page.keyboard.press('Control+Enter');
}

export const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

/** Nothing a checker can find, of any severity, in the theme that is on. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join('\n  ')}`);
  expect.soft(found).toEqual([]);
}

/** What is drawn fits the window's width. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const tooWide = await page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter(
        (element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== 'hidden',
      )
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.className || element.tagName),
  );
  expect(tooWide).toEqual([]);
}

const wide = { width: 1280, height: 800 };
const zoomed = { width: wide.width / 2, height: wide.height / 2 };

/** In a narrow window, at 200 % and at 400 % nothing is cut off; at 200 % a checker finds nothing either. */
export async function expectFitsEveryWidth(page: Page): Promise<void> {
  for (const size of [{ width: 480, height: 800 }, { width: 320, height: 256 }, zoomed]) {
    await page.setViewportSize(size);
    await expectNoSidewaysScroll(page);
  }
  await expectAccessible(page);
  await page.setViewportSize(wide);
}
