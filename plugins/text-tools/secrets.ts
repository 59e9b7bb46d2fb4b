/** Looks for what should not be passed on: keys, tokens and passwords, by their shape. */

const kinds: readonly (readonly [kind: string, shape: RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/g],
  ['an Anthropic key', /\bsk-ant-[\w-]{16,}/g],
  ['an OpenAI key', /\bsk-(?!ant-)(?:proj-|svcacct-|admin-)?[\w-]{20,}/g],
  ['a Google key', /\bAIza[\w-]{35}/g],
  ['a GitHub token', /\b(?:gh[pousr]_\w{36,}|github_pat_\w{22,})/g],
  ['a GitLab token', /\bglpat-[\w-]{20,}/g],
  ['an AWS access key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g],
  ['a Slack token', /\bxox[abeoprs]-[\w-]{10,}/g],
  ['a Stripe key', /\b(?:sk|rk)_(?:live|test)_\w{16,}/g],
  ['an npm token', /\bnpm_\w{36}/g],
  ['a Hugging Face token', /\bhf_\w{30,}/g],
  ['a JSON web token', /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g],
  ['a bearer token', /\bBearer\s+[\w.~+/-]{20,}=*/g],
  ['a password in an address', /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{1,100}:[^\s/@]{3,200}@/gi],
  ['a password', /\b(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?token)["']?\s*[:=]\s*["']?[^\s"',;]{8,}/gi],
];

export function findSecrets(text: string): string {
  const found = text.split(/\r?\n/).flatMap((line, index) => inLine(line).map((what) => `Line ${index + 1}: ${what}`));
  if (found.length === 0)
    return 'No secret was found. Only the known shapes of keys, tokens and passwords are looked for.';
  return [`${found.length === 1 ? 'One secret was' : `${found.length} secrets were`} found:`, ...found].join('\n');
}

/** The first kind that fits a place names it. */
function inLine(line: string): string[] {
  const taken: [start: number, end: number][] = [];
  const found: [start: number, what: string][] = [];
  for (const [kind, shape] of kinds) {
    for (const { 0: secret, index } of line.matchAll(shape)) {
      const end = index + secret.length;
      if (taken.some(([from, to]) => index < to && end > from)) continue;
      taken.push([index, end]);
      // Enough to find it by, not enough to use it.
      found.push([index, `${kind}, at column ${index + 1}, beginning with “${secret.slice(0, 6)}…”`]);
    }
  }
  return found.sort(([one], [other]) => one - other).map(([, what]) => what);
}
