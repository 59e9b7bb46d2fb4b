import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../../../src/main/core/storage/database.ts';
import type { Client } from '../../../../src/shared/client.ts';
import type { ActionDefinition, ActionInfo } from '../../../../src/shared/contract.ts';
import { chain, type Prompt, prompt } from '../../../helpers/actions.ts';
import { startTestPotter, startVendor, temporaryFolder } from '../../../helpers/potter.ts';

const listed = async (client: Client): Promise<readonly ActionInfo[]> =>
  (await client.call('actions.list', {})).actions;
const ids = async (client: Client): Promise<string[]> => (await listed(client)).map(({ id }) => id);
const get = (client: Client, id: string) => client.call('actions.get', { id });
const problems = async (client: Client) => (await client.call('system.info', {})).problems;

async function edited(client: Client, id: string, change: Partial<Prompt>): Promise<ActionDefinition> {
  const { definition } = await get(client, id);
  if (definition?.kind !== 'prompt') throw new Error(`${id} is no prompt.`);
  return { ...definition, ...change };
}

describe('the shipped actions', () => {
  test('are those of the product, the optional pack hidden', async () => {
    const { client } = await startTestPotter();
    const shipped = (await listed(client)).filter(({ origin }) => origin === 'built-in');
    expect(shipped.filter(({ hidden }) => !hidden).map(({ name, output, tier }) => [name, output, tier])).toEqual([
      ['Polish', 'replace', 'standard'],
      ['Proofread', 'replace', 'fast'],
      ['Concise', 'replace', 'fast'],
      ['Clarity', 'replace', 'standard'],
      ['Formal', 'replace', 'fast'],
      ['Friendly', 'replace', 'fast'],
      ['Considerate', 'replace', 'standard'],
      ['Elaborate', 'replace', 'standard'],
      ['Summarize', 'show', 'standard'],
      ['Key Points', 'show', 'fast'],
      ['Action Items', 'show', 'fast'],
      ['Translate', 'replace', 'fast'],
      ['Explain', 'show', 'standard'],
      ['Reply', 'show', 'standard'],
      ['Ask…', 'replace', 'standard'],
      ['Proofread (offline)', 'replace', undefined],
    ]);
    const optional = shipped.filter(({ hidden }) => hidden);
    expect(optional).toHaveLength(11);
    expect(optional.every(({ pack }) => pack === 'optional')).toBe(true);
    expect(shipped.filter(({ takesInstruction }) => takesInstruction).map(({ id }) => id)).toEqual(['ask']);
    expect((await listed(client)).at(-1)?.origin).toBe('plugin');
  });

  test('are definitions a person could have made', async () => {
    const { client } = await startTestPotter();
    for (const { id, kind } of await listed(client)) {
      if (kind !== 'prompt') continue;
      const { definition } = await get(client, id);
      if (!definition) throw new Error(`${id} has no definition.`);
      // What is made of it must differ in nothing but the name.
      const made = await client.call('actions.create', {
        id: `my-${id}`,
        definition: { ...definition, name: `My ${definition.name}` },
      });
      expect(made.definition).toEqual({ ...definition, name: `My ${definition.name}` });
    }
  });
});

