/** The layouts beside Stable Diffusion 1's, every sampler, and previews, in the browser: the native program's pictures. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { text } from "../../web/app/text";
import { type Architecture, FORMULA_ARCHITECTURES, writeFormulaModel } from "./formula-models";
import { type Drawing, expectGolden } from "./native-pictures";
import { openQuickPage, PATIENCE } from "./studio";
import { goTo, useFolder, waitForModel } from "./studio-steps";

/** What a model is made for, where it isn't the usual. */
const OWN: Partial<Record<Architecture, Partial<Drawing>>> = {
  "sd-turbo": { sampler: "turbo", steps: 1, guidance: 1 },
  lcm: { sampler: "lcm" },
};
/** Longer than the model reads at a time, with emphasis. */
const LONG = `a (crown:1.4) on a dog ${"in the deep blue snow at night ".repeat(12)} and a [mug]`;

/** Its own autoencoder draws the picture, the tiny one beside it the previews. */
const PREVIEWED = ["adapted", "with-taesd"] as const;

let folder: string;
let page: Page;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "palpable-"));
  for (const name of [...FORMULA_ARCHITECTURES, ...PREVIEWED]) {
    writeFormulaModel(name, path.join(folder, name));
  }
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

test("previews are decoded by the tiny autoencoder where there is one, pictures never", async () => {
  const previews: string[] = [];
  for (const name of PREVIEWED) {
    const model = path.join(folder, name);
    await useFolder(page, model);
    await expectGolden(page, model, "adapter-none");
    await goTo(page, "personalize");
    await page.getByLabel("Steps a preview").fill("1");
    await page.getByRole("button", { name: "See what the untrained model draws" }).click();
    const canvas = page.locator(".untrained canvas");
    await canvas.waitFor({ timeout: PATIENCE });
    previews.push(await canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL()));
  }
  expect(previews[0]).not.toBe(previews[1]);
});
