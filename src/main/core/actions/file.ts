/** The file that actions are exported to: one JSON document. Hotkeys, providers and keys have no place in it. */
import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import * as z from 'zod';
import { type ActionDefinition, actionDefinition, actionId } from '../../../shared/contract.ts';
import { PotterError } from '../../../shared/errors.ts';
import { pollutingNames } from '../../../shared/pollution.ts';

export interface FiledAction {
  readonly id: string;
  readonly definition: ActionDefinition;
}

/** Raised when an older Potter could no longer read what is written. */
const format = 1;
const mostActions = 1000;
/** An action is three levels deep; the parser itself gives up on some thousands. */
const deepest = 20;

const envelope = z.strictObject({
  potterActions: z.literal(format),
  actions: z.array(z.looseObject({ id: actionId })).max(mostActions),
});

export function writeActionsFile(actions: readonly FiledAction[]): string {
  const document = { potterActions: format, actions: actions.map(({ id, definition }) => ({ id, ...definition })) };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Fails with `IMPORT_MALFORMED`, naming line and column and, where it is about one, the action and its field. */
export function readActionsFile(source: string): FiledAction[] {
  const root = parse(source.replace(/^\uFEFF/, ''));
  const document: unknown = root.value;
  const newer = z.looseObject({ potterActions: z.int().min(format + 1) }).safeParse(document);
  if (newer.success) {
    throw malformed(
      `The file was written by a newer Potter: it has format ${newer.data.potterActions}, and this Potter reads up to ${format}. Update Potter to import it.`,
    );
  }
  const opened = envelope.safeParse(document);
  if (!opened.success) throw root.refuse([], opened.error);
  const seen = new Set<string>();
  return opened.data.actions.map(({ id, ...rest }, index) => {
    if (seen.has(id)) throw root.refuseAt(['actions', index, 'id'], `the id "${id}" is given twice`);
    seen.add(id);
    const definition = actionDefinition.safeParse(rest);
    if (!definition.success) throw root.refuse(['actions', index], definition.error, id);
    return { id, definition: definition.data };
  });
}

type Path = readonly PropertyKey[];

interface Parsed {
  readonly value: unknown;
  refuseAt(path: Path, what: string): PotterError;
  refuse(at: Path, error: z.ZodError, action?: string): PotterError;
}

function parse(text: string): Parsed {
  const at = (offset: number, what: string, detail: object = {}): PotterError => {
    const { line, column } = positionOf(text, offset);
    return malformed(`Line ${line}, column ${column}: ${what}.`, { line, column, ...detail });
  };
  const errors: ParseError[] = [];
  const tree = parseTreeOf(text, errors);
  const [first] = errors;
  if (first) throw at(first.offset, spelledOut(printParseErrorCode(first.error)));
  if (!tree) throw at(0, 'the file is empty');
  refuseTraps(tree, at);
  const offsetOf = (path: Path): number => nodeAt(tree, path).offset;
  return {
    value: getNodeValue(tree),
    refuseAt: (path, what) => at(offsetOf(path), what),
    refuse: (prefix, { issues }, action) => {
      const [issue] = issues;
      const path = issue?.path ?? [];
      const field = path.join('.');
      const about = [action !== undefined && `action "${action}"`, field && `field "${field}"`].filter(Boolean);
      const what = [about.join(', '), issue?.message ?? 'it is not of the known form'].filter(Boolean).join(': ');
      return at(offsetOf([...prefix, ...path]), what, { ...(field && { field }), ...(action && { action }) });
    },
  };
}

function parseTreeOf(text: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(text, errors, { disallowComments: true });
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw malformed('The file is nested too deeply.');
  }
}

/** Polluting names, names given twice, of which a reader sees one and the parser takes the other, and endless nesting. */
function refuseTraps(node: Node, at: (offset: number, what: string) => PotterError, depth = 0): void {
  if (depth > deepest) throw at(node.offset, 'the file is nested too deeply');
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    const name: unknown = child.type === 'property' ? child.children?.[0]?.value : undefined;
    if (typeof name === 'string') {
      if (pollutingNames.includes(name)) throw at(child.offset, `"${name}" is not allowed as a name`);
      if (seen.has(name)) throw at(child.offset, `"${name}" is given twice`);
      seen.add(name);
    }
    refuseTraps(child, at, depth + 1);
  }
}

/** The node at the path, or the nearest around it: a field that is missing has none. */
function nodeAt(root: Node, path: Path): Node {
  let node = root;
  for (const step of path) {
    const next =
      typeof step === 'number'
        ? node.type === 'array' && node.children?.[step]
        : node.children?.find(({ children }) => children?.[0]?.value === step)?.children?.[1];
    if (!next) return node;
    node = next;
  }
  return node;
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** `CommaExpected` → `comma expected`. */
function spelledOut(code: string): string {
  return code.replaceAll(/\B[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}

function malformed(message: string, detail?: object): PotterError {
  return new PotterError('IMPORT_MALFORMED', message, { detail });
}
