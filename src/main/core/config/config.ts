/** The settings in force: defaults, the user's file, environment variables and what was set for this session. */
import { type FSWatcher, mkdirSync, rmSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { SettingInfo } from '../../../shared/contract.ts';
import { PotterError, toPotterError } from '../../../shared/errors.ts';
import { pollutionIn } from '../../../shared/pollution.ts';
import {
  isSettingKey,
  type Layer,
  type Setting,
  type SettingKey,
  type SettingValue,
  settingKeys,
  settings,
} from '../../../shared/settings.ts';
import type { Stop } from '../../../shared/transport.ts';
import type { Log } from '../log/log.ts';
import { valueForm } from './form.ts';
import {
  editSettings,
  emptySource,
  environmentSettings,
  type HeldValue,
  isObject,
  parseSettings,
  readText,
  realPath,
  replaceFile,
  type SourceContent,
  unknownSetting,
} from './sources.ts';

type Settings = { readonly [K in SettingKey]: SettingValue<K> };

export interface ConfigurationOptions {
  /** Holds `settings.json`; created when missing. */
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

type Above = Exclude<Layer, 'default'>;
type Sources = Readonly<Record<Above, SourceContent>>;

/**
 * After a change the file is looked at in this time, and while it is broken or missing again, each time after twice as
 * long: an editor may be between truncating, renaming and writing. What the last look finds is meant: after 0.2 s.
 */
const settleMs = 3;
const lastLook = 5;

/** What a settings file begins as. */
const emptyFile = '{}\n';

export class Configuration {
  /** The user's settings file. */
  readonly path: string;
  readonly #log: Log;
  readonly #listeners = new Set<(keys: readonly SettingKey[]) => void>();
  readonly #problemListeners = new Set<(message: string) => void>();
  #sources: Sources;
  #resolved: Resolution = resolve({ file: emptySource, environment: emptySource, runtime: emptySource });
  /** What the file was when it was last looked at, good or not. */
  #seen: string | undefined;
  #fileProblem: string | undefined;
  #watchers: FSWatcher[] = [];
  #watched = '';
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Reads everything and watches the file until `close`. A broken file is a problem, not a failure. */
  static open(options: ConfigurationOptions): Configuration {
    const configuration = new Configuration(options);
    configuration.#start();
    return configuration;
  }

  private constructor({ dataDirectory, environment, log }: ConfigurationOptions) {
    this.path = join(dataDirectory, 'settings.json');
    this.#log = log;
    this.#sources = { file: emptySource, environment: environmentSettings(environment), runtime: emptySource };
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  }

  get<K extends SettingKey>(key: K): SettingValue<K> {
    return this.#resolved.values[key];
  }

  /** Where the value comes from. Fails with `SETTING_UNKNOWN`. */
  inspect(key: string): SettingInfo {
    const known = knownKey(key);
    const { help } = settings[known];
    const held = this.#resolved.held.get(known) ?? [];
    const byDefault = { layer: 'default', value: asJson(settings[known].default), where: 'built in' };
    return {
      key,
      value: asJson(this.get(known)),
      default: byDefault.value,
      help,
      source: held.at(-1)?.layer ?? 'default',
      layers: [byDefault, ...held.map(({ layer, value, where }) => ({ layer, value: asJson(value), where }))],
    };
  }

  /**
   * Changes a setting in the user's file or for this session. An object is merged into what the layer holds, and null
   * takes an entry out; null as the whole value unsets the layer, unless null is a value of that setting. What equals the
   * default is not written down.
   */
  async set(key: string, value: unknown, layer: Layer): Promise<void> {
    const known = knownKey(key);
    if (layer !== 'file' && layer !== 'runtime') {
      throw new PotterError(
        'SETTING_LAYER',
        `"${key}" cannot be set in the layer "${layer}", only in file or runtime.`,
      );
    }
    refusePollution(known, value);
    if (layer === 'file') this.#setInFile(known, value);
    else this.#setInRuntime(known, value);
  }

  /** What is wrong with the sources now, a sentence each with file, line and column. */
  problems(): string[] {
    const { file, environment } = this.#sources;
    const broken = this.#fileProblem === undefined ? [] : [this.#fileProblem];
    return [...broken, ...file.problems, ...environment.problems, ...this.#resolved.problems];
  }

  /** Called after the new values are in force, with the settings whose value is another one now. */
  onChange(listener: (keys: readonly SettingKey[]) => void): Stop {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called with a sentence when the file could not be taken over; the values in force have not changed then. */
  onProblem(listener: (message: string) => void): Stop {
    this.#problemListeners.add(listener);
    return () => this.#problemListeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  get #lastGood(): string {
    return join(dirname(this.path), 'settings.last-good.json');
  }

  #start(): void {
    this.#resolved = resolve(this.#sources);
    this.#look(lastLook);
    if (this.#fileProblem !== undefined) this.#fallBack();
    for (const problem of this.problems()) this.#log.warn('a setting was not taken over', { problem });
    this.#watch();
  }

  /** The settings that were last read without a fault, so that a broken file does not mean defaults after a restart. */
  #fallBack(): void {
    try {
      const text = readText(this.#lastGood);
      if (text !== undefined) this.#commit({ ...this.#sources, file: parseSettings(this.#lastGood, text) });
    } catch (thrown) {
      this.#log.warn('the copy of the last good settings cannot be used', { error: thrown });
    }
  }

  /** Takes the file over as it is now, if that is whole or final. */
  #look(attempt: number): void {
    const isFinal = attempt === lastLook;
    let text: string | undefined;
    try {
      text = readText(this.path);
      if (text !== undefined && text === this.#seen) return;
      if (text !== undefined || isFinal) this.#adopt(text);
      else this.#lookAgain(attempt + 1);
    } catch (thrown) {
      if (isFinal) this.#refuse(text, toPotterError(thrown));
      else this.#lookAgain(attempt + 1);
    }
  }

  #adopt(text: string | undefined): void {
    const file = text === undefined ? emptySource : parseSettings(this.path, text);
    const changed = this.#commit({ ...this.#sources, file });
    this.#seen = text;
    this.#fileProblem = undefined;
    this.#publish(changed);
    this.#keepLastGood(text);
  }

  #refuse(text: string | undefined, error: PotterError): void {
    this.#seen = text;
    this.#fileProblem = `${error.message} The last good settings stay in force.`;
    this.#log.warn('the settings file was not taken over', { error });
    for (const listener of this.#problemListeners) listener(this.#fileProblem);
  }

  #setInRuntime(key: SettingKey, value: unknown): void {
    const { runtime } = this.#sources;
    const wanted = patched(key, runtime.values.get(key)?.value, value);
    const values = new Map(runtime.values);
    if (wanted === undefined) values.delete(key);
    else values.set(key, { value: wanted, where: 'this session', path: [] });
    const next = { ...this.#sources, runtime: { values, problems: [] } };
    const rejected = resolve(next).rejected.find((one) => one.layer === 'runtime' && one.key === key);
    if (rejected) throw rejected.error;
    this.#publish(this.#commit(next));
  }

  /** Without an `await` between reading and replacing, so that two calls cannot undo each other. */
  #setInFile(key: SettingKey, value: unknown): void {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const text = readText(this.path);
      const edited = this.#edited(text, key, value);
      if (edited === (text ?? emptyFile)) return;
      const isCurrent = (): boolean => readText(this.path) === text;
      if (replaceFile(this.path, edited, { backup: `${this.path}.bak`, isCurrent })) {
        this.#adopt(edited);
        return;
      }
    }
    throw new PotterError('CONFLICT', `${this.path} is being changed by another program.`);
  }

  #edited(text: string | undefined, key: SettingKey, value: unknown): string {
    const held = text === undefined ? undefined : parseSettings(this.path, text).values.get(key);
    const wanted = patched(key, held?.value, value);
    const checked =
      wanted === undefined ? settings[key].default : checkedValue(key, 'file', settings[key].default, wanted);
    const kept = isDeepStrictEqual(checked, settings[key].default) ? undefined : wanted;
    const edited = editSettings(text ?? emptyFile, held?.path ?? key.split('.'), held?.value, kept);
    const rejected = resolve({ ...this.#sources, file: parseSettings(this.path, edited) }).rejected.find(
      ({ layer }) => layer === 'file',
    );
    if (rejected) throw rejected.error;
    return edited;
  }

  /** All of it comes into force, or nothing and the fault of the file is thrown. */
  #commit(next: Sources): SettingKey[] {
    const resolved = resolve(next);
    const fault = resolved.rejected.find(({ layer }) => layer === 'file');
    if (fault) throw fault.error;
    const before = this.#resolved.values;
    this.#sources = next;
    this.#resolved = resolved;
    return settingKeys.filter((key) => !isDeepStrictEqual(before[key], resolved.values[key]));
  }

  #publish(keys: readonly SettingKey[]): void {
    if (keys.length === 0) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener(keys);
      } catch (thrown) {
        this.#log.error('a listener of settings failed', { error: thrown, settings: keys });
      }
    }
  }

  #keepLastGood(text: string | undefined): void {
    try {
      if (text === undefined) rmSync(this.#lastGood, { force: true });
      else if (readText(this.#lastGood) !== text) replaceFile(this.#lastGood, text);
    } catch (thrown) {
      this.#log.warn('the copy of the last good settings was not kept', { error: thrown });
    }
  }

  /** Without a watch (the system has a limit of them) an edit counts from the next start. */
  #watch(): void {
    try {
      this.#watchFolders(realPath(this.path));
    } catch (thrown) {
      this.#log.warn('the settings file is not watched', { error: thrown });
    }
  }

  /** The folders are watched, not the file: most editors put another file in its place. */
  #watchFolders(target: string): void {
    if (this.#closed || target === this.#watched) return;
    this.#watched = target;
    for (const watcher of this.#watchers.splice(0)) watcher.close();
    const names = new Set([basename(this.path), basename(target)]);
    for (const folder of new Set([dirname(this.path), dirname(target)])) {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || names.has(name)) this.#lookAgain(0);
      });
      watcher.on('error', (error) => this.#log.warn('the settings file is no longer watched', { error }));
      this.#watchers.push(watcher);
    }
  }

  #lookAgain(attempt: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#look(attempt);
        this.#watch();
      },
      settleMs * 2 ** attempt,
    ).unref();
  }
}

