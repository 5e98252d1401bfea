/**
 * What can go wrong, provoked in a real browser: each time one clear sentence and a way on. Other files have the rest:
 *
 * | fault | where it is provoked |
 * |---|---|
 * | no WebGPU, no WebAssembly, files that are none | here |
 * | GPU device lost in load, sampling, decoding, training | `gpu-faults.test.ts` |
 * | out of GPU memory | `gpu-faults.test.ts`; what is refused beforehand: `limits.test.ts`, `../pipeline/plan.rs` |
 * | the worker killed | `gpu-faults.test.ts`; without a word, while a call waits: `../web/tabs.test.ts` |
 * | the tab killed in a training, and reopened | `checkpoints.test.ts` |
 * | no room for a checkpoint | `endings.test.ts`; in the middle of a write: `../web/unfinished.test.ts` |
 * | no room for a model | `model-sources.test.ts`, `../web/model-sources.test.ts` |
 * | no room for a picture | `gallery.test.ts`; for an adapter: `../web/library.test.ts` |
 * | two tabs | `frame.test.ts`, `../web/tabs.test.ts` |
 * | the clock set back | `checkpoints.test.ts`, `../web/unfinished.test.ts` |
 * | damaged entries in the browser's storage | `checkpoints.test.ts`, `../web/unfinished.test.ts`, `../web/model-sources.test.ts`, `../web/models.test.ts`, `../web/library.test.ts`, `../web/gallery.test.ts` |
 * | a new version of the page | `offline.test.ts` |
 * | no network | `offline.test.ts`, `photos.test.ts` (the HEIC decoder) |
 * | a slow, stalling or failing network | here, `model-sources.test.ts`, `../web/model-sources.test.ts` |
 * | a decoder that a photo breaks | `photos.test.ts` |
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPage, openQuickPage, openStudio } from "./studio";
import { goTo, screenshot, waitForModel } from "./studio-steps";
import { PHONE, VISITOR } from "./visitor";

const file = (name: string, content: Uint8Array) => ({
  name,
  mimeType: "application/octet-stream",
  buffer: Buffer.from(content),
});

describe("a browser that can't do the work", () => {
  test("one that offers no GPU: the page says so and what to do", async () => {
    // Chromium without a usable GPU keeps the interface and offers no adapter.
    const studio = await openStudio([]);
    const { page, close } = await openPage(studio, PHONE);
    await page.getByRole("alert").filter({ hasText: "WebGPU" }).waitFor();
    await page.getByRole("link", { name: "What to do" }).click();
    await page.getByText("Use a current Chrome or Edge").waitFor();
    await screenshot(page, "fault-no-webgpu");
    await close();
    await studio.close();
  });

  test("one without WebGPU altogether", async () => {
    const studio = await openStudio([]);
    const { page, close } = await openPage(studio, VISITOR, "personalize", (context) =>
      context.addInitScript("delete Navigator.prototype.gpu"),
    );
    await page.getByRole("alert").filter({ hasText: "offers no WebGPU" }).waitFor();
    await close();
    await studio.close();
  });

  test("one that forbids WebAssembly", async () => {
    const { page, close } = await openQuickPage("personalize", (context) =>
      context.route("**/*.js", async (route) => {
        const response = await route.fetch();
        await route.fulfill({
          response,
          headers: { ...response.headers(), "content-security-policy": "script-src 'self'" },
        });
      }),
    );
    await page.getByRole("alert").filter({ hasText: "doesn't allow WebAssembly" }).waitFor();
    await close();
  });

  test("a model file that doesn't arrive: try again", async () => {
    let broken = true;
    const { page, close } = await openQuickPage("personalize", (context) =>
      context.route("**/vae/*.safetensors", (route) => (broken ? route.abort() : route.continue())),
    );
    await page.getByRole("alert").filter({ hasText: "could not be fetched whole" }).waitFor();
    await screenshot(page, "fault-model");
    broken = false;
    await page.getByRole("button", { name: "Try again" }).click();
    await waitForModel(page);
    await close();
  });
});

describe("bad input", () => {
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ page, close } = await openQuickPage());
    await waitForModel(page);
  });

  afterAll(() => close());

  test("files that are no photos, and photos that are too large", async () => {
    const huge = new Uint8Array(33);
    huge.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
    new DataView(huge.buffer).setUint32(16, 20_000);
    new DataView(huge.buffer).setUint32(20, 20_000);
    const broken = huge.slice();
    new DataView(broken.buffer).setUint32(16, 100);
    new DataView(broken.buffer).setUint32(20, 100);
    await page
      .locator("input[type=file]")
      .setInputFiles([
        file("notes.png", new TextEncoder().encode("dear diary")),
        file("huge.png", huge),
        file("broken.png", broken),
      ]);
    const notice = page.locator(".photo-picker .notice");
    await notice.getByText("“notes.png” is not a JPEG, PNG, WebP or HEIC picture.").waitFor();
    await notice.getByText("“huge.png” has more than 100 megapixels").waitFor();
    await notice.getByText("“broken.png” is damaged").waitFor();
    await screenshot(page, "fault-photos");
  });

  test("a wish without the noun can't start a training", async () => {
    await page.getByRole("button", { name: "Sample: mug" }).click();
    await page.getByText("5 photos").waitFor();
    await page.getByLabel("What do you want to see?").fill("a crown at the beach");
    await page.getByText("The wish must contain the word “mug”.").waitFor();
    expect(await page.getByRole("button", { name: "Start training" }).isDisabled()).toBe(true);
  });

  test("an empty prompt is asked for", async () => {
    await goTo(page, "generate");
    await page.getByRole("button", { name: "Generate", exact: true }).click();
    await page.getByText("Write what the picture should show.").waitFor();
    expect(await page.getByLabel("Prompt", { exact: true }).getAttribute("aria-invalid")).toBe("true");
  });

  test.each([
    ["cut off", truncatedSafetensors()],
    ["not a safetensors file", new TextEncoder().encode("hello, this is a text file of some length")],
    ["lying about its offsets", lyingSafetensors()],
  ])("an adapter file that is %s is refused with a sentence", async (_, content) => {
    await goTo(page, "adapters");
    await page.getByLabel("Choose files").setInputFiles(file("bad.safetensors", content));
    const sentence = await page.getByRole("alert").textContent();
    expect(sentence).toMatch(/\w.*\./);
    expect(await page.locator(".adapter").count()).toBe(0);
    await page.getByRole("button", { name: "Dismiss" }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
  });
});

function safetensors(header: unknown, dataBytes: number): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function truncatedSafetensors(): Uint8Array {
  const tensor = { dtype: "F32", shape: [16, 128], data_offsets: [0, 8192] };
  const name = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight";
  return safetensors({ [name]: tensor }, 100);
}

function lyingSafetensors(): Uint8Array {
  const tensor = { dtype: "F32", shape: [4], data_offsets: [0, 4_000_000_000] };
  return safetensors({ "lora_unet_x.lora_down.weight": tensor }, 16);
}
