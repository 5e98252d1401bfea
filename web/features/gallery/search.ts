/** Which pictures a search finds. */
import type { PictureSettings } from "./picture-settings";

/** Whether every word of the query is in prompts or adapter names, whatever the case and form of accents. */
export function fits(settings: PictureSettings, query: string): boolean {
  const { prompt, negativePrompt, adapters } = settings;
  const there = plain([prompt, negativePrompt, ...adapters.map(({ name }) => name)].join(" "));
  return plain(query)
    .split(/\s+/)
    .every((word) => there.includes(word));
}

const plain = (words: string) => words.normalize("NFKC").toLowerCase();
