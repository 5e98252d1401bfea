/** GPUs that offer little, and what is kept of a GPU between visits. */
import { describe, expect, test } from "vitest";
import { SMALLEST_DEVICE } from "./smallest-device";
import { beforeTheWorker, keptFindings, openQuickPage } from "./studio";
import { drawInOneStep, goTo, waitForModel } from "./studio-steps";

/** Tells errors as Safari 26 does, and makes kernels that add up by subgroups end as with a driver that gives up. */
const NO_SUBGROUP_KERNELS = `
  delete GPUDevice.prototype.onuncapturederror;
  delete GPUDevice.prototype.adapterInfo;
  const adding = new WeakSet();
  const createModule = GPUDevice.prototype.createShaderModule;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    const module = createModule.call(this, descriptor);
    if (descriptor.code.includes("subgroupAdd(")) adding.add(module);
    return module;
  };
  const message = "the driver gave up";
  const create = GPUDevice.prototype.createComputePipeline;
  GPUDevice.prototype.createComputePipeline = function (descriptor) {
    if (adding.has(descriptor.compute.module)) {
      const error = new GPUInternalError(message);
      this.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
    }
    return create.call(this, descriptor);
  };
  const createLater = GPUDevice.prototype.createComputePipelineAsync;
  GPUDevice.prototype.createComputePipelineAsync = function (descriptor) {
    const refused = adding.has(descriptor.compute.module);
    return refused ? Promise.reject(new Error(message)) : createLater.call(this, descriptor);
  };`;

/** At a first visit, where `script` changes what the engine's worker finds. */
const openAbout = (script: string) =>
  openQuickPage("about", (context) => beforeTheWorker(context, script), { knowsGpu: false });

describe("a browser that can do with less", () => {
  test("a GPU that offers no more than every WebGPU device must draws all the same", async () => {
    const { page, close } = await openAbout(SMALLEST_DEVICE);
    await waitForModel(page);
    const facts = await page.locator(".facts").first().textContent();
    expect(facts).toContain("128 MiB");
    expect(facts).toContain("16 KiB");
    // Right numbers by the variants that are left: no note of a fallback.
    expect(await page.getByText("failed their check").count()).toBe(0);
    await drawInOneStep(page, "a photo of a dog");
    await close();
  });

  // As in Safari 26, and with a driver that can't compile the kernels that add up by subgroups.
  test("a kernel that the GPU can't compile is done without", async () => {
    const { page, close } = await openAbout(NO_SUBGROUP_KERNELS);
    await waitForModel(page);
    await page.getByText("Subgroup operations failed their check").waitFor();
    expect(await keptFindings(page)).toContain('"withoutSubgroups"');
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
      // With its date.
      const kept = address && (await store.match(address));
      if (kept) await store.put(address, new Response(text, kept));
    }, first?.replace('"offered"', '"simplest"') ?? "");
    await page.reload();
    await waitForModel(page);
    await goTo(page, "about");
    await page.getByText("the simplest ones are used").waitFor();
    await close();
  });
});
