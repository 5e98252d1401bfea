/** Draws pictures from the form, and holds the pictures of this visit. */
import { computed, signal } from "@preact/signals";
import { announce } from "../../app/announce";
import { askBeforeLeaving } from "../../app/leaving";
import { text } from "../../app/text";
import type { HeatMap, Picture } from "../../engine/contract/generation";
import { keepFirstPicture } from "../adapters/preview";
import { keep } from "../gallery/gallery";
import type { PictureSettings } from "../gallery/picture-settings";
import { model } from "../models/model";
import { drawAll, progress } from "./drawing";
import * as form from "./form";
import { freshPaint } from "./fresh-paint";
import { painted } from "./regions";
import { mask } from "./start-picture";
import { type Wish, wishNow, withoutAdapters } from "./wish";

export interface Result {
  key: number;
  wish: Wish;
  /** Settings in the form that outlives this visit, together with the picture. */
  record: PictureSettings;
  picture: Picture;
  /** Id of the picture in the Gallery, once it is kept. */
  galleryId: string | undefined;
  /** Heat maps of the prompt's words; empty unless they were asked for. */
  heatMaps: HeatMap[];
  /** Picture with the same noise and settings but no adapters, the class noun replacing the placeholder. */
  comparison: { prompt: string; picture: Picture } | undefined;
}

/** Number of pictures at hand; older ones are only in the Gallery. Pictures not kept there stay here. */
const MAX_AT_HAND = 24;

/** Pictures of this visit, the latest first. */
export const results = signal<Result[]>([]);
export const shownKey = signal<number | undefined>(undefined);
export const shown = computed(
  () => results.value.find(({ key }) => key === shownKey.value) ?? results.value[0],
);

// Pictures under way, those that the Gallery could not keep, and what was painted for the next.
askBeforeLeaving(
  computed(
    () =>
      progress.value !== undefined ||
      results.value.some(({ galleryId }) => !galleryId) ||
      (freshPaint.value && (mask.value !== undefined || painted.value.size > 0)),
  ),
);

let nextKey = 1;

/** Draws as many pictures as the form says, with consecutive seeds. Each shows and is kept as it comes. */
export async function generate(): Promise<void> {
  if (!mayDraw()) return;
  if (!form.seedLocked.value && results.value.length > 0) form.seed.value = form.randomSeed();
  const wish = wishNow();
  const wishes = Array.from({ length: form.count.value }, (_, place) => ({
    ...wish,
    seed: form.seedAfter(wish.seed, place),
  }));
  await drawAll(wishes, "pictures", async (place, { heatMaps, ...picture }, { record, source }) => {
    const key = nextKey++;
    const drawn = { key, wish: { ...wish, seed: record.seed }, record, picture, heatMaps };
    results.value = [{ ...drawn, galleryId: undefined, comparison: undefined }, ...results.value];
    shownKey.value = key;
    if (place + 1 === wishes.length) announce(text.generate.drawn(wish.prompt));
    const galleryId = await keep(picture, record, source);
    if (galleryId) freshPaint.value = false;
    change(key, { galleryId });
    results.value = results.value.filter(({ galleryId }, at) => at < MAX_AT_HAND || !galleryId);
    await keepFirstPicture(wish, picture);
  });
}

function change(key: number, changed: Partial<Result>): void {
  results.value = results.value.map((result) => (result.key === key ? { ...result, ...changed } : result));
}

/** Whether a series can begin; marks a missing prompt in the form. */
export function mayDraw(): boolean {
  if (model.value.state !== "ready" || progress.value) return false;
  form.promptMissing.value = !form.prompt.value.trim();
  return !form.promptMissing.value;
}

/** Draws a picture once more as the untrained model would. */
export async function compare({ key, wish }: Result): Promise<void> {
  await drawAll(
    [withoutAdapters(wish)],
    "comparison",
    async (_, { heatMaps: _maps, ...picture }, request) => {
      change(key, { comparison: { prompt: request.record.prompt, picture } });
      announce(text.generate.compared);
      await keep(picture, request.record, request.source);
    },
  );
}
