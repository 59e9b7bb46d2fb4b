/** The built panels, as both shells serve them: an exact list of files, and the headers each answer carries. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { PotterError } from '../../shared/errors.ts';

export interface Page {
  readonly type: string;
  readonly cache: string;
  readonly body: Buffer;
}

/** For every answer, whatever it says. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()',
};

/** The policy of an answer that is not a page. */
export const noContent = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `connect` is where the page may connect to, in the words of a policy; a nonce is for one answer. */
export function renderPage(
  { type, cache, body: file }: Page,
  { nonce, connect }: { readonly nonce: string; readonly connect: string },
): { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer } {
  const isHtml = type === types['.html'];
  const body = isHtml ? Buffer.from(file.toString().replaceAll('__CSP_NONCE__', nonce)) : file;
  const headers = {
    ...securityHeaders,
    'Content-Security-Policy': isHtml ? pagePolicy(nonce, connect) : noContent,
    'Content-Type': type,
    'Content-Length': String(body.length),
    'Cache-Control': cache,
  };
  return { headers, body };
}

const pagePolicy = (nonce: string, connect: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "worker-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** The build names these after their content. */
const hashed = /^\/assets\/.+-[\w-]{8,}\.\w+$/;

/**
 * Every file that will ever be served, by the exact text of its path in a request. Links are left out. Fails with
 * `UNAVAILABLE` when the panels are not built.
 */
export async function readPages(root: string): Promise<ReadonlyMap<string, Page>> {
  const pages = new Map<string, Page>();
  await addFolder(pages, root, '/');
  const index = pages.get('/index.html');
  if (!index) throw new PotterError('UNAVAILABLE', `The panels are not built: ${join(root, 'index.html')} is missing.`);
  return pages.set('/', index);
}

/** Folder by folder: inside Electron's archive a recursive listing does not say where its entries are. */
async function addFolder(pages: Map<string, Page>, folder: string, prefix: string): Promise<void> {
  // Without its folder there are no pages, which who asks for one is told.
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const file = join(folder, entry.name);
    const path = prefix + encodeURIComponent(entry.name);
    if (entry.isDirectory()) await addFolder(pages, file, `${path}/`);
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const cache = hashed.test(path) ? 'public, max-age=31536000, immutable' : 'no-store';
    pages.set(path, { type, cache, body: await readFile(file) });
  }
}
