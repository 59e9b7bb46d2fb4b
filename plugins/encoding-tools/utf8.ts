/** Text as bytes and back; the engine of plugins has no TextEncoder. */

export function toBytes(text: string): Uint8Array {
  const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text);
  if (lone) throw new Error(`The text holds half a character at position ${lone.index + 1}; UTF-8 cannot write it.`);
  const escaped = encodeURIComponent(text);
  const bytes = new Uint8Array(escaped.length - 2 * (escaped.match(/%/g)?.length ?? 0));
  for (let at = 0, index = 0; at < escaped.length; index++) {
    const isEscape = escaped.charCodeAt(at) === 37;
    bytes[index] = isEscape ? Number.parseInt(escaped.slice(at + 1, at + 3), 16) : escaped.charCodeAt(at);
    at += isEscape ? 3 : 1;
  }
  return bytes;
}

/** Undefined when the bytes are no text. */
export function fromBytes(bytes: Uint8Array): string | undefined {
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}
