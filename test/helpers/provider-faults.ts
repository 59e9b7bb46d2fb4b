/** Faults that look the same in every wire format, and what a caller sees of a completion. */
import { expect } from 'vitest';
import type { CompletionEvent, CompletionRequest, Provider } from '../../src/main/core/providers/provider.ts';
import { type ErrorCode, PotterError } from '../../src/shared/errors.ts';
import type { VendorScenario } from './fake-vendor.ts';

export interface ProviderFault<S> {
  /** In faults.csv. */
  readonly id: string;
  readonly title: string;
  readonly scenario: S;
  readonly code: ErrorCode;
  /** Every part must be in the message. */
  readonly says?: readonly string[];
  /** The wait that is told; null for none. */
  readonly waitMs?: number | null;
  /** What had been shown before it failed. */
  readonly partial?: string;
}

/** Codes of the faults that are a wait. */
export const waits: readonly ErrorCode[] = ['HEADERS_TIMEOUT', 'IDLE_TIMEOUT'];

export const page = '<!DOCTYPE html><html><body><h1>Secret page</h1></body></html>';
const pageHeaders = { 'content-type': 'text/html' };

export const commonFaults: readonly ProviderFault<VendorScenario>[] = [
  { id: 'F01', title: '400 without a body', scenario: { reply: { status: 400 } }, code: 'BAD_REQUEST' },
  { id: 'F03', title: '401 in prose alone', scenario: { reply: { status: 401, body: 'Unauthorized' } }, code: 'AUTH' },
  { id: 'F04', title: '402', scenario: { reply: { status: 402, body: {} } }, code: 'BILLING' },
  { id: 'F05', title: '403 in prose alone', scenario: { reply: { status: 403, body: 'no' } }, code: 'PERMISSION' },
  {
    id: 'F07',
    title: '404 with a page',
    scenario: { reply: { status: 404, headers: pageHeaders, body: page } },
    code: 'ENDPOINT',
    says: ['404'],
  },
  {
    id: 'F07',
    title: '404 of another API',
    scenario: { reply: { status: 404, body: { detail: 'Not Found' } } },
    code: 'ENDPOINT',
  },
  { id: 'F07', title: '405', scenario: { reply: { status: 405, body: 'Method Not Allowed' } }, code: 'ENDPOINT' },
  { id: 'F08', title: '408', scenario: { reply: { status: 408 } }, code: 'TIMEOUT' },
  { id: 'F09', title: '409', scenario: { reply: { status: 409, body: '{}' } }, code: 'PROVIDER', says: ['409'] },
  {
    id: 'F10',
    title: '413',
    scenario: { reply: { status: 413, headers: pageHeaders, body: page } },
    code: 'CONTEXT_LENGTH',
  },
  { id: 'F11', title: '415', scenario: { reply: { status: 415 } }, code: 'UNPROCESSABLE' },
  { id: 'F11', title: '422', scenario: { reply: { status: 422, body: '{}' } }, code: 'UNPROCESSABLE' },
  { id: 'F14', title: '429 without a header', scenario: { reply: { status: 429 } }, code: 'RATE_LIMIT', waitMs: null },
  {
    id: 'F19',
    title: '502 with a page',
    scenario: { reply: { status: 502, headers: pageHeaders, body: page } },
    code: 'PROVIDER',
    says: ['502'],
  },
  { id: 'F20', title: '503', scenario: { reply: { status: 503, body: 'no' } }, code: 'OVERLOADED' },
  { id: 'F21', title: '504', scenario: { reply: { status: 504, body: page } }, code: 'TIMEOUT' },
  { id: 'F22', title: '529', scenario: { reply: { status: 529, body: '{}' } }, code: 'OVERLOADED' },
  {
    id: 'F23',
    title: 'redirect to another host',
    scenario: { reply: { status: 307, headers: { location: 'https://elsewhere.example/v1' } } },
    code: 'REDIRECT',
    says: ['elsewhere.example'],
  },
  {
    id: 'F23',
    title: 'redirect on the same host',
    scenario: { reply: { status: 301, headers: { location: '/v2/chat' } } },
    code: 'REDIRECT',
  },
  {
    id: 'F24',
    title: '200 with a page',
    scenario: { reply: { status: 200, headers: pageHeaders, body: page } },
    code: 'NOT_API',
  },
  { id: 'F25', title: '200 with nothing', scenario: { reply: { status: 200 } }, code: 'EMPTY_RESULT' },
  { id: 'F25', title: '204', scenario: { reply: { status: 204 } }, code: 'EMPTY_RESULT' },
  {
    id: 'F26',
    title: '200 with plain words',
    scenario: { raw: 'It works!\n', contentType: 'text/plain' },
    code: 'PROTOCOL',
  },
  { id: 'F26', title: '200 with JSON of something else', scenario: { reply: { body: [1, 2] } }, code: 'PROTOCOL' },
  { id: 'F35', title: 'headers never arrive', scenario: { silent: true }, code: 'HEADERS_TIMEOUT' },
  { id: 'F36', title: 'reset before the first byte', scenario: { resetAtOnce: true }, code: 'RESET' },
  { id: 'F36', title: 'reset after the headers', scenario: { after: 1, ending: 'reset' }, code: 'RESET' },
  {
    id: 'F40',
    title: 'bytes that are not UTF-8',
    scenario: { raw: Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xfe, 0x0a, 0x0a]) },
    code: 'PROTOCOL',
  },
  { id: 'F45', title: 'stall after the headers', scenario: { after: 0, ending: 'stall' }, code: 'IDLE_TIMEOUT' },
  {
    id: 'F49',
    title: 'a header bomb',
    scenario: { reply: { headers: { 'x-bomb': 'x'.repeat(100_000) } } },
    code: 'PROTOCOL',
  },
  {
    id: 'F50',
    title: 'a giant document',
    scenario: { reply: { body: JSON.stringify({ filler: 'x'.repeat(3 << 20) }) } },
    code: 'PROTOCOL',
  },
  {
    id: 'F50',
    title: 'a compressed reply',
    scenario: { reply: { headers: { 'content-encoding': 'gzip' }, body: 'x' } },
    code: 'PROTOCOL',
  },
  {
    id: 'F57',
    title: 'a proxy that asks for a login',
    scenario: { reply: { status: 407 } },
    code: 'PROXY',
    says: ['network.proxy'],
  },
];

/** `Retry-After` values and the wait each stands for, when it is 12:00 on 23 November 2026. */
export const retryAfterValues: readonly (readonly [id: string, header: string, waitMs: number | null])[] = [
  ['F12', '1', 1000],
  ['F13', '3600', 3_600_000],
  ['F15', '-5', null],
  ['F15', 'soon', null],
  ['F15', 'Mon, 01 Jan 2001 00:00:00 GMT', null],
  ['F15', '99999999999', null],
  ['F15', '0', null],
  ['F15', '', null],
  ['F15', 'Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
];
export const retryAfterNow = Date.parse('2026-11-23T12:00:00Z');

export interface Seen {
  readonly text: string;
  readonly end?: CompletionEvent;
  readonly error?: PotterError;
}

/** What came of a completion: everything the caller saw. */
export async function see(provider: Provider, request: CompletionRequest, signal: AbortSignal): Promise<Seen> {
  let text = '';
  let end: CompletionEvent | undefined;
  try {
    for await (const event of provider.complete(request, signal)) {
      expect(end).toBeUndefined();
      if (event.type === 'text') text += event.text;
      else end = event;
    }
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PotterError);
    return { text, ...(end && { end }), error: thrown as PotterError };
  }
  return { text, ...(end && { end }) };
}
