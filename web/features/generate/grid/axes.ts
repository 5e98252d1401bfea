/**
 * Parameters that a grid can vary: for each, how its values are written, which values are allowed, and how a
 * value changes a wish. Numbers are written as in A1111's "X/Y/Z plot": `1, 2, 3`, `1-4`, `0-1 [5]`.
 */
import { plainNumber } from "../../../app/format";
import { text } from "../../../app/text";
import type { SamplerName } from "../../../engine/contract/generation";
import { GUIDANCE_RANGE, MAX_SEED, STEPS_RANGE } from "../form";
import { STRENGTH_RANGE } from "../start-picture";
import { MAX_DELAYED } from "../steering-settings";
import type { Wish } from "../wish";
import { gridText } from "./text";

const MAX_VALUES = 16;

export type ParameterName = keyof typeof gridText.parameters;

/** A parameter and its values, as the visitor wrote them. */
export interface AxisChoice {
  parameter: ParameterName;
  written: string;
}

/** A value of an axis: its label, and how it changes a wish. */
export interface AxisValue {
  label: string;
  apply: (wish: Wish) => Wish;
}

interface NumberParameter {
  kind: "number";
  least: number;
  most: number;
  whole: boolean;
  initial: (wish: Wish) => string;
  apply: (wish: Wish, value: number) => Wish;
}

/** `words`: each value replaces the first one in the prompt. `samplers`: names of samplers. */
type Parameter = NumberParameter | { kind: "words" | "samplers"; initial: (wish: Wish) => string };

export const PARAMETERS: Readonly<Record<ParameterName, Parameter>> = {
  prompt: { kind: "words", initial: () => "" },
  seed: {
    kind: "number",
    least: 0,
    most: MAX_SEED,
    whole: true,
    initial: ({ seed }) => `${Math.min(seed, MAX_SEED - 3)}-${Math.min(seed, MAX_SEED - 3) + 3}`,
    apply: (wish, seed) => ({ ...wish, seed }),
  },
  steps: {
    kind: "number",
    least: STEPS_RANGE.min,
    most: STEPS_RANGE.max,
    whole: true,
    initial: () => "5, 10, 25",
    apply: (wish, steps) => ({ ...wish, steps }),
  },
  guidance: {
    kind: "number",
    least: GUIDANCE_RANGE.min,
    most: GUIDANCE_RANGE.max,
    whole: false,
    initial: () => "2, 4, 6, 8",
    apply: (wish, guidanceScale) => ({ ...wish, guidanceScale }),
  },
  sampler: { kind: "samplers", initial: ({ sampler }) => sampler },
  adapterStrength: {
    kind: "number",
    least: 0,
    most: 2,
    whole: false,
    initial: () => "0-1 [5]",
    apply: (wish, strength) => ({
      ...wish,
      adapters: wish.adapters.map((adapter) => ({ ...adapter, strength })),
    }),
  },
  delayed: {
    kind: "number",
    least: 0,
    most: 100 * MAX_DELAYED,
    whole: false,
    initial: () => "0, 20, 40, 60",
    apply: (wish, percent) => steered(wish, { delayedConcept: percent / 100 }),
  },
  strengthEnd: {
    kind: "number",
    least: 0,
    most: 2,
    whole: false,
    initial: () => "0, 0.5, 1, 1.5",
    apply: (wish, strengthEnd) => steered(wish, { strengthEnd }),
  },
  change: {
    kind: "number",
    least: STRENGTH_RANGE.min,
    most: STRENGTH_RANGE.max,
    whole: false,
    initial: () => "0.2, 0.4, 0.6, 0.8, 1",
    apply: (wish, strength) => (wish.start ? { ...wish, start: { ...wish.start, strength } } : wish),
  },
};

const steered = (wish: Wish, change: Partial<NonNullable<Wish["steering"]>>): Wish =>
  wish.steering ? { ...wish, steering: { ...wish.steering, ...change } } : wish;

/** Parameters that have an effect on a wish. */
export const parametersFor = ({ adapters, start }: Pick<Wish, "adapters" | "start">): ParameterName[] =>
  (Object.keys(PARAMETERS) as ParameterName[]).filter((name) => {
    if (name === "change") return start !== undefined;
    const acts = name === "adapterStrength" || name === "delayed" || name === "strengthEnd";
    return !acts || adapters.length > 0;
  });

/** Values that can't be used; the message is a sentence for the visitor. */
export class AxisProblem extends Error {}

/** Values of an axis, each once. Throws an `AxisProblem` if some can't be used. */
export function valuesOf({ parameter: name, written }: AxisChoice, wish: Wish): AxisValue[] {
  const parts = written
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (parts.length === 0) throw new AxisProblem(gridText.problems.empty);
  const all = axisValues(name, parts, wish);
  const values = all.filter(({ label }, at) => all.findIndex((other) => other.label === label) === at);
  if (values.length > MAX_VALUES) throw new AxisProblem(gridText.problems.tooMany(MAX_VALUES));
  return values;
}

function axisValues(name: ParameterName, parts: string[], wish: Wish): AxisValue[] {
  const parameter = PARAMETERS[name];
  switch (parameter.kind) {
    case "number":
      return parts.flatMap(numbersOf).map((value) => {
        check(value, parameter);
        return {
          label: `${gridText.parameters[name]}: ${plainNumber(value)}`,
          apply: (wish) => parameter.apply(wish, value),
        };
      });
    case "samplers":
      return (parts as SamplerName[]).map((sampler) => ({
        label: text.generate.samplers[sampler],
        apply: (wish) => ({ ...wish, sampler }),
      }));
    case "words": {
      const [searched = ""] = parts;
      if (!wish.prompt.includes(searched)) throw new AxisProblem(gridText.problems.notInPrompt(searched));
      return parts.map((words) => ({
        label: words,
        apply: (wish) => ({ ...wish, prompt: wish.prompt.replaceAll(searched, () => words) }),
      }));
    }
  }
}

/** Reads `7`, `1-4` (in steps of 1) and `0-1 [5]` (5 values, evenly spaced). */
function numbersOf(part: string): number[] {
  const range = /^(-?\d*\.?\d+)\s*-\s*(-?\d*\.?\d+)\s*(?:\[(\d{1,3})\])?$/.exec(part);
  if (!range) {
    const value = Number(part);
    if (!Number.isFinite(value)) throw new AxisProblem(gridText.problems.notANumber(part));
    return [value];
  }
  const [first, last] = [Number(range[1]), Number(range[2])];
  const count = range[3] ? Number(range[3]) : Math.floor(Math.abs(last - first)) + 1;
  if (count > MAX_VALUES) throw new AxisProblem(gridText.problems.tooMany(MAX_VALUES));
  const step = range[3] ? (last - first) / Math.max(count - 1, 1) : Math.sign(last - first);
  // Rounded, since sums of decimal fractions would show all their digits.
  return Array.from({ length: count }, (_, place) => Number((first + place * step).toFixed(6)));
}

function check(value: number, { least, most, whole }: NumberParameter): void {
  const words = gridText.problems;
  if (value < least || value > most) throw new AxisProblem(words.outside(String(value), least, most));
  if (whole && !Number.isInteger(value)) throw new AxisProblem(words.notWhole(String(value)));
}
