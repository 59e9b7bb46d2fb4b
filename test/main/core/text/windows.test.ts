/** Texts that were selected in a window: read before an action is chosen, reviewed, written there, and taken back. */
import { describe, expect, test } from 'vitest';
import type { ReviewRule } from '../../../../src/shared/contract.ts';
import { startTestPotter, startVendor, type TestPotter } from '../../../helpers/potter.ts';

const selection = { type: 'selection' } as const;

/** The shell, which sees the windows, and a window of Potter's that comes to the front. */
async function start(options: Parameters<typeof startTestPotter>[0] = {}) {
  const potter = await startTestPotter(options);
  const shell = potter.connect({ kind: 'shell' });
  const comeToFront = (): void => {
    potter.desktop.window = { key: 'potter', application: 'potter', title: 'Potter' };
  };
  return { ...potter, shell, comeToFront };
}

async function withReview(client: TestPotter['client'], review: ReviewRule): Promise<void> {
  const { definition } = await client.call('actions.get', { id: 'polish' });
  if (!definition) throw new Error('Polish can be edited.');
  await client.call('actions.update', { id: 'polish', definition: { ...definition, review } });
}

describe('a selection that was read before', () => {
  test('is worked on and written back to its window, which is brought to the front', async () => {
    const { client, shell, desktop, comeToFront, notices } = await start();
    desktop.selection = 'from the editor';
    const captured = await shell.call('text.capture', {});
    expect(captured).toEqual({ captureId: captured.captureId, text: 'from the editor', application: 'editor' });
    comeToFront();
    expect(await client.call('text.captured', { captureId: captured.captureId })).toEqual(captured);
    const source = { type: 'capture', captureId: captured.captureId } as const;
    const result = await client.call('text.process', { action: 'upper-case', source });
    expect([result.outcome, desktop.selection]).toEqual(['replaced', 'FROM THE EDITOR']);
    expect(desktop.broughtToFront.map(({ application }) => application)).toEqual(['editor']);
    expect(notices).toEqual([]);
    const { entries } = await client.call('history.list', {});
    expect(entries).toMatchObject([{ application: 'editor', result: 'replaced' }]);
  });

  test('is not written over once another text is selected there', async () => {
    const { client, shell, desktop, comeToFront, notices } = await start();
    desktop.selection = 'meant';
    const { captureId } = await shell.call('text.capture', {});
    comeToFront();
    desktop.selection = 'something else';
    const source = { type: 'capture', captureId } as const;
    const result = await client.call('text.process', { action: 'upper-case', source });
    expect([result.outcome, desktop.selection, desktop.clipboard]).toEqual(['copied', 'something else', 'MEANT']);
    // The palette it was chosen in is gone by then.
    expect(notices).toMatchObject([{ severity: 'warning', runId: result.runId }]);
  });

  test('is forgotten after ten others, and when everything is erased', async () => {
    const { client, shell, desktop } = await start();
    desktop.selection = 'one of many';
    const ids: string[] = [];
    for (let count = 0; count < 11; count += 1) ids.push((await shell.call('text.capture', {})).captureId);
    const [oldest = '', second = ''] = ids;
    await expect(client.call('text.captured', { captureId: oldest })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await client.call('text.captured', { captureId: second });
    await client.call('system.erase', { confirm: 'delete everything' });
    await expect(client.call('text.captured', { captureId: second })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a result that is to be reviewed', () => {
  test('is shown, and inserted as the person changed it', async () => {
    const { environment } = await startVendor();
    const { client, shell, desktop, comeToFront } = await start({ environment });
    desktop.selection = 'I recieve teh letter.';
    const shown = await shell.call('text.process', { action: 'proofread', source: selection });
    expect([shown.outcome, shown.canInsert, desktop.writes]).toEqual(['shown', true, 0]);
    comeToFront();
    const text = 'I receive teh letter.';
    expect(await client.call('text.insert', { runId: shown.runId, text })).toEqual({ outcome: 'replaced' });
    expect(desktop.selection).toBe(text);
    expect(await client.call('history.get', { id: shown.runId })).toMatchObject({ result: 'replaced', output: text });
  });

  test('replaces what was inserted before, where that still stands', async () => {
    const { environment } = await startVendor();
    const { client, shell, desktop } = await start({ environment });
    desktop.selection = 'I recieve teh letter.';
    const { runId } = await shell.call('text.process', { action: 'proofread', source: selection });
    await client.call('text.insert', { runId, text: 'First.' });
    expect(await client.call('text.insert', { runId, text: 'Second.' })).toEqual({ outcome: 'replaced' });
    expect(desktop.selection).toBe('Second.');
    desktop.selection = 'Edited by hand.';
    expect(await client.call('text.insert', { runId, text: 'Third.' })).toEqual({ outcome: 'copied' });
    expect([desktop.selection, desktop.clipboard]).toEqual(['Edited by hand.', 'Third.']);
  });

  test.each<[string, ReviewRule, string, string]>([
    ['never', 'off', 'One two three four.', 'replaced'],
    ['always', 'always', 'One two three four.', 'shown'],
    ['above the share of changed words', { above: 20 }, 'Completely other words now.', 'shown'],
    ['below it', { above: 30 }, 'One two three five.', 'replaced'],
  ])('is asked for %s', async (_name, review, answer, outcome) => {
    const { environment } = await startVendor({ answer: () => answer });
    const { client, shell, desktop } = await start({ environment });
    await withReview(client, review);
    desktop.selection = 'One two three four';
    const result = await shell.call('text.process', { action: 'polish', source: selection });
    expect([result.outcome, desktop.writes]).toEqual([outcome, outcome === 'replaced' ? 1 : 0]);
  });

  test('can be shown this once, whatever the action does', async () => {
    const { shell, desktop } = await start();
    desktop.selection = 'quiet';
    const result = await shell.call('text.process', { action: 'upper-case', source: selection, output: 'show' });
    expect(result).toMatchObject({ outcome: 'shown', action: { output: 'show' }, output: 'QUIET', canInsert: true });
    expect(desktop.writes).toBe(0);
  });

  test('of a run without a window cannot be inserted', async () => {
    const { client } = await start();
    const source = { type: 'text', text: 'x' } as const;
    const { runId, canInsert } = await client.call('text.process', { action: 'upper-case', source });
    expect(canInsert).toBe(false);
    await expect(client.call('text.insert', { runId, text: 'X' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the original', () => {
  test('is put back where the last run replaced it, once', async () => {
    const { client, shell, desktop, notices } = await start();
    for (const text of ['first', 'second']) {
      desktop.selection = text;
      await shell.call('text.process', { action: 'upper-case', source: selection });
    }
    expect(await shell.call('text.restore', {})).toEqual({ outcome: 'restored' });
    expect(desktop.selection).toBe('second');
    const { entries } = await client.call('history.list', {});
    expect(entries.map(({ message }) => message)).toEqual(['The original was put back.', undefined]);
    desktop.selection = 'FIRST';
    expect(await shell.call('text.restore', {})).toEqual({ outcome: 'restored' });
    expect(desktop.selection).toBe('first');
    await expect(shell.call('text.restore', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    // It was asked for by a hotkey.
    expect(notices).toMatchObject([{ severity: 'error', title: 'The original was not put back', code: 'NOT_FOUND' }]);
  });

  test('is copied, and that is said, where the result no longer stands', async () => {
    const { shell, desktop, notices } = await start();
    desktop.selection = 'mine';
    const { runId } = await shell.call('text.process', { action: 'upper-case', source: selection });
    desktop.selection = 'MINE and more';
    expect(await shell.call('text.restore', { runId })).toEqual({ outcome: 'copied' });
    expect([desktop.selection, desktop.clipboard]).toEqual(['MINE and more', 'mine']);
    expect(notices).toMatchObject([{ title: 'Original copied', runId }]);
  });

  test('of what was added to a text is the text alone', async () => {
    const { environment } = await startVendor({ answer: () => 'A note.' });
    const { client, shell, desktop } = await start({ environment });
    const { definition } = await client.call('actions.get', { id: 'polish' });
    if (!definition) throw new Error('Polish can be edited.');
    const adding = { ...definition, output: 'append', profile: 'free' } as typeof definition;
    await client.call('actions.update', { id: 'polish', definition: adding });
    desktop.selection = 'The text.\n';
    await shell.call('text.process', { action: 'polish', source: selection });
    expect(desktop.selection).toBe('The text.\n\nA note.\n');
    await shell.call('text.restore', {});
    expect(desktop.selection).toBe('The text.\n');
  });
});

test('a failed run tells what mends it with its code', async () => {
  const { shell, desktop, notices, client } = await start();
  const posted = new Promise((resolve) => client.on('notice.posted', resolve));
  desktop.selection = 'Some text.';
  const failed = shell.call('text.process', { action: 'polish', source: selection });
  await expect(failed).rejects.toMatchObject({ code: 'NO_PROVIDER' });
  expect(notices).toMatchObject([{ severity: 'error', code: 'NO_PROVIDER' }]);
  expect(await posted).toMatchObject({ code: 'NO_PROVIDER' });
});

test('the texts of an excluded program are not kept', async () => {
  const { client, shell, desktop } = await start({
    environment: { POTTER__HISTORY__EXCLUDED_APPLICATIONS: '["KeePassXC"]' },
  });
  desktop.selection = 'kept';
  await shell.call('text.process', { action: 'upper-case', source: selection });
  desktop.window = { key: 'window-9', application: 'keepassxc', title: 'Secrets' };
  desktop.selection = 'hunter2';
  await shell.call('text.process', { action: 'upper-case', source: selection });
  const { entries } = await client.call('history.list', {});
  expect(entries.map(({ input }) => input)).toEqual(['kept']);
});

describe('a result that the history does not keep', () => {
  test.each([
    ['because it is off', { POTTER__HISTORY__ENABLED: 'false' }],
    ['because its program is left out', { POTTER__HISTORY__EXCLUDED_APPLICATIONS: '["editor"]' }],
  ])('%s can be read until ten others came, and is in no list', async (_why, settings) => {
    const { vendor, environment } = await startVendor({ answer: () => 'The point.' });
    const { client, shell, desktop } = await start({ environment: { ...environment, ...settings } });
    desktop.selection = 'A long story about many things.';
    const { runId } = await shell.call('text.process', { action: 'summarize', source: selection });
    expect(await client.call('history.get', { id: runId })).toMatchObject({ result: 'shown', output: 'The point.' });
    vendor.next({ text: "I'm sorry, but I can't help with that." });
    desktop.selection = 'Another story about many things.';
    const refused = shell.call('text.process', { action: 'polish', source: selection });
    const { detail } = (await refused.catch((thrown: unknown) => thrown)) as { detail: { runId: string } };
    expect(await client.call('history.get', { id: detail.runId })).toMatchObject({
      result: 'GUARD_REFUSAL',
      output: "I'm sorry, but I can't help with that.",
    });
    expect((await client.call('history.list', {})).entries).toEqual([]);
    for (let count = 0; count < 9; count += 1) {
      await shell.call('text.process', { action: 'upper-case', source: selection });
    }
    await expect(client.call('history.get', { id: runId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await client.call('system.erase', { confirm: 'delete everything' });
    await expect(client.call('history.get', { id: detail.runId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('a run under way when everything is erased keeps nothing when it ends', async () => {
  const { vendor, environment } = await startVendor({ tokenDelayMs: 40 });
  const { client, shell, desktop } = await start({ environment });
  await withReview(client, 'off');
  desktop.selection = 'I recieve teh letter of the old king.';
  const asked = shell.call('text.process', { action: 'polish', source: selection });
  await vendor.received(1);
  await client.call('system.erase', { confirm: 'delete everything' });
  expect(await asked).toMatchObject({ outcome: 'replaced' });
  await expect(shell.call('text.restore', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
