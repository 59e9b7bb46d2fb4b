/** Where settings come from: a file with comments, and environment variables. Neither is checked against schemas here. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import {
  applyEdits,
  getNodeValue,
  type JSONPath,
  modify,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { closest } from '../../../shared/closest.ts';
import { PotterError } from '../../../shared/errors.ts';
import { pollutingNames } from '../../../shared/pollution.ts';
import { isSettingKey, type SettingKey, settingKeys, settings } from '../../../shared/settings.ts';

export interface HeldValue {
  /** As it stands in the source, unchecked. */
  readonly value: unknown;
  /** A file with line and column, or the name of a variable. */
  readonly where: string;
  /** Where it stands inside the file. */
  readonly path: JSONPath;
}

/** What one source holds, and what is wrong with it but does no harm. */
export interface SourceContent {
  readonly values: ReadonlyMap<SettingKey, HeldValue>;
  readonly problems: readonly string[];
}

export const emptySource: SourceContent = { values: new Map(), problems: [] };

/** The only place that reads the environment of the process. */
export function readEnvironment(): Record<string, string | undefined> {
  return { ...process.env };
}

/** The text of the file, or undefined when there is none. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw new PotterError('SETTINGS_MALFORMED', `${path} cannot be read.`, { cause: thrown, detail: { file: path } });
  }
}

const largestFile = 1024 * 1024;

/** The settings of a file's text. Fails with `SETTINGS_MALFORMED` (or `SETTING_INVALID`), naming line and column. */
export function parseSettings(file: string, source: string): SourceContent {
  const text = source.replace(/^\uFEFF/, '');
  const refuse = refusal(file, text);
  const root = parseObject(text, refuse);
  refuseTraps(root, refuse);
  const values = new Map<SettingKey, HeldValue>();
  const problems: string[] = [];
  collect(root, [], (path, node) => {
    const key = path.join('.');
    const { line, column } = positionOf(text, node.offset);
    const where = `${file}:${line}:${column}`;
    if (isSettingKey(key)) values.set(key, { value: getNodeValue(node), where, path });
    else if (!areas.has(key)) problems.push(`${unknownSetting(key)} (${where})`);
    else if (node.type === 'object') return true;
    else throw refuse('SETTING_INVALID', node.offset, `"${key}" holds settings and must be an object`);
    return false;
  });
  return { values, problems };
}

/** The text with one value changed or, where it is undefined, taken out. Comments and layout around it stay. */
export function editSettings(text: string, path: JSONPath, from: unknown, to: unknown): string {
  if (isObject(from) && isObject(to)) {
    const names = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...names].reduce((edited, name) => editSettings(edited, [...path, name], from[name], to[name]), text);
  }
  if (JSON.stringify(from) === JSON.stringify(to)) return text;
  const formattingOptions = { tabSize: 2, insertSpaces: true, eol: text.includes('\r\n') ? '\r\n' : '\n' };
  return applyEdits(text, modify(text, path, to, { formattingOptions }));
}

export interface Replacement {
  /** Where the text that is replaced is kept. */
  readonly backup?: string;
  /** Asked once the new text is on the disk; false leaves the file alone. */
  readonly isCurrent?: () => boolean;
}

/**
 * Replaces the file so that it holds the old text or the new one whatever happens; a link is followed. False when it was
 * left alone.
 */
export function replaceFile(path: string, text: string, { backup, isCurrent = () => true }: Replacement = {}): boolean {
  const target = realPath(path);
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    const descriptor = openSync(draft, 'w', 0o600);
    try {
      // Writes on until all of it is there, or fails; one `writeSync` may stop half way and say nothing.
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (!isCurrent()) return false;
    if (backup !== undefined && existsSync(target)) copyFileSync(target, backup);
    renameSync(draft, target);
  } catch (thrown) {
    throw new PotterError('STORAGE', `${path} cannot be written.`, { cause: thrown });
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(target));
  return true;
}

