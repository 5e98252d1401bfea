/** The page kept by its service worker: without a network after the first visit, and new versions of it. */
import type { BrowserContextOptions, Page } from "playwright-core";
import type { Plugin } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SCREENS } from "../../web/app/screens";
import { openPage, openQuickStudio, openStudio, type Studio, withoutEngine } from "./studio";
import { drawInOneStep, goTo, installed, waitForModel } from "./studio-steps";
import { VISITOR } from "./visitor";

const KEPT: BrowserContextOptions = { ...VISITOR, serviceWorkers: "allow" };

let studio: Studio;

beforeAll(async () => {
  studio = await openStudio([]);
});

afterAll(() => studio.close());

test("once visited, every screen opens without a network", async () => {
  const { page, close } = await openPage(studio, KEPT, "personalize", withoutEngine);
  await installed(page);
  await page.context().setOffline(true);
  await page.reload();
  for (const screen of SCREENS) {
    await goTo(page, screen);
    expect(await page.getByText("could not be fetched").count(), screen).toBe(0);
  }
  // A sample never looked at before.
  await goTo(page, "personalize");
  await page.getByRole("button", { name: "Sample: mug" }).click();
  await page.getByText("5 photos").waitFor();
  // Another entry into the same page, and the engine's file.
  await page.goto(`${studio.address}?bench`);
  await page.getByRole("heading", { name: "How fast is this device?" }).waitFor();
  expect(await engineBytes(page)).toBeGreaterThan(0);
  await close();
});

test("in a folder of a host it works the same, and without a network", async () => {
  const quick = await openQuickStudio(true, [onlyBelow("/palpable/")]);
  const below = { ...quick, address: `${quick.address}palpable/` };
  const { page, close } = await openPage(below, KEPT);
  await waitForModel(page);
  const draw = async () => {
    await goTo(page, "generate");
    await page.getByLabel("Seed", { exact: true }).fill("7");
    return drawInOneStep(page, "a photo of a dog");
  };
  const before = await draw();
  await goTo(page, "about");
  await page.getByRole("link", { name: "under which licences" }).click();
  await page.getByText("burn").first().waitFor();
  await installed(page);
  await page.context().setOffline(true);
  await page.goto(`${below.address}#/generate`);
  await page.reload();
  await waitForModel(page);
  expect(await draw()).toBe(before);
  await close();
  await quick.close();
});

/** A host that has this site in one of its folders, and nothing else. */
const onlyBelow = (folder: string): Plugin => ({
  name: "only-below",
  configurePreviewServer(server) {
    server.middlewares.use((request, response, next) => {
      const { url = "" } = request;
      if (url.startsWith(folder)) {
        request.url = url.slice(folder.length - 1);
        return next();
      }
      response.statusCode = 404;
      response.end();
    });
  },
});

test("it can be installed as an app", async () => {
  const { page, close } = await openPage(studio, KEPT, "personalize", withoutEngine);
  await installed(page);
  const session = await page.context().newCDPSession(page);
  const { errors, data } = await session.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  expect(JSON.parse(data ?? "")).toMatchObject({ name: expect.stringMatching(/^Palpable/), start_url: "." });
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // A private window, as each test's is, installs nothing whatever the page.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
  await close();
});

test("a new version is announced, waits for work in any tab, and is taken when asked for", async () => {
  const { page, close } = await openPage(studio, KEPT, "about", withoutEngine);
  await installed(page);
  await page.reload();
  studio.replace("/service-worker.js", (script) => `${script}\n// Another version.`);
  await page.evaluate(async () => void (await navigator.serviceWorker.ready).update());
  await page.getByText("A new version is ready").waitFor();

  await page.evaluate(() => {
    navigator.locks.request("palpable-working", { mode: "shared" }, () => {
      return new Promise<void>((done) => addEventListener("work-done", () => done(), { once: true }));
    });
  });
  await page.getByRole("button", { name: "Reload", exact: true }).click();
  await page.getByText("a tab of Palpable is in the middle of work").waitFor();

  await page.evaluate(() => dispatchEvent(new Event("work-done")));
  const reloaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Reload", exact: true }).click();
  await reloaded;
  await page.getByRole("heading", { name: "This device" }).waitFor();
  const waiting = () => page.evaluate(async () => !!(await navigator.serviceWorker.ready).waiting);
  expect(await waiting()).toBe(false);
  expect(await page.getByText("A new version is ready").count()).toBe(0);
  await close();
});

/** Of the engine's file as the page gets it. */
function engineBytes(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const kept = (
      await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()))
    )
      .flat()
      .map(({ url }) => url);
    const address = kept.find((url) => url.endsWith(".wasm"));
    return address ? (await (await fetch(address)).arrayBuffer()).byteLength : 0;
  });
}
