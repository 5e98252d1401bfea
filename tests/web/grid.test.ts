/** The grid: how values are written, what they make of a picture, the order of drawing, and the labelled picture. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { GenerationSettings } from "../../web/engine/contract/generation";
import * as drawing from "../../web/features/generate/drawing";
import * as form from "../../web/features/generate/form";
import { type AxisChoice, parametersFor, valuesOf } from "../../web/features/generate/grid/axes";
import * as grid from "../../web/features/generate/grid/grid";
import { layoutOf, linesOf } from "../../web/features/generate/grid/grid-picture";
import { plainWish } from "../../web/features/generate/wish";
import { model } from "../../web/features/models/model";
import { DEMO_REPORT } from "./demo-report";

const outside = vi.hoisted(() => ({ asked: [] as GenerationSettings[], kept: 0, cancelAfter: 100 }));

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  whenEngineCloses: () => undefined,
  engine: () => ({
    command: () => undefined,
    generate: async (settings: GenerationSettings) => {
      outside.asked.push(settings);
      if (outside.asked.length > outside.cancelAfter) return null;
      return { width: 8, height: 8, rgba: new Uint8Array(256), heatMaps: [] };
    },
  }),
}));
vi.mock("../../web/features/gallery/gallery", () => ({ keep: async () => `picture-${++outside.kept}` }));

beforeEach(() => {
  Object.assign(outside, { asked: [], kept: 0, cancelAfter: 100 });
  model.value = { state: "ready", report: DEMO_REPORT };
  form.prompt.value = "a dog in the snow";
  form.seed.value = 7;
  grid.columns.value = { parameter: "guidance", written: "2, 4" };
  grid.rows.value = undefined;
  grid.grid.value = undefined;
});

const labels = (axis: AxisChoice) => valuesOf(axis, plainWish()).map(({ label }) => label);

describe("values as they are written", () => {
  test.each([
    ["seed", "7, 9", ["7", "9"]],
    ["seed", "4294967293-4294967295", ["4294967293", "4294967294", "4294967295"]],
    ["steps", "1-4", ["1", "2", "3", "4"]],
    ["steps", "4-2, 10", ["4", "3", "2", "10"]],
    ["strengthEnd", "0-1 [5]", ["0", "0.25", "0.5", "0.75", "1"]],
    ["strengthEnd", "0.1 - 0.7 [3]", ["0.1", "0.4", "0.7"]],
    ["steps", " 5,5 , 5", ["5"]],
  ] as const)("%s: %s", (parameter, written, values) => {
    const shown = labels({ parameter, written }).map((label) => label.split(": ")[1]);
    expect(shown).toEqual(values);
  });

  test.each([
    ["steps", "", "at least one value"],
    ["steps", "five", "“five” is no number"],
    ["steps", "0, 5", "0 is not between 1 and 100"],
    ["steps", "2.5", "2.5 is no whole number"],
    ["steps", "1-100", "At most 16 values"],
    ["guidance", "1e999", "no number"],
    ["seed", "5000000000", "is not between"],
    ["prompt", "cat, mug", "“cat” is not in the prompt"],
  ] as const)("%s: %s is refused with a sentence", (parameter, written, sentence) => {
    expect(() => labels({ parameter, written })).toThrow(sentence);
  });

  test("words take the place of the first, to the letter", () => {
    const values = valuesOf({ parameter: "prompt", written: "dog, cat, $& mug" }, plainWish());
    expect(values.map(({ apply }) => apply(plainWish()).prompt)).toEqual([
      "a dog in the snow",
      "a cat in the snow",
      "a $& mug in the snow",
    ]);
  });

  test("what acts on adapters or a start picture is offered with them alone", () => {
    expect(parametersFor(plainWish())).toEqual(["prompt", "seed", "steps", "guidance", "sampler"]);
  });
});

describe("the grid", () => {
  test("is drawn row by row, each picture kept", async () => {
    grid.rows.value = { parameter: "prompt", written: "dog, cat, mug" };
    await grid.drawGrid();
    expect(
      outside.asked.map(({ guidanceScale, prompt }) => `${guidanceScale} ${prompt.split(" ")[1]}`),
    ).toEqual(["2 dog", "4 dog", "2 cat", "4 cat", "2 mug", "4 mug"]);
    expect(new Set(outside.asked.map(({ seed }) => seed))).toEqual(new Set([7]));
    expect(grid.grid.value?.cells.map((cell) => cell?.galleryId)).toEqual(
      [1, 2, 3, 4, 5, 6].map((number) => `picture-${number}`),
    );
    const { value } = grid.grid;
    expect(value && grid.labelsOf(value, 3)).toBe("Guidance: 4, cat");
  });

  test("cancelled, what is drawn stays and the rest is empty", async () => {
    outside.cancelAfter = 1;
    await grid.drawGrid();
    expect(grid.grid.value?.cells.map((cell) => cell !== undefined)).toEqual([true, false]);
    expect(drawing.progress.value).toBeUndefined();
  });

  test.each([
    ["adapterStrength", "columns", grid.columns],
    ["change", "rows", grid.rows],
  ] as const)("what has no effect any more is refused: %s", async (parameter, name, axis) => {
    axis.value = { parameter, written: "0.5, 1" };
    expect(grid.plan.value).toMatchObject({ of: name, problem: expect.stringContaining("no effect now") });
    await grid.drawGrid();
    expect(outside.asked).toEqual([]);
  });

  test("the same thing on both axes, or too many pictures, is refused", async () => {
    grid.rows.value = { parameter: "guidance", written: "3" };
    expect(grid.plan.value).toMatchObject({ of: "rows" });
    grid.columns.value = { parameter: "seed", written: "1-16" };
    grid.rows.value = { parameter: "steps", written: "1-5" };
    expect(grid.plan.value).toMatchObject({ of: "both", problem: "At most 64 pictures at once." });
    await grid.drawGrid();
    expect(outside.asked).toEqual([]);
  });
});

describe("as one picture", () => {
  test("pictures keep their size while the whole is not too large", () => {
    const { width, height, total, left, above } = layoutOf(4, 3, true, 512, 512);
    expect([width, height]).toEqual([512, 512]);
    expect(total).toEqual({ width: left + 4 * 520, height: above + 3 * 520 });
  });

  test.each([
    [16, 4, 1024, 1024],
    [4, 16, 512, 1024],
  ])("%i × %i of %i × %i pixels are made smaller", (columns, rows, width, height) => {
    const { total } = layoutOf(columns, rows, true, width, height);
    expect(Math.max(total.width, total.height)).toBeLessThanOrEqual(8192);
  });

  test("names break into lines, and long ones end", () => {
    const fits = (line: string) => line.length <= 8;
    expect(linesOf("a dog in the snow", fits, 3)).toEqual(["a dog in", "the snow"]);
    expect(linesOf("a dog in the snow at night", fits, 2)).toEqual(["a dog in", "the snow…"]);
  });
});
