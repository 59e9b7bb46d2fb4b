import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import {
  applyCorrections,
  chooseCorrections,
  createProofreader,
  type Proofreader,
  type RawLint,
} from '../../../../src/main/core/text/proofread.ts';
import { PotterError } from '../../../../src/shared/errors.ts';

const never = new AbortController().signal;
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'ok',
    (thrown: unknown) => (thrown instanceof PotterError ? thrown.code : String(thrown)),
  );

describe('the offline proofreader', () => {
  const harper = createProofreader();
  afterAll(() => harper.stop());

  test.each([
    ['This is a example of an sentence with bad grammer.', 'This is an example of a sentence with bad grammar.'],
    ['grammer', 'grammar'],
    [
      'I am definately going tommorow becuase of the enviroment.',
      'I am definitely going tomorrow because of the environment.',
    ],
    ['We recieved teh package.', 'We received the package.'],
    ['We need to seperate the concerns untill the begining.', 'We need to separate the concerns until the beginning.'],
    ['My freind beleives in goverment.', 'My friend believes in government.'],
    ['She dont like apples, and he have a car.', "She don't like apples, and he has a car."],
    ['He could of done it.', 'He could have done it.'],
    ["Its a nice day, it's color is red.", "It's a nice day, its color is red."],
    ['He is more taller then me.', 'He is taller than me.'],
    ['Their is a problem.', 'There is a problem.'],
    ['Please find attached the the report.', 'Please find attached the report.'],
    ['Alot of people dont know it.', "A lot of people don't know it."],
    ['i think i am right', 'I think I am right'],
    ['on monday in january', 'on Monday in January'],
    ['I bought a apple ,banana and orange.', 'I bought an apple, banana and orange.'],
    ['An European user waits a hour for a MRI.', 'A European user waits an hour for an MRI.'],
    ['this ends here. and this starts here.', 'This ends here. And this starts here.'],
    ['😀 teh 𝒳 cat sat on 👩‍👩‍👧 teh mat.', '😀 the 𝒳 cat sat on 👩‍👩‍👧 the mat.'],
    ['naïve café recieve', 'naïve café receive'],
    [
      '# A heading\n\n- itme one\n- item **recieved**\n\n> a quote, becuase\n',
      '# A heading\n\n- item one\n- item **received**\n\n> a quote, because\n',
    ],
    ['teh first line\r\nteh second line\r\n', 'the first line\r\nthe second line\r\n'],
    [
      'Er sagte: das ist nicht das, was wir wollen.\nBut I recieved it.\nI think that it was good and that you will like it.',
      'Er sagte: das ist nicht das, was wir wollen.\nBut I received it.\nI think that it was good and that you will like it.',
    ],
  ])('makes of %j %j', async (text, expected) => {
    const { output, corrections } = await harper.proofread(text, never);
    expect(output).toBe(expected);
    expect(applyCorrections(text, corrections)).toBe(expected);
  });

  test.each([
    'The meeting starts at 10:30 in room 4.',
    'Please contact Zbigniew Brzezinski at foo@exmaple.com or http://exmaple.com/recieve.',
    'Kubernetes uses etcd and gRPC; we use vite, zod, redis and nginx.',
    'The `teh` function calls getUserNme() and foo_recieve.',
    '```\nteh code recieve\n```',
    'Müller and Søren went to Zürich.',
    'The colour of the centre was grey; they organised it.',
    'The color of the center was gray; they organized it.',
    'It was very, very good, and I had had enough of that that.',
    'and then the rest of a sentence',
    'npm is a tool.',
    'a  table   with    spaces',
    'Hello {{frist_name}}, you have %d mesages'.replace('mesages', 'messages'),
    'OK, thx.',
    '42',
    '👍',
    '',
    'John Smyth-Jonson met Siobhan.',
    'CAPS LIKE RECIEVE STAY',
  ])('leaves %j as it is', async (text) => {
    expect(await harper.proofread(text, never)).toEqual({ output: text, corrections: [] });
  });

  test('gives each correction its UTF-16 place and reason', async () => {
    expect((await harper.proofread('😀 He could of recieved it.', never)).corrections).toEqual([
      { start: 6, end: 14, replacement: 'could have', explanation: expect.stringContaining('have') },
      { start: 15, end: 23, replacement: 'received', explanation: expect.stringContaining('recieved') },
    ]);
  });

  test.each([
    ['Das ist ein Satz, der nicht korrigiert werden soll.', 'This text is in German'],
    ['Je ne sais pas si nous pouvons venir avec vous.', 'This text is in French'],
    ['Bonjour, comment allez-vous?', 'This text is not in English'],
    ['我们明天开会讨论这个问题。', 'This text is not in English'],
    ['これは日本語の文章です。', 'This text is not in English'],
    ['ابعث لي الملف بسرعة', 'This text is not in English'],
    ['Пришли мне файл срочно.', 'This text is not in English'],
  ])('says so and changes nothing when a text is not English: %s', async (text, said) => {
    const outcome = harper.proofread(text, never);
    await expect(outcome).rejects.toMatchObject({ code: 'NOT_ENGLISH', message: expect.stringContaining(said) });
  });

  test('answers requests that arrive together, each with its own text', async () => {
    const texts = ['teh one', 'teh two', 'teh three'];
    const results = await Promise.all(texts.map((text) => harper.proofread(text, never)));
    expect(results.map(({ output }) => output)).toEqual(['the one', 'the two', 'the three']);
  });

  test('does not keep the process alive when idle', () => {
    const module = new URL('../../../../src/main/core/text/proofread.ts', import.meta.url).href;
    const script = `const { createProofreader } = await import(${JSON.stringify(module)});
      console.log((await createProofreader().proofread('teh end', new AbortController().signal)).output);`;
    const options = { encoding: 'utf8', timeout: 25_000 } as const;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], options)).toBe('the end\n');
  });
});

