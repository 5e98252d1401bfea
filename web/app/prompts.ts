/**
 * Converts between PALP's clean prompt, which the visitor writes with the class noun ("a sketch of a dog at
 * the beach"), and the same prompt with the new word in place of the noun ("a sketch of a <my-dog> dog at the
 * beach"). The engine uses the same rules (`src/training/settings/prompt_words.rs`);
 * `tests/support/prompt_words.json` tests both.
 */

const PLACEHOLDER = /^<[\p{L}\p{N}][\p{L}\p{N}_-]*>$/u;

export function isPlaceholder(word: string): boolean {
  return PLACEHOLDER.test(word);
}

/** New word for a class noun: `<my-teddy-bear>` for "Teddy bear", with a number added if it is taken. */
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

/** Class noun from which `placeholderFor` made a word: "teddy bear" for `<my-teddy-bear-2>`. */
export function nounOf(placeholder: string): string | undefined {
  const stem = /^<my-(.+?)(?:-\d+)?>$/.exec(placeholder)?.[1];
  return stem?.replaceAll("-", " ");
}

export function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun.trim()) ? "an" : "a"} ${noun.trim()}`;
}

/** Determiners that stay when the word after them is replaced; `the` only if a class noun takes its place. */
const DETERMINERS = "the|my|your|his|her|its|our|their|this|that";

const escapeForPattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Matches the class noun as whole words, with any determiner before it, but not as part of a new word. */
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

/** How a sentence names a subject: a single word as it is, a phrase like "<my-dog> dog" with an article. */
export const named = (phrase: string) => (phrase.includes(" ") ? withArticle(phrase) : phrase);

/**
 * Replaces the first occurrence of the class noun by `phrase`, the new word with or without the noun after
 * it: "a sketch of a dog" → "a sketch of a <my-dog> dog". A prompt without the noun stays as it is.
 */
export function withNewWord(prompt: string, classNoun: string, phrase: string): string {
  const noun = nounPattern(classNoun);
  if (!noun) return prompt;
  return prompt.replace(noun, (_, determiner?: string) =>
    !determiner || /^(an?|the)$/i.test(determiner) ? named(phrase) : `${determiner} ${phrase}`,
  );
}

/** "a sketch of <my-dog>", or of "a <my-dog> dog", → "a sketch of a dog"; determiners before it are kept. */
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
