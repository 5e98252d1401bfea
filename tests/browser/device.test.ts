/** GPUs that offer little, and what is kept of a GPU between visits. */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { SMALLEST_DEVICE } from "./smallest-device";
import { beforeTheWorker, drawInOneStep, goTo, openQuickPage, PATIENCE, waitForModel } from "./studio";

describe("a browser that can do with less", () => {
  test("a GPU without timestamp queries, and not known to be a software one, is tested and tuned", async () => {
    const { page, close } = await openQuickPage(
      "about",
      (context) => beforeTheWorker(context, `${WITHOUT_TIMESTAMP_QUERIES}${AS_A_REAL_GPU}`),
      { knowsGpu: false },
    );
    // Not for the model: SwiftShader takes a minute to compile what a real GPU computes with.
    await page.getByText("can do the work").waitFor({ timeout: PATIENCE });
    await expect.poll(() => keptFindings(page)).toBeTruthy();
    const { verdict, tiles } = JSON.parse((await keptFindings(page)) ?? "");
    expect(verdict).toMatchObject({ variants: "offered" });
    // None failed, and all may be chosen; a software adapter gets one.
    expect(tiles.excluded).toEqual([]);
    await close();
  });

  test("a GPU that offers no more than every WebGPU device must draws all the same", async () => {
    const { page, close } = await openQuickPage(
      "about",
      (context) => beforeTheWorker(context, SMALLEST_DEVICE),
      { knowsGpu: false },
    );
    await waitForModel(page);
    const facts = await page.locator(".facts").first().textContent();
    expect(facts).toContain("128 MiB");
    expect(facts).toContain("16 KiB");
    // Right numbers by the variants that are left: no note of a fallback.
    expect(await page.getByText("gave wrong results").count()).toBe(0);
    await drawInOneStep(page, "a photo of a dog");
    await close();
  });

  test("a second visit goes by what the first found out about the GPU", async () => {
    const { page, close } = await openQuickPage("personalize", undefined, { knowsGpu: false });
    await waitForModel(page);
    const first = await keptFindings(page);
    expect(JSON.parse(first ?? "")).toMatchObject({ verdict: { variants: "offered", float16: false } });
    // What is written there is believed: a fallback that no test of this visit would find.
    await page.evaluate(async (text) => {
      const store = await caches.open("palpable-device");
      const [address] = await store.keys();
      if (address) await store.put(address, new Response(text));
    }, first?.replace('"offered"', '"simplest"') ?? "");
    await page.reload();
    await waitForModel(page);
    await goTo(page, "about");
    await page.getByText("the simplest ones are used").waitFor();
    await close();
  });
});

const keptFindings = (page: Page) =>
  page.evaluate(async () => {
    const store = await caches.open("palpable-device");
    const [address] = await store.keys();
    return address && (await store.match(address))?.text();
  });

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
