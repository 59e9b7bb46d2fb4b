/** Real programs to type in: mousepad, and a textarea in a Chromium window. */

import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import type { Connection } from '../../src/main/desktop/connection.ts';
import { end, type Session, until } from './session.ts';

export interface Editor {
  readonly name: string;
  /** Shows this text, nothing selected, its window in front. */
  show(text: string): Promise<void>;
  selectAll(): Promise<void>;
  /** Gives up the selection by a key, as a person would. */
  deselect(): Promise<void>;
  /** Resolves with `performance.now()` of the moment the shown text was changed. */
  changed(ms?: number): Promise<number>;
  hasChanged(): Promise<boolean>;
  text(): Promise<string>;
  focus(): Promise<void>;
  close(): Promise<void>;
}

export interface Mousepad extends Editor {
  /** A second text goes into a second tab, which is the one in front. */
  show(text: string, second?: string): Promise<void>;
  otherTab(): Promise<void>;
}

export interface Chromium extends Editor {
  show(text: string, options?: { readonly readOnly: boolean }): Promise<void>;
}

let lastFile = 0;

/** One mousepad process; each text is a file it opens. `options` are mousepad's own. */
export async function openMousepad(
  session: Session,
  connection: Connection,
  ...options: readonly string[]
): Promise<Mousepad> {
  const state = { file: '', window: 0, child: undefined as ReturnType<Session['start']> | undefined };
  const title = (): Promise<string> => titleOf(connection, state.window);
  const close = async (): Promise<void> => {
    if (state.child) await end(state.child);
    state.child = undefined;
  };
  const hasChanged = async (): Promise<boolean> => (await title()).startsWith('*');
  return {
    name: 'mousepad',
    show: async (...contents) => {
      await close();
      const files: string[] = [];
      for (const content of contents) {
        if (content === undefined) continue;
        files.push(join(session.folder, `text-${++lastFile}.txt`));
        await writeFile(files.at(-1) ?? '', content);
      }
      state.file = files.at(-1) ?? '';
      state.child = session.start('mousepad', '--disable-server', '--opening-mode=tab', ...options, ...files);
      const name = basename(state.file);
      state.window = await until(`the window of ${name}`, () => activeWindow(connection, (it) => it.includes(name)));
    },
    otherTab: async () => {
      const before = await title();
      await session.run('xdotool', 'key', 'ctrl+Page_Up');
      await until('the other tab', async () => ((await title()) === before ? undefined : true));
    },
    selectAll: async () => {
      const { window } = state;
      await insist('the selection in mousepad', session, 'ctrl+a', async () => {
        const owner = await primaryOwner(connection);
        return owner !== 0 && connection.isSameClient(owner, window);
      });
    },
    deselect: async () => {
      await insist('no selection in mousepad', session, 'Right', async () => (await primaryOwner(connection)) === 0);
    },
    changed: (ms) =>
      until('a change in mousepad', async () => ((await hasChanged()) ? performance.now() : undefined), ms),
    hasChanged,
    text: async () => {
      if (await hasChanged()) {
        await session.run('xdotool', 'key', 'ctrl+s');
        await until('mousepad to save', async () => ((await hasChanged()) ? undefined : true));
      }
      return await readFile(state.file, 'utf8');
    },
    focus: async () => {
      await session.run('xdotool', 'windowactivate', '--sync', String(state.window));
    },
    close,
  };
}

const page = `<!doctype html><meta charset="utf-8"><title>potter-textarea</title><link rel="icon" href="data:,">
<textarea id="t" style="width:90vw;height:80vh"></textarea><script>
const t = document.getElementById('t');
const post = (path, body) => fetch(path, { method: 'POST', body });
t.addEventListener('input', () => post('/input', t.value));
document.addEventListener('selectionchange', () => post('/selection', String(t.selectionEnd - t.selectionStart)));
t.addEventListener('selectionchange', () => post('/selection', String(t.selectionEnd - t.selectionStart)));
new EventSource('/texts').onmessage = (event) => { Object.assign(t, JSON.parse(event.data)); t.focus(); t.setSelectionRange(0, 0); post('/shown', t.value); };
</script>`;

