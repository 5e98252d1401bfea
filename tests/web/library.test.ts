import { deleteDB, openDB } from "idb";
import { describe, expect, test, vi } from "vitest";
import type { AdapterReport } from "../../web/engine/contract/adapters";
import {
  adapters,
  elsewhere,
  emptyAfterEach,
  fakeEngine,
  freshEngine,
  inEngine,
  library,
  names,
  putPhotos,
  readPhotos,
  reload,
  settings,
  trained,
} from "./adapter-library";

const { dropPhotos } = await import("../../web/features/personalize/keep-photos");

emptyAfterEach();

describe("adapters after a reload", () => {
  test("are there with their files, in their order, with what was set", async () => {
    const first = await trained("my-dog");
    await trained("my-mug");
    adapters.update(first.key, { strength: 0.7, active: false, saved: true });
    expect(adapters.hasUnsaved.value).toBe(false);
    await vi.waitFor(async () => {
      await reload();
      expect(library.value[0]).toMatchObject({ strength: 0.7, active: false, saved: true });
    });
    expect(names()).toEqual(["my-dog.safetensors", "my-mug.safetensors"]);
    expect(library.value[0]?.bytes).toEqual(Uint8Array.of(1, 2, 3));
    // Twice changes nothing but the engine's numbers.
    await adapters.bringAll();
    expect(names()).toEqual(["my-dog.safetensors", "my-mug.safetensors"]);
  });

  test("that were removed stay away", async () => {
    await adapters.remove(await trained("my-dog"));
    await reload();
    expect(names()).toEqual([]);
  });

  test("that another tab has removed are let go of, and photos that it has deleted", async () => {
    const [dog, mug, cup] = [await trained("my-dog"), await trained("my-mug"), await trained("my-cup")];
    // It found no room.
    library.value = library.value.with(-1, { ...cup, kept: false });
    await adapters.setPhotos(mug.key, [Uint8Array.of(1)]);
    for (const { key } of [dog, cup]) await elsewhere.remove(key);
    await elsewhere.setFacts(mug.key, { ...mug, photos: 0 });
    await adapters.followOtherTabs();
    expect(library.value.map(({ key, photos }) => [key, photos])).toEqual(
      [mug, cup].map(({ key }) => [key, 0]),
    );
    await elsewhere.remove(mug.key);
    // With another model.
    await adapters.bringAll();
    expect([...fakeEngine.adapters.values()]).toEqual(["my-cup.safetensors"]);
  });

  test("that another model takes are back with it, in the same visit", async () => {
    await trained("my-dog");
    await trained("my-mug");
    fakeEngine.refused = "my-dog.safetensors";
    await reload();
    fakeEngine.refused = "";
    await adapters.bringAll();
    expect(names()).toEqual(["my-mug.safetensors", "my-dog.safetensors"]);
    expect(inEngine()).toEqual(names());
    expect(adapters.unusable.value).toEqual([]);
  });

  test("that the next model doesn't take are set aside, and the others stay as they are", async () => {
    await trained("my-dog");
    await trained("my-mug");
    fakeEngine.refused = "my-dog.safetensors";
    await adapters.bringAll();
    expect([names(), inEngine()]).toEqual([["my-mug.safetensors"], ["my-mug.safetensors"]]);
    expect(adapters.unusable.value).toMatchObject([{ fileName: "my-dog.safetensors" }]);
    expect([...fakeEngine.adapters.values()]).toEqual(["my-mug.safetensors"]);
  });

  test("are never taken for others of a fresh engine, which numbers them anew", async () => {
    await trained("my-dog");
    const mug = await trained("my-mug");
    await trained("my-cat");
    freshEngine();
    fakeEngine.adapters.set(fakeEngine.next++, "another");
    await adapters.remove(mug);
    expect([...fakeEngine.adapters.values()]).toEqual(["another"]);
    await Promise.all([adapters.bringAll(), adapters.bringAll()]);
    expect(names()).toEqual(["my-dog.safetensors", "my-cat.safetensors"]);
    expect(inEngine()).toEqual(names());
    expect(fakeEngine.adapters.size).toBe(3);
  });

  test("that lie nowhere else and are refused by a fresh engine are not lost", async () => {
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    await trained("my-dog");
    fakeEngine.refused = "my-dog.safetensors";
    await adapters.bringAll();
    expect([names(), adapters.hasUnsaved.value]).toEqual([[], true]);
    fakeEngine.refused = "";
    await adapters.bringAll();
    expect(names()).toEqual(["my-dog.safetensors"]);
    expect(library.value[0]).toMatchObject({ kept: false, bytes: Uint8Array.of(1, 2, 3) });
  });

  test("that found no room are stored once there is some", async () => {
    const full = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    const { key, kept } = await trained("my-dog");
    expect([kept, adapters.storageFault.value?.kind]).toEqual([false, "Storage"]);
    full.mockRestore();
    await adapters.storeAgain(key);
    expect([library.value[0]?.kept, adapters.storageFault.value]).toEqual([true, undefined]);
    await reload();
    expect(names()).toEqual(["my-dog.safetensors"]);
  });

  test("that the engine refuses keep no other one away, and can be deleted", async () => {
    await trained("my-dog");
    await trained("my-mug");
    fakeEngine.refused = "my-dog.safetensors";
    await reload();
    expect(names()).toEqual(["my-mug.safetensors"]);
    const [refused] = adapters.unusable.value;
    expect(refused).toMatchObject({ fileName: "my-dog.safetensors", fault: { kind: "BadFile" } });
    await adapters.removeUnusable(refused?.key ?? "");
    fakeEngine.refused = "";
    await reload();
    expect(names()).toEqual(["my-mug.safetensors"]);
  });

  test("that are damaged in the storage are told", async () => {
    const entry = await trained("my-dog");
    const database = await openDB("palpable-adapters");
    await database.delete("files", entry.key);
    database.close();
    await reload();
    expect([names(), adapters.unusable.value.map(({ key }) => key)]).toEqual([[], [entry.key]]);
  });
});