describe("an action of one's own", () => {
  test('is made, changed and deleted, and everyone is told of each', async () => {
    const { client, connect } = await startTestPotter();
    let told = 0;
    const panel = connect({ kind: 'panel', session: 'one' });
    const stop = await panel.on('actions.changed', () => {
      told += 1;
    });
    const made = await client.call('actions.create', { id: 'rhyme', definition: prompt('Rhyme') });
    expect(made).toMatchObject({
      action: { id: 'rhyme', origin: 'custom', version: 1, takesInstruction: false },
      definition: prompt('Rhyme'),
    });
    const changed = await client.call('actions.update', {
      id: 'rhyme',
      definition: prompt('Verse', { instruction: 'Write a verse about {{instruction}}.', model: 'vendor/one' }),
    });
    expect(changed.action).toMatchObject({ name: 'Verse', version: 2, model: 'vendor/one', takesInstruction: true });
    expect(await client.call('actions.remove', { id: 'rhyme' })).toEqual({ removed: true });
    await expect(get(client, 'rhyme')).rejects.toMatchObject({ code: 'UNKNOWN_ACTION' });
    await panel.call('system.info', {});
    expect(told).toBe(3);
    stop();
  });

  test('runs', async () => {
    const { vendor, environment } = await startVendor();
    const { client } = await startTestPotter({ environment });
    await client.call('actions.create', { id: 'rhyme', definition: prompt('Rhyme', { profile: 'free' }) });
    const source = { type: 'text', text: 'A line.' } as const;
    const result = await client.call('text.process', { action: 'rhyme', source });
    expect(result.action).toEqual({ id: 'rhyme', name: 'Rhyme', output: 'replace' });
    const chat = vendor.requests.find(({ path }) => path.endsWith('/chat/completions'));
    expect(JSON.stringify(chat?.body)).toContain('Make it rhyme.');
  });

  test.each([
    ['another id of that name', 'rhyme', prompt('POLISH'), 'CONFLICT', 'polish'],
    ['the name of a hidden one', 'rhyme', prompt('title'), 'CONFLICT', 'hidden'],
    ['the same in other characters', 'rhyme', prompt('Ｐｏｌｉｓｈ'), 'CONFLICT', 'polish'],
    ['an id that is taken', 'polish', prompt('Rhyme'), 'CONFLICT', 'Polish'],
    ['the id of a command', 'sort-lines', prompt('Rhyme'), 'CONFLICT', 'sort-lines'],
    ['an id that means something else', 'draft', prompt('Rhyme'), 'INVALID_INPUT', 'draft'],
    [
      'a broken pattern',
      'rhyme',
      prompt('Rhyme', { requires: { pattern: '(' } }),
      'INVALID_INPUT',
      'Unterminated group',
    ],
    [
      'bounds nothing meets',
      'rhyme',
      prompt('Rhyme', { requires: { minCharacters: 9, maxCharacters: 2 } }),
      'INVALID_INPUT',
      '9',
    ],
  ])('is refused with %s', async (_what, id, definition, code, named) => {
    const { client } = await startTestPotter();
    const before = await listed(client);
    const refused = client.call('actions.create', { id, definition });
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(named) });
    expect(await listed(client)).toEqual(before);
  });

  test('that something uses is not deleted', async () => {
    const { client } = await startTestPotter();
    await client.call('actions.create', { id: 'rhyme', definition: prompt('Rhyme') });
    await client.call('actions.create', { id: 'both', definition: chain('Both', 'polish', 'rhyme') });
    const refusal = (): Promise<string> =>
      client.call('actions.remove', { id: 'rhyme' }).then(
        () => 'deleted',
        ({ code, message }) => `${code} ${message}`,
      );
    expect(await refusal()).toMatch(/^CONFLICT .*"Both" \(both\)/);
    await client.call('actions.remove', { id: 'both' });
    await client.call('config.set', { key: 'hotkeys.actions', value: { rhyme: 'Ctrl+Alt+R' } });
    expect(await refusal()).toMatch(/^CONFLICT .*Ctrl\+Alt\+R/);
    await client.call('config.set', { key: 'hotkeys.actions', value: { rhyme: null } });
    await client.call('config.set', { key: 'text.currentAction', value: 'rhyme' });
    expect(await refusal()).toMatch(/^CONFLICT .*current/);
    await client.call('config.set', { key: 'text.currentAction', value: null });
    expect(await refusal()).toBe('deleted');
  });
});

