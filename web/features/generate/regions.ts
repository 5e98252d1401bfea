/** Painted regions in which learned words may act: one mask per word, kept while the page is open. */
import { computed, signal } from "@preact/signals";
import type { Region } from "../../engine/contract/generation";
import { placeholders } from "../adapters/library";
import type { UsedRegion } from "../gallery/picture-settings";
import { decodeRegion, encodeRegion, REGION_SIDE } from "../gallery/region-mask";
import { prompt } from "./form";

/** Region of each word: 64 × 64 places, one byte each, white inside. */
export const painted = signal<ReadonlyMap<string, Uint8Array>>(new Map());

/** The learned words of the prompt, in its order. */
export const regionWords = computed(() =>
  placeholders.value
    .filter((word) => prompt.value.includes(word))
    .sort((one, other) => prompt.value.indexOf(one) - prompt.value.indexOf(other)),
);

export const regionOf = (word: string) => painted.value.get(word);

/** Sets a word's region. If nothing is painted, or everything, the word may act anywhere. */
export function setRegion(word: string, values: Uint8Array | undefined): void {
  const next = new Map(painted.value);
  if (values?.some((value) => value > 0) && values.some((value) => value === 0)) next.set(word, values);
  else next.delete(word);
  painted.value = next;
}

/** Regions for the engine: those of words that the prompt contains. */
export function regionsFor(prompt: string): Region[] {
  return [...painted.value]
    .filter(([word]) => prompt.includes(word))
    .map(([placeholder, values]) => ({
      placeholder,
      // The engine reads settings as plain objects: a list of numbers, and no array of bytes.
      mask: { width: REGION_SIDE, height: REGION_SIDE, values: [...values] },
    }));
}

export const recordOfRegions = (regions: readonly Region[]): UsedRegion[] =>
  regions.map(({ placeholder, mask }) => ({ placeholder, mask: encodeRegion(Uint8Array.from(mask.values)) }));

/** Replaces the painted regions by those of a picture. */
export function restoreRegions(regions: readonly UsedRegion[]): void {
  painted.value = new Map();
  for (const { placeholder, mask } of regions) setRegion(placeholder, decodeRegion(mask));
}
