/**
 * Every setting of the page meets the real engine once, away from its default: what the engine would not take, or what
 * never reached it, fails here. A training with all of them, as its project says afterwards; then pictures with each way
 * to balance word and prompt.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SETTING_FIELDS } from "../../web/features/personalize/setting-fields";
import { settingsText } from "../../web/features/personalize/settings-text";
import { openQuickPage } from "./studio";
import {
  downloaded,
  drawInOneStep,
  drawn,
  goTo,
  setUpLeastTraining,
  untilLearned,
  waitForModel,
} from "./studio-steps";
import { filesIn } from "./zip";

/** As the engine has them. Those of other trained weights and of the other form of alignment exclude one another. */
const SETTINGS: Record<string, unknown> = {
  loraTargets: "crossAttention",
  rank: 3,
  loraAlpha: 6,
  lambda: 0.5,
  alpha: 5,
  beta: 2,
  warmupSteps: 1,
  lambdaRampSteps: 1,
  alignmentNoise: "fresh",
  alignmentSamples: 2,
  alignmentTimesteps: [10, 900],
  lambdaProfile: [0.5, 1.5],
  rescale: false,
  personalizationPrompt: "a picture of a {placeholder} {class}",
  batch: 2,
  accumulation: 2,
  photoVariants: 2,
  resolution: 64,
  colourJitter: 0.2,
  maskedLoss: 0.5,
  minSnrGamma: 5,
  promptTemplates: "objects",
  flip: true,
  aspectBuckets: true,
  priorPictures: 1,
  priorWeight: 0.5,
  loraLearningRate: 0.0004,
  embeddingLearningRate: 0.002,
  learningRateSchedule: "cosine",
  learningRateWarmupSteps: 1,
  optimizer: "adamw8bit",
  weightDecay: 0.02,
  gradientClip: 0.5,
  vectors: 2,
  initializerWord: "cat",
  embeddingNormCap: 2,
  embeddingNormDecay: 0.1,
  embeddingAnchor: 0.1,
  embeddingStdRetraction: true,
  activations: "recompute",
  seed: 5,
};

/** Away from their defaults each has a test or a golden of its own in the engine. */
const LEFT_OUT = [
  "trainedWeights",
  "alignmentForm",
  "fastAlignment",
  "localizedLoss",
  "sizeWords",
  "trainEmbedding",
];

describe("every setting", () => {
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ page, close } = await openQuickPage());
    await waitForModel(page);
  });

  afterAll(() => close());

  test("of a training reaches the engine", async () => {
    await setUpLeastTraining(page, 2);
    const kinds = Object.values(SETTING_FIELDS).flat();
    expect([...Object.keys(SETTINGS), ...LEFT_OUT].sort()).toEqual(kinds.map(([name]) => name).sort());
    for (const [name] of kinds) if (name in SETTINGS) await set(name, SETTINGS[name]);
    await page.getByRole("button", { name: "Start training" }).click();
    await untilLearned(page);

    await goTo(page, "adapters");
    await page.getByText("Name, licence and form of the export").click();
    await page.getByLabel("For", { exact: true }).selectOption("project");
    const { bytes } = await downloaded(page, () =>
      page.getByRole("button", { name: "Export in this form" }).click(),
    );
    const manifest = filesIn(bytes).find(({ name }) => name === "palpable.json");
    expect(JSON.parse(manifest?.bytes.toString() ?? "").settings).toMatchObject({ ...SETTINGS, steps: 2 });
  });

  test("of a picture changes it, and no other stays", async () => {
    await drawInOneStep(page, "a photo of a <my-dog> dog in the snow");
    await page.getByLabel("Steps", { exact: true }).fill("2");
    await page.getByText("Balance word and prompt").click();
    const slider = (label: string) => page.getByRole("slider", { name: label });
    const field = (label: string) => page.getByLabel(label, { exact: true });
    const lock = page.getByRole("button", { name: "Keep this seed" });
    if ((await lock.getAttribute("aria-pressed")) === "false") await lock.click();
    const plain = await drawn(page);
    const seen = new Set([plain]);
    /** A picture of its own; then the setting is as before. */
    async function changes(put: () => Promise<void>, back: () => Promise<void>): Promise<void> {
      await put();
      const picture = await drawn(page);
      expect(seen.has(picture)).toBe(false);
      seen.add(picture);
      await back();
    }
    const delay = (percent: string) => slider("Begin without the word").fill(percent);
    await changes(
      () => delay("50"),
      async () => undefined,
    );
    await changes(
      () => page.getByLabel("The LoRA acts from the start").check(),
      () => page.getByLabel("The LoRA acts from the start").uncheck(),
    );
    await changes(
      () => field("What the first steps draw").fill("a mug on a table"),
      async () => {
        await field("What the first steps draw").fill("");
        await delay("0");
      },
    );
    await changes(
      () => slider("Strength at the end").fill("0"),
      () => slider("Strength at the end").fill("1"),
    );
    await changes(
      () => field("Longest learned word").fill("0.2"),
      () => field("Longest learned word").fill(""),
    );
    await changes(
      () => field("What to avoid").fill("blue sky"),
      () => field("What to avoid").fill(""),
    );
    expect(await drawn(page)).toBe(plain);
  });

  async function set(name: string, value: unknown): Promise<void> {
    const [label = name] = settingsText.fields[name] ?? [];
    const field = page.getByLabel(label, { exact: true });
    if (typeof value === "boolean") return field.setChecked(value);
    if (Array.isArray(value)) {
      await page.getByLabel(settingsText.first(label), { exact: true }).fill(String(value[0]));
      return page.getByLabel(settingsText.last(label), { exact: true }).fill(String(value[1]));
    }
    if (settingsText.options[name]) await field.selectOption(String(value));
    else {
      await field.fill(String(value));
      // A number counts once its field is left; alpha follows the rank.
      await field.blur();
    }
  }
});