describe('the choice of corrections', () => {
  const lint = (text: string, problem: string, parts: Partial<RawLint>): RawLint => {
    const start = text.indexOf(problem);
    return {
      rule: 'X',
      kind: 'Grammar',
      start,
      end: start + problem.length,
      problem,
      message: 'm',
      replacements: [],
      ...parts,
    };
  };

  test('applies the earlier of two that overlap', () => {
    const text = 'one two three';
    const lints = [lint(text, 'two three', { replacements: ['b'] }), lint(text, 'one two', { replacements: ['a'] })];
    expect(applyCorrections(text, chooseCorrections(text, lints))).toBe('a three');
  });

  test.each<[string, string, string, Partial<RawLint>]>([
    ['a lint whose place holds another text', 'one two', 'two', { start: 0, end: 3, replacements: ['x'] }],
    ['a lint beyond the end', 'one', 'one', { start: 50, end: 53, replacements: ['x'] }],
    ['a lint with two readings', 'one', 'one', { replacements: ['x', 'y'] }],
    ['a lint without a suggestion', 'one', 'one', {}],
    ['a matter of style', 'one', 'one', { kind: 'Style', replacements: ['x'] }],
    ['a change of line structure', 'one', 'one', { replacements: ['x\ny'] }],
    ['a change inside code', '`one`', 'one', { replacements: ['x'] }],
    ['a change inside a link', 'http://one.example', 'one', { replacements: ['x'] }],
    ['another initial letter', 'foobar', 'foobar', { rule: 'SpellCheck', replacements: ['goobar'] }],
    ['a far-fetched spelling', 'kubectl', 'kubectl', { rule: 'SpellCheck', replacements: ['knuckle'] }],
    ['a name in the middle of a sentence', 'met Jonh there', 'Jonh', { rule: 'SpellCheck', replacements: ['John'] }],
    ['a hashtag', '#recieve', 'recieve', { rule: 'SpellCheck', replacements: ['receive'] }],
  ])('skips %s', (_name, text, problem, parts) => {
    expect(chooseCorrections(text, [lint(text, problem, parts)])).toEqual([]);
  });
});

