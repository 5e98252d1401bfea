/** Whether a screen can be used by everybody, as far as axe can tell. */
import fs from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails with each rule that is broken and where. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  // Put in by the debugger, past the page's own policy against foreign scripts.
  await page.evaluate(AXE);
  const broken = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`,
    );
  });
  expect(broken, name).toEqual([]);
}
