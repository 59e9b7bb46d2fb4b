import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, expectFitsEveryWidth, run, test } from './fixtures.ts';
import type { Program } from './program.ts';

const settingsFile = ({ dataDirectory }: Program): Promise<string> =>
  readFile(join(dataDirectory, 'settings.json'), 'utf8');

async function openPanel(page: Page, panel: 'settings' | 'about'): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${panel}`);
  await expect(page.locator('.row').first()).toBeVisible();
}

test('a setting changed here stands in the file, and back at its default it does not', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const characters = page.getByRole('textbox', { name: 'Longest text for a language model' });
  await characters.fill('12000');
  await characters.press('Enter');
  await expect.poll(() => settingsFile(program)).toContain('12000');
  await page.reload();
  await expect(characters).toHaveValue('12 000');
  await page.getByRole('button', { name: 'Back to the default' }).click();
  await expect.poll(() => settingsFile(program)).not.toContain('12000');
  await expect(characters).toHaveValue('50 000');
});

test('a language is chosen by its own name or given by its tag, and a wrong one is told at the field', async ({
  open,
}) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const field = page.getByRole('combobox', { name: 'Translate to' });
  await expect(field).toHaveValue('English');
  await field.fill('Franç');
  await page.getByRole('option', { name: 'Français' }).click();
  await expect.poll(() => settingsFile(program)).toContain('"fr"');
  await field.fill('no such language');
  await field.press('Enter');
  await expect(page.getByText(/must be a language tag/)).toBeVisible();
  await expect(field).toHaveValue('no such language');
  await field.press('Escape');
  await expect(field).toHaveValue('Français');
});

test('the language of the window and its colours change at once, also from the file', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  await page
    .locator('label')
    .filter({ hasText: /^Deutsch$/ })
    .click();
  await expect(page.getByRole('heading', { name: 'Einstellungen' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.locator('#content').getByText('Dunkel', { exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await program.writeSettings('{ "appearance": { "language": "en", "theme": "light" } }');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'light');
});

test('a setting is found by its words', async ({ open }) => {
  const { page } = await open();
  await openPanel(page, 'settings');
  await page.getByRole('searchbox', { name: 'Search the settings' }).fill('log in');
  await expect(page.locator('.row')).toHaveCount(1);
  await page.getByRole('searchbox').fill('no such thing');
  await expect(page.getByText('No setting is called that.')).toBeVisible();
});

test('each setting is found by its name, its key and its group', async ({ open }) => {
  const { page } = await open();
  await openPanel(page, 'settings');
  const search = page.getByRole('searchbox', { name: 'Search the settings' });
  for (const [words, name] of [
    ['failover', 'Models to turn to'],
    ['budget.monthly', 'Most in a month'],
    ['quiet', 'Quiet hours'],
    ['noProxy', 'Reached without the proxy'],
    ['e-mail', 'Leave out e-mail addresses'],
  ] as const) {
    await search.fill(words);
    await expect(page.locator('.row')).toHaveCount(1);
    await expect(page.locator('.row-name')).toHaveText(name);
  }
  await search.fill('other programs');
  await expect(page.locator('.row-name')).toHaveText(['Answer other programs', 'Port']);
});

test('models to turn to are added, put in order by key and button, and removed', async ({ open, vendor }) => {
  const models = { text: { failover: ['far/first', 'far/second'] } };
  const providers = { sample: { name: 'Sample', baseUrl: vendor.baseUrl, needsKey: false } };
  const { page, program } = await open({ settings: JSON.stringify({ providers, ...models }) });
  await openPanel(page, 'settings');
  const failover = async (): Promise<unknown> => JSON.parse(await settingsFile(program)).text?.failover;
  const list = page.getByRole('list', { name: 'Models to turn to' });

  await page.getByRole('button', { name: 'Add a model' }).click();
  await page.getByRole('option', { name: /potter-demo-sample/ }).click();
  await expect.poll(failover).toEqual(['far/first', 'far/second', 'sample/potter-demo-sample']);
  await expect(list.getByRole('listitem')).toHaveCount(3);

  const up = list.getByRole('button', { name: 'Move sample/potter-demo-sample up' });
  await up.focus();
  await page.keyboard.press('Enter');
  await expect.poll(failover).toEqual(['far/first', 'sample/potter-demo-sample', 'far/second']);
  await expect(page.getByText('sample/potter-demo-sample is now 2 of 3.')).toBeAttached();
  await expect(up).toBeFocused();
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(failover).toEqual(['sample/potter-demo-sample', 'far/first', 'far/second']);
  await expect(up).toBeFocused();
  await expect(up).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Enter');
  await expect(page.getByText('sample/potter-demo-sample cannot be moved further.')).toBeAttached();

  for (const model of ['far/first', 'sample/potter-demo-sample', 'far/second']) {
    await list.getByRole('button', { name: `Remove ${model}` }).press('Enter');
    await expect(page.getByText(`${model} was removed.`)).toBeAttached();
  }
  await expect(page.getByText(/^None: when a model cannot answer/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add a model' })).toBeFocused();
  await expect.poll(failover).toBeUndefined();
});

test('a budget and a limit are set, replaced and taken away, and what is missing is said', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const budget = async (): Promise<unknown> => JSON.parse(await settingsFile(program)).budget;
  const monthly = page.getByRole('textbox', { name: 'Most in a month' });
  await monthly.fill('19.50');
  await monthly.press('Enter');
  await expect.poll(budget).toEqual({ monthly: 19.5 });
  await monthly.fill('0');
  await monthly.press('Enter');
  await expect(page.getByText(/"budget.monthly" cannot be 0.*Use a value of the stated form/)).toBeVisible();
  await expect(monthly).toHaveValue('$0');
  await monthly.fill('');
  await monthly.press('Enter');
  await expect(page.getByText(/"budget.monthly" cannot be/)).toBeHidden();
  await expect.poll(budget).toEqual({});

  const add = page.getByRole('button', { name: 'Add the limit' });
  await add.click();
  await expect(page.getByText('Say which one it is for.')).toBeVisible();
  await expect(page.getByText('Give an amount above 0.')).toBeVisible();
  await page.getByRole('combobox', { name: 'What it limits' }).click();
  await page.getByRole('option', { name: 'Action' }).click();
  const id = page.getByRole('combobox', { name: 'Id of the action' });
  await id.fill('poli');
  await page.getByRole('option', { name: 'polish' }).click();
  const dollars = page.getByRole('textbox', { name: 'US dollars a month' });
  await dollars.fill('5');
  await add.click();
  await expect.poll(budget).toEqual({ limits: [{ of: 'action', id: 'polish', dollars: 5 }] });
  await expect(id).toHaveValue('');

  await id.fill('polish');
  await dollars.pressSequentially('7,25');
  await dollars.press('Enter');
  await expect.poll(budget).toEqual({ limits: [{ of: 'action', id: 'polish', dollars: 7.25 }] });
  await expect(page.getByRole('list', { name: 'Separate limits' }).getByRole('listitem')).toHaveText(/polish.*\$7\.25/);
  await page.getByRole('button', { name: 'Remove the limit: Action polish' }).click();
  await expect.poll(budget).toEqual({});
  await expect(page.getByText('None: only the limit for all of them counts.')).toBeVisible();
});

test('an amount is typed and pasted as the language of the window writes it', async ({ open }) => {
  const { page, program } = await open({ settings: '{"appearance": {"language": "de"}}' });
  await openPanel(page, 'settings');
  const monthly = page.getByRole('textbox', { name: 'Höchstens im Monat' });
  for (const [put, kept, seen] of [
    ['pasted', 7.25, '$7,25'],
    ['typed', 8.25, '$8,25'],
  ] as const) {
    await monthly.fill('');
    const amount = seen.slice(1);
    await (put === 'pasted' ? monthly.fill(amount) : monthly.pressSequentially(amount));
    await monthly.press('Enter');
    await expect.poll(async () => JSON.parse(await settingsFile(program)).budget).toEqual({ monthly: kept });
    await expect(monthly).toHaveValue(seen);
  }
});

test('the API that is switched on says its address, and answers there', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const enabled = page.getByRole('switch', { name: 'Answer other programs' });
  await enabled.press(' ');
  const address = page.getByText(/^http:\/\/127\.0\.0\.1:\d+$/);
  await expect(address).toBeVisible();
  await expect(page.getByText('potter api token create <name>')).toBeVisible();
  const url = await address.innerText();
  await expect(page.getByRole('textbox', { name: 'Port', exact: true })).toHaveValue(new URL(url).port);
  expect((await fetch(`${url}/healthz`)).ok).toBe(true);
  await program.command(['api', 'token', 'create', 'editor']);
  await enabled.press(' ');
  await expect(address).toBeHidden();
  await expect
    .poll(() =>
      fetch(`${url}/healthz`).then(
        () => 'answers',
        () => 'silent',
      ),
    )
    .toBe('silent');
});

test('a proxy that is none is refused at its field, and the old one stays in force', async ({ open }) => {
  const settings = { network: { proxy: 'http://127.0.0.1:3128' } };
  const { page, program } = await open({ settings: JSON.stringify(settings) });
  await openPanel(page, 'settings');
  const proxy = page.getByRole('textbox', { name: 'Proxy' });
  await expect(proxy).toHaveValue('http://127.0.0.1:3128');
  await proxy.fill('proxy.example:3128');
  await proxy.press('Tab');
  await expect(proxy).toHaveAccessibleDescription(
    /must be an address without user name.*Use a value of the stated form/,
  );
  await expect(proxy).toHaveValue('proxy.example:3128');
  await expect(proxy).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('alert')).toHaveText(/network.proxy/);
  await expectAccessible(page);
  expect(JSON.parse(await settingsFile(program))).toEqual(settings);
  await proxy.press('Escape');
  await expect(proxy).toHaveValue('http://127.0.0.1:3128');
  await expect(proxy).not.toHaveAttribute('aria-invalid');
  await proxy.fill('');
  await proxy.press('Enter');
  await expect.poll(async () => JSON.parse(await settingsFile(program)).network).toEqual({});
});

test('hosts reached without the proxy are added and removed', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const host = page.getByRole('textbox', { name: 'Host, such as example.com' });
  for (const name of ['intranet.example', 'INTRANET.example', 'example.org']) {
    await host.fill(name);
    await host.press('Enter');
    await expect(host).toHaveValue('');
  }
  const hosts = page.getByRole('list', { name: 'Reached without the proxy' });
  await expect(hosts.getByRole('listitem')).toHaveText(['intranet.example', 'example.org']);
  await hosts.getByRole('button', { name: 'Remove intranet.example' }).press('Enter');
  await expect(host).toBeFocused();
  await expect.poll(async () => JSON.parse(await settingsFile(program)).network).toEqual({ noProxy: ['example.org'] });
});

test('quiet hours are switched on, moved and switched off', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const quiet = async (): Promise<unknown> => JSON.parse(await settingsFile(program)).alerts;
  const isOn = page.getByRole('switch', { name: 'Quiet hours' });
  await isOn.press(' ');
  await expect.poll(quiet).toEqual({ quietHours: { from: '22:00', to: '07:00' } });
  await page.getByLabel('Quiet until').fill('06:30');
  await page.getByLabel('Quiet until').press('Enter');
  await expect.poll(quiet).toEqual({ quietHours: { from: '22:00', to: '06:30' } });
  await page.getByLabel('Quiet from').fill('');
  await isOn.focus();
  await expect(page.getByLabel('Quiet from')).toHaveValue('22:00');
  await isOn.press(' ');
  await expect.poll(quiet).toEqual({});
  await expect(page.getByLabel('Quiet from')).toBeHidden();
});

test('one part of Potter has a log level of its own until it follows the others again', async ({ open }) => {
  const { page, program } = await open({ settings: '{}' });
  await openPanel(page, 'settings');
  const areas = async (): Promise<unknown> => JSON.parse(await settingsFile(program)).log;
  const providers = page.getByRole('group', { name: 'Single parts of Potter' }).getByLabel('Providers');
  await expect(providers).toHaveValue('As above');
  await providers.click();
  await page.getByRole('option', { name: 'Everything' }).click();
  await expect.poll(areas).toEqual({ areas: { providers: 'debug' } });
  await expect(providers).toHaveValue('Everything');
  await providers.click();
  await page.getByRole('option', { name: 'As above' }).click();
  await expect.poll(areas).toEqual({});
});

test('what a variable sets is shown and cannot be changed', async ({ open }) => {
  const environment = {
    POTTER__TEXT__FAILOVER: '["far/first"]',
    POTTER__BUDGET__MONTHLY: '12',
    POTTER__ALERTS__QUIET_HOURS: '{"from":"20:00","to":"06:00"}',
    POTTER__NETWORK__NO_PROXY: '["example.com"]',
    POTTER__LOG__AREAS: '{"net":"error"}',
  };
  const { page } = await open({ settings: '{}', environment });
  await openPanel(page, 'settings');
  for (const name of Object.keys(environment)) await expect(page.getByText(name, { exact: true })).toBeVisible();
  await expect(page.getByRole('list', { name: 'Models to turn to' })).toHaveText(/first/);
  await expect(page.getByRole('button', { name: /Add a model|Remove|Move/ })).toHaveCount(0);
  await expect(page.getByRole('textbox', { name: 'Most in a month' })).toBeDisabled();
  await expect(page.getByLabel('Quiet from')).toBeDisabled();
  await expect(page.getByRole('switch', { name: 'Quiet hours' })).toBeDisabled();
  await expect(page.getByText('example.com', { exact: true })).toBeVisible();
  await expect(page.getByRole('group', { name: 'Single parts of Potter' }).getByLabel('Network')).toBeDisabled();
  await expectAccessible(page);
});

test('everything is deleted after the words were typed, and what it was is said', async ({ open }) => {
  const { page } = await open();
  await run(page, 'This is a example.');
  await expect(page.getByRole('checkbox')).toHaveCount(1);
  await openPanel(page, 'settings');
  await page.getByRole('button', { name: 'Delete everything…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: 'Delete', exact: true })).toBeDisabled();
  await dialog.getByRole('textbox').fill('delete everything');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByText(/^Entries of the history: 1, keys: 0/)).toBeVisible();
  await page.locator('#content').getByRole('link', { name: 'History' }).click();
  await expect(page.getByText('Nothing here yet')).toBeVisible();
});

test('about says which Potter it is and copies what a bug report needs, without a path', async ({ open }) => {
  const { page, program } = await open();
  await openPanel(page, 'about');
  await expect(page.getByText(program.dataDirectory)).toBeVisible();
  await page.getByRole('button', { name: 'Copy the details' }).click();
  const report = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(report).toMatch(/^Potter \d+\.\d+\.\d+\nSystem: \w+ \w+\nRuntime: node /);
  expect(await report()).not.toContain(program.dataDirectory);
});

/** So that every kind of row is drawn with something in it. */
const filledIn = {
  text: { failover: ['far/first', 'far/a-model-with-a-very-long-name-that-goes-on-and-on:70b-instruct-q4'] },
  budget: { monthly: 20, limits: [{ of: 'key', id: 'openai', dollars: 12.5 }] },
  api: { enabled: true },
  network: { proxy: 'http://127.0.0.1:9', noProxy: ['example.com'] },
  alerts: { quietHours: { from: '22:00', to: '07:00' } },
  log: { areas: { providers: 'debug' } },
};

for (const language of ['en', 'de'] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`a checker finds nothing in settings and about in ${language}, ${colorScheme}, and they fit every width`, async ({
      open,
    }) => {
      const { page } = await open({ settings: JSON.stringify({ appearance: { language }, ...filledIn }) });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const panel of ['settings', 'about'] as const) {
        await openPanel(page, panel);
        await expect(page.locator('html')).toHaveAttribute('lang', language);
        await expectAccessible(page);
        await expectFitsEveryWidth(page);
      }
    });
  }
}
