/**
 * What the page holds of the GPU's memory, by the buffers that its worker has made and not destroyed: the garbage
 * collector, to which wgpu leaves them, doesn't count. Most launches are dropped: only the buffers matter, and computing
 * takes a software GPU minutes.
 */
import path from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COUNT_GPU_BUFFERS } from "../../scripts/headless.mjs";
import { ROOT } from "../../scripts/run.mjs";
import { beforeTheWorker, openPage, openStudio, PATIENCE, type Studio } from "./studio";
import { drawn, goTo, setUpLeastTraining, untilLearned, useFolder, waitForModel } from "./studio-steps";
import { VISITOR } from "./visitor";

/** Beside the model's weights: tables, the last numbers brought to the host, a small adapter. */
const LITTLE = 4e6;

let studio: Studio;
let page: Page;
let close: () => Promise<void>;
/** Bytes of the loaded model. */
let weights: number;

beforeAll(async () => {
  studio = { ...(await openStudio()), knowsGpu: true };
  ({ page, close } = await openPage(studio, VISITOR, "generate", countBuffers));
  await waitForModel(page);
  weights = (await memory()).held;
  await compute(false);
});

afterAll(async () => {
  await close();
  await studio.close();
});

test("a picture takes what was said, and gives it back", async () => {
  await page.getByLabel("Prompt", { exact: true }).fill("a photo of a dog");
  await page.getByText("More settings").click();
  await page.getByLabel("Steps", { exact: true }).fill("1");
  await page.getByLabel("Width", { exact: true }).selectOption("192");
  await page.getByLabel("Height", { exact: true }).selectOption("192");
  await drawn(page);
  const planned = await plannedMemory();
  const { held, most } = await memory();
  expect(most).toBeGreaterThan(weights + 10 * LITTLE);
  expect(most / planned).toBeGreaterThan(0.85);
  expect(most / planned).toBeLessThan(1.15);
  expect(held).toBeLessThan(weights + LITTLE);
});

test("a picture that is cancelled gives back what it took", async () => {
  // Its steps have to last until they are seen.
  await compute(true);
  await page.getByLabel("Width", { exact: true }).selectOption("128");
  await page.getByLabel("Height", { exact: true }).selectOption("128");
  await page.getByLabel("Steps", { exact: true }).fill("50");
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await page.getByText(/^Step [2-9] of 50/).waitFor({ timeout: PATIENCE });
  expect((await memory()).held).toBeGreaterThan(weights + LITTLE);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Generate", exact: true }).waitFor({ timeout: PATIENCE });
  expect((await memory()).held).toBeLessThan(weights + LITTLE);
  await compute(false);
});

test("a training takes what was said, and gives it back", async () => {
  await goTo(page, "personalize");
  await setUpLeastTraining(page, 4);
  const planned = await plannedMemory();
  await page.getByRole("button", { name: "Start training" }).click();
  await untilLearned(page);
  const { held, most } = await memory();
  expect(most).toBeGreaterThan(weights + LITTLE);
  expect(most / planned).toBeGreaterThan(0.85);
  expect(most / planned).toBeLessThan(1.15);
  expect(held).toBeLessThan(weights + LITTLE);
});

test("a picture between a training's steps takes what was said, beside the training's state", async () => {
  await page.getByRole("button", { name: "Train another" }).click();
  await page.getByText("Advanced settings").click();
  await page.getByLabel("Side in training, in pixels").fill("64");
  await page.getByLabel("Training steps").fill("9999");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText(/^Step [1-9]/).waitFor({ timeout: PATIENCE });
  await goTo(page, "generate");
  await page.getByText("More settings").click();
  await page.getByLabel("Width", { exact: true }).selectOption("192");
  await page.getByLabel("Height", { exact: true }).selectOption("192");
  await page.getByLabel("Steps", { exact: true }).fill("1");
  // The engine answers between two steps.
  await expect.poll(plannedMemory, { timeout: PATIENCE }).toBeGreaterThan(weights + 12 * LITTLE);
  const planned = await plannedMemory();
  await memory();
  await drawn(page);
  const { most } = await memory();
  expect(most / planned).toBeGreaterThan(0.85);
  expect(most / planned).toBeLessThan(1.15);
  await goTo(page, "personalize");
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Yes, drop it" }).click();
  await page.getByRole("button", { name: "Start training" }).waitFor({ timeout: PATIENCE });
});

test("a training whose previews are scored takes what was said, the judge included", async () => {
  await page.getByText("Advanced settings").click();
  await page.getByLabel("Side in training, in pixels").fill("64");
  await page.getByLabel("Side in training, in pixels").blur();
  const unscored = await plannedMemory();
  await page.getByLabel("Watch the quality").check();
  await page.getByLabel("Steps a preview").fill("1");
  await page.getByLabel("Training steps").fill("2");
  const planned = await plannedMemory();
  expect(planned).toBeGreaterThan(unscored + 2 * LITTLE);
  await page.getByRole("button", { name: "Start training" }).click();
  await untilLearned(page);
  const { held, most } = await memory();
  expect(most / planned).toBeGreaterThan(0.85);
  expect(most / planned).toBeLessThan(1.15);
  // The judge stays.
  expect(held).toBeGreaterThan(weights + 2 * LITTLE);
  expect(held).toBeLessThan(weights + 5 * LITTLE);
});

test("a model makes room for the next, and so does its judge", async () => {
  const before = (await memory()).held;
  await compute(true);
  await useFolder(page, path.join(ROOT, "models", "demo"));
  const { held, most } = await memory();
  expect(held).toBeLessThan(weights + LITTLE);
  expect(most).toBeLessThan(before + LITTLE);
});

/** What the page says the work on its screen needs. */
async function plannedMemory(): Promise<number> {
  // Not what it said before the last of the settings.
  await page.waitForTimeout(1_000);
  const said = await page.getByText(/^Needs about .* of GPU memory/).textContent();
  const megabytes = /about (\d+)\sMB/.exec(said ?? "")?.[1];
  return Number(megabytes) * 1e6;
}

/** Bytes in buffers now, and the most since it was last asked; nothing that the GPU complained of. */
async function memory(): Promise<{ held: number; most: number }> {
  const [worker] = page.workers();
  const counted = await worker?.evaluate(() => {
    const { gpuBuffers, complaints } = self as unknown as Counted;
    const { held, most } = gpuBuffers;
    gpuBuffers.most = held;
    return { held, most, complaints };
  });
  if (!counted) throw new Error("The engine's worker is gone.");
  expect(counted.complaints).toEqual([]);
  return counted;
}

/** Whether the worker's launches reach the GPU. */
const compute = (does: boolean) => page.workers()[0]?.evaluate(`self.computes = ${does}`);

/** What the worker has of it. */
interface Counted {
  gpuBuffers: { held: number; most: number };
  complaints: string[];
}

const countBuffers = (context: BrowserContext) =>
  beforeTheWorker(
    context,
    `${COUNT_GPU_BUFFERS}
    const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups;
    GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...workgroups) {
      if (self.computes) dispatch.apply(this, workgroups);
    };
    self.computes = true;
    self.complaints = [];
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...parameters) {
      const device = await request.apply(this, parameters);
      device.addEventListener("uncapturederror", ({ error }) => self.complaints.push(error.message));
      return device;
    };`,
  );
