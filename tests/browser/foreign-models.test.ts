/**
 * Models that don't come with the page, with the real engine: from a hub, there at the next visit without the network,
 * and from a folder. And an adapter in two files.
 */
import fs from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeHub } from "../web/fake-hub";
import { safetensorsFile } from "./safetensors-file";
import {
  DESKTOP,
  drawInOneStep,
  goTo,
  openPage,
  openStudio,
  PATIENCE,
  type Studio,
  screenshot,
  waitForModel,
} from "./studio";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DEMO = path.join(ROOT, "models/demo");
const CROSS_ATTENTION = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";

let studio: Studio;
let hub: FakeHub;
let page: Page;
let close: () => Promise<void>;

beforeAll(async () => {
  hub = new FakeHub();
  for (const file of fs.readdirSync(DEMO, { recursive: true, encoding: "utf8" })) {
    const whole = path.join(DEMO, file);
    if (/\.(json|txt|safetensors)$/.test(file) && !/^(clip|subjects)/.test(file)) {
      hub.put(file, new Uint8Array(fs.readFileSync(whole)));
    }
  }
  await hub.start();
  studio = await openStudio();
  ({ page, close } = await openPage(studio, DESKTOP, "models", (context) =>
    context.route("https://huggingface.co/**", async (route) => {
      const { pathname, search } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: hub.host + pathname + search }) });
    }),
  ));
  await waitForModel(page);
});

afterAll(async () => {
  await close();
  await studio.close();
  await hub.stop();
});

test("a hub's model is offered with its licence and fetched; the next visit draws with it without the network", async () => {
  await page.getByLabel("From a hub or an address").fill("someone/model");
  await page.getByRole("button", { name: "Look at it" }).click();
  await page.getByText("Licence: creativeml-openrail-m").waitFor();
  await screenshot(page, "model-offer");
  await page.getByLabel("I have read the licence").check();
  await page.getByRole("button", { name: "Fetch and use" }).click();
  await inUse("model");
  const asked: string[] = [];
  await page.context().route(/huggingface|safetensors/, (route) => {
    asked.push(route.request().url());
    return route.abort();
  });
  await page.reload();
  await inUse("model");
  await drawInOneStep(page, "a photo of a dog");
  expect(asked).toEqual([]);
});

test("a folder of this device is used, and takes peft's two files as one adapter", async () => {
  await goTo(page, "models");
  await page.getByLabel("Choose a folder", { exact: true }).last().setInputFiles(DEMO);
  await page.getByRole("button", { name: "Use", exact: true }).first().click();
  await inUse("demo");
  await goTo(page, "adapters");
  const name = `base_model.model.${CROSS_ATTENTION}`;
  const weights = safetensorsFile({
    [`${name}.lora_A.weight`]: [2, 128],
    [`${name}.lora_B.weight`]: [128, 2],
  });
  const config = { peft_type: "LORA", r: 2, lora_alpha: 64, target_modules: [CROSS_ATTENTION] };
  await page.getByLabel("Choose files").setInputFiles([
    {
      name: "adapter_config.json",
      mimeType: "application/json",
      buffer: Buffer.from(JSON.stringify(config)),
    },
    { name: "adapter_model.safetensors", mimeType: "application/octet-stream", buffer: weights },
  ]);
  await page.getByText("rank 2 · 1 layers").waitFor();
});

async function inUse(name: string): Promise<void> {
  await page
    .locator(".verdict", { hasText: new RegExp(`^${name}$`) })
    .first()
    .waitFor({ timeout: PATIENCE });
  await waitForModel(page);
}
