import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createWaylandDesktop } from '../../../src/main/desktop/wayland.ts';
import { temporaryFolder } from '../../helpers/potter.ts';

const never = new AbortController().signal;

/** Stands in for wl-clipboard: the selection and the clipboard are files. */
function open(programs: { paste?: string; copy?: string } = {}) {
  const folder = temporaryFolder();
  const file = (name: string): string => join(folder, name);
  const { paste = 'test "$1" = --primary && exec cat "$HERE/selection"', copy = 'exec cat > "$HERE/clipboard"' } =
    programs;
  for (const [name, body] of Object.entries({ 'wl-paste': paste, 'wl-copy': copy })) {
    writeFileSync(file(name), `#!/bin/sh\n${body}\n`);
    chmodSync(file(name), 0o755);
  }
  const environment = { PATH: `${folder}:/usr/bin:/bin`, HERE: folder };
  const desktop = createWaylandDesktop({ environment, message: 'Wayland.' });
  const select = (text: string): void => writeFileSync(file('selection'), text);
  const clipboard = (): string => (existsSync(file('clipboard')) ? readFileSync(file('clipboard'), 'utf8') : '');
  return { desktop, select, clipboard };
}

describe('the desktop of a Wayland session', () => {
  test('reads the primary selection and copies the result', async () => {
    const { desktop, select, clipboard } = open();
    select('选中的 text\n');
    const target = await desktop.front(never);
    expect(await desktop.capture(target, never)).toBe('选中的 text\n');
    expect(await desktop.write(target, 'שלום\n', never)).toBe('copied');
    expect(clipboard()).toBe('שלום\n');
  });

  test('says that nothing is selected', async () => {
    const { desktop } = open({ paste: 'echo "Nothing is copied" >&2; exit 1' });
    const target = await desktop.front(never);
    await expect(desktop.capture(target, never)).rejects.toMatchObject({ code: 'NOTHING_SELECTED' });
  });

  test('does not claim a copy that failed', async () => {
    const { desktop } = open({ copy: 'cat > /dev/null; exit 1' });
    await expect(desktop.copy('lost')).rejects.toMatchObject({ code: 'WAYLAND' });
  });

  test('names the package when its programs are missing', async () => {
    const desktop = createWaylandDesktop({ environment: { PATH: temporaryFolder() }, message: 'Wayland.' });
    const missing = { code: 'WAYLAND', message: expect.stringContaining('wl-clipboard') };
    await expect(desktop.capture(await desktop.front(never), never)).rejects.toMatchObject(missing);
    await expect(desktop.copy('x')).rejects.toMatchObject(missing);
  });

  test('a program that never answers is given up with the run', async () => {
    const { desktop } = open({ paste: 'exec sleep 600' });
    const controller = new AbortController();
    const capturing = desktop.capture(await desktop.front(never), controller.signal);
    controller.abort();
    await expect(capturing).rejects.toMatchObject({ name: 'AbortError' });
  });
});
