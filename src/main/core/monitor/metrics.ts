/** Counts and times of every call, kept in memory. */
import type { Sample } from '../gateway/middleware.ts';

export interface RouteFigures {
  readonly calls: number;
  readonly errors: number;
  /** Milliseconds over all calls. */
  readonly totalMs: number;
  readonly maxMs: number;
}

export class PerformanceMonitor {
  readonly #routes = new Map<Sample['route'], RouteFigures>();

  readonly record = ({ route, ms, result }: Sample): void => {
    const { calls, errors, totalMs, maxMs } = this.#routes.get(route) ?? { calls: 0, errors: 0, totalMs: 0, maxMs: 0 };
    this.#routes.set(route, {
      calls: calls + 1,
      errors: errors + (result === 'ok' ? 0 : 1),
      totalMs: totalMs + ms,
      maxMs: Math.max(maxMs, ms),
    });
  };

  figures(): ReadonlyMap<Sample['route'], RouteFigures> {
    return this.#routes;
  }
}
