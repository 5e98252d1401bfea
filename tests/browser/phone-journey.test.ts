/**
 * The main job on a phone, by touch, with the network cut after the first visit: personalize, draw with the new word,
 * find the picture in the gallery, export and share the adapter, remove it, and import it again to the same picture.
 */
import type { BrowserContext } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible } from "./accessibility";
import { openPage, openQuickStudio, PATIENCE } from "./studio";
import {
  downloaded,
  drawn,
  goTo,
  installed,
  overflowsSideways,
  screenshot,
  untilLearned,
  waitForModel,
} from "./studio-steps";
import { PHONE } from "./visitor";

const PROMPT = "a photo of a <my-dog> dog wearing a crown at the beach";

test("a phone without a network personalizes, draws, keeps, exports, shares and imports", async () => {
  const studio = await openQuickStudio();
  const phone = { ...PHONE, serviceWorkers: "allow" } as const;
  const { page, close } = await openPage(studio, phone, "personalize", withShareSheet, true);
  await waitForModel(page);
  await installed(page);
  await page.context().setOffline(true);
  const reached = page.evaluate(() =>
    fetch("/no-such-file").then(
      () => true,
      () => false,
    ),
  );
  expect(await reached).toBe(false);
  await page.reload();
  await waitForModel(page);
  const tap = (name: string) => page.getByRole("button", { name, exact: true }).tap();
  const fits = async (name: string) => {
    expect(await overflowsSideways(page), name).toBe(false);
    await expectAccessible(page, name);
    await screenshot(page, `phone-${name}`);
  };

  await page.getByText("5 photos").waitFor();
  await page.getByLabel("Preview", { exact: true }).selectOption("0");
  await page.getByText("Advanced settings").tap();
  await page.getByLabel("Framings of a photo").fill("1");
  await page.getByLabel("Batch").fill("1");
  await page.getByLabel("Training steps").fill("2");
  await page.getByLabel("Steps before alignment starts").fill("1");
  await tap("Start training");
  await page.getByText("Tour, 2 of 4").waitFor();
  await page.getByText(/^Step [1-9]\d* of 2/).waitFor({ timeout: PATIENCE });
  await untilLearned(page);
  await fits("learned");

  await tap("Generate with it");
  await page.getByText("Tour, 3 of 4").waitFor();
  // No preview was drawn with it.
  expect(await page.getByLabel("Prompt", { exact: true }).inputValue()).toBe(PROMPT);
  await page.getByLabel("Seed", { exact: true }).fill("7");
  await page.getByText("More settings").tap();
  await page.getByLabel("Steps", { exact: true }).fill("1");
  const picture = await drawn(page);
  await fits("drawn");

  await page.getByRole("link", { name: "Gallery" }).first().tap();
  await page.getByRole("link", { name: PROMPT }).tap();
  await page.locator("img.stored-image").waitFor();
  await fits("picture");

  await page.getByRole("link", { name: "Adapters" }).first().tap();
  const adapter = await downloaded(page, () => tap("Export .safetensors"));
  expect(adapter.name).toBe("my-dog.safetensors");
  await tap("Share");
  await expect.poll(() => page.evaluate("sheet.shared.length")).toBe(1);
  expect(await page.evaluate("sheet.shared")).toEqual([
    { name: adapter.name, bytes: adapter.bytes.toString("base64"), byTouch: true },
  ]);
  await page.evaluate("sheet.refuses = true");
  // Android's takes no such files, which only the attempt tells.
  expect(await downloaded(page, () => tap("Share"))).toEqual(adapter);
  await tap("Remove");
  await tap("Yes, remove");
  await page.getByText("Nothing here yet").waitFor();
  await page
    .getByLabel("Choose files")
    .setInputFiles({ name: adapter.name, mimeType: "application/octet-stream", buffer: adapter.bytes });
  await page.locator(".adapter .word", { hasText: "<my-dog>" }).waitFor();
  await fits("imported");
  await goTo(page, "generate");
  expect(await drawn(page)).toBe(picture);
  await close();
  await studio.close();
});

/** As a phone's, which a headless browser hasn't: it needs a touch just before, and takes files or refuses them. */
const withShareSheet = (context: BrowserContext) =>
  context.addInitScript(() => {
    const sheet = { refuses: false, shared: [] as object[] };
    Object.assign(window, { sheet });
    navigator.canShare = ({ files }: ShareData = {}) => Boolean(files?.length);
    navigator.share = async ({ files = [] }: ShareData = {}) => {
      const byTouch = navigator.userActivation.isActive;
      if (sheet.refuses) throw new DOMException("no such files", "NotAllowedError");
      for (const file of files) {
        const bytes = new Uint8Array(await file.arrayBuffer());
        const letters = bytes.reduce((text, byte) => text + String.fromCharCode(byte), "");
        sheet.shared.push({ name: file.name, bytes: btoa(letters), byTouch });
      }
    };
  });
