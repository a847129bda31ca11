// The language of the page: the browser's, until somebody chooses another one, which is remembered on this
// device.

import { createContext, type ReactNode, useContext, useLayoutEffect, useState } from 'react';

import { type Language, LANGUAGES, preferred, regional, type Text, TEXTS } from '../text';
import { preference } from './preferences';

const kept = preference('language');

/** The language in which a page is read. */
export interface Spoken {
  readonly language: Language;
  readonly text: Text;
  /** The language where the reader lives, for what `Intl` writes. */
  readonly locale: string;
  readonly choose: (language: Language) => void;
}

const Speaking = createContext<Spoken>({
  language: 'en',
  text: TEXTS.en,
  locale: 'en',
  choose: () => undefined,
});

export const useLanguage = (): Spoken => useContext(Speaking);

export const useText = (): Text => useLanguage().text;

/** What was chosen on this device, or what the browser asks for. */
const usual = (): Language =>
  LANGUAGES.find((language) => language === kept.get()) ?? preferred(navigator.languages);

/** A page in one language at a time. */
export function Languages({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(usual);
  const text = TEXTS[language];
  // Before anybody reads the page, aloud or not.
  useLayoutEffect(() => {
    document.documentElement.lang = language;
    document.querySelector('meta[name=description]')?.setAttribute('content', text.description);
  }, [language, text]);
  const choose = (chosen: Language) => {
    kept.set(chosen);
    setLanguage(chosen);
  };
  return (
    <Speaking value={{ language, text, locale: regional(language, navigator.languages), choose }}>
      {children}
    </Speaking>
  );
}

/** Leads to the next language, by that language's name. It is one button, whatever it says, so that it keeps
 * the focus. */
export function LanguageSwitch() {
  const { language, choose } = useLanguage();
  const next = LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length] ?? language;
  return (
    <button type="button" className="link language" lang={next} onClick={() => choose(next)}>
      {TEXTS[next].language}
    </button>
  );
}
