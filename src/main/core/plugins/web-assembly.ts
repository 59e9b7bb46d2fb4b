/** The part of WebAssembly the sandbox uses, typed here because Node's types leave it to the DOM's. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** By pages of 64 KiB; the number of pages before. */
  grow(pages: number): number;
}

/** Compiled code; threads share it. */
export type WasmModule = object;

interface WebAssembly {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory;
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssembly }).WebAssembly;
