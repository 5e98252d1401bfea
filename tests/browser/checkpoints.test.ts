/** A tab killed in the middle of a training: the next visit goes on from the saved state, to the same adapter. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  downloaded,
  goTo,
  openPage,
  openQuickStudio,
  PATIENCE,
  type Studio,
  screenshot,
  setUpLeastTraining,
  untilLearnt,
  waitForModel,
} from "./studio";
import { VISITOR } from "./visitor";

const STEPS = 2;
const KEPT = 1;

let studio: Studio;

beforeAll(async () => {
  studio = await openQuickStudio();
});

afterAll(() => studio.close());

test("killed and continued, a training ends in the adapter of one that was left alone, bit for bit", async () => {
  const { page, close } = await openPage(studio, VISITOR);
  await setUp(page);
  await page.getByRole("button", { name: "Start training" }).click();
  const whole = await trainedFile(page);
  await goTo(page, "adapters");
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Yes, remove" }).click();
  await page.getByText("Nothing here yet").waitFor();

  // The same again, and the tab is gone with its worker as soon as a state is kept.
  await goTo(page, "personalize");
  await page.getByRole("button", { name: "Back to the settings" }).click();
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText(`Kept in this browser up to step ${KEPT}`).waitFor({ timeout: PATIENCE });
  const context = page.context();
  await page.close({ runBeforeUnload: false });

  const next = await context.newPage();
  await next.goto(`${studio.address}#/personalize`);
  const offer = next.getByRole("heading", {
    name: `Continue the training of <my-dog> (step ${KEPT} of ${STEPS})`,
  });
  await offer.waitFor();
  await screenshot(next, "unfinished-training");
  await waitForModel(next);
  await next.getByRole("button", { name: "Continue", exact: true }).click();
  const continued = await trainedFile(next);
  expect(continued.equals(whole)).toBe(true);
  const log = await downloaded(next, () => next.getByRole("button", { name: "Save the log" }).click());
  expect(log.bytes.toString().trim().split("\n")).toHaveLength(STEPS);

  // Nothing of the run is left, and the adapter is there at the next visit.
  await next.reload();
  await waitForModel(next);
  await next.getByText("5 photos").waitFor();
  expect(await offer.count()).toBe(0);
  await goTo(next, "adapters");
  await next.locator(".adapter .word", { hasText: "<my-dog>" }).waitFor();
  await close();
});

/** A state after each step. */
async function setUp(page: Page): Promise<void> {
  await waitForModel(page);
  await setUpLeastTraining(page, STEPS);
  await page.getByLabel("Steps between saved states").fill(String(KEPT));
}

async function trainedFile(page: Page): Promise<Buffer> {
  await untilLearnt(page);
  return (await downloaded(page, () => page.getByRole("button", { name: "Export" }).click())).bytes;
}
