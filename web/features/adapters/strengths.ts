/** A strip of one prompt and seed at several strengths of an adapter, from which the strength is chosen. */
import { signal } from "@preact/signals";
import { named, withNewWord } from "../../app/prompts";
import type { Picture } from "../../engine/contract/generation";
import { keep } from "../gallery/gallery";
import { drawAll } from "../generate/drawing";
import { plainWish, type Wish } from "../generate/wish";
import { type LibraryEntry, update } from "./library";
import { setPreview } from "./preview";

export const STRENGTHS: readonly number[] = [0, 0.25, 0.5, 0.75, 1, 1.25];

export interface Strip {
  /** Key of the adapter. */
  key: string;
  /** One for each strength; `undefined` until it is drawn. */
  pictures: (Picture | undefined)[];
}

/** The strip drawn last. */
export const strip = signal<Strip | undefined>(undefined);

/** Prompt of the strip: the training's with the new word, else a photo of the subject; empty without one. */
export function promptFor({ report }: Pick<LibraryEntry, "report">): string {
  const { cleanPrompt, classNouns, phrases } = report;
  const [classNoun, phrase] = [classNouns[0], phrases[0]];
  if (!phrase) return "";
  return cleanPrompt && classNoun
    ? withNewWord(cleanPrompt, classNoun, phrase)
    : `a photo of ${named(phrase)}`;
}

/** Wishes with Generate's settings, but with this adapter alone, without steering, and from noise. */
const wishesFor = (entry: LibraryEntry, prompt: string): Wish[] =>
  STRENGTHS.map((strength) => ({
    ...plainWish(),
    prompt,
    adapters: [{ ...entry, strength }],
    steering: undefined,
    mapsHeat: false,
  }));

/** Draws the strip; each picture shows and is kept as it comes. */
export async function drawStrip(entry: LibraryEntry, prompt: string): Promise<void> {
  strip.value = { key: entry.key, pictures: STRENGTHS.map(() => undefined) };
  await drawAll(
    wishesFor(entry, prompt),
    "strengths",
    async (place, { heatMaps: _, ...picture }, { record }) => {
      if (strip.value) strip.value = { ...strip.value, pictures: strip.value.pictures.with(place, picture) };
      await keep(picture, record);
    },
  );
}

/** Takes a strength of the strip for the adapter, and its picture to represent the adapter. */
export async function chooseStrength(key: string, place: number): Promise<void> {
  const [strength, picture] = [STRENGTHS[place], strip.value?.pictures[place]];
  if (strength === undefined) return;
  update(key, { strength });
  if (picture && strength > 0) await setPreview(key, picture);
}
