/**
 * How often previews are drawn, whether they are scored, and what follows from their scores. Photos can be held back
 * from the training to judge them, the last of the first subject's: a score by photos that are trained on also rises
 * where they are learnt by heart.
 */
import { computed, signal } from "@preact/signals";
import type { PreviewPlan } from "../../engine/api";
import type { TrainingSettings } from "../../engine/contract";
import { USUAL_GUIDANCE } from "../generate/form";
import { firstSubject, photos } from "./subjects";

/** The usual distance where previews are first asked for. */
export const USUAL_EVERY = 20;

/** Training steps between two previews; 0 draws none. */
export const previewEvery = signal(USUAL_EVERY);
export const previewSteps = signal(10);

/** Whether previews are to be scored as they come, and whether that happens: not without previews. */
export const wantsQuality = signal(false);
export const watchesQuality = computed(() => wantsQuality.value && previewEvery.value > 0);
/** Whether the state with the best preview is the result, instead of the last. */
export const keepsBest = signal(true);
/** Previews in a row without a better score that end a run. */
export const patience = signal<number | null>(null);

export const wantsHeldBack = signal(0);
/** One photo at least is trained on. */
export const mostHeldBack = computed(() => Math.max(0, firstSubject.list.photos.value.length - 1));
export const heldBack = computed(() =>
  watchesQuality.value ? Math.min(wantsHeldBack.value, mostHeldBack.value) : 0,
);

const isHeldBack = (index: number) => {
  const own = firstSubject.list.photos.value.length;
  return index >= own - heldBack.value && index < own;
};

/** From a list with an entry for each photo, the entries of those that are trained on. */
export const ofTrained = <T>(ofPhotos: readonly T[]): T[] =>
  ofPhotos.filter((_, index) => !isHeldBack(index));

/** The photos that a run learns from, and those that judge it. */
export const splitPhotos = () => ({
  trained: ofTrained(photos.value),
  heldBack: photos.value.filter((_, index) => isHeldBack(index)),
});

/** What a run is to draw on its way, squares of `side` pixels; nothing where previews are off. */
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
