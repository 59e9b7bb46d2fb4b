/** What went wrong at a provider, by its status and code. Its prose is neither trusted nor repeated: it may quote the key. */
import { type ErrorCode, PotterError } from '../../../shared/errors.ts';

/** What an error reply or an error inside a stream says. */
export interface Fault {
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  /** The field it complains about. */
  readonly param?: string | undefined;
  /** Prose: read only for numbers, and for the model's name where the server gives no code. */
  readonly message?: string | undefined;
  /** Was there an error object at all? A web server's own 404 has none. */
  readonly structured: boolean;
  readonly requestId?: string | undefined;
  readonly retryAfter?: string | undefined;
}

/** Who was asked for what. */
export interface Asked {
  readonly provider: string;
  readonly model?: string | undefined;
  /** Was a key sent? */
  readonly withKey: boolean;
  readonly knownModels: readonly string[];
}

export function toPotterFault(fault: Fault, asked: Asked, now: number): PotterError {
  const code = codeOf(fault, asked);
  const sentence = sentences[code] ?? sentences.PROVIDER;
  const retryAfterMs = retryAfter(fault.retryAfter, now);
  const wait = code === 'RATE_LIMIT' && retryAfterMs !== undefined ? whenFree(retryAfterMs, now) : '';
  return new PotterError(code, (sentence?.(asked, fault) ?? '') + wait, {
    detail: {
      provider: asked.provider,
      ...(asked.model !== undefined && { model: asked.model }),
      ...(fault.status !== undefined && { status: fault.status }),
      ...optional('providerCode', plainWord(fault.code ?? fault.type)),
      ...optional('field', plainWord(fault.param)),
      ...optional('requestId', plainWord(fault.requestId)),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  });
}

/** The vendor's `error` object, or whatever a server put in its place, as a fault. */
export function readFault(
  error: unknown,
  rest: Omit<Fault, 'structured' | 'code' | 'type' | 'param' | 'message'>,
): Fault {
  if (typeof error === 'string') return { ...rest, structured: true, message: error };
  if (typeof error !== 'object' || error === null) return { ...rest, structured: false };
  const field = (name: string): unknown => (Object.hasOwn(error, name) ? Reflect.get(error, name) : undefined);
  const code = field('code');
  // Some servers repeat the status as the code; inside a stream it is the only status there is.
  const numeric = /^[1-5]\d\d$/.test(String(code)) ? Number(code) : undefined;
  return {
    ...rest,
    status: rest.status ?? numeric,
    code: numeric === undefined ? word(code) : undefined,
    type: word(field('type')),
    param: word(field('param')),
    message: word(field('message')),
    structured: true,
  };
}

/** Codes and types of the vendors' error objects. They say more than the status: a 429 may be a limit or an empty purse. */
const byVendorCode: Readonly<Record<string, ErrorCode>> = {
  invalid_api_key: 'AUTH',
  invalid_authentication: 'AUTH',
  authentication_error: 'AUTH',
  account_deactivated: 'AUTH',
  claude_code_key_creator_not_member: 'AUTH',
  insufficient_quota: 'QUOTA',
  insufficient_credits: 'QUOTA',
  enforced_spend_limit_reached: 'QUOTA',
  billing_hard_limit_reached: 'BILLING',
  billing_limit_reached: 'BILLING',
  billing_not_active: 'BILLING',
  billing_error: 'BILLING',
  contract_spend_limit_reached: 'BILLING',
  linked_organization_billing_unavailable: 'BILLING',
  linked_organization_spend_limit_reached: 'BILLING',
  access_terminated: 'BILLING',
  permission_denied: 'PERMISSION',
  permission_error: 'PERMISSION',
  insufficient_permissions: 'PERMISSION',
  organization_on_hold: 'PERMISSION',
  unsupported_country_region_territory: 'PERMISSION',
  model_not_found: 'MODEL_NOT_FOUND',
  model_not_available: 'MODEL_NOT_FOUND',
  invalid_model: 'MODEL_NOT_FOUND',
  DeploymentNotFound: 'MODEL_NOT_FOUND',
  context_length_exceeded: 'CONTEXT_LENGTH',
  string_above_max_length: 'CONTEXT_LENGTH',
  exceed_context_size_error: 'CONTEXT_LENGTH',
  request_too_large: 'CONTEXT_LENGTH',
  rate_limit_exceeded: 'RATE_LIMIT',
  rate_limit_error: 'RATE_LIMIT',
  ramp_limit_exceeded: 'RATE_LIMIT',
  slow_down: 'RATE_LIMIT',
  server_is_overloaded: 'OVERLOADED',
  engine_overloaded: 'OVERLOADED',
  overloaded_error: 'OVERLOADED',
  unavailable_error: 'OVERLOADED',
  timeout_error: 'TIMEOUT',
  server_error: 'PROVIDER',
  internal_server_error: 'PROVIDER',
  content_filter: 'FILTERED',
  content_policy_violation: 'FILTERED',
  ResponsibleAIPolicyViolation: 'FILTERED',
  // Google: reasons, then statuses.
  API_KEY_INVALID: 'AUTH',
  API_KEY_EXPIRED: 'AUTH',
  CREDENTIALS_MISSING: 'AUTH',
  CONSUMER_INVALID: 'AUTH',
  BILLING_DISABLED: 'BILLING',
  CONSUMER_SUSPENDED: 'BILLING',
  API_KEY_SERVICE_BLOCKED: 'PERMISSION',
  API_KEY_HTTP_REFERRER_BLOCKED: 'PERMISSION',
  API_KEY_IP_ADDRESS_BLOCKED: 'PERMISSION',
  API_KEY_ANDROID_APP_BLOCKED: 'PERMISSION',
  API_KEY_IOS_APP_BLOCKED: 'PERMISSION',
  SERVICE_DISABLED: 'PERMISSION',
  RESOURCE_QUOTA_EXCEEDED: 'QUOTA',
  RATE_LIMIT_EXCEEDED: 'RATE_LIMIT',
  UNAUTHENTICATED: 'AUTH',
  PERMISSION_DENIED: 'PERMISSION',
  RESOURCE_EXHAUSTED: 'RATE_LIMIT',
  UNAVAILABLE: 'OVERLOADED',
  DEADLINE_EXCEEDED: 'TIMEOUT',
};

const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'AUTH',
  402: 'BILLING',
  403: 'PERMISSION',
  404: 'ENDPOINT',
  405: 'ENDPOINT',
  407: 'PROXY',
  408: 'TIMEOUT',
  409: 'PROVIDER',
  413: 'CONTEXT_LENGTH',
  415: 'UNPROCESSABLE',
  422: 'UNPROCESSABLE',
  429: 'RATE_LIMIT',
  503: 'OVERLOADED',
  504: 'TIMEOUT',
  529: 'OVERLOADED',
};

