/** Vitest's global set-up. */
export function setup(): void {}
