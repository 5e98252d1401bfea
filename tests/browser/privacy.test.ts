/**
 * What the page keeps, and that all of it and nothing else goes when the visitor says so. Requests are watched by the
 * journey.
 */
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, openStudio, type Studio, withoutEngine } from "./studio";
import { goTo } from "./studio-steps";
import { VISITOR } from "./visitor";

let studio: Studio;

beforeAll(async () => {
  studio = await openStudio([]);
});

afterAll(() => studio.close());

test("“Delete everything” leaves nothing of the studio in any storage of the browser, and its neighbours alone", async () => {
  const options = { ...VISITOR, serviceWorkers: "allow" } as const;
  const { page, close } = await openPage(studio, options, "gallery", withoutEngine);
  await page.getByText("Nothing here yet").waitFor();
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
  await fillStorage(page);
  await goTo(page, "models");
  await page.getByRole("region", { name: "On this device's disk" }).getByText("my-model").waitFor();
  const before = await stored(page);
  expect(
    Object.values(before).every((names) => names.length > 0),
    JSON.stringify(before),
  ).toBe(true);
  await fillNeighboursStorage(page);
  const withNeighbours = await stored(page);

  await goTo(page, "about");
  const all = page.getByRole("button", { name: "Delete everything kept here" });
  await all.press("Enter");
  // By keys: the question takes the focus and gives it back.
  await hasFocus(page.getByRole("group", { name: "Delete all pictures, adapters" }));
  await page.getByRole("button", { name: "Keep it" }).press("Enter");
  await hasFocus(all);
  expect(await stored(page)).toEqual(withNeighbours);
  await all.click();
  await page.getByRole("button", { name: "Yes, delete everything" }).click();
  await page.getByRole("heading", { name: "Everything is deleted" }).waitFor();
  const neighbours = {
    files: [NEIGHBOUR],
    databases: [NEIGHBOUR],
    caches: [NEIGHBOUR],
    choices: [NEIGHBOUR],
  };
  expect(await stored(page)).toEqual({ ...neighbours, workers: [] });
  await close();
});

const hasFocus = (place: Locator) =>
  expect.poll(() => place.evaluate((element) => element === document.activeElement)).toBe(true);

/** What a site in another folder of the same host keeps. */
const NEIGHBOUR = "neighbour";

function fillNeighboursStorage(page: Page): Promise<void> {
  return page.evaluate(async (name) => {
    await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
    localStorage.setItem(name, "kept");
    await caches.open(name);
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onerror = reject;
      opening.onsuccess = () => resolve(opening.result.close());
    });
  }, NEIGHBOUR);
}

/** As an unfinished training, a choice and a model on the disk would; all else is the page's own. */
function fillStorage(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle("unfinished-trainings", { create: true });
    await folder.getDirectoryHandle("a-run", { create: true });
    localStorage.setItem("palpable-keep-pictures", "yes");
    const handle = await folder.getDirectoryHandle("my-model", { create: true });
    const model = { id: "1", name: "my-model", handle, bytes: 1, files: "", usedAt: 1 };
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open("palpable-disk-models", 1);
      opening.onerror = reject;
      opening.onupgradeneeded = () => opening.result.createObjectStore("models").put(model, "1");
      opening.onsuccess = () => resolve(opening.result.close());
    });
  });
}

/** Read past the page's own code. */
function stored(page: Page) {
  return page.evaluate(async () => {
    const files: string[] = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) files.push(name);
    return {
      files,
      databases: (await indexedDB.databases()).map(({ name }) => name),
      caches: await caches.keys(),
      choices: [localStorage, sessionStorage].flatMap((choices) => Object.keys(choices)),
      workers: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope),
    };
  });
}
