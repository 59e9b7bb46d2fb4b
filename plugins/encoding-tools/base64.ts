import { fromBytes } from './utf8.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function encodeBase64(bytes: Uint8Array): string {
  const out: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const group = (first << 16) | (second << 8) | third;
    const left = bytes.length - at;
    out.push(
      alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63),
      left > 1 ? alphabet.charAt((group >> 6) & 63) : '=',
      left > 2 ? alphabet.charAt(group & 63) : '=',
    );
  }
  return out.join('');
}

/** Takes the alphabet of addresses too, and text broken into lines. */
export function decodeBase64(text: string): string {
  const digits = text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  const wrong = /[^A-Za-z0-9+/]/u.exec(digits);
  if (wrong) throw new Error(`“${wrong[0]}” is no character of Base64.`);
  if (digits.length % 4 === 1) throw new Error('It is not whole: a character is missing, or one is too many.');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let index = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | alphabet.indexOf(digit)) & 0xffffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[index++] = (bits >> held) & 255;
  }
  const decoded = fromBytes(bytes);
  if (decoded === undefined) throw new Error('The decoded bytes are not a text in UTF-8.');
  return decoded;
}
