/** A monitor on a real database, with a clock, a process and an event loop the test moves. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/main/core/host.ts';
import {
  loopResolutionMs,
  type MonitorOptions,
  PerformanceMonitor,
  type Usage,
} from '../../src/main/core/monitor/metrics.ts';
import { type Database, openDatabase } from '../../src/main/core/storage/database.ts';
import { temporaryFolder } from './potter.ts';

export class ManualClock implements Clock {
  at: number;
  elapsed = 0;

  constructor(at: number) {
    this.at = at;
  }

  now(): number {
    return this.at;
  }

  monotonic(): number {
    return this.elapsed;
  }

  advance(ms: number): void {
    this.at += ms;
    this.elapsed += ms;
  }
}

/** Node's histogram of the event loop, in nanoseconds and with the time between two looks in it. */
export class FakeLoop implements NonNullable<MonitorOptions['loop']> {
  isEnabled = false;
  count = 0;
  percentiles = new Map<number, number>();

  /** So many looks, all of them this late. */
  delay(ms: number, looks = 1000): void {
    this.count = looks;
    const nanoseconds = (ms + loopResolutionMs) * 1e6;
    this.percentiles = new Map([0, 50, 99, 100].map((percentile) => [percentile, nanoseconds]));
  }

  enable(): boolean {
    this.isEnabled = true;
    return true;
  }

  disable(): boolean {
    this.isEnabled = false;
    return true;
  }

  reset(): void {
    this.count = 0;
    this.percentiles = new Map();
  }
}

export interface MonitorBench {
  readonly monitor: PerformanceMonitor;
  readonly database: Database;
  readonly clock: ManualClock;
  readonly loop: FakeLoop;
  readonly usage: { -readonly [K in keyof Usage]: Usage[K] };
  /** Stops the monitor and starts another one on the same file. */
  restart(): MonitorBench;
}

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
/** The first of January 2027. */
export const newYear = Date.UTC(2027, 0, 1);

export function monitorBench(
  path = join(temporaryFolder(), 'potter.db'),
  clock = new ManualClock(newYear),
): MonitorBench {
  const database = openDatabase(path);
  const loop = new FakeLoop();
  const usage = { rssBytes: 100 * 2 ** 20, heapBytes: 50 * 2 ** 20, cpuMicros: 0 };
  const monitor = new PerformanceMonitor({ clock, database, loop, usage: () => ({ ...usage }) });
  let isOpen = true;
  const close = (): void => {
    if (isOpen) database.close();
    isOpen = false;
  };
  onTestFinished(close);
  const restart = (): MonitorBench => {
    monitor.stop();
    close();
    return monitorBench(path, clock);
  };
  return { monitor, database, clock, loop, usage, restart };
}
