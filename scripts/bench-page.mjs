/**
 * `node scripts/bench-page.mjs`: has the page measure this machine's GPU (`?bench`) in a headless Chromium, and keeps
 * the report that a visitor would copy.
 *
 *   --plan networks | quick | …           what the page offers to measure (`web/features/bench/plans.ts`)
 *   --software                            on the software GPU
 *   --json FILE                           the report, as `palpable bench` writes it; page.json if left out
 *
 * Needs the built page (`node scripts/build.mjs`).
 */
import fs from "node:fs";
import { parseArgs } from "node:util";
import { GPU_FLAGS, WEBGPU_FLAGS } from "./chromium-flags.mjs";
import { openHeadless } from "./headless.mjs";
import { main, Stop, say } from "./run.mjs";

const PATIENCE = 3_600_000;

await main(async () => {
  const { values } = parseArgs({
    options: {
      plan: { type: "string", default: "networks" },
      software: { type: "boolean", default: false },
      json: { type: "string", default: "page.json" },
    },
  });
  const { address, browser, close } = await openHeadless(values.software ? WEBGPU_FLAGS : GPU_FLAGS);
  try {
    const context = await browser.newContext({ serviceWorkers: "block" });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    await page.goto(`${address}?bench`);
    await page.getByLabel("What to measure").selectOption(values.plan);
    await page.locator("button:enabled", { hasText: "Start measuring" }).click();
    let said = "";
    while (!(await page.getByRole("status").filter({ hasText: "All is measured" }).first().isVisible())) {
      const now = await page
        .locator(".bench-table tbody tr")
        .last()
        .innerText({ timeout: 1000 })
        .catch(() => "");
      if (now !== said) say(now.replaceAll("\t", "  "));
      said = now;
      await page.waitForTimeout(1000);
    }
    await page.getByRole("button", { name: "Copy for a bug report" }).click();
    await page.getByText("Copied.").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const report = copied.split("```json")[1]?.split("```")[0];
    if (!report) throw new Stop("The page copied no report.");
    fs.writeFileSync(values.json, report.trim());
  } finally {
    await close();
  }
});
