/** What each failure of a request to a language model means for the next one. */
import type { ErrorCode, PotterError } from '../../../shared/errors.ts';

export interface Rule {
  /** Attempts at one model at most. */
  readonly attempts: number;
  /** Does it speak against the server, so that its breaker counts it? */
  readonly breaks: boolean;
  /** Does it speak against the key, so that the next one is tried? */
  readonly key: boolean;
  /** May another model be asked instead? */
  readonly failsOver: boolean;
}

const rule = (attempts: number, ...traits: readonly ('breaks' | 'key' | 'failsOver')[]): Rule => ({
  attempts,
  breaks: traits.includes('breaks'),
  key: traits.includes('key'),
  failsOver: traits.includes('failsOver'),
});

/** By the code of the failure, never by its prose. What is not listed is final, for another model would fail as well. */
const rules: Partial<Record<ErrorCode, Rule>> = {
  TIMEOUT: rule(3, 'breaks', 'failsOver'),
  PROVIDER: rule(3, 'breaks', 'failsOver'),
  OVERLOADED: rule(3, 'breaks', 'failsOver'),
  CONNECT: rule(3, 'breaks', 'failsOver'),
  CONNECT_TIMEOUT: rule(3, 'breaks', 'failsOver'),
  HEADERS_TIMEOUT: rule(3, 'breaks', 'failsOver'),
  RESET: rule(3, 'breaks', 'failsOver'),
  // It came to nothing before the first byte: the machine slept, or its network changed.
  INCOMPLETE: rule(2, 'failsOver'),
  IDLE_TIMEOUT: rule(1, 'breaks', 'failsOver'),
  DNS: rule(3, 'failsOver'),
  RATE_LIMIT: rule(3, 'failsOver'),
  EMPTY_RESULT: rule(2, 'failsOver'),
  AUTH: rule(1, 'key', 'failsOver'),
  BILLING: rule(1, 'key', 'failsOver'),
  QUOTA: rule(1, 'key', 'failsOver'),
  PERMISSION: rule(1, 'key', 'failsOver'),
  MODEL_NOT_FOUND: rule(1, 'failsOver'),
  PROTOCOL: rule(1, 'failsOver'),
  NOT_API: rule(1, 'failsOver'),
  ENDPOINT: rule(1, 'failsOver'),
  REDIRECT: rule(1, 'failsOver'),
  TLS: rule(1, 'failsOver'),
  LOCAL_DOWN: rule(1, 'failsOver'),
  NO_PROVIDER: rule(1, 'failsOver'),
  NO_KEY: rule(1, 'failsOver'),
  KEYS_LOCKED: rule(1, 'failsOver'),
  KEY_DETACHED: rule(1, 'failsOver'),
  BLOCKED_ADDRESS: rule(1, 'failsOver'),
  CIRCUIT_OPEN: rule(1, 'failsOver'),
  BUDGET: rule(1, 'failsOver'),
  // They stand in the way of every model alike, and only the person can mend them.
  PROXY: rule(1),
  CLOCK: rule(1),
};
const final = rule(1);

export function ruleOf({ code }: PotterError): Rule {
  return rules[code] ?? final;
}

/** Would another key of the same provider perhaps be let in? */
export function speaksAgainstKey(error: PotterError): boolean {
  return ruleOf(error).key;
}