describe('an edit of a shipped action', () => {
  test('keeps its id, raises its version, survives a restart and can be taken back', async () => {
    const dataDirectory = temporaryFolder();
    const first = await startTestPotter({ dataDirectory });
    const definition = await edited(first.client, 'polish', { name: 'Gloss', instruction: 'Make it shine.' });
    const { action } = await first.client.call('actions.update', { id: 'polish', definition });
    expect(action).toMatchObject({ id: 'polish', name: 'Gloss', origin: 'edited', version: 2, isOutdated: false });
    await first.potter.stop();

    const { client } = await startTestPotter({ dataDirectory });
    const { definition: shipped } = await get((await startTestPotter()).client, 'polish');
    expect(await get(client, 'polish')).toEqual({ action, definition, shipped });
    await expect(client.call('actions.remove', { id: 'polish' })).rejects.toMatchObject({ code: 'BUILT_IN' });
    expect(await client.call('actions.restore', { id: 'polish' })).toEqual({ restored: 1 });
    expect((await get(client, 'polish')).action).toMatchObject({ name: 'Polish', origin: 'built-in', version: 3 });
    expect(await client.call('actions.restore', { id: 'all' })).toEqual({ restored: 0 });
  });

  test('to what is shipped is no edit, and one that changes nothing is no change', async () => {
    const { client } = await startTestPotter();
    const shipped = await edited(client, 'polish', {});
    expect((await client.call('actions.update', { id: 'polish', definition: shipped })).action.version).toBe(1);
    const other = await edited(client, 'polish', { temperature: 1 });
    await client.call('actions.update', { id: 'polish', definition: other });
    const back = await client.call('actions.update', { id: 'polish', definition: shipped });
    expect(back.action).toMatchObject({ origin: 'built-in', version: 3 });
  });

  test('is kept when a newer text is shipped, and said to be outdated', async () => {
    const dataDirectory = temporaryFolder();
    const first = await startTestPotter({ dataDirectory });
    const definition = await edited(first.client, 'polish', { instruction: 'Make it shine.' });
    await first.client.call('actions.update', { id: 'polish', definition });
    await first.potter.stop();
    // As if it had been edited under the Potter before this one.
    withDatabase(dataDirectory, (database) =>
      database.run("UPDATE actions SET base_version = base_version - 1 WHERE id = 'polish' AND base_version > 1"),
    );
    const edit = { ...definition, instruction: 'Shine on.' };
    const { client } = await startTestPotter({ dataDirectory });
    const outdatedBase = withBase(dataDirectory);
    await client.call('actions.update', { id: 'polish', definition: edit });
    // An edit of an edit still comes from the text the first was made from.
    expect(withBase(dataDirectory)).toBe(outdatedBase);
    expect((await get(client, 'polish')).definition).toEqual(edit);
  });

  test('is refused when someone else was faster', async () => {
    const { client, connect } = await startTestPotter();
    const panel = connect({ kind: 'panel', session: 'two' });
    const mine = await edited(client, 'polish', { instruction: 'Mine.' });
    const theirs = await edited(panel, 'polish', { instruction: 'Theirs.' });
    const [one, two] = await Promise.allSettled([
      client.call('actions.update', { id: 'polish', definition: mine, version: 1 }),
      panel.call('actions.update', { id: 'polish', definition: theirs, version: 1 }),
    ]);
    expect([one.status, two.status]).toEqual(['fulfilled', 'rejected']);
    expect(two).toMatchObject({ reason: { code: 'CONFLICT', message: expect.stringContaining('version 2') } });
    expect((await get(client, 'polish')).definition).toEqual(mine);
  });

  test('cannot be made of a command or the offline proofreader', async () => {
    const { client } = await startTestPotter();
    for (const id of ['sort-lines', 'proofread-offline']) {
      const refused = client.call('actions.update', { id, definition: prompt('Rhyme') });
      await expect(refused).rejects.toMatchObject({ code: 'BUILT_IN' });
    }
    const restored = client.call('actions.restore', { id: 'sort-lines' });
    await expect(restored).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('cannot be restored over a name someone else has now', async () => {
    const { client } = await startTestPotter();
    await client.call('actions.update', {
      id: 'polish',
      definition: await edited(client, 'polish', { name: 'Gloss' }),
    });
    await client.call('actions.create', { id: 'own', definition: prompt('Polish') });
    for (const id of ['polish', 'all']) {
      const refused = client.call('actions.restore', { id });
      await expect(refused).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('"own"') });
    }
    expect((await get(client, 'polish')).action.name).toBe('Gloss');
  });
});

describe('answers in memory', () => {
  test('never outlive an edit, even one that is undone and made again', async () => {
    const { vendor, environment } = await startVendor();
    const { client } = await startTestPotter({ environment });
    const asked = async (input: object): Promise<number> => {
      const source = { type: 'text', text: 'The same text twice.' } as const;
      await client.call('text.process', { source, action: 'polish', ...input });
      return vendor.requests.filter(({ path }) => path.endsWith('/chat/completions')).length;
    };
    expect([await asked({}), await asked({})]).toEqual([1, 1]);
    const one = await edited(client, 'polish', { instruction: 'One.' });
    await client.call('actions.update', { id: 'polish', definition: one });
    expect([await asked({}), await asked({})]).toEqual([2, 2]);
    await client.call('actions.restore', { id: 'polish' });
    // The text is as it was for the first answer, so that one is right.
    expect(await asked({})).toBe(2);
    await client.call('actions.update', {
      id: 'polish',
      definition: await edited(client, 'polish', { temperature: 1 }),
    });
    expect(await asked({})).toBe(3);
    expect(await asked({ output: 'show' })).toBe(4);
  });
});

