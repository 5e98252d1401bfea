/** The layouts beside Stable Diffusion 1's and every sampler, in the browser: the native program's pictures. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, test } from "vitest";
import { text } from "../../web/app/text";
import { FORMULA_MODELS, type FormulaModelName, writeFormulaModel } from "./formula-models";
import { type Drawing, expectGolden } from "./native-pictures";
import { goTo, openPage, openQuickStudio, PATIENCE, type Studio, waitForModel } from "./studio";
import { VISITOR } from "./visitor";

/** What a model is made for, where it isn't the usual. */
const OWN: Partial<Record<FormulaModelName, Partial<Drawing>>> = {
  "sd-turbo": { sampler: "turbo", steps: 1, guidance: 1 },
  lcm: { sampler: "lcm" },
};
/** Longer than the model reads at a time, with emphasis. */
const LONG = `a (crown:1.4) on a dog ${"in the deep blue snow at night ".repeat(12)} and a [mug]`;

let folder: string;
let studio: Studio;
let page: Page;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "palpable-"));
  for (const name of FORMULA_MODELS) writeFormulaModel(name, path.join(folder, name));
  studio = await openQuickStudio();
  ({ page, close } = await openPage(studio, VISITOR, "models"));
  await waitForModel(page);
});

afterAll(async () => {
  await close();
  await studio.close();
  fs.rmSync(folder, { recursive: true });
});

describe.each(FORMULA_MODELS)("%s", (model) => {
  beforeAll(() => use(model));

  test("draws what the native program draws", () =>
    expectGolden(page, path.join(folder, model), `model-${model}`, OWN[model]));
});

describe("the model that was used last, and is the smallest,", () => {
  const model = FORMULA_MODELS.at(-1) as FormulaModelName;

  test.each(Object.keys(text.generate.samplers))("by %s", (sampler) =>
    expectGolden(page, path.join(folder, model), `sampler-${sampler.replaceAll("+", "p")}`, {
      sampler,
      steps: 3,
    }),
  );

  test("from a long prompt with emphasis", () =>
    expectGolden(page, path.join(folder, model), "long-prompt", { prompt: LONG }));
});

async function use(model: FormulaModelName): Promise<void> {
  await goTo(page, "models");
  await page.getByLabel("Choose a folder", { exact: true }).last().setInputFiles(path.join(folder, model));
  await page
    .getByRole("region", { name: model, exact: true })
    .getByRole("button", { name: "Use", exact: true })
    .click();
  await page
    .locator(".verdict", { hasText: new RegExp(`^${model}$`) })
    .first()
    .waitFor({ timeout: PATIENCE });
  await waitForModel(page);
}
