/** Whatever ends an attempt to ask a provider, as the one error its caller sees. */
import { PotterError } from '../../../shared/errors.ts';
import { type Asked, type Fault, readFault, toPotterFault } from './faults.ts';

/** One request to a provider. */
export interface Attempt {
  readonly asked: Asked;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch, to read a `Retry-After` date by. */
  readonly now: number;
  /** The reply header with the vendor's id of the request. Default `x-request-id`. */
  readonly requestIdHeader?: string;
  /** Reads the vendor's error object. Default: `readFault`. */
  readonly readError?: (error: unknown, rest: Pick<Fault, 'status' | 'requestId' | 'retryAfter'>) => Fault;
}

/** An error object where a part of an answer was expected. Never leaves the providers. */
export class InBandError extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super('the stream carried an error');
    this.error = error;
  }
}

export function translate(thrown: unknown, attempt: Attempt): PotterError {
  const { asked, signal, now, requestIdHeader = 'x-request-id', readError = readFault } = attempt;
  if (signal.aborted) return cancelled(signal);
  const own = ownError(thrown);
  if (own) return own;
  if (thrown instanceof InBandError) return toPotterFault(readError(thrown.error, {}), asked, now);
  if (isReplyError(thrown)) {
    const { status, error, headers } = thrown;
    const header = (name: string): string | undefined => headers.get(name) ?? undefined;
    const rest = { status, requestId: header(requestIdHeader), retryAfter: header('retry-after') };
    return toPotterFault(readError(error, rest), asked, now);
  }
  return new PotterError('INTERNAL', `Asking ${asked.provider} failed inside Potter.`, { cause: thrown });
}

/** Has the connection gone, rather than the answer been wrong? */
export function isLost(thrown: unknown): boolean {
  return thrown instanceof PotterError && (thrown.code === 'RESET' || thrown.code === 'IDLE_TIMEOUT');
}

/** A connection reset after the first text leaves an incomplete answer, whatever broke it. */
export function afterText(thrown: unknown, name: string): unknown {
  if (!(thrown instanceof PotterError) || thrown.code !== 'RESET') return thrown;
  return new PotterError('INCOMPLETE', `${name} stopped in the middle of the answer.`, { cause: thrown });
}

/** What the SDKs say of an error reply. */
interface ReplyError extends Error {
  readonly status: number;
  readonly error: unknown;
  readonly headers: Headers;
}

function isReplyError(thrown: unknown): thrown is ReplyError {
  return (
    thrown instanceof Error &&
    'status' in thrown &&
    typeof thrown.status === 'number' &&
    'headers' in thrown &&
    thrown.headers instanceof Headers
  );
}

/** The reason an abort was given, such as a deadline of the run; else the person's cancel. */
function cancelled(signal: AbortSignal): PotterError {
  if (signal.reason instanceof PotterError) return signal.reason;
  return new PotterError('CANCELLED', 'The run was cancelled.', { cause: signal.reason });
}

/** The SDKs wrap what their fetch throws. */
function ownError(thrown: unknown): PotterError | undefined {
  if (thrown instanceof PotterError) return thrown;
  return thrown instanceof Error ? ownError(thrown.cause) : undefined;
}
