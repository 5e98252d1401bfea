/** The built studio in a real browser on the software GPU, with the steps that several tests take. */
import fs from "node:fs";
import path from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import type { Plugin } from "vite";
import { expect } from "vitest";
import { WEBGPU_FLAGS } from "../../scripts/chromium-flags.mjs";
import { ARTIFACTS, openHeadless, serveWorkerWith } from "../../scripts/headless.mjs";
import { modelListing } from "../../scripts/model-folders.mjs";
import { ROOT } from "../../scripts/run.mjs";
import { writeTinyModel } from "../../scripts/tiny-model.mjs";
import type { TrainingRecord } from "../../web/engine/contract";
import { SMALLEST_DEVICE } from "./smallest-device";
import { touchInsteadOfClick, VISITOR } from "./visitor";

/** Long enough for the software GPU on two cores. */
export const PATIENCE = 900_000;

const ON_SMALLEST_DEVICE = process.env.PALPABLE_TEST_DEVICE === "smallest";

export interface Studio {
  address: string;
  browser: Browser;
  /** Its pages start with what an earlier one found out about this GPU, which takes a first start a quarter of a minute. */
  knowsGpu: boolean;
  /** From now on the server answers with another text at this path. */
  replace(path: string, change: (text: string) => string): void;
  close(): Promise<void>;
}

export async function openStudio(flags: string[] = WEBGPU_FLAGS, plugins: Plugin[] = []): Promise<Studio> {
  const replaced = new Map<string, string>();
  const replace = (file: string, change: (text: string) => string) => {
    replaced.set(file, change(fs.readFileSync(path.join(ROOT, "dist", file), "utf8")));
  };
  if (ON_SMALLEST_DEVICE) replace(engineWorker(), (script) => `{${SMALLEST_DEVICE}}\n${script}`);
  const { address, browser, close } = await openHeadless(flags, [answerWith(replaced), ...plugins]);
  return {
    address,
    browser,
    knowsGpu: false,
    replace,
    close,
  };
}

/** The address of the engine's worker. */
const engineWorker = () =>
  `/assets/${fs.readdirSync(path.join(ROOT, "dist", "assets")).find((name) => /^main-.*\.js$/.test(name))}`;

/** With a tiny model in the demo model's place: for what is about the studio and not about the pictures in it. */
export async function openQuickStudio(knowsGpu = true, plugins: Plugin[] = []): Promise<Studio> {
  const folder = path.join(ARTIFACTS, "tiny-model");
  writeTinyModel(folder);
  return { ...(await openStudio(WEBGPU_FLAGS, [...plugins, serveForDemo(folder)])), knowsGpu };
}

/** What the folder doesn't have, as sample subjects and the judge, is still the demo model's. */
const serveForDemo = (folder: string): Plugin => ({
  name: "serve-for-demo",
  configurePreviewServer(server) {
    const list = modelListing("demo", folder);
    server.middlewares.use("/models/demo", (request, response, next) => {
      const asked = path.join(folder, new URL(request.url ?? "", "http://localhost").pathname);
      if (asked === path.join(folder, "files.json")) return response.end(list);
      if (!fs.existsSync(asked)) return next();
      response.end(fs.readFileSync(asked));
    });
  },
});

/** Scripts that a test replaced; routes of the browser don't see the requests of a service worker. */
const answerWith = (replaced: ReadonlyMap<string, string>): Plugin => ({
  name: "answer-with",
  configurePreviewServer(server) {
    server.middlewares.use((request, response, next) => {
      const script = replaced.get(request.url ?? "");
      if (script === undefined) return next();
      response.setHeader("content-type", "text/javascript");
      response.end(script);
    });
  },
});

/**
 * A page whose scripts' errors and breaches of its own policy fail the test that closes it. Without a service worker,
 * which would answer requests before a test's routes see them, unless the options allow it; and without the tour, but
 * for a first visit.
 */
