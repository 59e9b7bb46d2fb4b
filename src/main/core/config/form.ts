/** What a setting's value may look like, in words, out of its schema: for error messages, documents and forms. */
import * as z from 'zod';

interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Shape[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | boolean;
}

/** Such as `a whole number from 100 to 1000000` or `text or null`. */
export function valueForm(schema: z.ZodType): string {
  return inWords(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape);
}

function inWords(shape: Shape): string {
  if (shape.anyOf) return shape.anyOf.map(inWords).join(' or ');
  if (shape.enum) return `one of ${shape.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  return (words[shape.type ?? ''] ?? (() => 'a value'))(shape);
}

const words: Readonly<Record<string, (shape: Shape) => string>> = {
  null: () => 'null',
  boolean: () => 'true or false',
  string: ({ format }) => (format === 'uri' ? 'an address' : 'text'),
  integer: (shape) => `a whole number${range(shape)}`,
  number: (shape) => `a number${range(shape)}`,
  array: () => 'a list',
  object: ({ properties, required = [], additionalProperties }) => {
    if (typeof additionalProperties === 'object') return `an object, each entry ${inWords(additionalProperties)}`;
    const names = Object.keys(properties ?? {}).map((name) => (required.includes(name) ? name : `${name}?`));
    return `{ ${names.join(', ')} }`;
  },
};

function range({ minimum, maximum }: Shape): string {
  return minimum === undefined || maximum === undefined ? '' : ` from ${minimum} to ${maximum}`;
}
