/**
 * Fetching models in a real browser, whose own rules a test without one can't have: CORS with and without preflights,
 * what becomes of a token at a redirect, and files written in place.
 */
import path from "node:path";
import type { Remote } from "comlink";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chromium as findChromium } from "../../scripts/test-machine.mjs";
import type { HubChoice } from "../../web/engine/model-choice";
import { FakeHub, fillWithModel, numbers } from "../web/fake-hub";
import type { SourcesApi } from "./model-sources/worker";

const ROOT = path.resolve(import.meta.dirname, "model-sources");
const UNET = "unet/diffusion_pytorch_model.fp16.safetensors";
const BYTES = 3_000_000;

declare const window: { sources: Remote<SourcesApi> };

let hub: FakeHub;
let server: PreviewServer;
let browser: Browser;
let page: Page;
let choice: HubChoice;

beforeAll(async () => {
  const outDir = path.resolve(import.meta.dirname, "../../node_modules/.cache/palpable/model-sources");
  await build({
    configFile: false,
    root: ROOT,
    logLevel: "error",
    worker: { format: "es" },
    build: { outDir, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0 },
  });
  server = await preview({
    configFile: false,
    root: ROOT,
    logLevel: "silent",
    build: { outDir },
    preview: { port: 0, host: "localhost" },
  });
  hub = new FakeHub();
  fillWithModel(hub);
  hub.put(UNET, numbers(BYTES, 3));
  await hub.start();
  choice = { kind: "hub", repository: hub.repository, revision: "main", host: hub.host };
  browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
  page = await browser.newPage();
  await page.goto(server.resolvedUrls?.local[0] ?? "");
});

afterAll(async () => {
  await browser.close();
  await hub.stop();
  await server.close();
});

const open = (wanted: Parameters<SourcesApi["open"]>[0], most?: number) =>
  page.evaluate(([wanted, path, most]) => window.sources.open(wanted, path, [1000, 1010], most), [
    wanted,
    UNET,
    most,
  ] as const);
const expected = { length: BYTES, bytes: [...numbers(BYTES, 3).subarray(1000, 1010)] };

test("no host is reached that nobody named", async () => {
  const fetched = page.evaluate((url) => window.sources.fetch(url), hub.store);
  await expect(fetched).rejects.toThrow("Nobody asked");
  expect(hub.seen).toEqual([]);
});

test("stopped, then reset and stalled, a model arrives whole and without a preflight", async () => {
  await expect(open(choice, 500_000)).rejects.toThrow();
  const [partly] = await page.evaluate(() => window.sources.stored());
  expect(partly?.bytes).toBeGreaterThan(500_000);
  await page.reload();
  hub.troubles.set(UNET, [{ reset: 1_000_000 }, { stall: 200_000 }]);
  expect(await open(choice)).toMatchObject(expected);
  expect(new Set(hub.seen.map(({ method }) => method))).toEqual(new Set(["GET"]));
});

test("after a reload it is there without the network", async () => {
  const [model] = await page.evaluate(() => window.sources.stored());
  await page.reload();
  hub.seen.length = 0;
  expect(await open({ kind: "stored", id: model?.id ?? "" })).toMatchObject(expected);
  expect(hub.seen).toEqual([]);
  await page.evaluate((id) => window.sources.remove(id), model?.id ?? "");
  expect(await page.evaluate(() => window.sources.stored())).toEqual([]);
});

test("a full storage is said, and what arrived is gone on from when there is room", async () => {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 2_000_000 });
  await expect(open(choice)).rejects.toThrow("The browser has no room left to keep the model.");
  const [partly] = await page.evaluate(() => window.sources.stored());
  expect(partly?.whole).toBe(false);
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  expect(await open(choice)).toMatchObject(expected);
  const [model] = await page.evaluate(() => window.sources.stored());
  await page.evaluate((id) => window.sources.remove(id), model?.id ?? "");
});

test("a token goes to the hub, and not to where the hub redirects", async () => {
  hub.token = "secret";
  await expect(open(choice)).rejects.toThrow("access token");
  hub.seen.length = 0;
  expect(await open({ ...choice, token: "secret" })).toMatchObject(expected);
  const told = hub.seen.filter(({ authorization }) => authorization !== undefined);
  expect(new Set(told.map(({ host }) => host))).toEqual(new Set(["hub"]));
  expect(hub.seen.filter(({ host, method }) => host === "store" && method !== "GET")).toEqual([]);
});
