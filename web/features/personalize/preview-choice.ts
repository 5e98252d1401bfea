/**
 * How often previews are drawn, whether they are scored, and what the scores decide. Previews can be judged
 * by photos that are held back from the training, the last of the first subject's: scores by trained photos
 * also rise when those photos are learned by heart.
 */
import { computed, signal } from "@preact/signals";
import type { PreviewPlan } from "../../engine/api";
import type { TrainingSettings } from "../../engine/contract/training";
import { USUAL_GUIDANCE } from "../generate/form";
import { firstSubject, photos } from "./subjects";

/** Default number of training steps between two previews. */
export const USUAL_EVERY = 20;

/** Training steps between two previews; 0 draws none. */
export const previewEvery = signal(USUAL_EVERY);
export const previewSteps = signal(10);

/** Whether the visitor wants previews scored; `watchesQuality`: whether they are, so not without previews. */
export const wantsQuality = signal(false);
export const watchesQuality = computed(() => wantsQuality.value && previewEvery.value > 0);
/** Whether the result is the state with the best preview, instead of the last state. */
export const keepsBest = signal(true);
/** Number of previews in a row without a better score after which a run ends; `null`: never. */
export const patience = signal<number | null>(null);

export const wantsHeldBack = signal(0);
/** Most photos that can be held back: at least one of the first subject's is trained on. */
export const mostHeldBack = computed(() => Math.max(0, firstSubject.list.photos.value.length - 1));
export const heldBack = computed(() =>
  watchesQuality.value ? Math.min(wantsHeldBack.value, mostHeldBack.value) : 0,
);

const isHeldBack = (index: number) => {
  const own = firstSubject.list.photos.value.length;
  return index >= own - heldBack.value && index < own;
};

/** Filters a list with an entry for each photo: the entries of photos that are trained on. */
export const ofTrained = <T>(ofPhotos: readonly T[]): T[] =>
  ofPhotos.filter((_, index) => !isHeldBack(index));

/** The photos that a run learns from, and those that judge it. */
export const splitPhotos = () => ({
  trained: ofTrained(photos.value),
  heldBack: photos.value.filter((_, index) => isHeldBack(index)),
});

/** Plan of a run's previews, squares of `side` pixels; `null` if previews are off. */
export function previewPlan(settings: TrainingSettings, prompt: string, side: number): PreviewPlan | null {
  if (previewEvery.value === 0) return null;
  return {
    every: previewEvery.value,
    steps: previewSteps.value,
    prompt,
    guidanceScale: USUAL_GUIDANCE,
    seed: settings.seed,
    size: side,
    ...(watchesQuality.value
      ? { cleanPrompt: settings.cleanPrompt, keepsBest: keepsBest.value, patience: patience.value }
      : { cleanPrompt: null, keepsBest: false, patience: null }),
  };
}
