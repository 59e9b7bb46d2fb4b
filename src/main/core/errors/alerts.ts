/**
 * What fails again and again becomes one alert, which calls louder until someone answers: in Potter's windows at once,
 * as a notification of the system after five minutes, to the webhook after fifteen. An acknowledged alert calls no more;
 * one whose cause stays away for the window of its rule is resolved.
 */
import type { Alert } from '../../../shared/contract.ts';
import { type ErrorCode, PotterError, toPotterError } from '../../../shared/errors.ts';
import type { SettingValue } from '../../../shared/settings.ts';
import type { EventBus } from '../events.ts';
import type { Clock, Notice } from '../host.ts';
import type { Log } from '../log/log.ts';
import type { GuardedFetch } from '../outbound.ts';
import type { Database } from '../storage/database.ts';
import { type AlertRule, alertRules } from './alert-rules.ts';

/** One failure, as the gateway saw it. */
export interface Occurrence {
  readonly code: ErrorCode;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly subject: string;
  readonly callId?: string;
}

export interface AlertsOptions {
  readonly database: Database;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'warn' | 'error'>;
  readonly events: Pick<EventBus, 'publish'>;
  /** Shows a notification of the system. */
  readonly show: (notice: Notice) => void;
  readonly fetch: GuardedFetch;
  readonly settings: () => AlertSettings;
  /**
   * Rules whose cause can be looked at: such an alert stays as long as its cause, and no longer. The others end when it has
   * stayed away for the window.
   */
  readonly lasts?: Readonly<Partial<Record<AlertRule['id'], () => boolean>>>;
  readonly version: string;
  readonly newId: () => string;
}

export interface AlertSettings {
  readonly enabled: boolean;
  readonly quietHours: SettingValue<'alerts.quietHours'>;
  readonly webhook: string | null;
}

const minute = 60_000;
const notifyAfterMs = 5 * minute;
const sendAfterMs = 15 * minute;
const mostTries = 3;
const longestSendMs = 10_000;
const mostAlerts = 200;
/** Subjects that have failed, but not often enough yet. */
const mostWatched = 200;

const ruleOf = new Map(alertRules.flatMap((rule) => rule.codes.map((code) => [code, rule] as const)));
const rulesById = new Map(alertRules.map((rule) => [rule.id, rule]));

/** As it is stored. */
interface Row {
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly first_at: number;
  readonly raised_at: number;
  state: Alert['state'];
  count: number;
  last_at: number;
  call_id: string | null;
  notified_at: number | null;
  resolved_at: number | null;
  sent_at: number | null;
  tries: number;
  next_try_at: number;
  problem: string | null;
}

interface Raised {
  readonly rule: AlertRule;
  readonly row: Row;
  isDirty: boolean;
}

export class Alerts {
  readonly #options: AlertsOptions;
  /** Oldest first. */
  readonly #raised: Raised[];
  /** When it happened, by rule and subject; at most as often as the rule counts. */
  readonly #watched = new Map<string, readonly number[]>();
  readonly #stopped = new AbortController();
  readonly #sending = new Set<Raised>();

