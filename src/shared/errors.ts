/** Every way an operation can fail: what it is called, how a transport reports it, and what the reader does next. */

/** `info`: as it should be; `warning`: someone's to mend; `error`: outside Potter's power; `critical`: Potter's own footing. */
export const severities = ['info', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof severities)[number];

export interface ErrorKind {
  /** HTTP status the loopback API answers with. */
  readonly status: number;
  /** May the same call succeed if it is simply made again? */
  readonly retryable: boolean;
  /** `user`: bad input or a state the user can mend; `outside`: a provider, network or desktop; `bug`: ours. */
  readonly fault: 'user' | 'outside' | 'bug';
  readonly severity: Severity;
  /** The reader's next step, one sentence. */
  readonly next: string;
}

const user = (status: number, next: string, severity: Severity = 'warning'): ErrorKind => ({
  ...{ status, retryable: false, fault: 'user', severity, next },
});
const outside = (status: number, retryable: boolean, next: string, severity: Severity = 'error'): ErrorKind => ({
  ...{ status, retryable, fault: 'outside', severity, next },
});
/** An answer that came and was held back. */
const guarded = (retryable: boolean, next: string): ErrorKind => outside(502, retryable, next, 'warning');

export const errorKinds = {
  // the call itself
  UNKNOWN_ROUTE: user(404, 'Use one of the operations `potter help` lists.'),
  USAGE: user(400, 'Run `potter help`, or the command with --help.'),
  INVALID_INPUT: user(400, 'Correct the named field and try again.'),
  UNAUTHENTICATED: user(
    401,
    'Open Potter from its own window or the address it printed, which signs you in; a program sends its token.',
  ),
  FORBIDDEN: user(403, 'Use a caller that has this permission.'),
  METHOD: user(405, 'Use the stated method.'),
  CONTENT_TYPE: user(415, 'Send plain JSON in UTF-8 with `Content-Type: application/json`.'),
  BODY_TOO_LARGE: user(413, 'Send less at once.'),
  WRONG_HOST: user(421, 'Ask 127.0.0.1 or localhost with the port Potter listens on.'),
  PORT_TAKEN: user(409, 'End the other program, or choose another port with `api.port`.'),
  RATE_LIMITED: outside(429, true, 'Wait the stated time and try again.', 'warning'),
  CANCELLED: user(499, 'Nothing was changed; start it again when you like.', 'info'),
  BUILT_IN: user(409, 'Hide it instead, or restore it if it was changed.'),
  IMPORT_MALFORMED: user(422, 'Choose a file that Potter exported; nothing was changed.'),
  NOT_FOUND: user(404, 'List what exists and use one of those names.'),
  CONFLICT: user(409, 'Choose another name or remove the one in the way.'),
  TRANSPORT_CLOSED: outside(503, true, 'Try again; if Potter has stopped, start it.'),
  TIMEOUT: outside(504, true, 'Try again in a moment.'),
  INTERNAL: {
    status: 500,
    retryable: false,
    fault: 'bug',
    severity: 'critical',
    next: 'Try again; if it happens again, report it with the call id.',
  },
  UNAVAILABLE: outside(503, false, 'Use the alternative the message names.'),

  // the text run
  UNKNOWN_ACTION: user(404, 'Run `potter actions` to see the actions there are.'),
  EMPTY_TEXT: user(400, 'Select some text, or pipe it in, and run the action again.', 'info'),
  TEXT_TOO_LONG: user(413, 'Work on a shorter part; for language models, `text.maxCharacters` can be raised.'),
  ALREADY_RUNNING: user(409, 'Wait for the run that is under way, or cancel it.'),
  REQUIREMENT: user(422, 'Select a text that meets it, or change the requirements of the action.'),
  NO_INSTRUCTION: user(400, 'Say what to do with the text, and run it again.'),
  NOT_ENGLISH: user(422, 'Use an action of a language model for this text.'),
  EMPTY_RESULT: outside(502, true, 'Choose another action or another model, or try again.'),
  INCOMPLETE: outside(502, true, 'The part that arrived is shown; try again for the whole.'),
  TRUNCATED: outside(502, false, 'Select a shorter part, or choose a model with a longer output.'),
  FILTERED: outside(502, false, 'Change the text or choose another model.'),
  GUARD_REFUSAL: guarded(false, 'Read the answer in the panel; change the text or choose another model.'),
  GUARD_PREAMBLE: guarded(true, 'Read the answer in the panel and copy the part you want, or try again.'),
  GUARD_LANGUAGE: guarded(true, 'Read the answer in the panel, or try again.'),
  GUARD_LENGTH: guarded(true, 'Read the answer in the panel, or try again.'),
  GUARD_PROTECTED: guarded(true, 'Read the answer in the panel and check the named parts, or try again.'),

  // the desktop
  NOTHING_SELECTED: user(422, 'Select some text first, then press the hotkey again.', 'info'),
  SELECTION_STALE: user(422, 'Select the text in the window in front, then press the hotkey again.'),
  HOTKEY_TAKEN: user(409, 'Choose another combination, or release it in the program that holds it.'),
  HOTKEY_INVALID: user(400, 'Use at least one of Ctrl, Alt or Super with a key, such as `Ctrl+Shift+9`.'),
  NO_DESKTOP: outside(503, false, 'Run it in an X11 session, or pass the text on standard input.'),
  WAYLAND: outside(503, false, 'Use an X11 session, or the command the message names.'),

  // providers and keys
  NO_PROVIDER: user(409, 'Start a local model program, or set a key with `potter keys set <provider>`.'),
  UNKNOWN_PROVIDER: user(404, 'Run `potter models` to see the providers there are.'),
  NO_KEY: user(401, 'Set the key with `potter keys set <provider>`.'),
  KEYS_LOCKED: user(
    423,
    'Unlock them with `potter keys unlock` if they have a passphrase, or enter them again with `potter keys set <provider>`.',
  ),
  PASSPHRASE_WRONG: user(401, 'Type the passphrase again; capital letters count.'),
  KEY_DETACHED: user(409, 'Set the key again to confirm the new address.'),
  AUTH: outside(401, false, 'Check the key and set it again with `potter keys set <provider>`.'),
  BILLING: outside(402, false, 'Look at the account at the provider.'),
  QUOTA: outside(402, false, 'Add credit at the provider, or choose another one.'),
  PERMISSION: outside(403, false, 'Choose another model, or ask the owner of the account.'),
  MODEL_NOT_FOUND: outside(404, false, 'Run `potter models` and choose one of those.'),
  ENDPOINT: outside(404, false, 'Correct the base address; it usually ends in `/v1`.'),
  BAD_REQUEST: outside(400, false, 'Choose another model, or report it with the call id.'),
  UNPROCESSABLE: outside(422, false, 'Choose another model, or report it with the call id.'),
  CONTEXT_LENGTH: outside(413, false, 'Select a shorter part, or choose a model with a longer context.'),
  RATE_LIMIT: outside(429, true, 'Wait a little and try again, or choose another model.', 'warning'),
  CIRCUIT_OPEN: outside(503, true, 'Wait until then, or choose another model.'),
  ALL_FAILED: outside(502, true, 'Try again in a moment; your text is as it was.'),
  BUDGET: user(402, 'Raise the budget in the settings, or choose a model on this machine.'),
  PROVIDER: outside(502, true, 'Try again in a moment, or choose another provider.'),
  OVERLOADED: outside(503, true, 'Try again in a moment, or choose another provider.'),
  NOT_API: outside(502, false, 'Open a browser and sign in to the network, then try again.'),
  PROTOCOL: outside(502, false, 'Check that the address speaks the OpenAI wire format.'),
  REDIRECT: outside(502, false, 'Set the final address as the base address.'),
  DNS: outside(503, true, 'Check the address and the network connection.'),
  LOCAL_DOWN: outside(503, false, 'Start the program and try again.'),
  CONNECT: outside(503, true, 'Check the network connection and try again.'),
  CONNECT_TIMEOUT: outside(504, true, 'Check the network connection and try again.'),
  HEADERS_TIMEOUT: outside(504, true, 'Try again in a moment, or choose another provider.'),
  IDLE_TIMEOUT: outside(504, true, 'The part that arrived is shown; try again for the whole.'),
  RESET: outside(502, true, 'Try again in a moment.'),
  TLS: outside(502, false, 'Correct the certificate of the server, or the address.'),
  CLOCK: user(409, 'Set the clock of this computer, best by the network, and try again.'),
  PROXY: outside(502, false, 'Correct `network.proxy`, or list the host in `network.noProxy`.'),
  TOO_LONG: outside(502, false, 'Choose another model; this one did not stop.'),
  BLOCKED_ADDRESS: user(403, 'Use a public address, or name the local host in the provider settings.'),

  // plugins
  PLUGIN_INVALID: user(422, 'Correct the plugin and load it again.'),
  PLUGIN_FAILED: outside(502, false, 'Check the text the plugin was given; its message says what it expected.'),
  PLUGIN_TIMEOUT: outside(504, false, 'Try a shorter text.'),
  FILTER_FAILED: outside(502, false, 'Try again; if it stays, take the plugin out of `plugins.filters`.'),
  PLUGIN_MEMORY: outside(507, false, 'Try a shorter text.'),

  // data, settings, ownership
  SETTINGS_MALFORMED: user(422, 'Correct the named line; the last good settings stay in force until then.'),
  SETTING_UNKNOWN: user(404, 'Run `potter config get` to see the settings there are.'),
  SETTING_INVALID: user(422, 'Use a value of the stated form.'),
  SETTING_LAYER: user(403, 'Set it in a layer that may hold it.'),
  STORAGE: outside(507, false, 'Check the disk and the permissions of the data directory.', 'critical'),
  STORAGE_NEWER: user(409, 'Update Potter; the data was written by a newer version and is left as it is.', 'error'),
  DATA_BUSY: outside(503, true, 'Wait for the other Potter process to start or stop, then try again.'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** The panel where a failure is mended, for the button that opens it. Most need none. */
export const mendedIn: Partial<Record<ErrorCode, 'providers' | 'actions' | 'hotkeys' | 'settings'>> = {
  NO_PROVIDER: 'providers',
  UNKNOWN_PROVIDER: 'providers',
  NO_KEY: 'providers',
  KEYS_LOCKED: 'providers',
  PASSPHRASE_WRONG: 'providers',
  KEY_DETACHED: 'providers',
  AUTH: 'providers',
  PERMISSION: 'providers',
  MODEL_NOT_FOUND: 'providers',
  ENDPOINT: 'providers',
  LOCAL_DOWN: 'providers',
  BLOCKED_ADDRESS: 'providers',
  UNKNOWN_ACTION: 'actions',
  REQUIREMENT: 'actions',
  HOTKEY_TAKEN: 'hotkeys',
  HOTKEY_INVALID: 'hotkeys',
  TEXT_TOO_LONG: 'settings',
  BUDGET: 'settings',
  PROXY: 'settings',
  ALL_FAILED: 'providers',
};

/** What crosses a transport: plain data, no stack, no cause. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly next: string;
  readonly detail?: unknown;
}

/** The one error class. A new failure is a new code in the table, not a new class. */
export class PotterError extends Error {
  override readonly name = 'PotterError';
  readonly code: ErrorCode;
  /** Plain data for the caller: the offending field, the partial answer, the line and column. Never a secret. */
  readonly detail?: unknown;
  /** The call whose reply carried it, as the log names it; on the caller's side only. */
  readonly callId?: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; detail?: unknown; callId?: string | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.detail !== undefined) this.detail = options.detail;
    if (options.callId) this.callId = options.callId;
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }
}

/** Any thrown value as a PotterError: an abort becomes CANCELLED, what nobody foresaw becomes INTERNAL. */
export function toPotterError(thrown: unknown): PotterError {
  if (thrown instanceof PotterError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new PotterError('CANCELLED', 'The run was cancelled.', { cause: thrown });
  }
  return new PotterError('INTERNAL', 'Something went wrong inside Potter.', { cause: thrown });
}

/** The error with more to show. What it carries already stays. */
export function withDetail({ code, message, cause, detail, callId }: PotterError, more: object): PotterError {
  return new PotterError(code, message, {
    cause,
    detail: { ...more, ...(typeof detail === 'object' && detail) },
    callId,
  });
}

export function toWire(error: PotterError): WireError {
  const { code, message, kind, detail } = error;
  return detail === undefined ? { code, message, next: kind.next } : { code, message, next: kind.next, detail };
}

/** The error a reply to that call carried, on the caller's side. A code this version does not know becomes INTERNAL. */
export function fromWire(wire: WireError, callId?: string): PotterError {
  const code: ErrorCode = Object.hasOwn(errorKinds, wire.code) ? wire.code : 'INTERNAL';
  return new PotterError(code, wire.message, { detail: wire.detail, callId });
}
