/** Which words of a prompt can have a heat map, and a map as a picture. */
import type { HeatMap, Picture } from "../../engine/contract/generation";

/** Words that stand for nothing in a picture. */
const SMALL_WORDS = new Set("a an and as at by for from in into is it its of on or the to with".split(" "));
const MAX_WORDS = 16;

/** Syntax that isn't part of the words: the number of `(word:1.2)`, and BREAK. */
const SYNTAX = /:\s*[-+]?[\d.]+\s*(?=\))|\bBREAK\b/g;

/** Words of the prompt that can have a heat map, each once, in order; placeholders count as one word. */
export function mappableWords(prompt: string): string[] {
  const words = prompt.replace(SYNTAX, " ").match(/<[^<>\s]+>|[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
  const meaning = words.filter((word) => !SMALL_WORDS.has(word.toLowerCase()));
  return [...new Set(meaning)].slice(0, MAX_WORDS);
}

/** Map as a picture: from transparent over red to yellow, relative to the map's largest value. */
export function heatPicture({ width, height, values }: HeatMap): Picture {
  const most = values.reduce((most, value) => Math.max(most, value), 0);
  const rgba = new Uint8Array(4 * values.length);
  values.forEach((value, at) => {
    const share = most > 0 ? Math.max(value, 0) / most : 0;
    rgba.set([255, Math.round(230 * share ** 2), 40, Math.round(210 * share)], 4 * at);
  });
  return { width, height, rgba };
}
