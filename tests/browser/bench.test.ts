/** The page's own bench: it measures on the visitor's GPU, can be cancelled, and its report can be pasted. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, openStudio, PATIENCE, type Studio } from "./studio";
import { screenshot, waitForModel } from "./studio-steps";
import { PHONE } from "./visitor";

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio.close());

test("?bench measures, is cancelled, and copies a report", async () => {
  const { page, close } = await openPage(studio, PHONE, "personalize", (context) =>
    context.grantPermissions(["clipboard-read", "clipboard-write"]),
  );
  await page.goto(`${studio.address}?bench`);
  await page.getByRole("heading", { name: "How fast is this device?" }).waitFor();
  await waitForModel(page);
  await page.getByRole("button", { name: "Start measuring" }).click();

  // The ceilings come first, then operation after operation, forward and backward.
  const rows = page.locator(".bench-table tbody tr");
  await rows.nth(1).waitFor({ timeout: PATIENCE });
  expect(await rows.nth(0).innerText()).toMatch(/^linear 256×320×320, forward, f32\s+[\d.]+/);
  expect(await rows.nth(1).innerText()).toContain("backward");
  await page.getByText(/At best this GPU does/).waitFor();
  expect(await page.locator("progress").getAttribute("max")).not.toBeNull();

  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("status").filter({ hasText: "Cancelled" }).first().waitFor({ timeout: PATIENCE });
  await screenshot(page, "bench-phone");
  // The table scrolls in its frame: the page itself doesn't become wider than the phone.
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);

  await page.getByRole("button", { name: "Copy for a bug report" }).click();
  await page.getByText("Copied.").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const report = JSON.parse(copied.split("```json")[1]?.split("```")[0] ?? "");
  expect(report.format).toBe("palpable-bench-1");
  expect(report.device.adapterName).not.toBe("");
  expect(report.rows.length).toBe(await rows.count());
  for (const row of report.rows) {
    expect(row.milliseconds).toBeGreaterThan(0);
    expect(row.flops).toBeGreaterThan(0);
  }

  // A link leaves the bench as it leaves any screen, and Back returns to what was measured.
  await page.getByRole("link", { name: "Generate" }).last().click();
  await page.getByRole("heading", { level: 1, name: "Generate" }).waitFor();
  await page.goBack();
  await rows.first().waitFor();
  await close();
});
