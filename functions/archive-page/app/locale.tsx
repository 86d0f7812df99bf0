import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { createFormats, type Formats } from './formats.ts';
import type { Messages } from './messages/en.ts';
import { readPreference } from './preferences.ts';

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

/** Only the language that is spoken is loaded. */
const MESSAGES: Readonly<Record<Language, () => Promise<Messages>>> = {
  en: async () => (await import('./messages/en.ts')).en,
  de: async () => (await import('./messages/de.ts')).de,
};

export interface Locale {
  language: Language;
  m: Messages;
  f: Formats;
}

/** The language that was chosen here before, else the first one of the browser that the page speaks. */
export function findLanguage(): Language {
  const wanted = [readPreference('language'), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return wanted.find((tag): tag is Language => tag !== undefined && tag in LANGUAGES) ?? 'en';
}

/** Dates and numbers follow the region of the browser if it is one of the language's. */
export async function loadLocale(language: Language): Promise<Locale> {
  const tag = navigator.languages.find((candidate) => candidate.startsWith(language)) ?? language;
  return { language, m: await MESSAGES[language](), f: createFormats(tag) };
}

const LocaleContext = createContext<Locale | undefined>(undefined);
export const LocaleProvider = LocaleContext.Provider;

export function useLocale(): Locale {
  const locale = useContext(LocaleContext);
  if (locale === undefined) throw new Error('There is no LocaleProvider.');
  return locale;
}
