/** What a run can be told besides its text: an instruction, a draft, a model, a language, a chain of actions. */
import { describe, expect, test } from 'vitest';
import type { ActionDefinition, Chunk } from '../../../../src/shared/contract.ts';
import { chain, prompt } from '../../../helpers/actions.ts';
import { polish } from '../../../helpers/fake-openai.ts';
import { startTestPotter, startVendor } from '../../../helpers/potter.ts';

const text = (value: string) => ({ type: 'text', text: value }) as const;

const draft = prompt('Draft', {
  instruction: 'Do something with it.',
  profile: 'free',
  tier: 'standard',
  temperature: 0.5,
  growth: 2,
});

interface Chat {
  readonly model: string;
  readonly max_tokens: number;
  readonly temperature?: number;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

async function start(answer = polish, models?: readonly string[]) {
  const { vendor, environment } = await startVendor({ answer, ...(models && { models }) });
  const potter = await startTestPotter({ environment });
  const chats = (): Chat[] =>
    vendor.requests.filter(({ path }) => path.endsWith('/chat/completions')).map(({ body }) => body as Chat);
  const system = (): string | undefined => chats().at(-1)?.messages[0]?.content;
  return { ...potter, vendor, chats, system };
}

test('what a model thought before its answer is not a part of it', async () => {
  const { client } = await start(() => '<think>\nThey want it shorter.\n</think>\n\nA better text.');
  const result = await client.call('text.process', { action: 'polish', source: text('A text that is good.') });
  expect(result.output).toBe('A better text.');
});

test('a command that leaves nothing of a text deletes nothing', async () => {
  const { client } = await start();
  const emptied = client.call('text.process', { action: 'markdown-to-plain', source: text('![](a.png)') });
  await expect(emptied).rejects.toMatchObject({ code: 'EMPTY_RESULT' });
});

describe('an instruction', () => {
  test('stands in the prompt as it was said, signs and placeholders included, and in the history', async () => {
    const { client, system } = await start(() => 'Nein.');
    const instruction = "Say no. $& $1 {{language}} \\n 'quoted'";
    const result = await client.call('text.process', { action: 'ask', instruction, source: text('Can you come?') });
    expect(result).toMatchObject({ instruction, output: 'Nein.', action: { id: 'ask' } });
    expect(system()).toContain(instruction);
    const { entries } = await client.call('history.list', {});
    expect(entries).toMatchObject([{ instruction }]);
  });

  test('is asked for where the action needs one, and refused where nobody would read it', async () => {
    const { client, chats } = await start();
    const without = client.call('text.process', { action: 'ask', source: text('Some text.') });
    await expect(without).rejects.toMatchObject({ code: 'NO_INSTRUCTION', message: expect.stringContaining('"Ask') });
    const needless = client.call('text.process', { action: 'polish', instruction: 'x', source: text('Some text.') });
    await expect(needless).rejects.toMatchObject({ code: 'INVALID_INPUT', detail: { field: 'instruction' } });
    expect(chats()).toEqual([]);
  });

  test('is remembered once, the latest first, until the history is deleted', async () => {
    const { client } = await start(() => 'An answer.');
    for (const instruction of ['first', 'second', 'first', 'third']) {
      await client.call('text.process', { action: 'ask', instruction, source: text('Some text.'), fresh: true });
    }
    expect(await client.call('history.instructions', {})).toEqual({ instructions: ['third', 'first', 'second'] });
    await client.call('text.process', {
      action: 'ask',
      instruction: 'second',
      source: text('Some text.'),
      fresh: true,
    });
    expect(await client.call('history.instructions', {})).toEqual({ instructions: ['second', 'third', 'first'] });
    await client.call('history.remove', { id: 'all' });
    expect(await client.call('history.instructions', {})).toEqual({ instructions: [] });
  });

  test('is found by the search of the history', async () => {
    const { client } = await start(() => 'An answer.');
    await client.call('text.process', { action: 'ask', instruction: 'als Haiku', source: text('Some text.') });
    expect((await client.call('history.list', { query: 'haiku' })).total).toBe(1);
  });
});

describe('a draft', () => {
  test('runs as it stands, with its own temperature and room for its answer, and leaves no trace', async () => {
    const { client, chats, system } = await start((given) => `${given} Indeed.`);
    const source = text('A text to work on.');
    const result = await client.call('text.process', { draft, source });
    expect(result).toMatchObject({ action: { id: 'draft', name: 'Draft' }, output: 'A text to work on. Indeed.' });
    await client.call('text.process', { draft: { ...draft, growth: 20 }, source });
    const [small, large] = chats();
    expect([small?.temperature, system()]).toEqual([0.5, expect.stringContaining('Do something with it.')]);
    expect((large?.max_tokens ?? 0) - 512).toBeGreaterThan(((small?.max_tokens ?? 0) - 512) * 5);
    expect((await client.call('history.list', {})).total).toBe(0);
    expect((await client.call('actions.list', {})).actions.some(({ id }) => id === 'draft')).toBe(false);
  });

  test.each<[string, { action?: string; draft: ActionDefinition }]>([
    ['together with an action', { draft, action: 'polish' }],
    ['of a chain that calls what is not there', { draft: chain('Chain', 'upper-case', 'nothing') }],
    ['whose pattern is none', { draft: { ...draft, requires: { pattern: '(' } } }],
  ])('%s is refused', async (_name, choice) => {
    const { client } = await start();
    await expect(client.call('text.process', { ...choice, source: text('x') })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  test('that needs another text is refused before anything is sent', async () => {
    const { client, chats } = await start();
    const wanting = { ...draft, requires: { minCharacters: 20, pattern: '^[{]' } };
    const refused = client.call('text.process', { draft: wanting, source: text('{ "too": 1 }') });
    await expect(refused).rejects.toMatchObject({
      code: 'REQUIREMENT',
      message: '"Draft" needs a text of at least 20 characters; this one has 12.',
    });
    expect(chats()).toEqual([]);
  });

  test.each([
    ['nothing', ''],
    ['white space', ' \n '],
  ])('answered with %s gives an error, however free its answer may be', async (_name, answer) => {
    const { client } = await start(() => answer);
    await expect(client.call('text.process', { draft, source: text('A text.') })).rejects.toMatchObject({
      code: 'EMPTY_RESULT',
    });
  });
});

describe('a model', () => {
  test('of the action is used, one of the run comes before it, and the settings stay', async () => {
    const { client, chats } = await start(polish, ['potter-demo-sample', 'second', 'third']);
    const before = await client.call('config.get', {});
    const { definition } = await client.call('actions.get', { id: 'polish' });
    if (definition?.kind !== 'prompt') throw new Error('Polish is a prompt.');
    await client.call('actions.update', { id: 'polish', definition: { ...definition, model: 'vendor/second' } });
    await client.call('text.process', { action: 'polish', source: text('One.') });
    await client.call('text.process', { action: 'polish', source: text('Two.'), model: 'vendor/third' });
    await client.call('text.process', { action: 'concise', source: text('Three.') });
    expect(chats().map(({ model }) => model)).toEqual(['second', 'third', 'potter-demo-sample']);
    expect(await client.call('config.get', {})).toEqual(before);
  });

  test('is chosen by the tier of the action', async () => {
    const { client, chats } = await start(polish, ['potter-demo-sample', 'small', 'large']);
    await client.call('config.set', {
      key: 'text.tierModels',
      value: { fast: 'vendor/small', thinking: 'vendor/large' },
    });
    for (const tier of ['fast', 'standard', 'thinking'] as const) {
      await client.call('text.process', { draft: { ...draft, tier }, source: text('A text.') });
    }
    expect(chats().map(({ model }) => model)).toEqual(['small', 'potter-demo-sample', 'large']);
  });
});

describe('Translate', () => {
  const german = 'Wir haben die Rechnung noch nicht erhalten und bitten Sie, sie uns noch einmal zu senden.';
  const english = 'We have not received the invoice yet and would like to ask you to send it to us again.';

  test.each([
    ['into the chosen language', german, {}, 'Translate the text into English.'],
    ['into the second one where it is in the first already', english, {}, 'Translate the text into German.'],
    ['into a language with its region', german, { 'text.translateTo': 'pt-BR' }, 'into Brazilian Portuguese.'],
    ['out of Chinese, which a few signs tell', '你好', { 'text.translateTo': 'zh-Hans' }, 'into German.'],
    [
      'into the other way of writing Chinese',
      '这个问题我们已经说过了',
      { 'text.translateTo': 'zh-Hant' },
      'into Traditional',
    ],
  ])('goes %s', async (_name, given, settings, said) => {
    const { client, system } = await start(() => `${given} (translated)`);
    for (const [key, value] of Object.entries(settings)) await client.call('config.set', { key, value });
    await client.call('text.process', { action: 'translate', source: text(given) });
    expect(system()).toContain(said);
    expect(system()).not.toContain('means');
    expect(system()).not.toMatch(/\{\{(language|instruction)/);
  });

  test('names both where the text is too short to tell its language', async () => {
    const { client, system } = await start(() => 'Gift');
    await client.call('text.process', { action: 'translate', source: text('Gift') });
    expect(system()).toContain(
      'If the text is in English already, everything said here of English means German instead.',
    );
  });

  test('another action that names the language is not turned round', async () => {
    const { client, system } = await start(() => 'Kurz gesagt: ja.');
    const summary = { ...draft, instruction: 'Summarize it in {{language}}.' };
    await client.call('text.process', { draft: summary, source: text(english) });
    expect(system()).toMatch(/Summarize it in English\.$/);
  });
});

describe('a chain', () => {
  test('gives the result of one step to the next, tells which it has come to, and adds up the tokens', async () => {
    const { client, chats } = await start();
    await client.call('actions.create', {
      id: 'both',
      definition: chain('Chain', 'sort-lines', 'polish', 'upper-case'),
    });
    const chunks: Chunk<'text.process'>[] = [];
    const result = await client.call(
      'text.process',
      { action: 'both', source: text('teh second line\nteh first line\n') },
      { onChunk: (chunk) => void chunks.push(chunk) },
    );
    expect(result).toMatchObject({
      action: { id: 'both', name: 'Chain' },
      input: 'teh second line\nteh first line\n',
      output: 'THE FIRST LINE\nTHE SECOND LINE\n',
      provider: 'vendor',
    });
    const started = chunks.filter((chunk) => chunk.type === 'started');
    expect(started.map(({ action, input }) => [action, input.split('\n')[0]])).toEqual([
      ['sort-lines', 'teh second line'],
      ['polish', 'teh first line'],
      ['upper-case', 'the first line'],
    ]);
    expect(chats().length).toBe(1);
    expect(result.usage?.outputTokens).toBeGreaterThan(0);
    const { entries } = await client.call('history.list', {});
    expect(entries.map(({ actionId, result: became }) => [actionId, became])).toEqual([['both', 'returned']]);
  });

  test('stops at the step that fails, and the text is as it was', async () => {
    const { connect, client, desktop, vendor } = await start();
    await client.call('actions.create', {
      id: 'both',
      definition: chain('Chain', 'upper-case', 'polish', 'lower-case'),
    });
    desktop.selection = 'a text that stays';
    vendor.next({ text: 'A LONG ANSWER THAT IS CUT', after: 700, ending: 'end' });
    const run = connect({ kind: 'shell' }).call('text.process', { action: 'both', source: { type: 'selection' } });
    await expect(run).rejects.toMatchObject({ code: 'INCOMPLETE' });
    expect([desktop.selection, desktop.writes]).toEqual(['a text that stays', 0]);
  });

  test('hands an instruction to the one step that takes it', async () => {
    const { client, system } = await start((given) => `${given}!`);
    await client.call('actions.create', { id: 'both', definition: chain('Chain', 'upper-case', 'ask') });
    const source = text('quiet');
    const result = await client.call('text.process', { action: 'both', instruction: 'Add a mark.', source });
    expect([result.output, system()]).toEqual(['QUIET!', expect.stringContaining('Add a mark.')]);
  });

  test('has no explanations of changes that are no longer there', async () => {
    const { client } = await start();
    await client.call('actions.create', { id: 'both', definition: chain('Chain', 'proofread-offline', 'upper-case') });
    const result = await client.call('text.process', { action: 'both', source: text('This is a example.') });
    expect([result.output, result.corrections]).toEqual(['THIS IS AN EXAMPLE.', undefined]);
  });
});

describe('what a run would send', () => {
  test('is told to the letter, and nothing is sent', async () => {
    const { client, chats, vendor } = await start();
    const given = 'Some text.\nIn two lines.';
    const { steps } = await client.call('text.preview', { action: 'polish', text: given });
    expect(chats()).toEqual([]);
    const [step] = steps;
    expect(step).toMatchObject({
      action: 'polish',
      name: 'Polish',
      request: { provider: 'vendor', providerName: 'Vendor', model: 'potter-demo-sample', withKey: false },
      user: expect.stringContaining(given),
    });
    expect(step?.request?.url).toBe(`${vendor.baseUrl}/chat/completions`);
    await client.call('text.process', { action: 'polish', source: text(given) });
    const withoutNonce = (value: unknown): string => JSON.stringify(value).replace(/text-[0-9a-f]+/g, 'text-N');
    expect(withoutNonce(step?.request?.body)).toBe(withoutNonce(chats()[0]));
  });

  test('names every step of a chain, those on this machine too', async () => {
    const { client } = await start();
    const { steps } = await client.call('text.preview', {
      draft: chain('Chain', 'sort-lines', 'polish'),
      text: 'b\na',
    });
    expect(steps.map(({ action, request }) => [action, request?.model])).toEqual([
      ['sort-lines', undefined],
      ['polish', 'potter-demo-sample'],
    ]);
    expect(steps[1]?.user).toContain('[result of Sort lines]');
  });

  test('shows that a key goes along, and never the key', async () => {
    const { environment } = await startVendor({ key: 'sk-preview-canary' });
    const { client } = await startTestPotter({ environment });
    await client.call('keys.set', { provider: 'vendor', key: 'sk-preview-canary' });
    const preview = await client.call('text.preview', { action: 'polish', text: 'Some text.' });
    expect(preview.steps[0]?.request?.withKey).toBe(true);
    expect(JSON.stringify(preview)).not.toContain('canary');
  });

  test('fails as the run would', async () => {
    const { client } = await startTestPotter();
    await expect(client.call('text.preview', { action: 'polish', text: 'x' })).rejects.toMatchObject({
      code: 'NO_PROVIDER',
    });
    await expect(client.call('text.preview', { action: 'polish', text: ' ' })).rejects.toMatchObject({
      code: 'EMPTY_TEXT',
    });
    const { steps } = await client.call('text.preview', { action: 'proofread', text: 'x' });
    expect(steps).toEqual([{ action: 'proofread', name: 'Proofread' }]);
  });
});
