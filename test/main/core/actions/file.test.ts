/** Actions as a file: what is exported, what a file would change, and what of it is taken. */
import { describe, expect, test } from 'vitest';
import type { ActionDefinition } from '../../../../src/shared/contract.ts';
import { chain, prompt } from '../../../helpers/actions.ts';
import { runCli } from '../../../helpers/cli.ts';
import { startTestPotter, temporaryFolder } from '../../../helpers/potter.ts';

const file = (...actions: (ActionDefinition & { id: string })[]): string =>
  JSON.stringify({ potterActions: 1, actions });

/** Two actions of one's own, one of them a step of the other, and an edited shipped one. */
async function withActions() {
  const potter = await startTestPotter();
  const { client } = potter;
  await client.call('actions.create', { id: 'rhyme', definition: prompt('Rhyme') });
  await client.call('actions.create', { id: 'both', definition: chain('Both', 'rhyme', 'upper-case') });
  const { definition } = await client.call('actions.get', { id: 'polish' });
  if (definition?.kind !== 'prompt') throw new Error('Polish is a prompt.');
  await client.call('actions.update', { id: 'polish', definition: { ...definition, instruction: 'Make it shine.' } });
  return potter;
}

describe('an exported file', () => {
  test('holds what is not as shipped, and makes the same actions elsewhere', async () => {
    const { client } = await withActions();
    const { text, count } = await client.call('actions.export', {});
    expect(count).toBe(3);
    const { client: other } = await startTestPotter();
    const { actions } = await other.call('actions.preview', { text });
    expect(actions.map(({ id, change }) => [id, change])).toEqual([
      ['polish', 'replaces'],
      ['rhyme', 'new'],
      ['both', 'new'],
    ]);
    const ids = actions.map(({ id }) => id);
    expect(await other.call('actions.import', { text, ids })).toEqual({ imported: ids });
    for (const id of ids) {
      const [here, there] = await Promise.all([client, other].map((each) => each.call('actions.get', { id })));
      expect(there?.definition).toEqual(here?.definition);
    }
    expect((await other.call('actions.export', {})).text).toBe(text);
  });

  test('of a chain brings its steps along', async () => {
    const { client } = await withActions();
    const { text } = await client.call('actions.export', { ids: ['both'] });
    const { actions } = JSON.parse(text) as { actions: { id: string }[] };
    expect(actions.map(({ id }) => id)).toEqual(['rhyme', 'both']);
  });
});

describe('the preview of a file', () => {
  test('changes nothing and says of each action what would become of it, and why not', async () => {
    const { client } = await withActions();
    const before = await client.call('actions.list', {});
    const text = file(
      { id: 'rhyme', ...prompt('Rhyme') },
      { id: 'both', ...chain('Both', 'rhyme', 'lower-case') },
      { id: 'fresh', ...prompt('Fresh', { model: 'nobody/large' }) },
      { id: 'again', ...prompt('Proofread') },
      { id: 'sort-lines', ...prompt('Sort') },
      { id: 'all', ...prompt('Everything') },
      { id: 'loop', ...chain('Loop', 'loop', 'rhyme') },
    );
    const { actions } = await client.call('actions.preview', { text });
    expect(actions.map(({ id, change, reason }) => [id, change, reason])).toEqual([
      ['rhyme', 'same', undefined],
      ['both', 'replaces', undefined],
      ['fresh', 'new', expect.stringContaining('nobody')],
      ['again', 'refused', expect.stringContaining('"Proofread"')],
      ['sort-lines', 'refused', expect.any(String)],
      ['all', 'refused', expect.stringContaining('"all"')],
      ['loop', 'refused', expect.stringContaining('circle')],
    ]);
    expect(await client.call('actions.list', {})).toEqual(before);
  });

  test.each([
    ['nothing', '', 'Line 1, column 1'],
    ['no JSON', '{\n  "potterActions": 1,\n  oops\n}', 'Line 3, column 3'],
    ['something else', '{"hello": 1}', 'potterActions'],
    ['a newer format', '{"potterActions": 2, "actions": []}', 'newer Potter'],
    ['a wrong field', file({ id: 'x', ...prompt('X'), tier: 'huge' } as never), 'action "x", field "tier"'],
    ['an id twice', file({ id: 'x', ...prompt('X') }, { id: 'x', ...prompt('Y') }), '"x" is given twice'],
    ['a polluting name', '{"potterActions": 1, "actions": [], "__proto__": {}}', '__proto__'],
  ])('refuses %s and says where it is wrong', async (_name, text, said) => {
    const { client } = await startTestPotter();
    for (const route of ['actions.preview', 'actions.import'] as const) {
      await expect(client.call(route, { text })).rejects.toMatchObject({
        code: 'IMPORT_MALFORMED',
        message: expect.stringContaining(said),
      });
    }
  });
});

describe('an import', () => {
  test('takes what is new and leaves what is here, unless it is named', async () => {
    const { client } = await withActions();
    const text = file({ id: 'rhyme', ...prompt('Rhyme', { temperature: 1 }) }, { id: 'fresh', ...prompt('Fresh') });
    expect(await client.call('actions.import', { text })).toEqual({ imported: ['fresh'] });
    expect((await client.call('actions.get', { id: 'rhyme' })).definition).toMatchObject({ temperature: 0 });
    expect(await client.call('actions.import', { text, ids: ['rhyme'] })).toEqual({ imported: ['rhyme'] });
    expect((await client.call('actions.get', { id: 'rhyme' })).definition).toMatchObject({ temperature: 1 });
  });

  test('takes all that was chosen or nothing', async () => {
    const { client } = await startTestPotter();
    const text = file({ id: 'fresh', ...prompt('Fresh') }, { id: 'again', ...prompt('Proofread') });
    const refused = client.call('actions.import', { text, ids: ['fresh', 'again'] });
    await expect(refused).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('Proofread') });
    const { actions } = await client.call('actions.list', {});
    expect(actions.some(({ id }) => id === 'fresh')).toBe(false);
  });
});

test('potter actions import shows what it would change, and takes it when told to', async () => {
  const options = { dataDirectory: temporaryFolder() };
  const input = file({ id: 'fresh', ...prompt('Fresh') });
  const preview = await runCli(['actions', 'import', '--preview'], { ...options, input });
  expect(preview).toMatchObject({ code: 0, stdout: 'new  fresh  Fresh\n' });
  expect((await runCli(['actions', 'import'], { ...options, input })).code).toBe(2);
  const done = await runCli(['actions', 'import', '--yes'], { ...options, input });
  expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('1 imported.') });
  const exported = await runCli(['actions', 'export'], options);
  expect(JSON.parse(exported.stdout)).toEqual(JSON.parse(input));
});
