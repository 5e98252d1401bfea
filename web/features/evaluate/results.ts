/** Results of an evaluation: scores per picture, summarized per strength, and as a file. */
import type { PhotoScores, PictureScores } from "../../engine/contract/judging";
import type { Strength } from "./plan";
import type { Element } from "./prompt-set";
import { type Interval, interval, mean } from "./statistics";

export interface Scored {
  strength: Strength;
  /** Prompt with the class noun. */
  prompt: string;
  elements: Element[];
  seed: number;
  scores: PictureScores;
}

export interface Summary {
  strength: Strength;
  pictures: number;
  text: Interval;
  image: Interval;
  clipScore: number;
  /** `undefined` if the subject stood out in none of the pictures or photos. */
  foreground: number | undefined;
  /** Scores of the prompts' elements, by their kind: "style", "class", "ambiance". */
  elements: { name: string; score: number }[];
}

/** One row per strength, the weakest first. */
export function summaries(scored: readonly Scored[]): Summary[] {
  const strengths = [...new Set(scored.map(({ strength }) => strength))].sort((one, other) => one - other);
  return strengths.flatMap((strength) => {
    const own = scored.filter((one) => one.strength === strength);
    const scores = own.map(({ scores }) => scores);
    const text = interval(scores.map(({ textAlignment }) => textAlignment));
    const image = interval(scores.map(({ imageAlignment }) => imageAlignment));
    if (!text || !image) return [];
    return {
      strength,
      pictures: own.length,
      text,
      image,
      clipScore: mean(scores.map(({ clipScore }) => clipScore)) ?? 0,
      foreground: mean(scores.flatMap(({ foreground }) => foreground ?? [])),
      elements: elementScores(own),
    };
  });
}

function elementScores(scored: readonly Scored[]): { name: string; score: number }[] {
  const byKind = new Map<string, number[]>();
  for (const { elements, scores } of scored) {
    for (const [index, { name }] of elements.entries()) {
      const score = scores.elements[index];
      if (score === undefined) continue;
      const kind = kindOf(name);
      byKind.set(kind, [...(byKind.get(kind) ?? []), score]);
    }
  }
  return [...byKind].map(([name, scores]) => ({ name, score: mean(scores) ?? 0 }));
}

/** "ambiance 1" and "ambiance 2" are of one kind. */
const kindOf = (name: string) => name.replace(/\s*\d+$/, "");

export interface EvaluationFacts {
  adapter: string;
  model: string;
  classNoun: string;
  steps: number;
  guidanceScale: number;
  sampler: string;
  /** `undefined` before they are scored. */
  photos: PhotoScores | undefined;
}

/** JSON of everything that was measured and is needed to reproduce it, without pictures and photos. */
export function report(facts: EvaluationFacts, scored: readonly Scored[]): string {
  return JSON.stringify(
    { format: "palpable-evaluation 1", ...facts, summary: summaries(scored), pictures: scored },
    undefined,
    2,
  );
}