interface Rejection {
  readonly layer: Above;
  readonly key: SettingKey;
  readonly error: PotterError;
}

interface Resolution {
  readonly values: Settings;
  /** The layers that have a say, lowest first. */
  readonly held: ReadonlyMap<SettingKey, readonly (HeldValue & { readonly layer: Above })[]>;
  readonly rejected: readonly Rejection[];
  readonly problems: readonly string[];
}

const above: readonly Above[] = ['file', 'environment', 'runtime'];
const table: Readonly<Record<SettingKey, Setting>> = settings;

/** Merges the layers, lowest first. A value that its setting does not accept is left out and told. */
function resolve(sources: Sources): Resolution {
  const values: Record<string, unknown> = {};
  const held = new Map<SettingKey, (HeldValue & { layer: Above })[]>();
  const rejected: Rejection[] = [];
  for (const key of settingKeys) {
    let value: unknown = table[key].default;
    for (const layer of above) {
      const own = sources[layer].values.get(key);
      if (own === undefined || isUnset(key, own.value)) continue;
      try {
        value = checkedValue(key, layer, value, own.value, own.where);
        held.set(key, [...(held.get(key) ?? []), { ...own, layer }]);
      } catch (thrown) {
        rejected.push({ layer, key, error: toPotterError(thrown) });
      }
    }
    values[key] = frozen(value);
  }
  const problems = rejected.map(({ error }) => `${error.message} It is left out.`);
  return { values: Object.freeze(values) as Settings, held, rejected, problems };
}

