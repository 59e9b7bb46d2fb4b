/**
 * What a plugin author imports, as types only: nothing of this file reaches the sandbox.
 *
 * Version 1. A plugin states the version it was written for as `apiVersion` in its manifest.
 */
export type ApiVersion = 1;

/**
 * Turns the text into the result. An `Error` it throws is an expected failure: its message, one sentence of plain text,
 * is shown to the reader ("Line 3, column 5: expected a value, found ,"). A promise that can no longer settle fails.
 */
export type Command = (text: string) => string | Promise<string>;

/** What `main.ts` exports under the name `plugin`. */
export interface Plugin {
  /** One function for each command of the manifest, by the command's id. */
  readonly commands: Readonly<Record<string, Command>>;
  /** One function for each filter of the manifest, by the filter's id. Default: none. */
  readonly filters?: Readonly<Record<string, Command>>;
}
