/** Steps that several tests take in the studio, and what they look at there. */
import fs from "node:fs";
import path from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { ARTIFACTS } from "../../scripts/headless.mjs";
import type { TrainingRecord } from "../../web/engine/contract/training";
import { PATIENCE } from "./studio";

export async function waitForModel(page: Page): Promise<void> {
  await page.locator(".header .pill.good, .header .pill.slow").waitFor({ timeout: PATIENCE });
}

/** A model in a folder of diffusers', from the Models screen's picker of folders until it is in use. */
export async function useFolder(page: Page, folder: string): Promise<void> {
  const name = path.basename(folder);
  await goTo(page, "models");
  await page.getByLabel("Choose a folder", { exact: true }).last().setInputFiles(folder);
  const offer = page.getByRole("region", { name, exact: true });
  await unlessRefused(page, offer);
  await offer.getByRole("button", { name: "Use", exact: true }).click();
  await unlessRefused(page, verdictOn(page, name), PATIENCE);
  await waitForModel(page);
}

/** Waits, but no longer than until the page says why not, a sentence that then fails the test. */
async function unlessRefused(page: Page, wanted: Locator, timeout = 30_000): Promise<void> {
  const refusal = page.locator("main").getByRole("alert");
  await wanted.or(refusal).first().waitFor({ timeout });
  expect(await refusal.allInnerTexts()).toEqual([]);
}

const verdictOn = (page: Page, model: string) =>
  page.locator(".verdict", { hasText: new RegExp(`^${model}$`) }).first();

export async function inUse(page: Page, model: string): Promise<void> {
  await verdictOn(page, model).waitFor({ timeout: PATIENCE });
  await waitForModel(page);
}

/** Until the service worker holds every file of the page. */
export async function installed(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
}

export async function goTo(page: Page, screen: string): Promise<void> {
  await page.evaluate(async (name) => {
    if (location.hash === `#/${name}`) return;
    const left = new Promise((resolve) => window.addEventListener("hashchange", resolve, { once: true }));
    location.hash = `/${name}`;
    await left;
    // Until the new screen is drawn and listens; the old one has a heading too.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }, screen);
  await page.locator("main h1").waitFor();
}

/** Sets up a training of the sample dog whose steps cost the least: one photo, small, without alignment. */
export async function setUpLeastTraining(page: Page, steps: number): Promise<void> {
  await page.getByText("5 photos").waitFor();
  for (const number of [5, 4, 3, 2]) {
    await page.getByRole("button", { name: `Remove Sample dog, photo ${number}` }).click();
  }
  await page.getByLabel("Preview", { exact: true }).selectOption("0");
  await page.getByText("Advanced settings").click();
  await page.getByLabel("Framings of a photo").fill("1");
  await page.getByLabel("Side in training, in pixels").fill("64");
  await page.getByLabel("Batch").fill("1");
  await page.getByLabel("Training steps").fill(String(steps));
  await page.getByLabel("Steps before alignment starts").fill(String(steps));
}

/** Until a training has ended well. Its heading counts: a chart's hint says "is learned" too, long before the end. */
export async function untilLearned(page: Page): Promise<void> {
  await page.getByRole("heading", { name: / is learned$/ }).waitFor({ timeout: PATIENCE });
}

/** What the training that has just ended was like, step by step, by the log that its button saves. */
export async function trainingRecords(page: Page): Promise<TrainingRecord[]> {
  const log = await downloaded(page, () => page.getByRole("button", { name: "Save the log" }).click());
  return log.bytes
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** On the Generate screen, until the picture shows: its pixels as `shownPixels` gives them. */
export async function drawInOneStep(page: Page, prompt: string): Promise<string> {
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).fill(prompt);
  await page.getByText("More settings").click();
  await page.getByLabel("Steps", { exact: true }).fill("1");
  return drawn(page);
}

/** What a press of this button draws last, as `shownPixels` gives it. */
export async function drawn(page: Page, button = "Generate"): Promise<string> {
  const draw = page.getByRole("button", { name: button, exact: true });
  // It gives way to Cancel and comes anew; a tiny picture is drawn between two looks for Cancel.
  const pressed = await draw.elementHandle();
  await draw.click();
  await pressed?.waitForElementState("hidden");
  await draw.waitFor({ timeout: PATIENCE });
  return shownPixels(page);
}

/** Kept in artifacts/ for eyes. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => scrollTo(0, 0));
  fs.mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`), fullPage: true });
}

/** Bytes of what a click downloads. */
export async function downloaded(page: Page, click: () => Promise<void>) {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return { name: download.suggestedFilename(), bytes: fs.readFileSync(await download.path()) };
}

/** Lets a file go at a place on the page, as from the system's file manager; the browser itself decides what follows. */
export async function dropFile(page: Page, file: string, at: { x: number; y: number }): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, ...at, data });
  }
  await session.detach();
}

/** Where an element is on the screen, in CSS pixels, once it is shown. */
export async function frameOf(element: Locator) {
  await element.waitFor();
  const frame = await element.boundingBox();
  if (!frame) throw new Error(`${element} is not shown`);
  return frame;
}

/** Scrolled to where no bar floats over it. */
export async function middleOf(element: Locator): Promise<{ x: number; y: number }> {
  await element.evaluate((found) => found.scrollIntoView({ block: "center", behavior: "instant" }));
  const { x, y, width, height } = await frameOf(element);
  return { x: x + width / 2, y: y + height / 2 };
}

/** Every pixel of the picture shown large. */
export function shownPixels(page: Page): Promise<string> {
  return page
    .locator(".result-panel figure canvas")
    .first()
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL("image/png"));
}

/** Peak signal-to-noise ratio in dB between a canvas and a PNG of the same size. */
export function likeness(canvas: Locator, png: Buffer): Promise<number> {
  return canvas.evaluate(async (element, base64) => {
    const pixels = (source: CanvasImageSource, width: number, height: number) => {
      const context = new OffscreenCanvas(width, height).getContext("2d");
      context?.drawImage(source, 0, 0);
      return context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
    };
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const expected = pixels(image, image.width, image.height);
    const found = pixels(element as HTMLCanvasElement, image.width, image.height);
    const squares = expected.reduce((sum, value, at) => sum + (value - (found[at] ?? 0)) ** 2, 0);
    // Opacity, a quarter of the numbers, is the same on both sides.
    return 10 * Math.log10(255 ** 2 / Math.max(squares / (0.75 * expected.length), 1e-12));
  }, png.toString("base64"));
}

/** `innerWidth` would not do: a phone's grows with what is too wide. */
export async function overflowsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth;
  });
}
