/** What is worth an alert: how often a failure must happen within which time, and what to say then. */
import type { ErrorCode, Severity } from '../../../shared/errors.ts';

export interface AlertRule {
  readonly id: string;
  readonly codes: readonly ErrorCode[];
  /** Raised when it has happened so often within the window; resolved by itself when a window passes without it. */
  readonly count: number;
  readonly windowMs: number;
  readonly severity: Severity;
  /** One alert for all of Potter, about this; one for each provider, plugin or operation if left out. */
  readonly subject?: string;
  readonly message: (subject: string) => string;
  readonly next: string;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A code stands in one rule at most. */
export const alertRules: readonly AlertRule[] = [
  {
    id: 'provider-failing',
    codes: [
      ...(['ALL_FAILED', 'PROVIDER', 'OVERLOADED', 'RATE_LIMIT', 'CIRCUIT_OPEN', 'PROTOCOL', 'NOT_API'] as const),
      ...(['REDIRECT', 'ENDPOINT', 'MODEL_NOT_FOUND', 'DNS', 'LOCAL_DOWN', 'CONNECT', 'CONNECT_TIMEOUT'] as const),
      ...(['HEADERS_TIMEOUT', 'IDLE_TIMEOUT', 'RESET', 'TLS'] as const),
    ],
    count: 5,
    windowMs: 10 * minute,
    severity: 'error',
    message: (subject) => `${subject} fails again and again.`,
    next: 'Look at the provider with `potter models`, or choose another one.',
  },
  {
    id: 'key-refused',
    codes: ['AUTH', 'PERMISSION'],
    count: 2,
    windowMs: hour,
    severity: 'error',
    message: (subject) => `${subject} refuses the key.`,
    next: 'Enter another key, in the panel Providers or with `potter keys set`.',
  },
  {
    id: 'account-empty',
    codes: ['BILLING', 'QUOTA'],
    count: 2,
    windowMs: hour,
    severity: 'error',
    message: (subject) => `The account at ${subject} is used up.`,
    next: 'Add credit at the provider, or choose another one.',
  },
  {
    id: 'storage-failed',
    codes: ['STORAGE'],
    count: 1,
    windowMs: hour,
    severity: 'critical',
    subject: 'storage',
    message: () => 'Potter could not read or write its data.',
    next: 'Check the disk and the permissions of the data directory, then run `potter doctor`.',
  },
  {
    id: 'plugin-crashing',
    codes: ['PLUGIN_INVALID', 'PLUGIN_TIMEOUT', 'PLUGIN_MEMORY'],
    count: 3,
    windowMs: 10 * minute,
    severity: 'error',
    message: (subject) => `The plugin ${subject} breaks down again and again.`,
    next: 'Use another action, or a shorter text.',
  },
  {
    id: 'internal-error',
    codes: ['INTERNAL'],
    count: 2,
    windowMs: hour,
    severity: 'error',
    message: (subject) => `The operation ${subject} failed more than once through a fault of Potter.`,
    next: 'Report it with the call id, which the log names as well.',
  },
  {
    id: 'settings-broken',
    codes: ['SETTINGS_MALFORMED'],
    count: 1,
    windowMs: day,
    severity: 'warning',
    subject: 'settings',
    message: () => 'The settings file cannot be read; the last good settings are in force.',
    next: 'Correct the line the log and `potter doctor` name.',
  },
];
