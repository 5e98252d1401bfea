/** The layouts beside Stable Diffusion 1's and every sampler, in the browser: the native program's pictures. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, test } from "vitest";
import { text } from "../../web/app/text";
import { type Architecture, FORMULA_ARCHITECTURES, writeFormulaModel } from "./formula-models";
import { type Drawing, expectGolden } from "./native-pictures";
import { openQuickPage, useFolder, waitForModel } from "./studio";

/** What a model is made for, where it isn't the usual. */
const OWN: Partial<Record<Architecture, Partial<Drawing>>> = {
  "sd-turbo": { sampler: "turbo", steps: 1, guidance: 1 },
  lcm: { sampler: "lcm" },
};
/** Longer than the model reads at a time, with emphasis. */
const LONG = `a (crown:1.4) on a dog ${"in the deep blue snow at night ".repeat(12)} and a [mug]`;

let folder: string;
let page: Page;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "palpable-"));
  for (const name of FORMULA_ARCHITECTURES) writeFormulaModel(name, path.join(folder, name));
  ({ page, close } = await openQuickPage("models"));
  await waitForModel(page);
});

afterAll(async () => {
  await close();
  fs.rmSync(folder, { recursive: true });
});

describe.each(FORMULA_ARCHITECTURES)("%s", (model) => {
  beforeAll(() => useFolder(page, path.join(folder, model)));

  test("draws what the native program draws", () =>
    expectGolden(page, path.join(folder, model), `model-${model}`, OWN[model]));
});

describe("the model that was used last, and is the smallest,", () => {
  const model = FORMULA_ARCHITECTURES.at(-1) as Architecture;

  test.each(Object.keys(text.generate.samplers))("by %s", (sampler) =>
    expectGolden(page, path.join(folder, model), `sampler-${sampler.replaceAll("+", "p")}`, {
      sampler,
      steps: 3,
    }),
  );

  test("from a long prompt with emphasis", () =>
    expectGolden(page, path.join(folder, model), "long-prompt", { prompt: LONG }));
});
