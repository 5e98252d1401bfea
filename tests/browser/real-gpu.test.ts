/**
 * A GPU that isn't known to be a software one, in a browser. Its kernels have their loops written out, and weights'
 * extents as constants: they draw and learn what a software adapter's kernels do.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TrainingRecord } from "../../web/engine/contract/training";
import { beforeTheWorker, keptFindings, openPage, openQuickStudio, PATIENCE, type Studio } from "./studio";
import {
  drawInOneStep,
  goTo,
  likeness,
  setUpLeastTraining,
  shownPixels,
  trainingRecords,
  untilLearned,
  waitForModel,
} from "./studio-steps";
import { VISITOR } from "./visitor";

const STEPS = 3;
/** The steps after it are aligned. */
const WARM_UP = 1;

let studio: Studio;
let real: Awaited<ReturnType<typeof openPage>>;
let software: typeof real;

beforeAll(async () => {
  studio = await openQuickStudio(false);
  software = await openPage({ ...studio, knowsGpu: true }, VISITOR);
  real = await openPage(studio, VISITOR, "about", (context) =>
    beforeTheWorker(context, `${WITHOUT_TIMESTAMP_QUERIES}${AS_A_REAL_GPU}`),
  );
});

afterAll(async () => {
  await real.close();
  await software.close();
  await studio.close();
});

test("it is tested and tuned, without timestamp queries too", async () => {
  await real.page.getByText("can do the work").waitFor({ timeout: PATIENCE });
  await expect.poll(() => keptFindings(real.page)).toBeTruthy();
  const { verdict, tiles } = JSON.parse((await keptFindings(real.page)) ?? "");
  expect(verdict).toMatchObject({ variants: "offered" });
  // None failed, and all may be chosen; a software adapter gets one.
  expect(tiles.excluded).toEqual([]);
});

test("it draws what a software adapter draws", async () => {
  for (const { page } of [software, real]) {
    await waitForModel(page);
    await goTo(page, "generate");
    await page.getByLabel("Seed", { exact: true }).fill("7");
    await drawInOneStep(page, "a photo of a dog");
  }
  const expected = Buffer.from((await shownPixels(software.page)).replace(/.*,/, ""), "base64");
  expect(await likeness(real.page.locator(".result-panel figure canvas").first(), expected)).toBeGreaterThan(
    60,
  );
});

test("it learns what a software adapter learns", async () => {
  const expected = await learn(software.page);
  const own = await learn(real.page);
  expect(own.map(({ step }) => step)).toEqual([1, 2, 3]);
  for (const [index, { personalizationLoss, alignmentRatio, embeddingNorm }] of own.entries()) {
    expect(personalizationLoss).toBeCloseTo(expected[index]?.personalizationLoss ?? Number.NaN, 4);
    expect(alignmentRatio).toBeCloseTo(expected[index]?.alignmentRatio ?? Number.NaN, 3);
    expect(embeddingNorm).toBeCloseTo(expected[index]?.embeddingNorm ?? Number.NaN, 4);
    expect(alignmentRatio > 0).toBe(index >= WARM_UP);
  }
});

/** A short training with alignment. */
async function learn(page: Page): Promise<TrainingRecord[]> {
  await goTo(page, "personalize");
  await page.getByRole("button", { name: "Sample: dog" }).click();
  await setUpLeastTraining(page, STEPS);
  await page.getByLabel("Steps before alignment starts").fill(String(WARM_UP));
  await page.getByRole("button", { name: "Start training" }).click();
  await untilLearned(page);
  return trainingRecords(page);
}

/** As some phones. */
const WITHOUT_TIMESTAMP_QUERIES = `
  const features = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "features").get;
  Object.defineProperty(GPUAdapter.prototype, "features", {
    configurable: true,
    get() {
      return new Set([...features.call(this)].filter((name) => name !== "timestamp-query"));
    },
  });
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = function (descriptor) {
    const refused = [...(descriptor?.requiredFeatures ?? [])].includes("timestamp-query");
    return refused ? Promise.reject(new TypeError("no such feature")) : request.call(this, descriptor);
  };`;

/** Most browsers hide a GPU's name. */
const AS_A_REAL_GPU = `
  Object.defineProperty(GPUAdapterInfo.prototype, "description", { get: () => "" });
  Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });`;