function refusePollution(key: SettingKey, value: unknown): void {
  const problem = pollutionIn(value);
  if (problem !== undefined) throw new PotterError('SETTING_INVALID', `"${key}" ${problem}.`);
}

/** The layer's value over what lies below it, as its setting's schema gives it back. */
function checkedValue(key: SettingKey, layer: Above, below: unknown, value: unknown, where?: string): unknown {
  const { schema, layers } = table[key];
  const place = where === undefined ? '' : ` (${where})`;
  if (layers && !layers.includes(layer)) {
    throw new PotterError('SETTING_LAYER', `"${key}" cannot be set in the layer "${layer}"${place}.`);
  }
  refusePollution(key, value);
  const parsed = schema.safeParse(merge(below, value));
  if (parsed.success) return parsed.data;
  const form = valueForm(schema);
  const [issue] = parsed.error.issues;
  // Of the other issues the form says as much.
  const isTelling = issue && (issue.path.length > 0 || issue.code === 'invalid_format' || issue.code === 'custom');
  const told = issue?.path.length === 0 && issue.message.startsWith('must ') ? `It ${issue.message}` : issue?.message;
  const more = isTelling ? ` ${[...issue.path, told].join(': ')}.` : '';
  throw new PotterError('SETTING_INVALID', `"${key}" cannot be ${shown(value)}${place}: it must be ${form}.${more}`, {
    detail: { key, form, ...(where && { where }) },
  });
}

/** Objects merge deep, everything else replaces; null takes an entry out. */
function merge(below: unknown, value: unknown): unknown {
  if (!isObject(value)) return value;
  const merged: Record<string, unknown> = isObject(below) ? { ...below } : {};
  for (const [name, entry] of Object.entries(value)) {
    if (entry === null) delete merged[name];
    else merged[name] = merge(merged[name], entry);
  }
  return merged;
}

/** What a layer holds after a change; undefined when it no longer has a say. */
function patched(key: SettingKey, own: unknown, patch: unknown): unknown {
  return isUnset(key, patch) ? undefined : overlay(own, patch, settings[key].default);
}

/** Like `merge`, but a null stays where it hides an entry of the default. */
function overlay(own: unknown, patch: unknown, byDefault: unknown): unknown {
  if (!isObject(patch)) return patch;
  const below = isObject(byDefault) ? byDefault : {};
  const result: Record<string, unknown> = isObject(own) ? { ...own } : {};
  for (const [name, entry] of Object.entries(patch)) {
    if (entry === null && !Object.hasOwn(below, name)) delete result[name];
    else result[name] = overlay(result[name], entry, below[name]);
  }
  return result;
}

function isUnset(key: SettingKey, value: unknown): boolean {
  return value === null && !settings[key].schema.safeParse(null).success;
}

function knownKey(key: string): SettingKey {
  if (isSettingKey(key)) return key;
  throw new PotterError('SETTING_UNKNOWN', unknownSetting(key), { detail: { key } });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : 'this value';
}

/** Settings come from JSON and from defaults that are plain data. */
function asJson(value: unknown): SettingInfo['value'] {
  return value as SettingInfo['value'];
}

function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    for (const entry of Object.values(value)) frozen(entry);
    Object.freeze(value);
  }
  return value;
}
