/** What differs between two texts, as changes that can be accepted one by one. Pure: no React, no DOM. */
import { diffArrays } from 'diff';
import type { Correction } from '../../shared/contract.ts';

export interface Same {
  readonly kind: 'same';
  readonly text: string;
}

export interface Change {
  readonly kind: 'change';
  /** Counts from 0 in reading order. */
  readonly id: number;
  readonly before: string;
  readonly after: string;
  /** Why, where a proofreader told. */
  readonly explanation?: string;
}

export type Piece = Same | Change;

/** The pieces of `input` and `output` in reading order. With corrections that yield `output`, each one is a change. */
export function compareTexts(input: string, output: string, corrections: readonly Correction[] = []): Piece[] {
  if (input === output) return input === '' ? [] : [{ kind: 'same', text: input }];
  const corrected = piecesOfCorrections(input, corrections);
  if (corrected && applyChanges(corrected, allOf(corrected)) === output) return corrected;
  return number(joinNeighbours(differences(input, output)));
}

/** The text with the changes in `accepted` made and all others left out. */
export function applyChanges(pieces: readonly Piece[], accepted: ReadonlySet<number>): string {
  return pieces
    .map((piece) => {
      if (piece.kind === 'same') return piece.text;
      return accepted.has(piece.id) ? piece.after : piece.before;
    })
    .join('');
}

export function changesOf(pieces: readonly Piece[]): Change[] {
  return pieces.filter((piece) => piece.kind === 'change');
}

export function allOf(pieces: readonly Piece[]): Set<number> {
  return new Set(changesOf(pieces).map(({ id }) => id));
}

/** `accepted` with the change `id` taken in, or out when it was in. */
export function toggle(accepted: ReadonlySet<number>, id: number): Set<number> {
  const next = new Set(accepted);
  if (!next.delete(id)) next.add(id);
  return next;
}

type Raw = Same | Omit<Change, 'id'>;

/** Edits beyond which a finer comparison keeps the reader waiting; the time grows with their square. */
const mostEdits = 1000;
const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });

/** Word by word; in a text that changed too much for that, sentence by sentence, and word by word in those. */
function differences(input: string, output: string): Raw[] {
  const byWord = compareWords(input, output);
  if (byWord) return byWord;
  const bySentence = compareParts(split(sentences, input), split(sentences, output));
  const pieces = bySentence ? joinNeighbours(bySentence) : [{ kind: 'change', before: input, after: output } as const];
  return pieces.flatMap((piece) => (piece.kind === 'same' ? [piece] : refine(piece)));
}

/** Where as many sentences stand on both sides, each belongs to its counterpart. */
function refine(piece: Omit<Change, 'id'>): Raw[] {
  const [before, after] = [split(sentences, piece.before), split(sentences, piece.after)];
  if (before.length !== after.length) return compareWords(piece.before, piece.after) ?? [piece];
  return before.flatMap((sentence, at) => {
    const counterpart = after[at] ?? '';
    return compareWords(sentence, counterpart) ?? [{ kind: 'change', before: sentence, after: counterpart }];
  });
}

function compareWords(before: string, after: string): Raw[] | undefined {
  return compareParts(split(words, before), split(words, after));
}

/** The segmenter knows where Chinese and Japanese words end. */
function split(segmenter: Intl.Segmenter, text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function compareParts(before: string[], after: string[]): Raw[] | undefined {
  return diffArrays(before, after, { maxEditLength: mostEdits })?.map(({ added, removed, value }) => {
    const text = value.join('');
    if (!added && !removed) return { kind: 'same', text };
    return { kind: 'change', before: removed ? text : '', after: added ? text : '' };
  });
}

/** Changes that touch, or that only a space parts, read as one ("foo bar" → "baz qux"), unless both mend a word. */
function joinNeighbours(raw: readonly Raw[]): Raw[] {
  const touching: Raw[] = [];
  for (const piece of raw) {
    const last = touching.at(-1);
    if (last?.kind === 'change' && piece.kind === 'change') touching[touching.length - 1] = concatenate(last, piece);
    else touching.push(piece);
  }
  const joined: Raw[] = [];
  for (const [index, piece] of touching.entries()) {
    const last = joined.at(-1);
    const isOpen = last?.kind === 'change' && (piece.kind === 'change' || isBridge(piece, last, touching[index + 1]));
    if (last?.kind === 'change' && isOpen) joined[joined.length - 1] = concatenate(last, piece);
    else joined.push(piece);
  }
  return joined;
}

function concatenate(last: Omit<Change, 'id'>, piece: Raw): Omit<Change, 'id'> {
  const [before, after] = piece.kind === 'same' ? [piece.text, piece.text] : [piece.before, piece.after];
  return { kind: 'change', before: last.before + before, after: last.after + after };
}

function isBridge({ text }: Same, last: Omit<Change, 'id'>, next: Raw | undefined): boolean {
  if (next?.kind !== 'change' || !/^[^\S\n]+$/.test(text) || last.before === '' || last.after === '') return false;
  return !(isRespelling(last) && isRespelling(next));
}

/** Most letters of the word are still there, wherever: "teh" → "the". */
function isRespelling({ before, after }: Omit<Change, 'id'>): boolean {
  const left = [...after];
  const kept = [...before].filter((letter) => {
    const at = left.indexOf(letter);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
  return !/\s/.test(before + after) && kept.length >= 0.6 * Math.max(before.length, after.length);
}

function number(raw: readonly Raw[]): Piece[] {
  let id = 0;
  return raw.map((piece) => (piece.kind === 'same' ? piece : { ...piece, id: id++ }));
}

/** Undefined when the corrections overlap or lie outside the text. */
function piecesOfCorrections(input: string, corrections: readonly Correction[]): Piece[] | undefined {
  if (corrections.length === 0) return undefined;
  const raw: Raw[] = [];
  let at = 0;
  for (const { start, end, replacement, explanation } of [...corrections].sort((a, b) => a.start - b.start)) {
    if (start < at || end < start || end > input.length) return undefined;
    if (start > at) raw.push({ kind: 'same', text: input.slice(at, start) });
    raw.push({ kind: 'change', before: input.slice(start, end), after: replacement, explanation });
    at = end;
  }
  if (at < input.length) raw.push({ kind: 'same', text: input.slice(at) });
  return number(raw);
}