function codeOf(fault: Fault, asked: Asked): ErrorCode {
  const { code, type, status } = fault;
  for (const said of [code, type]) {
    if (said !== undefined && Object.hasOwn(byVendorCode, said)) return byVendorCode[said] as ErrorCode;
  }
  if (status === undefined) return 'PROVIDER';
  if (status === 404 && meansModel(fault, asked)) return 'MODEL_NOT_FOUND';
  return byStatus[status] ?? (status >= 400 && status < 500 ? 'BAD_REQUEST' : 'PROVIDER');
}

function meansModel({ structured, code, param, message }: Fault, { model }: Asked): boolean {
  if (!structured || model === undefined) return false;
  return param === 'model' || (code === undefined && (message ?? '').includes(model));
}

type Sentence = (asked: Asked, fault: Fault) => string;
const sentences: Partial<Record<ErrorCode, Sentence>> = {
  AUTH: ({ provider, withKey }) =>
    withKey ? `The key for ${provider} was refused.` : `${provider} wants a key, and none is set.`,
  BILLING: ({ provider }) => `${provider} refused: the account has reached its limit.`,
  QUOTA: ({ provider }) => `There is no credit left at ${provider}.`,
  PERMISSION: (asked) => `The key for ${asked.provider} may not use ${modelOf(asked)}, or not from here.`,
  ENDPOINT: ({ provider }, { status }) => `The address of ${provider} is not an API: it answered ${status}.`,
  MODEL_NOT_FOUND: (asked) => `${asked.provider} has no model ${quoted(asked.model)}.${offered(asked.knownModels)}`,
  CONTEXT_LENGTH: (asked, fault) => `The text is too long for ${modelOf(asked)} of ${asked.provider}${tokens(fault)}.`,
  BAD_REQUEST: ({ provider }, fault) => `${provider} rejected the request${field(fault)}.`,
  UNPROCESSABLE: ({ provider }, fault) => `${provider} could not process the request${field(fault)}.`,
  RATE_LIMIT: ({ provider }) => `${provider} is asked too often.`,
  OVERLOADED: ({ provider }) => `${provider} is overloaded.`,
  TIMEOUT: ({ provider }) => `${provider} timed out.`,
  CONNECT: ({ provider }) => `A proxy on the way to ${provider} asks for a login.`,
  FILTERED: ({ provider }) => `${provider} declined: its content filter stopped the request.`,
  PROVIDER: ({ provider }, fault) => `${provider} had an error of its own${identified(fault)}.`,
};

