/** Figures that outlive the process: rows of a minute, an hour and a day, each the sum of what happened in it. */
import { type MetricKind, metricKinds } from '../../../shared/contract.ts';
import type { Database } from '../storage/database.ts';
import { type EncodedFigures, Figures } from './figures.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long a row covers, and how long it is kept. */
export const resolutions = {
  minute: { ms: minute, keptMs: 48 * hour },
  hour: { ms: hour, keptMs: 60 * day },
  day: { ms: day, keptMs: 730 * day },
} as const;
export type Resolution = keyof typeof resolutions;

/** The sum over all names of a kind stands under this name, so that a total need not read every name. */
export const everyName = '';
/** Where the names go that are one too many. */
export const otherNames = 'other';
/** Names of one kind, in memory and in the database. */
export const maxNames = 300;

export type FiguresByName = ReadonlyMap<string, Figures>;
export type FiguresByKind = Readonly<Record<MetricKind, FiguresByName>>;

export interface RowQuery {
  readonly kind: MetricKind;
  /** Every name but the sum over them if left out. */
  readonly name?: string;
  readonly resolution: Resolution;
  /** Epoch milliseconds; a row counts when it begins in between, both ends included. */
  readonly from: number;
  readonly to: number;
}

interface Row extends EncodedFigures {
  readonly name: string;
  readonly start: number;
}

export class RollUps {
  readonly #database: Database;
  /** Ids by kind and name; read at first use, and again after a transaction that failed. */
  #ids: Map<MetricKind, Map<string, number>> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Adds what happened at `at` to its minute, its hour and its day, and deletes what is too old: all of it or nothing.
   * A time before the last one is a row like any other, so a clock that was set back does no harm.
   */
  write(at: number, pending: FiguresByKind): void {
    try {
      this.#database.transaction(() => {
        for (const kind of metricKinds) this.#writeKind(kind, at, pending[kind]);
        this.#purge(at);
      });
    } catch (thrown) {
      this.#ids = undefined;
      throw thrown;
    }
  }

  /** Calls `visit` with every row, in no particular order. */
  read({ kind, name, resolution, from, to }: RowQuery, visit: (row: Row) => void): void {
    const rows = this.#database.all<Row>(
      `SELECT name, start, time, first_token AS firstToken, tallies
       FROM metric_names CROSS JOIN metrics ON metrics.name_id = metric_names.id
       WHERE kind = ? AND (name = ? OR (? AND name <> '')) AND resolution = ? AND start BETWEEN ? AND ?`,
      ...[kind, name ?? null, name === undefined ? 1 : 0, resolutions[resolution].ms, from, to],
    );
    for (const row of rows) visit(row);
  }

  /** When each name of a kind was busy: the beginnings of its rows, without reading what is in them. */
  beginnings({ kind, resolution, from, to }: Omit<RowQuery, 'name'>): Map<string, number[]> {
    const rows = this.#database.all<Pick<Row, 'name' | 'start'>>(
      `SELECT name, start FROM metric_names CROSS JOIN metrics ON metrics.name_id = metric_names.id
       WHERE kind = ? AND name <> '' AND resolution = ? AND start BETWEEN ? AND ?`,
      ...[kind, resolutions[resolution].ms, from, to],
    );
    const byName = new Map<string, number[]>();
    for (const { name, start } of rows) {
      const starts = byName.get(name);
      if (starts) starts.push(start);
      else byName.set(name, [start]);
    }
    return byName;
  }

  erase(): void {
    this.#ids = undefined;
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM metrics');
      this.#database.run('DELETE FROM metric_names');
    });
  }

  #writeKind(kind: MetricKind, at: number, byName: FiguresByName): void {
    const sum = new Figures();
    for (const [name, figures] of byName) {
      if (figures.isEmpty) continue;
      this.#add(this.#idOf(kind, name), at, figures);
      if (name !== everyName) sum.merge(figures);
    }
    if (!sum.isEmpty) this.#add(this.#idOf(kind, everyName), at, sum);
  }

  #add(id: number, at: number, figures: Figures): void {
    for (const { ms } of Object.values(resolutions)) {
      const start = Math.floor(at / ms) * ms;
      const there = this.#database.get<EncodedFigures>(
        `SELECT time, first_token AS firstToken, tallies FROM metrics
         WHERE resolution = ? AND name_id = ? AND start = ?`,
        ...[ms, id, start],
      );
      const sum = there ? sumOf(figures, there) : figures;
      const { time, firstToken, tallies } = sum.encode();
      this.#database.run(
        `INSERT OR REPLACE INTO metrics (resolution, name_id, start, time, first_token, tallies)
         VALUES (?, ?, ?, ?, ?, ?)`,
        ...[ms, id, start, time, firstToken, tallies],
      );
    }
  }

  #idOf(kind: MetricKind, name: string): number {
    this.#ids ??= this.#readIds();
    const ofKind = this.#ids.get(kind) ?? new Map<string, number>();
    this.#ids.set(kind, ofKind);
    const bounded = ofKind.has(name) || name === everyName || ofKind.size < maxNames ? name : otherNames;
    let id = ofKind.get(bounded);
    if (id === undefined) {
      this.#database.run('INSERT INTO metric_names (kind, name) VALUES (?, ?)', kind, bounded);
      id = this.#database.get<{ id: number }>(
        'SELECT id FROM metric_names WHERE kind = ? AND name = ?',
        kind,
        bounded,
      )?.id;
      ofKind.set(bounded, id ?? 0);
    }
    return id ?? 0;
  }

  #readIds(): Map<MetricKind, Map<string, number>> {
    const ids = new Map<MetricKind, Map<string, number>>();
    type NameRow = { readonly id: number; readonly kind: MetricKind; readonly name: string };
    for (const { id, kind, name } of this.#database.all<NameRow>('SELECT id, kind, name FROM metric_names')) {
      const ofKind = ids.get(kind) ?? new Map<string, number>();
      ids.set(kind, ofKind.set(name, id));
    }
    return ids;
  }

  #purge(now: number): void {
    let daysRemoved = 0;
    for (const { ms, keptMs } of Object.values(resolutions)) {
      daysRemoved = this.#database.run('DELETE FROM metrics WHERE resolution = ? AND start < ?', ms, now - keptMs);
    }
    if (daysRemoved === 0) return;
    // Days are kept longest: a name without one has nothing left.
    this.#database.run(
      `DELETE FROM metric_names WHERE NOT EXISTS
       (SELECT 1 FROM metrics WHERE resolution = ? AND name_id = metric_names.id)`,
      day,
    );
    this.#ids = undefined;
  }
}

function sumOf(figures: Figures, encoded: EncodedFigures): Figures {
  const sum = new Figures();
  sum.merge(figures);
  sum.mergeEncoded(encoded);
  return sum;
}
