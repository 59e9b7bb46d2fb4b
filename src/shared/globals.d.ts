/** The few globals that Node, browsers and Electron share, for the layer that may know neither. */
declare function structuredClone<T>(value: T): T;
declare function queueMicrotask(task: () => void): void;

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

declare const URL: {
  parse(address: string): {
    readonly username: string;
    readonly password: string;
    readonly search: string;
    readonly hash: string;
  } | null;
};
