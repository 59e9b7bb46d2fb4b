/** Is an answer fit to take the place of the text? Whatever fails is shown with the reason, never written. */
import type { GuardProfile } from '../../../shared/contract.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import type { Finish } from '../providers/provider.ts';
import { chineseVariant, detectLanguage, dominantScript, scriptShares } from './language.ts';
import { missingTokens, type ProtectRule, type TokenClass } from './protect.ts';

/** In the order of `checks` below; the first finding wins, as the later ones often follow from it. */
export const guardCodes = [
  'TRUNCATED',
  'FILTERED',
  'EMPTY_RESULT',
  'GUARD_REFUSAL',
  'GUARD_PREAMBLE',
  'GUARD_LANGUAGE',
  'GUARD_LENGTH',
  'GUARD_PROTECTED',
] as const satisfies readonly ErrorCode[];

export interface Finding {
  readonly code: (typeof guardCodes)[number];
  /** One sentence naming what was found. */
  readonly message: string;
}

export interface GuardRules {
  /** The model declined, or replied to the text instead of working on it. */
  readonly refusal: boolean;
  /** Something stands around the result: an introduction, a remark, quotation marks, a code fence. */
  readonly preamble: boolean;
  readonly language: boolean;
  /** Bounds of the answer's length as multiples of the input's, widened by `slack` characters for short texts. */
  readonly length?: { readonly least: number; readonly most: number; readonly slack: number };
  readonly protect?: ProtectRule;
}

const everything: readonly TokenClass[] = ['code', 'url', 'email', 'placeholder', 'path', 'number'];
/** A translation writes numbers and dates in the way of its language. */
const allButNumbers: readonly TokenClass[] = ['code', 'url', 'email', 'placeholder', 'path'];

/** Which checks an action's results must pass. One row for each kind of work. */
export const guardRules = {
  proofread: {
    refusal: true,
    preamble: true,
    language: true,
    length: { least: 0.75, most: 1.35, slack: 15 },
    protect: { classes: everything, count: 'same' },
  },
  rewrite: {
    refusal: true,
    preamble: true,
    language: true,
    length: { least: 0.4, most: 2.2, slack: 60 },
    protect: { classes: everything, count: 'some' },
  },
  shorten: {
    refusal: true,
    preamble: true,
    language: true,
    length: { least: 0.1, most: 1.15, slack: 20 },
    protect: { classes: everything, count: 'some' },
  },
  expand: {
    refusal: true,
    preamble: true,
    language: true,
    length: { least: 0.9, most: 8, slack: 400 },
    protect: { classes: everything, count: 'some' },
  },
  translate: {
    refusal: true,
    preamble: true,
    language: false,
    length: { least: 0.3, most: 3, slack: 60 },
    protect: { classes: allButNumbers, count: 'some' },
  },
  digest: { refusal: true, preamble: true, language: true, length: { least: 0, most: 2, slack: 1200 } },
  /** Another kind of text, of which nothing follows from the input but that there is something and all of it. */
  free: { refusal: false, preamble: false, language: false },
} as const satisfies Record<GuardProfile, GuardRules>;

export interface Answer {
  readonly profile: GuardProfile;
  /** Both without outer white space. */
  readonly input: string;
  readonly output: string;
  readonly finish: Finish;
}

/** The first thing that is wrong with an answer, in the order of `checks`. */
export function checkResult({ profile, input, output, finish }: Answer): Finding | undefined {
  const rules: GuardRules = guardRules[profile];
  for (const check of checks) {
    const finding = check({ rules, finish, profile, input: input.trim(), output: output.trim() });
    if (finding) return finding;
  }
  return undefined;
}

type Check = (answer: Answer & { readonly rules: GuardRules }) => Finding | undefined;

const checks: readonly Check[] = [
  checkFinish,
  checkEmpty,
  checkRefusal,
  checkPreamble,
  checkRemark,
  checkWrapping,
  checkScript,
  checkLanguage,
  checkReply,
  checkLength,
  checkProtected,
];

