/**
 * Pictures that the native program drew, which its own tests compare with diffusers: the browser draws the same.
 * `PALPABLE_PROGRAM=<the program>` draws them anew.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { drawn, goTo, likeness } from "./studio-steps";

const GOLDENS = path.join(import.meta.dirname, "../goldens/native");
/** In dB, at 8 bits a channel: two of the samplers draw pictures that are 47 dB apart. */
export const SAME = 60;

export interface Drawing {
  prompt: string;
  sampler: string;
  steps: number;
  guidance: number;
  /** In pixels. */
  width: number;
  height: number;
  /** GPU memory that may be taken, in bytes; the page is told in its own way. */
  memory?: number;
  /** Files and strengths that act; in the page they must be set before. */
  adapters?: readonly (readonly [file: string, strength: number])[];
}

const USUAL: Drawing = {
  prompt: "a photo of a dog",
  sampler: "ddim",
  steps: 2,
  guidance: 5,
  width: 64,
  height: 64,
};

/** `model`: the folder of the model in use. */
export async function expectGolden(page: Page, model: string, name: string, own: Partial<Drawing> = {}) {
  const drawing = { ...USUAL, ...own };
  const file = path.join(GOLDENS, `${name}.png`);
  const program = process.env.PALPABLE_PROGRAM;
  if (program) drawNatively(program, model, drawing, file);
  await draw(page, drawing);
  expect(await likenessTo(page, name)).toBeGreaterThan(SAME);
}

/** Of the picture shown large to that one, in dB. */
export const likenessTo = (page: Page, golden: string): Promise<number> =>
  likeness(
    page.locator(".result-panel figure canvas").first(),
    fs.readFileSync(path.join(GOLDENS, `${golden}.png`)),
  );

/** With the same seed each time. */
async function draw(page: Page, drawing: Drawing): Promise<void> {
  const { prompt, sampler, steps, guidance, width, height } = drawing;
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  await page.getByLabel("Seed", { exact: true }).fill("7");
  await page.getByLabel("Width", { exact: true }).selectOption(String(width));
  await page.getByLabel("Height", { exact: true }).selectOption(String(height));
  if (!(await page.getByLabel("Sampler").isVisible())) await page.getByText("More settings").click();
  await page.getByLabel("Sampler").selectOption(sampler);
  await page.getByLabel("Steps", { exact: true }).fill(String(steps));
  await page.getByLabel("Guidance", { exact: true }).fill(String(guidance));
  await drawn(page);
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
    "--size": `${drawing.width}x${drawing.height}`,
    "--out": file,
    ...(drawing.memory && { "--memory-limit": drawing.memory }),
  };
  const adapters = (drawing.adapters ?? []).flatMap(([file, strength]) => [
    "--adapter",
    `${file}:${strength}`,
  ]);
  const settings = Object.entries(values).flat().map(String);
  const { status, stderr } = spawnSync(program, ["generate", ...settings, ...adapters]);
  expect(status, stderr.toString()).toBe(0);
}
