/**
 * Pictures that the native program drew, which its own tests compare with diffusers: the browser draws the same.
 * `PALPABLE_PROGRAM=<the program>` draws them anew.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { goTo, likeness, PATIENCE } from "./studio";

const GOLDENS = path.join(import.meta.dirname, "../goldens/native");
/** In dB, at 8 bits a channel: two of the samplers draw pictures that are 47 dB apart. */
const SAME = 60;

export interface Drawing {
  prompt: string;
  sampler: string;
  steps: number;
  guidance: number;
  side: number;
  /** GPU memory that may be taken, in bytes; the page is told in its own way. */
  memory?: number;
}

const USUAL: Drawing = { prompt: "a photo of a dog", sampler: "ddim", steps: 2, guidance: 5, side: 64 };

/** `model`: the folder of the model in use. */
export async function expectGolden(page: Page, model: string, name: string, own: Partial<Drawing> = {}) {
  const drawing = { ...USUAL, ...own };
  const file = path.join(GOLDENS, `${name}.png`);
  const program = process.env.PALPABLE_PROGRAM;
  if (program) drawNatively(program, model, drawing, file);
  await draw(page, drawing);
  const canvas = page.locator(".result-panel figure canvas").first();
  const decibels = await likeness(canvas, fs.readFileSync(file));
  expect(decibels).toBeGreaterThan(SAME);
}

/** With the same seed each time. */
async function draw(page: Page, { prompt, sampler, steps, guidance, side }: Drawing): Promise<void> {
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  await page.getByLabel("Seed", { exact: true }).fill("7");
  await page.getByLabel("Width", { exact: true }).selectOption(String(side));
  await page.getByLabel("Height", { exact: true }).selectOption(String(side));
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
    "--size": `${drawing.side}x${drawing.side}`,
    "--out": file,
    ...(drawing.memory && { "--memory-limit": drawing.memory }),
  };
  const { status, stderr } = spawnSync(program, ["generate", ...Object.entries(values).flat().map(String)]);
  expect(status, stderr.toString()).toBe(0);
}
