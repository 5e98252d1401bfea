/** What the page asks of the browser itself: the clipboard, a promise to keep the storage, and how much may move. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectAccessible } from "./accessibility";
import {
  beforeTheWorker,
  openPage,
  openQuickPage,
  openQuickStudio,
  type Studio,
  withoutEngine,
} from "./studio";
import { drawInOneStep, screenshot, waitForModel } from "./studio-steps";
import { VISITOR } from "./visitor";

let studio: Studio;
beforeAll(async () => {
  studio = await openQuickStudio();
});
afterAll(() => studio.close());

const COPY = "Copy these facts";

test("what is known of the device is copied for a bug report, and nothing that it has no use for", async () => {
  const { page, close } = await openPage(studio, VISITOR, "about", (context) =>
    context.grantPermissions(["clipboard-read", "clipboard-write"]),
  );
  await waitForModel(page);
  await page.getByRole("button", { name: COPY }).click();
  await page.getByText("Copied.").waitFor();
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).split("\n");
  const facts = new Map(lines.map((line) => line.split(": ", 2) as [string, string]));
  // What the page shows, and what it knows besides.
  for (const name of await page.locator(".facts").first().locator("dt").allTextContents()) {
    expect(facts.get(name), name).toBeTruthy();
  }
  expect(lines.join("\n")).toContain(await page.evaluate(() => navigator.userAgent));
  expect(lines.join("\n")).not.toMatch(/my-dog|photo of/);
  await close();
});

test.each([
  [
    "forbids it",
    "navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))",
  ],
  ["has no clipboard, as on a page that isn't secure", "delete Navigator.prototype.clipboard"],
])("where the browser %s, the facts are shown to be copied by hand", async (_, script) => {
  const { page, close } = await openPage(studio, VISITOR, "about", async (context) => {
    await withoutEngine(context);
    await context.addInitScript(script);
  });
  await page.getByRole("button", { name: COPY }).click();
  const shown = page.getByLabel("The browser doesn't allow copying here");
  expect(await shown.inputValue()).toMatch(/^Problem: NoWebGpu: /);
  await shown.focus();
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(await shown.inputValue());
  await screenshot(page, "about-copied-by-hand");
  await expectAccessible(page, "about");
  await close();
});

/** As where the visitor blocks site data. */
const BLOCKED = `
  const refuse = async () => { throw new DOMException("blocked", "SecurityError"); };
  for (const [type, names] of [["LockManager", ["request", "query"]], ["CacheStorage", ["open", "keys", "match", "delete"]],
    ["StorageManager", ["getDirectory", "estimate", "persisted"]]]) {
    for (const name of names) self[type].prototype[name] = refuse;
  }
  IDBFactory.prototype.open = () => { throw new DOMException("blocked", "SecurityError"); };
  if ("document" in self) {
    Object.defineProperty(self, "localStorage", { get: () => { throw new DOMException("blocked", "SecurityError"); } });
  }`;

test("with all site data blocked, the studio draws all the same", async () => {
  const { page, close } = await openQuickPage(
    "generate",
    async (context) => {
      await context.addInitScript(BLOCKED);
      await beforeTheWorker(context, BLOCKED);
    },
    { knowsGpu: false },
  );
  await waitForModel(page);
  await drawInOneStep(page, "a photo of a dog");
  await close();
});

test("the storage is kept where the browser promises it, and a refusal is said", async () => {
  const { page, close } = await openPage(studio, VISITOR, "models", withoutEngine);
  const ask = page.getByRole("button", { name: "Ask the browser to keep it" });
  await ask.click();
  await page.getByRole("status").filter({ hasText: "The browser doesn't promise it yet" }).waitFor();
  const session = await page.context().newCDPSession(page);
  const { targetInfo } = await session.send("Target.getTargetInfo");
  await session.send("Browser.grantPermissions", {
    browserContextId: targetInfo.browserContextId ?? "",
    origin: new URL(studio.address).origin,
    permissions: ["durableStorage"],
  });
  await ask.click();
  await page.getByText("The browser keeps it until you delete it.").waitFor();
  expect(await ask.count()).toBe(0);
  expect(await page.evaluate(() => navigator.storage.persisted())).toBe(true);
  await close();
});

test("nothing moves by itself for those who ask for less motion", async () => {
  const moving = (page: Page) =>
    page.evaluate(() => {
      // A wait without an end in sight, the only thing that moves by itself.
      document.querySelector("main")?.append(document.createElement("progress"));
      return document.getAnimations().length;
    });
  for (const [reducedMotion, some] of [
    ["no-preference", true],
    ["reduce", false],
  ] as const) {
    const { page, close } = await openPage(studio, { ...VISITOR, reducedMotion }, "help", withoutEngine);
    await page.locator("main h1").waitFor();
    expect((await moving(page)) > 0, reducedMotion).toBe(some);
    await close();
  }
});
