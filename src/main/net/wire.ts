/** What the local socket and the WebSocket have in common: messages as JSON, and what one connection may cost. */
import { PotterError } from '../../shared/errors.ts';

const mebibyte = 1024 * 1024;

export const limits = {
  /** Largest message in either direction, in bytes of its JSON. */
  messageBytes: 16 * mebibyte,
  /** Above this many bytes waiting to be sent, nothing more is read from the peer until it has caught up. */
  pauseBytes: 1 * mebibyte,
  /** Above this many bytes waiting to be sent, the peer is taken for one that never reads, and is cut off. */
  dropBytes: 64 * mebibyte,
  /** A peer that does not answer the goodbye is cut off after this many milliseconds. */
  goodbyeMs: 1000,
} as const;

/** The JSON of a message, which never holds a raw line break. Fails with `TEXT_TOO_LONG` when no peer would take it. */
export function encode(message: unknown): Buffer {
  const bytes = Buffer.from(JSON.stringify(message));
  if (bytes.length <= limits.messageBytes) return bytes;
  throw new PotterError(
    'TEXT_TOO_LONG',
    `The message has ${bytes.length} bytes; at most ${limits.messageBytes} can be sent at once.`,
  );
}
