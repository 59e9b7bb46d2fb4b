/** What was spent this month, and what may be: checked before a request leaves, settled when its answer has come. */
import { PotterError } from '../../../shared/errors.ts';
import type { BudgetKind, SettingValue } from '../../../shared/settings.ts';
import type { Clock, Notice } from '../host.ts';
import type { Database } from '../storage/database.ts';
import type { Cost } from './prices.ts';

/** Who a request is made for. What is absent has no part in it. */
export type Spender = Readonly<Partial<Record<BudgetKind, string | undefined>>>;

export interface Limits {
  /** US dollars a month for everything; null for no limit. */
  readonly monthly: number | null;
  readonly each: SettingValue<'budget.limits'>;
}

export interface BudgetsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: () => Limits;
  readonly tell: (notice: Notice) => void;
}

/** Money set aside for a request that is under way. */
export interface Reservation {
  /** Books what it really cost; nothing if it cost nothing. Only the first time counts. */
  settle(cost: Cost | undefined): void;
}

interface Account {
  micros: number;
  estimatedMicros: number;
  requests: number;
  /** Set aside by requests under way. */
  reserved: number;
  isDirty: boolean;
}

export interface Spent {
  /** Such as `2026-11`, of the local calendar. */
  readonly month: string;
  readonly kind: BudgetKind | 'all';
  readonly id: string;
  readonly micros: number;
  /** The part of it that rests on estimates. */
  readonly estimatedMicros: number;
  readonly requests: number;
}

/** A person is told when this much of a limit is used. */
const warnedShare = 0.8;
const microsPerDollar = 1_000_000;

/**
 * Kept in memory and written by `flush`, because a commit for each request would cost more than the request: whoever is
 * killed loses what was spent since.
 */
export class Budgets {
  readonly #options: BudgetsOptions;
  #month = '';
  #accounts = new Map<string, Account>();

  constructor(options: BudgetsOptions) {
    this.#options = options;
    this.#turn();
  }

  /** Sets the expected cost aside. Fails with `BUDGET` when a limit that applies is used up. */
  reserve(spender: Spender, expectedMicros: number): Reservation {
    this.#turn();
    const names = accountNames(spender);
    for (const limit of this.#limitsOn(names)) {
      const { micros, reserved } = this.#account(limit.account);
      if (micros + reserved >= limit.micros) throw usedUp(limit);
    }
    const accounts = names.map((name) => this.#account(name));
    for (const account of accounts) account.reserved += expectedMicros;
    let isSettled = false;
    return {
      settle: (cost) => {
        if (isSettled) return;
        isSettled = true;
        for (const account of accounts) account.reserved -= expectedMicros;
        if (cost) this.#book(names, cost);
      },
    };
  }

  /** What was spent this month, by whom. */
  spent(): Spent[] {
    this.#turn();
    return [...this.#accounts].map(([name, { micros, estimatedMicros, requests }]) => {
      const { kind, id } = accountOf(name);
      return { month: this.#month, kind, id, micros, estimatedMicros, requests };
    });
  }

  /** Writes down what was spent since the last time. */
  flush(): void {
    const dirty = [...this.#accounts].filter(([, { isDirty }]) => isDirty);
    if (dirty.length === 0) return;
    this.#options.database.transaction(() => {
      for (const [name, { micros, estimatedMicros, requests }] of dirty) {
        const { kind, id } = accountOf(name);
        this.#options.database.run(
          'INSERT OR REPLACE INTO spend (month, kind, id, micros, estimated_micros, requests) VALUES (?, ?, ?, ?, ?, ?)',
          ...[this.#month, kind, id, micros, estimatedMicros, requests],
        );
      }
    });
    for (const [, account] of dirty) account.isDirty = false;
  }

  #book(names: readonly string[], { micros, isEstimate }: Cost): void {
    // It may have begun last month.
    this.#turn();
    const limits = this.#limitsOn(names).map((limit) => ({ limit, before: this.#account(limit.account).micros }));
    for (const name of names) {
      const account = this.#account(name);
      account.micros += micros;
      account.requests += 1;
      if (isEstimate) account.estimatedMicros += micros;
      account.isDirty = true;
    }
    for (const { limit, before } of limits) this.#warn(limit, before);
  }

  #warn(limit: Limit, before: number): void {
    const now = this.#account(limit.account).micros;
    const line = limit.micros * warnedShare;
    if (before >= line || now < line) return;
    const share = Math.floor((now / limit.micros) * 100);
    const message = `${share} % of the budget of ${dollars(limit.micros)} for ${limit.what} this month is used.`;
    this.#options.tell({ severity: 'warning', title: 'Budget', message, code: 'BUDGET' });
  }

  #limitsOn(names: readonly string[]): Limit[] {
    const { monthly, each } = this.#options.limits();
    const limits = each.map(({ of, id, dollars }) => ({ account: accountName(of, id), what: `${of} ${id}`, dollars }));
    const all = monthly === null ? [] : [{ account: everything, what: 'everything', dollars: monthly }];
    return [...all, ...limits]
      .filter(({ account }) => names.includes(account))
      .map(({ account, what, dollars }) => ({ account, what, micros: dollars * microsPerDollar }));
  }

  #account(name: string): Account {
    let account = this.#accounts.get(name);
    if (!account) {
      account = { micros: 0, estimatedMicros: 0, requests: 0, reserved: 0, isDirty: false };
      this.#accounts.set(name, account);
    }
    return account;
  }

  /** Begins the accounts of the month it is now. */
  #turn(): void {
    const month = monthOf(this.#options.clock.now());
    if (month === this.#month) return;
    this.flush();
    this.#month = month;
    const rows = this.#options.database.all<SpendRow>(
      'SELECT kind, id, micros, estimated_micros, requests FROM spend WHERE month = ?',
      month,
    );
    this.#accounts = new Map(
      rows.map(({ kind, id, micros, estimated_micros, requests }) => [
        accountName(kind, id),
        { micros, requests, estimatedMicros: estimated_micros, reserved: 0, isDirty: false },
      ]),
    );
  }
}

interface SpendRow {
  readonly kind: Spent['kind'];
  readonly id: string;
  readonly micros: number;
  readonly estimated_micros: number;
  readonly requests: number;
}

interface Limit {
  readonly account: string;
  readonly what: string;
  readonly micros: number;
}

const everything = 'all ';

const accountName = (kind: Spent['kind'], id: string): string => `${kind} ${id}`;

function accountOf(name: string): Pick<Spent, 'kind' | 'id'> {
  const at = name.indexOf(' ');
  // Only `accountName` makes them.
  return { kind: name.slice(0, at) as Spent['kind'], id: name.slice(at + 1) };
}

function accountNames(spender: Spender): string[] {
  const own = Object.entries(spender).flatMap(([kind, id]) =>
    id === undefined ? [] : [accountName(kind as BudgetKind, id)],
  );
  return [everything, ...own];
}

function usedUp({ what, micros }: Limit): PotterError {
  return new PotterError('BUDGET', `The budget of ${dollars(micros)} for ${what} this month is used up.`, {
    detail: { budget: what, dollars: micros / microsPerDollar },
  });
}

const dollars = (micros: number): string => `$${(micros / microsPerDollar).toFixed(2)}`;

function monthOf(now: number): string {
  const date = new Date(now);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}`;
}
