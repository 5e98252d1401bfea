/**
 * The main job in a real browser, on real files, end to end: load the demo model, personalize the sample subject,
 * generate, compare, export, import, and get the same picture again. A screenshot of each stage is kept.
 */
import fs from "node:fs";
import type { Page, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PictureScores } from "../../web/engine/contract/judging";
import type { TrainingRecord } from "../../web/engine/contract/training";
import { expectAccessible } from "./accessibility";
import { openPage, openStudio, PATIENCE, type Studio } from "./studio";
import {
  downloaded,
  drawn,
  goTo,
  likeness,
  overflowsSideways,
  screenshot,
  trainingRecords,
  untilLearned,
  waitForModel,
} from "./studio-steps";
import { VISITOR } from "./visitor";

const STEPS = 5;
const CONTROL_STEPS = 3;
const WARM_UP = 4;
const PREVIEW_EVERY = "5";
/** CLIP-I of the sample dog's first photo and the second, by the native `palpable score`. */
const PHOTOS_ALIKE = 0.57996;

describe("the journey", () => {
  let studio: Studio;
  let page: Page;
  let close: () => Promise<void>;
  const requests: Request[] = [];
  let adapter: { name: string; bytes: Buffer };
  let picture: string;

  beforeAll(async () => {
    studio = await openStudio();
    ({ page, close } = await openPage(studio, VISITOR, "about"));
    page.context().on("request", (request) => requests.push(request));
  });

  afterAll(async () => {
    await close();
    await studio.close();
  });

  test("the page says what the device can do", async () => {
    await page.locator(".verdict").first().waitFor({ timeout: PATIENCE });
    const facts = await page.locator(".facts").first().textContent();
    expect(facts).toMatch(/GPU[\s\S]+16-bit floats[\s\S]+Largest buffer/);
  });

  test("the demo model loads with its bytes counted, and from this machine's store the next time", async () => {
    await page.reload();
    const labels = new Set<string>();
    const watching = setInterval(() => {
      page
        .locator(".model-notice .progress-label")
        .textContent({ timeout: 50 })
        .then((label) => labels.add(label ?? ""))
        .catch(() => undefined);
    }, 20);
    await waitForModel(page);
    clearInterval(watching);
    expect([...labels].join("\n")).toMatch(/\d+\.\d\sMB of 39\.7\sMB/);
    await screenshot(page, "1-device");
    await expectAccessible(page, "the device");

    requests.length = 0;
    await page.reload();
    await waitForModel(page);
    expect(requests.map((request) => request.url()).filter((url) => url.endsWith(".safetensors"))).toEqual(
      [],
    );
  });

  test("a few steps of personalization: the loss is finite and falls", async () => {
    await goTo(page, "personalize");
    await page.getByRole("button", { name: "Sample: dog" }).click();
    await page.getByText("5 photos").waitFor();
    await screenshot(page, "2-personalize");
    // Two photos in one framing each, at half the model's side: the fewest pictures to encode, the shortest steps.
    for (const number of [5, 4, 3]) {
      await page.getByRole("button", { name: `Remove Sample dog, photo ${number}` }).click();
    }
    await page.getByText("Advanced settings").click();
    await page.getByLabel("Framings of a photo").fill("1");
    await page.getByLabel("Side in training, in pixels").fill("64");
    await page.getByLabel("Batch").fill("1");

    // The control: the same photos, timesteps and noise by the same seed, and nothing is learned.
    await page.getByLabel("Preview", { exact: true }).selectOption("0");
    await page.getByLabel("Learning rate of the adapter").fill("0");
    await page.getByLabel("Learning rate of the word").fill("0");
    const control = await train(page, CONTROL_STEPS);
    await goTo(page, "adapters");
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("button", { name: "Yes, remove" }).click();
    await goTo(page, "personalize");
    await page.getByRole("button", { name: "Back to the settings" }).click();

    await page.getByLabel("Preview", { exact: true }).selectOption(PREVIEW_EVERY);
    await page.getByLabel("Steps a preview").fill("2");
    await page.getByLabel("Watch the quality").check();
    await page.getByRole("button", { name: "See what the untrained model draws" }).click();
    await page.locator(".untrained canvas").waitFor({ timeout: PATIENCE });
    await screenshot(page, "2-untrained");
    await page.getByText("Advanced settings").click();
    await page.getByLabel("Learning rate of the adapter").fill("0.002");
    await page.getByLabel("Learning rate of the word").fill("0.01");
    const records = await train(page, STEPS, async () => {
      await expect.poll(() => page.title()).toMatch(/^\d+% · Palpable$/);
      await page.getByRole("button", { name: "Pause" }).click();
      // It says so once a closed tab would lose nothing.
      await page.getByText("Paused").waitFor({ timeout: PATIENCE });
      expect(await page.getByText("Kept in this browser up to step").isVisible()).toBe(true);
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByText("Drawing a preview").waitFor({ timeout: PATIENCE });
      await screenshot(page, "3-training");
    });
    // The preview lies over what the untrained model drew from the same noise.
    const [untrained, preview] = await page
      .locator(".preview-panel .before-after canvas")
      .evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL("image/png")));
    expect(untrained).toBeDefined();
    expect(preview).not.toBe(untrained);
    await page.getByText(`It is the state of step ${STEPS}, whose preview scored best.`).waitFor();
    await screenshot(page, "4-trained");
    await expectAccessible(page, "a finished training");

    expect(records.map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
    expect(records.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    // Alignment acts after the warm-up, and only there.
    expect(records.map(({ alignmentRatio }) => alignmentRatio > 0)).toEqual(
      records.map(({ step }) => step > WARM_UP),
    );
    // The first step starts where the control does; the control's last is better with it, at the very same noise.
    const loss = (record: TrainingRecord | undefined) => record?.personalizationLoss ?? Number.NaN;
    expect(loss(records[0])).toBeCloseTo(loss(control[0]), 4);
    expect(loss(records[CONTROL_STEPS - 1])).toBeLessThan(loss(control.at(-1)));

    // Its last preview is what the adapter is known by.
    await goTo(page, "adapters");
    await page.getByRole("img", { name: "A picture drawn with <my-dog>" }).waitFor();
    await goTo(page, "personalize");
  });

  test("a prompt with the new word makes a picture, with and without the adapter", async () => {
    await page.getByRole("button", { name: "Generate with it" }).click();
    await page.getByLabel("Seed", { exact: true }).fill("7");
    await page.getByText("More settings").click();
    await page.getByLabel("Steps", { exact: true }).fill("2");
    picture = await drawn(page);
    await page.getByRole("button", { name: "Compare without the adapter" }).click();
    await page.locator(".before-after").waitFor({ timeout: PATIENCE });
    const captions = await page.locator(".result-panel figcaption p").allTextContents();
    expect(captions[0]).toContain("a dog");
    expect(captions[1]).toContain("<my-dog>");
    const [plain] = await page
      .locator(".before-after canvas")
      .evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL("image/png")));
    expect(plain).not.toBe(picture);
    // The line follows a press anywhere in the picture.
    const frame = page.locator(".before-after");
    const { width, height } = (await frame.boundingBox()) ?? { width: 0, height: 0 };
    await frame.click({ position: { x: width / 4, y: height / 3 } });
    expect(await frame.getByRole("slider").inputValue()).toMatch(/^2[456]$/);
    await frame.click({ position: { x: width / 2, y: height / 3 } });
    await screenshot(page, "5-generate");
    await expectAccessible(page, "a comparison");

    // The browser's engine draws what the native program draws (tests/goldens/native).
    const native = fs.readFileSync("tests/goldens/native/dog.png");
    expect(captions[0]).toContain("a photo of a dog wearing a crown at the beach");
    expect(await likeness(page.locator(".before-after canvas").first(), native)).toBeGreaterThan(45);
  });

  test("the export is a safetensors file that holds adapter and word", async () => {
    await goTo(page, "adapters");
    await screenshot(page, "6-adapters");
    await expectAccessible(page, "an adapter");
    adapter = await downloaded(page, () => page.getByRole("button", { name: "Export .safetensors" }).click());
    expect(adapter.name).toBe("my-dog.safetensors");
    const header = JSON.parse(
      adapter.bytes.subarray(8, 8 + Number(adapter.bytes.readBigUInt64LE(0))).toString(),
    );
    const keys = Object.keys(header);
    expect(keys).toContain("bundle_emb.my-dog.string_to_param.*");
    // The first picture that was drawn with it.
    expect(header.__metadata__["modelspec.thumbnail"]).toMatch(/^data:image\/jpeg;base64,\/9j\//);
    expect(keys.some((key) => key.startsWith("lora_unet_") && key.endsWith(".lora_down.weight"))).toBe(true);
    const word = await downloaded(page, () =>
      page.getByRole("button", { name: "Export the word alone" }).click(),
    );
    expect(word.name).toBe("my-dog.safetensors");
    expect(word.bytes.byteLength).toBeGreaterThan(512);
  });

  test("imported again, it gives the same picture, pixel for pixel", async () => {
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("button", { name: "Yes, remove" }).click();
    await page.getByText("Nothing here yet").waitFor();
    await page
      .getByLabel("Choose files")
      .setInputFiles({ name: adapter.name, mimeType: "application/octet-stream", buffer: adapter.bytes });
    await page.locator(".adapter .word", { hasText: "<my-dog>" }).waitFor();
    await goTo(page, "generate");
    expect(await drawn(page)).toBe(picture);
  });

  test("an evaluation draws with and without the adapter, and scores both against the photos", async () => {
    await goTo(page, "evaluate");
    await page.getByText("of the dog under Personalize are compared with").waitFor();
    await page.getByLabel("Prompts").selectOption("own");
    await page.getByLabel("Your prompts").fill("a photo of a dog in the snow");
    await page.getByRole("button", { name: "0.5", exact: true }).click();
    await page.getByLabel("Steps a picture").fill("1");
    await page.getByLabel("Steps a picture").blur();
    await page.getByText("2 pictures in all.").waitFor();
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.getByText("All pictures are drawn and scored.").first().waitFor({ timeout: PATIENCE });
    await screenshot(page, "7-evaluate");
    expect(await page.locator(".score-table tbody th").allTextContents()).toEqual([
      "Without it",
      "Strength 1",
      "Your photos",
    ]);
    expect(await page.locator(".prompt-pictures canvas").count()).toBe(2);
    const file = await downloaded(page, () => page.getByRole("button", { name: "Save as JSON" }).click());
    const { pictures, photos } = JSON.parse(file.bytes.toString());
    const texts = pictures.map(({ scores }: { scores: PictureScores }) => scores.textAlignment);
    expect(texts.every((score: number) => score > -0.5 && score < 0.9)).toBe(true);
    expect(texts[0]).not.toBe(texts[1]);
    expect(photos.imageAlignment).toBeCloseTo(PHOTOS_ALIKE, 3);
  });

  test("on a phone's width every screen fits and reads", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const screen of ["personalize", "generate", "gallery", "adapters", "evaluate", "about"]) {
      await goTo(page, screen);
      await screenshot(page, `7-phone-${screen}`);
      await expectAccessible(page, screen);
      expect(await overflowsSideways(page), screen).toBe(false);
    }
  });

  test("nothing was asked of any other server", () => {
    expect(requests.length).toBeGreaterThan(0);
    const origin = new URL(studio.address).origin;
    const foreign = requests.map((request) => request.url()).filter((url) => !isOwn(url, origin));
    expect(foreign).toEqual([]);
  });
});

/** Same origin, or an address that never leaves the browser. */
const isOwn = (url: string, origin: string) => new URL(url).origin === origin || /^(blob|data):/.test(url);

/** Trains to the end, doing something meanwhile; the records of the run as its log tells them. */
async function train(page: Page, steps: number, meanwhile: () => Promise<void> = async () => undefined) {
  await page.getByLabel("Training steps").fill(String(steps));
  await page.getByLabel("Steps before alignment starts").fill(String(WARM_UP));
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText(/^Step [1-9]\d* of/).waitFor({ timeout: PATIENCE });
  await meanwhile();
  await untilLearned(page);
  return trainingRecords(page);
}
