import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'potter-sources-'));
  file = join(directory, 'settings.json');
  writeFileSync(file, 'old');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const child = fileURLToPath(new URL('./replace-child.ts', import.meta.url));

/** In a process whose files may not grow past 16 blocks (8 or 16 KiB): the write stops half way, as on a full disk. */
function replaceWithLimit(characters: number): string {
  const command = 'ulimit -f 16; exec "$@"';
  const call = ['-c', command, 'sh', process.execPath, child, file, String(characters)];
  return spawnSync('sh', call, { encoding: 'utf8' }).stdout;
}

describe('replacing a file', { skip: process.platform === 'win32' }, () => {
  it('fails and keeps the old text when only a part of the new one fits', () => {
    expect(replaceWithLimit(100_000)).toBe('STORAGE');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(directory)).toEqual(['settings.json']);
  });

  it('writes what fits', () => {
    expect(replaceWithLimit(4000)).toBe('written');
    expect(readFileSync(file, 'utf8')).toHaveLength(4000);
  });
});
