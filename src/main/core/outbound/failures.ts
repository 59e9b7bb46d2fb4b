/** What the network says when it fails, in Potter's words. */
import { type ErrorCode, PotterError } from '../../../shared/errors.ts';
import type { FetchPolicy, OutboundLimits } from '../outbound.ts';
import { type ServerClock, wrongClock } from './clock.ts';

/** One request on its way. */
export interface Sending {
  readonly url: URL;
  /** Its host and port. */
  readonly host: string;
  /** Is it a program on this machine? */
  readonly isLocal: boolean;
  readonly policy: FetchPolicy;
  readonly limits: OutboundLimits;
  readonly headersMs: number;
  readonly idleMs: number;
  readonly signal: AbortSignal | undefined;
  /** Host and port of the proxy it goes through. */
  readonly proxy: string | undefined;
  readonly clock: ServerClock;
}

const unknownAuthority =
  'its certificate was issued by an authority this computer does not know; `network.caFile` can name a file with the ' +
  'certificate of that authority';

/** Why a certificate was not accepted, in words. */
const certificateReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this computer right?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; `network.caFile` can name a file with it',
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate belongs to another host',
  CERT_REVOKED: 'its certificate has been revoked',
  EPROTO: 'it does not speak TLS there',
};

type Said = (who: string, sent: Sending) => string;
const unreachable: Said = (who) => `${who} cannot be reached.`;
const cutOff: Said = (who) => `${who} closed the connection before the answer was complete.`;
const notFound: Said = (who, { url }) => `${who} cannot be reached: the host ${url.hostname} was not found.`;

/** System and undici codes, what Potter calls them, and the sentence. */
const failures: Readonly<Record<string, readonly [ErrorCode, Said]>> = {
  ENOTFOUND: ['DNS', notFound],
  EAI_AGAIN: ['DNS', (who, { url }) => `${who} cannot be reached: looking up ${url.hostname} brought no answer.`],
  ENODATA: ['DNS', notFound],
  EAI_NODATA: ['DNS', notFound],
  EAI_FAIL: ['DNS', notFound],
  ECONNREFUSED: ['CONNECT', (who) => `${who} refused the connection.`],
  EHOSTUNREACH: ['CONNECT', unreachable],
  ENETUNREACH: ['CONNECT', unreachable],
  ENETDOWN: ['CONNECT', unreachable],
  EHOSTDOWN: ['CONNECT', unreachable],
  EADDRNOTAVAIL: ['CONNECT', unreachable],
  EACCES: ['CONNECT', unreachable],
  EPERM: ['CONNECT', unreachable],
  ETIMEDOUT: ['CONNECT_TIMEOUT', (who) => `${who} did not accept a connection.`],
  UND_ERR_CONNECT_TIMEOUT: [
    'CONNECT_TIMEOUT',
    (who, { limits }) => `${who} did not accept a connection within ${limits.connectMs / 1000} s.`,
  ],
  UND_ERR_HEADERS_TIMEOUT: [
    'HEADERS_TIMEOUT',
    (who, { headersMs }) => `${who} did not answer within ${headersMs / 1000} s.`,
  ],
  UND_ERR_BODY_TIMEOUT: [
    'IDLE_TIMEOUT',
    (_who, { policy, idleMs }) => `${policy.name} stopped answering: nothing came for ${idleMs / 1000} s.`,
  ],
  UND_ERR_HEADERS_OVERFLOW: ['PROTOCOL', (who) => `${who} sent headers beyond any measure.`],
  HPE_HEADER_OVERFLOW: ['PROTOCOL', (who) => `${who} sent headers beyond any measure.`],
  UND_ERR_SOCKET: ['RESET', cutOff],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: ['RESET', cutOff],
  UND_ERR_ABORTED: ['RESET', cutOff],
  ECONNRESET: ['RESET', cutOff],
  ECONNABORTED: ['RESET', cutOff],
  EPIPE: ['RESET', cutOff],
  HPE_INVALID_EOF_STATE: ['RESET', cutOff],
  UND_ERR_DESTROYED: ['TRANSPORT_CLOSED', () => 'Potter is stopping.'],
  UND_ERR_CLOSED: ['TRANSPORT_CLOSED', () => 'Potter is stopping.'],
};

