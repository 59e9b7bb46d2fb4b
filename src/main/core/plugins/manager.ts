import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PotterError } from '../../../shared/errors.ts';
import { type Manifest, manifest, pluginLimits } from '../../../shared/manifest.ts';
import { type Guest, Sandbox, type SandboxLimits } from './sandbox.ts';

export interface PluginManagerOptions {
  /** Holds one folder for each plugin, with `manifest.json` and `main.js`. */
  readonly directory: string;
  /** Limits other than the published ones, for tests. */
  readonly limits?: Partial<SandboxLimits>;
}

/** The installed plugins: what they offer, and the way to run it. */
export class PluginManager {
  /** Why a folder is no plugin: PLUGIN_INVALID, naming file and field. The other plugins work. */
  readonly problems: readonly PotterError[];
  readonly #guests: ReadonlyMap<string, { readonly manifest: Manifest; readonly guest: Guest }>;
  readonly #sandbox: Sandbox;

  /** Reads the manifests. No plugin is executed before one of its commands is run. */
  static async open({ directory, limits }: PluginManagerOptions): Promise<PluginManager> {
    const found = await Promise.all((await foldersOf(directory)).map((name) => readManifest(directory, name)));
    const problems = found.filter((item) => item instanceof PotterError);
    const manifests = found.filter((item): item is Manifest => !(item instanceof PotterError));
    return new PluginManager(directory, manifests, { problems, sandbox: new Sandbox(limits) });
  }

  private constructor(
    directory: string,
    manifests: readonly Manifest[],
    { problems, sandbox }: { problems: readonly PotterError[]; sandbox: Sandbox },
  ) {
    this.problems = problems;
    this.#sandbox = sandbox;
    this.#guests = new Map(manifests.map((each) => [each.id, { manifest: each, guest: guestOf(directory, each) }]));
  }

  /** Manifests in the order of their ids. */
  list(): readonly Manifest[] {
    return [...this.#guests.values()].map((plugin) => plugin.manifest);
  }

  /** The result of a command or filter. Fails with NOT_FOUND, TEXT_TOO_LONG, RATE_LIMITED, CANCELLED or one of the PLUGIN codes. */
  async run(pluginId: string, commandId: string, text: string, signal: AbortSignal): Promise<string> {
    const plugin = this.#guests.get(pluginId);
    if (!plugin) throw new PotterError('NOT_FOUND', `There is no plugin "${pluginId}".`);
    if (!plugin.guest.commands.includes(commandId)) {
      throw new PotterError('NOT_FOUND', `Plugin "${pluginId}" has no command "${commandId}".`);
    }
    return this.#sandbox.run(plugin.guest, commandId, text, signal);
  }

  /** Makes ready what a command of that id needs, where there is one: it is about to be run. */
  prepare(commandId: string): void {
    if (this.list().some(({ commands }) => commands.some(({ id }) => id === commandId))) this.#sandbox.prepare();
  }

  /** Cancels what is running and ends the plugin threads. */
  stop(): Promise<void> {
    return this.#sandbox.stop();
  }
}

async function foldersOf(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? entry.name : [])).sort();
  } catch (cause) {
    throw new PotterError('UNAVAILABLE', `The plugin folder ${directory} cannot be read.`, { cause });
  }
}

/** The folder's manifest, or what is wrong with it. */
async function readManifest(directory: string, name: string): Promise<Manifest | PotterError> {
  const file = `${name}/manifest.json`;
  const invalid = (reason: string, detail: object, cause?: unknown): PotterError =>
    new PotterError('PLUGIN_INVALID', `Plugin "${name}" cannot be used: ${reason}`, {
      detail: { file, ...detail },
      cause,
    });
  let content: unknown;
  try {
    content = JSON.parse(await readFile(join(directory, file), 'utf8'));
  } catch (cause) {
    return invalid(`${file} cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`, {}, cause);
  }
  const parsed = manifest.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') || 'manifest';
    return invalid(`${file}, field "${field}": ${issue?.message ?? 'it is not valid'}.`, { field });
  }
  if (parsed.data.id !== name) {
    return invalid(`${file}, field "id": it is "${parsed.data.id}" but the folder is "${name}".`, { field: 'id' });
  }
  return parsed.data;
}

function guestOf(directory: string, { id, commands, filters }: Manifest): Guest {
  return { id, commands: [...commands, ...filters].map((each) => each.id), source: () => readSource(directory, id) };
}

async function readSource(directory: string, id: string): Promise<string> {
  const file = `${id}/main.js`;
  const source = await readFile(join(directory, file), 'utf8').catch((cause: unknown) => {
    throw new PotterError('PLUGIN_INVALID', `Plugin "${id}" cannot start: ${file} cannot be read.`, {
      cause,
      detail: { file },
    });
  });
  if (source.length <= pluginLimits.sourceCharacters) return source;
  const message = `Plugin "${id}" cannot start: ${file} is longer than ${pluginLimits.sourceCharacters} characters.`;
  throw new PotterError('PLUGIN_INVALID', message, { detail: { file } });
}