  constructor(options: AlertsOptions) {
    this.#options = options;
    // A rule that a later version no longer has leaves rows nobody can explain.
    this.#raised = options.database.all<Row>('SELECT * FROM alerts ORDER BY raised_at, rowid').flatMap((row) => {
      const rule = rulesById.get(row.rule);
      return rule ? [{ rule, row: { ...row }, isDirty: false }] : [];
    });
  }

  observe({ code, at, subject: about, callId }: Occurrence): void {
    const rule = ruleOf.get(code);
    if (rule === undefined || !this.#options.settings().enabled) return;
    const subject = rule.subject ?? about;
    const open = this.#raised.find(
      (it) => it.rule === rule && it.row.subject === subject && it.row.state !== 'resolved',
    );
    if (open) {
      open.row.count += 1;
      open.row.last_at = at;
      open.row.call_id = callId ?? null;
      // Written and told by the next tick: a flood of failures must not become a flood of writes.
      open.isDirty = true;
      return;
    }
    const key = `${rule.id} ${subject}`;
    const times = [...(this.#watched.get(key) ?? []), at].filter((time) => time > at - rule.windowMs);
    this.#watched.delete(key);
    if (times.length >= rule.count) {
      this.#raise(rule, { subject, times, callId });
      return;
    }
    this.#watched.set(key, times);
    if (this.#watched.size > mostWatched) this.#watched.delete(this.#watched.keys().next().value ?? key);
  }

  /** The latest first. */
  list({ all = false }: { readonly all?: boolean | undefined } = {}): Alert[] {
    return this.#raised
      .filter(({ row }) => all || row.state !== 'resolved')
      .map(described)
      .reverse();
  }

  acknowledge(id: string): Alert {
    const alert = this.#find(id);
    if (alert.row.state === 'open') this.#turn(alert, 'acknowledged');
    return described(alert);
  }

  resolve(id: string): Alert {
    const alert = this.#find(id);
    if (alert.row.state !== 'resolved') this.#turn(alert, 'resolved');
    return described(alert);
  }

  /** Lets time do its work, once a minute. Settles when what it sent has been answered; never rejects. */
  async tick(): Promise<void> {
    const now = this.#options.clock.now();
    const isNews = this.#raised.some(({ isDirty }) => isDirty);
    const over = this.#raised.filter((alert) => alert.row.state !== 'resolved' && this.#isOver(alert, now));
    for (const alert of over) this.#end(alert, 'resolved');
    this.#notify();
    this.flush();
    if (isNews || over.length > 0) this.#publish();
    await Promise.all(this.#due(sendAfterMs).map((alert) => this.#send(alert)));
  }

  /** Writes down what has changed. What cannot be written stays in memory and is tried again. */
  flush(): void {
    const dirty = this.#raised.filter(({ isDirty }) => isDirty);
    if (dirty.length === 0) return;
    try {
      this.#options.database.transaction(() => {
        for (const { row } of dirty) {
          this.#options.database.run(
            `INSERT OR REPLACE INTO alerts (id, rule, subject, state, count, first_at, last_at, raised_at, call_id,
              notified_at, resolved_at, sent_at, tries, next_try_at, problem)
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            ...[row.id, row.rule, row.subject, row.state, row.count, row.first_at, row.last_at, row.raised_at],
            ...[row.call_id, row.notified_at, row.resolved_at, row.sent_at, row.tries, row.next_try_at, row.problem],
          );
        }
        this.#options.database.run(
          'DELETE FROM alerts WHERE id NOT IN (SELECT value FROM json_each(?))',
          JSON.stringify(this.#raised.map(({ row }) => row.id)),
        );
      });
      for (const alert of dirty) alert.isDirty = false;
    } catch (error) {
      // The alert may be about this very disk.
      this.#options.log.error('the alerts could not be written', { error });
    }
  }

  /** Forgets every alert. */
  erase(): void {
    this.#options.database.run('DELETE FROM alerts');
    this.#raised.length = 0;
    this.#watched.clear();
    this.#publish();
  }

  stop(): void {
    this.#stopped.abort();
    this.flush();
  }

  #isOver({ rule, row }: Raised, now: number): boolean {
    const lasts = this.#options.lasts?.[rule.id];
    return lasts ? !lasts() : row.last_at + rule.windowMs <= now;
  }

  #find(id: string): Raised {
    const alert = this.#raised.find(({ row }) => row.id === id);
    if (!alert) throw new PotterError('NOT_FOUND', `There is no alert ${id}.`);
    return alert;
  }

  #raise(
    rule: AlertRule,
    { subject, times, callId }: { subject: string; times: readonly number[]; callId: string | undefined },
  ): void {
    const { clock, newId, events, log } = this.#options;
    const now = clock.now();
    const row: Row = {
      ...{ id: newId(), rule: rule.id, subject, state: 'open', count: times.length, call_id: callId ?? null },
      ...{ first_at: times[0] ?? now, last_at: times.at(-1) ?? now, raised_at: now },
      ...{ notified_at: null, resolved_at: null, sent_at: null, tries: 0, next_try_at: 0, problem: null },
    };
    const alert: Raised = { rule, row, isDirty: true };
    this.#raised.push(alert);
    while (this.#raised.length > mostAlerts) {
      const resolved = this.#raised.findIndex((it) => it.row.state === 'resolved');
      this.#raised.splice(Math.max(resolved, 0), 1);
    }
    log.warn('an alert was raised', { rule: rule.id, subject, callId });
    events.publish('notice.posted', { severity: noticeSeverity(rule), message: sentenceOf(alert) });
    this.#notify();
    // Right after a write that failed another one would only make everybody wait as long again.
    if (!rule.codes.includes('STORAGE')) this.flush();
    this.#publish();
  }

  #turn(alert: Raised, state: Alert['state']): void {
    this.#end(alert, state);
    this.flush();
    this.#publish();
  }

  #end(alert: Raised, state: Alert['state']): void {
    alert.row.state = state;
    if (state === 'resolved') alert.row.resolved_at = this.#options.clock.now();
    alert.isDirty = true;
  }

  #publish(): void {
    const open = this.#raised.filter(({ row }) => row.state === 'open').length;
    this.#options.events.publish('alerts.changed', { open });
  }

  /** Open alerts nobody has looked at for so long, without those that must wait for the end of the quiet hours. */
  #due(afterMs: number, urgentAfterMs = afterMs): Raised[] {
    const now = this.#options.clock.now();
    const { enabled, quietHours } = this.#options.settings();
    const isQuiet = quietHours !== null && isWithin(new Date(now), quietHours);
    return this.#raised.filter(({ rule, row }) => {
      const isCritical = rule.severity === 'critical';
      const isTime = row.raised_at + (isCritical ? urgentAfterMs : afterMs) <= now;
      return enabled && row.state === 'open' && isTime && (isCritical || !isQuiet);
    });
  }

  /** One notification for all that are due, so that the end of the quiet hours is not a volley. */
  #notify(): void {
    const due = this.#due(notifyAfterMs, 0).filter(({ row }) => row.notified_at === null);
    const [first] = due;
    if (first === undefined) return;
    for (const alert of due) {
      alert.row.notified_at = this.#options.clock.now();
      alert.isDirty = true;
    }
    this.#options.show({
      severity: due.some(({ rule }) => noticeSeverity(rule) === 'error') ? 'error' : 'warning',
      title: due.length === 1 ? 'Potter needs attention' : `Potter needs attention: ${due.length} alerts`,
      message: due.length === 1 ? sentenceOf(first) : due.map(({ rule, row }) => rule.message(row.subject)).join(' '),
    });
  }

  async #send(alert: Raised): Promise<void> {
    const { clock, settings, fetch, log, version } = this.#options;
    const { webhook } = settings();
    const { rule, row } = alert;
    const isOver = row.sent_at !== null || row.tries >= mostTries || row.next_try_at > clock.now();
    if (webhook === null || isOver || this.#sending.has(alert)) return;
    this.#sending.add(alert);
    row.tries += 1;
    row.next_try_at = clock.now() + 2 ** row.tries * minute;
    try {
      const { id, severity, subject, count, firstAt, lastAt, message, next } = described(alert);
      const response = await fetch(webhook, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id, rule: rule.id, severity, subject, count, firstAt, lastAt, message, next, version }),
        signal: AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(longestSendMs)]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new PotterError('PROVIDER', `The alert webhook answered with ${response.status}.`);
      row.sent_at = clock.now();
      row.problem = null;
    } catch (thrown) {
      const error = toPotterError(thrown);
      row.problem = error.code === 'INTERNAL' ? 'The alert webhook did not answer in time.' : error.message;
      log.warn('an alert did not reach the webhook', { alert: row.id, tries: row.tries, error });
    } finally {
      this.#sending.delete(alert);
    }
    alert.isDirty = true;
    if (this.#stopped.signal.aborted) return;
    this.flush();
    this.#publish();
  }
}

const noticeSeverity = ({ severity }: AlertRule): Notice['severity'] => (severity === 'critical' ? 'error' : severity);

const sentenceOf = ({ rule, row }: Raised): string => `${rule.message(row.subject)} ${rule.next}`;

function described({ rule, row }: Raised): Alert {
  return {
    ...{ id: row.id, rule: rule.id, severity: rule.severity, subject: row.subject, state: row.state },
    ...{ count: row.count, firstAt: row.first_at, lastAt: row.last_at },
    ...(row.call_id !== null && { callId: row.call_id }),
    ...{ message: rule.message(row.subject), next: rule.next },
    ...(row.notified_at !== null && { notifiedAt: row.notified_at }),
    ...(row.resolved_at !== null && { resolvedAt: row.resolved_at }),
    ...(row.tries > 0 && {
      webhook: { state: webhookState(row), tries: row.tries, ...(row.problem !== null && { problem: row.problem }) },
    }),
  };
}

function webhookState({ sent_at, tries }: Row): NonNullable<Alert['webhook']>['state'] {
  if (sent_at !== null) return 'sent';
  return tries < mostTries ? 'retrying' : 'failed';
}

/** Of the local day; a time that ends before it begins goes over midnight. */
function isWithin(date: Date, { from, to }: NonNullable<AlertSettings['quietHours']>): boolean {
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return from <= to ? from <= time && time < to : time >= from || time < to;
}

const two = (value: number): string => String(value).padStart(2, '0');
