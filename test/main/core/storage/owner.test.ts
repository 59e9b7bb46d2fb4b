import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireOwnership, preparePrivateFolder, socketPath } from '../../../../src/main/core/storage/owner.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-owner-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('owning a data directory', () => {
  it('is for one at a time and can be taken after a release', () => {
    const first = acquireOwnership(directory);
    expect(first).toBeDefined();
    expect(acquireOwnership(directory)).toBeUndefined();
    first?.release();
    first?.release();
    const second = acquireOwnership(directory);
    expect(second).toBeDefined();
    second?.release();
  });

  it('lasts as long as the process, referred to or not, and ends with it even when it is killed', async () => {
    const child = fork(new URL('./owner-child.ts', import.meta.url), [directory], { execArgv: ['--expose-gc'] });
    try {
      expect(await once(child, 'message')).toEqual(['owned', undefined]);
      expect(acquireOwnership(directory)).toBeUndefined();
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const mine = acquireOwnership(directory);
    expect(mine).toBeDefined();
    mine?.release();
  });

  it('says so when the directory cannot be made', () => {
    expect(() => acquireOwnership('/dev/null/potter')).toThrow(expect.objectContaining({ code: 'STORAGE' }));
  });
});

describe('the local socket', () => {
  const linux = { platform: 'linux', temporary: '/tmp', uid: 1000 } as const;

  it('lies in the data directory where the path is short enough', () => {
    expect(socketPath('/home/a/.potter', linux)).toBe('/home/a/.potter/potter.sock');
  });

  it('lies in a folder of the user where it would be too long, one for each directory', () => {
    const long = `/home/${'ü'.repeat(50)}`;
    const path = socketPath(long, linux);
    expect(path).toMatch(/^\/tmp\/potter-1000-[0-9a-f]{16}\/potter\.sock$/);
    expect(socketPath(`${long}x`, linux)).not.toBe(path);
  });

  it('is a named pipe on Windows', () => {
    expect(socketPath('/data', { platform: 'win32', temporary: '/tmp' })).toMatch(
      /^\\\\\.\\pipe\\potter-[0-9a-f]{16}$/,
    );
  });

  it('gets a folder that is the user’s alone', { skip: process.platform === 'win32' }, () => {
    const folder = join(directory, 'socket');
    mkdirSync(folder, { mode: 0o755 });
    preparePrivateFolder(folder, process.getuid?.());
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    symlinkSync(folder, join(directory, 'link'));
    const refused = expect.objectContaining({ code: 'STORAGE' });
    expect(() => preparePrivateFolder(join(directory, 'link'), process.getuid?.())).toThrow(refused);
    expect(() => preparePrivateFolder(folder, 4242)).toThrow(refused);
  });
});
