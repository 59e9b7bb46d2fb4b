/** What a request costs, by the vendors' list prices on one day. */
import type { WireFormat } from '../../../shared/settings.ts';
import type { Usage } from './provider.ts';

/** The day the vendors' price pages were read. */
export const pricesOf = '2026-11-26';

/** US dollars for a million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/**
 * By the beginning of the model's name, without what stands before a slash; the first row that fits decides. The price of
 * ordinary requests: what a vendor takes off for cached input or adds for very long input is not known beforehand.
 */
const prices: readonly (readonly [model: RegExp, input: number, output: number])[] = [
  // OpenAI
  [/^gpt-6\.2-astra/, 8, 40],
  [/^gpt-6(?:\.\d)?-astra/, 10, 50],
  [/^gpt-6(?:\.\d)?-terra/, 1, 5],
  [/^gpt-6(?:\.\d)?-luna/, 0.1, 0.5],
  [/^gpt-6/, 2, 10],
  [/^gpt-5\.6-luna/, 0.2, 1.2],
  [/^gpt-5\.6-terra/, 2, 12],
  [/^gpt-5\.6/, 4, 20],
  [/^gpt-5\.[45]-pro/, 30, 180],
  [/^gpt-5\.5-mini/, 0.4, 1.6],
  [/^gpt-5\.5-nano/, 0.1, 0.4],
  [/^gpt-5\.5/, 5, 30],
  [/^gpt-5\.4-mini/, 0.75, 4.5],
  [/^gpt-5\.4/, 2.5, 15],
  [/^gpt-5(?:\.\d)?-nano/, 0.05, 0.4],
  [/^gpt-5(?:\.\d)?-mini/, 0.25, 2],
  [/^gpt-5/, 1.75, 14],
  [/^gpt-4\.1-nano/, 0.1, 0.4],
  [/^gpt-4\.1-mini/, 0.4, 1.6],
  [/^gpt-4\.1/, 2, 8],
  [/^gpt-4o-mini/, 0.15, 0.6],
  [/^(?:chatgpt-)?gpt-4o|^chatgpt-4o/, 2.5, 10],
  [/^o[34]-mini/, 1.1, 4.4],
  [/^gpt-3\.5/, 0.5, 1.5],
  // Anthropic
  [/^claude-(?:fable|mythos)/, 10, 50],
  [/^claude-opus-4(?:-[01])?(?:-\d{8})?$/, 15, 75],
  [/^claude-opus/, 5, 25],
  [/^claude-(?:\d-\d-)?sonnet/, 3, 15],
  [/^claude-haiku-5/, 0.5, 2.5],
  [/^claude-haiku/, 1, 5],
  [/^claude-3-5-haiku/, 0.8, 4],
  [/^claude-3-haiku/, 0.25, 1.25],
  [/^claude-3-opus/, 15, 75],
  // Google
  [/^gemini-4-argon/, 4, 20],
  [/^gemini-3\.[5-9]-flash-lite/, 0.3, 1.8],
  [/^gemini-3\.[5-9]-flash/, 1.5, 9],
  [/^gemini-3\.1-flash-lite/, 0.25, 1.5],
  [/^gemini-3(?:\.\d)?-pro/, 2, 12],
  [/^gemini-2\.5-flash-lite/, 0.1, 0.4],
  [/^gemini-2\.5-flash/, 0.3, 2.5],
  [/^gemini-2\.5-pro/, 1.25, 10],
  // Others that are asked over the same wire
  [/^mistral-large/, 2, 6],
  [/^(?:mistral|magistral)-medium/, 0.4, 2],
  [/^(?:mistral|magistral)-small|^ministral/, 0.1, 0.3],
  [/^deepseek/, 0.44, 1.32],
];

/** For a model of a vendor that the table does not know: what the vendor's larger models cost, so no budget is overrun. */
const unknownModel: Readonly<Record<WireFormat, Price>> = {
  openai: { input: 5, output: 30 },
  anthropic: { input: 5, output: 25 },
  google: { input: 4, output: 20 },
  compatible: { input: 3, output: 15 },
};

export interface Priced {
  readonly wireFormat: WireFormat;
  readonly model: string;
  /** A server without a key, on this machine or network: it costs nothing. */
  readonly isFree: boolean;
}

export interface Cost {
  /** Millionths of a US dollar. */
  readonly micros: number;
  /** The vendor gave no count of tokens, or the table has no price of this model. */
  readonly isEstimate: boolean;
}

export function costOf({ wireFormat, model, isFree }: Priced, usage: Usage): Cost {
  if (isFree) return { micros: 0, isEstimate: false };
  const known = priceOf(model);
  const { input, output } = known ?? unknownModel[wireFormat];
  const micros = Math.ceil(usage.inputTokens * input + usage.outputTokens * output);
  return { micros, isEstimate: known === undefined || usage.isEstimate === true };
}

function priceOf(model: string): Price | undefined {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const row = prices.find(([pattern]) => pattern.test(name));
  return row && { input: row[1], output: row[2] };
}
