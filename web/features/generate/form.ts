/** State of Generate's form: the prompt, the noise, and the sampling settings. */
import { computed, signal } from "@preact/signals";
import { typed } from "../../app/tab-memory";
import type { SamplerName } from "../../engine/contract/generation";
import { model } from "../models/model";

/** Classifier-free guidance that suits the demo model. */
export const USUAL_GUIDANCE = 5;
export const STEPS_RANGE = { min: 1, max: 100 } as const;
/** What the engine takes (`src/pipeline/adapters.rs`). */
export const ADAPTER_STRENGTH_RANGE = { min: -2, max: 2 } as const;
export const GUIDANCE_RANGE = { min: 1, max: 15 } as const;
/** Number of pictures drawn by one press. */
export const COUNT_RANGE = { min: 1, max: 32 } as const;
export const MAX_SEED = 0xffff_ffff;

export const prompt = typed("prompt", "");
export const promptMissing = signal(false);
export const negativePrompt = typed("negative-prompt", "");
export const seed = signal(randomSeed());
export const seedLocked = signal(false);
/** Number of pictures, drawn with consecutive seeds. */
export const count = signal<number>(COUNT_RANGE.min);
export const guidanceScale = signal(USUAL_GUIDANCE);
export const sampler = signal<SamplerName>("ddim");
/** Whether heat maps of the prompt's words are drawn with the picture. */
export const mapsHeat = signal(false);

/** Number of steps that the visitor chose; `undefined` takes the model's own number. */
export const ownSteps = signal<number | undefined>(undefined);
export const steps = computed(
  () => ownSteps.value ?? (model.value.state === "ready" ? model.value.report.defaultSteps : 25),
);

export function setSteps(value: number): void {
  ownSteps.value = value;
}

export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** Seed that is `places` further on; after the largest seed comes 0. */
export const seedAfter = (seed: number, places: number) => (seed + places) % (MAX_SEED + 1);

/** Puts a word or phrase into the prompt, with a space where needed. */
export function addToPrompt(words: string): void {
  const before = prompt.value;
  prompt.value = before && !/\s$/.test(before) ? `${before} ${words}` : before + words;
  promptMissing.value = false;
}
