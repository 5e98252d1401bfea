import "fake-indexeddb/auto";
import { openDB } from "idb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UNDO_SECONDS, undo, undoable } from "../../web/app/undo";
import { deletePictures } from "../../web/features/gallery/deletion";
import * as gallery from "../../web/features/gallery/gallery";
import { readSettings } from "../../web/features/gallery/picture-file";
import type { PictureSettings } from "../../web/features/gallery/picture-settings";
import * as store from "../../web/features/gallery/store";
import { chunksOf, png } from "./png";

const STORES = ["entries", "pictures", "thumbnails", "starts"];
const picture = { width: 1, height: 1, rgba: new Uint8Array(4) };

const settingsFor = (prompt: string, change: Partial<PictureSettings> = {}): PictureSettings => ({
  prompt,
  negativePrompt: "",
  seed: 7,
  steps: 3,
  guidanceScale: 5,
  sampler: "ddim",
  width: 1,
  height: 1,
  model: "demo",
  adapters: [],
  ...change,
});

/** Every key in the browser's database, looked at past the page's own code. */
async function storedKeys(): Promise<IDBValidKey[]> {
  const database = await openDB("palpable-gallery");
  const keys = await Promise.all(STORES.map((name) => database.getAllKeys(name)));
  database.close();
  return keys.flat();
}

const prompts = () => gallery.found.value.map(({ settings }) => settings.prompt);

beforeEach(async () => {
  // What the page draws with; the pixels don't matter here.
  vi.stubGlobal("ImageData", class {});
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      getContext = () => undefined;
      convertToBlob = async () => png();
    },
  );
  await gallery.load();
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  gallery.setKeepNew(true);
  gallery.query.value = "";
  gallery.favouritesOnly.value = false;
  await gallery.load();
  await store.remove([...(gallery.entries.value ?? []).map(({ id }) => id), ...gallery.damaged.value]);
});

async function keepAll(...names: string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    vi.spyOn(Date, "now").mockReturnValue(1_000_000 + index);
    await gallery.keep(picture, settingsFor(name));
  }
}

describe("keeping", () => {
  test("a picture is there after a reload, with its settings beside it and inside it", async () => {
    const settings = settingsFor("a dog", { adapters: [{ name: "my-dog", strength: 0.8 }] });
    await gallery.keep(picture, settings);
    gallery.entries.value = undefined;
    await gallery.load();
    const [entry] = gallery.found.value;
    expect(entry).toMatchObject({ settings, favourite: false });
    const file = await store.readPicture(entry?.id ?? "");
    expect(file?.size).toBe(entry?.bytes);
    expect(await readSettings(file ?? new Blob(), "x.png")).toEqual(settings);
    expect(await store.readThumbnail(entry?.id ?? "")).toBeInstanceOf(Blob);
  });

  test("the newest comes first, as kept and as loaded", async () => {
    await keepAll("one", "two", "three");
    expect(prompts()).toEqual(["three", "two", "one"]);
    await gallery.load();
    expect(prompts()).toEqual(["three", "two", "one"]);
  });

  test("one that the list has read already shows once", async () => {
    await keepAll("a dog", "a cat");
    gallery.show(gallery.found.value.slice(0, 1));
    expect(prompts()).toEqual(["a cat", "a dog"]);
  });

  test("nothing but pixels and settings is in the file", async () => {
    await keepAll("a dog");
    const file = await store.readPicture(gallery.found.value[0]?.id ?? "");
    const types = (await chunksOf(file ?? new Blob())).map(({ type }) => type);
    expect(types).toEqual(["IHDR", "tEXt", "iTXt", "IDAT", "IEND"]);
  });

  test("switched off: nothing reaches the storage", async () => {
    gallery.setKeepNew(false);
    await keepAll("a secret");
    expect(await storedKeys()).toEqual([]);
    expect(gallery.keepFault.value).toBeUndefined();
  });

  test("a favourite stays one", async () => {
    await keepAll("a dog", "a cat");
    const dog = gallery.found.value[1];
    if (dog) await gallery.toggleFavourite(dog);
    await gallery.load();
    gallery.favouritesOnly.value = true;
    expect(prompts()).toEqual(["a dog"]);
  });
});

describe("settings that are not read back", () => {
  test.each([
    ["a prompt", settingsFor("a".repeat(20_001))],
    ["a name", settingsFor("a dog", { adapters: [{ name: "a".repeat(201), strength: 1 }] })],
  ])("%s too long: a sentence, and nothing is written", async (_, settings) => {
    expect(await gallery.keep(picture, settings)).toBeUndefined();
    expect(gallery.keepFault.value?.message).toContain("too long or too many for the Gallery");
    expect(await storedKeys()).toEqual([]);
  });
});

