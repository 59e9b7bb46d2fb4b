/** Vitest's global set-up: the tests that start the real program need it built. */
import { buildIfStale } from '../../scripts/build.ts';

export async function setup(): Promise<void> {
  await buildIfStale();
}
