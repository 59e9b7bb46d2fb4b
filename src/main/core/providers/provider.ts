/** One language-model server, whatever its wire format. */
import type { PotterError } from '../../../shared/errors.ts';
import type { GuardedFetch } from '../outbound.ts';

export interface CompletionRequest {
  readonly model: string;
  /** Instructions: the shared guard and the action's prompt. */
  readonly system: string;
  /** What was said before, the oldest first. Default: nothing. */
  readonly before?: readonly Turn[];
  /** The delimited text. */
  readonly user: string;
  readonly maxOutputTokens: number;
  readonly temperature?: number;
}

/** One thing that was said. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The vendor gave no count, or an impossible one. Default false. */
  readonly isEstimate?: boolean;
}

/** How the vendor says the answer ended. */
export type Finish = 'stop' | 'length' | 'filter';

export type CompletionEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'end'; readonly finish: Finish; readonly usage?: Usage };

/** A model as its vendor lists it. */
export interface Model {
  readonly id: string;
  /** In the vendor's words, such as `Claude Sonnet 4.5`. */
  readonly name?: string;
}

/** A request as it would be sent, but for its headers. */
export interface WireRequest {
  readonly url: string;
  readonly body: unknown;
}

/** What every wire format is opened with. */
export interface ProviderOptions {
  readonly id: string;
  /** In the person's words, such as `Ollama`; every message names it. */
  readonly name: string;
  /** As the person gave it, such as `http://127.0.0.1:11434/v1`. */
  readonly baseUrl: string;
  /** Absent for a server that wants none. */
  readonly apiKey?: string;
  readonly fetch: GuardedFetch;
  /** Models it is known to have, named when it refuses one. Default: none. */
  readonly knownModels?: () => readonly string[];
  /** Milliseconds since the epoch, to read a `Retry-After` date by. Default: the system's. */
  readonly now?: () => number;
}

/** Characters of one answer. The framing around them is capped by the outbound fetch. */
export const maximumText = 2 << 20;

/** For whoever has a request in the OpenAI wire format already. */
export interface Wire {
  /** Where chat completions are asked for. */
  readonly url: string;
  /** Of every request, the key among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** What an error reply means. `body` is what there is of its text. */
  refusal(
    reply: { readonly status: number; readonly headers: Headers; readonly body: string },
    model: string,
  ): PotterError;
}

export interface Provider {
  readonly id: string;
  /** Where it speaks the OpenAI wire format. */
  readonly wire?: Wire;
  /** The models the server offers for conversation now, in its order. Fails with the code of what went wrong. */
  models(signal: AbortSignal): Promise<readonly Model[]>;
  /** What `complete` would send; nothing is sent. */
  describe(request: CompletionRequest): WireRequest;
  /**
   * The answer as it arrives: `text` events, then exactly one `end`, which exists only when the vendor's own terminator
   * has arrived. A stream that ends without it fails with `INCOMPLETE`. Nothing is retried here.
   */
  complete(request: CompletionRequest, signal: AbortSignal): AsyncIterable<CompletionEvent>;
}
