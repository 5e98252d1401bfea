/**
 * The language of the page: the visitor's choice, else the first of the browser's languages that there is.
 *
 * English is in the text files themselves (`text.ts` here and in features' folders). A translation is an object of
 * the same type in its own folder (`german/`), fetched only by those who read it; a missing text is a type error.
 * It may import nothing of the page but types: the page waits for it, so it can't wait for the page.
 * The engine's English sentences are translated when they arrive (`engine-words.ts`). To add a language: add
 * its name here, its folder, and a line in each text file.
 */
import { remember, remembered } from "./choices";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;

export type Language = keyof typeof LANGUAGES;
export type Translation = Exclude<Language, "en">;

/** The browser's languages, the most wanted first: "de-AT", "en". English in Node, where the tests of functions run. */
const wanted: readonly string[] = "document" in globalThis ? navigator.languages : [];

export const language: Language =
  known(remembered("language") ?? "") ?? wanted.map(known).find((name) => name !== undefined) ?? "en";

/** Locale for numbers and dates: the visitor's own variety of the language, such as "en-GB". */
export const locale: string = wanted.find((tag) => known(tag) === language) ?? language;

/** The texts in the page's language. Awaited before anything is drawn, so that nothing changes its words. */
export async function inLanguage<Texts>(
  english: Texts,
  translations: Record<Translation, () => Promise<Texts>>,
): Promise<Texts> {
  if (language === "en") return english;
  // If a translation can't be fetched, the page works in English.
  return translations[language]().catch(() => english);
}

/** Switches to a language by reloading the page, so that texts put together before are in it too. */
export function chooseLanguage(chosen: Language): void {
  remember("language", chosen);
  location.reload();
}

/** Tells browser and screen reader the page's language. All languages so far are written left to right. */
export function declareLanguage(): void {
  document.documentElement.lang = language;
  document.documentElement.dir = "ltr";
}

function known(tag: string): Language | undefined {
  const [name] = tag.toLowerCase().split("-");
  return name !== undefined && Object.hasOwn(LANGUAGES, name) ? (name as Language) : undefined;
}
