/**
 * Models that don't come with the page, with the real engine: one and the same from a hub, in a folder, in one file and
 * with its parts from two sources, there again at the next visit from the browser's storage or from the disk. And an
 * adapter in two files.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeHub } from "../web/fake-hub";
import { expectAccessible } from "./accessibility";
import { safetensorsFile } from "./safetensors-file";
import { openPage, openStudio, type Studio } from "./studio";
import { drawn, dropFile, goTo, inUse, middleOf, screenshot, waitForModel } from "./studio-steps";
import { checkpoint, diffusersFolder, unetAlone } from "./tiny-checkpoint";
import { VISITOR } from "./visitor";

const CROSS_ATTENTION = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k";

let studio: Studio;
let hub: FakeHub;
let page: Page;
let close: () => Promise<void>;
/** The same model draws the same picture, however it came. */
let picture: string;
/** What was fetched of models after the hub was cut off. */
const asked: string[] = [];

const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "palpable-")), "tiny-folder");

beforeAll(async () => {
  hub = new FakeHub();
  for (const [file, bytes] of diffusersFolder()) {
    hub.put(file, bytes);
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), bytes);
  }
  hub.put("README.md", "---\nlicense: creativeml-openrail-m\n---\n");
  await hub.start();
  studio = await openStudio();
  ({ page, close } = await openPage(studio, VISITOR, "models", async (context) => {
    await context.route("https://huggingface.co/**", async (route) => {
      const { pathname, search } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: hub.host + pathname + search }) });
    });
    await context.addInitScript(PICK_FROM_PRIVATE_FILES);
  }));
  await waitForModel(page);
});

afterAll(async () => {
  await close();
  await studio.close();
  await hub.stop();
  fs.rmSync(path.dirname(folder), { recursive: true });
});

/** In the system's picker's place: its handles are of the same kind, outlive the visit, and need no question. */
const PICK_FROM_PRIVATE_FILES = `window.showOpenFilePicker = async () => {
  const root = await navigator.storage.getDirectory();
  return [await root.getFileHandle("unet-alone.safetensors")];
};`;

test("a hub's model is offered with its licence and fetched, and in use at the next visit without the network", async () => {
  const address = page.getByLabel("From a hub or an address");
  const known = page.getByRole("group", { name: "Well-known models" }).getByRole("button");
  const names: string[] = [];
  for (const button of await known.all()) {
    await button.click();
    names.push(await address.inputValue());
    expect(await button.getAttribute("aria-pressed")).toBe("true");
  }
  expect(names).toContain("nota-ai/bk-sdm-tiny");
  expect(names.every((name) => /^[\w-]+\/[\w-]+$/.test(name))).toBe(true);
  // The hub of this test has none of them.
  await page.getByRole("button", { name: "Look at it" }).click();
  await page
    .getByRole("alert")
    .filter({ hasText: names.at(-1) ?? "" })
    .waitFor();
  await address.fill("someone/model");
  await page.getByRole("button", { name: "Look at it" }).click();
  await page.getByText("Licence: creativeml-openrail-m").waitFor();
  await screenshot(page, "model-offer");
  await page.getByLabel("I have read the licence").check();
  await page.getByRole("button", { name: "Fetch and use" }).click();
  await inUse(page, "model");
  await page.context().route(/huggingface|safetensors/, (route) => {
    asked.push(route.request().url());
    return route.abort();
  });
  await page.reload();
  await inUse(page, "model");
  expect(asked).toEqual([]);
});

test("a checkpoint in one file that is dropped is used, and draws at the next visit, from the browser's storage", async () => {
  const file = path.join(path.dirname(folder), "tiny.safetensors");
  fs.writeFileSync(file, checkpoint());
  await goTo(page, "models");
  await dropFile(page, file, await middleOf(page.locator(".drop-zone")));
  await use("tiny");
  // Each visit compiles its kernels anew, most of a test's time here: all is drawn in this one.
  await page.reload();
  await inUse(page, "tiny");
  picture = await smallPicture();
  // One colour would be the same whatever drew it.
  expect(await colours(page)).toBeGreaterThan(100);
});