describe('marks and order', () => {
  test('hold for every kind of action, and over a restart', async () => {
    const dataDirectory = temporaryFolder();
    const first = await startTestPotter({ dataDirectory });
    await first.client.call('actions.create', { id: 'rhyme', definition: prompt('Rhyme') });
    expect(await first.client.call('actions.mark', { id: 'sort-lines', pinned: true })).toMatchObject({ pinned: true });
    await first.client.call('actions.mark', { id: 'proofread-offline', hidden: true });
    await first.client.call('actions.mark', { id: 'title', hidden: false });
    await first.client.call('actions.arrange', { ids: ['rhyme', 'title', 'concise'] });
    const order = await listed(first.client);
    expect(order.slice(0, 5).map(({ id }) => id)).toEqual(['sort-lines', 'rhyme', 'title', 'concise', 'polish']);
    await first.potter.stop();

    const { client } = await startTestPotter({ dataDirectory });
    expect(await listed(client)).toEqual(order);
    const marked = order.filter(({ id }) => ['sort-lines', 'proofread-offline', 'title'].includes(id));
    expect(marked.map(({ id, pinned, hidden, version }) => [id, pinned, hidden, version])).toEqual([
      ['sort-lines', true, false, 1],
      ['title', false, false, 1],
      ['proofread-offline', false, true, 1],
    ]);
  });

  test('leave those that were not named as they were among themselves, behind', async () => {
    const { client } = await startTestPotter();
    await client.call('actions.arrange', { ids: ['reply', 'ask', 'explain'] });
    await client.call('actions.arrange', { ids: ['concise', 'explain'] });
    expect((await ids(client)).slice(0, 5)).toEqual(['concise', 'explain', 'reply', 'ask', 'polish']);
    await expect(client.call('actions.arrange', { ids: ['ask', 'none'] })).rejects.toMatchObject({
      code: 'UNKNOWN_ACTION',
    });
    await expect(client.call('actions.arrange', { ids: ['ask', 'ask'] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect((await ids(client)).slice(0, 2)).toEqual(['concise', 'explain']);
  });
});

describe('a chain', () => {
  test.each([
    ['a step there is not', ['polish', 'none'], '"none"'],
    ['two steps that ask for an instruction', ['ask', 'polish', 'ask'], 'only one step'],
    ['itself', ['polish', 'round'], 'round → round'],
  ])('is refused with %s', async (_what, steps, named) => {
    const { client } = await startTestPotter();
    const refused = client.call('actions.create', { id: 'round', definition: chain('Round', ...steps) });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(named) });
  });

  test('is refused when it comes to more than eight steps, or goes round by way of another', async () => {
    const { client } = await startTestPotter();
    await client.call('actions.create', { id: 'four', definition: chain('Four', ...Array(4).fill('polish')) });
    await client.call('actions.create', { id: 'eight', definition: chain('Eight', 'four', 'four') });
    const nine = client.call('actions.create', { id: 'nine', definition: chain('Nine', 'eight', 'polish') });
    await expect(nine).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('8 steps') });
    const round = client.call('actions.update', { id: 'four', definition: chain('Four', 'eight', 'polish') });
    await expect(round).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('four → eight → four'),
    });
    const longer = client.call('actions.update', { id: 'four', definition: chain('Four', ...Array(5).fill('polish')) });
    await expect(longer).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('(eight)') });
  });

  test('asks for an instruction when one of its steps does', async () => {
    const { client } = await startTestPotter();
    const { action } = await client.call('actions.create', { id: 'both', definition: chain('Both', 'polish', 'ask') });
    expect(action.takesInstruction).toBe(true);
    const second = await edited(client, 'polish', { instruction: 'Do {{instruction}}.' });
    const refused = client.call('actions.update', { id: 'polish', definition: second });
    await expect(refused).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('(both)') });
  });
});

