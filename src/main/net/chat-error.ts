/** Failures as programs of the OpenAI wire format read them. */
import { type ErrorCode, toPotterError } from '../../shared/errors.ts';

export function toChatError(thrown: unknown): { readonly status: number; readonly body: object } {
  const { code, message, kind } = toPotterError(thrown);
  const error = { message: `${message} ${kind.next}`, type: kinds[code] ?? 'server_error', param: null, code };
  return { status: kind.status, body: { error } };
}

/** The vendor's names of the kinds that its SDKs tell apart. */
const kinds: Partial<Record<ErrorCode, string>> = {
  RATE_LIMIT: 'rate_limit_exceeded',
  RATE_LIMITED: 'rate_limit_exceeded',
  UNAUTHENTICATED: 'authentication_error',
  FORBIDDEN: 'permission_error',
  INVALID_INPUT: 'invalid_request_error',
  MODEL_NOT_FOUND: 'invalid_request_error',
  UNKNOWN_PROVIDER: 'invalid_request_error',
  UNPROCESSABLE: 'invalid_request_error',
  BODY_TOO_LARGE: 'invalid_request_error',
  CONTENT_TYPE: 'invalid_request_error',
};
