/**
 * Models that don't come with the page, with the real engine: from a folder, in a single file, and from a hub, which is
 * there at the next visit without the network. And an adapter in two files.
 */
import fs from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeHub } from "../web/fake-hub";
import { type Shapes, safetensorsFile } from "./safetensors-file";
import {
  DESKTOP,
  goTo,
  openPage,
  openStudio,
  PATIENCE,
  type Studio,
  screenshot,
  shownPixels,
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

test("a model in a folder of this device is used, and takes peft's two files as one adapter", async () => {
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
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Yes, remove" }).click();
  await page.getByText("Nothing here yet").waitFor();
});

test("a checkpoint in one file draws", async () => {
  await goTo(page, "models");
  await page
    .getByLabel("Choose a file", { exact: true })
    .last()
    .setInputFiles({ name: "tiny.safetensors", mimeType: "application/octet-stream", buffer: checkpoint() });
  await page.getByRole("button", { name: "Use", exact: true }).first().click();
  await inUse("tiny");
  const picture = await drawn();
  await screenshot(page, "foreign-checkpoint");
  expect(picture.length).toBeGreaterThan(10_000);
});

test("a hub's model is offered with its licence and fetched; the next visit draws without the network", async () => {
  await goTo(page, "models");
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
  await waitForModel(page);
  await drawn();
  expect(asked).toEqual([]);
});

async function inUse(name: string): Promise<void> {
  await page
    .locator(".verdict", { hasText: new RegExp(`^${name}$`) })
    .first()
    .waitFor({ timeout: PATIENCE });
  await waitForModel(page);
}

/** A picture of one step, with the same seed each time. */
async function drawn(): Promise<string> {
  await goTo(page, "generate");
  await page.getByText("More settings").click();
  await page.getByLabel("Prompt", { exact: true }).fill("a photo of a dog");
  await page.getByLabel("Seed", { exact: true }).fill("7");
  await page.getByLabel("Steps", { exact: true }).fill("1");
  const pictures = page.locator(".film-strip li");
  const before = await pictures.count();
  const shown = await page.locator(".result-panel figure canvas").count();
  await page.getByRole("button", { name: "Generate", exact: true }).click();
  await page.getByRole("button", { name: "Cancel" }).waitFor();
  await page.getByRole("button", { name: "Generate", exact: true }).waitFor({ timeout: PATIENCE });
  if (shown > 0) await expect.poll(() => pictures.count()).toBeGreaterThan(before);
  return shownPixels(page);
}

/** Stable Diffusion 1's layout at a tenth of its width, with CLIP's whole vocabulary, which such files share. */
function checkpoint(): Buffer {
  const layout = path.join(ROOT, "tests/goldens/single_file/sd1.json");
  const layers: Record<string, Record<string, number[]>> = JSON.parse(fs.readFileSync(layout, "utf8"));
  const shapes: Shapes = Object.fromEntries(
    Object.entries(layers).flatMap(([layer, tensors]) =>
      Object.entries(tensors).map(([leaf, shape]) => [
        `${layer}.${leaf}`,
        layer.endsWith("token_embedding") ? [49_408, shape[1] ?? 0] : shape,
      ]),
    ),
  );
  return safetensorsFile(shapes);
}
