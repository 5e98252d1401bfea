/** Translations say everything that English says, in the same shape; the types see to names, not to lists' lengths. */
import { expect, test } from "vitest";
import { germanBench } from "../../web/app/german/bench-text";
import { germanEvaluate } from "../../web/app/german/evaluate-text";
import { germanGrid } from "../../web/app/german/grid-text";
import { germanModels } from "../../web/app/german/models-text";
import { germanSettings } from "../../web/app/german/settings-text";
import { germanStart } from "../../web/app/german/start-text";
import { german } from "../../web/app/german/text";
import { english } from "../../web/app/text";
import { english as englishBench } from "../../web/features/bench/text";
import { english as englishEvaluate } from "../../web/features/evaluate/text";
import { english as englishGrid } from "../../web/features/generate/grid/text";
import { english as englishStart } from "../../web/features/generate/start-text";
import { english as englishModels } from "../../web/features/models/text";
import { samples } from "../../web/features/personalize/samples";
import { english as englishSettings } from "../../web/features/personalize/settings-text";

test.each([
  // The engine's faults are introduced only where they are not in the page's language.
  ["the page", { ...english, faults: { ...english.faults, ofKind: german.faults.ofKind } }, german],
  ["the training's choices", englishSettings, germanSettings],
  ["Evaluate", englishEvaluate, germanEvaluate],
  ["Models", englishModels, germanModels],
  ["the grid", englishGrid, germanGrid],
  ["drawing on a given picture", englishStart, germanStart],
  ["the bench", englishBench, germanBench],
])("German: %s", (_, original, translation) => {
  expect(shapeOf(translation)).toEqual(shapeOf(original));
});

test("German: every sample is described", () => {
  for (const { name, description } of samples)
    expect(german.personalize.sampleLook(name, description)).not.toBe(description);
});

test("a missing text is seen", () => {
  const { done: _, ...rest } = german.crop;
  expect(shapeOf(rest)).not.toEqual(shapeOf(english.crop));
});

/** Names and lengths all the way down; of the texts themselves only their kind. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)]));
}
