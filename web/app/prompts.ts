/**
 * The three prompts of PALP (Arar et al. 2024, §4): the visitor writes the clean prompt with the class noun
 * ("a sketch of a dog at the beach"); the personal prompt has the placeholder in the noun's place ("a sketch of
 * <my-dog> at the beach"). These functions go from one to the other.
 */

const PLACEHOLDER = /^<[\p{L}\p{N}][\p{L}\p{N}_-]*>$/u;

export function isPlaceholder(word: string): boolean {
  return PLACEHOLDER.test(word);
}

/** `<my-teddy-bear>` for "Teddy bear", with a number behind where the word is taken. */
export function placeholderFor(classNoun: string, taken: readonly string[] = []): string {
  const slug = classNoun
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
  const stem = `my-${slug || "thing"}`;
  let word = `<${stem}>`;
  for (let number = 2; taken.includes(word); number++) word = `<${stem}-${number}>`;
  return word;
}

/** What `placeholderFor` made a word from: "teddy bear" for `<my-teddy-bear-2>`. */
export function nounOf(placeholder: string): string | undefined {
  const stem = /^<my-(.+?)(?:-\d+)?>$/.exec(placeholder)?.[1];
  return stem?.replaceAll("-", " ");
}

export function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun.trim()) ? "an" : "a"} ${noun.trim()}`;
}

const escapeForPattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The class noun as whole words, with the article before it if there is one; not inside a placeholder. */
function nounPattern(classNoun: string): RegExp | undefined {
  const noun = escapeForPattern(classNoun.trim()).replace(/\s+/g, "\\s+");
  return noun
    ? new RegExp(`(?<![\\p{L}\\p{N}]|<[^<>\\s]*)(?:(?:an?|the)\\s+)?${noun}(?![\\p{L}\\p{N}])`, "iu")
    : undefined;
}

export function mentions(prompt: string, classNoun: string): boolean {
  return nounPattern(classNoun)?.test(prompt) ?? false;
}

/** How a sentence names a subject: a word as it is, "<my-dog> dog" with an article. */
export const named = (phrase: string) => (phrase.includes(" ") ? withArticle(phrase) : phrase);

/** "a sketch of a dog" → "a sketch of a <my-dog> dog". A prompt without the noun stays as it is. */
export function personalPrompt(cleanPrompt: string, classNoun: string, phrase: string): string {
  const noun = nounPattern(classNoun);
  return noun ? cleanPrompt.replace(noun, named(phrase)) : cleanPrompt;
}

/** "a sketch of <my-dog>", or of "a <my-dog> dog" → "a sketch of a dog"; an article that stands there is kept. */
export function cleanPrompt(prompt: string, placeholder: string, classNoun: string): string {
  const word = `${escapeForPattern(placeholder)}(?:\\s+${escapeForPattern(classNoun)}(?![\\p{L}\\p{N}]))?`;
  return prompt
    .replace(new RegExp(`\\b(an?|the|my)\\s+${word}`, "giu"), (_, article: string) =>
      /^an?$/i.test(article) ? withArticle(classNoun) : `${article} ${classNoun}`,
    )
    .replace(new RegExp(word, "gu"), withArticle(classNoun));
}
