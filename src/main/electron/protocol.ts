/** The internal origin: the built panels under `app://potter/`, and nothing else. */
import { randomBytes } from 'node:crypto';
import { protocol } from 'electron';
import { type Page, readPages, renderPage } from '../net/pages.ts';

/** What the pages of our windows come from. */
export const origin = 'app://potter';

export function isOurUrl(url: string): boolean {
  return url.startsWith(`${origin}/`);
}

/** Before the app is ready, once: makes `app:` a scheme with origins, so that 'self' means something in the policy. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the files of `root`, read once now. Fails with `UNAVAILABLE` when the panels are not built. */
export async function servePages(root: string): Promise<void> {
  const pages = await readPages(root);
  protocol.handle('app', (request) => answer(pages, request));
}

function answer(pages: ReadonlyMap<string, Page>, { url, method }: Request): Response {
  if (method !== 'GET' && method !== 'HEAD') return new Response(null, { status: 405 });
  // Compared as it was sent: whatever is spelled in another way than the table's names is simply not there.
  const path = isOurUrl(url) ? (url.slice(origin.length).split(/[?#]/, 1)[0] ?? '') : '';
  const page = pages.get(path);
  if (page === undefined) return new Response(null, { status: 404 });
  const { headers, body } = renderPage(page, { nonce: randomBytes(16).toString('base64'), connect: "'none'" });
  return new Response(method === 'HEAD' ? null : new Uint8Array(body), { headers });
}