const quoted = (model: string | undefined): string => `"${model ?? ''}"`;
const modelOf = ({ model }: Asked): string => (model === undefined ? 'this model' : `the model ${quoted(model)}`);
const field = ({ param }: Fault): string => (plainWord(param) === undefined ? '' : ` because of "${plainWord(param)}"`);

function offered(models: readonly string[]): string {
  if (models.length === 0) return '';
  return ` It offers ${models.slice(0, 5).join(', ')}${models.length > 5 ? ` and ${models.length - 5} more` : ''}.`;
}

function identified({ status, requestId }: Fault): string {
  const said = [status, plainWord(requestId) && `request ${plainWord(requestId)}`].filter((part) => part !== undefined);
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

/**
 * The two numbers of "maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens", or of
 * "9001 tokens > 8192 maximum".
 */
function tokens({ message = '' }: Fault): string {
  const [, excess, most] = /(\d{2,9}) tokens > (\d{2,9})/.exec(message) ?? [];
  const [limit, used] = most ? [most, excess] : [...message.matchAll(/(\d{2,9}) tokens/g)].map(([, count]) => count);
  return limit === undefined || used === undefined ? '' : ` (${used} of ${limit} tokens)`;
}

/** Milliseconds to wait, from `Retry-After` in seconds or as a date. Past, negative, absurd or junk: as if absent. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,6}(?:\.\d{1,3})?$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  const day = 86_400_000;
  return ms > 0 && ms <= day ? Math.ceil(ms) : undefined;
}

/** A wait that a person would sit through in seconds, a longer one by the clock on the wall. */
function whenFree(ms: number, now: number): string {
  if (ms <= 120_000) return ` It asks to wait ${Math.ceil(ms / 1000)} s.`;
  return ` It is free again at ${new Date(now + ms).toTimeString().slice(0, 5)}.`;
}

const word = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** A vendor's identifier that is safe to show: no white space, short, not shaped like a key. */
export function plainWord(value: string | undefined): string | undefined {
  return value !== undefined && /^(?!sk-)[\w.[\]:-]{1,80}$/.test(value) ? value : undefined;
}

const optional = (name: string, value: string | undefined): Record<string, string> =>
  value === undefined ? {} : { [name]: value };
