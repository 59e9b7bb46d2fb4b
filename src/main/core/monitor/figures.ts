/** What is known of one thing that was done many times: how long it took, how it failed, what it cost. */
import type { ErrorCode } from '../../../shared/errors.ts';
import { Histogram } from './histogram.ts';

/** Everything that is counted besides times and errors. */
export const counters = [
  'inputTokens',
  'outputTokens',
  'costMicros',
  /** How many calls had a cost, and of how many of them it was an estimate. */
  'priced',
  'estimates',
  'attempts',
  'failovers',
  'hits',
  'misses',
  /** Requests equal to an earlier one, answered from the cache or not. */
  'repeats',
] as const;
export type Counter = (typeof counters)[number];

export class Figures {
  readonly time = new Histogram();
  readonly firstToken = new Histogram();
  readonly counts: Record<Counter, number> = zeroes();
  readonly errorCodes = new Map<string, number>();

  get calls(): number {
    return this.time.count;
  }

  /** Calls that failed; one that was cancelled did not fail. */
  get errors(): number {
    let sum = 0;
    for (const [code, count] of this.errorCodes) if (code !== 'CANCELLED') sum += count;
    return sum;
  }

  get isEmpty(): boolean {
    return this.calls === 0 && counters.every((name) => this.counts[name] === 0);
  }

  record(ms: number, result: 'ok' | ErrorCode): void {
    this.time.record(ms);
    if (result !== 'ok') this.errorCodes.set(result, (this.errorCodes.get(result) ?? 0) + 1);
  }

  merge(other: Figures): void {
    this.time.merge(other.time);
    this.firstToken.merge(other.firstToken);
    for (const name of counters) this.counts[name] += other.counts[name];
    for (const [code, count] of other.errorCodes) this.errorCodes.set(code, (this.errorCodes.get(code) ?? 0) + count);
  }

  clear(): void {
    this.time.clear();
    this.firstToken.clear();
    for (const name of counters) this.counts[name] = 0;
    this.errorCodes.clear();
  }

  encode(): EncodedFigures {
    const counts = counters.filter((name) => this.counts[name] > 0).map((name) => [name, this.counts[name]]);
    const tallies = {
      ...(counts.length > 0 && { counts }),
      ...(this.errorCodes.size > 0 && { errors: [...this.errorCodes] }),
    };
    return {
      time: this.time.encode(),
      firstToken: this.firstToken.count > 0 ? this.firstToken.encode() : null,
      tallies: JSON.stringify(tallies),
    };
  }

  mergeEncoded({ time, firstToken, tallies }: EncodedFigures): void {
    this.time.mergeEncoded(time);
    if (firstToken !== null) this.firstToken.mergeEncoded(firstToken);
    if (tallies === '{}') return;
    const { counts = [], errors = [] } = JSON.parse(tallies) as Tallies;
    for (const [name, count] of counts) if (Object.hasOwn(this.counts, name)) this.counts[name] += count;
    for (const [code, count] of errors) this.errorCodes.set(code, (this.errorCodes.get(code) ?? 0) + count);
  }
}

/** As a row of the database holds them. */
export interface EncodedFigures {
  readonly time: Uint8Array;
  readonly firstToken: Uint8Array | null;
  readonly tallies: string;
}

interface Tallies {
  readonly counts?: readonly (readonly [Counter, number])[];
  readonly errors?: readonly (readonly [string, number])[];
}

function zeroes(): Record<Counter, number> {
  // `fromEntries` forgets which names it was given.
  return Object.fromEntries(counters.map((name) => [name, 0])) as Record<Counter, number>;
}