describe("storage that refuses", () => {
  const refuseThirdWrite = (error: DOMException) => {
    const { put } = IDBObjectStore.prototype;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...given) {
      if (this.name === "thumbnails") throw error;
      return put.apply(this, given);
    });
  };

  test("a full one: a clear sentence, and no half of a picture is left behind", async () => {
    refuseThirdWrite(new DOMException("full", "QuotaExceededError"));
    await keepAll("a dog");
    expect(gallery.keepFault.value).toEqual({
      kind: "Storage",
      message: expect.stringContaining("no room left"),
    });
    expect(await storedKeys()).toEqual([]);
    expect(prompts()).toEqual([]);
    vi.restoreAllMocks();
    await keepAll("a cat");
    expect(gallery.keepFault.value).toBeUndefined();
    expect(prompts()).toEqual(["a cat"]);
  });

  test("a broken one", async () => {
    refuseThirdWrite(new DOMException("broken", "UnknownError"));
    await keepAll("a dog");
    expect(gallery.keepFault.value?.message).toContain("storage didn't answer");
  });

  test("one that is closed to the page: a sentence, and another try the next time", async () => {
    vi.resetModules();
    const fresh: typeof gallery = await import("../../web/features/gallery/gallery");
    const closed = vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("closed", "SecurityError");
    });
    await fresh.keep(picture, settingsFor("a dog"));
    expect(fresh.keepFault.value).toEqual({
      kind: "Storage",
      message: expect.stringContaining("doesn't let the page keep pictures"),
    });
    await fresh.load();
    expect(fresh.fault.value?.kind).toBe("Storage");
    closed.mockRestore();
    await fresh.load();
    expect([fresh.fault.value, fresh.entries.value]).toEqual([undefined, []]);
  });

  test("a browser without memory for another canvas", async () => {
    vi.stubGlobal(
      "OffscreenCanvas",
      class {
        constructor() {
          throw new RangeError("out of memory");
        }
      },
    );
    await gallery.keep(picture, settingsFor("a dog"));
    expect(gallery.keepFault.value).toEqual({ kind: "Storage", message: expect.stringContaining("memory") });
  });

  test("what is put back and refused can be tried again", async () => {
    await keepAll("a dog");
    await deletePictures(gallery.found.value);
    refuseThirdWrite(new DOMException("full", "QuotaExceededError"));
    await undo();
    expect(gallery.fault.value?.message).toContain("could not be put back");
    expect(prompts()).toEqual([]);
    vi.restoreAllMocks();
    await undo();
    expect(prompts()).toEqual(["a dog"]);
  });
});

describe("damaged entries", () => {
  test("are left out, counted, and can be deleted; the others stay", async () => {
    await keepAll("whole", "without a picture");
    const [lacking, whole] = gallery.found.value;
    // Longer than today's fields take: an earlier version kept it.
    const long = settingsFor("a".repeat(30_000));
    const database = await openDB("palpable-gallery");
    await database.delete("pictures", lacking?.id ?? "");
    await database.put("entries", "nonsense", "a");
    await database.put("entries", { id: "b", savedAt: 1, bytes: 1, favourite: true, settings: {} }, "b");
    await database.put("entries", { ...lacking, id: "another's" }, "c");
    await database.put("pictures", png(), "an orphan");
    await database.put("entries", { ...whole, settings: long }, whole?.id);
    database.close();

    await gallery.load();
    expect(prompts()).toEqual([long.prompt]);
    expect(new Set(gallery.damaged.value)).toEqual(new Set(["a", "an orphan", "b", "c", lacking?.id]));

    await gallery.dropDamaged();
    expect(gallery.damaged.value).toEqual([]);
    expect(new Set(await storedKeys())).toEqual(new Set([gallery.found.value[0]?.id]));
  });
});

describe("deleting", () => {
  test("takes every trace from the storage at once", async () => {
    await keepAll("one", "two", "three");
    expect(await storedKeys()).toHaveLength(9);
    await deletePictures(gallery.found.value.slice(0, 2));
    expect(prompts()).toEqual(["one"]);
    const left = gallery.found.value[0]?.id;
    expect(await storedKeys()).toEqual([left, left, left]);
  });

  test("undone within some seconds: everything is back in its place", async () => {
    await keepAll("one", "two", "three");
    const before = gallery.found.value;
    await deletePictures(before.slice(1, 2));
    await undo();
    expect(gallery.found.value).toEqual(before);
    expect(await storedKeys()).toHaveLength(9);
    expect(undoable.value).toBeUndefined();
  });

  test("after these seconds the page has forgotten it too", async () => {
    await keepAll("one");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await deletePictures(gallery.found.value);
    vi.advanceTimersByTime(UNDO_SECONDS * 1000 - 1);
    expect(undoable.value).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(undoable.value).toBeUndefined();
    await undo();
    expect(await storedKeys()).toEqual([]);
  });
});

test("looked at again, the tab shows what another one kept, and still the fault that it showed", async () => {
  const document = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal("document", document);
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.resetModules();
  const looked: typeof gallery = await import("../../web/features/gallery/gallery");
  await looked.load();
  await keepAll("one");
  await looked.attempt(() => Promise.reject(new Error("full")));
  const shown = looked.fault.value;
  document.dispatchEvent(new Event("visibilitychange"));
  await expect.poll(() => looked.found.value.length).toBe(1);
  expect(looked.fault.value).toBe(shown);
  expect(shown).toBeDefined();
});

describe("finding and selecting", () => {
  test("every word must be in prompts or adapter names, in any case and form", async () => {
    await gallery.keep(picture, settingsFor("A Dog in the snow", { negativePrompt: "rain" }));
    await gallery.keep(picture, settingsFor("a cafe\u0301", { adapters: [{ name: "my-mug", strength: 1 }] }));
    const found = (query: string) => {
      gallery.query.value = query;
      return gallery.found.value.length;
    };
    expect(found(" ")).toBe(2);
    expect(found("snow dog")).toBe(1);
    expect(found("RAIN")).toBe(1);
    expect(found("my-mug")).toBe(1);
    expect(found("CAFÉ")).toBe(1);
    expect(found("dog café")).toBe(0);
    expect(found(".*")).toBe(0);
  });

  test("what a search hides is not selected, so it can't be deleted unseen", async () => {
    await keepAll("a dog", "a cat");
    gallery.select(
      gallery.found.value.map(({ id }) => id),
      true,
    );
    gallery.query.value = "cat";
    expect(gallery.selected.value.map(({ settings }) => settings.prompt)).toEqual(["a cat"]);
    gallery.clearSelection();
    gallery.query.value = "";
    expect(gallery.selected.value).toEqual([]);
  });
});
