/** Causes of failures that Potter can mend by itself, by the code they fail with. */
import { type ErrorCode, PotterError } from '../../../shared/errors.ts';
import type { Stop } from '../../../shared/transport.ts';
import type { Log } from '../log/log.ts';

/** Mends the cause if it can. True: what failed may be tried once more. */
export type Strategy = (signal: AbortSignal) => boolean | Promise<boolean>;

export interface RecoveryOptions {
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** What takes longer counts as not mended. Default 5 s. */
  readonly deadlineMs?: number;
}

export class Recovery {
  readonly #log: RecoveryOptions['log'];
  readonly #deadlineMs: number;
  readonly #strategies = new Map<ErrorCode, Strategy>();
  readonly #underWay = new Map<ErrorCode, Promise<boolean>>();

  constructor({ log, deadlineMs = 5000 }: RecoveryOptions) {
    this.#log = log;
    this.#deadlineMs = deadlineMs;
  }

  /** Fails with `CONFLICT` when the code has a strategy already. */
  register(code: ErrorCode, strategy: Strategy): Stop {
    if (this.#strategies.has(code)) throw new PotterError('CONFLICT', `${code} has a way to recover already.`);
    this.#strategies.set(code, strategy);
    return () => this.#strategies.delete(code);
  }

  /** Never rejects. Who asks while an attempt for the code is under way waits for that one. */
  attempt(code: ErrorCode): Promise<boolean> {
    const strategy = this.#strategies.get(code);
    if (strategy === undefined) return Promise.resolve(false);
    const attempt = this.#underWay.get(code) ?? this.#mend(code, strategy);
    this.#underWay.set(code, attempt);
    return attempt;
  }

  async #mend(code: ErrorCode, strategy: Strategy): Promise<boolean> {
    const late = new AbortController();
    const isLate = Promise.withResolvers<false>();
    const timer = setTimeout(() => {
      late.abort();
      isLate.resolve(false);
    }, this.#deadlineMs);
    try {
      const isMended = await Promise.race([this.#tried(code, strategy, late.signal), isLate.promise]);
      this.#log.info('recovery was tried', { code, isMended, isLate: late.signal.aborted });
      return isMended;
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(code);
    }
  }

  /** Also hears of a strategy that fails after its deadline. */
  async #tried(code: ErrorCode, strategy: Strategy, signal: AbortSignal): Promise<boolean> {
    try {
      return await strategy(signal);
    } catch (error) {
      this.#log.warn('a way to recover failed itself', { code, error });
      return false;
    }
  }
}