test("what the hub gave draws the same without the network", async () => {
  await useStored("model");
  expect(await smallPicture()).toBe(picture);
  expect(asked).toEqual([]);
});

test("a folder that is dropped draws the same, and takes peft's two files as one adapter", async () => {
  await goTo(page, "models");
  await dropFile(page, folder, await middleOf(page.locator(".drop-zone")));
  await use("tiny-folder");
  expect(await smallPicture()).toBe(picture);
  await goTo(page, "adapters");
  const name = `base_model.model.${CROSS_ATTENTION}`;
  const weights = safetensorsFile({
    [`${name}.lora_A.weight`]: [2, 64],
    [`${name}.lora_B.weight`]: [32, 2],
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
  const facts = page.getByText("rank 2 · 1 layer · ");
  await facts.waitFor();
  await goTo(page, "models");
  await page.getByRole("button", { name: "Use the demo model" }).click();
  await inUse(page, "The demo model");
  await goTo(page, "adapters");
  await page.getByText("can't be used now").waitFor();
  await facts.waitFor({ state: "detached" });
  await useStored("tiny-folder");
  await goTo(page, "adapters");
  await facts.waitFor();
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Yes, remove" }).click();
  await page.getByText("Nothing here yet").waitFor();
});

test("a U-Net alone takes what it lacks from a stored model, and draws the same", async () => {
  await goTo(page, "models");
  await putPrivateFile(page, "unet-alone.safetensors", unetAlone());
  await page.getByLabel("Keep a copy in this browser").uncheck();
  await page.getByRole("button", { name: "Choose a file", exact: true }).click();
  const card = page.getByRole("region", { name: "unet-alone" });
  await card.getByText("it lacks the autoencoder (VAE) and the text encoder").waitFor();
  await card.getByLabel("Taken from").selectOption({ label: "model (someone/model)" });
  await screenshot(page, "model-incomplete");
  await expectAccessible(page, "incomplete");
  await card.getByRole("button", { name: "Complete it" }).click();
  await use("unet-alone");
  expect(await smallPicture()).toBe(picture);
});

test("read where it lies on the disk, it is in use again at the next visit, and forgotten when it is gone", async () => {
  const disk = page.getByRole("region", { name: "On this device's disk" });
  await page.reload();
  await goTo(page, "models");
  await inUse(page, "unet-alone");
  await disk.getByText("In use").waitFor();

  await page.evaluate(async () => {
    await (await navigator.storage.getDirectory()).removeEntry("unet-alone.safetensors");
  });
  await page.reload();
  await waitForModel(page);
  await goTo(page, "generate");
  await page.getByRole("button", { name: "Use unet-alone again" }).click();
  await page.getByRole("alert").filter({ hasText: "unet-alone isn't where it was" }).waitFor();
  await page.getByRole("link", { name: "See all models" }).click();
  await disk.getByRole("alert").waitFor();
  await screenshot(page, "model-gone");
  await expectAccessible(page, "gone");
  await disk.getByRole("button", { name: "Forget" }).click();
  await disk.waitFor({ state: "detached" });
  await goTo(page, "generate");
  expect(await page.getByRole("button", { name: "Use unet-alone again" }).count()).toBe(0);
});

test("a stored model that is deleted is gone from the storage; in the place of the one in use comes the demo", async () => {
  await goTo(page, "models");
  const stored = page.getByRole("region", { name: "In this browser" });
  const row = (name: string) =>
    stored.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
  await row("model").getByRole("button", { name: "Use", exact: true }).click();
  await inUse(page, "model");
  expect((await storedFiles(page)).length).toBeGreaterThan(1);

  await row("tiny").getByRole("button", { name: "Delete" }).click();
  await row("tiny").getByRole("button", { name: "Keep it" }).click();
  for (const name of ["tiny-folder", "tiny", "model"]) {
    await row(name).getByRole("button", { name: "Delete" }).click();
    await row(name).getByRole("button", { name: "Yes, delete it" }).click();
    await row(name).waitFor({ state: "detached" });
  }
  await stored.getByText("No fetched model yet.").waitFor();
  expect(await storedFiles(page)).toEqual([]);
  await inUse(page, "The demo model");
  await page.reload();
  await inUse(page, "The demo model");
});

test("memory beyond what the engine's 32-bit sizes can count is counted", async () => {
  const large = path.join(path.dirname(folder), "large-folder");
  fs.cpSync(folder, large, { recursive: true });
  const file = path.join(large, "unet/config.json");
  const config = JSON.parse(fs.readFileSync(file, "utf8"));
  // A layer of its pictures takes 2^30 pixels · 32 channels · 4 bytes: a multiple of 2^32.
  fs.writeFileSync(file, JSON.stringify({ ...config, sample_size: 4096 }));
  await page.getByLabel("Choose a folder", { exact: true }).last().setInputFiles(large);
  const offer = page.getByRole("region", { name: "large-folder", exact: true });
  await offer.getByText("That is more than the 4.0 GB that may be used").waitFor();
  const facts = await offer.getByText("Drawing 32768 × 32768 pixels").textContent();
  expect(Number(/takes up to ([\d.]+)\sGB/.exec(facts ?? "")?.[1])).toBeGreaterThan(137);
});

test("a folder that is gone since it was chosen can't be used, and the page says so", async () => {
  await goTo(page, "models");
  await page.getByLabel("Choose a folder", { exact: true }).last().setInputFiles(folder);
  const offer = page.getByRole("region", { name: "tiny-folder", exact: true });
  await offer.waitFor();
  fs.rmSync(folder, { recursive: true });
  await offer.getByRole("button", { name: "Use", exact: true }).click();
  await page.getByRole("alert").filter({ hasText: "is not as it was chosen" }).waitFor();
  await screenshot(page, "gone-folder");
  await inUse(page, "The demo model");
});

/** The model that is offered. */
async function use(name: string): Promise<void> {
  await page
    .getByRole("region", { name, exact: true })
    .getByRole("button", { name: "Use", exact: true })
    .click();
  await inUse(page, name);
}

/** A model that is listed. */
async function useStored(name: string): Promise<void> {
  await goTo(page, "models");
  const row = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
  await row.getByRole("button", { name: "Use", exact: true }).click();
  await inUse(page, name);
}

/** The smallest picture of one step, with the same seed each time. */
async function smallPicture(): Promise<string> {
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).fill("a photo of a dog");
  await page.getByLabel("Seed", { exact: true }).fill("7");
  await page.getByLabel("Width", { exact: true }).selectOption("64");
  await page.getByLabel("Height", { exact: true }).selectOption("64");
  const steps = page.getByLabel("Steps", { exact: true });
  if (!(await steps.isVisible())) await page.getByText("More settings").click();
  await steps.fill("1");
  return drawn(page);
}

/** Of the picture shown large. */
const colours = (page: Page) =>
  page
    .locator(".result-panel figure canvas")
    .first()
    .evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = (canvas as HTMLCanvasElement).getContext("2d");
      const bytes = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
      return new Set(new Uint32Array(bytes.buffer)).size;
    });

/** Names of the files of models in the browser's private file system, wherever they lie there. */
const storedFiles = (page: Page) =>
  page.evaluate(async () => {
    const found: string[] = [];
    const look = async (folder: FileSystemDirectoryHandle) => {
      for await (const entry of folder.values()) {
        if (entry.kind === "directory") await look(entry as FileSystemDirectoryHandle);
        else if (entry.name.endsWith(".bin")) found.push(entry.name);
      }
    };
    await look(await navigator.storage.getDirectory());
    return found;
  });

/** Where `PICK_FROM_PRIVATE_FILES` picks. */
const putPrivateFile = (page: Page, name: string, bytes: Buffer) =>
  page.evaluate(
    async ([name, base64]) => {
      const root = await navigator.storage.getDirectory();
      const file = await (await root.getFileHandle(name, { create: true })).createWritable();
      await file.write(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
      await file.close();
    },
    [name, bytes.toString("base64")] as const,
  );
