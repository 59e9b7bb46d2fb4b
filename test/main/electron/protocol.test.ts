import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registerScheme, servePages } from '../../../src/main/electron/protocol.ts';
import { protocol, resetElectron } from '../../helpers/fake-electron.ts';

let folder: string;

beforeEach(async () => {
  resetElectron();
  folder = await mkdtemp(join(tmpdir(), 'potter-pages-'));
  await mkdir(join(folder, 'renderer', 'assets', 'deep'), { recursive: true });
  await writeFile(join(folder, 'secret.js'), 'the secret');
  await writeFile(join(folder, 'renderer', 'index.html'), '<meta content="__CSP_NONCE__"><script src="x.js"></script>');
  await writeFile(join(folder, 'renderer', 'assets', 'main-0123abcd.js'), 'main');
  await writeFile(join(folder, 'renderer', 'assets', 'deep', 'a b.css'), 'deep');
  await writeFile(join(folder, 'renderer', 'notes.txt'), 'not a part of a page');
  await symlink(join(folder, 'secret.js'), join(folder, 'renderer', 'link.js'));
  await servePages(join(folder, 'renderer'));
});

afterEach(() => rm(folder, { recursive: true }));

/** As the text stands, without what `new Request` would do to it: a hostile page is not that tidy. */
async function get(url: string, method = 'GET'): Promise<Response> {
  const handler = protocol.handlers.get('app');
  if (!handler) throw new Error('app: is not handled');
  return handler({ url, method } as Request);
}

test('the scheme has origins and is secure, and no policy is bypassed', () => {
  registerScheme();
  expect(protocol.schemes).toEqual([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
});

test.each(['app://potter/', 'app://potter/index.html', 'app://potter/?theme=dark', 'app://potter/#/history'])(
  'serves the page at %s with a nonce of its own',
  async (url) => {
    const [one, two] = [await get(url), await get(url)];
    const [first, second] = [await one.text(), await two.text()];
    const nonce = /content="([^"]+)"/.exec(first)?.[1];
    expect([one.status, one.headers.get('content-type'), first === second]).toEqual([
      200,
      'text/html; charset=utf-8',
      false,
    ]);
    expect(one.headers.get('content-security-policy')).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'none'; worker-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(one.headers.get('x-content-type-options')).toBe('nosniff');
  },
);

test.each([
  ['app://potter/assets/main-0123abcd.js', 'main', 'text/javascript; charset=utf-8'],
  ['app://potter/assets/deep/a%20b.css', 'deep', 'text/css; charset=utf-8'],
])('serves %s', async (url, body, type) => {
  const response = await get(url);
  expect([response.status, await response.text(), response.headers.get('content-type')]).toEqual([200, body, type]);
});

describe('is not there:', () => {
  const tricks = [
    'app://potter/../secret.js',
    'app://potter/assets/../../secret.js',
    'app://potter/..%2fsecret.js',
    'app://potter/%2e%2e/secret.js',
    'app://potter/..\\secret.js',
    'app://potter/%2e%2e%5csecret.js',
    'app://potter/assets/..%252f..%252fsecret.js',
    'app://potter//secret.js',
    'app://potter///etc/passwd',
    'app://potter/./index.html',
    'app://potter/assets/./main-0123abcd.js',
    'app://potter/assets//main-0123abcd.js',
    'app://potter/assets/main-0123abcd.js/',
    'app://potter/assets/main-0123abcd.js%00.html',
    'app://potter/assets/main-0123abcd.js\0',
    'app://potter/ASSETS/main-0123abcd.js',
    'app://potter/assets/deep/a b.css',
    'app://potter/assets',
    'app://potter/assets/',
    'app://potter/link.js',
    'app://potter/notes.txt',
    'app://potter/__proto__',
    'app://potter/constructor',
    'app://potter/file:///etc/passwd',
    'app://potter',
    'app://potter@evil/index.html',
    'app://potter:1/index.html',
    'app://potter.evil/index.html',
    'app://evil/index.html',
    'app:///index.html',
    'app:index.html',
    'APP://POTTER/index.html',
    'https://potter/index.html',
    '',
  ];
  test.each(tricks)('%j', async (url) => {
    const response = await get(url);
    expect([response.status, await response.text()]).toEqual([404, '']);
  });
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'get'])('refuses the method %s', async (method) => {
  expect((await get('app://potter/', method)).status).toBe(405);
});

test('answers HEAD without a body', async () => {
  const response = await get('app://potter/', 'HEAD');
  expect([response.status, await response.text()]).toEqual([200, '']);
});

test('says that the panels are not built', async () => {
  await expect(servePages(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
