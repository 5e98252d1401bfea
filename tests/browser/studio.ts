/** The built studio in a real browser on the software GPU. */
import fs from "node:fs";
import path from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import type { Plugin } from "vite";
import { expect } from "vitest";
import { WEBGPU_FLAGS } from "../../scripts/chromium-flags.mjs";
import { ARTIFACTS, openHeadless, serveWorkerWith } from "../../scripts/headless.mjs";
import { modelListing } from "../../scripts/model-folders.mjs";
import { ROOT } from "../../scripts/run.mjs";
import { writeTinyModel } from "../../scripts/tiny-model.mjs";
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

/** Runs a script in the engine's worker before its own. */
export const beforeTheWorker = (context: BrowserContext, script: string) =>
  serveWorkerWith(context, () => script);