export async function openPage(
  studio: Studio,
  options: BrowserContextOptions,
  screen = "personalize",
  prepare: (context: BrowserContext) => Promise<unknown> = async () => undefined,
  firstVisit = false,
) {
  const context = await studio.browser.newContext({
    serviceWorkers: "block",
    ...options,
    acceptDownloads: true,
  });
  await context.addInitScript(REPORT_BREACHES);
  if (!firstVisit) await context.addInitScript("localStorage.setItem('palpable-tour', 'seen')");
  await prepare(context);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  if (options.hasTouch) touchInsteadOfClick(page);
  if (studio.knowsGpu) await bringFindings(page, studio.address);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) errors.push(message.text());
  });
  await page.goto(`${studio.address}#/${screen}`);
  const close = async () => {
    if (studio.knowsGpu) await saveFindings(context);
    // A file that a test's route still fetches would fail with the browser it is meant for.
    await context.unrouteAll({ behavior: "wait" });
    await context.close();
    expect(errors).toEqual([]);
  };
  return { page, close };
}

/** A page of a quick studio of its own, for the visitor that serves both screens; its end is the studio's too. */
export async function openQuickPage(
  screen?: string,
  prepare?: (context: BrowserContext) => Promise<unknown>,
  { knowsGpu = true } = {},
) {
  const studio = await openQuickStudio(knowsGpu);
  const { page, close } = await openPage(studio, VISITOR, screen, prepare);
  return {
    page,
    close: async () => {
      await close();
      await studio.close();
    },
  };
}

/** The browser's store for them, and a file for the tests of other files; an engine with other kernels ignores it. */
const FINDINGS_STORE = "palpable-device";
const FINDINGS_FILE = path.join(
  ARTIFACTS,
  ON_SMALLEST_DEVICE ? "smallest-device-findings.json" : "device-findings.json",
);

async function bringFindings(page: Page, address: string): Promise<void> {
  if (!fs.existsSync(FINDINGS_FILE)) return;
  // Any file of the studio: its origin is what counts.
  await page.goto(`${address}licences.json`);
  await page.evaluate(
    async ([store, text]) => {
      const { address, findings } = JSON.parse(text);
      const headers = { date: new Date().toUTCString() };
      await (await caches.open(store)).put(address, new Response(findings, { headers }));
    },
    [FINDINGS_STORE, fs.readFileSync(FINDINGS_FILE, "utf8")] as const,
  );
}

async function saveFindings(context: BrowserContext): Promise<void> {
  const text = await context.pages()[0]?.evaluate(async (name) => {
    const store = await caches.open(name);
    const found = (await store.keys()).find(({ url }) => new URL(url).pathname === "/device-memo");
    if (!found) return undefined;
    const { pathname, search } = new URL(found.url);
    return JSON.stringify({
      address: pathname + search,
      findings: await (await store.match(found))?.text(),
    });
  }, FINDINGS_STORE);
  if (!text) return;
  fs.mkdirSync(ARTIFACTS, { recursive: true });
  fs.writeFileSync(FINDINGS_FILE, text);
}

/** What the page keeps of its GPU, as it is written there. */
export const keptFindings = (page: Page): Promise<string | undefined> =>
  page.evaluate(async (name) => {
    const store = await caches.open(name);
    const [address] = await store.keys();
    return address && (await store.match(address))?.text();
  }, FINDINGS_STORE);

/** Trusted Types included, whose words in the console differ between browsers. */
const REPORT_BREACHES = `addEventListener("securitypolicyviolation", (event) => {
  console.error("Content Security Policy: " + event.effectiveDirective + " by " + event.blockedURI + " " + event.sample);
});`;

/** For tests of the page alone: without WebGPU the engine never starts, which spares its files and its time. */
export const withoutEngine = (context: BrowserContext) =>
  context.addInitScript("delete Navigator.prototype.gpu");

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

/** Runs a script in the engine's worker before its own. */
export const beforeTheWorker = (context: BrowserContext, script: string) =>
  serveWorkerWith(context, () => script);