describe("photos that are kept with an adapter", () => {
  const jpegs = [Uint8Array.of(0xff, 0xd8, 1), Uint8Array.of(0xff, 0xd8, 2)];

  test("are there after a reload, and go by themselves or with it", async () => {
    await putPhotos("training of my-dog", jpegs);
    await putPhotos("training of my-mug", jpegs);
    await trained("my-dog");
    await trained("my-mug");
    await reload();
    const [dog, mug] = library.value;
    expect([dog?.photos, mug?.photos]).toEqual([2, 2]);
    if (dog) await adapters.setPhotos(dog.key, []);
    expect(await readPhotos("training of my-dog")).toEqual([]);
    expect(library.value.map(({ photos }) => photos)).toEqual([0, 2]);
    if (mug) await adapters.remove(mug);
    // Taken back too late.
    await adapters.setPhotos("training of my-mug", jpegs);
    expect(await readPhotos("training of my-mug")).toEqual([]);
    await vi.waitFor(async () => {
      await reload();
      expect(library.value.map(({ fileName, photos }) => [fileName, photos])).toEqual([
        ["my-dog.safetensors", 0],
      ]);
    });
  });

  test("stay with an adapter that found no room, at its training's end", async () => {
    await putPhotos("training of my-dog", jpegs);
    const full = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    const { key } = await trained("my-dog");
    full.mockRestore();
    await dropPhotos(() => true);
    await adapters.storeAgain(key);
    await reload();
    expect([library.value[0]?.photos, (await readPhotos(key)).length]).toEqual([2, 2]);
  });

  test("of an adapter that found no room go with it", async () => {
    await putPhotos("training of my-dog", jpegs);
    const full = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    const entry = await trained("my-dog");
    full.mockRestore();
    await adapters.remove(entry);
    expect(await readPhotos(entry.key)).toEqual([]);
  });

  test("of trainings that came to nothing are deleted, of adapters and others never", async () => {
    for (const name of ["my-dog", "my-mug", "my-cat"]) await putPhotos(`training of ${name}`, jpegs);
    await trained("my-dog");
    await dropPhotos((training) => training !== "training of my-cat");
    const left = await Promise.all(
      ["my-dog", "my-mug", "my-cat"].map((name) => readPhotos(`training of ${name}`)),
    );
    expect(left.map(({ length }) => length)).toEqual([2, 0, 2]);
    await dropPhotos(() => true);
    expect(await readPhotos("training of my-cat")).toEqual([]);
  });
});

test("a full storage: a sentence, and the adapter can be used and is said to be unsaved", async () => {
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const entry = await trained("my-dog");
  expect(entry.kept).toBe(false);
  expect(names()).toEqual(["my-dog.safetensors"]);
  expect(adapters.hasUnsaved.value).toBe(true);
  expect(adapters.storageFault.value).toEqual({
    kind: "Storage",
    message: expect.stringContaining("no room left"),
  });
});

test("an adapter of several things goes by all its words", async () => {
  const report = { name: "pair", placeholder: "<my-dog>", placeholders: ["<my-dog>", "<my-cat>"] };
  expect(adapters.knownAs(report as AdapterReport)).toBe("<my-dog> and <my-cat>");
  expect(adapters.knownAs({ name: "ink", placeholders: [] as string[] } as AdapterReport)).toBe("ink");
  await adapters.keepTrained(report as AdapterReport, { id: "a training", settings });
  expect(adapters.placeholders.value).toEqual(["<my-dog>", "<my-cat>"]);
});

test("adapters that an earlier version of the page kept are there, without photos", async () => {
  vi.resetModules();
  await deleteDB("palpable-adapters");
  const before = await openDB("palpable-adapters", 1, {
    upgrade(database) {
      for (const name of ["facts", "files"]) database.createObjectStore(name);
    },
  });
  const facts = { fileName: "old.safetensors", active: true, strength: 1, saved: true, addedAt: 1 };
  await before.put("facts", facts, "old");
  await before.put("files", Uint8Array.of(1), "old");
  before.close();
  const store = await import("../../web/features/adapters/store");
  const { whole, damaged } = await store.list();
  expect([whole.map(({ key }) => key), damaged]).toEqual([["old"], []]);
  await store.putPhotos("old", [Uint8Array.of(2)]);
  expect(await store.readPhotos("old")).toEqual([Uint8Array.of(2)]);
});