/** A page of our own in a window without browser controls; it reports every input. */
export async function openChromium(session: Session, connection: Connection): Promise<Chromium> {
  const seen = {
    value: '',
    selected: 0,
    shown: undefined as string | undefined,
    changedAt: undefined as number | undefined,
  };
  let events: ServerResponse | undefined;
  const onPost: Record<string, (body: string) => void> = {
    '/input': (body) => {
      seen.changedAt ??= performance.now();
      seen.value = body;
    },
    '/selection': (body) => {
      seen.selected = Number(body);
    },
    '/shown': (body) => {
      seen.shown = body;
    },
  };
  const server = createServer((request, response) => {
    if (request.url === '/texts') {
      events = response.writeHead(200, { 'content-type': 'text/event-stream' });
      events.flushHeaders();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      onPost[request.url ?? '']?.(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(request.method === 'GET' ? page : '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const child = session.start(
    'chromium',
    `--app=http://127.0.0.1:${port}/`,
    `--user-data-dir=${join(session.folder, 'chromium')}`,
    ...'--no-sandbox --test-type --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --password-store=basic'.split(
      ' ',
    ),
  );
  const window = await until(
    'the Chromium window',
    () => activeWindow(connection, (title) => title.includes('potter-textarea')),
    60_000,
  );
  await until('the page', () => events, 30_000);
  const focus = async (): Promise<void> => {
    await session.run('xdotool', 'windowactivate', '--sync', String(window));
  };
  return {
    name: 'chromium',
    focus,
    show: async (text, { readOnly } = { readOnly: false }) => {
      await focus();
      Object.assign(seen, { shown: undefined });
      events?.write(`data: ${JSON.stringify({ value: text, readOnly })}\n\n`);
      await until('the page to show the text', () => (seen.shown === text ? true : undefined));
      Object.assign(seen, { value: text, changedAt: undefined });
      await until('no selection in the page', () => (seen.selected === 0 ? true : undefined));
    },
    selectAll: async () => {
      await insist('the selection in the page', session, 'ctrl+a', () => seen.selected > 0);
    },
    deselect: async () => {
      await insist('no selection in the page', session, 'Right', () => seen.selected === 0);
    },
    changed: (ms) => until('a change in the page', () => seen.changedAt, ms),
    hasChanged: async () => seen.changedAt !== undefined,
    text: async () => seen.value,
    close: async () => {
      await end(child);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Presses a key until it has taken effect: a window that has just opened does not listen at once. */
async function insist(
  what: string,
  session: Session,
  key: string,
  isDone: () => boolean | Promise<boolean>,
): Promise<void> {
  const done = async (): Promise<true | undefined> => ((await isDone()) ? true : undefined);
  await until(what, async () => {
    await session.run('xdotool', 'key', key);
    return await until(what, done, 500).catch(() => undefined);
  });
}

function primaryOwner(connection: Connection): Promise<number> {
  const primary = 1;
  return connection.ask<number>((client, done) => client.GetSelectionOwner(primary, done));
}

async function titleOf(connection: Connection, window: number): Promise<string> {
  const name = await connection.atom('_NET_WM_NAME');
  return (await connection.property(window, name, { remove: false }))?.data.toString('utf8') ?? '';
}

/** The window in front, when its title is the one waited for. */
async function activeWindow(connection: Connection, isIt: (title: string) => boolean): Promise<number | undefined> {
  const active = await connection.atom('_NET_ACTIVE_WINDOW');
  const window = (await connection.property(connection.root, active, { remove: false }))?.data.readUInt32LE(0);
  return window && isIt(await titleOf(connection, window)) ? window : undefined;
}
