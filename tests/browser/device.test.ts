/** GPUs that offer little, and what is kept of a GPU between visits. */
import { describe, expect, test } from "vitest";
import { SMALLEST_DEVICE } from "./smallest-device";
import { beforeTheWorker, drawInOneStep, goTo, keptFindings, openQuickPage, waitForModel } from "./studio";

describe("a browser that can do with less", () => {
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
