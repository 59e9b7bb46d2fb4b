/** The plugin manifest (`manifest.json`), what a plugin may ask for, and how much of the machine it gets. */
import * as z from 'zod';
import { outputModes } from './contract.ts';
import type { ApiVersion } from './plugin-api.ts';

export interface Permission {
  /** What the plugin can then do, as one sentence to the person who decides. */
  readonly sentence: string;
}

/** Every permission there is. Text in, text out needs none. */
export const permissions = {
  'filter.request': { sentence: 'Read and change every text before it is sent to a language model.' },
  'filter.response': { sentence: 'Read and change every answer of a language model before you see it.' },
} as const satisfies Record<string, Permission>;
type PermissionName = keyof typeof permissions;

/** The limits of every plugin. Characters are UTF-16 units, as in `text.length`. */
export const pluginLimits = {
  /** Everything the plugin's own engine may hold. */
  memoryMiB: 64,
  /** Evaluating `main.js`, in milliseconds. */
  activateMs: 1_000,
  /** One command, in milliseconds. */
  commandMs: 30_000,
  /** One filter, in milliseconds. */
  filterMs: 250,
  /** As long as the longest text the setting `text.maxCharacters` allows. */
  textCharacters: 1_000_000,
  resultCharacters: 4_000_000,
  sourceCharacters: 1_000_000,
  /** Calls of one plugin that may wait or run at a time. */
  pendingCalls: 16,
  /** Longest message of a plugin shown to the reader. */
  messageCharacters: 500,
} as const;

const identifier = z
  .string()
  .max(50)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'use lower-case words joined by hyphens, such as `sort-lines`');
const line = (max: number): z.ZodString =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'use one line of visible characters');

const command = z.strictObject({
  /** Also the id of the action it becomes; part of the plugin's contract, never renamed. */
  id: identifier,
  title: line(50),
  description: line(200),
  output: z.enum(outputModes),
});
export type PluginCommand = z.output<typeof command>;

const filter = z.strictObject({
  id: identifier,
  title: line(50),
  description: line(200),
  /** What passes through it: the text on its way to a language model, or the answer on its way back. */
  on: z.enum(['request', 'response']),
  /** When it fails or takes too long: nothing passes (for what protects), or the text goes on as it is. */
  onFailure: z.enum(['block', 'pass']),
});

/** What is asked for, and why, in words to the person who decides. */
const permission = z.strictObject({
  name: z.custom<PermissionName>((name) => typeof name === 'string' && Object.hasOwn(permissions, name), {
    error: ({ input }) => `there is no permission ${JSON.stringify(input)}`,
  }),
  reason: line(200),
});

export const apiVersion: ApiVersion = 1;

export const manifest = z
  .strictObject({
    /** Equal to the name of the plugin's folder. */
    id: identifier,
    name: line(50),
    version: z
      .string()
      .regex(/^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$/, 'use three numbers, such as 1.0.0'),
    apiVersion: z.literal(apiVersion),
    description: line(200),
    publisher: line(50),
    commands: z
      .array(command)
      .max(100)
      .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, 'give each command its own id'),
    filters: z.array(filter).max(10).default([]),
    permissions: z.array(permission),
  })
  .refine(({ commands, filters }) => commands.length + filters.length > 0, {
    path: ['commands'],
    error: 'a plugin has a command or a filter',
  })
  .refine(({ commands, filters }) => filters.every(({ id }) => !commands.some((each) => each.id === id)), {
    path: ['filters'],
    error: 'give each filter an id that no command has',
  })
  .refine(
    ({ filters, permissions: asked }) => filters.every(({ on }) => asked.some(({ name }) => name === `filter.${on}`)),
    { path: ['permissions'], error: 'a filter needs the permission `filter.request` or `filter.response`' },
  );
export type Manifest = z.output<typeof manifest>;
