/** Keeps secrets and the person's text out of whatever is written down. */
import { PotterError } from '../../../shared/errors.ts';

/** Strings longer than this are the person's text or as good as it: the log says how long they were. */
const longest = 500;
/** A stack holds frames only, never the message, so it may be longer. */
const longestStack = 4000;
const deepest = 8;

const hidden = '[hidden]';

const secretWord = 'key|token|secret|passw(?:or)?d|passphrase|authorization|cookie|credential';
const secretName = new RegExp(`(?:${secretWord})s?$`, 'i');

/** How vendors' keys begin: OpenAI and those who copy it, Stripe, Groq, Hugging Face, GitHub, Slack, xAI, Perplexity, NVIDIA, … */
const prefixes = [
  ...['sk-', 'sk_live_', 'sk_test_', 'rk_live_', 'AIza', 'gsk_', 'hf_', 'gh[pousr]_', 'github_pat_', 'xox[a-z]-'],
  ...['xai-', 'pplx-', 'nvapi-', 'r8_', 'glpat-', 'whsec_', 'AGE-SECRET-KEY-', 'potter_'],
];

/**
 * Without word boundaries, since it reads serialised text, where a line break before a key is the letter n. It may cry
 * wolf (`disk-full`); it must not miss what `secrets` and `secretName` find.
 */
const suspicious = new RegExp(
  `Headers\\.|${prefixes.join('|')}|AKIA|ASIA|eyJ|PRIVATE KEY|bearer|basic |://[^/"\\s]*@|(?:${secretWord}|sig(?:nature)?|auth)s?[\\\\"']{0,4}[:=]`,
  'i',
);

/** Header values, vendors' key shapes, authorization schemes, userinfo and secret parameters of URLs. */
const shapes = [
  // Node quotes a value it refuses, line breaks and all: none of it may stay.
  String.raw`(?<=Headers\.\w{1,10}: ")[\s\S]+?(?=" is an invalid|$)`,
  String.raw`(?<![A-Za-z\d])(?:${prefixes.join('|')})[\w-]{6,}`,
  // AWS, and signed tokens of three parts.
  String.raw`\b(?:AKIA|ASIA)[A-Z\d]{12,}`,
  String.raw`\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?`,
  String.raw`(?<=-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)[\s\S]+?(?=-----END|$)`,
  String.raw`(?<=\bbearer\s{1,4})[\w.~+/=-]{4,}`,
  String.raw`(?<=\bbasic\s{1,4})[\w+/=-]{12,}`,
  String.raw`(?<=:\/\/)[^/\s@]+(?=@)`,
  String.raw`(?<=(?:${secretWord}|\bsig(?:nature)?|\bauth)s?=["']?)[^\s"'&#;,}\]]{4,}`,
];
/** What stands behind a secret's name. In a sentence that may be innocent, such as the name of an unknown key. */
const named = String.raw`(?<=(?:${secretWord})s?["']?:\s{0,4}["']?)[^\s"'&#;,}\]]{8,}`;

/** One pass over a string. */
const secrets = new RegExp([...shapes, named].join('|'), 'gi');
const shapedSecrets = new RegExp(shapes.join('|'), 'gi');

/** The text without what looks like a secret. */
export function redactText(text: string): string {
  return text.replace(secrets, hidden);
}

/**
 * An error as it is told to a caller: a key typed where a name belongs, or quoted by whoever failed, is taken out of
 * every string but `output`, which is the answer the person waits for.
 */
export function redactTold<T>(told: T): T {
  return withoutShapes(told, 0) as T;
}

function withoutShapes(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(shapedSecrets, hidden);
  if (value === null || typeof value !== 'object' || depth > deepest) return value;
  if (Array.isArray(value)) return value.map((item) => withoutShapes(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name.replace(shapedSecrets, hidden),
      name === 'output' ? item : withoutShapes(item, depth + 1),
    ]),
  );
}

const address = /[\w.+-]{1,64}@[A-Za-z\d-]{1,63}(?:\.[A-Za-z\d-]{1,63})+/g;

/**
 * One serialised log line without secrets and long texts, and without e-mail addresses if `hideEmail`. An innocent line costs
 * one search and is handed back as it is.
 */
export function redactLine(line: string, hideEmail = false): string {
  const isInnocent = line.length <= longest && !suspicious.test(line);
  const redacted = isInnocent ? line : `${JSON.stringify(redactValue(JSON.parse(line), '', 0))}\n`;
  return hideEmail && redacted.includes('@') ? redacted.replace(address, hidden) : redacted;
}

/**
 * A thrown value as plain data with its causes. The stack is there for what nobody foresaw; a PotterError's `detail` is
 * left out, since it may hold the person's text.
 */
export function describeError(thrown: unknown): Record<string, unknown> {
  return describe(thrown, !(thrown instanceof PotterError) || thrown.kind.fault === 'bug', 0);
}

function describe(thrown: unknown, withStack: boolean, depth: number): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const description: Record<string, unknown> = { message: thrown.message };
  if ('code' in thrown) description.code = thrown.code;
  else description.name = thrown.name;
  if (withStack && thrown.stack !== undefined) description.stack = frames(thrown.stack);
  if (thrown.cause !== undefined && depth < deepest) description.cause = describe(thrown.cause, withStack, depth + 1);
  return description;
}

function frames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join('\n');
}

function redactValue(value: unknown, name: string, depth: number): unknown {
  if (typeof value === 'string') return secretName.test(name) ? hidden : redactText(shorten(value, name));
  if (value === null || typeof value !== 'object') return value;
  if (secretName.test(name)) return hidden;
  if (depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, '', depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redactText(key), redactValue(item, key, depth + 1)]),
  );
}

function shorten(text: string, name: string): string {
  const limit = name === 'stack' ? longestStack : longest;
  return text.length <= limit ? text : `${text.slice(0, 40)}… [${text.length} characters]`;
}
