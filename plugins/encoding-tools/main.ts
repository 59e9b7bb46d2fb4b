import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { decodeHTML } from 'entities/decode';
import { escapeText } from 'entities/escape';
import type { Plugin } from '../../src/shared/plugin-api.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { toBytes } from './utf8.ts';

export const plugin: Plugin = {
  commands: {
    'url-encode': encodeUrl,
    'url-decode': decodeUrl,
    'base64-encode': (text) => encodeBase64(toBytes(text)),
    'base64-decode': decodeBase64,
    'html-encode': (text) => escapeText(text).replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    'html-decode': (text) => decodeHTML(text),
    hashes,
  },
};

function encodeUrl(text: string): string {
  toBytes(text);
  return encodeURIComponent(text);
}

function decodeUrl(text: string): string {
  const wrong = /%(?![0-9a-fA-F]{2})/.exec(text);
  if (wrong) throw new Error(`At character ${wrong.index + 1}: “%” must be followed by two hexadecimal digits.`);
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('The encoded bytes are not a text in UTF-8.');
  }
}

/** Of the text as it stands, in UTF-8, its final newline included. */
function hashes(text: string): string {
  const bytes = toBytes(text);
  const all = { 'MD5    ': md5, 'SHA-1  ': sha1, 'SHA-256': sha256, 'SHA-512': sha512 };
  return Object.entries(all)
    .map(([name, hash]) => `${name}  ${bytesToHex(hash(bytes))}`)
    .join('\n');
}