describe('a database someone else has edited', () => {
  test.each([
    ['text that is not JSON', '{"kind"', 1],
    ['a field that is not valid', JSON.stringify({ ...prompt('Rhyme'), tier: 'huge' }), 1],
    ['a polluting name', '{"__proto__": {"kind": "prompt"}}', 1],
    ['a version below one', JSON.stringify(prompt('Rhyme')), -5],
    ['a number beyond all bounds', JSON.stringify(prompt('Rhyme')), '9223372036854775807'],
  ])('with %s: the row is left, reported, and harms no other', async (_what, definition, version) => {
    const dataDirectory = temporaryFolder();
    const first = await startTestPotter({ dataDirectory });
    await first.client.call('actions.create', { id: 'good', definition: prompt('Good') });
    const before = await listed(first.client);
    await first.potter.stop();
    withDatabase(dataDirectory, (database) =>
      database.run(
        `INSERT INTO actions (id, definition, version, position) VALUES ('bad', ?, ${version}, ${version})`,
        definition,
      ),
    );
    const { client } = await startTestPotter({ dataDirectory });
    const isBad = typeof version === 'string' ? [] : [expect.stringContaining('"bad"')];
    expect(await problems(client)).toEqual(isBad);
    if (isBad.length === 0) return;
    expect(await listed(client)).toEqual(before);
    const refused = client.call('actions.create', { id: 'bad', definition: prompt('Rhyme') });
    await expect(refused).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('remove bad') });
    expect(rows(dataDirectory)).toContainEqual({ id: 'bad', definition });
    await client.call('actions.remove', { id: 'bad' });
    expect(await problems(client)).toEqual([]);
  });

  test('a damaged edit of a shipped action leaves the shipped one, and marks do not overwrite it', async () => {
    const dataDirectory = temporaryFolder();
    await (await startTestPotter({ dataDirectory })).potter.stop();
    withDatabase(dataDirectory, (database) =>
      database.run("INSERT INTO actions (id, definition, base_version) VALUES ('polish', '{', 1)"),
    );
    const { client } = await startTestPotter({ dataDirectory });
    await client.call('actions.mark', { id: 'polish', pinned: true });
    expect(rows(dataDirectory)).toEqual([{ id: 'polish', definition: '{' }]);
    expect((await get(client, 'polish')).action).toMatchObject({ origin: 'built-in', pinned: true });
    const refused = client.call('actions.update', { id: 'polish', definition: prompt('Rhyme') });
    await expect(refused).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await client.call('actions.restore', { id: 'polish' })).toEqual({ restored: 1 });
    expect(await problems(client)).toEqual([]);
  });

  test("a person's own action comes before a shipped one and a command of its id", async () => {
    const dataDirectory = temporaryFolder();
    await (await startTestPotter({ dataDirectory })).potter.stop();
    withDatabase(dataDirectory, (database) => {
      for (const id of ['clarity', 'sort-lines']) {
        const definition = JSON.stringify(prompt(`Mine ${id}`));
        database.run('INSERT INTO actions (id, definition) VALUES (?, ?)', id, definition);
      }
    });
    const { client } = await startTestPotter({ dataDirectory });
    for (const id of ['clarity', 'sort-lines']) {
      expect((await get(client, id)).action).toMatchObject({ name: `Mine ${id}`, origin: 'custom' });
    }
    expect((await problems(client)).map((message) => /left out.*"(clarity|sort-lines)"/.exec(message)?.[1])).toEqual([
      'clarity',
      'sort-lines',
    ]);
    await client.call('actions.remove', { id: 'clarity' });
    expect((await get(client, 'clarity')).action).toMatchObject({ name: 'Clarity', origin: 'built-in' });
  });

  test('a chain that goes round, or whose step is gone, is reported and harms no other', async () => {
    const dataDirectory = temporaryFolder();
    await (await startTestPotter({ dataDirectory })).potter.stop();
    withDatabase(dataDirectory, (database) => {
      const insert = (id: string, ...steps: string[]): number =>
        database.run('INSERT INTO actions (id, definition) VALUES (?, ?)', id, JSON.stringify(chain(id, ...steps)));
      insert('one', 'two', 'polish');
      insert('two', 'one', 'polish');
      insert('three', 'polish', 'gone');
    });
    const { client } = await startTestPotter({ dataDirectory });
    expect(await problems(client)).toEqual([
      expect.stringContaining('one → two → one'),
      expect.stringContaining('two → one → two'),
      expect.stringContaining('"gone"'),
    ]);
    // Nor does it stand in the way of what has nothing to do with it.
    await client.call('actions.create', { id: 'rhyme', definition: prompt('Rhyme') });
  });
});

describe('the current action', () => {
  test('that is gone is named, reported, and not replaced by another', async () => {
    const { client } = await startTestPotter();
    await client.call('config.set', { key: 'text.currentAction', value: 'gone' });
    expect((await client.call('actions.list', {})).current).toBe('gone');
    expect(await problems(client)).toEqual([expect.stringContaining('"gone"')]);
    const run = client.call('text.process', { source: { type: 'text', text: 'Some text.' } });
    await expect(run).rejects.toMatchObject({ code: 'UNKNOWN_ACTION' });
  });
});

type TestDatabase = ReturnType<typeof openDatabase>;

function withDatabase<T>(dataDirectory: string, work: (database: TestDatabase) => T): T {
  const database = openDatabase(join(dataDirectory, 'potter.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const rows = (dataDirectory: string) =>
  withDatabase(dataDirectory, (database) =>
    database.all<{ id: string; definition: string }>('SELECT id, definition FROM actions WHERE definition NOT NULL'),
  ).filter(({ id }) => id !== 'good');

const withBase = (dataDirectory: string): number | undefined =>
  withDatabase(dataDirectory, (database) =>
    database.get<{ base_version: number }>("SELECT base_version FROM actions WHERE id = 'polish'"),
  )?.base_version;
