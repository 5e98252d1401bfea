/** How a picture balances its learned words against the rest of the prompt. */
import { signal } from "@preact/signals";
import type { GenerationSettings } from "../../engine/contract/generation";
import { regionsFor } from "./regions";

/** Largest share of the steps that can wait for the word. */
export const MAX_DELAYED = 0.9;

/** Share of the steps, from the first on, drawn with the class noun instead of the learned word. */
export const delayedConcept = signal(0);
export const delayedKeepsLora = signal(false);
/** Prompt of those steps; if empty, the prompt with class nouns is used. */
export const classPrompt = signal("");
/** Factor of the adapters' strength at the last step; 1 keeps the strength as it is. */
export const strengthEnd = signal(1);
export const embeddingNormClip = signal<number | null>(null);

export type Steering = Pick<
  GenerationSettings,
  "delayedConcept" | "delayedKeepsLora" | "classPrompt" | "strengthEnd" | "embeddingNormClip" | "regions"
>;

/** Steering settings in the form, whatever the prompt. */
export interface SteeringChoice {
  delayedConcept: number;
  delayedKeepsLora: boolean;
  classPrompt: string;
  strengthEnd: number;
  embeddingNormClip: number | null;
}

export const steeringChoice = (): SteeringChoice => ({
  delayedConcept: delayedConcept.value,
  delayedKeepsLora: delayedKeepsLora.value,
  classPrompt: classPrompt.value.trim(),
  strengthEnd: strengthEnd.value,
  embeddingNormClip: embeddingNormClip.value,
});

/** Settings that differ from the engine's defaults; without learned words, none of those that act on them. */
export function steering(choice: SteeringChoice, prompt: string, learnedWords: readonly string[]): Steering {
  const learned = learnedWords.filter((word) => prompt.includes(word));
  const delays = learned.length > 0 && choice.delayedConcept > 0;
  const regions = regionsFor(prompt).filter(({ placeholder }) => learned.includes(placeholder));
  const { delayedConcept, delayedKeepsLora, classPrompt, strengthEnd, embeddingNormClip } = choice;
  return {
    ...(delays ? { delayedConcept, delayedKeepsLora } : {}),
    ...(delays && classPrompt ? { classPrompt } : {}),
    ...(strengthEnd === 1 ? {} : { strengthEnd }),
    ...(embeddingNormClip === null ? {} : { embeddingNormClip }),
    ...(regions.length > 0 ? { regions } : {}),
  };
}
