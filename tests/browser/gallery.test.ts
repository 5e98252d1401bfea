/** A drawn picture's later life: kept over a reload, found, drawn again, exported, taken apart, deleted for good. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { latin1, png } from "../web/png";
import { expectAccessible } from "./accessibility";
import {
  asksBeforeLeaving,
  drop,
  focused,
  generate,
  kept,
  pixels,
  pixelsOf,
  SOON,
  storedKeys,
} from "./gallery-steps";
import { openQuickPage } from "./studio";
import { downloaded, goTo, overflowsSideways, screenshot, waitForModel } from "./studio-steps";
import { filesIn } from "./zip";

const FIRST = "a watercolor painting of a dog in the snow";
const SECOND = "pixel art of a mug at night";

describe("the gallery", () => {
  let page: Page;
  let close: () => Promise<void>;
  let drawn: string;

  beforeAll(async () => {
    ({ page, close } = await openQuickPage("gallery"));
  });

  afterAll(() => close());

  test("empty, it says what it is for and leads on", async () => {
    await waitForModel(page);
    await page.getByText("Nothing here yet").waitFor();
    await screenshot(page, "gallery-1-empty");
    await page.getByRole("link", { name: "Generate a picture" }).click();
    await page.getByRole("heading", { name: "Generate" }).waitFor();
  });

  test("a picture is there after a reload, with all its settings, pixel for pixel", async () => {
    await page.getByText("More settings").click();
    await page.getByLabel("Steps", { exact: true }).fill("1");
    await page.getByLabel("Guidance", { exact: true }).fill("7.5");
    await page.getByLabel("What to avoid").fill("rain");
    await page.getByLabel("Sampler").selectOption("Euler");
    await page.getByLabel("Seed", { exact: true }).fill("4294967295");
    drawn = await generate(page, FIRST);
    await kept(page, 1);
    await page.reload();
    await goTo(page, "gallery");
    await page.getByRole("link", { name: FIRST }).click();
    const facts = page.locator(".facts");
    await facts.waitFor();
    for (const fact of ["Seed4294967295", "Steps1", "Guidance7.5", "SamplerEuler", "avoidrain", "64 × 64"]) {
      expect(await facts.textContent()).toContain(fact);
    }
    const image = page.locator("img.stored-image");
    await image.waitFor();
    expect(await pixelsOf(page)).toBe(drawn);
    await screenshot(page, "gallery-2-picture");
  });

  test("its settings draw the very same picture again", async () => {
    await page.getByRole("button", { name: "Use these settings" }).click();
    await page.getByText("The settings are filled in").first().waitFor();
    expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toBe(FIRST);
    await waitForModel(page);
    expect(await generate(page)).toBe(drawn);
  });

  test("search and favourites find, and say how many", async () => {
    await generate(page, SECOND);
    await kept(page, 3);
    await goTo(page, "gallery");
    await page.locator(".picture-tile").nth(2).waitFor();
    await page.getByRole("searchbox").fill("MUG pixel");
    await page.getByText("1 picture found").waitFor();
    await page.getByRole("button", { name: `Favourite: “${SECOND}”` }).click();
    await page.getByRole("searchbox").fill("");
    await page.getByRole("button", { name: "Favourites" }).click();
    await page.getByText("1 picture found").waitFor();
    await page.getByRole("searchbox").fill("snow");
    await page.getByText("No picture fits").waitFor();
    await page.getByRole("button", { name: "Show all pictures" }).click();
    expect(await page.locator(".picture-tile").count()).toBe(3);
    await screenshot(page, "gallery-3-grid");
  });

  test("keys alone: open, turn the page, come back to where one was", async () => {
    const [newest, middle] = [
      page.locator(".picture-tile a").first(),
      page.locator(".picture-tile a").nth(1),
    ];
    const address = await middle.getAttribute("href");
    await newest.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: SECOND }).waitFor();
    const headingFocused = page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const heading = document.querySelector("h1");
          new MutationObserver((_, observer) => {
            if (document.contains(heading)) return;
            observer.disconnect();
            resolve(document.activeElement === document.querySelector("h1"));
          }).observe(document.body, { childList: true, subtree: true });
        }),
    );
    await page.keyboard.press("ArrowRight");
    // At once, or else the focus would come back here from what a visitor chose meanwhile.
    expect(await headingFocused).toBe(true);
    await page.getByRole("heading", { name: FIRST }).waitFor();
    expect(new URL(page.url()).hash).toBe(address);
    await page.getByRole("link", { name: "All pictures" }).press("Enter");
    await expect.poll(() => focused(page).getAttribute("href"), SOON).toBe(address);
  });

  test("exported as a zip: every PNG whole and with its settings", async () => {
    await page.getByRole("checkbox", { name: `Select “${SECOND}”` }).check();
    await page.getByRole("button", { name: "Select all" }).click();
    await page.getByText("3 pictures selected").waitFor();
    await screenshot(page, "gallery-4-selected");
    const zip = await downloaded(page, () => page.getByRole("button", { name: "Export as zip" }).click());
    expect(zip.name).toMatch(/^palpable-pictures-\d{4}-\d\d-\d\d\.zip$/);
    const files = filesIn(zip.bytes);
    expect(files.map(({ name }) => name.replace(/seed-\d+/, "seed"))).toEqual([
      "palpable-0001-seed.png",
      "palpable-0002-seed.png",
      "palpable-0003-seed.png",
    ]);
    const parameters =
      /parameters\0a watercolor painting of a dog in the snow\nNegative prompt: rain\nSteps: 1, /;
    expect(files[2]?.bytes.toString("latin1")).toMatch(parameters);
    await page.getByRole("button", { name: "Clear the selection" }).click();
  });

  test("a PNG dropped anywhere gives its settings to Generate", async () => {
    const text = "a fox <lora:ink:0.6>\nSteps: 150, Sampler: Euler, CFG scale: 6, Seed: 42, Size: 500x500";
    await drop(page, "fox.png", png({ type: "tEXt", data: latin1(`parameters\0${text}`) }));
    await page.getByText("The settings are filled in").first().waitFor();
    expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toBe("a fox");
    expect(await page.getByLabel("Seed", { exact: true }).inputValue()).toBe("42");
    for (const note of ["“ink” isn't here", "150 became 100", "500 × 500 pixels"]) {
      await page.getByText(note).waitFor();
    }
    await screenshot(page, "gallery-5-filled-in");

    await page.getByRole("button", { name: "Undo" }).press("Enter");
    // The button is gone with its notice: keys go on from the part that it stood in.
    await expect.poll(() => focused(page).count(), SOON).toBe(1);
    await expect.poll(() => page.getByLabel("Prompt", { exact: true }).inputValue(), SOON).not.toBe("a fox");
    expect(await page.getByLabel("Steps", { exact: true }).inputValue()).not.toBe("100");
    expect(await page.getByText("The settings are filled in", { exact: true }).count()).toBe(0);
  });

  test("script in a file's name, prompt or adapter is shown, never run", async () => {
    const script = "<img src=x onerror=document.title='run'>";
    const text = `a cat <lora:onerror=x:1>\nSteps: 2, Sampler: ${script}, CFG scale: 6, Seed: 1, Model: ${script}`;
    await goTo(page, "gallery");
    await drop(page, `${script}.png`, png({ type: "tEXt", data: latin1(`parameters\0${script} ${text}`) }));
    await page.getByText(`The sampler “${script}” isn't offered here`).waitFor();
    await page.getByText(`They come from “${script}.png”.`).waitFor();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(await page.title()).toBe("Palpable");
  });

  test("a file without settings is refused with a sentence", async () => {
    await goTo(page, "gallery");
    await page.locator("input[type=file]").setInputFiles({
      name: "plain.png",
      mimeType: "image/png",
      buffer: Buffer.from(await png().arrayBuffer()),
    });
    await page.getByRole("alert").filter({ hasText: "“plain.png” carries no settings." }).waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
  });

  test("deleted, it can be taken back; after that no trace of it is stored", async () => {
    await kept(page, 3);
    await page.getByRole("checkbox", { name: `Select “${SECOND}”` }).check();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("1 picture deleted.").first().waitFor();
    // The focus goes on from where the deleted tile was, and Undo has a key.
    await expect.poll(() => focused(page).textContent(), SOON).toBe(FIRST);
    await page.keyboard.press("Control+z");
    await page.getByRole("link", { name: SECOND }).waitFor();
    await kept(page, 3);

    await page.getByRole("link", { name: SECOND }).click();
    const deleted = new URL(page.url()).hash.split("/")[2];
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("heading", { name: FIRST }).waitFor();
    await kept(page, 2);
    await page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached", timeout: 15_000 });
    await kept(page, 2);
    expect(await storedKeys(page)).not.toContain(deleted);
  });

  test("what another tab deleted is gone here too, once this one is looked at again", async () => {
    await goTo(page, "gallery");
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.locator(".picture-tile a").first().click();
    for (const [button, pictures] of [
      ["Delete", 1],
      ["Undo", 2],
    ] as const) {
      await other.getByRole("button", { name: button, exact: true }).click();
      await kept(page, pictures);
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await expect.poll(() => page.locator(".picture-tile").count(), SOON).toBe(pictures);
    }
    await other.close();
  });

  test("a painted part is drawn anew; the rest stays, pixel for pixel", async () => {
    await goTo(page, "gallery");
    await page.getByRole("link", { name: FIRST }).first().click();
    await page.getByRole("button", { name: "Start from it" }).click();
    await page.getByText("Start from a picture: a picture of the Gallery").first().waitFor();
    await page.getByRole("button", { name: "Paint the part" }).click();
    const brush = page.getByRole("button", { name: "What of the picture is redrawn" });
    // All but the upper left corner.
    await page.getByRole("button", { name: "Invert" }).click();
    await page.getByRole("button", { name: "Rub out" }).click();
    for (let press = 0; press < 30; press++) await brush.press(press % 2 ? "ArrowUp" : "ArrowLeft");
    await page.getByLabel("Size of the brush").press("End");
    await brush.press("Space");
    await screenshot(page, "gallery-6-mask");
    await expectAccessible(page, "painting what is redrawn");
    expect(await asksBeforeLeaving(page)).toBe(false);
    await page.getByRole("button", { name: "Done" }).click();
    expect(await asksBeforeLeaving(page)).toBe(true);
    await expectAccessible(page, "a picture to start from");
    const repainted = await generate(page, SECOND);
    await kept(page, 3, 1);
    // The Gallery has the painted part now.
    expect(await asksBeforeLeaving(page)).toBe(false);
    const shown = page.locator(".result-panel figure canvas");
    const [before, after] = [await pixels(page.locator(".start-preview")), await pixels(shown)];
    const changed = (x: number, y: number) =>
      [0, 1, 2].some((channel) => before[4 * (64 * y + x) + channel] !== after[4 * (64 * y + x) + channel]);
    // The preview's mask is a veil: the corner has none.
    expect([changed(0, 0), changed(2, 1), changed(6, 6)]).toEqual([false, false, false]);
    expect([changed(50, 50), changed(32, 60), changed(60, 32)]).toEqual([true, true, true]);
    expect(new Set(after.slice(4 * 32 * 64)).size).toBeGreaterThan(20);

    await goTo(page, "gallery");
    await page.getByRole("link", { name: SECOND }).click();
    await page.getByText("a part of another picture, changed by 60%").waitFor();
    await page.getByRole("button", { name: "Use these settings" }).click();
    // Picture and mask are kept with it.
    await page.getByText("It starts from the same picture.").waitFor();
    expect(await page.getByText("paint it again").count()).toBe(0);
    expect(await generate(page)).toBe(repainted);
    await kept(page, 4, 2);
    await goTo(page, "gallery");
    await page.getByRole("link", { name: SECOND }).first().click();
    await page.getByRole("img", { name: "What it was drawn on" }).waitFor();
  });

  test("on a phone's width it fits", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const width of [390, 360]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await overflowsSideways(page), `picture, ${width}`).toBe(false);
    }
    await screenshot(page, "gallery-6-phone-picture");
    await goTo(page, "gallery");
    await page.getByRole("checkbox").first().check();
    expect(await overflowsSideways(page)).toBe(false);
    await screenshot(page, "gallery-7-phone-grid");
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test("of a long prompt a part shows, until all of it is asked for; selected, it is whole", async () => {
    const long = "dog, ".repeat(800);
    await goTo(page, "generate");
    await generate(page, long);
    const shown = page.locator(".long-text");
    const height = () => shown.first().evaluate(({ clientHeight }) => clientHeight);
    expect(await height()).toBeLessThan(200);
    await goTo(page, "gallery");
    await page.locator(".picture-tile a").first().click();
    await shown.first().evaluate((element) => getSelection()?.selectAllChildren(element));
    expect(await page.evaluate("String(getSelection())")).toBe(long.trim());
    await expectAccessible(page, "a long prompt");
    await page.getByRole("button", { name: "Show all of it" }).click();
    await expect.poll(height).toBeGreaterThan(400);
    await page.getByRole("button", { name: "Show less" }).click();
    await expect.poll(height).toBeLessThan(200);
  });
});

describe("a full storage", () => {
  test("the picture is shown and can be saved, and the page says so", async () => {
    const { page, close } = await openQuickPage("generate");
    await waitForModel(page);
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
    await page.getByText("More settings").click();
    await page.getByLabel("Steps", { exact: true }).fill("1");
    await generate(page, SECOND);
    await page.getByRole("alert").filter({ hasText: "This browser has no room left." }).waitFor();
    await screenshot(page, "gallery-8-full");
    const file = await downloaded(page, () => page.getByRole("button", { name: "Save as PNG" }).click());
    expect(file.bytes.toString("latin1")).toContain(`parameters\0${SECOND}`);
    expect(await storedKeys(page)).toEqual([]);
    await close();
  });
});
