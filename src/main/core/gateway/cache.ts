/** Answers of equal calls, kept in memory only: nothing a person wrote reaches the disk through here. */
import { LRUCache } from 'lru-cache';
import type { RouteName } from '../../../shared/contract.ts';

export interface AnswerCache {
  /** Undefined when this call must not be answered from memory. */
  keyOf(route: RouteName, input: unknown): string | undefined;
  get(key: string): unknown;
  set(key: string, data: unknown): void;
  /** How many answers there were. A call that began before is not kept either. */
  clear(): number;
}

export interface CacheOptions {
  /** What makes two calls equal. Must name everything the answer depends on. */
  readonly keyOf: AnswerCache['keyOf'];
  /** Default 16 MiB, counted as two bytes a character of the answer's JSON. */
  readonly maxBytes?: number;
  /** Default one hour. */
  readonly ttlMs?: number;
}

export function createAnswerCache({ keyOf, maxBytes = 16 << 20, ttlMs = 3_600_000 }: CacheOptions): AnswerCache {
  const answers = new LRUCache<string, object>({
    maxSize: maxBytes,
    ttl: ttlMs,
    sizeCalculation: (data) => JSON.stringify(data).length * 2,
  });
  /** Part of every key, so that what was asked before a `clear` is not stored after it. */
  let generation = 0;
  return {
    keyOf: (route, input) => {
      const key = keyOf(route, input);
      return key === undefined ? undefined : `${generation} ${key}`;
    },
    get: (key) => answers.get(key),
    set: (key, data) => {
      if (!key.startsWith(`${generation} `)) return;
      if (typeof data === 'object' && data !== null) answers.set(key, data);
    },
    clear: () => {
      const { size } = answers;
      generation += 1;
      answers.clear();
      return size;
    },
  };
}