/** Timers that run when the test says so. */
class ManualTimers {
  readonly #tasks = new Map<() => void, number>();
  readonly later = (ms: number, task: () => void): (() => void) => {
    this.#tasks.set(task, ms);
    return () => this.#tasks.delete(task);
  };
  get pending(): number[] {
    return [...this.#tasks.values()];
  }
  fire(): void {
    for (const task of [...this.#tasks.keys()]) {
      this.#tasks.delete(task);
      task();
    }
  }
}

describe('the proofreading thread', () => {
  const started: Proofreader[] = [];
  const timers = new ManualTimers();
  /** A thread with the given handling of a message `m`; `n` counts its messages, `t` names the thread. */
  const withWorker = (handling: string): Proofreader => {
    const source = `import { parentPort as p, threadId as t } from 'node:worker_threads'; let n = 0;
      const answer = (m) => p.postMessage({ id: m.id, status: 'ok', likelyEnglish: true, lints: [{ rule: 'X', kind: 'Grammar',
        start: 0, end: m.text.length, problem: m.text, message: 'm', replacements: ['thread ' + t] }] });
      p.on('message', (m) => { n++; ${handling} });`;
    const workerUrl = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
    const made = createProofreader({ workerUrl, idleMs: 1000, deadlineMs: 5000, later: timers.later });
    started.push(made);
    return made;
  };
  afterEach(async () => {
    await Promise.all(started.splice(0).map((made) => made.stop()));
    expect(timers.pending).toEqual([]);
  });

  test('is released when idle and started anew at the next use', async () => {
    const proofreader = withWorker('answer(m)');
    const first = await proofreader.proofread('one', never);
    expect(await proofreader.proofread('two', never)).toMatchObject({ output: first.output });
    expect(timers.pending).toEqual([1000]);
    timers.fire();
    expect((await proofreader.proofread('three', never)).output).not.toBe(first.output);
  });

  test('is not started for a request that was cancelled before', async () => {
    expect(await codeOf(withWorker('throw 1').proofread('one', AbortSignal.abort()))).toBe('CANCELLED');
  });

  test('is ended when the text it works on is cancelled, and the next text gets a new one', async () => {
    const proofreader = withWorker('if (m.text === "stuck") for (;;); answer(m)');
    const controller = new AbortController();
    const stuck = codeOf(proofreader.proofread('stuck', controller.signal));
    const next = proofreader.proofread('next', never);
    controller.abort();
    expect(await stuck).toBe('CANCELLED');
    expect((await next).output).toMatch(/^thread /);
  });

  test('is kept when a waiting text is cancelled, which it then never sees', async () => {
    const proofreader = withWorker(
      'if (m.text === "waiting") throw 1; if (m.text === "first") setImmediate(answer, m); else answer(m)',
    );
    const controller = new AbortController();
    const first = proofreader.proofread('first', never);
    const waiting = codeOf(proofreader.proofread('waiting', controller.signal));
    const last = proofreader.proofread('last', never);
    controller.abort();
    expect(await waiting).toBe('CANCELLED');
    expect((await first).output).toBe((await last).output);
  });

  test.each([
    ['throws', 'throw new Error("boom")'],
    ['exits', 'process.exit(0)'],
    ['answers something else', 'p.postMessage({ id: m.id, status: "ok", lints: [{ start: -1 }] })'],
    ['reports a failure', 'p.postMessage({ id: m.id, status: "failed", message: "no" })'],
  ])('that %s fails that text alone', async (_name, handling) => {
    const proofreader = withWorker(`if (m.text === "bad") { ${handling} } else answer(m)`);
    const bad = codeOf(proofreader.proofread('bad', never));
    const good = proofreader.proofread('good', never);
    expect(await bad).toBe('INTERNAL');
    expect((await good).output).toMatch(/^thread /);
  });

  test('that dies while idle is replaced at the next use', async () => {
    const proofreader = withWorker('answer(m); if (m.text === "last") process.exit(1)');
    const before = await proofreader.proofread('last', never);
    expect(await codeOf(proofreader.proofread('after', never))).toMatch(/^(?:ok|INTERNAL)$/);
    const after = await proofreader.proofread('again', never);
    expect(after.output).not.toBe(before.output);
  });

  test('that does not answer in time is ended', async () => {
    const proofreader = withWorker('if (m.text === "stuck") for (;;); answer(m)');
    const stuck = codeOf(proofreader.proofread('stuck', never));
    expect(timers.pending).toEqual([5000]);
    timers.fire();
    expect(await stuck).toBe('TIMEOUT');
    expect((await proofreader.proofread('next', never)).output).toMatch(/^thread /);
  });

  test('is gone after stop, and what waited is cancelled', async () => {
    const proofreader = withWorker('for (;;);');
    const outcomes = [codeOf(proofreader.proofread('one', never)), codeOf(proofreader.proofread('two', never))];
    await proofreader.stop();
    expect(await Promise.all(outcomes)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(await codeOf(proofreader.proofread('three', never))).toBe('UNAVAILABLE');
  });
});
