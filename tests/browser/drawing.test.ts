/**
 * What Generate and Adapters do beside one picture: several, other shapes, on a picture, a word's heat map,
 * grids, strengths, and an early end.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAccessible } from "./accessibility";
import { openQuickPage, PATIENCE } from "./studio";
import {
  downloaded,
  drawInOneStep,
  drawn,
  dropFile,
  goTo,
  middleOf,
  screenshot,
  setUpLeastTraining,
  shownPixels,
  untilLearned,
  waitForModel,
} from "./studio-steps";

const PROMPT = "a photo of a <my-dog> dog in the snow";

describe("drawing", () => {
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ page, close } = await openQuickPage());
    await waitForModel(page);
    await setUpLeastTraining(page, 1);
    await page.getByRole("button", { name: "Start training" }).click();
    await untilLearned(page);
    await drawInOneStep(page, PROMPT);
  });

  afterAll(() => close());

  const tiles = () => page.locator(".film-strip button");

  test("several pictures from one press, with the seeds that follow", async () => {
    await page.getByLabel("Seed", { exact: true }).fill("4294967295");
    await page.getByLabel("Pictures", { exact: true }).fill("2");
    await page.getByLabel("Pictures", { exact: true }).press("Tab");
    await drawn(page, "Generate 2 pictures");
    await expect.poll(() => tiles().count()).toBe(3);
    const pictures = [];
    for (const [tile, seed] of [
      [1, 4294967295],
      [0, 0],
    ] as const) {
      await tiles().nth(tile).click();
      await page.getByText(`seed ${seed} ·`).waitFor();
      pictures.push(await shownPixels(page));
    }
    expect(pictures[0]).not.toBe(pictures[1]);
    await page.getByLabel("Pictures", { exact: true }).fill("1");
    await page.getByLabel("Pictures", { exact: true }).press("Tab");
  });

  test("cancelled, it ends at once and nothing is added", async () => {
    await page.getByLabel("Steps", { exact: true }).fill("100");
    // Cancel takes its place at once, and is not what the second click means.
    await page.getByRole("button", { name: "Generate", exact: true }).dblclick();
    await page.getByText(/^Step [1-9]\d* of 100/).waitFor({ timeout: PATIENCE });
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Generate", exact: true }).waitFor({ timeout: PATIENCE });
    expect(await tiles().count()).toBe(3);
    await page.getByLabel("Steps", { exact: true }).fill("1");
  });

  test("another seed for each picture, or one that stays", async () => {
    const lock = page.getByRole("button", { name: "Keep this seed" });
    if ((await lock.getAttribute("aria-pressed")) === "true") await lock.click();
    const [one, another] = [await drawn(page), await drawn(page)];
    expect(another).not.toBe(one);
    await lock.click();
    expect(await drawn(page)).toBe(another);
  });

  test("Ctrl and Enter draw from the settings too, with the number just typed", async () => {
    const seed = page.getByLabel("Seed", { exact: true });
    await seed.press("ControlOrMeta+A");
    await page.keyboard.type("77");
    await page.keyboard.press("Control+Enter");
    await page.getByText("seed 77 ·").waitFor({ timeout: PATIENCE });
    expect(await seed.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test("the shape is chosen by a tap, and swapped", async () => {
    const sides = () =>
      Promise.all(["Width", "Height"].map((side) => page.getByLabel(side, { exact: true }).inputValue()));
    await page.getByRole("button", { name: "Landscape", exact: true }).click();
    const [width, height] = (await sides()).map(Number);
    expect(width).toBeGreaterThan(height ?? 0);
    await page.getByRole("button", { name: "Swap width and height" }).click();
    expect(await page.getByRole("button", { name: "Portrait" }).getAttribute("aria-pressed")).toBe("true");
    await drawn(page);
    const shown = page.locator(".result-panel figure canvas").first();
    expect([await shown.getAttribute("width"), await shown.getAttribute("height")]).toEqual(await sides());
    await page.getByRole("button", { name: "Square", exact: true }).click();
    expect(new Set(await sides()).size).toBe(1);
  });

  test("drawn on a picture, and from noise again", async () => {
    const plain = await drawn(page);
    await page.getByRole("button", { name: "Start from it" }).click();
    await page.getByText("Start from a picture: Picture for").first().waitFor();
    await page.getByLabel("Steps", { exact: true }).fill("2");
    const changed = page.getByLabel("How much changes");
    await changed.fill("1");
    const much = await drawn(page);
    await changed.fill("0.5");
    const little = await drawn(page);
    expect(new Set([plain, much, little]).size).toBe(3);
    await page.getByRole("button", { name: "Start from noise again" }).click();
    await page.getByLabel("Steps", { exact: true }).fill("1");
    expect(await drawn(page)).toBe(plain);
  });

  test("a tapped word shows where in the picture it acted", async () => {
    await page.getByText("Balance word and prompt").click();
    await page.getByLabel("See what each word did").check();
    await drawn(page);
    const maps = [];
    for (const word of ["snow", "<my-dog>"]) {
      await page.getByRole("button", { name: word, exact: true }).click();
      const overlay = page.getByRole("img", { name: `Where “${word}” acted` });
      maps.push(await overlay.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL()));
    }
    expect(maps[0]).not.toBe(maps[1]);
    await screenshot(page, "drawing-heat-map");
    await expectAccessible(page, "a word's heat map");
    const save = page.getByRole("button", { name: "Save the map of “<my-dog>”" });
    const { name, bytes } = await downloaded(page, () => save.click());
    expect(name).toBe("palpable-my-dog.png");
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    await page.getByRole("button", { name: "<my-dog>", exact: true }).click();
    await page.locator(".heat-overlay").waitFor({ state: "detached" });
    // A comparison that is asked for takes a map's place.
    await page.getByRole("button", { name: "snow", exact: true }).click();
    await page.getByRole("button", { name: "Compare without the adapter" }).click();
    await page.locator(".before-after").waitFor({ timeout: PATIENCE });
    await page.getByLabel("See what each word did").uncheck();
  });

  test("a word acts where it is painted, until it may act anywhere again", async () => {
    const plain = await drawn(page);
    await page.getByRole("button", { name: "Paint where <my-dog> may act" }).click();
    await page.getByRole("button", { name: "Where <my-dog> may act in the picture" }).press("Space");
    await screenshot(page, "drawing-region");
    await expectAccessible(page, "painting where a word may act");
    await page.getByRole("button", { name: "Done" }).click();
    expect(await drawn(page)).not.toBe(plain);
    await page.getByRole("button", { name: "Let <my-dog> act anywhere" }).click();
    expect(await drawn(page)).toBe(plain);
  });

  test("a grid over two settings: a cell opens its picture, all of it is one PNG", async () => {
    await page.getByText("Compare settings in a grid").click();
    const columns = page.getByRole("group", { name: "Columns" });
    await columns.getByLabel("What changes").selectOption("Words of the prompt");
    await columns.getByLabel("Values").fill("snow, rain");
    const rows = page.getByRole("group", { name: "Rows" });
    await rows.getByLabel("What changes").selectOption("Seed");
    await rows.getByLabel("Values").fill("1-2");
    await page.getByText("4 pictures").waitFor();
    await page.getByRole("button", { name: "Draw the grid" }).click();
    await expect.poll(() => page.locator(".grid-table button canvas").count(), { timeout: PATIENCE }).toBe(4);
    await page.getByRole("button", { name: "Draw the grid" }).waitFor({ timeout: PATIENCE });
    await screenshot(page, "drawing-grid");
    await expectAccessible(page, "a drawn grid");
    await page.getByRole("button", { name: "Open the picture for" }).last().click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByRole("heading").textContent()).toMatch(/rain.*2/);
    await dialog.getByRole("button", { name: "Close" }).click();
    const save = page.getByRole("button", { name: "Save as one PNG" });
    const { bytes } = await downloaded(page, () => save.click());
    // Width and height stand behind the signature and the first chunk's name; pictures have 64 pixels a side.
    expect(Math.min(bytes.readUInt32BE(16), bytes.readUInt32BE(20))).toBeGreaterThan(128);
  });

  test("an adapter's strengths side by side: a tap takes one", async () => {
    await goTo(page, "adapters");
    await page.getByText("Trained on the model demo").waitFor();
    await page.getByText("Try its strengths").click();
    await page.getByRole("button", { name: /^Draw it at \d strengths$/ }).click();
    const strengths = page.locator(".strength-strip button");
    await expect
      .poll(() => page.locator(".strength-strip canvas").count(), { timeout: PATIENCE })
      .toBe(await strengths.count());
    await screenshot(page, "drawing-strengths");
    await expectAccessible(page, "strengths");
    await page.getByRole("button", { name: "Take the strength 0.5" }).click();
    await goTo(page, "generate");
    expect(await page.getByLabel("Strength", { exact: true }).inputValue()).toBe("0.5");
  });

  test("an exported adapter that is dropped is there again", async () => {
    await goTo(page, "adapters");
    const exported = page.getByRole("button", { name: "Export .safetensors" });
    const { name, bytes } = await downloaded(page, () => exported.click());
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("button", { name: "Yes, remove" }).press("Enter");
    await page.getByText("Nothing here yet").waitFor();
    await page.getByText("<my-dog> was removed.").waitFor({ state: "attached" });
    expect(await page.locator(":focus").count()).toBe(1);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "palpable-"));
    fs.writeFileSync(path.join(folder, name), bytes);
    await dropFile(page, path.join(folder, name), await middleOf(page.locator(".drop-zone")));
    await page.locator(".adapter .word", { hasText: "<my-dog>" }).waitFor();
    fs.rmSync(folder, { recursive: true });
  });
});
