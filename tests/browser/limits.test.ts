/** What the visitor says of the device, and asks of it: how much memory may be taken, and how long a training takes. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeFormulaModel } from "./formula-models";
import { expectGolden, SAME } from "./native-pictures";
import { beforeTheWorker, openPage, openQuickPage, openStudio, PATIENCE } from "./studio";
import {
  drawInOneStep,
  goTo,
  likeness,
  setUpLeastTraining,
  untilLearned,
  useFolder,
  waitForModel,
} from "./studio-steps";
import { VISITOR } from "./visitor";

const LIMIT = "GPU memory it may take, in GB";
/** The longest that Generate offers, as in `size.ts`. */
const MAX_SIDE = "1024";

let page: Page;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ page, close } = await openQuickPage("personalize", (context) => beforeTheWorker(context, HOLD_PLANS)));
});

afterAll(() => close());

async function allow(gigabytes: string): Promise<void> {
  await page.getByLabel(LIMIT).fill(gigabytes);
  // It counts once the field is left.
  await page.keyboard.press("Tab");
}

test("measuring how long trainings take can be cancelled, and asked for again", async () => {
  await waitForModel(page);
  await setUpLeastTraining(page, 1);
  const measure = page.getByRole("button", { name: "Measure how long it takes" });
  await measure.click();
  await page.getByText("Measuring how fast this device trains").waitFor();
  await page.getByRole("button", { name: "Cancel measuring" }).click();
  await measure.waitFor({ timeout: PATIENCE });
  expect(await page.locator(".time-button").count()).toBe(0);
  // It is no fault, and the GPU is free.
  expect(await page.getByRole("alert").count()).toBe(0);

  // Enter ends a number, and begins no training; with Ctrl it does, as the help says.
  await page.getByLabel("Training steps").press("Enter");
  expect(await page.getByRole("button", { name: "Start training" }).isEnabled()).toBe(true);
  await measure.click();
  await page.getByText("Measuring how fast this device trains").waitFor();
  await page.getByLabel("Training steps").press("Control+Enter");
  await untilLearned(page);
  // Measuring gave way.
  await page.getByRole("button", { name: "Train another" }).click();
  await measure.waitFor();
  expect(await page.locator(".time-button").count()).toBe(0);
});

