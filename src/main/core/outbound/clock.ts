/** How far the clock of this computer is off, by what servers say the time is. */
import { PotterError } from '../../../shared/errors.ts';
import type { Sending } from './failures.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Less is never told: certificates and signed requests bear it. */
const toleratedMs = 5 * 60_000;

/** A time as a server told it, kept as it came, since it is hardly ever read. */
export interface ToldTime {
  readonly date: string | string[];
  readonly at: number;
  readonly host: string;
}

export class ServerClock {
  readonly #now: () => number;
  #last: ToldTime | undefined;
  #isFromElsewhere = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What a server said last. One of this machine goes by the same clock and never takes the place of another. */
  get last(): ToldTime | undefined {
    return this.#last;
  }

  /** To be called with every reply. */
  note({ date, age }: Headers, { host, isLocal }: Pick<Sending, 'host' | 'isLocal'>): ToldTime | undefined {
    // A reply from a cache says what time it was.
    if (date === undefined || age !== undefined) return undefined;
    const told = { date, at: this.#now(), host };
    if (!isLocal || !this.#isFromElsewhere) this.#last = told;
    this.#isFromElsewhere ||= !isLocal;
    return told;
  }
}

/** The failure to report where a wrong clock may be the reason. */
export function wrongClock(told: ToldTime | undefined, cause?: unknown): PotterError | undefined {
  const offMs = told ? Math.abs(Date.parse(String(told.date)) - told.at) : 0;
  // A date that cannot be read is off by nothing.
  if (!told || !(offMs > toleratedMs)) return undefined;
  const minutes = Math.round(offMs / 60_000);
  return new PotterError(
    'CLOCK',
    `The clock of this computer is off by about ${minutes} minutes (by the Date of ${told.host}).`,
    { cause },
  );
}
