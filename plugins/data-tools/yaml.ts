/** JSON as YAML and back, with every digit of a number and every key in its place. */
import { isAlias, isCollection, isMap, isScalar, parseAllDocuments, parseDocument, type ScalarTag, visit } from 'yaml';
import { rewriteJson } from './json.ts';

/** A number as it was written, which a computer's number may not be able to hold. */
const writtenNumber: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  identify: (value) => typeof value === 'number',
  test: /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
  resolve: (digits) => Number(digits),
  stringify: ({ source, value }) => source ?? String(value),
};

export function jsonToYaml(text: string): string {
  // Says line and column where it is not JSON; every JSON is also YAML.
  const document = parseDocument(rewriteJson(text, 'minified'), {
    uniqueKeys: false,
    customTags: (tags) => [writtenNumber, ...tags],
    // Older readers take yes and no for truth values: those are quoted.
    compat: 'yaml-1.1',
  });
  visit(document, {
    Collection: (_key, node) => {
      if (node.items.length > 0) node.flow = false;
    },
    Scalar: (_key, node) => {
      // So that only what needs quotes has them.
      if (typeof node.value === 'string') delete node.type;
    },
  });
  return document.toString({ lineWidth: 0 });
}

export function yamlToJson(text: string): string {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents) || documents.length === 0) throw new Error('There is no YAML in this text.');
  if (documents.length > 1) {
    throw new Error(`There are ${documents.length} documents in this text; JSON holds one: select one of them.`);
  }
  const [document] = documents;
  const [error] = document?.errors ?? [];
  if (error) throw new Error(sentenceOf(error.message));
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  return rewriteJson(toJson(document?.contents ?? null, 0), 'indented') + (/\n\s*$/.test(text) ? ending : '');
}

const deepest = 200;

/** Of numbers the digits as they were written, where JSON writes them so too. */
function toJson(node: unknown, depth: number): string {
  if (depth > deepest) throw new Error(`It is nested more than ${deepest} levels deep.`);
  if (isMap(node)) {
    const pairs = node.items.map(({ key, value }) => `${JSON.stringify(keyOf(key))}:${toJson(value, depth + 1)}`);
    return `{${pairs.join(',')}}`;
  }
  if (isCollection(node)) return `[${node.items.map((item) => toJson(item, depth + 1)).join(',')}]`;
  if (isAlias(node)) throw new Error(`JSON has no aliases such as *${node.source}: write the value in its place.`);
  if (!isScalar(node)) return 'null';
  const { value, source } = node;
  if (typeof value !== 'number') return JSON.stringify(value ?? null);
  if (!Number.isFinite(value)) throw new Error(`JSON has no number ${source ?? value}.`);
  return source !== undefined && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(source) ? source : String(value);
}

function keyOf(key: unknown): string {
  if (isScalar(key)) return String(key.source ?? key.value);
  throw new Error('JSON has only texts as keys.');
}

/** The first line of the library's message; the others draw the place. */
function sentenceOf(message: string): string {
  const [first = ''] = message.split('\n');
  return first.replace(/ at line (\d+), column (\d+):?$/, ' (line $1, column $2).');
}
