/**
 * `npm run package`: the program as electron-builder packs it, in `release/`. Arguments go to electron-builder, such as
 * `--linux deb`; without any it packs for this system. Where the Electron binary cannot be downloaded a stand-in takes its
 * place, so that what goes into the package and the fuses that are set can still be checked; the result cannot be started.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildIfStale } from './build.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What stands before the fuses in every Electron binary, so that they are found. */
const fuseSentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
/** In the order of the binary; the snapshot's stays as it is. */
const fuseNames = [
  'runAsNode',
  'cookieEncryption',
  'nodeOptions',
  'nodeCliInspect',
  'embeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'browserSnapshot',
  'grantFileProtocolExtraPrivileges',
] as const;

export type Fuses = Record<(typeof fuseNames)[number], boolean>;

export interface Packed {
  /** Paths inside app.asar, sorted. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly fuses: Fuses;
}

/** Packs for Linux around the stand-in, outside the repository, and says what came of it. */
export function packAroundStandIn(): Packed {
  const folder = mkdtempSync(join(tmpdir(), 'potter-package-'));
  try {
    const release = join(folder, 'release');
    runBuilder(['--linux', 'dir', `-c.electronDist=${makeStandIn(folder)}`, `-c.directories.output=${release}`]);
    const unpacked = join(release, 'linux-unpacked');
    const archive = join(unpacked, 'resources', 'app.asar');
    const program = readdirSync(unpacked).find((name) =>
      readFileSync(join(unpacked, name), { flag: 'r' }).includes(fuseSentinel),
    );
    if (program === undefined) throw new Error('The packed program is missing.');
    return { ...readArchive(archive), fuses: readFuses(readFileSync(join(unpacked, program))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runBuilder(options: readonly string[]): void {
  const builder = join(root, 'node_modules', 'electron-builder', 'cli.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [builder, ...options, '--publish', 'never'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`electron-builder failed.\n${stdout}\n${stderr}`);
}

/** A folder that looks like Electron's to electron-builder, its fuses as Electron delivers them. */
function makeStandIn(folder: string): string {
  const path = join(folder, 'electron');
  mkdirSync(join(path, 'resources'), { recursive: true });
  mkdirSync(join(path, 'locales'));
  const wire = Buffer.concat([Buffer.from(fuseSentinel), Buffer.of(1, fuseNames.length), Buffer.from('10110001')]);
  writeFileSync(join(path, 'electron'), wire, { mode: 0o755 });
  for (const name of ['version', 'LICENSE', 'LICENSES.chromium.html']) writeFileSync(join(path, name), '');
  return path;
}

function readFuses(program: Buffer): Fuses {
  const start = program.indexOf(fuseSentinel) + fuseSentinel.length + 2;
  return Object.fromEntries(fuseNames.map((name, at) => [name, program[start + at] === 0x31])) as Fuses;
}

interface ArchiveEntry {
  readonly files?: Readonly<Record<string, ArchiveEntry>>;
  readonly size?: number;
}

/** An asar begins with a list of its files in JSON, whose length is the fourth number of the file. */
function readArchive(path: string): { files: string[]; bytes: number } {
  const archive = readFileSync(path);
  const header: ArchiveEntry = JSON.parse(archive.toString('utf8', 16, 16 + archive.readUInt32LE(12)));
  const entries = listEntries(header, '');
  return { files: entries.map(({ path }) => path).sort(), bytes: entries.reduce((sum, { size }) => sum + size, 0) };
}

function listEntries({ files = {} }: ArchiveEntry, prefix: string): { path: string; size: number }[] {
  return Object.entries(files).flatMap(([name, entry]) =>
    entry.files ? listEntries(entry, `${prefix}${name}/`) : [{ path: prefix + name, size: entry.size ?? 0 }],
  );
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildIfStale();
  if (existsSync(join(root, 'node_modules', 'electron', 'dist'))) {
    runBuilder(process.argv.slice(2));
    console.log(`Packed into ${join(root, 'release')}.`);
  } else {
    const { files, bytes, fuses } = packAroundStandIn();
    console.log(`${files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB`, fuses);
    console.log(
      'The Electron binary is not here, so a stand-in was packed and thrown away: nothing to start came of it.',
    );
  }
}
