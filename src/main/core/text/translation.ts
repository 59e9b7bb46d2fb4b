/** Which language a text is to be translated into. */
import { chineseVariant, detectLanguage, dominantScript, type Script } from './language.ts';

/** Language tags, such as `en` or `pt-BR`. */
export interface Languages {
  readonly first: string;
  /** For a text that is in the first one already. */
  readonly second: string;
}

export interface TargetLanguage {
  /** In English, such as `Brazilian Portuguese`. */
  readonly name: string;
  /** Where the text does not clearly tell its language: the model is told both, and decides. */
  readonly otherwise?: string;
}

export function targetLanguage(text: string, { first, second }: Languages): TargetLanguage {
  const language = languageOf(text);
  if (language === undefined) return { name: nameOf(first), otherwise: nameOf(second) };
  return { name: nameOf(isWrittenIn(text, language, first) ? second : first) };
}

/** Scripts that one living language is written in, for texts too short for its words to tell. */
const languageOfScript: Partial<Record<Script, string>> = {
  ...{ Han: 'zh', Kana: 'ja', Hangul: 'ko', Greek: 'el', Hebrew: 'he', Thai: 'th', Armenian: 'hy', Georgian: 'ka' },
};

function languageOf(text: string): string | undefined {
  const script = dominantScript(text);
  return (script && languageOfScript[script]) ?? detectLanguage(text);
}

function isWrittenIn(text: string, language: string, tag: string): boolean {
  const wanted = new Intl.Locale(tag).maximize();
  if (wanted.language !== language) return false;
  const variant = chineseVariant(text);
  return language !== 'zh' || variant === undefined || (variant === 'traditional') === (wanted.script === 'Hant');
}

/** Made at first use, as it takes some milliseconds. */
let names: Intl.DisplayNames | undefined;
export const nameOf = (tag: string): string => {
  names ??= new Intl.DisplayNames('en', { type: 'language' });
  return names.of(tag) ?? tag;
};
