/** The setting `desktop.startAtLogin`, kept in force: asked of the system, or as an autostart entry on Linux. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { app } from 'electron';
import type { Client } from '../../shared/client.ts';
import { PotterError } from '../../shared/errors.ts';
import type { Stop } from '../../shared/transport.ts';
import type { Host } from '../core/host.ts';
import type { Log } from '../core/log/log.ts';

export interface StartAtLoginOptions {
  readonly client: Client;
  readonly platform: NodeJS.Platform;
  readonly environment: Host['environment'];
  readonly log: Log;
}

/** Follows the setting until it is stopped. Only a packaged program can be started by the system. */
export async function followStartAtLogin({ client, log, ...place }: StartAtLoginOptions): Promise<Stop> {
  if (!app.isPackaged) return () => undefined;
  // Changes are worked off one after another, so that the last one stays.
  let last: Promise<void> = Promise.resolve();
  const apply = (): Promise<void> => {
    last = last
      .then(async () => {
        const { values } = await client.call('config.get', { key: 'desktop.startAtLogin' });
        await setStartAtLogin(values['desktop.startAtLogin'] === true, place);
      })
      .catch((error: unknown) => log.error('the start at login could not be set', { error }));
    return last;
  };
  await apply();
  return client.on('config.changed', ({ keys }) => {
    if (keys.includes('desktop.startAtLogin')) void apply();
  });
}

async function setStartAtLogin(
  isOn: boolean,
  { platform, environment }: Pick<StartAtLoginOptions, 'platform' | 'environment'>,
): Promise<void> {
  if (platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: isOn });
    return;
  }
  const folder = join(configFolder(environment), 'autostart');
  const file = join(folder, entryName);
  if (!isOn) return rm(file, { force: true });
  // An AppImage is mounted at another place at every start; the file itself is named here.
  const entry = desktopEntry(environment.APPIMAGE ?? app.getPath('exe'));
  if ((await readFile(file, 'utf8').catch(() => '')) === entry) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeWhole(file, entry);
}

const entryName = 'io.github.potter.Potter.desktop';

function configFolder({ XDG_CONFIG_HOME: chosen }: Host['environment']): string {
  // The specification has a relative one ignored.
  return chosen !== undefined && isAbsolute(chosen) ? chosen : join(app.getPath('home'), '.config');
}

/** By the desktop-entry specification. Fails with `INVALID_INPUT` for a path that no entry can name. */
export function desktopEntry(program: string): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Potter',
    'Comment=Rewrite the selected text in any program',
    `Exec=${quoted(program)}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Quoted as an argument, and then, as every text of such a file, with its backslashes doubled. */
function quoted(program: string): string {
  if (/\p{Cc}/u.test(program)) {
    throw new PotterError(
      'INVALID_INPUT',
      'Potter stands in a folder whose name cannot be written into a start entry.',
    );
  }
  const argument = program.replaceAll('%', '%%').replaceAll(/["`$\\]/g, '\\$&');
  return `"${argument.replaceAll('\\', '\\\\')}"`;
}

async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`;
  const handle = await open(unfinished, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
}
