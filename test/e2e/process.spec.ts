import { startEveryVendor } from '../helpers/vendors.ts';
import { choose, clipboard, expect, result, run, test, textField } from './fixtures.ts';

const faulty = 'This is a example of an sentence with bad grammar.';
const correct = 'This is an example of a sentence with bad grammar.';

test('corrects a text with no key and no network, one change at a time', async ({ open }) => {
  const { page } = await open();
  await expect(page.getByRole('button', { name: 'Action: Proofread (offline)' })).toBeVisible();
  await run(page, faulty);
  const changes = page.getByRole('checkbox');
  await expect(changes).toHaveCount(2);
  await expect(changes.first()).toBeFocused();
  await expect(page.getByText('1 of 2', { exact: true })).toBeVisible();
  await expect(page.locator('.current-change-why')).not.toBeEmpty();
  await changes.nth(1).click();
  await expect(page.getByText('1 of 2 accepted')).toBeVisible();
  await page.getByRole('button', { name: 'Copy result' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await clipboard(page)).toBe('This is an example of an sentence with bad grammar.');
  await page.getByRole('button', { name: 'Accept all' }).click();
  await page.getByRole('radio', { name: 'Side by side' }).press(' ');
  await page
    .locator('label')
    .filter({ hasText: /^Result$/ })
    .click();
  await expect(page.locator('.reading')).toHaveText(correct);
});

test('says how to get a model when there is none, and offers what works without', async ({ open }) => {
  const { page } = await open();
  await choose(page, 'Polish');
  await expect(page.getByText('No language model yet')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Open providers and keys' })).toHaveAttribute('href', '#/providers');
  await page.getByRole('button', { name: 'Use Proofread (offline)' }).click();
  await expect(page.getByRole('button', { name: 'Action: Proofread (offline)' })).toBeVisible();
});

test('streams the answer of a model and shows which one it was', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await run(page, 'I recieve a box from teh king.');
  await expect(page.locator('.review-facts')).toContainText('sample/potter-demo-sample');
  await expect(page.getByText('2 of 2 accepted')).toBeVisible();
  const asked = vendor.requests.length;
  await page.getByRole('button', { name: 'Try again' }).click();
  await vendor.received(asked + 1);
  await expect(page.getByText('2 of 2 accepted')).toBeVisible();
});

test('polishes a text to the same result in every wire format', async ({ open }) => {
  const vendors = await startEveryVendor();
  const { page } = await open({ settings: JSON.stringify({ providers: vendors.providers }) });
  await choose(page, 'Polish');
  for (const reference of vendors.models) {
    const [provider = '', model = ''] = reference.split('/');
    await page.getByRole('button', { name: /^Model:/ }).click();
    await page.getByPlaceholder('Find a model').fill(model);
    await page
      .getByRole('option')
      .filter({ hasText: `Fake ${provider}` })
      .click();
    await run(page, 'I recieve a box from teh king.');
    await expect(page.locator('.review-facts')).toContainText(reference);
    await page.evaluate(() => navigator.clipboard.writeText(''));
    await page.getByRole('button', { name: 'Copy result' }).click();
    await expect.poll(() => clipboard(page)).toBe('I receive a box from the king.');
  }
  expect(vendors.asked()).toEqual([1, 1, 1, 1]);
  await vendors.close();
});

test('cancels with Escape: the vendor is let go of and the text stays', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  vendor.next({ after: 1500, ending: 'stall', text: 'word '.repeat(200) });
  await run(page, 'I recieve a box from teh king.');
  await expect(page.locator('.running .reading')).toContainText('word');
  await expect(page.locator('.running .facts')).toContainText(' s');
  await page.keyboard.press('Escape');
  await expect(page.getByText('Your text is as it was.')).toBeVisible();
  await vendor.disconnected();
  await expect(textField(page)).toHaveValue('I recieve a box from teh king.');
});

test('shows an answer that talks, marked and with the reason, instead of a result', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  vendor.next({ text: 'Sure! Here is the polished version:\n\nI receive a box from the king.' });
  await run(page, 'I recieve a box from teh king.');
  await expect(page.getByRole('alert')).toContainText('GUARD_PREAMBLE');
  const answer = page.getByRole('region', { name: 'Answer that was not inserted' });
  await expect(answer).toContainText('Here is the polished version');
  await expect(textField(page)).toHaveValue('I recieve a box from teh king.');
  await page.getByRole('button', { name: 'Copy answer' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
});

test('shows the part of a stream that was cut, never as a result', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  vendor.next({ text: 'I receive the', finish: null, withoutDone: true, usage: null });
  await run(page, 'I recieve a box from teh king.');
  await expect(page.getByRole('alert')).toContainText('INCOMPLETE');
  await expect(page.getByRole('region', { name: 'Part that arrived' })).toContainText('I receive the');
  await expect(page.getByRole('button', { name: 'Copy result' })).toHaveCount(0);
});

test('draws hostile output as text and names its hidden characters', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await choose(page, 'Summarize');
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script> pay\u202eecilA\u202c';
  vendor.next({ text: hostile });
  await run(page, 'A text about a payment to Alice, long enough to be summarized in a sentence or two.');
  await expect(page.locator('.reading')).toContainText('<img src=x onerror=');
  await expect(page.getByTitle('Hidden character RLO U+202E')).toBeVisible();
  await expect(page).toHaveTitle('Process – Potter');
  expect(await page.locator('.reading img, .reading script').count()).toBe(0);
});

test('keeps the text when the page is loaded again', async ({ open }) => {
  const { page } = await open();
  await textField(page).fill('写到一半的 text');
  await page.reload();
  await expect(textField(page)).toHaveValue('写到一半的 text');
});

test('says so when no changes are needed', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await run(page, 'All is well here.');
  await expect(page.getByText('No changes needed').first()).toBeVisible();
});

test('tells the next step when the text is missing', async ({ open }) => {
  const { page } = await open();
  await page.getByRole('button', { name: /^Run/ }).click();
  await expect(page.getByRole('alert')).toContainText('EMPTY_TEXT');
});

test('compares Chinese by words', async ({ open, vendor }) => {
  const { page } = await open({ vendor: vendor.baseUrl });
  await run(page, '我们的的计划很好。');
  await expect(page.getByRole('checkbox')).toHaveCount(1);
  await expect(result(page).getByRole('checkbox')).toHaveAttribute('aria-label', /Remove “的”/);
});
