/** The OpenAPI description of the loopback API, derived from the contract. */
import * as z from 'zod';
import { contract, type Route } from '../../shared/contract.ts';

/** OpenAPI 3.1, whose schemas are JSON Schema. */
export function describeApi(): object {
  const paths = Object.fromEntries(
    Object.entries<Route>(contract)
      .filter(([, { access }]) => access !== 'models.use')
      .map(([name, route]) => [`/api/${name}`, { post: operation(name, route) }]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Potter',
      version: '1',
      description: 'The loopback API of Potter. Every operation is a POST with its input as JSON.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: errorSchema },
    },
  };
}

function operation(name: string, { summary, access, input, output, streams }: Route): object {
  const stream = streams && { 'text/event-stream': { schema: schemaOf(streams, 'output') } };
  return {
    operationId: name,
    summary,
    description: `Needs the permission \`${access}\`.`,
    requestBody: { required: true, content: { 'application/json': { schema: schemaOf(input, 'input') } } },
    responses: {
      '200': {
        description: 'It was done.',
        content: { 'application/json': { schema: replySchema(schemaOf(output, 'output')) }, ...stream },
      },
      default: {
        description: 'It was not; docs/errors.md lists every code.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

/** Both sides of a schema differ where it fills in defaults. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

const metadata = {
  type: 'object',
  required: ['callId', 'ms', 'cached'],
  properties: { callId: { type: 'string' }, ms: { type: 'number' }, cached: { type: 'boolean' } },
};

function replySchema(data: object): object {
  return {
    type: 'object',
    required: ['status', 'data', 'metadata'],
    properties: { status: { const: 'ok' }, data, metadata },
  };
}

const errorSchema = {
  type: 'object',
  required: ['status', 'error'],
  properties: {
    status: { const: 'error' },
    error: {
      type: 'object',
      required: ['code', 'message', 'next'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        next: { type: 'string', description: 'What to do about it.' },
        detail: {},
      },
    },
    metadata,
  },
};
