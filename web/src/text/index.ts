// The languages of the page, one file each, and which of them somebody reads.

import { de } from './de';
import { en, type Text } from './en';

export type { Terms, Text } from './en';

/** The texts of each language, by its subtag. */
export const TEXTS = { en, de } satisfies Record<string, Text>;

export type Language = keyof typeof TEXTS;

/** In the order of the switch, which leads from the last one to the first. */
export const LANGUAGES = Object.keys(TEXTS) as readonly Language[];

/** The version of the consent text: one for all languages, since a translation says the same. Whoever
 * changes the text changes it in each, and this with the parameter `ConsentVersion`. */
export const CONSENT_VERSION = '1';

/** The language of a tag such as `de-AT`; none where the page does not have it. */
const languageOf = (tag: string): Language | undefined =>
  LANGUAGES.find((language) => language === tag.split('-')[0]?.toLowerCase());

/** Of the languages that somebody wants, best first, the first one that the page has; English otherwise. */
export const preferred = (wanted: readonly string[]): Language =>
  wanted.map(languageOf).find((language) => language !== undefined) ?? 'en';

/** A language as it is written where somebody lives, if their browser says so: a time of day is another
 * text in Britain than in the United States. */
export const regional = (language: Language, wanted: readonly string[]): string =>
  wanted.find((tag) => languageOf(tag) === language) ?? language;
