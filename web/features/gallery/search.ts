/** Which pictures a search means. */
import type { PictureSettings } from "./picture-settings";

/** Every word of the query is somewhere in prompts or adapter names; case and form of accents don't matter. */
export function fits(settings: PictureSettings, query: string): boolean {
  const { prompt, negativePrompt, adapters } = settings;
  const there = plain([prompt, negativePrompt, ...adapters.map(({ name }) => name)].join(" "));
  return plain(query)
    .split(/\s+/)
    .every((word) => there.includes(word));
}

const plain = (words: string) => words.normalize("NFKC").toLowerCase();
