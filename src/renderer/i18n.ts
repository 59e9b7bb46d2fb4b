import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { SettingValue } from '../shared/settings.ts';
import { en } from './locales/en.ts';

export type LanguageChoice = SettingValue<'appearance.language'>;
export type Language = Exclude<LanguageChoice, 'system'>;

/** What is not English comes when it is wanted. */
const loaders: Readonly<Record<Exclude<Language, 'en'>, () => Promise<object>>> = {
  de: async () => (await import('./locales/de.ts')).de,
};

const keptKey = 'potter.language';
type Kept = Pick<Storage, 'getItem' | 'setItem'>;

/** The sentences of the panels, in the language of the last time until the setting is known. */
export async function createTranslations(storage: Kept = localStorage): Promise<i18n> {
  const instance = i18next.createInstance();
  await instance.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    supportedLngs: ['en', ...Object.keys(loaders)],
    resources: { en: { translation: en } },
    // React escapes what it renders.
    interpolation: { escapeValue: false },
  });
  instance.on('languageChanged', (language) => {
    document.documentElement.lang = language;
  });
  await speak(instance, choiceOf(storage.getItem(keptKey)), storage);
  return instance;
}

/** Puts the panels into a language, at once where it has been used before. */
export async function speak(instance: i18n, choice: LanguageChoice, storage: Kept = localStorage): Promise<void> {
  const language = languageOf(choice, navigator.languages);
  storage.setItem(keptKey, choice);
  if (instance.language === language) return;
  if (language !== 'en' && !instance.hasResourceBundle(language, 'translation')) {
    instance.addResourceBundle(language, 'translation', await loaders[language]());
  }
  await instance.changeLanguage(language);
}

/** The first language of the system that Potter speaks; English where it speaks none. */
export function languageOf(choice: LanguageChoice, system: readonly string[]): Language {
  if (choice !== 'system') return choice;
  const spoken = system.map((tag) => tag.split('-')[0]).find((language) => language === 'en' || language === 'de');
  return spoken === 'de' ? 'de' : 'en';
}

function choiceOf(kept: string | null): LanguageChoice {
  return kept === 'en' || kept === 'de' ? kept : 'system';
}
