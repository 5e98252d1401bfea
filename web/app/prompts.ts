/**
 * Between PALP's clean prompt, which the visitor writes with the class noun ("a sketch of a dog at the beach"), and
 * the same with the new word in the noun's place ("a sketch of a <my-dog> dog at the beach"). The engine does it by
 * the same rules (`src/training/settings/prompt_words.rs`); `tests/support/prompt_words.json` holds both to them.
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

/** What stays before a noun when it is replaced, beside articles, which follow the noun or the new word. */
const DETERMINERS = "the|my|your|his|her|its|our|their|this|that";

const escapeForPattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The class noun as whole words, with a determiner before it if there is one; not what belongs to a new word. */
function nounPattern(classNoun: string): RegExp | undefined {
  const noun = escapeForPattern(classNoun.trim()).replace(/\s+/g, "\\s+");
  return noun
    ? new RegExp(
        `(?<![\\p{L}\\p{N}-]|<[^<>\\s]*)(?:(an?|${DETERMINERS})\\s+)?(?<!>\\s*)${noun}(?![\\p{L}\\p{N}-])`,
        "iu",
      )
    : undefined;
}

export function mentions(prompt: string, classNoun: string): boolean {
  return nounPattern(classNoun)?.test(prompt) ?? false;
}

/** How a sentence names a subject: a word as it is, "<my-dog> dog" with an article. */
export const named = (phrase: string) => (phrase.includes(" ") ? withArticle(phrase) : phrase);

/**
 * The class noun's first place is taken by `phrase`, the new word with or without the noun behind it: "a sketch of a
 * dog" → "a sketch of a <my-dog> dog". A prompt without the noun stays as it is.
 */
export function withNewWord(prompt: string, classNoun: string, phrase: string): string {
  const noun = nounPattern(classNoun);
  if (!noun) return prompt;
  return prompt.replace(noun, (_, determiner?: string) =>
    !determiner || /^(an?|the)$/i.test(determiner) ? named(phrase) : `${determiner} ${phrase}`,
  );
}

/** "a sketch of <my-dog>", or of "a <my-dog> dog" → "a sketch of a dog"; a determiner that stands there is kept. */
export function withClassNoun(prompt: string, placeholder: string, classNoun: string): string {
  const noun = escapeForPattern(classNoun.trim()).replace(/\s+/g, "\\s+");
  const word = `${escapeForPattern(placeholder)}(?:\\s+${noun}(?![\\p{L}\\p{N}-]))?`;
  return prompt.replace(
    new RegExp(`(?:(?<![\\p{L}\\p{N}])(an?|${DETERMINERS})\\s+)?${word}`, "giu"),
    (_, determiner?: string) =>
      !determiner || /^an?$/i.test(determiner)
        ? withArticle(classNoun.trim())
        : `${determiner} ${classNoun.trim()}`,
  );
}
