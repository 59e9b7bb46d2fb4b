import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireOwnership } from '../../../../src/main/core/storage/owner.ts';

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