test("what needs more memory than the visitor allows is refused, at later visits too, until more is allowed", async () => {
  await goTo(page, "models");
  await allow("0.1");
  await page.reload();
  await waitForModel(page);
  expect(await page.getByLabel(LIMIT).inputValue()).toBe("0.1");

  await goTo(page, "generate");
  await page.getByLabel("Width", { exact: true }).selectOption(MAX_SIDE);
  await page.getByLabel("Height", { exact: true }).selectOption(MAX_SIDE);
  const refusal = page.getByText(/needs .* of the GPU's memory, and 100 MB may be used/);
  await refusal.first().waitFor();
  await page.getByLabel("Prompt", { exact: true }).fill("a photo of a dog");
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await page.getByRole("alert").filter({ has: refusal }).waitFor();
  expect(await page.locator(".result-panel figure canvas").count()).toBe(0);
  await page.getByRole("button", { name: "Dismiss" }).click();

  await page.getByRole("link", { name: "Change how much memory it may take" }).click();
  await allow("16");
  await goTo(page, "generate");
  // Not for a moment longer, though the new plan may have to wait for a drawing.
  expect(await refusal.count()).toBe(0);
  await page.getByText(/^Needs about .* of GPU memory/).waitFor();
  await page.getByLabel("Width", { exact: true }).selectOption("64");
  await page.getByLabel("Height", { exact: true }).selectOption("64");
  await drawInOneStep(page, "a photo of a dog");
});

test("as long as a step keeps the engine, no number for other settings shows", async () => {
  const number = page.getByText(/^Needs about .* of GPU memory/);
  await number.waitFor();
  const worker = page.workers().find((worker) => worker.url().includes("/main-"));
  await worker?.evaluate("self.hold = true");
  await page.getByLabel("Width", { exact: true }).selectOption("128");
  await page.getByText("is known after the step under way").waitFor();
  expect(await number.count()).toBe(0);
  await worker?.evaluate("self.letGo()");
  await number.waitFor();
});

/** For the engine's worker, whose requests for plans wait. */
const HOLD_PLANS = `
  addEventListener("message", (event) => {
    if (!self.hold || event.data.path?.[0] !== "planGeneration") return;
    event.stopImmediatePropagation();
    self.letGo = () => {
      self.hold = false;
      self.dispatchEvent(new MessageEvent("message", { data: event.data }));
    };
  });`;

test("a training that needs more is refused too", async () => {
  await goTo(page, "personalize");
  await page.getByText("5 photos").waitFor();
  await page.getByText("Advanced settings").click();
  await page.getByLabel("Side in training, in pixels").fill("512");
  await page.getByText(/^Needs about .* of GPU memory/).waitFor();
  await allow("0.1");
  const refusal = page.getByText(/needs .* of the GPU's memory, and 100 MB may be used/);
  await refusal.waitFor();
  const start = page.getByRole("button", { name: "Start training" });
  expect(await start.isDisabled()).toBe(true);
  await page.getByRole("link", { name: "Change how much memory it may take" }).click();
  await allow("16");
  await goTo(page, "personalize");
  await page.getByText(/^Needs about .* of GPU memory/).waitFor();
  expect(await start.isEnabled()).toBe(true);
});

test("a picture that fits only in tiles is decoded in them, as natively", async () => {
  const gigabytes = 0.022;
  const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "palpable-")), "adapted");
  writeFormulaModel("adapted", folder);
  await useFolder(page, folder);
  await allow(String(gigabytes));
  await goTo(page, "generate");
  // What was learned above fits another model, and waits for it.
  await page.getByRole("checkbox", { name: "<my-dog>" }).waitFor({ state: "detached" });
  // Decoded whole it would be 31 dB off.
  await expectGolden(page, folder, "in-tiles", { width: 448, memory: gigabytes * 1e9 });
  fs.rmSync(path.dirname(folder), { recursive: true });
});

test("where a model is too large, the demo's for one, its weights are kept in fewer bits", async () => {
  const demo = { ...(await openStudio()), knowsGpu: true };
  const within = async (gigabytes: number) => {
    const allowed = await openPage(demo, VISITOR, "models", (context) =>
      context.addInitScript(`localStorage.setItem("palpable-memory-limit", "${gigabytes}")`),
    );
    await waitForModel(allowed.page);
    return allowed;
  };
  const draw = async (page: Page) => {
    await goTo(page, "generate");
    await page.getByLabel("Seed", { exact: true }).fill("7");
    await page.getByLabel("Width", { exact: true }).selectOption("64");
    await page.getByLabel("Height", { exact: true }).selectOption("64");
    await drawInOneStep(page, "a photo of a dog");
    return page.locator(".result-panel figure canvas").first();
  };
  const asFloats = await within(16);
  await asFloats.page.getByText("takes 103 MB of GPU memory").waitFor();
  const picture = await (await draw(asFloats.page)).evaluate((canvas) =>
    (canvas as HTMLCanvasElement).toDataURL("image/png"),
  );
  await asFloats.close();

  // This device has no 16-bit floats, but the model's file has nothing else: the picture stays the same.
  const inSixteenBits = await within(0.1);
  await inSixteenBits.page.getByText("takes 65 MB of GPU memory").waitFor();
  const png = Buffer.from(picture.slice(picture.indexOf(",") + 1), "base64");
  expect(await likeness(await draw(inSixteenBits.page), png)).toBeGreaterThan(SAME);
  await inSixteenBits.close();

  const inEightBits = await within(0.06);
  await inEightBits.page.getByText("takes 50 MB of GPU memory").waitFor();
  // As natively; in floats it would be 39 dB off.
  await expectGolden(inEightBits.page, "models/demo", "eight-bits", { memory: 60_000_000 });
  await inEightBits.close();
  await demo.close();
});