function checkFinish({ finish }: Answer): Finding | undefined {
  switch (finish) {
    case 'length':
      return { code: 'TRUNCATED', message: 'The answer was cut off because it reached the longest output allowed.' };
    case 'filter':
      return { code: 'FILTERED', message: 'The provider’s content filter stopped the answer.' };
    case 'stop':
      return undefined;
  }
}

/** Format characters count as nothing: an answer of zero-width spaces looks empty. */
function checkEmpty({ output }: Answer): Finding | undefined {
  return /[^\s\p{Cf}\p{Cc}]/u.test(output) ? undefined : { code: 'EMPTY_RESULT', message: 'The answer is empty.' };
}

const longestRefusal = 700;

function checkRefusal({ input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  if (!rules.refusal || output.length > longestRefusal) return undefined;
  const start = plain(output).slice(0, 200);
  if (!refusals.some((pattern) => pattern.test(start))) return undefined;
  const sentence = firstSentence(output);
  if (comesFrom(sentence, input) || refusalTopics.test(input)) return undefined;
  return { code: 'GUARD_REFUSAL', message: `The model declined: “${sentence}”` };
}

/**
 * A model that answers a question, or carries out an order, shares almost no words with the text. Checked after the
 * language, as a translation shares none either.
 */
function checkReply({ profile, input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  const bound = replyBelow[profile];
  if (!rules.refusal || bound === undefined || dominantScript(input) !== dominantScript(output)) return undefined;
  const { words, shared } = sharedWords(input, output);
  const questionGone = /[?？؟]["'”’»」)\s]*$/.test(input) && !/[?？؟]/.test(output);
  const replied = questionGone ? words >= 4 && shared <= words * 0.34 : words >= 6 && shared <= words * bound;
  // What is made of the text's own words is a part of it, however little.
  if (!replied || comesFrom(output, input)) return undefined;
  return { code: 'GUARD_REFUSAL', message: 'The model replied to the text instead of working on it.' };
}

/** Share of the text's words up to which an answer is no version of it. A proofreader keeps nearly all. */
const replyBelow: Partial<Record<GuardProfile, number>> = {
  proofread: 0.3,
  rewrite: 0.06,
  shorten: 0.02,
  expand: 0.15,
};

function checkPreamble({ profile, input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  if (!rules.preamble) return undefined;
  const start = plain(output).slice(0, 240);
  for (const { pattern, except, unless } of preambles) {
    const found = pattern.exec(start)?.[0];
    if (found === undefined || except?.includes(profile) === true || unless?.test(input) === true) continue;
    if (comesFrom(found, input) || translatesLabel(found, input, start)) continue;
    if (preambles.some((other) => other.pattern.test(plain(input).slice(0, 240)))) continue;
    return { code: 'GUARD_PREAMBLE', message: `The answer begins with an introduction: “${shorten(found)}”` };
  }
  return undefined;
}

const label = /^[\p{L}\p{M}]+(?: [\p{L}\p{M}]+)?\s?[:：]\s*/u;

/** The text begins with a label of its own, and so does the answer, with one and not two. */
function translatesLabel(found: string, input: string, start: string): boolean {
  return label.test(plain(input)) && label.test(found) && !label.test(start.replace(label, ''));
}

/** A closing remark, or a remark in place of the result. */
function checkRemark({ input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  if (!rules.preamble) return undefined;
  const text = plain(output).replace(/[*_]{1,3}/g, '');
  const last = text.slice(text.lastIndexOf('\n') + 1);
  const paragraph = text.slice(text.lastIndexOf('\n\n') + 1).trim();
  const found = [
    ...closingRemarks.map((pattern) => pattern.exec(last)?.[0] ?? pattern.exec(paragraph)?.[0]),
    text.length < 300 ? noChangeRemarks.map((pattern) => pattern.exec(text)?.[0]).find((match) => match) : undefined,
  ].find((match) => match !== undefined);
  if (found === undefined || comesFrom(found, input)) return undefined;
  return { code: 'GUARD_PREAMBLE', message: `The answer holds a remark beside the result: “${shorten(found)}”` };
}

function checkWrapping({ profile, input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  if (!rules.preamble) return undefined;
  const found = /^<\/?(?:text(?:-[\w-]+)?|think(?:ing)?)>/i.exec(output)?.[0];
  if (found && !input.includes(found)) {
    return { code: 'GUARD_PREAMBLE', message: `The answer begins with the mark ${found}.` };
  }
  if (/^(```|~~~)/.test(output) && /(```|~~~)$/.test(output) && !/^(```|~~~)/m.test(input)) {
    return { code: 'GUARD_PREAMBLE', message: 'The answer is wrapped in a code fence.' };
  }
  if (profile === 'digest') return undefined;
  const quotes = wrappingQuotes(output);
  if (!quotes || isQuoted(input)) return undefined;
  return { code: 'GUARD_PREAMBLE', message: `The answer is wrapped in quotation marks (${quotes}).` };
}

const fewestLetters = 8;

function checkScript({ input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  if (!rules.language) return undefined;
  const [from, to] = [proseOf(input), proseOf(output)];
  const before = dominantScript(from);
  const { letters, shares } = scriptShares(to);
  if (before === undefined || letters < 4) return undefined;
  const enough = scriptShares(from).letters >= (before === 'Latin' ? fewestLetters : 3);
  if (enough && (shares.get(before) ?? 0) < 0.2) {
    const after = dominantScript(to) ?? 'several';
    return {
      code: 'GUARD_LANGUAGE',
      message: `The script changed from ${scriptName(before)} to ${scriptName(after)}.`,
    };
  }
  const [variantBefore, variantAfter] = [chineseVariant(from), chineseVariant(to)];
  if (before !== 'Han' || !variantBefore || !variantAfter || variantBefore === variantAfter) return undefined;
  return { code: 'GUARD_LANGUAGE', message: `The writing changed from ${variantBefore} to ${variantAfter} Chinese.` };
}

function checkLanguage({ input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  if (!rules.language) return undefined;
  const before = detectLanguage(proseOf(input));
  const after = detectLanguage(proseOf(output));
  if (!before || !after || before === after) return undefined;
  return {
    code: 'GUARD_LANGUAGE',
    message: `The language changed from ${languageName(before)} to ${languageName(after)}.`,
  };
}

function checkLength({ input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  if (!rules.length) return undefined;
  const { least, most, slack } = rules.length;
  const [before, after] = [visualLength(input), visualLength(output)];
  const [characters, given] = [input.length, output.length];
  if (after > before * most + slack) {
    return {
      code: 'GUARD_LENGTH',
      message: `The answer is much longer than the text: ${given} characters for ${characters}.`,
    };
  }
  if (after < before * least - slack) {
    return {
      code: 'GUARD_LENGTH',
      message: `The answer is much shorter than the text: ${given} characters for ${characters}.`,
    };
  }
  return undefined;
}

function checkProtected({ input, output, rules }: Parameters<Check>[0]): Finding | undefined {
  if (!rules.protect) return undefined;
  const missing = missingTokens(input, output, rules.protect);
  if (missing.length === 0) return undefined;
  const named = missing.slice(0, 3).map(({ text }) => `“${shorten(text)}”`);
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
  return { code: 'GUARD_PROTECTED', message: `Parts to be kept were changed or lost: ${named.join(', ')}${more}.` };
}

/** A Chinese or Japanese character says about as much as two and a half letters. */
const visualLength = (text: string): number =>
  text.length +
  1.5 * (text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu)?.length ?? 0);

/** Without code, links and mark-up, whose words are nobody's language. */
const proseOf = (text: string): string =>
  text
    .replace(/(```|~~~)[\s\S]*?(?:\1|$)/g, ' ')
    .replace(
      /`[^`\n]+`|(?:https?:\/\/|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}|<[^<>\n]{1,500}>|\{\{[^{}\n]{0,200}\}\}/g,
      ' ',
    );

/** For matching phrases: straight apostrophes, no mark-up signs at the start of a line. */
const plain = (text: string): string => text.replace(/[’‘]/g, "'").replace(/^[*_#>"“«¡\s]+/, '');

const shorten = (text: string): string => (text.trim().length > 80 ? `${text.trim().slice(0, 79)}…` : text.trim());

const firstSentence = (text: string): string =>
  shorten(/^[^\n]*?(?:[.!?。！？](?=\s|$)|[。！？]|$)/m.exec(text.trim())?.[0] ?? text);

/** Most words of the phrase stand in the input, so the phrase is the text's own. */
function comesFrom(phrase: string, input: string): boolean {
  const words = stems(phrase);
  const own = new Set(stems(input));
  return words.length > 0 && words.filter((word) => own.has(word)).length >= words.length * 0.6;
}

/** How many different words with a meaning of their own the input has, and how many of them the output kept. */
function sharedWords(input: string, output: string): { words: number; shared: number } {
  const before = new Set(stems(input).filter((stem) => stem.length > 3 || !/^[a-z]/.test(stem)));
  const after = new Set(stems(output));
  return { words: before.size, shared: [...before].filter((word) => after.has(word)).length };
}

/** Words cut to their first five letters, so that inflected forms meet; single characters of Chinese and Japanese. */
function stems(text: string): string[] {
  const words = plain(text)
    .toLowerCase()
    .match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{M}\p{N}']+/gu);
  return (words ?? []).map((word) => word.replace(/'/g, '').slice(0, 5)).filter((word) => word !== '');
}

const quotePairs: readonly (readonly [open: string, close: string])[] = [
  ['"', '"'],
  ['“', '”'],
  ['„', '“'],
  ['„', '”'],
  ['«', '»'],
  ['»', '«'],
  ['「', '」'],
  ['『', '』'],
  ['‘', '’'],
  ["'", "'"],
];

/** The pair around the whole text; a pair that closes within it belongs to the text. */
function wrappingQuotes(text: string): string | undefined {
  for (const [open, close] of quotePairs) {
    if (text.length < 3 || !text.startsWith(open) || !text.endsWith(close)) continue;
    const inner = text.slice(1, -1);
    const apostrophes = close === '’' || close === "'" ? inner.replace(/\p{L}['’]\p{L}/gu, '') : inner;
    if (!apostrophes.includes(open) && !apostrophes.includes(close)) return open + close;
  }
  return undefined;
}

const isQuoted = (text: string): boolean => /^["“„«»「『‘']/.test(text) || /["”“»«」』’']$/.test(text);

const names = (type: 'language' | 'script') => new Intl.DisplayNames('en', { type });
const languageName = (code: string): string => names('language').of(code) ?? code;
const scriptName = (script: string): string => (script === 'Kana' ? 'Japanese' : script === 'Han' ? 'Chinese' : script);

/** What a text that is itself about refusing holds, in any of the languages. */
const refusalTopics =
  /\b(?:can(?:no|')?t|cannot|unable to|won't|not able to)\s+(?:\w+\s+){0,3}(?:help|assist|comply|do (?:that|this)|provide|fulfil)|as an ai|language model|kann (?:\S+\s+){0,5}nicht|nicht helfen|ne peux pas|je ne suis pas en mesure|no puedo|não posso|non posso|не могу|无法|不能|無法|できません|できかねます|할 수 없/i;

/** Anchored at the start, each with the thing declined, so that “I'm sorry, I can't come” is no refusal. */
const refusals: readonly RegExp[] = [
  /^(?:(?:i'm|i am) (?:really |very |truly )?sorry|sorry|apologies|i apologi[sz]e|unfortunately)?[,.:;\s]*(?:but |however,? )?(?:as an ai[^.]{0,60}?,? )?(?:i|we)(?: am|'m)?(?: simply| really)?\s*(?:can't|cannot|can not|won't|will not|am unable to|'m unable to|unable to|am not able to|'m not able to|not able to|don't feel comfortable|must decline|have to decline|am not comfortable|'m not comfortable)(?:\s+to)?(?: be able to)?\s*(?:help|assist|comply|fulfil|fulfill|do that|do this|provide|process|rewrite|edit|translate|proofread|generate|create|continue|engage|respond|produce|support|complete|write|with|this|that request|summari[sz]e|explain|answer|rewriting|editing|translating|summari[sz]ing)/i,
  /^as an ai\b/i,
  /^(?:i'm|i am) (?:just )?an? (?:ai|language model)/i,
  /^(?:i'm sorry|sorry|i apologi[sz]e)[,.]? (?:but )?(?:this|that|the|your) (?:request|text|content|message) (?:violates|goes against|contains|appears|is not)/i,
  /^(?:this|your|the) (?:request|content|text) (?:violates|goes against)/i,
  /^(?:es tut mir leid|tut mir leid|leider|entschuldigung)[,.]?\s*(?:aber )?(?:(?:dabei |das |damit |diese[rnms]? \S+ |bei diese[rm] \S+ )?(?:kann|darf) ich|ich (?:kann|darf))[^.]{0,80}nicht[^.]{0,30}(?:helfen|behilflich|unterstützen|bearbeiten|übersetzen|umschreiben|umformulieren|überarbeiten|erfüllen|schreiben|ausführen|beantworten)/i,
  /^ich kann (?:dir |ihnen )?(?:dabei|damit|bei diese[rm]|diese[nrs]?)[^.]{0,60}nicht/i,
  /^(?:je suis désolée?|désolée?|malheureusement)[,.]?\s*(?:mais )?je ne (?:peux|puis|suis)[^.]{0,30}(?:aider|assister|répondre|traiter|fournir|réécrire|traduire|générer|satisfaire|poursuivre)/i,
  /^je ne (?:peux|puis) pas (?:vous |t')?(?:aider|répondre|traiter|fournir|réécrire|traduire)/i,
  /^(?:lo siento|lo lamento|disculpa|lamentablemente)[,.]?\s*(?:pero )?no (?:puedo|me es posible) (?:\S+ ){0,2}?(?:ayudar|asistirte|asistirle|cumplir|realizar|procesar|traducir|reescribir|proporcionar|generar|hacer eso|responder|continuar|completar)/i,
  /^(?:desculpe|sinto muito|lamento|infelizmente)[,.]?\s*(?:mas )?(?:eu )?não (?:posso|consigo) (?:\S+ ){0,2}?(?:ajudar|auxiliar|atender|realizar|processar|traduzir|reescrever|fornecer|gerar|fazer isso|responder|continuar)/i,
  /^(?:mi dispiace|purtroppo|spiacente)[,.]?\s*(?:ma )?non posso (?:\S+ ){0,2}?(?:aiut|assister|soddisfare|elaborare|tradurre|riscrivere|fornire|generare|farlo|rispondere|continuare|completare)/i,
  /^(?:het spijt me|sorry|helaas)[,.]?\s*(?:maar )?(?:ik kan|kan ik)[^.]{0,60}(?:niet|geen)[^.]{0,30}(?:help|assist|voldoen|verwerk|vertal|herschrijv)/i,
  /^(?:przykro mi|przepraszam|niestety)[,.]?\s*(?:ale )?nie mogę (?:\S+ ){0,2}?(?:pomóc|spełnić|przetworzyć|przetłumaczyć|napisać|wykonać)/i,
  /^(?:üzgünüm|maalesef)[,.]?[^.]{0,80}(?:yardımcı olamam|edemem|yapamam|olamıyorum)/i,
  /^(?:извините|простите|к сожалению)[,.]?\s*(?:но )?я не могу (?:\S+ ){0,2}?(?:помочь|выполнить|обработать|перевести|переписать|предоставить|ответить|помогать|создать)/i,
  /^(?:很?抱歉|对不起|對不起|不好意思)[，,。]?\s*(?:但)?(?:我|作为)[^。]{0,20}(?:无法|不能|無法)[^。]{0,12}(?:满足|滿足|协助|協助|帮助|幫助|处理|處理|提供|回答|改写|改寫|翻译|翻譯|生成|继续|繼續)/,
  /^(?:作为|作為)(?:一个|一個|一名)?(?:AI|人工智能|语言模型|語言模型)/i,
  /^(?:申し訳(?:ありません|ございません)|すみません|恐れ入りますが)[がけれども、。]*[^。]{0,40}(?:応え|答え|手伝い|対応|提供|要望|リクエスト|翻訳|書き換え|生成|支援)[^。]{0,20}(?:できません|できかねます|いたしかねます)/,
  /^(?:죄송하지만|죄송합니다)[.,]?\s*[^.]{0,60}(?:할 수 없|도와드릴 수 없|어렵습니다)/,
  /^(?:عذرا|عذرًا|آسف|أعتذر|للأسف)[،,]?\s*(?:لكن(?:ني)? )?(?:لا أستطيع|لا يمكنني) (?:المساعدة|مساعدت|تلبية|ترجمة|تقديم|معالجة|إعادة|الإجابة|كتابة)/,
  /^(?:מצטער|מצטערת|סליחה|אני מצטער)[,.]?\s*(?:אבל )?(?:אני )?(?:לא יכולה?|לא אוכל|איני יכולה?) (?:לעזור|לסייע|לבצע|לתרגם|לשכתב|לספק|להשיב|לענות)/,
];

const digestOnly: readonly GuardProfile[] = ['digest'];

/** `except`: kinds of work in which it is the result itself, as a heading of a summary; `unless`: inputs it follows from. */
const preambles: readonly {
  readonly pattern: RegExp;
  readonly except?: readonly GuardProfile[];
  readonly unless?: RegExp;
}[] = [
  {
    pattern:
      /^(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|got it|understood|happy to help|no problem|great)[!,.:]*(?:\s*[-–—])?\s+(?:here(?:'s| is| are| you go)|i(?:'ve|'ll| have| will| can)|let me|below|this is|the (?:polished|corrected|revised|rewritten|improved))\b[^\n]{0,80}/i,
  },
  // A friendly “ok” may well become an “Absolutely!”.
  {
    pattern:
      /^(?:sure(?: thing)?|certainly|of course|absolutely|understood|got it|happy to help)(?:!|[.:]\s*(?:\n|$))/i,
    unless: /\b(?:ok|okay|yes|yep|yeah|fine|sure|will do|gladly|agreed|happy|i'?ll|i will|i can)\b/i,
  },
  {
    pattern:
      /^(?:here(?:'s| is| are)|below (?:is|are)) (?:the|your|a|an|my|one|some|several|two|three) [^\n:.]{0,60}?\b(?:version|text|rewrite|rewording|translation|summary|correction|corrections|revision|message|email|e-mail|paragraph|sentence|draft|edit|result|output|list|points|items|way|ways|options?|alternatives?|suggestions?|variants?)\b[^\n:.]{0,60}(?::|\n|$)/i,
  },
  {
    pattern:
      /^(?:(?:the |your )?(?:polished|corrected|revised|rewritten|improved|edited|proofread|translated|formal|friendly|concise|shortened|expanded|elaborated|simplified|clearer|updated)(?: and \w+)? (?:version|text|message|email|e-mail|sentence|paragraph|translation)?|(?:the |your )?(?:translation|rewrite|revision|output|result|corrected|answer))(?: is)?(?: as follows)?\**\s*:\**/i,
  },
  {
    pattern:
      /^(?:option|version|variant|variante|alternative|opción|opção|方案|选项|案)\s*(?:1|one|a|一|１)\s*[:：.)]/i,
  },
  {
    pattern:
      /^(?:i(?:'ve| have) (?:polished|corrected|revised|rewritten|improved|edited|proofread|translated|fixed|shortened|expanded))\b[^\n]{0,80}/i,
  },
  {
    pattern:
      /^(?:(?:gerne?|natürlich|klar|selbstverständlich|sicher)[!,.:]*\s*)?(?:hier ist|hier sind|hier kommt|hier die|hier der|hier dein|hier ihr)[^\n:.]{0,80}(?::|\n|$)/i,
  },
  {
    pattern:
      /^(?:(?:überarbeitete|korrigierte|verbesserte|gekürzte|übersetzte|förmliche|formelle) (?:version|fassung|text|nachricht)|übersetzung|korrigierter text|überarbeiteter text|ergebnis)\s*:/i,
  },
  {
    pattern:
      /^(?:(?:bien sûr|certainement|d'accord|avec plaisir|volontiers)\s*[!,.:]*\s*)?(?:voici)[^\n:.]{0,80}(?:\s?:|\n|$)/i,
  },
  { pattern: /^(?:(?:texte|version|message) (?:corrigée?|révisée?|améliorée?|reformulée?)|traduction)\s*:/i },
  {
    pattern:
      /^(?:(?:claro(?: que sí)?|por supuesto|desde luego)[!,.:]*\s*)?(?:¡?aquí (?:tienes|está|tiene|te dejo))[^\n:.]{0,80}(?::|\n|$)/i,
  },
  { pattern: /^(?:(?:texto|versión|mensaje) (?:corregid[oa]|revisad[oa]|mejorad[oa])|traducción)\s*:/i },
  {
    pattern:
      /^(?:(?:claro|com certeza|certamente)[!,.:]*\s*)?(?:aqui está|aqui vai|segue(?: abaixo)?)[^\n:.]{0,80}(?::|\n|$)/i,
  },
  {
    pattern:
      /^(?:(?:certo|certamente|ecco fatto|volentieri)[!,.:]*\s*)?(?:ecco (?:la|il|una|un|a te))[^\n:.]{0,80}(?::|\n|$)/i,
  },
  { pattern: /^(?:(?:natuurlijk|zeker|graag)[!,.:]*\s*)?(?:hier is|hier zijn|hierbij)[^\n:.]{0,80}(?::|\n|$)/i },
  { pattern: /^(?:(?:jasne|oczywiście)[!,.:]*\s*)?oto [^\n:.]{0,80}(?::|\n|$)/i },
  { pattern: /^(?:(?:tabii(?: ki)?|elbette)[!,.:]*\s*)?işte [^\n:.]{0,80}(?::|\n|$)/i },
  { pattern: /^(?:(?:конечно|разумеется|хорошо)[!,.:]*\s*)?вот [^\n:.]{0,80}(?::|\n|$)/i },
  { pattern: /^(?:исправленный|отредактированный|улучшенный) (?:текст|вариант)\s*:/i },
  {
    pattern:
      /^(?:(?:好的|当然(?:可以)?|當然(?:可以)?|没问题|沒問題)[，,！!。]?\s*)?(?:以下是|这是|這是|下面是)[^\n：:。]{0,40}[：:\n]/,
  },
  {
    pattern:
      /^(?:润色后|修改后|修改後|潤飾後|改写后|翻译|翻譯|译文)(?:的(?:文本|文字|版本|内容|句子))?(?:如下)?\s*[：:]/,
  },
  {
    pattern:
      /^(?:はい、|もちろんです[。！、]?|承知(?:しま|いたしま)した[。、]?)?\s*(?:以下は|以下が|こちらが|次のように)[^\n。：:]{0,50}(?:です[。：:\n]|[：:\n])/,
  },
  { pattern: /^(?:修正後|修正版|校正後|翻訳)(?:の(?:文章|テキスト))?\s*[：:]/ },
  { pattern: /^(?:물론(?:입니다|이죠)?[.!,]?\s*)?(?:다음은|여기)[^\n:.]{0,50}(?:입니다[.:]|:|\n)/ },
  { pattern: /^(?:بالتأكيد|بالطبع|حسنا|حسنًا)?[!،,.]?\s*(?:إليك|هذا هو|فيما يلي)[^\n:.]{0,60}[:\n]/ },
  { pattern: /^(?:בטח|בוודאי|כמובן)?[!,.]?\s*(?:הנה|להלן)[^\n:.]{0,60}[:\n]/ },
  { pattern: /^dưới đây là [^\n:.]{0,80}(?::|\n|$)/i },
  { pattern: /^berikut (?:adalah|ini)[^\n:.]{0,80}(?::|\n|$)/i },
  { pattern: /^summary\s*:/i, except: digestOnly },
];

const closingRemarks: readonly RegExp[] = [
  /(?:^|[.!\s])(?:please )?let me know if you(?:'d| would)? (?:like|want|need|prefer)(?: me to| any (?:further |other |more |additional )?(?:changes|adjustments|edits|modifications|revisions|tweaks)| it (?:more|in|to))[^\n]*$/i,
  /(?:^|[.!\s])(?:i hope (?:this|that) helps|hope this helps|feel free to (?:ask|adjust|modify|tweak)|would you like me to|is there anything else)[^\n]*$/i,
  /^\(?(?:note|changes|changes made|corrections|corrections made|explanation|key changes|edits)\s*:[\s\S]*$/i,
  /^\(?i (?:have |'ve )?(?:corrected|fixed|changed|replaced|improved|kept|adjusted|removed|made|preserved)[^\n]*$/i,
  /^(?:anmerkung|änderungen|hinweis|erklärung)\s*:[\s\S]*$/i,
  /(?:^|[.!\s])(?:sag(?:en sie)? (?:mir )?(?:gerne )?bescheid|lass mich wissen)[^\n]*$/i,
  /^(?:remarque|modifications|explication)\s*:[\s\S]*$/i,
  /^(?:nota|cambios|explicación)\s*:[\s\S]*$/i,
  /^(?:说明|修改说明|注)[：:][\s\S]*$/,
  /^(?:如果您?(?:还)?需要|希望(?:这|對|对)[^\n]{0,12}有(?:所)?帮助)[^\n]*$/,
  /^(?:修正点|変更点|注)[：:][\s\S]*$/,
];

const noChangeRemarks: readonly RegExp[] = [
  /^\(?(?:no (?:changes|corrections|edits|errors)(?: (?:are|were|is))?(?: \w+){0,3}|there (?:are|were) no (?:errors|mistakes|changes|corrections|grammatical)|(?:the|your|this) (?:text|sentence|message|paragraph) (?:is|looks|appears|seems)(?: to be)?(?: already| grammatically| perfectly)* (?:correct|fine|good|clear|error-free|well[- ]written|perfect))[^\n]*$/i,
  /^(?:der|dein|ihr) (?:text|satz) ist (?:bereits |schon )?(?:korrekt|fehlerfrei|in ordnung)[^\n]*$/i,
  /^(?:le texte|la phrase|votre texte) est (?:déjà )?correcte?[^\n]*$/i,
  /^(?:el texto|la frase) (?:ya )?(?:es|está) (?:ya )?correct[oa][^\n]*$/i,
  /^(?:please provide|could you (?:please )?provide|it (?:looks|seems) like you (?:haven't|didn't|have not))[^\n]*$/i,
  /^(?:文本|原文|这段(?:话|文字)|该文本)(?:已经)?(?:没有|无)?(?:正确|错误|语法错误|需要修改)[^\n]*$/,
];