/** What a wrong clock makes of a good certificate. */
const clockReasons = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** Any failure of the network as a PotterError; an abort stays the signal's reason. */
export function translate(thrown: unknown, sent: Sending): unknown {
  if (sent.signal?.aborted) return sent.signal.reason;
  if (thrown instanceof PotterError) return thrown;
  const { url, host, isLocal, policy } = sent;
  const code = codeOf(thrown);
  const who = `${policy.name} at ${host}`;
  if (code === 'ECONNREFUSED' && isLocal) return notRunning(policy, url, thrown);
  const atProxy = sent.proxy === undefined ? undefined : failureOfProxy(sent.proxy, code, thrown);
  if (atProxy) return atProxy;
  // Where the server itself is reached without TLS, it is the proxy that has it.
  const peer = sent.proxy !== undefined && url.protocol === 'http:' ? `the proxy ${sent.proxy}` : who;
  const reason = certificateReasons[code];
  const clockFailure = clockReasons.has(code) ? wrongClock(sent.clock.last, thrown) : undefined;
  if (clockFailure) return clockFailure;
  if (reason !== undefined || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    return new PotterError('TLS', `No secure connection to ${peer}: ${reason ?? certificateReasons.EPROTO}.`, {
      cause: thrown,
    });
  }
  const known = Object.hasOwn(failures, code) ? failures[code] : undefined;
  if (known) return new PotterError(known[0], known[1](who, sent), { cause: thrown });
  // undici's parser leaves the code out for some of its complaints.
  if (code.startsWith('HPE_') || (thrown instanceof Error && thrown.name === 'HTTPParserError')) {
    return new PotterError('PROTOCOL', `${who} did not answer with HTTP.`, { cause: thrown });
  }
  return new PotterError('CONNECT', unreachable(who, sent), { cause: thrown });
}

/** Behind a proxy every connection is one to the proxy, so what it comes to speaks of the proxy. */
function failureOfProxy(proxy: string, code: string, cause: unknown): PotterError | undefined {
  const who = `The proxy ${proxy} of \`network.proxy\``;
  const refused = statusOfProxy(cause);
  if (refused === '407') return new PotterError('PROXY', `${who} wants a login, which Potter cannot give.`, { cause });
  if (refused)
    return new PotterError('PROXY', `${who} did not make the connection; it answered ${refused}.`, { cause });
  const [kind] = (Object.hasOwn(failures, code) && failures[code]) || [];
  const isUnreachable = code.startsWith('UND_ERR_PRX') || kind === 'DNS' || kind === 'CONNECT';
  if (isUnreachable || kind === 'CONNECT_TIMEOUT') {
    return new PotterError('PROXY', `${who} cannot be reached.`, { cause });
  }
  return undefined;
}

/** undici tells the status in its prose alone. */
function statusOfProxy(thrown: unknown): string | undefined {
  const message = thrown instanceof Error ? thrown.message : '';
  return /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(message)?.[1];
}

function notRunning(policy: FetchPolicy, url: URL, cause: unknown): PotterError {
  const remedy = policy.start === undefined ? '' : ` Start it with \`${policy.start}\`.`;
  return new PotterError('LOCAL_DOWN', `${policy.name} is not running on ${url.host}.${remedy}`, { cause });
}

/** The code of an error, of its cause, or of the first of several attempts. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return wasConnected(thrown) ? 'ECONNRESET' : thrown.code;
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return codeOf(thrown.cause);
}

/**
 * The system has one code for a connection that never came about and one that is lost, as after sleep or in another
 * network: what it was doing tells them apart. A failed handshake is told as EPROTO, whatever it was doing.
 */
function wasConnected(failure: Error & { readonly code?: unknown }): boolean {
  const doing = 'syscall' in failure ? failure.syscall : undefined;
  return (doing === 'read' || doing === 'write') && failure.code !== 'EPROTO';
}
