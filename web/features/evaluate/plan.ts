/** Which pictures an evaluation draws: every prompt with every seed, without the adapter and with each strength. */
import type { EvaluationCell } from "../../engine/api";
import type { SamplerName } from "../../engine/contract/generation";
import type { TestPrompt } from "./prompt-set";

/** Strength of the adapter; 0 is the untrained model with the class noun. */
export type Strength = number;
export const BASE: Strength = 0;

export interface Choices {
  /** Id of the adapter in the engine. */
  adapter: number;
  prompts: TestPrompt[];
  /** Strengths of the adapter, without `BASE`. */
  strengths: Strength[];
  seeds: number;
  steps: number;
  guidanceScale: number;
  sampler: SamplerName;
  /** Side of the pictures, in pixels. */
  size: number;
}

export interface PlannedCell {
  strength: Strength;
  prompt: TestPrompt;
  seed: number;
  cell: EvaluationCell;
}

/** Cells to draw, seeds outermost, so that those drawn before a cancellation compare like with like. */
export function plan(choices: Choices): PlannedCell[] {
  const strengths = [BASE, ...choices.strengths.toSorted((one, other) => one - other)];
  const seeds = Array.from({ length: choices.seeds }, (_, seed) => seed);
  return seeds.flatMap((seed) =>
    choices.prompts.flatMap((prompt) =>
      strengths.map((strength) => ({
        strength,
        prompt,
        seed,
        cell: cellOf(choices, prompt, strength, seed),
      })),
    ),
  );
}

function cellOf(choices: Choices, prompt: TestPrompt, strength: Strength, seed: number): EvaluationCell {
  const { adapter, steps, guidanceScale, sampler, size } = choices;
  const base = strength === BASE;
  return {
    settings: {
      prompt: base ? prompt.clean : prompt.personal,
      negativePrompt: "",
      seed,
      steps,
      guidanceScale,
      sampler,
      width: size,
      height: size,
      adapters: base ? [] : [{ id: adapter, strength }],
    },
    cleanPrompt: prompt.clean,
    elements: prompt.elements.map(({ phrase }) => phrase),
  };
}
