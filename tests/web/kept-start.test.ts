/** Start picture and mask, which the Gallery keeps with what was drawn on them. */
import "fake-indexeddb/auto";
import { openDB } from "idb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { undo } from "../../web/app/undo";
import type { SourcePicture } from "../../web/engine/contract/generation";
import { deletePictures } from "../../web/features/gallery/deletion";
import * as gallery from "../../web/features/gallery/gallery";
import type { PictureSettings } from "../../web/features/gallery/picture-settings";
import * as store from "../../web/features/gallery/store";
import { filledIn, fillIn } from "../../web/features/generate/restore";
import * as starting from "../../web/features/generate/start-picture";
import { model } from "../../web/features/models/model";
import { DEMO_REPORT } from "./demo-report";
import { stubCanvas } from "./fake-canvas";
import { png } from "./png";

const SIDE = 128;
const pixels = (seed: number) =>
  Uint8Array.from({ length: 4 * SIDE * SIDE }, (_, at) => (at % 4 === 3 ? 255 : (at * seed) % 251));
const picture = { width: SIDE, height: SIDE, rgba: pixels(7) };
const photo: SourcePicture = { width: SIDE, height: SIDE, rgba: pixels(11) };
/** With soft edges: every opacity there is. */
const masked: SourcePicture = {
  ...photo,
  mask: Uint8Array.from({ length: SIDE * SIDE }, (_, at) => at % 256),
};

const settings: PictureSettings = {
  prompt: "a hat",
  negativePrompt: "",
  seed: 7,
  steps: 3,
  guidanceScale: 5,
  sampler: "ddim",
  width: SIDE,
  height: SIDE,
  model: "demo",
  adapters: [],
  start: { strength: 0.45, maskBlur: 9 },
};

/** What the database holds of starts, looked at past the page's own code. */
async function storedStarts(): Promise<IDBValidKey[]> {
  const database = await openDB("palpable-gallery");
  const keys = await database.getAllKeys("starts");
  database.close();
  return keys;
}

async function put(value: unknown, key: string): Promise<void> {
  const database = await openDB("palpable-gallery");
  await database.put("starts", value, key);
  database.close();
}

const newest = () => gallery.found.value[0]?.id ?? "";

/** Fills in, and waits for what is said of the start. */
async function use(id: string): Promise<string[]> {
  fillIn(settings, { entry: id });
  await vi.waitFor(() => expect(filledIn.value?.notes).not.toEqual([]));
  return filledIn.value?.notes ?? [];
}

beforeEach(async () => {
  stubCanvas();
  model.value = { state: "ready", report: DEMO_REPORT };
  starting.maskBlur.value = 4;
  starting.fit.value = "stretch";
  await gallery.load();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await gallery.load();
  await store.remove([...(gallery.entries.value ?? []).map(({ id }) => id), ...gallery.damaged.value]);
  vi.unstubAllGlobals();
});

describe("the settings of a picture that was drawn on a part of another", () => {
  test("bring back what goes to the engine, to the bit", async () => {
    await gallery.keep(picture, settings, masked);
    expect(await use(newest())).toEqual(["It starts from the same picture."]);
    expect(starting.sourcePicture()).toEqual(masked);
    expect([starting.strength.value, starting.maskBlur.value]).toEqual([0.45, 9]);
  });

  test("or on the whole of it", async () => {
    await gallery.keep(picture, settings, photo);
    fillIn({ ...settings, start: { strength: 0.45, galleryId: "gone" } }, { entry: newest() });
    await vi.waitFor(() => expect(filledIn.value?.notes).toEqual(["It starts from the same picture."]));
    expect(starting.sourcePicture()).toEqual(photo);
    expect(starting.start.value?.galleryId).toBe("gone");
  });

  test("say that it is missing where an earlier version of the page kept none", async () => {
    await gallery.keep(picture, settings);
    expect(await use(newest())).toEqual([
      expect.stringContaining("isn't kept"),
      expect.stringContaining("paint it again"),
    ]);
    expect(starting.sourcePicture()).toBeUndefined();
  });

  test.each([
    ["no start at all", "nonsense"],
    ["a mask that is none", { picture: png(), mask: 1 }],
  ])("say so too where it is damaged: %s", async (_, value) => {
    await gallery.keep(picture, settings, masked);
    await put(value, newest());
    expect(await use(newest())).toHaveLength(2);
    expect(starting.sourcePicture()).toBeUndefined();
  });
});

describe("the start", () => {
  test("is in no file", async () => {
    await gallery.keep(picture, settings, masked);
    await gallery.keep(picture, settings);
    const [one, other] = await Promise.all(gallery.found.value.map(({ id }) => store.readPicture(id)));
    expect(one?.size).toBeGreaterThan(0);
    expect(await one?.bytes()).toEqual(await other?.bytes());
  });

  test("counts among what the picture takes", async () => {
    await gallery.keep(picture, settings, masked);
    const [file, start] = await Promise.all([store.readPicture(newest()), store.readStart(newest())]);
    const sizes = [file, start?.picture, start?.mask].map((part) => part?.size ?? Number.NaN);
    expect(gallery.found.value[0]?.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  test("is deleted with the picture, and back with it", async () => {
    await gallery.keep(picture, settings, masked);
    const id = newest();
    expect(await storedStarts()).toEqual([id]);
    await deletePictures(gallery.found.value);
    expect(await storedStarts()).toEqual([]);
    await undo();
    await use(id);
    expect(starting.sourcePicture()).toEqual(masked);
  });

  test("is not kept where pictures aren't", async () => {
    gallery.setKeepNew(false);
    await gallery.keep(picture, settings, masked);
    gallery.setKeepNew(true);
    expect(await storedStarts()).toEqual([]);
  });

  test("without its picture is damage, which can be deleted", async () => {
    await put({ picture: png() }, "an orphan");
    await gallery.load();
    expect(gallery.damaged.value).toEqual(["an orphan"]);
    await gallery.dropDamaged();
    expect(await storedStarts()).toEqual([]);
  });

  test("that finds no room takes its picture with it", async () => {
    const { put } = IDBObjectStore.prototype;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...given) {
      if (this.name === "starts") throw new DOMException("full", "QuotaExceededError");
      return put.apply(this, given);
    });
    await gallery.keep(picture, settings, masked);
    expect(gallery.keepFault.value?.message).toContain("no room left");
    await gallery.load();
    expect([gallery.found.value, gallery.damaged.value]).toEqual([[], []]);
  });
});

test("a gallery of the version before is read, and keeps starts from then on", async () => {
  vi.resetModules();
  await new Promise((resolve) => {
    const request = indexedDB.deleteDatabase("palpable-gallery");
    request.onsuccess = resolve;
  });
  const before = await openDB("palpable-gallery", 1, {
    upgrade(database) {
      for (const name of ["entries", "pictures", "thumbnails"]) database.createObjectStore(name);
    },
  });
  const entry = { id: "old", savedAt: 1, bytes: 1, favourite: true, settings };
  await before.put("entries", entry, "old");
  await before.put("pictures", png(), "old");
  await before.put("thumbnails", png(), "old");
  before.close();
  const fresh: typeof gallery = await import("../../web/features/gallery/gallery");
  await fresh.load();
  expect([fresh.entries.value, fresh.damaged.value]).toEqual([[entry], []]);
  const added = await fresh.keep(picture, settings, masked);
  expect(fresh.keepFault.value).toBeUndefined();
  expect(await storedStarts()).toEqual([added]);
});
