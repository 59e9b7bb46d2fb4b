/** The thread that holds Harper: text in, lints out, as plain data. */
import { parentPort } from 'node:worker_threads';
import { Dialect, type Lint, LocalLinter, type Suggestion } from 'harper.js';
import { slimBinary } from 'harper.js/slimBinary';
import type { ProofreadReply, ProofreadRequest, RawLint } from './proofread.ts';

const port = parentPort;
if (!port) throw new Error('proofread-worker runs as a worker thread only');

/** Overlaps are resolved after the choice, or advice that is not taken would hide a mistake at the same place. */
const lintOptions = { language: 'markdown', dedup: false } as const;
const loaded = load();

port.on('message', (request: ProofreadRequest) => {
  answer(request).then(
    (reply) => port.postMessage(reply),
    (thrown: unknown) => port.postMessage({ id: request.id, status: 'failed', message: String(thrown) }),
  );
});

/** The slim binary finds the same and takes a sixth less memory and start-up time. */
async function load(): Promise<{ american: LocalLinter; british: LocalLinter }> {
  const american = new LocalLinter({ binary: slimBinary, dialect: Dialect.American });
  await american.setup();
  // These hide better spelling suggestions: they make "of ice" of "ofice" and "distill" of "untill".
  await american.setLintConfig({ ...(await american.getLintConfig()), SplitWords: false, WrongNegative: false });
  // The second linter shares the dictionary: 6 MB and 30 ms.
  const british = new LocalLinter({ binary: slimBinary, dialect: Dialect.British });
  const rules = Object.keys(await british.getDefaultLintConfig());
  await british.setLintConfig(Object.fromEntries(rules.map((rule) => [rule, rule === 'SpellCheck'])));
  return { american, british };
}

async function answer({ id, text }: ProofreadRequest): Promise<ProofreadReply> {
  const { american, british } = await loaded;
  const lints = collect(await american.organizedLints(text, lintOptions));
  const spelling = lints.filter(isSpelling);
  const likelyEnglish = await american.isLikelyEnglish(text);
  if (spelling.length === 0) return { id, status: 'ok', lints, likelyEnglish };
  const overseas = collect(await british.organizedLints(text, lintOptions));
  return {
    id,
    status: 'ok',
    lints: [...lints.filter((lint) => !isSpelling(lint)), ...wrongInBoth(spelling, overseas)],
    likelyEnglish,
  };
}

const isSpelling = (lint: RawLint): boolean => lint.rule === 'SpellCheck';

/** A word is misspelled when neither dialect knows it; the text's own dialect then makes the suggestions. */
function wrongInBoth(american: readonly RawLint[], british: readonly RawLint[]): RawLint[] {
  const inAmerican = new Set(american.map(({ start }) => start));
  const inBritish = new Set(british.map(({ start }) => start));
  const onlyAmerican = american.filter(({ start }) => !inBritish.has(start)).length;
  const onlyBritish = british.filter(({ start }) => !inAmerican.has(start)).length;
  return onlyAmerican > onlyBritish
    ? british.filter(({ start }) => inAmerican.has(start))
    : american.filter(({ start }) => inBritish.has(start));
}

function collect(organized: Record<string, Lint[]>): RawLint[] {
  return Object.entries(organized).flatMap(([rule, lints]) => lints.map((lint) => toPlain(rule, lint)));
}

/** Frees what lives in the WebAssembly memory. Harper's spans are UTF-16 offsets here. */
function toPlain(rule: string, lint: Lint): RawLint {
  const span = lint.span();
  const suggestions = lint.suggestions();
  const plain = {
    rule,
    kind: lint.lint_kind(),
    start: span.start,
    end: span.end,
    problem: lint.get_problem_text(),
    message: lint.message(),
    replacements: suggestions.map((suggestion) => replacementOf(suggestion, lint.get_problem_text())),
  };
  for (const held of [...suggestions, span, lint]) held.free();
  return plain;
}

const suggestionKinds = { replace: 0, remove: 1, insertAfter: 2 };

function replacementOf(suggestion: Suggestion, problem: string): string {
  const text = suggestion.get_replacement_text();
  return suggestion.kind() === suggestionKinds.insertAfter ? problem + text : text;
}
