import fs from "node:fs";
import { describe, expect, test } from "vitest";
import type { EvaluationObserver } from "../../web/engine/api";
import type { Engine } from "../../web/engine/contract/engine";
import type { GenerationSettings } from "../../web/engine/contract/generation";
import type { PictureScores } from "../../web/engine/contract/judging";
import { runEvaluation } from "../../web/engine/worker/evaluation-job";
import { JobControl } from "../../web/engine/worker/job-control";
import { Turns } from "../../web/engine/worker/turns";
import { BASE, plan } from "../../web/features/evaluate/plan";
import { ownPrompts, promptsOf, withoutNoun } from "../../web/features/evaluate/prompt-set";
import { report, type Scored, summaries } from "../../web/features/evaluate/results";
import { axisTicks, scaleOf } from "../../web/features/evaluate/scales";
import { interval, mean } from "../../web/features/evaluate/statistics";

const COMPLEX = fs.readFileSync("src/evaluation/prompt_sets/complex.txt", "utf8");

describe("statistics", () => {
  test("the mean of nothing is none, and one value has no spread", () => {
    expect([mean([]), interval([])]).toEqual([undefined, undefined]);
    expect(interval([0.25])).toEqual({ low: 0.25, mean: 0.25, high: 0.25 });
  });

  test("an interval is that of the mean, and the same each time", () => {
    // Of 100 values evenly over 0 to 1 the mean's standard error is 0.289 / 10.
    const values = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 100);
    const found = interval(values);
    expect(found?.mean).toBeCloseTo(0.5, 10);
    expect(found?.low).toBeGreaterThan(0.5 - 0.0577 * 1.15);
    expect(found?.low).toBeLessThan(0.5 - 0.0577 * 0.85);
    expect(found?.high).toBeLessThan(0.5 + 0.0577 * 1.15);
    expect(found?.high).toBeGreaterThan(0.5 + 0.0577 * 0.85);
    expect(interval(values)).toEqual(found);
  });
});

describe("prompts", () => {
  test("the complex set names the thing once by its noun and once by its word", () => {
    const prompts = promptsOf(COMPLEX, "owl", "<my-owl>");
    expect(prompts).toHaveLength(10);
    expect(prompts[0]).toEqual({
      clean: "a photo of an owl wearing a crown at the beach",
      personal: "a photo of <my-owl> wearing a crown at the beach",
      elements: [
        { name: "style", phrase: "a photo" },
        { name: "class", phrase: "an owl" },
        { name: "ambiance 1", phrase: "wearing a crown" },
        { name: "ambiance 2", phrase: "at the beach" },
      ],
    });
    expect(prompts.every(({ elements }) => elements.length >= 4)).toBe(true);
    const withNoun = promptsOf(COMPLEX, "owl", "<my-owl> owl");
    expect(withNoun[0]?.personal).toBe("a photo of a <my-owl> owl wearing a crown at the beach");
  });

  test("own prompts are written with the noun, one a line", () => {
    const lines = "a sketch of a dog\n\n  the dog at night ";
    expect(ownPrompts(lines, "dog", "<my-dog>").map(({ personal }) => personal)).toEqual([
      "a sketch of <my-dog>",
      "<my-dog> at night",
    ]);
    expect(withoutNoun(lines, "dog")).toBeUndefined();
    expect(withoutNoun(`${lines}\na dogma`, "dog")).toBe("a dogma");
  });
});

const CHOICES = {
  adapter: 7,
  prompts: promptsOf(COMPLEX, "dog", "<my-dog>").slice(0, 2),
  strengths: [1, 0.5],
  seeds: 2,
  steps: 3,
  guidanceScale: 5,
  sampler: "ddim",
  size: 128,
} as const;

test("every prompt is drawn with every seed, with the noun without the adapter and with the word with it", () => {
  const cells = plan({ ...CHOICES, prompts: [...CHOICES.prompts], strengths: [...CHOICES.strengths] });
  expect(cells.map(({ seed, strength }) => [seed, strength])).toEqual([
    ...[0, 0.5, 1, 0, 0.5, 1].map((strength) => [0, strength]),
    ...[0, 0.5, 1, 0, 0.5, 1].map((strength) => [1, strength]),
  ]);
  const [base, half] = cells;
  expect(base?.cell.settings.adapters).toEqual([]);
  expect(base?.cell.settings.prompt).toBe(base?.cell.cleanPrompt);
  expect(half?.cell.settings.adapters).toEqual([{ id: 7, strength: 0.5 }]);
  expect(half?.cell.settings.prompt).toContain("<my-dog>");
  expect(half?.cell.cleanPrompt).toBe(base?.cell.cleanPrompt);
});

const scoresOf = (text: number, image: number, elements: number[] = []): PictureScores => ({
  textAlignment: text,
  imageAlignment: image,
  clipScore: 2.5 * text,
  elements,
});

const scored = (strength: number, scores: PictureScores): Scored => ({
  strength,
  seed: 0,
  prompt: "a dog",
  elements: ["style", "ambiance 1", "ambiance 2"].map((name) => ({ name, phrase: name })),
  scores,
});

