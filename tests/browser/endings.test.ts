/**
 * A training that is ended before its time: kept as it is, or thrown away. Meanwhile the page answers at once, and a
 * storage without room for the training's state or its photos is said.
 */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openQuickPage, PATIENCE } from "./studio";
import { goTo, setUpLeastTraining, untilLearned, waitForModel } from "./studio-steps";

describe("ending a training early", () => {
  let page: Page;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ page, close } = await openQuickPage("personalize", watchWhileAway));
    await waitForModel(page);
    await setUpLeastTraining(page, 200);
  });

  afterAll(() => close());

  async function startAndMakeAStep(): Promise<void> {
    await page.getByRole("button", { name: "Start training" }).click();
    await page.getByText(/^Step [1-9]\d* of 200/).waitFor({ timeout: PATIENCE });
  }

  const adapters = async () => {
    await goTo(page, "adapters");
    return page.locator(".adapter .word").allTextContents();
  };

  test("cancelled while pictures of the class are drawn: the rest of them is not", async () => {
    const pictures = page.getByLabel("Pictures of the ordinary thing");
    await pictures.fill("200");
    await page.getByRole("button", { name: "Start training" }).click();
    await page.getByText("Encoding the photos: 1 of 201").waitFor({ timeout: PATIENCE });
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Yes, drop it" }).click();
    // All of them would take minutes, here and on any other processor.
    await page.getByRole("button", { name: "Start training" }).waitFor({ timeout: 60_000 });
    await page.getByText("Advanced settings").click();
    await pictures.fill("0");
    expect(await adapters()).toEqual([]);
    await goTo(page, "personalize");
  });

  test("cancelled: back to the settings, nothing kept", async () => {
    await startAndMakeAStep();
    expect(await page.title()).toMatch(/^\d+% · Palpable$/);
    await expect.poll(() => whileAway(page), { timeout: PATIENCE }).toMatchObject({ screenLocks: 1 });
    await page.getByRole("button", { name: "Notify me when it is done" }).click();
    // On a busy machine the page's thread is held up now and then; what is slow by itself is slow each time.
    let slow = await slowHandlers(page);
    for (let again = 0; slow.length > 0 && again < 2; again++) slow = await slowHandlers(page);
    expect(slow).toEqual([]);
    // A question takes its place at once, and is not answered by the second click.
    await page.getByRole("button", { name: "Cancel" }).dblclick();
    await page.getByRole("button", { name: "Yes, drop it" }).click();
    await page.getByRole("button", { name: "Start training" }).waitFor({ timeout: PATIENCE });
    expect(await page.title()).toBe("Palpable");
    expect(await whileAway(page)).toMatchObject({ screenLocks: 0 });
    expect(await adapters()).toEqual([]);
  });

  test("stopped and kept: the state so far is an adapter", async () => {
    await goTo(page, "personalize");
    await page.getByLabel("Keep the photos with the adapter").check();
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
    await startAndMakeAStep();
    await page.getByText("The photos could not be kept with it").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("This browser's storage is full, so the state").waitFor({ timeout: PATIENCE });
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    await look(page, "away");
    await page.getByRole("button", { name: "Stop and keep" }).click();
    await untilLearned(page);
    await look(page, "back");
    expect(await whileAway(page)).toEqual({
      screenLocks: 0,
      told: ["Training finished. <my-dog> can now be used in prompts."],
    });
    expect(await adapters()).toEqual(["<my-dog>"]);
  });

  test("cancelled while its photos are being kept, before the engine knows of it", async () => {
    await goTo(page, "personalize");
    await page.getByRole("button", { name: "Train another" }).click();
    expect(await page.getByLabel("Keep the photos with the adapter").isChecked()).toBe(true);
    await keepPhotosSlowly(page);
    await page.getByRole("button", { name: "Start training" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Yes, drop it" }).click();
    // Its 200 steps would take longer.
    await page.getByRole("button", { name: "Start training" }).waitFor({ timeout: 20_000 });
    expect(await adapters()).toEqual(["<my-dog>"]);
  });
});

/** A headless browser shows no notification and holds no screen on: what the page asks for is counted instead. */
const watchWhileAway = (context: BrowserContext) =>
  context.addInitScript(() => {
    const seen = { screenLocks: 0, told: [] as string[] };
    Object.assign(window, {
      seen,
      Notification: class {
        static permission = "default";
        static async requestPermission(): Promise<string> {
          return "granted";
        }
        constructor(_title: string, { body }: { body: string }) {
          seen.told.push(body);
        }
      },
    });
    Object.defineProperty(Navigator.prototype, "wakeLock", {
      value: {
        request: async () => {
          seen.screenLocks++;
          return { release: () => seen.screenLocks-- };
        },
      },
    });
  });

const keepPhotosSlowly = (page: Page) =>
  page.evaluate(() => {
    const { convertToBlob } = OffscreenCanvas.prototype;
    OffscreenCanvas.prototype.convertToBlob = async function (options) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return convertToBlob.call(this, options);
    };
  });

const whileAway = (page: Page) =>
  page.evaluate(() => (window as unknown as { seen: { screenLocks: number; told: string[] } }).seen);

/** As when another tab is in front of this one. */
const look = (page: Page, where: "away" | "back") =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  }, where === "away");

/** Milliseconds that the page may be busy with one key or press. */
const MAX_HANDLER = 50;

/** Notes from now on how long the page's own code takes for each input. */
async function watchHandlers(page: Page): Promise<void> {
  expect(await page.evaluate(() => PerformanceObserver.supportedEntryTypes)).toContain("event");
  await page.evaluate(() => {
    const handled: { name: string; duration: number }[] = [];
    Object.assign(window, { handled });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceEventTiming[]) {
        handled.push({ name: entry.name, duration: entry.processingEnd - entry.processingStart });
      }
    }).observe({ type: "event", durationThreshold: 16 } as PerformanceObserverInit);
  });
}

/** What took too long to handle while the page was used all over. */
async function slowHandlers(page: Page) {
  await watchHandlers(page);
  await goTo(page, "generate");
  await page.getByLabel("Prompt", { exact: true }).pressSequentially("a photo of a dog");
  await page.getByText("More settings").click();
  await page.keyboard.press("Escape");
  for (const screen of ["Gallery", "Adapters", "Personalize"]) {
    await page.getByRole("link", { name: screen }).first().click();
    await page.locator("main h1").waitFor();
  }
  const handled = await page.evaluate(
    () => (window as unknown as { handled: { name: string; duration: number }[] }).handled,
  );
  return handled.filter(({ duration }) => duration > MAX_HANDLER);
}
