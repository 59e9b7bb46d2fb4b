import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Notice } from '../../../../src/main/core/host.ts';
import { Budgets, type Limits } from '../../../../src/main/core/providers/budgets.ts';
import { costOf } from '../../../../src/main/core/providers/prices.ts';
import { openDatabase } from '../../../../src/main/core/storage/database.ts';
import { startTestPotter, startVendor, temporaryFolder } from '../../../helpers/potter.ts';

const dollar = 1_000_000;
const exact = (micros: number) => ({ micros, isEstimate: false });

function open(limits: Limits, folder = temporaryFolder()) {
  const database = openDatabase(join(folder, 'potter.db'));
  onTestFinished(() => database.close());
  const notices: Notice[] = [];
  const time = { now: new Date(2026, 10, 30, 12).getTime() };
  const clock = { now: () => time.now, monotonic: () => time.now };
  const budgets = new Budgets({ database, clock, limits: () => limits, tell: (notice) => notices.push(notice) });
  return { budgets, notices, time, folder };
}

describe('a budget', () => {
  it('is told of at four fifths, once, and blocks when it is used up', () => {
    const { budgets, notices } = open({ monthly: 1, each: [] });
    budgets.reserve({ key: 'openai' }, 10).settle(exact(0.79 * dollar));
    expect(notices).toEqual([]);
    budgets.reserve({ key: 'openai' }, 10).settle(exact(0.02 * dollar));
    budgets.reserve({ key: 'openai' }, 10).settle(exact(0.09 * dollar));
    expect(notices).toEqual([
      {
        severity: 'warning',
        title: 'Budget',
        message: '81 % of the budget of $1.00 for everything this month is used.',
        code: 'BUDGET',
      },
    ]);
    budgets.reserve({}, 10).settle(exact(0.1 * dollar));
    expect(() => budgets.reserve({ key: 'other' }, 10)).toThrow(
      expect.objectContaining({
        code: 'BUDGET',
        message: 'The budget of $1.00 for everything this month is used up.',
      }),
    );
  });

  it.each(['key', 'action', 'plugin', 'token'] as const)('of one %s leaves the others alone', (of) => {
    const { budgets } = open({ monthly: null, each: [{ of, id: 'one', dollars: 0.5 }] });
    budgets.reserve({ [of]: 'one' }, 0).settle(exact(dollar));
    expect(() => budgets.reserve({ [of]: 'one' }, 0)).toThrow(
      `The budget of $0.50 for ${of} one this month is used up.`,
    );
    expect(() => budgets.reserve({ [of]: 'two' }, 0)).not.toThrow();
    expect(() => budgets.reserve({}, 0)).not.toThrow();
  });

  it('counts what is under way, so that a hundred at once do not overrun it', () => {
    const { budgets } = open({ monthly: 1, each: [] });
    const taken = Array.from({ length: 100 }, () => {
      try {
        return budgets.reserve({}, 0.1 * dollar);
      } catch {
        return undefined;
      }
    }).filter((reservation) => reservation !== undefined);
    expect(taken.length).toBe(10);
    for (const reservation of taken) reservation.settle(undefined);
    expect(() => budgets.reserve({}, 0)).not.toThrow();
  });

  it('survives a restart, and begins anew with the month', () => {
    const limits = { monthly: 1, each: [] };
    const first = open(limits);
    first.budgets.reserve({ action: 'polish' }, 0).settle({ micros: 2 * dollar, isEstimate: true });
    first.budgets.flush();
    const second = open(limits, first.folder);
    expect(second.budgets.spent()).toEqual([
      { month: '2026-11', kind: 'action', id: 'polish', micros: 2 * dollar, estimatedMicros: 2 * dollar, requests: 1 },
      { month: '2026-11', kind: 'all', id: '', micros: 2 * dollar, estimatedMicros: 2 * dollar, requests: 1 },
    ]);
    expect(() => second.budgets.reserve({}, 0)).toThrow(expect.objectContaining({ code: 'BUDGET' }));
    second.time.now = new Date(2026, 11, 1).getTime();
    expect(() => second.budgets.reserve({}, 0)).not.toThrow();
  });

  it('blocks a run before anything is sent, and the text stays as it is', async () => {
    const { vendor, environment } = await startVendor({ key: 'sk-good-1' });
    const { client, desktop } = await startTestPotter({ environment });
    await client.call('keys.set', { provider: 'vendor', key: 'sk-good-1' });
    const source = { type: 'text' as const, text: 'This is a example.' };
    const { cost } = await client.call('text.process', { action: 'polish', source });
    expect(cost).toEqual({ micros: expect.any(Number), isEstimate: true, pricesOf: expect.stringMatching(/^2026-/) });
    const spent = (cost?.micros ?? 0) / dollar;
    const each = [{ of: 'action', id: 'polish', dollars: spent }];
    await client.call('config.set', { key: 'budget.limits', value: each });
    const before = vendor.requests.length;
    desktop.selection = 'This is a example.';
    await expect(
      client.call('text.process', { action: 'polish', source: { type: 'selection' } }),
    ).rejects.toMatchObject({ code: 'BUDGET' });
    expect([vendor.requests.length, desktop.selection, desktop.writes]).toEqual([before, 'This is a example.', 0]);
    await client.call('text.process', { action: 'concise', source });
  });
});

describe('the cost of a request', () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 1_000_000 };
  const of = (model: string, isFree = false) => costOf({ wireFormat: 'openai', model, isFree }, usage);

  it.each([
    ['gpt-5.6-luna', 1.4],
    ['gpt-4.1-mini-2025-04-14', 2],
    ['gpt-4.1', 10],
    ['claude-sonnet-4-5-20250929', 18],
    ['anthropic/claude-opus-4-20250514', 90],
    ['claude-opus-4-8', 30],
    ['gemini-2.5-flash-lite', 0.5],
  ])('of %s follows the list', (model, dollars) => {
    expect(of(model)).toEqual({ micros: dollars * dollar, isEstimate: false });
  });

  it('of a model that is not listed is an estimate, and rather too high', () => {
    expect(of('gpt-99')).toEqual({ micros: 35 * dollar, isEstimate: true });
  });

  it('of a server without a key is nothing', () => {
    expect(of('gpt-4.1', true)).toEqual({ micros: 0, isEstimate: false });
  });

  it('is marked where the tokens were not counted', () => {
    expect(costOf({ wireFormat: 'openai', model: 'gpt-4.1', isFree: false }, { ...usage, isEstimate: true })).toEqual({
      micros: 10 * dollar,
      isEstimate: true,
    });
  });
});