describe("results", () => {
  const all = [
    scored(1, scoresOf(0.2, 0.8, [0.1, 0.2, 0.4])),
    scored(BASE, scoresOf(0.3, 0.5)),
    scored(1, scoresOf(0.4, 0.6, [0.3, 0.2, 0.4])),
  ];

  test("a row a strength, with elements of one kind together", () => {
    const [base, full] = summaries(all);
    expect([base?.strength, base?.pictures, base?.text.mean]).toEqual([BASE, 1, 0.3]);
    expect([full?.strength, full?.pictures]).toEqual([1, 2]);
    expect(full?.text.mean).toBeCloseTo(0.3, 10);
    expect(full?.image.mean).toBeCloseTo(0.7, 10);
    expect(full?.clipScore).toBeCloseTo(0.75, 10);
    expect(full?.elements.map(({ name }) => name)).toEqual(["style", "ambiance"]);
    expect(full?.elements[0]?.score).toBeCloseTo(0.2, 10);
    expect(full?.elements[1]?.score).toBeCloseTo(0.3, 10);
    expect(full?.foreground).toBeUndefined();
  });

  test("the file holds what reproduces it", () => {
    const facts = { adapter: "<my-dog>", model: "demo", classNoun: "dog", steps: 3, guidanceScale: 5 };
    const photos = { textAlignment: 0.25, imageAlignment: null };
    const read = JSON.parse(report({ ...facts, sampler: "ddim", photos }, all));
    expect(read).toMatchObject({ format: "palpable-evaluation 1", ...facts, photos });
    expect(read.pictures).toHaveLength(3);
    expect(read.summary).toHaveLength(2);
  });

  test("axes hold all values, with round ticks", () => {
    const scale = scaleOf([0.31, 0.36], [0, 100]);
    expect(scale.at(0.31)).toBeGreaterThan(0);
    expect(scale.at(0.36)).toBeLessThan(100);
    expect(axisTicks(scale)).toEqual([0.32, 0.34, 0.36]);
    expect(axisTicks(scaleOf([0.5], [0, 1])).length).toBeGreaterThan(1);
  });
});

/** An engine that draws a grey picture in two steps and scores it by the number of pictures so far. */
function fakeEngine() {
  const asked: string[] = [];
  const engine = {
    embedPhotos: async () => ({ photos: [[1, 0]], foregrounds: [], dino: [] }),
    scorePhotos: async (_: unknown, prompts: string[]) => {
      asked.push(`photos: ${prompts.length} prompts`);
      return { textAlignment: 0.2, imageAlignment: null };
    },
    beginGeneration: async (settings: GenerationSettings) => {
      asked.push(settings.prompt);
      let step = 0;
      return {
        step: async () => ({ step: ++step, steps: settings.steps }),
        finish: async () => ({ width: 1, height: 1, rgba: new Uint8Array(4), free: () => undefined }),
        free: () => undefined,
      };
    },
    score: async (_: unknown, __: unknown, prompt: string) => {
      asked.push(`score: ${prompt}`);
      return [scoresOf(asked.length / 100, 0.5)];
    },
  };
  return { engine: engine as unknown as Engine, asked };
}

function observe(onScored: (cell: number) => void = () => undefined) {
  const found: number[] = [];
  const observer: EvaluationObserver = {
    loading: () => undefined,
    photos: () => undefined,
    progress: () => undefined,
    scored: (cell) => {
      found.push(cell);
      onScored(cell);
    },
  };
  return { observer, found };
}

describe("the job", () => {
  const cells = plan({ ...CHOICES, prompts: [...CHOICES.prompts], strengths: [...CHOICES.strengths] }).map(
    ({ cell }) => cell,
  );

  test("draws and scores one after the other, by the clean prompt", async () => {
    const { engine, asked } = fakeEngine();
    const { observer, found } = observe();
    await runEvaluation(engine, new Turns(), new JobControl(), cells.slice(0, 2), [], observer);
    expect(found).toEqual([0, 1]);
    const clean = CHOICES.prompts[0]?.clean;
    expect(asked).toEqual([
      "photos: 1 prompts",
      clean,
      `score: ${clean}`,
      CHOICES.prompts[0]?.personal,
      `score: ${clean}`,
    ]);
  });

  test("ends after the page has taken the last picture", async () => {
    const { engine } = fakeEngine();
    let taken = 0;
    const observer: EvaluationObserver = {
      ...observe().observer,
      scored: async () => {
        await new Promise((arrived) => setTimeout(arrived, 5));
        taken += 1;
      },
    };
    await runEvaluation(engine, new Turns(), new JobControl(), cells.slice(0, 2), [], observer);
    expect(taken).toBe(2);
  });

  test("cancel ends it before the next picture, with what was found", async () => {
    const { engine } = fakeEngine();
    const control = new JobControl();
    const { observer, found } = observe((cell) => {
      if (cell === 2) control.command("cancel");
    });
    await runEvaluation(engine, new Turns(), control, cells, [], observer);
    expect(found).toEqual([0, 1, 2]);
  });
});