/** Where the file really is, when it is a link. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    if (isMissing(thrown)) return path;
    throw thrown;
  }
}

const prefix = 'POTTER__';

/**
 * The settings among environment variables: `POTTER__TEXT__MAX_CHARACTERS` is `text.maxCharacters`, in any case. A value
 * is JSON where the setting accepts that, and plain text otherwise.
 */
export function environmentSettings(environment: Readonly<Record<string, string | undefined>>): SourceContent {
  const values = new Map<SettingKey, HeldValue>();
  const problems: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || !name.toUpperCase().startsWith(prefix)) continue;
    const spelled = name.slice(prefix.length).split('__').join('.').replaceAll('_', '').toLowerCase();
    const key = settingKeys.find((candidate) => candidate.toLowerCase() === spelled);
    if (key) values.set(key, { value: fromVariable(key, text), where: name, path: [] });
    else problems.push(`${unknownSetting(spelled)} (environment variable ${name})`);
  }
  return { values, problems };
}

/** Says that there is no such setting, and which one was probably meant. */
export function unknownSetting(key: string): string {
  const meant = closest(key, settingKeys);
  return `There is no setting "${key}"${meant ? `; did you mean "${meant}"?` : '.'}`;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function fromVariable(key: SettingKey, text: string): unknown {
  const { schema } = settings[key];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  // An object is only part of the value until it is merged, so its schema cannot be asked yet.
  const isMeantAsText = !isObject(value) && !schema.safeParse(value).success && schema.safeParse(text).success;
  return isMeantAsText ? text : value;
}

/** `text` of `text.maxCharacters`: what may hold settings without being one. */
const areas: ReadonlySet<string> = new Set(
  settingKeys.flatMap((key) => key.split('.').map((_, index, parts) => parts.slice(0, index).join('.'))),
);

type Refuse = (code: 'SETTINGS_MALFORMED' | 'SETTING_INVALID', offset: number, what: string) => PotterError;

function refusal(file: string, text: string): Refuse {
  return (code, offset, what) => {
    const { line, column } = positionOf(text, offset);
    return new PotterError(code, `${file}:${line}:${column}: ${what}.`, { detail: { file, line, column } });
  };
}

function parseObject(text: string, refuse: Refuse): Node {
  if (text.length > largestFile) throw refuse('SETTINGS_MALFORMED', 0, 'the file is larger than 1 MiB');
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true });
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw refuse('SETTINGS_MALFORMED', 0, 'the file is nested too deeply');
  }
  const [first] = errors;
  if (first) throw refuse('SETTINGS_MALFORMED', first.offset, spelledOut(printParseErrorCode(first.error)));
  if (root?.type !== 'object') throw refuse('SETTINGS_MALFORMED', root?.offset ?? 0, 'an object in braces is expected');
  return root;
}

/** `CommaExpected` → `comma expected`. */
function spelledOut(code: string): string {
  return code.replaceAll(/\B[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

/** Polluting names, and names given twice, of which a reader sees one and the parser takes the other. */
function refuseTraps(node: Node, refuse: Refuse): void {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    const name = child.type === 'property' ? child.children?.[0]?.value : undefined;
    if (typeof name === 'string') {
      if (pollutingNames.includes(name))
        throw refuse('SETTING_INVALID', child.offset, `"${name}" is not a name for a setting`);
      if (seen.has(name)) throw refuse('SETTINGS_MALFORMED', child.offset, `"${name}" is given twice`);
      seen.add(name);
    }
    refuseTraps(child, refuse);
  }
}

/** Visits the properties; goes into those for which `visit` says so. */
function collect(node: Node, path: readonly string[], visit: (path: string[], value: Node) => boolean): void {
  for (const { children: [name, value] = [] } of node.children ?? []) {
    if (!name || !value) continue;
    const here = [...path, String(name.value)];
    if (visit(here, value)) collect(value, here, visit);
  }
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** So that the new name survives a power cut. Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
