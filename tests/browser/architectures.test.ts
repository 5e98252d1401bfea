/**
 * The layouts beside Stable Diffusion 1's and every sampler, in the browser: the pictures equal what the native program
 * draws, which its own tests compare with diffusers. `PALPABLE_PROGRAM=<the program>` draws the goldens anew.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { text } from "../../web/app/text";
import { FORMULA_MODELS, type FormulaModelName, writeFormulaModel } from "./formula-models";
import { goTo, likeness, openPage, openQuickStudio, PATIENCE, type Studio, waitForModel } from "./studio";
import { VISITOR } from "./visitor";

const GOLDENS = path.join(import.meta.dirname, "../goldens/native");
/** In dB, at 8 bits a channel: two of the samplers draw pictures that are 47 dB apart. */
const SAME = 60;

interface Drawing {
  prompt: string;
  sampler: string;
  steps: number;
  guidance: number;
}

const USUAL: Drawing = { prompt: "a photo of a dog", sampler: "ddim", steps: 2, guidance: 5 };
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

  test("draws what the native program draws", () => expectGolden(model, `model-${model}`, OWN[model]));
});

describe("the model that was used last, and is the smallest,", () => {
  const model = FORMULA_MODELS.at(-1) as FormulaModelName;

  test.each(Object.keys(text.generate.samplers))("by %s", (sampler) =>
    expectGolden(model, `sampler-${sampler.replaceAll("+", "p")}`, { sampler, steps: 3 }),
  );

  test("from a long prompt with emphasis", () => expectGolden(model, "long-prompt", { prompt: LONG }));
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

async function expectGolden(model: FormulaModelName, name: string, own: Partial<Drawing> = {}) {
  const drawing = { ...USUAL, ...own };
  const file = path.join(GOLDENS, `${name}.png`);
  const program = process.env.PALPABLE_PROGRAM;
  if (program) drawNatively(program, path.join(folder, model), drawing, file);
  await draw(drawing);
  const canvas = page.locator(".result-panel figure canvas").first();
  const decibels = await likeness(canvas, fs.readFileSync(file));
  expect(decibels).toBeGreaterThan(SAME);
}

/** The smallest picture, with the same seed each time. */
async function draw({ prompt, sampler, steps, guidance }: Drawing): Promise<void> {
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  await page.getByLabel("Seed", { exact: true }).fill("7");
  await page.getByLabel("Width", { exact: true }).selectOption("64");
  await page.getByLabel("Height", { exact: true }).selectOption("64");
  if (!(await page.getByLabel("Sampler").isVisible())) await page.getByText("More settings").click();
  await page.getByLabel("Sampler").selectOption(sampler);
  await page.getByLabel("Steps", { exact: true }).fill(String(steps));
  await page.getByLabel("Guidance", { exact: true }).fill(String(guidance));
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await page.getByRole("button", { name: "Cancel" }).waitFor();
  await page.getByRole("button", { name: "Generate", exact: true }).waitFor({ timeout: PATIENCE });
}

function drawNatively(program: string, model: string, drawing: Drawing, file: string): void {
  const values: Record<string, string | number> = {
    "--device": "cpu",
    "--model": model,
    "--prompt": drawing.prompt,
    "--sampler": drawing.sampler,
    "--steps": drawing.steps,
    "--guidance": drawing.guidance,
    "--seed": 7,
    "--size": "64x64",
    "--out": file,
  };
  const { status, stderr } = spawnSync(program, ["generate", ...Object.entries(values).flat().map(String)]);
  expect(status, stderr.toString()).toBe(0);
}
